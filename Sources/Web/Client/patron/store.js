/**
 * Where a chat is remembered: this tab's session storage, nothing else. A living tab hands the chat's identifiers to a
 * new one of the same browser over a BroadcastChannel; when the last tab closes, nothing stays behind on the computer.
 */

const KEY = "callslip.chat";
export const CHANNEL = "callslip";
export const ASK_MS_MAX = 250;

function area() {
    try {
        return globalThis.sessionStorage ?? null;
    } catch {
        return null;
    }
}

export function readChat() {
    try {
        const stored = JSON.parse(area()?.getItem(KEY) ?? "null");
        return stored && /^[0-9a-f]{32}$/.test(stored.chat ?? "") ? stored : null;
    } catch {
        return null;
    }
}

export function writeChat(chat) {
    try {
        if (chat === null) area()?.removeItem(KEY);
        else area()?.setItem(KEY, JSON.stringify(chat));
    } catch {
        // Storage may be full or forbidden: the chat then lives as long as the page.
    }
}

export function remember(name, value) {
    try {
        area()?.setItem(`callslip.${name}`, JSON.stringify(value));
    } catch {
        // As above.
    }
}

export function recall(name, otherwise) {
    try {
        return JSON.parse(area()?.getItem(`callslip.${name}`) ?? "null") ?? otherwise;
    } catch {
        return otherwise;
    }
}

/** How long a pause lasts that a librarian asked for. */
export const PAUSE_MS = 86400000;
const PAUSE = "callslip.pause";

function lasting() {
    try {
        return globalThis.localStorage ?? null;
    } catch {
        return null;
    }
}

/** A librarian ended a chat with a pause: this browser keeps when that is over, and nothing else. `endedMs`: when the chat was ended. */
export function beginPause(endedMs) {
    try {
        lasting()?.setItem(PAUSE, String(endedMs + PAUSE_MS));
    } catch {
        // Without storage the pause lasts as long as the page.
    }
}

/** When the pause is over, Unix milliseconds; null where there is none. What is over, or is no pause of ours, goes. */
export function readPause(now = Date.now()) {
    try {
        const kept = lasting()?.getItem(PAUSE) ?? null;
        if (kept === null) return null;
        const until = Number(kept);
        if (until > now && until <= now + PAUSE_MS) return until;
        lasting().removeItem(PAUSE);
        return null;
    } catch {
        return null;
    }
}

/** Forgets everything of ours in this tab. A pause stays until it is over. */
export function forgetAll() {
    try {
        const names = Array.from({ length: area()?.length ?? 0 }, (_, place) => area().key(place));
        for (const name of names) if (name.startsWith("callslip.")) area().removeItem(name);
    } catch {
        // As above.
    }
}

/** Answers other tabs that ask for a chat. `give()` returns `{chat, secret, queue, opened, …}` or null. */
export function handOver(give, ended, cleared = () => {}) {
    if (!globalThis.BroadcastChannel) return { close() {}, tellEnded() {}, tellCleared() {} };
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }) => {
        if (data?.t === "ask") {
            const chat = give();
            if (chat) channel.postMessage({ t: "here", chat });
        } else if (data?.t === "ended") ended(data.chat);
        else if (data?.t === "cleared") cleared(data.chat);
    };
    return {
        close: () => channel.close(),
        tellEnded: (chat) => channel.postMessage({ t: "ended", chat }),
        tellCleared: (chat) => channel.postMessage({ t: "cleared", chat }),
    };
}

/** Asks the living tabs for a chat; null when none answers in time. */
export function askOthers() {
    if (!globalThis.BroadcastChannel) return Promise.resolve(null);
    return new Promise((resolve) => {
        const channel = new BroadcastChannel(CHANNEL);
        const finish = (chat) => {
            clearTimeout(timer);
            channel.close();
            resolve(chat);
        };
        const timer = setTimeout(() => finish(null), ASK_MS_MAX);
        channel.onmessage = ({ data }) => {
            if (data?.t === "here" && /^[0-9a-f]{32}$/.test(data.chat?.chat ?? "")) finish(data.chat);
        };
        channel.postMessage({ t: "ask" });
    });
}
