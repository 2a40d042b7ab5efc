/// What becomes of signed settings in the replicated state (agreement, 6). Every replica checks the signature by itself, so no node, no admin's token and no leader can change
/// what no key signed. The first document is believed as it comes, signed by one of its own keys; from then on each is signed by a key that the one before it names, and import
/// changes no settings any more.

import Sodium

extension SignedSettings {
    /// The document, if its signature is that of the key beside it. Whether that key may sign is another question.
    public func proven() throws(Refusal) -> SettingsDocument {
        let document: SettingsDocument
        do {
            document = try SettingsDocument(text: text)
        } catch {
            throw Refusal(.invalid, error.sentence)
        }
        guard Signing.isSigned(Self.message(text), signature: signature, publicKey: key) else {
            throw Refusal(.notAllowed, "The signature does not fit the document: it was changed after it was signed. Sign it again.")
        }
        try document.settings.check()
        return document
    }

    /// The document, if it is the next one: numbered so, and signed by a key that may.
    /// - Parameter present: the one in force; nil before the first.
    public func document(after present: SettingsDocument?) throws(Refusal) -> SettingsDocument {
        let document: SettingsDocument
        do {
            document = try SettingsDocument(text: text)
        } catch {
            throw Refusal(.invalid, error.sentence)
        }
        let inForce = present?.version ?? 0
        guard document.version == inForce + 1 else {
            throw Refusal(
                .outOfOrder,
                document.version <= inForce
                    ? "The document is version \(document.version), and version \(inForce) is in force: somebody changed the settings meanwhile. Look at `callslip settings diff`, put your change into version \(inForce + 1), and sign that."
                    : "The document is version \(document.version), and the next one is \(inForce + 1).")
        }
        guard (present?.keys ?? document.keys).contains(key) else {
            throw Refusal(
                .notAllowed,
                "The key \(Hex.text(of: Array(key.prefix(4))))… may not sign settings"
                    + (present == nil ? ": the first document names the key that signs it." : "; those that may are in version \(inForce).")
            )
        }
        return try proven()
    }
}

extension ConsortiumState {
    mutating func setSignedSettings(_ signed: SignedSettings) throws(Refusal) {
        if settingsBook.last?.signed == signed { return }
        let document = try signed.document(after: settingsBook.last?.document)
        settings = document.settings
        settingsBook.append(SettingsEdition(signed: signed, wallMs: wallMs))
        if settingsBook.count > Limits.settingsEditionsMax { settingsBook.removeFirst() }
        touched.board = true
        touched.settings = true
    }

    func checkSettingsBook() throws(InvariantViolation) {
        try hold(settingsBook.count <= Limits.settingsEditionsMax, "There are too many versions of the settings.")
        var before: SettingsDocument?
        for edition in settingsBook {
            guard let document = edition.document else { throw InvariantViolation(sentence: "A version of the settings cannot be read.") }
            if let before {
                try hold(document.version == before.version + 1, "Versions of the settings are missing.")
                try hold(before.keys.contains(edition.signed.key), "A version of the settings is signed by a stranger.")
            }
            before = document
        }
        if let before { try hold(before.settings == settings, "The settings are not those that are signed.") }
        guard featureLevel < FeatureLevel.signedSettings else { return }
        try hold(settingsBook.isEmpty, "There are signed settings below their feature level.")
    }
}

extension Settings {
    /// Whether every setting is within its limits.
    func check() throws(Refusal) {
        for ms in [
            pickUpMs, patronDeadlineMs, consentMs, operatorLeaseMs, patronGoneMs, tombstoneMs,
            answeredMessageMs, transcriptDeadlineMs, transcriptKeptMs,
        ] where !(1...Limits.settingMsMax).contains(ms) {
            throw Refusal(.invalid, "A time in the settings is 1 to \(Limits.settingMsMax) ms, not \(ms).")
        }
        guard (1...UInt32(Limits.chatsPerOperatorMax)).contains(chatsPerOperatorMax) else {
            throw Refusal(.invalid, "An operator holds 1 to \(Limits.chatsPerOperatorMax) chats, not \(chatsPerOperatorMax).")
        }
        let (memory, passes) = (Limits.passwordMemoryMiBRange, Limits.passwordPassesRange)
        // The product has room: each factor is within its range first.
        guard memory.contains(passwordMemoryMiB), passes.contains(passwordPasses),
            Limits.passwordWorkMiBRange.contains(passwordMemoryMiB * passwordPasses)
        else {
            throw Refusal(
                .invalid,
                "A password costs \(memory.lowerBound) to \(memory.upperBound) MiB and \(passes.lowerBound) to \(passes.upperBound) passes, which multiplied are \(Limits.passwordWorkMiBRange.lowerBound) to \(Limits.passwordWorkMiBRange.upperBound); not \(passwordMemoryMiB) and \(passwordPasses)."
            )
        }
        guard (1...Limits.keptMessageMsMax).contains(keptMessageMs) else {
            throw Refusal(.invalid, "A question waits 1 to \(Limits.keptMessageMsMax) ms for an answer, not \(keptMessageMs).")
        }
    }
}
