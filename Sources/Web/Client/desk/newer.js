// What an open desk does when its node serves a newer one (agreement, 7): it goes on with the version that it has until nobody is disturbed, says so in plain words, and
// then loads the newer one by itself. The sign-on goes on; a chat that the person does not want to wait for is shown again after "Reload now".

import { h, setHidden } from "./dom.js";

/** Nobody has touched the page for so long, and nothing has come up meanwhile. */
export const restMs = 6000;
const triedKey = "callslip.desk.newer-tried";

/**
 * What to do now. No page: it is told everything.
 * @param {object} at
 * @param {string} at.own the version of this page, "" when it does not know
 * @param {string} at.served the version that the node serves, "" when it does not tell
 * @param {string} at.tried the version for which this tab has loaded itself already
 * @param {boolean} at.ready whether the node is connected, so that the page can be loaded
 * @param {number} at.chats columns on the page, ended ones too
 * @param {boolean} at.typed whether something is half written, or a dialog is open
 * @param {boolean} at.rings whether somebody waits for this person, or a claim is on its way
 * @param {number} at.restedMs since a hand was on the page, or any of the above was so
 * @returns {"current"|"chats"|"typed"|"rings"|"soon"|"reload"|"stuck"}
 */
export function nextStep({ own, served, tried, ready, chats, typed, rings, restedMs }) {
    if (own === "" || served === "" || own === served) return "current";
    // Loaded anew for this very version, and the former one came again: a copy somewhere between. Not over and over.
    if (tried === served) return "stuck";
    if (chats > 0) return "chats";
    if (typed) return "typed";
    if (rings) return "rings";
    return ready && restedMs >= restMs ? "reload" : "soon";
}

const stays = "You stay signed in, and your queues stay as they are.";
const sentences = {
    chats: `A newer desk is ready. Go on with your chats: the page loads it by itself when they are over and put away. ${stays}`,
    typed: `A newer desk is ready. The page loads it by itself when nothing is half written and no window is open. ${stays}`,
    rings: `A newer desk is ready. The page loads it by itself when nobody waits for you. ${stays}`,
    soon: `A newer desk is ready. The page loads it by itself in a moment. ${stays}`,
    stuck: "This is still the former desk, though the page was loaded anew. Load it again; if that changes nothing, report a problem. Everything here goes on working.",
};

/** Whether a field in the desk holds something that nobody has sent. */
export function isHalfWritten(root) {
    if (root.querySelector("dialog[open]") !== null) return true;
    return [...root.querySelectorAll("textarea, input")].some((field) =>
        !["checkbox", "radio", "hidden", "button", "submit"].includes(field.type) && field.value !== field.defaultValue && field.value.trim() !== "" && field.checkVisibility());
}

export class Newer {
    /** @param {() => {ready: boolean, chats: number, rings: boolean}} look what the page knows @param {() => number} now */
    constructor(look, now = () => Date.now()) {
        this.look = look;
        this.now = now;
        this.own = document.querySelector('meta[name="callslip-version"]')?.content ?? "";
        this.served = "";
        this.restless = now();
        this.shown = "current";
        this.banner = document.getElementById("newer");
        for (const kind of ["keydown", "pointerdown", "touchstart", "wheel", "input"]) document.addEventListener(kind, () => this.touched(), { capture: true, passive: true });
    }

    /** The client's name in `hello`. */
    get client() {
        return `callslip-desk/${this.own || "1"}`;
    }

    touched() {
        this.restless = this.now();
    }

    /** What the node says that it serves. An older node says nothing. */
    told(version) {
        this.served = typeof version === "string" ? version : "";
    }

    tick() {
        const at = { ...this.look(), own: this.own, served: this.served, tried: this.tried, typed: isHalfWritten(document.body) };
        if (at.chats > 0 || at.typed || at.rings || !at.ready) this.touched();
        const step = nextStep({ ...at, restedMs: this.now() - this.restless });
        if (step === "reload") return this.reload();
        if (step !== this.shown) this.show(step);
        return undefined;
    }

    show(step) {
        this.shown = step;
        setHidden(this.banner, step === "current");
        this.banner.replaceChildren(...(step === "current" ? [] : [
            h("p", { text: sentences[step] }),
            h("button", { class: "small", type: "button", id: "reload-now", text: "Reload now", on: { click: () => this.reload() } }),
        ]));
    }

    reload() {
        try {
            sessionStorage.setItem(triedKey, this.served);
        } catch {
            // Then `tried` says that it was: without storage a page that stays old would load itself again and again.
        }
        location.reload();
    }

    get tried() {
        try {
            return sessionStorage.getItem(triedKey) ?? "";
        } catch {
            return this.served;
        }
    }
}
