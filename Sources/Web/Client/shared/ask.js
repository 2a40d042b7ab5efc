/** How long a node may take to answer. Passwords are hashed, and what is replicated waits for a majority. */
const ANSWER_MS_MAX = 20000;

/**
 * Asks this node over HTTP. The answer is `{status, body}`, the body read as JSON or null; status 0 means that nothing answered in time.
 * @param {object|Blob} [body] sent as JSON; a blob as it is, with its own type.
 * @param {string} [token] a node's admin token; without it the browser's own sign-in counts.
 */
export async function ask(method, path, body, token) {
    try {
        const answer = await fetch(path, {
            method, credentials: token === undefined ? "same-origin" : "omit", cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX),
            headers: {
                ...(body === undefined ? {} : { "content-type": body instanceof Blob ? body.type : "application/json" }),
                ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            },
            body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
        });
        return { status: answer.status, body: await answer.json().catch(() => null) };
    } catch {
        return { status: 0, body: null };
    }
}
