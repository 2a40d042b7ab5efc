/** The picture that went along with a report, as LTG sees it: fetched when somebody asks for it, and drawn, so that nothing but pixels comes into the page. */

import { h, setText } from "/shared/dom.js";

const ANSWER_MS_MAX = 20000;
const UNREACHED = "The node does not answer; try again in a moment.";

/**
 * A button for the picture of a report; `null` where there can be none. A report that was solved once does not tell any more whether there is one: it can be looked for.
 * @param {string} [token] a node's admin token; without it the browser's own sign-in counts.
 */
export function drawPicture(ticket, token) {
    if (ticket.kind === "node" || (!ticket.picture && ticket.bundle)) return null;
    const said = h("p", { class: "small", role: "status" });
    const place = h("div", { class: "picture" });
    const button = h("button", { type: "button", text: ticket.picture ? `Show the picture (${ticket.picture})` : "Look for a picture" });
    button.addEventListener("click", async () => {
        setText(said, "Fetching…");
        const found = await fetchPicture(ticket, token);
        if (found.text) return setText(said, found.text);
        const { image } = found;
        const canvas = h("canvas", { role: "img", tabindex: -1, "aria-label": `Picture of report ${ticket.number}: ${ticket.text}`, width: image.width, height: image.height });
        canvas.getContext("2d").drawImage(image, 0, 0);
        image.close();
        // With a token there is no address that a new page could ask for.
        const link = token === undefined ? h("a", { href: address(ticket), target: "_blank", rel: "noopener", text: `Open the picture of report ${ticket.number} by itself` }) : null;
        place.replaceChildren(canvas, ...(link ? [h("p", {}, link)] : []));
        setText(said, `The picture is shown below, ${canvas.width} by ${canvas.height}.`);
        button.remove();
        canvas.focus();
        return undefined;
    });
    return h("div", { class: "along" }, button, said, place);
}

const address = (ticket) => `/api/problems/picture?id=${ticket.id}`;

async function fetchPicture(ticket, token) {
    try {
        const answer = await fetch(address(ticket), {
            credentials: token === undefined ? "same-origin" : "omit", cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX),
            headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        });
        if (!answer.ok) return { text: (await answer.json().catch(() => null))?.text ?? UNREACHED };
        return { image: await createImageBitmap(await answer.blob()) };
    } catch (error) {
        return { text: error.name === "InvalidStateError" ? "The picture cannot be drawn: it is damaged." : UNREACHED };
    }
}
