// What reaches a person who does not look at the page: sounds, the browser's notices, the count in the title.
//
// Sounds are made, not loaded. Three that nobody confuses: a new chat rings (two rising tones, again and again until somebody claims it);
// an offer of a colleague is three falling tones, again until it is over; a message in my chat is one soft tick.
// Notices never carry a word that a patron wrote: they may be seen by whoever stands at the desk.

import { choice } from "./memory.js";

/** How long until a ring is repeated. */
export const repeatMs = 5000;

/** Notes as frequency in hertz, beginning and length in seconds. */
export const melodies = {
    chat: [[659, 0, 0.16], [880, 0.18, 0.26]],
    offer: [[784, 0, 0.14], [659, 0.16, 0.14], [523, 0.32, 0.26]],
    message: [[1175, 0, 0.07]],
};

export class Sounds {
    constructor() {
        this.context = null;
        this.touched = false;
        this.touchedMs = 0;
        this.on = choice.read("sounds", true);
        this.ringing = new Map();
        this.played = { chat: 0, offer: 0, message: 0 };
    }

    /** Browsers let a page sound only after a person has touched it. */
    unlock() {
        if (this.context === null && typeof AudioContext === "function") this.context = new AudioContext();
        if (this.context?.state === "suspended") this.context.resume();
        if (!this.touched) this.touchedMs = Date.now();
        this.touched = true;
    }

    /** The first touch of the page has only just allowed sounds: a click that was meant for that must not turn them off. */
    get justUnlocked() {
        return this.touched && Date.now() - this.touchedMs < 1000;
    }

    /** Sounds are wanted, and the browser waits for a touch of the page, as after a reload. */
    get blocked() {
        return this.on && this.context?.state !== "running";
    }

    setOn(on) {
        this.on = on;
        choice.write("sounds", on);
        if (on) this.play("message");
    }

    play(name) {
        if (!this.on) return;
        this.played[name] += 1;
        document.documentElement.dataset.soundsPlayed = Object.entries(this.played).map(([key, n]) => `${key}:${n}`).join(" ");
        if (this.context === null || this.context.state !== "running") return;
        const start = this.context.currentTime + 0.02;
        for (const [frequency, at, length] of melodies[name]) {
            const tone = this.context.createOscillator();
            const volume = this.context.createGain();
            tone.type = name === "message" ? "sine" : "triangle";
            tone.frequency.value = frequency;
            volume.gain.setValueAtTime(0, start + at);
            volume.gain.linearRampToValueAtTime(name === "message" ? 0.12 : 0.2, start + at + 0.012);
            volume.gain.exponentialRampToValueAtTime(0.001, start + at + length);
            tone.connect(volume).connect(this.context.destination);
            tone.start(start + at);
            tone.stop(start + at + length + 0.02);
        }
    }

    /** Rings at once and then again and again, while `wanted`. */
    ring(name, wanted) {
        if (wanted === this.ringing.has(name)) return;
        if (wanted) {
            this.play(name);
            this.ringing.set(name, setInterval(() => this.play(name), repeatMs));
        } else {
            clearInterval(this.ringing.get(name));
            this.ringing.delete(name);
        }
    }

    silence() {
        for (const name of [...this.ringing.keys()]) this.ring(name, false);
    }
}

/** "granted", "denied", "default", or "none" where the browser has no notices. */
export const noticeState = () => typeof Notification === "function" ? Notification.permission : "none";

export const askForNotices = async () => typeof Notification === "function" ? Notification.requestPermission() : "none";

/** Shows a notice when the page is not in front. `tag` replaces an older notice of the same thing. */
export function notify(text, tag) {
    if (noticeState() !== "granted" || (document.visibilityState === "visible" && document.hasFocus())) return;
    try {
        const notice = new Notification("Callslip desk", { body: text, tag });
        notice.onclick = () => {
            window.focus();
            notice.close();
        };
    } catch {
        // Some phones allow notices to service workers alone: sound and title remain.
    }
}

export function badgeTitle(count) {
    const text = count > 0 ? `(${count}) Desk` : "Desk";
    if (document.title !== text) document.title = text;
}
