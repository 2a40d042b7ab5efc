// What the desk's search finds (Ctrl+K), each with what it does.

import { groups } from "../shared/pages.js";
import { reachSentence } from "./board.js";
import { dutyAction } from "./duty.js";
import { chatName } from "./words.js";

/** Pages that have an action of their own there, or are this one. */
const here = new Set(["/desk", "/practice"]);

/** Everything that the search finds: chats, what can be done now, libraries, queues, and the other pages. @param shell the desk's page */
export function findable(shell) {
    const { desk, act, isPractice } = shell;
    const chat = desk.chats.get(desk.focused);
    const open = chat && desk.holds(chat.id) ? chat : null;
    const action = (title, words, run) => ({ title, words, kind: "Action", detail: "", run });
    const actions = [
        action("Claim the chat that has waited longest", "new next waiting", () => act.claimOldest(shell.oldest())),
        ...(open ? [action("Insert a canned message", "text saved reply macro", () => act.openCanned(shell.floor.column(open.id)))] : []),
        ...(!isPractice ? [action("Write and change canned messages", "own library edit", () => shell.canned.editor.open())] : []),
        ...(open ? [action("Write a note for staff", "internal colleagues memo", () => shell.floor.column(open.id).note.open())] : []),
        action("Crisis card", "danger suicide emergency help 988", () => shell.crisis.open()),
        action("Find a liaison or an agreement", "refer referral subject directory specialist who knows", () => shell.directory.open()),
        ...(open && desk.me?.volunteers !== undefined ? [action("Ask a colleague to look at this chat", "watch whisper help colleague", () => act.openAsk(open.id))] : []),
        ...(open ? [action(`Transfer chat ${open.slot}`, "refer pass on hand over", () => act.openTransfer(open.id))] : []),
        action("Who is on, and why buttons are off", "team staff colleagues status", () => shell.team.open()),
        ...(desk.me?.queues ?? []).map((queue) => {
            const on = desk.me.available.includes(queue.name);
            return action(on ? `Go away from ${queue.title}` : `Be there for ${queue.title}`, "available switch on off", () => act.setAvailable(queue.name, !on));
        }),
        ...(desk.me?.duties ?? []).filter((duty) => duty !== desk.me.duty && dutyAction(duty)).map((duty) => action(dutyAction(duty), "duty shift priority first", () => act.duty(duty))),
        ...(desk.me?.volunteers === undefined ? [] : [
            action("Staff room", "colleagues messages talk team", () => shell.room.open()),
            action("Swamped: ask for help", "busy colleagues overwhelmed", () => act.swamped()),
        ]),
        action("Go away from all queues", "pause break unavailable off", () => desk.me.available.forEach((name) => act.setAvailable(name, false))),
        action(desk.leavingUntilMs === null ? "Leave in 10 minutes" : "Stay after all", "leaving end shift", () => shell.rail.toggleLeaving()),
        action(shell.sounds.on ? "Turn sounds off" : "Turn sounds on", "mute noise", () => { shell.sounds.setOn(!shell.sounds.on); shell.draw(); }),
        action("Say until when you are here", "end time shift close", () => shell.ending.open()),
        ...(!isPractice ? [action("Practise at a desk where nobody is real", "practice training learn try", () => window.open("/practice", "_blank", "noopener"))] : []),
        action("Keys and how the desk works", "help shortcuts", () => shell.help.open()),
        action("Sign out", "leave quit", () => shell.leave()),
    ];
    const column = open ? shell.floor.column(open.id) : null;
    return [
        ...desk.inSlots.map((one) => ({ title: `Chat ${one.slot}: ${chatName(one)}`, words: "go to", kind: "Chat", detail: one.ended ?? "", run: () => act.focusChat(one.id) })),
        ...actions,
        ...desk.board.libraries.map((library) => ({
            title: library.title, words: `${library.name} hours phone policies card`, kind: "Library", detail: library.card?.hours ?? "",
            run: () => shell.library.open(library, column ? (wording) => column.insert(wording) : null),
        })),
        ...desk.board.queues.map((queue) => ({
            title: queue.title, words: `${queue.name} queue ${queue.general ? "general" : ""}`, kind: "Queue", detail: reachSentence(queue),
            run: () => open && queue.takesTransfers ? act.openTransfer(open.id, queue.name) : shell.team.open(queue.title),
        })),
        ...(isPractice ? [] : groups.flatMap(({ pages }) => pages).filter(({ path }) => !here.has(path)).map(({ path, title, what, words }) => ({
            title, words, kind: "Page", detail: what, run: () => window.open(path, "_blank", "noopener"),
        }))),
    ];
}
