/**
 * The words of the button on a library's page, in every language that is shipped: few enough to come along with it, so that the rest is fetched on
 * the first press alone. `direction` and the keys are those of each language's own module.
 */

export const BUTTON = {
    en: { direction: "ltr", label: "Ask a librarian", own: "here now", referred: "answers now", nobody: "leave a message", goOn: "go on with your chat" },
    es: { direction: "ltr", label: "Pregunte a la biblioteca", own: "en línea ahora", referred: "responde ahora", nobody: "deje un mensaje", goOn: "continúe su chat" },
};
