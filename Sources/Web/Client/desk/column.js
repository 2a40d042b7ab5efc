// One chat: header with timers, the home library's card, the log, what is going on with it (an offer, a question to me), and the composer.

import { cardFields } from "./card.js";
import { chatTimers, duration, shrunk, spokenDuration, urgency } from "./clock.js";
import { h, setAttribute, setHidden, setText } from "./dom.js";
import { Log } from "./log.js";
import { endingButtons, endingOfKey } from "./outcome.js";
import { draft } from "./memory.js";
import { NoteBox } from "./note.js";
import { SHOWN_MAX, tagsOf } from "./tags.js";
import { Watchers, isMentorOf, watchSentence } from "./watching.js";
import { utf8Bytes } from "../shared/wording.js";
import { chatName } from "./words.js";

/** From here on the composer counts down. */
const countFromBytes = 3500;
const typingEveryMs = 3000;

export class Column {
    constructor(chat, desk, act) {
        this.chat = chat;
        this.desk = desk;
        this.act = act;
        this.typedMs = 0;
        this.asking = null;
        this.cardKey = null;
        const id = `chat-${chat.id}`;
        this.slot = h("span", { class: "slot", "aria-hidden": "true" });
        this.title = h("h2", { class: "chat-title", id: `${id}-title`, tabindex: "-1" });
        this.presence = h("p", { class: "presence" }, h("span", { class: "dot", "aria-hidden": "true" }), this.presenceText = h("span"));
        this.tags = h("ul", { class: "tags", "aria-label": "Tags", hidden: true });
        this.owed = h("p", { class: "timer", data: { timer: "owed" } });
        this.silent = h("p", { class: "timer", data: { timer: "silent" } });
        this.transfer = this.tool("Transfer", "transfer", "Alt+T", () => act.openTransfer(chat.id));
        this.noteTool = this.tool("Note", "note", "Alt+M", () => this.note.open());
        this.askTool = this.tool("Ask a colleague", "ask", null, () => act.openAsk(chat.id));
        this.takeOverTool = this.tool("Take over", "takeOver", null, () => act.takeOver(chat.id));
        this.unwatchTool = this.tool("Stop watching", "unwatch", null, () => act.unwatch(chat.id));
        this.release = this.tool("Back to queue", "release", null, () => this.ask("release"));
        this.close = this.tool("Close", "close", null, () => this.ask("close"));
        this.dismiss = this.tool("Put away", "dismiss", null, () => act.dismiss(chat.id));
        this.tools = h("div", { class: "chat-tools" }, this.transfer, this.noteTool, this.askTool, this.takeOverTool, this.unwatchTool, this.release, this.close, this.dismiss);
        this.cardBody = h("div", { class: "card-body", tabindex: "0", role: "group" });
        this.cardTitle = h("summary");
        this.card = h("details", { class: "card", data: { libraryCard: "" } }, this.cardTitle, this.cardBody);
        this.log = new Log("", (entry) => this.takeBack(entry));
        this.note = new NoteBox(this);
        this.watchers = new Watchers(this);
        this.typing = h("p", { class: "typing", data: { typing: "" } });
        this.strip = h("div", { class: "strip", role: "status", data: { strip: "" } });
        this.question = h("div", { class: "strip question", role: "group", hidden: true, on: { keydown: (event) => this.sayEnding(event) } });
        this.problem = h("p", { class: "error chat-error", role: "alert" });
        this.composer = h("textarea", {
            rows: "2", id: `${id}-composer`, data: { composer: chat.id }, autocomplete: "off",
            on: { input: () => this.typed(), keydown: (event) => this.key(event) },
        });
        this.composer.value = draft.read(chat.id);
        this.room = h("span", { class: "room", id: `${id}-room`, "aria-live": "polite" });
        this.send = h("button", { class: "primary", type: "submit", text: "Send", data: { send: chat.id } });
        this.form = h("form", { class: "composer", on: { submit: (event) => { event.preventDefault(); this.submit(); } } },
            h("label", { class: "unseen", for: this.composer.id, text: "Message to the patron" }), this.composer,
            h("div", { class: "composer-foot" }, this.room,
                h("button", { class: "quiet small canned-open", type: "button", data: { openCanned: "" }, title: "Canned messages (/)", on: { click: () => act.openCanned(this) } }, "Canned messages"),
                this.send));
        this.element = h("section", {
            class: "column slip", data: { chatColumn: chat.id },
            on: { focusin: () => act.entered(chat.id), pointerdown: () => act.entered(chat.id) },
        },
        h("header", { class: "chat-head" },
            h("div", { class: "chat-name" }, this.slot, h("div", {}, this.title, this.presence)),
            h("div", { class: "timers" }, this.owed, this.silent), this.tags, this.watchers.element, this.tools),
        this.card, this.note.element, this.log.box, this.typing, this.strip, this.question, this.problem, this.form);
        this.element.column = this;
    }

