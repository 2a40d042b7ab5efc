// Tags of a chat: words with # in its notes, such as "#research". So they stand in the chat and in the library's transcript, for staff alone, need no
// table of their own, and are counted nowhere, least of all by person. Which ones the consortium and the library propose is written in canned messages with
// the keyword `tags`; where there are none, these few are proposed. Any other word is a tag as well.

const KEYWORD = "tags";
const TAG = /(?:^|\s)#([\p{L}\p{N}][\p{L}\p{N}-]{0,39})(?![\p{L}\p{N}])/gu;
export const SHIPPED = ["directions", "known-item", "research", "e-access", "account", "technology", "follow-up"];
export const SHOWN_MAX = 8;
export const PROPOSED_MAX = 12;

const words = (text) => [...text.matchAll(TAG)].map(([, tag]) => tag.toLowerCase());

/** What the notes of a chat say, each once, in the order of coming. */
export function tagsOf(messages) {
    return [...new Set(messages.flatMap(({ note }) => (note === undefined ? [] : words(note))))];
}

/** What is proposed to this person: the library's own before the consortium's. */
export function proposed(canned) {
    const lists = canned.filter(({ owner, keywords }) => owner !== "own" && keywords.toLowerCase().split(/[\s,]+/u).includes(KEYWORD));
    const tags = lists.sort((a, b) => (a.owner === b.owner ? 0 : a.owner === "library" ? -1 : 1)).flatMap(({ text }) => words(text.replace(/[\s,;]+#?/gu, " #").replace(/^#?/u, "#")));
    return (tags.length > 0 ? [...new Set(tags)] : SHIPPED).slice(0, PROPOSED_MAX);
}
