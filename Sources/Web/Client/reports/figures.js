/** The tables of a report, each figure with what it means. */

import { h } from "../shared/dom.js";
import { row, share, span, table } from "../shared/tables.js";
import { time } from "./charts.js";

const defined = (title, meaning) => h("span", {}, title, h("span", { class: "meaning", text: meaning }));

export function drawFigures(numbers) {
    const of = (count) => [count.toLocaleString(), share(count, numbers.asked)];
    return table("Figures", ["What", "Chats", "Of those asked"], [
        row(defined("Asked", "Somebody pressed the library’s button; everything about a chat counts for the hour in which it was asked."), numbers.asked.toLocaleString(), ""),
        ...(numbers.former > 0 ? [row(defined("… from the former service", "Before Callslip, as that service’s list has them: when they were asked, whether somebody took them, and after what wait. Of nothing else is anything known."), ...of(numbers.former))] : []),
        row(defined("Answered", "Somebody took the chat while its patron waited."), ...of(numbers.answered)),
        row(defined("… by its own people", "At one of the library’s own queues."), ...of(numbers.own)),
        row(defined("… by the general queue", "By whoever staffed the general queue, of any library."), ...of(numbers.general)),
        ...(numbers.others > 0 ? [row(defined("… by another library", "By people of another library who staff this one’s queue."), ...of(numbers.others))] : []),
        row(defined("Missed", "Nobody had answered when the patron left a message."), ...of(numbers.missed)),
        row(defined("Abandoned", "The patron went before anybody answered."), ...of(numbers.abandoned)),
        ...(numbers.open > 0 ? [row(defined("Not over yet", "They still wait, or waited when these numbers were made."), ...of(numbers.open))] : []),
        ...(numbers.formerUnanswered > 0 ? [row(defined("Not known", "From the former service, and not answered there."), ...of(numbers.formerUnanswered))] : []),
        row(defined("Referred", "Went on to the general queue by the library’s fallback policy, answered there or not."), ...of(numbers.referred)),
        row(defined("Transferred", "Handed from one person to another, and picked up; a chat may be so more than once."), numbers.transferred.toLocaleString(), `out ${numbers.transferredOut}, in ${numbers.transferredIn}`),
        row(defined("Messages kept", "Questions that waited for a later answer, those of patrons who went among them."), numbers.messages.toLocaleString(), `${numbers.messagesAnswered} answered, ${numbers.messagesUnanswered} never`),
        ...(numbers.cutOff > 0 ? [row(defined("While cut off", "Begun at a node that reached no coordinator; nothing more is counted of them."), numbers.cutOff.toLocaleString(), "counted apart")] : []),
        ...(numbers.practice > 0 ? [row(defined("Practice", "Said so when it was closed: in no other number."), numbers.practice.toLocaleString(), "counted apart")] : []),
    ]);
}

export function drawWaits(waits) {
    if (waits.count === 0) return h("p", { text: "Nobody was answered, so there is no wait to tell of." });
    const within = [30, 60, 90].map((seconds) => row(`Within ${seconds} seconds`, waits[`within${seconds}`].toLocaleString(), share(waits[`within${seconds}`], waits.count)));
    return table("Shares of waits", ["From asking to the first answer", "Chats", "Of those answered"], [
        ...within,
        row(defined("Median, about", "Half of them waited no longer."), time(waits.medianS), ""),
        row(defined("Nine of ten, about", "The 90th percentile: one of ten waited longer."), time(waits.p90S), ""),
    ]);
}

export function drawWho({ answeredBy, answeredFor, numbers }) {
    const place = (entry) => (entry.atGeneral ? "at the general queue" : "at the library’s queue");
    const list = (label, heads, shares, of) => table(label, heads, shares.map((entry) => row(entry.title, place(entry), entry.chats.toLocaleString(), share(entry.chats, of))));
    const none = (text) => h("p", { text });
    return h("div", {},
        answeredBy.length === 0 ? none("Nobody answered.") : list("Who answered these chats", ["Answered by people of", "Where", "Chats", "Of those answered"], answeredBy, numbers.answered),
        answeredFor.length === 0 ? null : h("div", {}, h("h4", { text: "And for others" }),
            list("For whom these people answered", ["Answered for", "Where", "Chats", "Of these"], answeredFor, answeredFor.reduce((sum, entry) => sum + entry.chats, 0))));
}