    tool(words, name, keys, click) {
        return h("button", { class: "quiet small", type: "button", data: { action: name }, title: keys ? `${words} (${keys})` : null, on: { click } }, words);
    }

    focus() {
        (this.chat.ended !== null ? this.dismiss : this.chat.watching ? this.note.field : this.composer).focus();
    }

    update() {
        const { chat, desk } = this;
        const name = chatName(chat);
        const message = desk.isMessage(chat);
        const ended = chat.ended !== null;
        setText(this.slot, String(chat.slot));
        setText(this.title, message ? `Message to ${name}` : `Patron of ${name}`);
        setAttribute(this.element, "aria-label", `Chat ${chat.slot}, ${this.title.textContent}`);
        this.log.element.setAttribute("aria-label", `Chat ${chat.slot}, ${name}`);
        const present = chat.meta.patronPresent === true;
        this.presence.dataset.state = message ? "message" : present ? "here" : "away";
        // Somebody who had an answer and stays away is taken to have left; a question without one is the holder's to close.
        const gone = `Patron’s page is not connected${chat.messages.some((one) => one.by === "staff" && one.text !== undefined) ? ": closed after 10 minutes" : ""}`;
        const mentor = chat.watching && isMentorOf(desk.board, desk.me, chat.meta.phase);
        setText(this.presenceText, chat.watching && !ended ? `${watchSentence(chat.meta.phase, mentor)}. ${present ? "Patron is here" : "Patron’s page is not connected"}` : message ? "Left as a message" : present ? "Patron is here" : gone);
        this.element.dataset.ended = String(ended);
        this.element.dataset.focused = String(desk.focused === chat.id);
        this.element.dataset.unread = String(chat.unread > 0);
        const { watching } = chat;
        for (const tool of [this.release, this.close]) setHidden(tool, ended || watching);
        setHidden(this.noteTool, ended);
        setHidden(this.transfer, ended || message || watching);
        setHidden(this.askTool, ended || watching || desk.me?.volunteers === undefined);
        setHidden(this.takeOverTool, ended || !mentor);
        setHidden(this.unwatchTool, ended || !watching || mentor);
        this.element.dataset.watching = String(watching);
        this.note.whisperTo(watching && !ended ? chat.meta.phase.by?.display ?? "your colleague" : null);
        this.watchers.update();
        const offered = (chat.meta.phase.offer ?? null) !== null;
        setAttribute(this.transfer, "aria-disabled", offered);
        setHidden(this.dismiss, !ended);
        setHidden(this.form, ended || watching);
        if (ended) setHidden(this.note.element, true);
        setAttribute(this.composer, "placeholder", message ? "Write the answer; the patron collects it with the code" : "Write to the patron");
        this.showTags();
        this.showCard();
        this.log.update(chat, desk.me);
        this.showStrip();
        if (ended || watching) this.answer(null);
        this.showRoom();
        this.tick();
    }

    showTags() {
        const tags = tagsOf(this.chat.messages).slice(-SHOWN_MAX);
        setHidden(this.tags, tags.length === 0);
        if (this.tags.dataset.shown === tags.join(" ")) return;
        this.tags.dataset.shown = tags.join(" ");
        this.tags.replaceChildren(...tags.map((tag) => h("li", { text: `#${tag}` })));
    }

    showCard() {
        const name = this.chat.meta.library?.name;
        const library = this.desk.board.libraries.find((candidate) => candidate.name === name);
        setHidden(this.card, library === undefined);
        if (library === undefined) return;
        const key = JSON.stringify(library.card ?? {});
        if (key === this.cardKey) return;
        if (this.cardKey === null) this.card.open = name !== this.desk.me?.library?.name && !matchMedia("(max-height: 760px), (max-width: 760px)").matches;
        this.cardKey = key;
        setText(this.cardTitle, `About ${library.title}`);
        this.cardBody.setAttribute("aria-label", `About ${library.title}`);
        this.cardBody.replaceChildren(...cardFields(library.card ?? {}, (wording) => this.insert(wording)));
    }

