/**
 * The people at the practice desk. None of them is real, and nothing of what they say, or of what is said to them, leaves the page.
 * `ends` is what they do when they have said everything.
 */

export const PATRONS = [
    {
        question: "Hi! Do you have the book The Overstory?",
        tip: "A known item. Say hello, find it in your catalogue, and tell where it stands. Slash (/) in the box finds canned messages.",
        says: ["It is by Richard Powers.", "Great, thank you. Which floor is that?", "Thanks! That is all."],
    },
    {
        question: "when are you open tomorrow?? the page says something else than the door",
        tip: "Posted hours. Answer what is so, and report the wrong page to LTG: “Report a problem” is on every page.",
        says: ["ok so 9 it is", "thx"],
    },
    {
        question: "I need the NMR spectra of a compound, for a class. Where would I look?",
        tip: "A question for a specialist. Try a transfer: Alt+T, then Chemistry Library. Nothing moves before the patron agrees and a colleague there takes it.",
        says: ["It is for organic chemistry.", "Somebody who knows that would be wonderful."],
    },
    {
        question: "Your website is useless. I have clicked around for an hour and NOTHING works.",
        tip: "Somebody is upset. Say that you see it, and ask for one thing that you can help with now.",
        says: ["The link to the article just goes in circles.", "https://library.example/article?id=1&from=<b>search</b>", "Oh. It works now. Sorry for shouting."],
    },
    {
        question: "can i ask something",
        tip: "Somebody who needs a moment. Say yes, and wait: silence is not impatience.",
        says: ["i think my account is blocked", "i had two books that i brought back late", "do i have to pay?", "ok thank you so much"],
        ends: "leaves",
    },
    {
        question: "i dont know who to talk to. everything is too much right now",
        tip: "Somebody who may be in danger. The crisis card is one key away: Alt+C. You need not solve it; stay, answer soon, and offer the number.",
        says: ["i just feel like giving up", "no, i am in my room. my roommate is here", "ok. i will call them. thank you for writing back"],
    },
];

/** What a colleague of another library is called who takes a transfer. */
export const COLLEAGUE = { name: "noor.chemistry", display: "Noor" };
