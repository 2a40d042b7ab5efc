import assert from "node:assert/strict";
import test from "node:test";
import { CloseWarning } from "../../Sources/Web/Client/desk/closewarning.js";

function stage(answers) {
    const said = [];
    const asked = [];
    const desk = {
        me: { available: ["law", "general"] },
        board: { queues: [
            { name: "law", library: { name: "law", title: "Law Library" } }, { name: "rare", library: { name: "law", title: "Law Library" } },
            { name: "music", library: { name: "music", title: "Music" } }, { name: "general", library: null },
        ] },
    };
    const ask = async (path) => {
        asked.push(path);
        const answer = answers.shift();
        if (answer === undefined) throw new Error("no node");
        return answer;
    };
    return { said, asked, warning: new CloseWarning(desk, (text) => said.push(text), ask) };
}

test("who is there for a library is told ten minutes before it closes, once for each closing", async () => {
    const open = (closesInS, closesAtS) => ({ posted: true, open: true, text: "Open until 10 PM.", closesInS, closesAtS });
    const { said, asked, warning } = stage([open(601, 1000), open(600, 1000), open(570, 1000), open(60, 9000)]);
    await warning.look();
    assert.deepEqual(said, []);
    await warning.look();
    await warning.look();
    await warning.look();
    assert.deepEqual(said, [
        "Law Library closes in 10 minutes. Open until 10 PM. Its button goes off then; your chats go on.",
        "Law Library closes in 1 minute. Open until 10 PM. Its button goes off then; your chats go on.",
    ]);
    assert.deepEqual(new Set(asked), new Set(["/hours/law/now.json"]));
});

test("nothing is said where no hours are posted, while it is closed, and when no node answers", async () => {
    const { said, warning } = stage([{ posted: false }, { posted: true, open: false, text: "Closed." }]);
    await warning.look();
    await warning.look();
    await warning.look();
    assert.deepEqual(said, []);
});
