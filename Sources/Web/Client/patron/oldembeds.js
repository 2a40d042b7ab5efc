/**
 * The old vendor's blocks and services on a library's page.
 *
 * Blocks: `.libraryh3lp` with a `jid` (or `data-lh3-jid`) show while their queue is available, those without one while none of their set is.
 * Of a set the first is shown whose own people are there, else the first that others answer for. A block's own links and handlers
 * stay; a block without any opens the panel.
 * Services: `?NUMBER` (or the name of a queue) puts a button in each `.needs-js`, or in the window's corner where there is none. Which queues a
 * number leads to is written in the consortium's file.
 * Blocks and places may come later: pages of catalogues build themselves piece by piece.
 */

import { keepAsking, knownNodes, openPanel, stored } from "../shared/embed.js";
import { askPresence } from "../shared/presence.js";
import { beSilent, tellSeen } from "../shared/seen.js";
import { makeLauncher } from "./launcher.js";

const ASK_EVERY_MS = 1200;
const FLAGS = new Set(["multi", "poll", "popup"]);
const ACTIVE = "a, button, iframe, input, object, [onclick]";

/** What stands behind the `?` of the script's address: numbers or names of services; the rest are switches of the old vendor's. */
export function servicesOf(search) {
    let text = search.replace(/^\?/, "").split("&")[0];
    try {
        text = decodeURIComponent(text);
    } catch {
        // A stray percent sign: taken as it stands.
    }
    return text.split(",").map((word) => word.trim().toLowerCase()).filter((word) => word !== "" && !FLAGS.has(word) && !word.includes("="));
}

/** `Memorial@chat.HOST` → `memorial`; "" where there is none. */
export const queueOf = (jid) => (jid ?? "").split("@")[0].trim().toLowerCase();

/**
 * Blocks that follow each other are one set, which ends after its offline block.
 * @param {{queue: string}[]} blocks of one parent, in order
 */
export function setsOf(blocks) {
    const sets = [];
    for (const block of blocks) {
        const set = sets.at(-1);
        const last = set?.at(-1);
        const offlineSeen = set?.some((other) => other.queue === "");
        const ends = !set || (block.queue === "" ? offlineSeen : last.queue === "" && set.some((other) => other.queue !== ""));
        if (ends) sets.push([block]);
        else set.push(block);
    }
    return sets;
}

/** The block of a set that is shown, or undefined. */
export function shownOf(set, reachOf) {
    const online = set.filter((block) => block.queue !== "");
    return (
        online.find((block) => reachOf(block.queue) === "own") ??
        online.find((block) => reachOf(block.queue) === "referred") ??
        set.find((block) => block.queue === "")
    );
}

/** Begins to follow what the page carries. `address`: of the script; `asked`: the language, profile and colour that its tag asks for, and whether the page is a preview. */
export function follow(address, asked = {}) {
    if (asked.preview) beSilent();
    const nodes = knownNodes([address.origin]);
    const services = servicesOf(address.search);
    const known = new Map();
    const buttons = new Map();
    let corner = null;

    const reachOf = (queue) => known.get(queue)?.reach ?? "nobody";
    const open = (queue, opener, extra = {}) => openPanel(nodes, { ...asked, queue, opener, ...extra });
    const service = () => services.find((name) => reachOf(name) === "own") ?? services.find((name) => reachOf(name) === "referred") ?? services[0];

    const blocks = () => [...document.querySelectorAll(".libraryh3lp")].map((element) => ({
        element, queue: queueOf(element.getAttribute("jid") || element.dataset.lh3Jid || element.dataset.jid),
    }));

    function sets() {
        const byParent = Map.groupBy?.(blocks(), ({ element }) => element.parentElement) ?? blocks().reduce((found, block) => {
            const parent = block.element.parentElement;
            return found.set(parent, [...(found.get(parent) ?? []), block]);
        }, new Map());
        return [...byParent.values()].flatMap(setsOf);
    }

    /** A block with words or a picture alone becomes the button; its own links, forms and handlers are left to work. */
    function makeButton({ element, queue }) {
        if (element.dataset.callslipReady !== undefined) return;
        element.dataset.callslipReady = "";
        if (element.onclick || element.matches(ACTIVE) || element.querySelector(ACTIVE)) return;
        element.setAttribute("role", "button");
        element.tabIndex = 0;
        element.style.cursor = "pointer";
        element.addEventListener("click", () => open(queue, element));
        element.addEventListener("keydown", (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            open(queue, element);
        });
    }

    function show(set) {
        const shown = shownOf(set, reachOf);
        for (const block of set) {
            const wanted = block === shown ? "" : "none";
            if (block.element.style.display !== wanted) block.element.style.display = wanted;
            block.element.dataset.callslipShown = String(block === shown);
        }
        if (shown && shown.queue !== "") makeButton(shown);
    }

    function launcher(fixed) {
        const its = makeLauncher({ queue: services[0], lang: asked.lang, accent: asked.accent, fixed, pressed: () => open(service(), its, { occupied: (on) => its.hide(on) }) });
        return its;
    }

    /** One button of ours in place of the words for browsers without JavaScript. */
    function fill() {
        const places = [...document.querySelectorAll(".needs-js, #needs-js")].filter((place) => !place.matches(".libraryh3lp") && !place.querySelector(".libraryh3lp"));
        for (const place of places) {
            if (buttons.has(place)) continue;
            const its = launcher(false);
            buttons.set(place, its);
            place.replaceChildren(its.host);
        }
        if (places.length === 0 && corner === null && document.readyState === "complete") {
            corner = launcher(true);
            document.body.append(corner.host);
        } else if (places.length > 0 && corner !== null) {
            corner.host.remove();
            corner = null;
        }
        for (const its of [...buttons.values(), corner]) its?.draw(known.get(service()), stored("chat") !== null);
    }

    function draw() {
        for (const set of sets()) show(set);
        if (services.length > 0) fill();
        else for (const words of document.querySelectorAll(".needs-js")) if (!words.matches(".libraryh3lp") && !words.querySelector(".libraryh3lp")) words.style.display = "none";
    }

    async function ask() {
        const wanted = [...new Set([...blocks().map(({ queue }) => queue), ...services])].filter(Boolean);
        const said = await Promise.all(wanted.map((queue) => askPresence(nodes, queue)));
        // What no node tells now stays as it was.
        wanted.forEach((queue, place) => said[place] !== null && known.set(queue, said[place]));
        draw();
    }

    const begin = () => {
        keepAsking(ask, ASK_EVERY_MS);
        const queues = new Set([...services, ...blocks().map(({ queue }) => queue)].filter(Boolean));
        for (const queue of queues.size > 0 ? queues : [""]) tellSeen(nodes, { queue, kind: "old" });
        const chat = stored("chat");
        if (chat) open(chat.queue ?? services[0] ?? "", null, { resume: true, minimised: stored("minimised", false) });
    };
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
    else begin();
}
