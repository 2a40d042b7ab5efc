/**
 * The chat page: the panel, filling the page. `/chat/{queue}@chat.{host}?title=&sounds=&lang=&profile=&accent=`, and `/html/chat-box.html?queue=`, which the old vendor
 * offered beside it. The old vendor's other parameters change looks alone (`skin`, `theme`, `css`, `identity`) and are read over: the panel looks
 * the same everywhere, takes no style from strangers, and names the person who answers.
 */

import { spoken } from "../shared/language.js";
import { openPanel } from "./panel.js";
import { askOthers, readChat } from "./store.js";

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return "";
    }
}

export function readAddress({ pathname, search }) {
    const query = new URLSearchParams(search);
    const target = decoded(/^\/chat\/([^/]+)/.exec(pathname)?.[1] ?? "") || (query.get("queue") ?? "");
    return {
        queue: target.split("@")[0].trim().toLowerCase(),
        title: (query.get("title") ?? "").trim().slice(0, 80) || undefined,
        sounds: query.get("sounds") !== "false",
        ...Object.fromEntries(["lang", "profile", "accent"].flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : []))),
    };
}

if (globalThis.document) {
    const handed = readChat() ? null : await askOthers();
    await openPanel({ nodes: [location.origin], mode: "page", handed, ...readAddress(location) });
    const { tag, direction } = spoken();
    Object.assign(document.documentElement, { lang: tag, dir: direction });
}
