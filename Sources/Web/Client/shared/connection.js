/**
 * The transport of the client protocol (Sources/ClientProtocol/PROTOCOL.md), for the patron's panel and the operator's
 * client alike. No DOM: the socket, the clock, the timers and chance are injected, so that it runs under `node --test`.
 *
 * Promises
 * - One connection at a time, to one of several nodes; after a loss it comes back by itself, with jitter, at the next node.
 * - A request is answered once. One without an answer is repeated, with the same `re`, after the next `welcome`.
 * - After `welcome` the greeters (resume, follow) run to their end before anything else is sent.
 * - A connection that has gone quiet while an answer is owed is probed and, if dead, replaced.
 * Never
 * - It keeps no text and knows no chat: what must survive a loss of the page is in outbox.js.
 * Its caller owes it
 * - `start()` once; `wakeOn(window, document)` in a browser; `stop()` at the end.
 */

export const LIMITS = Object.freeze({
    backoffFirstMs: 250,
    backoffMaxMs: 8000,
    welcomeMsMax: 8000,
    probeAfterMs: 6000,
    probeAnswerMsMax: 4000,
    wakeQuietMs: 3000,
    busyTriesMax: 6,
    busyWaitMs: 500,
    nodesMax: 16,
});

/** 128 random bits as 32 lower-case hexadecimal digits: every identifier of the protocol. */
export function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `http://a:7101` → `ws://a:7101/ws`. Null for what is no address of a node. */
export function socketAddress(node) {
    let url;
    try {
        url = new URL(node);
    } catch {
        return null;
    }
    const scheme = { "http:": "ws:", "https:": "wss:", "ws:": "ws:", "wss:": "wss:" }[url.protocol];
    return scheme ? `${scheme}//${url.host}/ws` : null;
}

/** A node's refusal: `code` for programs, `message` for people. */
export class Refusal extends Error {
    constructor(frame) {
        super(frame.text || "The service did not accept this.");
        this.name = "Refusal";
        this.code = frame.code;
        this.frame = frame;
    }
}

/** The connection ended before the answer. Only requests with `{ once: true }` are rejected with it. */
export class Disconnected extends Error {
    constructor() {
        super("The connection ended before the answer came.");
        this.name = "Disconnected";
        this.code = "disconnected";
    }
}

export class Connection {
    #options;
    #nodes = [];
    #home;
    #next = 0;
    #attempt = 0;
    #socket = null;
    #node = null;
    #state = "idle";
    #lostAt = null;
    #retryTimer = null;
    #welcomeTimer = null;
    #probeTimer = null;
    #watchTimer = null;
    #heardAt = 0;
    #pending = new Map();
    #greeters = [];
    #handlers = new Map();

