/** What the pages of numbers (the ledger, the reports) write alike: tables that scroll by themselves, shares, spans of time. */

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** `1 h 05 min`, `12 min`. */
export function span(minutes) {
    const hours = Math.floor(minutes / 60);
    return hours === 0 ? `${minutes} min` : `${hours.toLocaleString()} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** A share of a whole, never rounded up to everything or down to nothing. */
export function share(part, of) {
    if (of === 0) return "–";
    if (part === 0 || part === of) return part === 0 ? "0 %" : "100 %";
    return `${Math.min(99.9, Math.max(0.1, Math.round((part / of) * 1000) / 10))} %`;
}

export const table = (label, heads, rows) => h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": label }, h("table", {},
    h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col", text })))), h("tbody", {}, ...rows)));

export const row = (head, ...cells) => h("tr", {}, h("th", { scope: "row" }, head), ...cells.map((text) => h("td", { text })));

/** A drawing that is stretched to its place: what it shows is in a table as well. */
export function drawing(width, height, rects) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    for (const shape of rects) {
        const rect = document.createElementNS(SVG, "rect");
        for (const [name, value] of Object.entries(shape)) rect.setAttribute(name, value);
        svg.append(rect);
    }
    return svg;
}

/** What the address asks for, of these fields. */
export function chosenIn(search, fields) {
    const chosen = new URLSearchParams();
    for (const id of fields) {
        const value = new URLSearchParams(search).get(id);
        if (value) chosen.set(id, value);
    }
    return chosen;
}

/** Fills the choice of a library; with one alone there is nothing to choose. */
export function fillLibraries(select, libraries, library) {
    select.replaceChildren(...(libraries.length > 1 ? [h("option", { value: "", text: "All libraries" })] : []),
        ...libraries.map((entry) => h("option", { value: entry.library, text: entry.title })));
    select.value = library ?? (libraries.length > 1 ? "" : libraries[0]?.library ?? "");
}
