// Says ten minutes before a library closes, by its posted hours or the end of "Open now", to those who are there for it. Once for each closing.

const warnS = 600;
const everyMs = 30000;

export class CloseWarning {
    /** @param {import("./state.js").Desk} desk @param {(text: string) => void} notice @param {(path: string) => Promise<object>} ask */
    constructor(desk, notice, ask) {
        this.desk = desk;
        this.notice = notice;
        this.ask = ask;
        this.said = new Set();
    }

    start() {
        setInterval(() => this.look(), everyMs);
        this.look();
    }

    /** The libraries of the queues that the person is there for, each once. */
    libraries() {
        const { me, board } = this.desk;
        const found = new Map();
        for (const queue of board.queues) {
            if (queue.library && me?.available.includes(queue.name)) found.set(queue.library.name, queue.library.title);
        }
        return found;
    }

    async look() {
        for (const [name, title] of this.libraries()) {
            try {
                const { open, closesInS, closesAtS, text } = await this.ask(`/hours/${name}/now.json`);
                const key = `${name} ${closesAtS}`;
                if (open !== true || !(closesInS <= warnS) || this.said.has(key)) continue;
                this.said.add(key);
                const minutes = Math.max(1, Math.round(closesInS / 60));
                this.notice(`${title} closes in ${minutes} ${minutes === 1 ? "minute" : "minutes"}. ${text} Its button goes off then; your chats go on.`);
            } catch {
                // Looked for again in half a minute.
            }
        }
    }
}
