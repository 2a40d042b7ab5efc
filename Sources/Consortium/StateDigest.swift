/// The digest of the whole state, in the order of its keys.

extension ConsortiumState {
    /// Over everything that decides what later commands do. Left out are the log position (whoever compares names it) and what is
    /// derived; a chat's messages enter through their running digest.
    public func digest() -> UInt64 {
        var digest = Digest()
        digest.add(clockMs)
        digest.add(term)
        digest.add(featureLevel)
        digest.add(settings)
        if featureLevel >= FeatureLevel.textDeadlines {
            digest.add(settings.keptMessageMs)
            digest.add(wallSeenMs)
            digest.add(chats.values.map(\.keptUntilMs)) { digest, ms in digest.add(ms) { $0.add($1) } }
        }
        digest.add(libraries.values) { $0.add($1) }
        digest.add(queues.values) { $0.add($1) }
        digest.add(operators.values) { digest, person in
            digest.add(person.name)
            digest.add(person.displayName)
            digest.add(person.library)
            digest.add(person.queues) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.naming {
            digest.add(naming)
            digest.add(queues.values) { digest, desk in digest.add(desk.queue.formerNames) { $0.add($1) } }
            digest.add(operators.values) { digest, person in digest.add(person.formerNames) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.signedSettings {
            digest.add(settings.passwordMemoryMiB)
            digest.add(settings.passwordPasses)
            digest.add(settingsBook) { digest, edition in
                digest.add(edition.signed.text)
                digest.add(bytes: edition.signed.key)
                digest.add(bytes: edition.signed.signature)
                digest.add(edition.wallMs)
            }
        }
        if featureLevel >= FeatureLevel.canned {
            digest.add(canned.values) { $0.add($1) }
            digest.add(operators.values) { $0.add($1.isAdmin) }
        }
        if featureLevel >= FeatureLevel.tickets {
            digest.add(ticketNumber)
            digest.add(ticketVersion)
            digest.add(tickets.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.buttons {
            digest.add(buttons)
            digest.add(installs.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.postedHours {
            digest.add(terms)
            digest.add(hours.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.registers {
            digest.add(entryChange)
            digest.add(entries.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.followUps {
            digest.add(chats.values.map(\.followUp)) { digest, followUp in
                digest.add(followUp) { digest, followUp in
                    digest.add(followUp.target)
                    digest.add(followUp.by)
                    digest.add(followUp.dueMs)
                }
            }
            digest.add(chats.values.map(\.offer?.answerInMs)) { digest, ms in digest.add(ms) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.listings {
            digest.add(chats.values.map(\.followUp?.listed)) { digest, listed in
                digest.add(listed) { digest, listed in
                    digest.add(listed.entry)
                    digest.add(listed.name)
                }
            }
            digest.add(chats.values.map(\.offer?.listing)) { digest, entry in digest.add(entry) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.retiredVoters { digest.add(retiredVoter) }
        if featureLevel >= FeatureLevel.nodes {
            digest.add(removed.values) { $0.add($1) }
            digest.add(keyPlan)
        }
        if featureLevel >= FeatureLevel.steeringHours {
            digest.add(hours.values) { digest, posted in
                digest.add(posted.openNow) { digest, opening in
                    digest.add(opening.fromMs)
                    digest.add(opening.untilMs)
                }
                digest.add(UInt64(posted.gate.rawValue))
            }
        }
        if featureLevel >= FeatureLevel.ledger {
            digest.add(ledger.values) { digest, book in
                digest.add(book.library)
                digest.add(book.runs.count)
                digest.add(book.chain)
            }
            digest.add(operators.values) { $0.add(UInt64($1.committee?.rawValue ?? 0)) }
            digest.add(sessions.values) { digest, session in digest.add(session.untilMs) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.causes {
            digest.add(causeBooks.values) { digest, book in
                digest.add(book.queue)
                digest.add(book.runs.count)
                digest.add(book.chain)
            }
        }
        if featureLevel >= FeatureLevel.dutyMinutes {
            digest.add(dutyBooks.values) { digest, book in
                digest.add(book.library)
                digest.add(book.runs.count)
                digest.add(book.chain)
            }
        }
        if featureLevel >= FeatureLevel.reports {
            digest.add(tally.values) { digest, book in
                digest.add(book.place)
                digest.add(book.cells.count)
                digest.add(book.chain)
            }
            digest.add(chats.values) { digest, chat in
                digest.add(chat.tally) { $0.add($1) }
                digest.add(chat.offer?.leg) { digest, leg in
                    digest.add(leg.from)
                    digest.add(leg.sinceMs)
                }
            }
        }
        if featureLevel >= FeatureLevel.staffRoom {
            digest.add(sessions.values) { digest, session in
                digest.add(session.volunteers)
                digest.add(session.mentor) { $0.add($1) }
            }
            digest.add(operators.values) { $0.add($1.isTrainee) }
            digest.add(chats.values.map { $0.holding?.watchers ?? [] }) { digest, names in digest.add(names) { $0.add($1) } }
            digest.add(room) { digest, line in
                digest.add(line.at)
                digest.add(line.request)
                digest.add(line.by)
                digest.add(line.clockMs)
                digest.add(line.word)
            }
        }
        if featureLevel >= FeatureLevel.duty {
            digest.add(sessions.values.map(\.duty)) { digest, duty in digest.add(duty) { $0.add($1.rawValue) } }
        }
        if featureLevel >= FeatureLevel.notes {
            digest.add(chats.values.map(\.leftAtMs)) { digest, ms in digest.add(ms) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.audit {
            digest.add(auditAnchor.number)
            digest.add(audit.count)
            digest.add(bytes: lastAuditHash)
            digest.add(operators.values) { $0.add($1.isDirector) }
            digest.add(wishChange)
            digest.add(wishes.values) { digest, wish in
                digest.add(wish.id)
                digest.add(UInt64(wish.kind.rawValue))
                digest.add(wish.chat)
                digest.add(wish.library)
                digest.add(wish.by)
                digest.add(wish.reason)
                digest.add(UInt64(wish.days))
                digest.add(wish.askedWallMs)
                digest.add(UInt64(wish.stage.rawValue))
                digest.add(wish.decidedBy) { $0.add($1) }
                digest.add(wish.note)
                digest.add(wish.decidedWallMs)
            }
        }
        if featureLevel >= FeatureLevel.shifts {
            digest.add(shiftChange)
            digest.add(shiftBooks.values) { digest, book in
                digest.add(book.library)
                digest.add(book.change)
                digest.add(book.fingerprint)
            }
        }
        digest.add(sessions.values) { $0.add($1) }
        digest.add(endedSessions) { $0.add($1) }
        digest.add(claims) { digest, claim in
            digest.add(claim.atMs)
            digest.add(claim.chat)
            digest.add(claim.by)
        }
        digest.add(chats.count)
        for (_, chat) in chats { digest.add(chat) }
        for (_, script) in scripts {
            digest.add(script.messages.count)
            digest.add(script.chain)
        }
        digest.add(outboxNumber)
        digest.add(outbox.values) { $0.add($1) }
        digest.add(receipts.values) { $0.add($1) }
        return digest.value
    }
}
