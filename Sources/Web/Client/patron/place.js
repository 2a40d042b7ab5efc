/** The panel's place on the screen: sizes by the reader's own font, above the on-screen keyboard, and the focus inside while it covers the page. */

/**
 * Sizes follow the reader's own font size, not a page's `html { font-size: 10px }`.
 * @returns {boolean} whether `--cs-u` may be given in em
 */
export function relativeUnit() {
    try {
        CSS.registerProperty({ name: "--cs-u", syntax: "<length>", inherits: true, initialValue: "16px" });
        return true;
    } catch (error) {
        return error?.name === "InvalidModificationError";
    }
}

/** Keeps the composer above the on-screen keyboard, where the browser does not resize the page itself. */
export function followKeyboard(host) {
    const seen = window.visualViewport;
    if (!seen) return;
    const follow = () => {
        host.style.setProperty("--cs-seen-height", `${seen.height}px`);
        host.style.setProperty("--cs-seen-top", `${seen.offsetTop}px`);
    };
    seen.addEventListener("resize", follow);
    seen.addEventListener("scroll", follow);
    follow();
}

/** Whether a floating panel covers the page, as on a phone. */
export const covers = () => matchMedia("(max-width: 35rem)").matches;

/** Tab at the last stop goes on at the first, and back: the keyboard stays in the panel. */
export function keepFocusInside(event, slip, active) {
    const stops = [...slip.querySelectorAll("button, textarea, input, summary, a[href], [tabindex='0']")].filter((stop) => stop.offsetParent !== null);
    const next = stops.indexOf(active) + (event.shiftKey ? -1 : 1);
    if (next >= 0 && next < stops.length) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0)?.focus();
}
