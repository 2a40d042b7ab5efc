/**
 * A library's own colour, within what stays readable: the one colour of the button and the panel that is theirs to choose. It is darkened on light paper and
 * lightened on dark until every text in it, and on it, has a contrast of 4.5:1 (WCAG 2.2 AA); how far is computed, and nobody can choose past it.
 */

export const CONTRAST_MIN = 4.5;
const STEP = 0.04;

/** The papers of tokens.css on which the accent stands, and the inks on it. */
export const SCHEMES = {
    light: { papers: ["#fbf7ec", "#f2ebda", "#fffdf8"], away: "#000000", on: "#fffdf5", softly: 0.14 },
    dark: { papers: ["#211f19", "#1a1813", "#2b2820"], away: "#ffffff", on: "#14130e", softly: 0.26 },
};

/** `[r, g, b]` of `#rgb` or `#rrggbb`, or null. */
export function readColour(text) {
    const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec((text ?? "").trim())?.[1];
    if (!digits) return null;
    const whole = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
    return [0, 2, 4].map((place) => parseInt(whole.slice(place, place + 2), 16));
}

export const written = (colour) => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

function luminance(colour) {
    const [r, g, b] = colour.map((part) => {
        const share = Math.round(part) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG's contrast of two colours: 1 to 21. */
export function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}

const mixed = (colour, other, share) => colour.map((part, place) => part + (other[place] - part) * share);

/** The nearest shade on the way to `away` that is readable on all of `grounds`. */
function readable(colour, away, grounds) {
    for (let share = 0; share < 1; share += STEP) {
        const shade = mixed(colour, away, share).map(Math.round);
        if (grounds.every((ground) => contrast(shade, ground) >= CONTRAST_MIN)) return shade;
    }
    return away;
}

/**
 * The tokens of one scheme for a library's colour; null where it is no colour.
 * @param {string} text `#rrggbb`
 * @param {"light"|"dark"} scheme
 */
export function tokensFor(text, scheme) {
    const colour = readColour(text);
    if (colour === null) return null;
    const { papers, away: end, on: ink, softly } = SCHEMES[scheme];
    const [away, on, ...grounds] = [end, ink, ...papers].map(readColour);
    const accent = readable(colour, away, [...grounds, on]);
    const soft = mixed(grounds[0], accent, softly).map(Math.round);
    return {
        "--cs-accent": written(accent),
        "--cs-accent-hover": written(mixed(accent, away, 0.18)),
        "--cs-on-accent": written(on),
        "--cs-accent-soft": written(soft),
        "--cs-on-accent-soft": written(readable(mixed(accent, away, 0.3), away, [soft])),
    };
}

/** Gives an element the colour, in the light and in the dark. */
export function wear(host, text) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const dress = () => {
        const tokens = tokensFor(text, dark.matches ? "dark" : "light");
        for (const [name, value] of Object.entries(tokens ?? {})) host.style.setProperty(name, value);
    };
    dress();
    dark.addEventListener("change", dress);
}
