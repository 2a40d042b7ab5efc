// What the desk remembers in this browser. Text of patrons and operators is in the session's storage alone: it outlives a reload, and is
// gone with the tab, since reference desks are shared. Choices (sounds, name) are in local storage and say nothing about any patron.
// A browser that forbids storage costs a reload its drafts, and nothing else.

const draftPrefix = "callslip.desk.draft.";
const outboxPrefix = "callslip.desk.out.";
const slotPrefix = "callslip.desk.slot.";
const askedKey = "callslip.desk.asked-end";
const roomKey = "callslip.desk.room-seen";
const choicePrefix = "callslip.desk.choice.";

function attempt(action, fallback = null) {
    try {
        return action();
    } catch {
        return fallback;
    }
}

export const draft = {
    read: (chat) => attempt(() => sessionStorage.getItem(draftPrefix + chat)) ?? "",
    write: (chat, text) => attempt(() => text === "" ? sessionStorage.removeItem(draftPrefix + chat) : sessionStorage.setItem(draftPrefix + chat, text)),
};

/** What was begun as a note for colleagues. */
export const noteDraft = {
    read: (chat) => draft.read(`${chat}.note`),
    write: (chat, text) => draft.write(`${chat}.note`, text),
};

export const unsent = {
    read: (chat) => {
        const entries = attempt(() => JSON.parse(sessionStorage.getItem(outboxPrefix + chat) ?? "[]"), []);
        return Array.isArray(entries) ? entries : [];
    },
    write: (chat, entries) => attempt(() => entries.length === 0
        ? sessionStorage.removeItem(outboxPrefix + chat) : sessionStorage.setItem(outboxPrefix + chat, JSON.stringify(entries))),
};

/** The number of a chat's column, so that Alt+1 means the same chat after a reload. */
export const slots = {
    read: (chat) => Number(attempt(() => sessionStorage.getItem(slotPrefix + chat)) ?? 0) || null,
    write: (chat, slot) => attempt(() => slot === null ? sessionStorage.removeItem(slotPrefix + chat) : sessionStorage.setItem(slotPrefix + chat, String(slot))),
};

/** Forgets what was written in one chat. */
export function forgetChat(chat) {
    draft.write(chat, "");
    noteDraft.write(chat, "");
    unsent.write(chat, []);
    slots.write(chat, null);
}

/** Forgets every text: at signing out, and when another person signs in. */
export function forgetTexts() {
    attempt(() => {
        for (const key of Object.keys(sessionStorage)) {
            if (key.startsWith(draftPrefix) || key.startsWith(outboxPrefix) || key.startsWith(slotPrefix)) sessionStorage.removeItem(key);
        }
    });
}

/** The sign-ons that were asked until when somebody is there; a reload does not ask again. */
export const askedEnds = {
    has: (session) => attempt(() => sessionStorage.getItem(askedKey)) === session,
    add: (session) => attempt(() => sessionStorage.setItem(askedKey, session)),
};

/** The line of the staff room that was read last; a reload does not call it unread again. */
export const roomRead = {
    get: () => attempt(() => JSON.parse(sessionStorage.getItem(roomKey) ?? "null")),
    set: (line) => attempt(() => sessionStorage.setItem(roomKey, JSON.stringify(line))),
};

export const choice = {
    read: (name, fallback) => attempt(() => JSON.parse(localStorage.getItem(choicePrefix + name) ?? "null")) ?? fallback,
    write: (name, value) => attempt(() => localStorage.setItem(choicePrefix + name, JSON.stringify(value))),
};
