import assert from "node:assert/strict";
import { test } from "node:test";
import { Sounds, melodies, repeatMs } from "../../Sources/Web/Client/desk/alerts.js";

globalThis.document = { documentElement: { dataset: {} } };

test("a new chat, an offer and a message sound differently: other notes, other lengths", () => {
    const heard = Object.values(melodies).map((notes) => JSON.stringify(notes));
    assert.equal(new Set(heard).size, 3);
    const pitches = (name) => melodies[name].map(([frequency]) => frequency);
    assert.ok(pitches("chat")[0] < pitches("chat").at(-1), "a chat rises");
    assert.ok(pitches("offer")[0] > pitches("offer").at(-1), "an offer falls");
    assert.equal(melodies.message.length, 1, "a message ticks");
});

test("a new chat rings at once and again and again until it is claimed; two reasons ring apart", () => {
    const ticks = [];
    const real = [globalThis.setInterval, globalThis.clearInterval];
    globalThis.setInterval = (f, ms) => ticks.push({ f, ms, on: true });
    globalThis.clearInterval = (id) => {
        if (id) ticks[id - 1].on = false;
    };
    const pass = () => ticks.filter((tick) => tick.on).forEach((tick) => tick.f());
    try {
        const sounds = new Sounds();
        sounds.ring("chat", true);
        sounds.ring("chat", true);
        assert.equal(sounds.played.chat, 1, "asked twice, it rings once");
        assert.equal(ticks[0].ms, repeatMs);
        pass();
        pass();
        assert.equal(sounds.played.chat, 3);
        sounds.ring("offer", true);
        sounds.ring("chat", false);
        pass();
        assert.deepEqual([sounds.played.chat, sounds.played.offer], [3, 2]);
        sounds.silence();
        pass();
        assert.deepEqual([sounds.played.chat, sounds.played.offer], [3, 2]);
    } finally {
        [globalThis.setInterval, globalThis.clearInterval] = real;
    }
});

test("sounds that are off play nothing", () => {
    const sounds = new Sounds();
    sounds.on = false;
    sounds.play("message");
    assert.equal(sounds.played.message, 0);
});
