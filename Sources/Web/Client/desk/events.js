// What happened at the desk, told: heard, announced, shown as a notice, and the focus moved where it belongs. What it means is in state.js.

import { notify } from "./alerts.js";
import { displayName, takenLineMs } from "./board.js";
import { forgetChat, slots } from "./memory.js";
import { newsText } from "./referred.js";
import { lineWords } from "./staffroom.js";
import { chatName } from "./words.js";

export class Events {
    /** @param shell the page: `desk`, `floor`, `act`, `sounds`, `room`, `announce(text)`, `notice(text)`, `draw()`, `flush(chat)`, `putAway(chat)`, and `ringing`, which is set here */
    constructor(shell) {
        this.shell = shell;
    }

    /** One thing that happened: to the ears, to whoever cannot see, and to the place on the page. */
    take(effect) {
        const { shell } = this;
        const chat = shell.desk.chats.get(effect.chat);
        switch (effect.kind) {
            case "arrived": return this.arrived(effect.line);
            case "roomLine": return this.roomSaid(effect.line);
            case "taken":
                shell.announce(`${effect.line.takenBy.display ?? effect.line.takenBy.name} took the chat of ${effect.line.library?.title ?? "a library"}`);
                setTimeout(() => shell.draw(), takenLineMs + 50);
                return undefined;
            case "referralEnded":
                shell.notice(newsText(effect.line), { stays: true });
                return undefined;
            case "ringing":
                shell.ringing = { chat: effect.chat, offer: effect.offer };
                return undefined;
            case "started":
                slots.write(chat.id, chat.slot);
                if (chat.watching) {
                    const text = `${chat.meta.phase.by?.display ?? "A colleague"} has a chat for you to watch.`;
                    shell.announce(text);
                    notify(text, `watch ${effect.chat}`);
                }
                shell.floor.update();
                if (shell.act.wanted === effect.chat) {
                    shell.act.wanted = null;
                    shell.floor.focusChat(effect.chat);
                }
                return undefined;
            case "tookOver":
                shell.announce(`Chat ${chat.slot} is yours now`);
                shell.floor.focusChat(effect.chat);
                return undefined;
            case "takenOver": return this.chatTakenOver(chat);
            case "ended": return this.chatEnded(chat);
            case "message":
                if (shell.desk.focused === effect.chat && document.hasFocus() && !shell.floor.showingRail) shell.desk.read(effect.chat);
                if (chat?.watching) return undefined;
                shell.sounds.play("message");
                notify(`A patron of ${chatName(chat)} wrote in chat ${chat.slot}.`, `message ${effect.chat}`);
                return undefined;
            case "sendable": return chat ? shell.flush(chat) : undefined;
            case "sendLater":
                setTimeout(() => shell.flush(chat), effect.afterMs * (1 + Math.random()));
                return undefined;
            case "refusedText":
                shell.floor.column(effect.chat)?.showProblem(`Not sent: ${effect.text}`);
                return undefined;
            default: return undefined;
        }
    }

    /** Among colleagues: heard where they are asked for help, else only told. */
    roomSaid(line) {
        const { shell } = this;
        const text = `${line.by.display} ${line.text !== undefined && line.swamped !== true ? "said: " : ""}${lineWords(line, shell.desk.room)}`;
        if (!shell.room.dialog.open) shell.announce(`Staff room: ${text}`);
        if (line.swamped !== true || shell.desk.me?.volunteers !== true) return;
        shell.sounds.play("offer");
        notify(`${line.by.display} is swamped, and asks for help.`, "swamped");
    }

    arrived(line) {
        const { shell } = this;
        const library = line.library?.title ?? line.queue?.title ?? "a library";
        const text = line.offer === undefined ? `A new chat of ${library} waits.` : `${displayName(shell.desk.board, line.by ?? "A colleague")} offers a chat of ${library}.`;
        shell.announce(text);
        notify(text, `line ${line.chat}`);
    }

    /** The mentor has it now; whoever was writing watches from here on, and goes on at its notes. */
    chatTakenOver(chat) {
        const { shell } = this;
        const hadFocus = shell.floor.column(chat.id)?.element.contains(document.activeElement) === true;
        shell.announce(`${chat.meta.phase.by?.display ?? "Your mentor"} has taken over chat ${chat.slot}; you watch it now.`);
        shell.floor.update();
        if (hadFocus) shell.floor.column(chat.id)?.focus();
    }

    chatEnded(chat) {
        if (!chat) return;
        const { shell } = this;
        if (chat.leaving !== null) {
            shell.putAway(chat.id);
            return;
        }
        forgetChat(chat.id);
        shell.announce(`Chat ${chat.slot}: ${chat.ended}`);
        notify(`Chat ${chat.slot} ended.`, `message ${chat.id}`);
        if (shell.floor.column(chat.id)?.element.contains(document.activeElement)) {
            shell.floor.update();
            shell.floor.column(chat.id)?.dismiss.focus();
        }
    }
}
