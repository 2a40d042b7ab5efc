import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { cardFor } from "../../Sources/Web/Client/patron/cards.js";
import { delivery, introduction, room, trouble } from "../../Sources/Web/Client/patron/sayings.js";
import { eventForPatron, phaseForPatron, place } from "../../Sources/Web/Client/patron/sentences.js";
import { opensAgain, speak, t, told } from "../../Sources/Web/Client/shared/language.js";
import { SHIPPED, choose } from "../../Sources/Web/Client/shared/languages.js";
import { BUTTON } from "../../Sources/Web/Client/texts/button.js";

const CLIENT = new URL("../../Sources/Web/Client/", import.meta.url);
const modules = Object.fromEntries(await Promise.all(SHIPPED.map(async (code) => [code, await import(`${CLIENT}texts/${code}.js`)])));
const english = modules.en.default;
/** Texts of single pages, `texts/NAME.LANGUAGE.js`. */
const pages = ["problem"];
const ofPage = async (name, code) => (await import(`${CLIENT}texts/${name}.${code}.js`)).default;
const all = async (code) => Object.assign({ ...modules[code].default }, ...(await Promise.all(pages.map((name) => ofPage(name, code)))));

const forms = (text) => (typeof text === "string" ? { other: text } : text);
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

/** Lets a test speak another language, and English again afterwards. */
function speaking(code, body, tag = code) {
    speak({ code, tag }, modules[code]);
    try {
        body();
    } finally {
        speak({ code: "en", tag: "en" });
    }
}

test("every language has every text, with the same placeholders, and none is empty", async () => {
    const files = readdirSync(new URL("texts/", CLIENT)).filter((file) => /^[a-z]{2}\.js$/.test(file)).map((file) => file.slice(0, 2));
    assert.deepEqual(files.sort(), [...SHIPPED].sort());
    const english = await all("en");
    for (const [code, module] of Object.entries(modules)) {
        const texts = await all(code);
        assert.deepEqual(Object.keys(texts), Object.keys(english), `${code}: the same keys in the same order`);
        assert.match(module.direction, /^(ltr|rtl)$/);
        for (const [key, text] of Object.entries(texts)) {
            assert.ok(forms(text).other, `${code}: ${key}: a form \`other\``);
            const wanted = new Set(Object.values(forms(english[key])).flatMap(placeholders));
            for (const [form, words] of Object.entries(forms(text))) {
                assert.notEqual(words.trim(), "", `${code}: ${key}`);
                assert.equal(words, words.trim(), `${code}: ${key}`);
                assert.deepEqual(new Set(placeholders(words)), wanted, `${code}: ${key}: ${form}`);
            }
        }
        const categories = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
        for (const [key, text] of Object.entries(texts)) {
            if (typeof text === "object") for (const form of Object.keys(text)) assert.ok(categories.includes(form), `${code}: ${key}: ${form}`);
        }
    }
});

test("the button has its words in every language", () => {
    assert.deepEqual(Object.keys(BUTTON).sort(), [...SHIPPED].sort());
    for (const [code, words] of Object.entries(BUTTON)) {
        assert.deepEqual(Object.keys(words), Object.keys(BUTTON.en));
        assert.ok(Object.values(words).every((text) => text.trim() !== ""));
        assert.equal(words.direction, modules[code].direction);
        assert.equal(words.label, modules[code].default["panel.title"]);
    }
});

test("every text that the sources ask for is there, and every text is asked for", async () => {
    const english = await all("en");
    const page = readFileSync(new URL("problem.html", CLIENT), "utf8");
    const sources = page + ["patron", "shared", "problem"].flatMap((folder) => readdirSync(new URL(`${folder}/`, CLIENT)).filter((file) => file.endsWith(".js")).map((file) => readFileSync(new URL(`${folder}/${file}`, CLIENT), "utf8"))).join("\n");
    const asked = new Set([...sources.matchAll(/"([a-z]+\.[A-Za-z]+)"/g)].map(([, key]) => key));
    const groups = new Set(Object.keys(english).map((key) => key.split(".")[0]));
    for (const key of asked) if (groups.has(key.split(".")[0]) && !key.endsWith(".js")) assert.ok(key in english, `no text for ${key}`);
    const composed = /^((event|error|refused|service|intro)\.|problem\.(open|inWork|solved)$)/;
    for (const key of Object.keys(english)) assert.ok(asked.has(key) || composed.test(key), `nobody says ${key}`);
});

