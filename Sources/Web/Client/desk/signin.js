// Signing in and out. The name is remembered on this computer, the password is left to the browser.

import { ask } from "../shared/ask.js";
import { setHidden, setText } from "./dom.js";
import { choice, forgetTexts } from "./memory.js";
import { signInSentence } from "./words.js";

export const whoAmI = () => ask("GET", "/api/me");
export const signOut = () => ask("POST", "/api/sign-out", {});

/** Texts belong to the person who wrote them: another person at this computer starts with none. */
export function keepTextsOf(operator) {
    try {
        const owner = sessionStorage.getItem("callslip.desk.owner");
        if (owner !== null && owner !== operator) forgetTexts();
        sessionStorage.setItem("callslip.desk.owner", operator);
    } catch {
        // Without storage there is nothing to mix up.
    }
}

export class SignIn {
    /** @param {(person: {operator: string, display: string, told?: string}) => void} entered */
    constructor(entered) {
        this.entered = entered;
        this.page = document.getElementById("signin");
        this.form = document.getElementById("signin-form");
        this.name = document.getElementById("signin-operator");
        this.password = document.getElementById("signin-password");
        this.second = document.getElementById("signin-second");
        this.code = document.getElementById("signin-code");
        this.choose = document.getElementById("signin-choose");
        this.chosen = document.getElementById("signin-new");
        this.error = document.getElementById("signin-error");
        this.reason = document.getElementById("signin-reason");
        this.submit = document.getElementById("signin-submit");
        // Another name or password begins anew: the first step comes first.
        for (const field of [this.name, this.password]) field.addEventListener("input", () => this.beginAnew());
        this.form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.go();
        });
    }

    show(reason = "") {
        setHidden(this.page, false);
        document.title = "Sign in to the desk";
        setText(this.reason, reason);
        setHidden(this.reason, reason === "");
        setText(this.error, "");
        this.offerCampus();
        if (this.name.value === "") this.name.value = choice.read("operator", "");
        (this.name.value === "" ? this.name : this.password).focus();
    }

    /** Where the node's file names a service of the campus, there is a second way in. */
    async offerCampus() {
        const { status, body } = await ask("GET", "/api/campus");
        const title = status === 200 ? body?.title ?? "" : "";
        setText(document.getElementById("signin-campus-link"), title);
        setHidden(document.getElementById("signin-campus"), title === "");
    }

    hide() {
        setHidden(this.page, true);
        this.password.value = "";
        this.beginAnew();
    }

    beginAnew() {
        this.askCode(false);
        this.askPassword(false);
    }

    /** A first code was typed as the password: it is used up by choosing one. */
    askPassword(asked) {
        if (!asked) this.chosen.value = "";
        setHidden(this.choose, !asked);
        this.chosen.required = asked;
    }

    /** The code is asked for once the password is right. */
    askCode(asked) {
        if (!asked) this.code.value = "";
        setHidden(this.second, !asked);
        this.code.required = asked;
    }

    fail(text, field) {
        setText(this.error, "");
        setText(this.error, text);
        field?.focus();
    }

    async go() {
        const operator = this.name.value.trim().toLowerCase();
        if (operator === "") return this.fail("Type your operator name, for example “mia”.", this.name);
        if (this.password.value === "") return this.fail("Type your password.", this.password);
        if (!this.choose.hidden && this.chosen.value === "") return this.fail("Choose a password.", this.chosen);
        if (!this.second.hidden && this.code.value.trim() === "") return this.fail("Type the code that your app shows.", this.code);
        if (this.submit.getAttribute("aria-disabled") === "true") return undefined;
        this.submit.setAttribute("aria-disabled", "true");
        setText(this.submit, "Signing in…");
        setText(this.error, "");
        const { status, body } = await ask("POST", "/api/sign-in", {
            operator, password: this.password.value,
            ...(this.choose.hidden ? {} : { newPassword: this.chosen.value }), ...(this.second.hidden ? {} : { code: this.code.value }),
        });
        this.submit.removeAttribute("aria-disabled");
        setText(this.submit, "Sign in");
        if (body?.code === "choosePassword" || body?.code === "badPassword") {
            this.askPassword(true);
            return this.fail(body.code === "badPassword" ? body.text : "", this.chosen);
        }
        // The password that was chosen stands from here on.
        if (!this.choose.hidden && (status === 200 || body?.code === "codeNeeded")) {
            this.password.value = this.chosen.value;
            this.askPassword(false);
        }
        if (status !== 200 && ["codeNeeded", "wrongCode", "tooManyCodes"].includes(body?.code)) {
            this.code.value = "";
            this.askCode(true);
            return this.fail(body.code === "codeNeeded" ? "" : body.text, this.code);
        }
        if (status !== 200) {
            if (status === 401) this.password.value = "";
            return this.fail(signInSentence(status, body), status === 401 ? this.password : this.submit);
        }
        choice.write("operator", operator);
        this.hide();
        return this.entered({ operator: body?.operator ?? operator, display: body?.display ?? operator, told: body?.told });
    }
}
