/// Which settings each node uses: published by gossip as a digest, compared, asked about where they differ, and mended (agreement, 6).

import Consortium
import EventLoop
import Wire

/// What is known of one node's settings.
struct SettingsSeen {
    var node: String
    /// As gossip brought it; empty: none.
    var digest: [UInt8]
    /// How long it has not been heard of; nil while it is there.
    var awayMs: Int64?
    /// Its answer, where it was asked.
    var told: SettingsTold?
}

extension LibraryHost {
    /// What this node uses, for a node that asks.
    func settingsTold(after version: UInt64) -> SettingsTold {
        let present = settings.settings(told: board?.settings ?? Settings())
        return SettingsTold(
            version: settings.version, lines: SettingsDocument.lines(of: present),
            book: settings.book.filter { ($0.document?.version ?? 0) > version }, refusal: settings.refusal ?? "")
    }

    var settingsDigest: [UInt8] { board.map { settings.digest(told: $0.settings) } ?? [] }
}

extension CallslipNode {
    /// Nodes that are there and have said which settings they use.
    private var settingsSeen: [SettingsWatch.Seen] {
        gossip.members.map(\.member)
            .filter { $0.state == .alive && $0.name != configuration.node.text && !$0.settingsDigest.isEmpty }
            .map { SettingsWatch.Seen(node: $0.name, digest: $0.settingsDigest) }
    }

    /// Publishes what this node uses, and asks another node where others use something else.
    func watchSettings() {
        let own = library.settingsDigest
        guard !own.isEmpty else { return }
        gossip.settings(own)
        guard let name = settingsWatch.ask(own: own, settingsSeen, nowMs: ClusterActor.loop.nowMs).flatMap({ NodeName($0) }) else { return }
        calls.call(.askSettings(after: library.settings.version), at: name) { [weak self] answer in
            guard let self, case .settings(let told)? = answer, library.follow(told.book) else { return }
            gossip.settings(library.settingsDigest)
            logger.notice(
                "took the settings in force from another node, as no coordinator told them",
                metadata: ["node": "\(name)", "version": "\(library.settings.version)"])
        }
    }

    /// What is in force, what was, and what each node uses. Those that use something else are asked, which takes 3 s at most.
    func settingsReport(_ completion: @escaping (SettingsReport?) -> Void) {
        guard library.board != nil else { return completion(nil) }
        let (own, digest) = (configuration.node, library.settingsDigest)
        var seen = gossip.members.filter { $0.member.name != own.text && $0.member.state != .left }.map { view in
            SettingsSeen(
                node: view.member.name, digest: view.member.settingsDigest, awayMs: view.member.state == .alive ? nil : view.heardAgoMs)
        }
        seen.append(
            SettingsSeen(node: own.text, digest: digest, awayMs: nil, told: library.settingsTold(after: library.settings.version)))
        func answer() {
            completion(library.board.map { SettingsReport(library.settings, present: $0.settings, nodes: seen) })
        }
        let asked = seen.enumerated().compactMap { at, one in
            one.awayMs == nil && !one.digest.isEmpty && one.digest != digest ? NodeName(one.node).map { (at, $0) } : nil
        }
        var left = asked.count
        guard left > 0 else { return answer() }
        for (at, name) in asked {
            calls.call(.askSettings(after: library.settings.version), at: name) { found in
                if case .settings(let told)? = found {
                    seen[at].told = told
                    // Newer than what gossip has brought yet.
                    seen[at].digest = SettingsInUse.digest(version: told.version, lines: told.lines)
                }
                left -= 1
                if left == 0 { answer() }
            }
        }
    }
}