export function drawEnded({ endings, ratings }) {
    const said = [["answered", "Answered"], ["followUp", "The home library follows up"], ["patronLeft", "The patron left"], ["inappropriate", "Inappropriate"], ["unsaid", "Closed, and nothing said"], ["byPatron", "Ended by the patron"]];
    const all = said.reduce((sum, [name]) => sum + endings[name], 0);
    const rated = ratings.helped + ratings.partly + ratings.notHelped;
    return h("div", {},
        table("How answered chats ended", ["As whoever closed them said", "Chats", "Of these"], said.map(([name, title]) => row(title, endings[name].toLocaleString(), share(endings[name], all)))),
        rated === 0 ? null : h("div", {}, h("h4", { text: "As patrons said" }), table("What patrons said", ["Were you helped?", "Patrons", "Of these"],
            [["helped", "Yes"], ["partly", "Partly"], ["notHelped", "No"]].map(([name, title]) => row(title, ratings[name].toLocaleString(), share(ratings[name], rated))))));
}

export function drawOffers(queues) {
    const offered = queues.filter((queue) => queue.offered > 0);
    if (offered.length === 0) return h("p", { text: "No chat was offered to these queues." });
    return h("div", {}, table("Offers by queue", ["Queue", "Offered", "Picked up", "Expired", "Ended otherwise", "Median until picked up, about"], offered.map((queue) => row(
        queue.title, ...[queue.offered, queue.pickedUp, queue.expired, queue.withdrawn + queue.targetGone + queue.chatOver].map((count) => count.toLocaleString()), queue.waits.count === 0 ? "–" : time(queue.waits.medianS)))),
    h("p", { class: "small", text: "Expired: nobody picked it up in time, and the chat went back to its sender. Ended otherwise: taken back, the queue’s last person had gone, or the chat was over." }));
}

/** For how long people of which library staffed the general queue; what is counted is told once, beneath. */
export function drawDuty({ duty, library }) {
    if (!duty) return h("p", { text: "It is not known now for how long somebody was on duty for the general queue: one of the coordinators is to be updated first, or they could not be asked. Look again in a moment." });
    const line = (title, entry) => row(title, span(entry.minutes), span(entry.peopleMinutes), share(entry.peopleMinutes, duty.peopleMinutes), entry.answered.toLocaleString());
    const isOne = library !== undefined && library !== "general";
    return h("div", {},
        isOne
            ? table("On duty", ["What", "Time"], [row("With somebody of this library", span(duty.minutes)), row("All of its people together", span(duty.peopleMinutes)), row("Chats they answered there", duty.libraries[0].answered.toLocaleString())])
            : table("On duty, by library", ["People of", "With somebody there", "All people together", "Of all people’s time", "Chats answered there"], [
                ...duty.libraries.map((entry) => line(entry.title, entry)),
                line("Any of them", { ...duty, answered: duty.libraries.reduce((sum, entry) => sum + entry.answered, 0) })]),
        h("p", { class: "small", text: "On duty is whoever is available for the general queue and does not leave, while it is neither closed nor paused; who says to be on duty for their library alone is not. A minute counts as what was so in its middle. Nothing is known of a node that was cut off, and no person is counted by name." }));
}

export function drawHours(ledger, link) {
    if (!ledger) return h("p", { text: "No hours were posted." });
    return h("div", {}, table("Posted time", ["What it was", "Time", "Of what was posted"], [
        row(defined("Posted", "Within the hours that the library posted."), span(ledger.posted), ""),
        row(defined("Staffed by the library", "At one of its own queues somebody of it was available."), span(ledger.staffed), share(ledger.staffed, ledger.posted)),
        row(defined("Covered by the general queue", "Nobody of the library was, and the general queue took its chats."), span(ledger.covered), share(ledger.covered, ledger.posted)),
        row(defined("Posted, and nobody there", "Neither of the two."), span(ledger.unstaffed), share(ledger.unstaffed, ledger.posted)),
        row(defined("Closed at short notice", "Posted, and closed for a snow day or the like."), span(ledger.closed), "counted apart"),
    ]), h("p", { class: "small screen" }, h("a", { href: link, text: "The ledger, minute by minute" })));
}

export function drawLibraries(lines, link) {
    return table("Each library", ["Library", "Asked", "Answered", "Within 60 s", "Missed", "Abandoned", "Referred"], lines.map(({ library, title, numbers }) => row(
        h("a", { href: link(library), text: title }), numbers.asked.toLocaleString(), share(numbers.answered, numbers.asked), share(numbers.waits.within60, numbers.waits.count),
        share(numbers.missed, numbers.asked), share(numbers.abandoned, numbers.asked), share(numbers.referred, numbers.asked))));
}