    /** What is going on with the chat: the end of it, or an offer on its way. */
    showStrip() {
        const { chat } = this;
        const offer = chat.meta.phase.offer ?? null;
        let key = "";
        if (chat.ended !== null) key = `ended ${chat.ended}`;
        else if (offer !== null) key = `offer ${offer.offer} ${offer.asked === true}`;
        setHidden(this.strip, key === "");
        if (key === this.stripKey) return;
        this.stripKey = key;
        this.countdown = null;
        if (chat.ended !== null) {
            this.strip.dataset.kind = "ended";
            this.strip.replaceChildren(h("p", { text: chat.ended }));
        } else if (offer !== null) {
            this.strip.dataset.kind = "offer";
            const target = offer.target?.title ?? "the other queue";
            const later = offer.answerInS !== undefined;
            const words = later ? `The patron is being asked whether to leave the question for ${target}, to be answered later.` : offer.asked === true ? `The patron is being asked whether ${target} may take over.` : `Offered to ${target}.`;
            this.countdown = h("span", { class: "countdown", "aria-hidden": "true" });
            this.strip.replaceChildren(
                h("p", {}, words, " ", this.countdown),
                h("p", { class: "hint", text: later ? "The chat stays yours until they agree: go on writing if you like." : "The chat stays yours until somebody picks it up: go on writing if you like." }),
                h("button", { class: "small", type: "button", text: "Withdraw the offer", data: { withdraw: chat.id }, on: { click: () => this.act.withdraw(chat.id, offer.offer) } }));
        } else {
            this.strip.replaceChildren();
        }
    }

    /** Asks before something that cannot be taken back, in the column itself: the rest of the desk goes on. */
    ask(kind) {
        if (this.asking === kind) return;
        this.asking = kind;
        const name = chatName(this.chat);
        const queue = this.chat.meta.queue?.title ?? name;
        const owed = chatTimers(this.chat.messages, this.desk.serverNowMs).owedS !== null;
        const words = kind === "block" ? "End this chat, and let this browser begin no other for 24 hours? The browser alone remembers that: no name and no address is kept, and whoever uses it next waits too."
            : kind === "release"
            ? `Put this chat back into the line of ${queue}? Whoever takes it sees all that was written.`
            : this.desk.isMessage(this.chat) ? "Close this message? The patron can collect what you wrote."
                : owed ? "Close this chat? The patron wrote last and still waits for an answer." : "Close this chat? The patron can read it, but write no more.";
        const no = h("button", { class: "small", type: "button", text: "Keep it", data: { keep: "" }, on: { click: () => this.answer(kind) } });
        const asksEnding = kind === "close" && this.desk.asksEnding;
        const buttons = asksEnding ? endingButtons((ending) => this.confirmed(kind, ending)) : [h("button", {
            class: kind === "release" ? "primary small" : "danger small", type: "button", text: { close: "Close the chat", release: "Put it back", block: "End and block" }[kind],
            data: { confirm: kind }, on: { click: () => this.confirmed(kind) },
        })];
        this.question.setAttribute("aria-label", words);
        this.question.replaceChildren(h("p", { text: words }), asksEnding ? h("p", { class: "hint", text: "How did it end?" }) : "", h("div", { class: "strip-buttons" }, ...buttons, no, kind === "close" && !this.desk.isMessage(this.chat) ? this.blocking() : null));
        setHidden(this.question, false);
        buttons[0].focus();
    }

    /** For chats that are no questions at all: asked once more before it is done. */
    blocking() {
        return h("button", { class: "small quiet", type: "button", text: "Block for 24 hours…", data: { askBlock: "" }, on: { click: () => this.ask("block") } });
    }

    /** Takes the question away; `kind` says which button gets the focus back. */
    answer(kind) {
        if (this.asking === null) return;
        const hadFocus = this.question.contains(document.activeElement);
        this.asking = null;
        setHidden(this.question, true);
        this.question.replaceChildren();
        if (kind !== null && hadFocus) (kind === "block" ? this.close : this[kind]).focus();
        else if (hadFocus) this.focus();
    }

    /** One key says how the chat ended, and ends it. */
    sayEnding(event) {
        if (this.asking !== "close" || !this.desk.asksEnding || event.ctrlKey || event.altKey || event.metaKey) return;
        const ending = endingOfKey(event.key);
        if (ending === undefined) return;
        event.preventDefault();
        this.confirmed("close", ending);
    }

