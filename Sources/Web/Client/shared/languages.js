/**
 * Which language the patron's side speaks: the first that is shipped of what the tag asks for (`data-lang`), the page's own language, and those that the
 * reader's browser names. Small, as the button needs it; texts are in `texts/`, and language.js speaks them.
 */

/** In no order of rank; English is spoken where nothing else fits. */
export const SHIPPED = ["en", "es"];

/**
 * @param {(string|null|undefined)[]} wishes BCP 47 tags, the strongest first
 * @returns {{code: string, tag: string}} `code`: of the texts; `tag`: what dates and numbers are written by
 */
export function choose(wishes, shipped = SHIPPED) {
    for (const wish of wishes) {
        const tag = canonical(wish);
        const code = tag?.split("-")[0];
        if (shipped.includes(code)) return { code, tag };
    }
    return { code: "en", tag: "en" };
}

function canonical(wish) {
    try {
        return Intl.getCanonicalLocales((wish ?? "").trim().replaceAll("_", "-"))[0] ?? null;
    } catch {
        // No language tag: as if it were not there.
        return null;
    }
}

/** What a page, its tag and the reader's browser ask for. `page` is left out by pages that speak every language. */
export const wishes = (asked, page) => [asked, page, ...(globalThis.navigator?.languages ?? [])];
