/**
 * The old vendor's embeds, unchanged but for the host name:
 *
 *     <div class="needs-js">…</div>  <script async src="//HOST/js/libraryh3lp.js?SERVICE_ID"></script>
 *     <div class="libraryh3lp" jid="memorial@chat.HOST" style="display:none">online</div>
 *     <div class="libraryh3lp" style="display:none">offline</div>   <script async src="//HOST/js/libraryh3lp.js?multi,poll"></script>
 *
 * What it does is in patron/oldembeds.js, of the version that LTG released, which the node writes in below. Pages that load this script twice get it once. `data-lang`, `data-profile` and `data-accent` as for our own script,
 * js/callslip.js.
 */
(() => {
    "use strict";

    const RELEASED = "";

    const { src, dataset } = document.currentScript;
    const address = new URL(src, location.href);
    const known = (window.callslipEmbeds ??= new Set());
    if (known.has(address.search)) return;
    known.add(address.search);
    const preview = /[?&]callslip-preview=([0-9a-f]{16})(?:&|$)/.exec(location.search)?.[1];
    const folders = [preview, RELEASED].filter(Boolean).map((version) => `/js/v/${version}/`).concat("/");
    (async () => {
        for (const folder of folders) {
            try {
                const { follow } = await import(`${address.origin}${folder}patron/oldembeds.js`);
                return follow(address, { lang: dataset.lang, profile: dataset.profile, accent: dataset.accent, preview: Boolean(preview) });
            } catch (error) {
                console.warn(`Callslip: ${address.origin}${folder} gave no code; the page stays as it is.`, error);
            }
        }
    })();
})();