    confirmed(kind, ending = null) {
        this.answer(null);
        if (kind === "close") this.act.close(this.chat.id, ending);
        else if (kind === "block") this.act.block(this.chat.id);
        else this.act.release(this.chat.id);
    }

    showProblem(text) {
        setText(this.problem, "");
        setText(this.problem, text);
    }

    typed() {
        draft.write(this.chat.id, this.composer.value);
        this.showRoom();
        this.showProblem("");
        const now = this.desk.now();
        if (this.composer.value !== "" && now - this.typedMs >= typingEveryMs) {
            this.typedMs = now;
            this.act.typing(this.chat.id);
        }
    }

    showRoom() {
        const used = utf8Bytes(this.composer.value.trim());
        const left = this.desk.textBytesMax - used;
        const unsent = this.chat.outbox.entries.filter((entry) => entry.state === "waiting").length;
        let text = "";
        if (left < 0) text = `Too long by ${-left}: send it in two parts`;
        else if (used > countFromBytes) text = `Room for ${left} more`;
        else if (unsent > 0) text = unsent === 1 ? "1 message waits to be sent" : `${unsent} messages wait to be sent`;
        setText(this.room, text);
        this.room.dataset.state = left < 0 ? "over" : "fine";
        setAttribute(this.send, "aria-disabled", left < 0 || used === 0);
        setAttribute(this.composer, "aria-invalid", left < 0);
        setAttribute(this.composer, "aria-describedby", text === "" ? null : this.room.id);
    }

    key(event) {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !event.ctrlKey && !event.altKey && !event.metaKey) {
            event.preventDefault();
            this.submit();
        } else if (event.key === "/" && !event.isComposing && !event.ctrlKey && !event.altKey && !event.metaKey && this.atWordStart()) {
            event.preventDefault();
            this.act.openCanned(this);
        }
    }

    /** Nothing, or white space, stands before the cursor: a slash within a word or an address is a slash. */
    atWordStart() {
        const { value, selectionStart } = this.composer;
        return selectionStart === 0 || /\s/u.test(value[selectionStart - 1]);
    }

    /** Where the cursor stands, or what is selected. */
    get cursor() {
        return { start: this.composer.selectionStart, end: this.composer.selectionEnd };
    }

    /** In the place of what was selected, with the cursor behind it. */
    insertAt({ start, end }, text) {
        this.composer.focus();
        this.composer.setRangeText(text, start, end, "end");
        this.typed();
    }

    submit() {
        const text = this.composer.value.trim();
        if (text === "" || utf8Bytes(text) > this.desk.textBytesMax) return;
        this.composer.value = "";
        draft.write(this.chat.id, "");
        this.typedMs = 0;
        this.showProblem("");
        this.act.say(this.chat.id, text);
        this.composer.focus();
    }

    insert(text) {
        const before = this.composer.value.trimEnd();
        this.composer.value = before === "" ? text : `${before}\n${text}`;
        this.typed();
        this.composer.focus();
    }

    takeBack(id) {
        const entry = this.chat.outbox.take(id);
        if (entry === null) return;
        this.act.outboxChanged(this.chat.id);
        if (entry.note === true) this.note.bring(entry.text);
        else this.insert(entry.text);
    }

    tick() {
        const { chat, desk } = this;
        const { owedS, silentS } = chat.ended === null ? chatTimers(chat.messages, desk.serverNowMs) : { owedS: null, silentS: null };
        const message = desk.isMessage(chat);
        this.showTimer(this.owed, owedS !== null && !message ? `Waits for you ${duration(owedS)}` : "", message ? null : owedS, "The patron waits for you since");
        this.showTimer(this.silent, silentS !== null && !message ? `Patron silent ${duration(silentS)}` : "", null, "The patron is silent since", silentS);
        setText(this.typing, chat.typingUntilMs > desk.now() && chat.ended === null ? "The patron is writing…" : "");
        if (this.countdown) {
            const untilS = chat.meta.phase.offer?.untilS;
            setText(this.countdown, typeof untilS === "number" ? `${duration(shrunk(untilS, chat.metaAtMs, desk.now()))} left` : "");
        }
    }

    showTimer(element, text, urgent, spoken, seconds = urgent) {
        setText(element, text);
        element.dataset.urgency = urgency(urgent);
        setHidden(element, text === "");
        setAttribute(element, "title", seconds === null ? null : `${spoken} ${spokenDuration(seconds)}`);
    }
}
