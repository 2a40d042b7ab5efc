/**
 * Says texts in the language that was chosen. One language a page: the panel sets it before it draws anything, and what is never set speaks English,
 * as the desk does.
 */

import english, * as englishModule from "../texts/en.js";

/** Around what is put into a text of the other direction, so that its marks stay where they belong. */
const [ISOLATE, END] = ["\u2068", "\u2069"];

/** English, with what a page added: said where a language lacks a text. */
let base = english;
let texts = english;
let tag = "en";
let direction = "ltr";
let own = true;
let rules = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");

/**
 * Speaks a language from now on.
 * @param {{code: string, tag: string}} chosen as `choose` of languages.js says
 * @param {{default: object, direction: string}} module of `texts/`
 */
export function speak(chosen, module = englishModule) {
    ({ tag } = chosen);
    texts = module.default;
    direction = module.direction;
    own = chosen.code === "en";
    rules = new Intl.PluralRules(tag);
    numbers = new Intl.NumberFormat(tag);
}

/** Fetches the texts and speaks them; English where they do not come. */
export async function speakLanguage(chosen) {
    if (chosen.code === "en") return speak(chosen);
    try {
        return speak(chosen, await import(`../texts/${chosen.code}.js`));
    } catch (error) {
        console.warn(`Callslip: no texts for ${chosen.code}.`, error);
        return speak({ code: "en", tag: "en" });
    }
}

/** The same for a page that has texts of its own, `texts/NAME.en.js` and the like. */
export async function speakPage(chosen, name) {
    await speakLanguage(chosen);
    const { default: first } = await import(`../texts/${name}.en.js`);
    base = { ...base, ...first };
    texts = { ...base, ...texts };
    if (own) return;
    try {
        texts = { ...texts, ...(await import(`../texts/${name}.${chosen.code}.js`)).default };
    } catch (error) {
        console.warn(`Callslip: no texts of ${name} for ${chosen.code}.`, error);
    }
}

export const spoken = () => ({ tag, direction });

/** The text of a key, with its `{placeholders}` filled in. A text in several forms goes by `values.count`. */
export function t(key, values = {}) {
    const found = texts[key] ?? base[key];
    const form = typeof found === "string" ? found : (found[rules.select(values.count)] ?? found.other);
    return form.replace(/\{(\w+)\}/g, (_, name) => filled(values[name]));
}

function filled(value) {
    const text = typeof value === "number" ? numbers.format(value) : (value ?? "");
    return direction === "rtl" && text !== "" ? `${ISOLATE}${text}${END}` : text;
}

/** Whether there is a text of this key. */
export const has = (key) => key in base;

/** What a node said, in its own words for readers of English; for others by its code. */
export function told(code, words, group = "error") {
    if (own && words) return words;
    return t(has(`${group}.${code}`) ? `${group}.${code}` : "error.other");
}

/** 14:05, as the reader's language writes times. */
export const clockTime = (ms) => new Intl.DateTimeFormat(own ? undefined : tag, { hour: "2-digit", minute: "2-digit" }).format(new Date(ms));

/** A moment within days: its weekday and time. */
export const soon = (ms) => new Intl.DateTimeFormat(own ? undefined : tag, { weekday: "long", hour: "numeric", minute: "2-digit" }).format(new Date(ms));

/** A day in full. */
export const longDay = (ms) => new Intl.DateTimeFormat(own ? undefined : tag, { dateStyle: "long" }).format(new Date(ms));

/**
 * When it opens again: `{day, time}` in the library's own time zone; `day` is "" for today.
 * @param {number} seconds Unix time
 */
export function opening(seconds, zone, now = Date.now()) {
    const at = new Date(seconds * 1000);
    const write = (options, ms = at) => new Intl.DateTimeFormat(tag, { ...options, timeZone: zone }).format(ms);
    const date = { year: "numeric", month: "numeric", day: "numeric" };
    const today = write(date) === write(date, new Date(now));
    return { day: today ? "" : write({ weekday: "long", day: "numeric", month: "long" }), time: write({ hour: "numeric", minute: "2-digit" }) };
}

/** The node's sentence on when it opens again for readers of English, else one of its time. "" where it tells nothing. */
export function opensAgain(presence, now = Date.now()) {
    if (!presence?.opens) return "";
    if (own) return presence.opens;
    if (!presence.opensAtS || !presence.zone) return t("intro.closed");
    try {
        const { day, time } = opening(presence.opensAtS, presence.zone, now);
        return day ? t("intro.opens", { day, time }) : t("intro.opensToday", { time });
    } catch {
        // A zone that this browser does not know.
        return t("intro.closed");
    }
}
