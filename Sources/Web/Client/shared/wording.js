/** What both clients do with texts: links, lengths and codes. Pure functions. */

/** Cuts a text into plain parts and links (http and https only). A full stop or bracket at the end is not the link's. */
export function linkParts(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(/https?:\/\/[^\s<>"'`]+/giu)) {
        let found = match[0].replace(/[.,;:!?…]+$/u, "");
        while (/[)\]]$/.test(found) && (found.match(/[([]/g) ?? []).length < (found.match(/[)\]]/g) ?? []).length) found = found.slice(0, -1);
        found = found.replace(/[.,;:!?…]+$/u, "");
        if (!URL.canParse?.(found) && URL.canParse) continue;
        if (match.index > end) parts.push({ text: text.slice(end, match.index) });
        parts.push({ text: found, href: found });
        end = match.index + found.length;
    }
    if (end < text.length) parts.push({ text: text.slice(end) });
    return parts;
}

/** Bytes of UTF-8. */
export function utf8Bytes(text) {
    return new TextEncoder().encode(text).length;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A fresh pick-up code: 12 characters of Crockford's base 32 (60 random bits) in three groups. */
export function newCode() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (byte) => CROCKFORD[byte & 31]).join("").replace(/(.{4})(?=.)/g, "$1-");
}

/** What a person typed as a code, in the form that nodes know; null when it cannot be one. Reads O as 0, I and L as 1. */
export function readCode(typed) {
    const plain = typed.toUpperCase().replace(/[\s-]+/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
    return /^[0-9A-HJKMNP-TV-Z]{12}$/.test(plain) ? plain.replace(/(.{4})(?=.)/g, "$1-") : null;
}
