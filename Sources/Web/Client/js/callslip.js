/**
 * Callslip's button, for any page of a library:
 *
 *     <div data-callslip="memorial" style="min-height: 3.75rem"><a href="https://HOST/chat/memorial">Ask a librarian</a></div>
 *     <script async src="https://HOST/js/callslip.js" data-queue="memorial"></script>
 *
 * The button stands in every such `<div>` in place of the plain link (with that height nothing on the page moves when it comes), or, where there is none, in the page's
 * corner. Optional on the script: `data-title` (what the panel is called), `data-label` (the button's words), `data-nodes` ("https://a,https://b"),
 * `data-lang` ("es"; else the page's own language, else the reader's), `data-profile` ("school": no address is asked for), `data-accent` ("#7a0019": the library's colour, as
 * dark or light as it must be to be read).
 *
 * This address stays; the code behind it is the version that LTG released, which the node writes in below, from HOST or, when HOST is gone, from another node.
 * `?callslip-preview=VERSION` in the page's address, or `data-preview`, shows another version. Where no code comes within some seconds, or it fails, there is a plain link.
 */
(() => {
    "use strict";

    const RELEASED = "";
    const PLAIN_AFTER_MS = 8000;

    const { src, dataset } = document.currentScript;
    const listed = (dataset.nodes || "").split(",").map((node) => node.trim().replace(/\/+$/, ""));
    const nodes = [new URL(src, location.href).origin, ...listed.filter(Boolean)];
    const preview = (/[?&]callslip-preview=([0-9a-f]{16})(?:&|$)/.exec(location.search) || [])[1] || dataset.preview;
    const folders = [preview, RELEASED].filter(Boolean).map((version) => `/js/v/${version}/`).concat("/");
    const { queue, title, label, lang, profile, accent } = dataset;
    const start = { nodes, queue, title, label, lang, profile, accent, preview: Boolean(preview) };

    /** The way that is always there, where no button is. */
    function putLinks() {
        const places = [...document.querySelectorAll("[data-callslip]")];
        if (places.length === 0 && dataset.queue && document.body) places.push(document.body);
        for (const place of places) {
            if (place.querySelector("[data-callslip-button], [data-callslip-plain]") || (place !== document.body && place.querySelector("a"))) continue;
            const link = document.createElement("a");
            link.href = `${nodes[0]}/chat/${encodeURIComponent(place.dataset.callslip || dataset.queue)}`;
            link.textContent = place.dataset.label || dataset.label || "Ask a librarian";
            const whole = place === document.body ? document.createElement("nav") : link;
            whole.setAttribute("data-callslip-plain", "");
            if (whole !== link) {
                whole.setAttribute("aria-label", "Chat");
                Object.assign(whole.style, { position: "fixed", right: "1rem", bottom: "1rem", padding: ".75rem 1rem", background: "#fff", zIndex: "2147483000" });
                link.style.color = "#14439b";
                whole.append(link);
            }
            place.append(whole);
        }
    }

    /** Where the code itself is not there to tell that it failed. */
    function tell(error) {
        const { host, pathname } = location;
        const body = JSON.stringify({ host, path: pathname, queue: dataset.queue || "", kind: "own", version: "", error: String(error).slice(0, 120) });
        for (const node of nodes) fetch(`${node}/api/button/seen`, { method: "POST", credentials: "omit", referrerPolicy: "no-referrer", body }).catch(() => {});
    }

    const late = setTimeout(putLinks, PLAIN_AFTER_MS);
    (async () => {
        let failed = null;
        for (const folder of folders) {
            let code = null;
            for (const node of nodes) {
                try {
                    code = await import(`${node}${folder}patron/launcher.js`);
                    break;
                } catch (error) {
                    failed = failed || error;
                    console.warn(`Callslip: ${node}${folder} gave no button.`, error);
                }
            }
            try {
                if (code === null) continue;
                await code.placeButtons(start);
                return clearTimeout(late);
            } catch (error) {
                failed = error;
                console.warn("Callslip: the button's code failed.", error);
                for (const half of document.querySelectorAll("[data-callslip-button]")) half.remove();
            }
        }
        putLinks();
        if (!preview) tell(failed);
    })();
})();
