/**
 * The old vendor's embeds, unchanged but for the host name:
 *
 *     <div class="needs-js">…</div>  <script async src="//HOST/js/libraryh3lp.js?SERVICE_ID"></script>
 *     <div class="libraryh3lp" jid="memorial@chat.HOST" style="display:none">online</div>
 *     <div class="libraryh3lp" style="display:none">offline</div>   <script async src="//HOST/js/libraryh3lp.js?multi,poll"></script>
 *
 * What it does is in patron/oldembeds.js. Pages that load this script twice get it once. `data-lang`, `data-profile` and `data-accent` as for our own script, js/callslip.js.
 */
(() => {
    "use strict";

    const { src, dataset } = document.currentScript;
    const address = new URL(src, location.href);
    const known = (window.callslipEmbeds ??= new Set());
    if (known.has(address.search)) return;
    known.add(address.search);
    import(`${address.origin}/patron/oldembeds.js`).then(
        ({ follow }) => follow(address, { lang: dataset.lang, profile: dataset.profile, accent: dataset.accent }),
        (error) => console.warn(`Callslip: ${address.origin} does not answer; the page stays as it is.`, error),
    );
})();
