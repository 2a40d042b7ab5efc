// What the person at the desk should know, from the registers: announcements, own trainings that lapse, the agreement's text that waits to be accepted, a checklist
// that is not done. Each is put away by whoever has read it, and comes back when it is changed.

import { ask } from "../shared/ask.js";
import { h, keyed, setHidden } from "./dom.js";
import { choice } from "./memory.js";

const everyMs = 300000;
/** Of those put away, the browser remembers the newest. */
const rememberedMax = 100;

const dayText = (day) => new Intl.DateTimeFormat([], { dateStyle: "full", timeZone: "UTC" }).format(new Date(day));

/** One list of all of it, what needs doing first. `key` says what was put away: it changes with the words. */
export function newsItems({ announcements, trainings, accept, checklists, decisions = [] }) {
    const items = [];
    if (decisions.length > 0) {
        items.push({
            key: `decisions ${decisions}`, href: "/transcripts", link: "Holds and exports",
            title: decisions.length === 1 ? "A request waits for your decision" : `${decisions.length} requests wait for your decision`,
            text: "Somebody of your library wants a transcript kept longer, or as a file. After 14 days a request lapses.",
        });
    }
    if (accept) {
        items.push({ key: `accept ${accept.text}`, title: `The agreement, ${accept.name}, waits for your library to accept it`, text: accept.changes, href: "/registers?register=acceptances", link: "Read and accept" });
    }
    for (const { library, title, live, steps } of checklists) {
        const open = steps.filter((step) => !step.done);
        items.push({
            key: `checklist ${library} ${live} ${open.map(({ step }) => step)}`, href: "/registers?register=onboarding", link: "Checklist",
            title: live === "no" ? `${title} is not open yet` : `${title} is open for a trial`,
            text: open.length === 0 ? "Everything is done: ChatWog can let it go live." : `Still to do: ${open.map(({ text }) => text).join("; ")}.`,
        });
    }
    for (const { topic, until, state, text } of trainings) {
        items.push({ key: `training ${topic} ${until ?? ""} ${state}`, title: "Your training", text, href: "/registers?register=training", link: "Training records" });
    }
    for (const { id, version, title, text, session, time, link } of announcements) {
        const when = [session ? dayText(session) : null, time].filter(Boolean).join(", ");
        items.push({ key: `announcement ${id} ${version}`, title, text, when, href: link ?? null, link: "Read more" });
    }
    return items;
}

export class News {
    constructor() {
        this.items = [];
        this.list = h("ul", { class: "news" });
        this.title = h("h2", { id: "news-title", tabindex: "-1", text: "From the consortium" });
        this.root = h("section", { class: "rail-part", id: "news", "aria-labelledby": "news-title" }, this.title, this.list);
        this.draw();
    }

    start() {
        this.timer ??= setInterval(() => this.look(), everyMs);
        this.look();
    }

    async look() {
        const { status, body } = await ask("GET", "/api/notices");
        // What was shown stays; the next look may be luckier.
        if (status !== 200) return;
        this.items = newsItems(body);
        this.draw();
    }

    draw() {
        const away = new Set(choice.read("newsRead", []));
        const shown = this.items.filter(({ key }) => !away.has(key));
        keyed(this.list, shown, ({ key }) => key, (item) => this.make(item), () => {});
        setHidden(this.root, shown.length === 0);
    }

    make({ key, title, text, when, href, link }) {
        const away = h("button", { class: "quiet small", type: "button", "aria-label": `Put away: ${title}`, text: "Put away", on: { click: () => this.putAway(key) } });
        return h("li", { class: "slip news-item", data: { news: key } },
            h("h3", { text: title }), when ? h("p", { class: "news-when", text: when }) : null, text ? h("p", { class: "news-text", text }) : null,
            h("p", { class: "news-tools" }, href ? h("a", { href, target: "_blank", rel: "noopener noreferrer", text: link }) : null, away));
    }

    putAway(key) {
        choice.write("newsRead", [...choice.read("newsRead", []).filter((other) => other !== key), key].slice(-rememberedMax));
        this.draw();
        (this.list.querySelector("button") ?? document.getElementById("waiting-title")).focus();
    }
}
