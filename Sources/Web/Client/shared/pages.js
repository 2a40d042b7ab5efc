/**
 * The pages of a node for staff, as the desk's search and `/pages` name them: where they are, what they are for, and other words by which people look for them.
 * Who may read what the node decides; a page says so to whoever may not.
 */
export const groups = [
    { title: "For everybody who signs in", pages: [
        { path: "/desk", title: "Desk", what: "Answer chats.", words: "operator chat" },
        { path: "/practice", title: "Practice desk", what: "Learn the desk with people who are written down; nothing reaches anybody.", words: "training try learn" },
        { path: "/shifts", title: "Shifts", what: "Who means to be at the desk when, and where nobody does; take, give and exchange shifts. A library’s admin imports the plan.", words: "schedule plan rota swap" },
        { path: "/registers", title: "Registers", what: "Liaisons, Collaboration and Referral Agreements, training, announcements, the agreement and who accepted it, checklists of libraries that are being set up, and who is mailed.", words: "directory liaison referral training onboarding announcements agreement mail alerts" },
        { path: "/sessions", title: "Sign-ins", what: "Where you are signed in, and your second step. A library’s admin ends sign-ins of its people, and gives codes for new passwords.", words: "password second step phone sessions forgotten code" },
        { path: "/problem", title: "Report a problem", what: "To LTG, signed in or not; and what became of what you reported.", words: "help ticket bug broken" },
        { path: "/hours", title: "Hours", what: "When each library’s chat is open, as the public sees it; a feed for calendars, and the lines for your own page.", words: "opening calendar posted" },
        { path: "/settings", title: "Settings", what: "The service’s settings with their history, and which node uses which.", words: "ltg configuration" },
    ] },
    { title: "For admins of libraries", pages: [
        { path: "/buttons", title: "Buttons on pages", what: "On which pages the button stands, and which are old, broken or gone.", words: "inventory website install snippet" },
        { path: "/check", title: "Check a page’s button", what: "Paste a page’s HTML: what is wrong with its button, and the lines to paste.", words: "snippet install website code" },
        { path: "/audit", title: "Audit log", what: "Who changed what, and who read a transcript.", words: "log history" },
        { path: "/transcripts", title: "Transcripts, holds and exports", what: "Ask that a transcript be kept or given as a file; the library’s director decides.", words: "hold export keep delete privacy" },
    ] },
    { title: "For admins of libraries, ChatWog, RMT and LTG", pages: [
        { path: "/ledger", title: "Posted hours, staffed", what: "Minute by minute: whether somebody of the library, the general queue or nobody was there in posted hours.", words: "ledger rmt gaps unstaffed" },
        { path: "/reports", title: "Reports", what: "What became of chats, with waits, transfers and referrals; to print, or as a table.", words: "statistics numbers term csv print" },
        { path: "/why", title: "Why is this button off?", what: "Of any queue, now and at a minute that is past.", words: "button off reason help desk" },
    ] },
    { title: "For LTG", pages: [
        { path: "/tickets", title: "Reported problems", what: "What people and nodes reported: read, take, answer, solve.", words: "tickets help desk bugs" },
        { path: "/names", title: "Names", what: "Naming conventions, and what is to be renamed. Asks for the node’s admin token.", words: "conventions rename aliases" },
        { path: "/desks", title: "Versions of the desk", what: "Which versions are open, node by node. Asks for the node’s admin token.", words: "update version" },
    ] },
];
