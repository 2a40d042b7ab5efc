/**
 * The second step of one's own sign-in: turned on in three steps (password, the app, a first code), shown, turned off; and by an admin, a colleague's turned off. The secret and
 * the recovery codes are shown once, and kept nowhere in the page's storage.
 */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { qrPath, qrSquare } from "/shared/qr.js";

const part = (id) => document.getElementById(id);
const sentence = (answer) => answer.body?.text ?? "The node does not answer. Try again in a moment.";
const codeFields = { autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false", maxlength: 40, required: true };

/** Dark on light in dark pages too: phones read nothing else. */
function squares(text) {
    const square = qrSquare(text);
    if (square === null) return "";
    const whole = square.length + 8;
    const part = (name, attributes) => {
        const element = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        return element;
    };
    const svg = part("svg", { viewBox: `0 0 ${whole} ${whole}`, class: "squares", id: "squares", role: "img", "aria-label": "The key as a code of squares, for a phone’s camera", "shape-rendering": "crispEdges" });
    svg.append(part("rect", { width: whole, height: whole, fill: "#fff" }), part("path", { d: qrPath(square), fill: "#000" }));
    return svg;
}

export class SecondStep {
    /**
     * @param {(text: string) => void} said what was done
     * @param {(text: string) => void} problem what was not
     */
    constructor(said, problem) {
        this.said = said;
        this.problem = problem;
        part("lost-form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.turnOffFor(part("lost-name"));
        });
        part("forgot-form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.firstCodeFor(part("forgot-name"));
        });
    }

    async show() {
        const answer = await ask("GET", "/api/second-step");
        setHidden(part("second"), answer.status !== 200);
        if (answer.status !== 200) {
            if (answer.status !== 401) this.problem(sentence(answer));
            return;
        }
        for (const id of ["lost", "forgot"]) setHidden(part(id), !answer.body.admin);
        const { on, recoveryLeft, turnedOffBy } = answer.body;
        setText(part("second-state"), on
            ? `It is on: after your password you are asked for a code from your phone. ${recoveryLeft} of your recovery codes are left.`
            : `It is off${turnedOffBy ? ` (${turnedOffBy} turned it off)` : ""}. With it on, whoever learns your password cannot sign in without your phone. You need an app for one-time codes, such as the one in your phone’s password manager.`);
        this.replace(on ? [this.proof("begin", "Change to another phone, with new recovery codes", on), this.proof("off", "Turn it off", on)] : [this.proof("begin", "Turn it on", on)]);
    }

    replace(children) {
        part("second-part").replaceChildren(...children);
    }

    /** A form that asks for the password, and for the code where there is one. */
    proof(doing, label, on) {
        const password = h("input", { type: "password", id: `${doing}-password`, autocomplete: "current-password", maxlength: 1000, required: true });
        const code = on ? h("input", { id: `${doing}-code`, ...codeFields }) : null;
        const form = h("form", { novalidate: true },
            h("label", { for: password.id, text: "Your password" }), password,
            code && h("label", { for: code.id, text: "The code that your app shows, or a recovery code" }), code,
            h("button", { type: "submit", text: label }));
        this.onSubmit(form, async () => {
            if (password.value === "") return this.fail("Type your password.", password);
            if (code && code.value.trim() === "") return this.fail("Type the code that your app shows.", code);
            const answer = await ask("POST", "/api/second-step", { do: doing, password: password.value, ...(code ? { code: code.value } : {}) });
            if (answer.status !== 200) return this.fail(sentence(answer), answer.body?.code?.endsWith("Code") && code ? code : password);
            if (doing === "begin") return this.begin(answer.body);
            this.said(answer.body.text);
            await this.show();
            return part("second-title").focus();
        });
        return on ? h("details", {}, h("summary", { text: label }), form) : form;
    }

    begin({ secret, link }) {
        setText(part("second-state"), "Add an account to your app: let your phone’s camera read the code of squares, or type this key (based on time, six digits).");
        const code = h("input", { id: "first-code", inputmode: "numeric", ...codeFields });
        const form = h("form", { novalidate: true }, h("label", { for: code.id, text: "The code that the app shows now" }), code, h("button", { type: "submit", class: "primary", text: "Turn it on" }));
        this.onSubmit(form, async () => {
            if (code.value.trim() === "") return this.fail("Type the code that the app shows.", code);
            const answer = await ask("POST", "/api/second-step", { do: "confirm", code: code.value });
            if (answer.status !== 200) {
                code.value = "";
                return this.fail(sentence(answer), code);
            }
            return this.turnedOn(answer.body.recovery);
        });
        this.replace([
            squares(link),
            h("p", { class: "secret", id: "secret", text: secret }),
            h("p", {}, h("a", { id: "otpauth", href: link, text: "Open in an app on this device" })),
            form,
        ]);
        code.focus();
    }

    turnedOn(recovery) {
        setText(part("second-state"), "It is on. Print these recovery codes or write them down, and keep them apart from your phone: each signs you in once when you have no phone. They are not shown again.");
        const done = h("button", { type: "button", text: "I have them" });
        done.addEventListener("click", () => this.show().then(() => part("second-title").focus()));
        this.replace([h("ul", { class: "recovery", "aria-label": "Recovery codes" }, ...recovery.map((text) => h("li", { text }))), done]);
        this.said("Your second step is on.");
        part("second-title").focus();
    }

    async turnOffFor(field) {
        const operator = field.value.trim().toLowerCase();
        if (operator === "") return this.fail("Type the operator name of your colleague.", field);
        const answer = await ask("POST", "/api/second-step/off-for", { operator });
        if (answer.status !== 200) return this.fail(sentence(answer), field);
        field.value = "";
        this.problem("");
        return this.said(answer.body.text);
    }

    async firstCodeFor(field) {
        const operator = field.value.trim().toLowerCase();
        setText(part("forgot-code"), "");
        if (operator === "") return this.fail("Type the operator name of your colleague.", field);
        const answer = await ask("POST", "/api/accounts/first-code", { operator });
        if (answer.status !== 200) return this.fail(sentence(answer), field);
        field.value = "";
        this.problem("");
        this.said(answer.body.text);
        setText(part("forgot-code"), answer.body.code);
        return part("forgot-code").focus();
    }

    /** A second press while one runs is the same press. */
    onSubmit(form, run) {
        let running = false;
        form.addEventListener("submit", async (event) => {
            event.preventDefault();
            if (running) return;
            running = true;
            this.problem("");
            this.said("");
            await run();
            running = false;
        });
    }

    fail(text, field) {
        this.said("");
        this.problem("");
        this.problem(text);
        field.focus();
    }
}
