/** The chat page, `/chat/{queue}@chat.{host}?title=&sounds=`: the panel, filling the page. The old vendor's other parameters are read over. */

import { openPanel } from "./panel.js";
import { askOthers, readChat } from "./store.js";

export function readAddress({ pathname, search }) {
    const target = decodeURIComponent(/^\/chat\/([^/]+)/.exec(pathname)?.[1] ?? "");
    const query = new URLSearchParams(search);
    return {
        queue: target.split("@")[0].toLowerCase(),
        title: (query.get("title") ?? "").trim().slice(0, 80) || undefined,
        sounds: query.get("sounds") !== "false",
    };
}

if (globalThis.document) {
    const handed = readChat() ? null : await askOthers();
    await openPanel({ nodes: [location.origin], mode: "page", handed, ...readAddress(location) });
}
