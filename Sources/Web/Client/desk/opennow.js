// "Open now" for a queue outside its library's posted hours: for a while, or until the library closes as it posted.

import { h, setAttribute, setHidden } from "./dom.js";

const spans = [[30, "30 minutes"], [60, "an hour"], [120, "2 hours"]];
const usualMinutes = 60;
const dayMinutes = 1440;

export class OpenNow {
    /** @param {{name: string, title: string}} queue @param {(minutes: number) => void} open @param {() => string|undefined} library @param {(path: string) => Promise<object>} ask */
    constructor(queue, open, library, ask) {
        Object.assign(this, { open, library, ask, isShown: false });
        const id = `open-now-${queue.name}`;
        this.close = h("option", { value: "close", text: "until posted close", hidden: true, disabled: true });
        this.span = h("select", { id, "aria-label": `How long ${queue.title ?? queue.name} is open`, data: { queueOpenFor: queue.name } },
            ...spans.map(([minutes, text]) => h("option", { value: String(minutes), text: `for ${text}` })), this.close);
        this.span.value = String(usualMinutes);
        const button = h("button", { class: "small", type: "button", data: { queueOpenNow: queue.name }, "aria-describedby": `queue-${queue.name}-name`, text: "Open now", on: { click: () => this.press() } });
        this.root = h("span", { class: "open-now" }, button, this.span);
    }

    show(isShown) {
        setHidden(this.root, !isShown);
        if (isShown && !this.isShown) this.look();
        this.isShown = isShown;
    }

    /** When the library closes as it posted; null where that is not known, or more than a day away. */
    async postedClose() {
        try {
            const { postedCloseS } = await this.ask(`/hours/${this.library()}/now.json`);
            const minutes = Math.ceil((postedCloseS * 1000 - Date.now()) / 60000);
            return minutes >= 1 && minutes <= dayMinutes ? minutes : null;
        } catch {
            return null;
        }
    }

    async look() {
        const isKnown = await this.postedClose() !== null;
        setAttribute(this.close, "hidden", isKnown ? null : "");
        this.close.disabled = !isKnown;
    }

    async press() {
        if (this.span.value !== "close") return this.open(Number(this.span.value));
        const minutes = await this.postedClose();
        return this.open(minutes ?? usualMinutes);
    }
}