test("the tag's language comes first, then the page's, then the reader's; English is spoken where nothing fits", () => {
    assert.deepEqual(choose(["es", "en", "de"]), { code: "es", tag: "es" });
    assert.deepEqual(choose([undefined, "es-MX", "en"]), { code: "es", tag: "es-MX" });
    assert.deepEqual(choose([null, "", "fr-FR", "es_AR"]), { code: "es", tag: "es-AR" });
    assert.deepEqual(choose(["not a tag", "de"]), { code: "en", tag: "en" });
    assert.deepEqual(choose([]), { code: "en", tag: "en" });
});

test("Spanish counts, and writes numbers as its readers do", () => {
    speaking("es", () => {
        assert.equal(room(3999).text, "Queda 1 carácter");
        assert.equal(room(3990).text, "Quedan 10 caracteres");
        assert.equal(place(1, 300), "Hay 1 persona antes que usted; por lo general en unos 5 minutos");
        assert.equal(t("write.over", { count: 12345 }), "Sobran 12.345 caracteres");
    });
    assert.equal(room(3999).text, "1 character left");
});

test("in Spanish a node's refusals are told by their code, and an unknown one still in Spanish", () => {
    assert.equal(told("closed", "This chat is over since noon."), "This chat is over since noon.");
    speaking("es", () => {
        assert.equal(told("closed", "This chat is over since noon."), "El chat ha terminado.");
        assert.equal(told("somethingNewer", "Words of a newer node."), "No ha sido posible. Por favor, inténtelo de nuevo o avise del problema.");
        assert.equal(delivery({ state: "failed", code: "tooLong", why: "Too long." }, false), "No se ha enviado. Es demasiado largo. Por favor, divídalo en varios mensajes.");
        const service = { state: "isolated", answering: true, text: "Only this library answers now." };
        const line = { state: "ready", lostMs: null };
        assert.match(trouble({ view: { stage: "open", problem: null, service }, line, failure: "" }).text, /^Su biblioteca está incomunicada/);
        assert.match(cardFor({ stage: "refused", problem: { code: "wrongSecret", text: "No." } }, null).text, /^Este chat no se puede abrir/);
    });
});

test("every event and every place in a chat has a sentence in every language", () => {
    const queue = { name: "business", title: "Business Library" };
    const events = ["opened", "referred", "claimed", "transferAsked", "transferDeclined", "offered", "pickedUp", "returned", "requeued", "nobodyThere", "kept", "closed"];
    const reasons = [undefined, "notPickedUp", "targetGone", "withdrawn", "operatorGone", "byPatron", "patronGone", "answeredMessage", "notAnswered", "somethingNewer"];
    for (const code of SHIPPED) {
        speaking(code, () => {
            for (const e of events) for (const reason of reasons) assert.match(eventForPatron({ e, queue, display: "Mia", reason }), /\.$/, `${code}: ${e}, ${reason}`);
            for (const p of ["waiting", "held", "ask", "unattended", "kept", "closed"]) assert.notEqual(phaseForPatron({ phase: { p }, queue }), "", p);
        });
    }
});

test("the next opening is told in the library's own time, in the reader's language", () => {
    const now = Date.UTC(2026, 10, 27, 23, 30);
    const monday = Date.UTC(2026, 10, 30, 15) / 1000;
    const presence = { reach: "nobody", opens: "Closed. Opens Monday at 9 AM.", opensAtS: monday, zone: "America/Chicago" };
    assert.equal(opensAgain(presence, now), "Closed. Opens Monday at 9 AM.");
    speaking("es", () => {
        assert.match(opensAgain(presence, now), /^Cerrado\. Abre el lunes, 30 de noviembre, 9:00 h\.$/);
        assert.match(opensAgain({ ...presence, opensAtS: Date.UTC(2026, 10, 28, 2) / 1000 }, now), /^Cerrado\. Abre hoy, 20:00 h\.$/);
        assert.equal(opensAgain({ ...presence, zone: "Nowhere/Else" }, now), "Cerrado.");
        assert.equal(opensAgain({ reach: "nobody" }, now), "");
        assert.match(introduction(presence).text, /^Cerrado\..* Deje su pregunta/);
    });
});

test("in a language that is written from right to left, names are kept apart from the sentence", () => {
    speak({ code: "ar", tag: "ar" }, { default: { "stand.answering": "{person} يجيب" }, direction: "rtl" });
    assert.equal(t("stand.answering", { person: "Mia (Law)" }), "\u2068Mia (Law)\u2069 يجيب");
    assert.equal(t("panel.end"), "End chat", "what a language has not yet is said in English");
    speak({ code: "en", tag: "en" });
});
