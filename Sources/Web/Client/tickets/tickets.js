/** What the page of reported problems reckons, without a page. */

export const STAGES = { open: "Open", inWork: "In work", solved: "Solved" };

/** `12 min ago`. */
export function ago(ms, now) {
    const minutes = Math.max(0, Math.floor((now - ms) / 60000));
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${minutes} min ago`;
    return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} days ago`;
}

/** Who speaks, in words. */
export function who({ kind, name }) {
    return { person: name ?? "somebody", node: `node ${name ?? ""}`, ltg: "LTG" }[kind] ?? "somebody who is not signed in";
}

/** Those of a stage; without one, what is not solved. */
export function chosen(tickets, stage) {
    if (stage === "all") return tickets;
    return tickets.filter((ticket) => (stage === "" ? ticket.stage !== "solved" : ticket.stage === stage));
}

/** Those in which every word that was typed stands somewhere. */
export function found(tickets, typed) {
    const words = typed.toLocaleLowerCase().split(/\s+/).filter((word) => word !== "");
    return tickets.filter((ticket) => {
        const all = [String(ticket.number), ticket.text, ticket.library, ticket.node, ticket.owner, ticket.name, ticket.topic, ...ticket.entries.map((entry) => entry.text)]
            .filter(Boolean).join("\n").toLocaleLowerCase();
        return words.every((word) => all.includes(word));
    });
}
