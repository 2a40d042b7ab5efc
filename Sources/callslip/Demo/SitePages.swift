/// The demonstration's pages, as text.

enum SitePages {
    static func both(desk: String) -> String {
        """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Callslip: both sides of a chat</title><link rel="stylesheet" href="/demo.css"></head>
        <body class="both"><header><h1>Callslip</h1>
        <p>Left: Memorial Library's page, as a patron sees it. Right: Stan's desk at Steenbock Library. Nobody is on at Memorial: its chats go to the general queue.</p>
        <button id="kill" type="button">Kill the leader</button> <button id="all" type="button">Kill all coordinators</button><p id="told" role="status"></p></header>
        <main><iframe title="Memorial Library's page" src="/library/memorial"></iframe><iframe title="Stan's desk" src="\(desk)" allow="autoplay"></iframe></main>
        <script src="/demo.js"></script></body></html>
        """
    }

    static func library(_ name: String, _ title: String, _ nodes: [String]) -> String {
        page(
            title,
            """
            <p>Questions about your research, a book that you cannot find, or a fine that you do not understand? Ask us.</p>
            <div data-callslip="\(name)" style="min-height: 3.75rem"></div>
            <script async src="\(nodes[0])/js/callslip.js" data-queue="\(name)" data-nodes="\(nodes.joined(separator: ","))"></script>
            <noscript><a href="\(nodes[0])/chat/\(name)@chat.example.org">Chat with a librarian</a></noscript>
            """)
    }

    static func legacy(_ name: String, _ title: String, _ node: String) -> String {
        page(
            title,
            """
            <p>This page carries the old vendor's snippet; only the host was changed.</p>
            <div class="libraryh3lp" jid="\(name)@chat.example.org" style="display:none"><a href="#">Chat with \(title)</a></div>
            <div class="libraryh3lp" style="display:none">Chat is closed now; send us an e-mail.</div>
            <script async src="\(node)/js/libraryh3lp.js?\(name)"></script>
            """)
    }

    private static func page(_ title: String, _ body: String) -> String {
        """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title)</title><link rel="stylesheet" href="/demo.css"></head>
        <body class="library"><header><h1>\(title)</h1></header><main><h2>Ask a librarian</h2>\(body)
        <h2>New books</h2><ul><li>The Book of Call Slips</li><li>Reading Rooms of the Midwest</li></ul></main></body></html>
        """
    }

    static let style = """
        :root { color-scheme: light dark; font-family: Georgia, serif; }
        body { margin: 0; } header { padding: .6rem 1rem; border-bottom: 1px solid; } h1 { margin: 0; font-size: 1.4rem; }
        .library main { max-width: 40rem; padding: 1rem; line-height: 1.5; }
        .both { display: flex; flex-direction: column; height: 100vh; } .both header { display: flex; gap: 1rem; align-items: center; flex-wrap: wrap; }
        .both header p { margin: 0; flex: 1 1 20rem; } .both main { flex: 1; display: grid; grid-template-columns: 2fr 3fr; min-height: 0; }
        iframe { border: 0; border-right: 1px solid; width: 100%; height: 100%; } button { font: inherit; padding: .5rem 1rem; }
        @media (max-width: 800px) { .both main { grid-template-columns: 1fr; grid-template-rows: 1fr 1fr; } }
        """

    static let script = """
        const told = document.getElementById("told");
        async function ask(button, path, body) {
          button.disabled = true;
          told.textContent = "…";
          try { told.textContent = await (await fetch(path, { method: "POST", body })).text(); }
          catch (error) { told.textContent = String(error); }
          button.disabled = false;
        }
        document.getElementById("kill").addEventListener("click", (event) => ask(event.target, "/kill-leader", ""));
        document.getElementById("all").addEventListener("click", async ({ target }) => {
          const what = target.dataset.gone ? "start" : "kill";
          await ask(target, "/processes", `${what} c1 c2 c3`);
          if (what === "kill") target.dataset.gone = "yes"; else delete target.dataset.gone;
          target.textContent = what === "kill" ? "Start the coordinators again" : "Kill all coordinators";
        });
        """
}