    /**
     * @param {object} options
     * @param {string[]} options.nodes addresses (`https://host[:port]`), the one that the page came from first
     * @param {() => object} options.hello fields of `hello` beside `t` and `v`: role, client, session
     * @param {(url: string, protocol: string) => WebSocket} [options.socket]
     * @param {() => number} [options.random] in [0, 1)
     * @param {() => number} [options.now] milliseconds
     * @param {{set: (f: () => void, ms: number) => any, clear: (id: any) => void}} [options.timers]
     */
    constructor(options) {
        this.#options = {
            socket: (url, protocol) => new WebSocket(url, protocol),
            random: Math.random,
            now: () => Date.now(),
            timers: { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) },
            ...options,
        };
        this.#home = options.nodes.slice(0, LIMITS.nodesMax);
        this.#nodes = [...this.#home];
    }

    /** `idle`, `connecting`, `greeting`, `ready`, `waiting` or `ended`. */
    get state() {
        return this.#state;
    }

    /** The address that is connected to, or was last. */
    get node() {
        return this.#node;
    }

    /** All addresses that are tried in turn. */
    get nodes() {
        return [...this.#nodes];
    }

    /** When the connection was lost, or null while it is there. */
    get lostAt() {
        return this.#lostAt;
    }

    /**
     * Kinds of frames by their `t` (`chat`, `msgs`, `ack` …), `*` for all frames, `state` for changes of `state`
     * (`{state, lostAt, node, bye?}`), `problem` for errors in handlers. Returns a function that takes it back.
     */
    on(kind, handler) {
        const list = this.#handlers.get(kind) ?? [];
        list.push(handler);
        this.#handlers.set(kind, list);
        return () => list.splice(list.indexOf(handler), 1);
    }

    /** `greeter(welcome)` runs after every `welcome`, before anything else is sent; its own requests go out `{ once: true }`. */
    onWelcome(greeter) {
        this.#greeters.push(greeter);
        return () => this.#greeters.splice(this.#greeters.indexOf(greeter), 1);
    }

    start() {
        if (this.#state !== "idle" && this.#state !== "ended") return;
        this.#attempt = 0;
        this.#lostAt = this.#options.now();
        this.#connect();
    }

    /** Ends for good. Requests that have no answer are rejected. */
    stop() {
        this.#end(null);
    }

    /** The page came back (visible, online): do not wait for the timer, and do not trust an old socket. */
    wake() {
        if (this.#state === "waiting") {
            this.#clear("#retry");
            this.#connect();
        } else if (this.#state === "ready" && this.#options.now() - this.#heardAt > LIMITS.wakeQuietMs) {
            this.#probe();
        }
    }

    /** Listens for the events that mean "the network or the page is back". Harmless while stopped. */
    wakeOn(...targets) {
        const listener = () => {
            if (globalThis.document?.visibilityState !== "hidden") this.wake();
        };
        for (const target of targets) {
            for (const name of ["online", "pageshow", "focus", "visibilitychange"]) target.addEventListener(name, listener);
        }
    }

    /**
     * Sends a request and waits for `ok` (fulfilled with the frame) or `refused` (rejected with `Refusal`).
     * Repeated after a reconnect unless `once`, which is also sent while greeters still run. `busy` is tried again.
     */
    request(t, body = {}, { once = false } = {}) {
        if (this.#state === "ended") return Promise.reject(new Disconnected());
        if (once && this.#state !== "ready" && this.#state !== "greeting") return Promise.reject(new Disconnected());
        const re = newId();
        return new Promise((resolve, reject) => {
            const entry = { frame: { t, re, ...body }, resolve, reject, once, tries: 0 };
            this.#pending.set(re, entry);
            if (this.#state === "ready" || once) this.#put(entry.frame);
        });
    }

    /** Sends a frame that needs no answer and is worth nothing later (`typing`, `active`). False when it could not go out. */
    send(frame) {
        if (this.#state !== "ready") return false;
        this.#put(frame, { owed: false });
        return true;
    }

    /** As `send`, for frames that something answers (`say`): the connection is then watched for silence. */
    sendOwed(frame) {
        if (this.#state !== "ready") return false;
        this.#put(frame);
        return true;
    }

    #put(frame, { owed = true } = {}) {
        try {
            this.#socket.send(JSON.stringify(frame));
        } catch {
            this.#lost(this.#socket);
            return;
        }
        if (owed && this.#watchTimer === null) {
            this.#watchTimer = this.#options.timers.set(() => {
                this.#watchTimer = null;
                if (this.#options.now() - this.#heardAt >= LIMITS.probeAfterMs) this.#probe();
            }, LIMITS.probeAfterMs);
        }
    }

    /** Any node answers an unknown kind with `refused`: so silence after one means that nobody is there. */
    #probe() {
        if (this.#probeTimer !== null || this.#socket === null) return;
        const socket = this.#socket;
        this.#probeTimer = this.#options.timers.set(() => {
            this.#probeTimer = null;
            this.#lost(socket);
        }, LIMITS.probeAnswerMsMax);
        this.#put({ t: "probe", re: newId() }, { owed: false });
    }

    #connect() {
        const node = this.#nodes[this.#next % this.#nodes.length];
        this.#next += 1;
        this.#node = node;
        this.#become("connecting");
        let socket;
        try {
            socket = this.#options.socket(socketAddress(node), "callslip.v1");
        } catch {
            this.#lost(null);
            return;
        }
        this.#socket = socket;
        this.#welcomeTimer = this.#options.timers.set(() => this.#lost(socket), LIMITS.welcomeMsMax);
        socket.onopen = () => {
            if (socket === this.#socket) this.#put({ t: "hello", v: 1, ...this.#options.hello() }, { owed: false });
        };
        socket.onmessage = (event) => {
            if (socket === this.#socket) this.#receive(event.data);
        };
        socket.onclose = () => this.#lost(socket);
        socket.onerror = () => {};
    }

    #receive(data) {
        this.#heardAt = this.#options.now();
        this.#clear("#probe");
        let frame;
        try {
            frame = JSON.parse(data);
        } catch {
            return;
        }
        if (frame === null || typeof frame !== "object") return;
        if (frame.t === "welcome") this.#welcomed(frame);
        else if (frame.t === "ok" || frame.t === "refused") this.#answered(frame);
        else if (frame.t === "bye") this.#dismissed(frame);
        this.#emit(frame.t, frame);
        this.#emit("*", frame);
    }

    async #welcomed(welcome) {
        const socket = this.#socket;
        this.#clear("#welcome");
        this.#attempt = 0;
        const told = (Array.isArray(welcome.nodes) ? welcome.nodes : []).filter((node) => socketAddress(node) !== null);
        this.#nodes = [...new Set([this.#node, ...told, ...this.#home])].slice(0, LIMITS.nodesMax);
        this.#next = 0;
        this.#become("greeting");
        for (const greeter of [...this.#greeters]) {
            try {
                await greeter(welcome);
            } catch (error) {
                if (!(error instanceof Disconnected)) this.#emit("problem", error);
            }
            if (socket !== this.#socket) return;
        }
        this.#lostAt = null;
        this.#become("ready");
        for (const entry of [...this.#pending.values()]) {
            if (!entry.once) this.#put(entry.frame);
        }
    }

    #answered(frame) {
        const entry = this.#pending.get(frame.re);
        if (!entry) return;
        if (frame.t === "refused" && frame.code === "busy" && entry.tries < LIMITS.busyTriesMax) {
            entry.tries += 1;
            const base = frame.retryMs ?? LIMITS.busyWaitMs;
            this.#options.timers.set(
                () => {
                    if (!this.#pending.has(frame.re)) return;
                    if (this.#state === "ready" || (entry.once && this.#state === "greeting")) this.#put(entry.frame);
                },
                base * (1 + this.#options.random()),
            );
            return;
        }
        this.#pending.delete(frame.re);
        if (frame.t === "ok") entry.resolve(frame);
        else entry.reject(new Refusal(frame));
    }

    #dismissed(bye) {
        // This node cannot go on with it: the next one is asked first.
        if (bye.code === "apart" || bye.code === "full") this.#next = 1;
        if (bye.retryMs === null) this.#end(bye);
        else this.#lost(this.#socket, bye.retryMs ?? 0, bye);
    }

    #lost(socket, leastMs = 0, bye) {
        if (socket !== this.#socket || this.#state === "ended" || this.#state === "idle") return;
        this.#drop();
        this.#lostAt ??= this.#options.now();
        const span = Math.min(LIMITS.backoffMaxMs, LIMITS.backoffFirstMs * 2 ** this.#attempt);
        this.#attempt += 1;
        this.#retryTimer = this.#options.timers.set(
            () => {
                this.#retryTimer = null;
                this.#connect();
            },
            leastMs + this.#options.random() * span,
        );
        this.#become("waiting", bye);
    }

    #end(bye) {
        this.#drop();
        this.#clear("#retry");
        for (const entry of this.#pending.values()) entry.reject(new Disconnected());
        this.#pending.clear();
        this.#become("ended", bye ?? undefined);
    }

    #drop() {
        for (const name of ["#welcome", "#probe", "#watch"]) this.#clear(name);
        const socket = this.#socket;
        this.#socket = null;
        for (const [re, entry] of this.#pending) {
            if (!entry.once) continue;
            this.#pending.delete(re);
            entry.reject(new Disconnected());
        }
        if (socket) {
            socket.onopen = socket.onmessage = socket.onclose = null;
            try {
                socket.close();
            } catch {
                // It never opened: nothing to close.
            }
        }
    }

    #clear(name) {
        const { timers } = this.#options;
        if (name === "#retry" && this.#retryTimer !== null) timers.clear(this.#retryTimer), (this.#retryTimer = null);
        if (name === "#welcome" && this.#welcomeTimer !== null) timers.clear(this.#welcomeTimer), (this.#welcomeTimer = null);
        if (name === "#probe" && this.#probeTimer !== null) timers.clear(this.#probeTimer), (this.#probeTimer = null);
        if (name === "#watch" && this.#watchTimer !== null) timers.clear(this.#watchTimer), (this.#watchTimer = null);
    }

    #become(state, bye) {
        this.#state = state;
        this.#emit("state", { state, lostAt: this.#lostAt, node: this.#node, bye });
    }

    #emit(kind, value) {
        for (const handler of [...(this.#handlers.get(kind) ?? [])]) {
            try {
                handler(value);
            } catch (error) {
                if (kind === "problem") throw error;
                this.#emit("problem", error);
            }
        }
    }
}
