import { webcrypto } from "node:crypto";

// Browsers have it, and Node.js from 20 on.
globalThis.crypto ??= webcrypto;

/** A clock that only moves when told, and sockets whose other end is the test. */
export class Clock {
    now = 0;
    #next = 1;
    #timers = new Map();
    timers = {
        set: (f, ms) => {
            this.#timers.set(this.#next, { f, due: this.now + ms });
            return this.#next++;
        },
        clear: (id) => this.#timers.delete(id),
    };

    async advance(ms) {
        const end = this.now + ms;
        for (;;) {
            const due = [...this.#timers].filter(([, t]) => t.due <= end).sort((a, b) => a[1].due - b[1].due)[0];
            if (!due) break;
            this.now = due[1].due;
            this.#timers.delete(due[0]);
            due[1].f();
            await settle();
        }
        this.now = end;
    }
}

/** Lets every promise that can go on go on. */
export async function settle() {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

export class FakeSocket {
    sent = [];
    closed = false;

    constructor(url, protocol) {
        this.url = url;
        this.protocol = protocol;
    }

    send(text) {
        if (this.closed) throw new Error("closed");
        this.sent.push(JSON.parse(text));
    }

    close() {
        this.closed = true;
    }

    /** What the client sent, of one kind. */
    kind(t) {
        return this.sent.filter((frame) => frame.t === t);
    }

    open() {
        this.onopen?.();
    }

    say(frame) {
        this.onmessage?.({ data: JSON.stringify(frame) });
    }

    fail() {
        this.closed = true;
        this.onclose?.();
    }

    async welcome(extra = {}) {
        this.open();
        this.say({ t: "welcome", v: 1, node: "memorial", nodes: [], ...extra });
        await settle();
    }
}

export function world({ nodes = ["http://a:1"], random = () => 0.5 } = {}) {
    const clock = new Clock();
    const sockets = [];
    const options = {
        nodes,
        hello: () => ({ role: "patron", client: "test/1" }),
        socket: (url, protocol) => {
            const socket = new FakeSocket(url, protocol);
            sockets.push(socket);
            return socket;
        },
        now: () => clock.now,
        timers: clock.timers,
        random,
    };
    return { clock, sockets, options, last: () => sockets[sockets.length - 1] };
}
