// Whom a person is on duty for (agreement, 2): asked at sign-on, changed with one click. Chats of those come first; of the others a while later, or when no
// colleague who is on duty for them has a place free. Nothing is forbidden by it.

import { h, keyed, setAttribute, setHidden, setText } from "./dom.js";

const words = { library: "My library", general: "General queue", both: "Both" };

/** Of a colleague, in the list of who is on; empty where they did not say. */
export const dutySentence = (duty) => ({ library: "On duty for their library", general: "On duty for the general queue", both: "On duty for their library and the general queue" })[duty] ?? "";

/** What is done, for the search. */
export const dutyAction = (duty) => ({ library: "Be on duty for my library", general: "Be on duty for the general queue", both: "Be on duty for my library and the general queue" })[duty];

/** What follows from it, for the person. */
export function dutyHint(duty) {
    switch (duty) {
        case "library": return "Chats of your library come first. Those of the general queue ring a little later, or when nobody on duty there is free.";
        case "general": return "Chats of the general queue come first. Those of your library ring a little later, or when nobody on duty there is free.";
        case "both": return "All chats of your queues come to you alike.";
        default: return "What you choose comes first to you, the rest a little later. You become available for it.";
    }
}

/** For how many seconds more a line is first for colleagues; 0 when it is mine as well. */
export const firstS = (line, nowMs) => Math.max(0, Math.ceil(((line.ringsAtMs ?? 0) - nowMs) / 1000));

export class DutyChoice {
    /** @param {import("./state.js").Desk} desk @param {object} act duty */
    constructor(desk, act) {
        this.desk = desk;
        this.act = act;
        this.title = h("h3", { id: "duty-title" });
        this.choices = h("div", { class: "duty-choices", role: "group", "aria-labelledby": "duty-title", "aria-describedby": "duty-hint" });
        this.hint = h("p", { class: "hint", id: "duty-hint" });
        this.root = h("div", { class: "duty", id: "duty", hidden: true }, this.title, this.choices, this.hint);
    }

    update() {
        const { me } = this.desk;
        setHidden(this.root, me === null || me.duties.length === 0);
        if (this.root.hidden) return;
        const said = me.duty !== null;
        this.root.dataset.said = String(said);
        setText(this.title, said ? "On duty for" : "Whom are you on duty for?");
        keyed(this.choices, me.duties.filter((duty) => duty in words), (duty) => duty, (duty) => h("button", {
            class: "small", type: "button", data: { duty }, text: words[duty], on: { click: () => this.act.duty(duty) },
        }), (element, duty) => setAttribute(element, "aria-pressed", String(duty === me.duty)));
        setText(this.hint, dutyHint(me.duty));
        // Once it is said the waiting list needs the room more.
        setHidden(this.hint, said);
        setAttribute(this.choices, "title", said ? dutyHint(me.duty) : null);
    }
}
