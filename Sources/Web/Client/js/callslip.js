/**
 * Callslip's button, for any page of a library:
 *
 *     <script async src="//HOST/js/callslip.js" data-queue="memorial"></script>
 *
 * The button stands in the page's corner, or in every `<div data-callslip="memorial" style="min-height: 3.75rem"></div>` (with that
 * height nothing on the page moves when the button comes). Optional on the script: `data-title` (what the panel is called), `data-label` (the button's words), `data-nodes` ("https://a,https://b"),
 * `data-lang` ("es"; else the page's own language, else the reader's), `data-profile` ("school": no address is asked for), `data-accent` ("#7a0019": the library's colour, as
 * dark or light as it must be to be read).
 * What it does is in patron/launcher.js, which comes from HOST or, when HOST is gone, from another node.
 */
(() => {
    "use strict";

    const { src, dataset } = document.currentScript;
    const listed = (dataset.nodes || "").split(",").map((node) => node.trim().replace(/\/+$/, ""));
    const nodes = [new URL(src, location.href).origin, ...listed.filter(Boolean)];
    (async () => {
        for (const node of nodes) {
            try {
                const { placeButtons } = await import(`${node}/patron/launcher.js`);
                const { queue, title, label, lang, profile, accent } = dataset;
                return placeButtons({ nodes, queue, title, label, lang, profile, accent });
            } catch (error) {
                console.warn(`Callslip: ${node} gave no button.`, error);
            }
        }
    })();
})();
