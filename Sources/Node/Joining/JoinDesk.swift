/// Where libraries' nodes are invited and let in: at a coordinator that holds an issuer's key (`tls: {issuer, issuerKey}` in its file). An invitation is
/// good at the coordinator that made it, and is marked as used on its disk before anything is given away.

import Consortium
import EventLoop
import FoundationEssentials
import Logging
import SignIn
import Sodium
import TLS

@ClusterActor
final class JoinDesk {
    /// What `callslip invite` is told.
    struct Invited: Encodable, Sendable {
        var token: String
        var library: String
        var node: String
        var ends: Int64
    }

    /// Certificates that are given here are good for so long, or until the issuer's end.
    nonisolated static let certificateDays = CertificateAuthority.nodeDaysUsual

    private let configuration: NodeConfiguration
    private let path: String
    private let logger: Logger
    private let now: () -> Int64
    /// Nil until it was read.
    private var book: Invitations?
    private var isBusy = false
    private var renewing = 0
    /// Certificates under way at a time.
    static let renewingMax = 16
    /// Whether a node is one of the consortium's: those it names no more are not certified again.
    var belongs: (NodeName) -> Bool = { _ in false }
    /// Whether a node is a coordinator, so that its certificate says that it may be one; `nil` while this coordinator may not know it.
    var coordinates: (NodeName) -> Bool? = { _ in false }
    /// Whether LTG removed a node of that name before; then the new one's key is to be noted, and only it is heard.
    var isRemoved: (NodeName) -> Bool = { _ in false }
    /// Has the coordinators note it; whether they did.
    var admit: (NodeName, KeyDigest, @escaping (Bool) -> Void) -> Void = { $2(false) }
    /// Where the roster says that a library's node is.
    var homeNode: (LibraryName) -> NodeName? = { _ in nil }

    init(_ configuration: NodeConfiguration, logger: Logger, now: @escaping () -> Int64 = { Int64(WallClock.nowMs / 1_000) }) {
        self.configuration = configuration
        path = configuration.data + "/invitations"
        self.logger = logger
        self.now = now
    }

    func invite(_ library: LibraryName, hours: Int64, url: String, _ completion: @escaping (Result<Invited, JoinRefusal>) -> Void) {
        guard Invitations.hoursRange.contains(hours) else {
            return completion(.failure(JoinRefusal(code: .invalid, text: "An invitation is good for 1 to 720 hours, not \(hours).")))
        }
        let url = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.count <= JoinToken.urlBytesMax else {
            let text = "The token needs an address at which the fresh node reaches this coordinator: give --url https://…"
            return completion(.failure(JoinRefusal(code: .invalid, text: text)))
        }
        guard let node = homeNode(library) else {
            let text =
                "The consortium has no library `\(library)` that this node knows of: import it first (`callslip import`), with the `node:` that it is to have."
            return completion(.failure(JoinRefusal(code: .unknown, text: text)))
        }
        let now = now()
        change(completion) { [configuration] book throws(JoinRefusal) in
            _ = try Issuer(configuration, now: now)
            let token: JoinToken
            do throws(SodiumError) {
                token = JoinToken(
                    id: try Randomness.bytes(JoinToken.idBytes), secret: try Randomness.bytes(JoinToken.secretBytes), url: url)
            } catch {
                throw JoinRefusal(code: .trouble, text: "No token could be made: \(error)")
            }
            let ends = now + hours * 3_600
            try book.add(
                Invitation(
                    id: Base64URL.text(of: token.id), secret: Base64URL.text(of: token.secret), library: library.text, node: node.text,
                    ends: ends,
                    used: nil),
                now: now)
            return Invited(token: token.text, library: library.text, node: node.text, ends: ends)
        } then: { [logger] made in
            logger.notice(
                "a node was invited",
                metadata: ["library": "\(made.library)", "node": "\(made.node)", "until": "\(WallClock.text(made.ends))"])
        }
    }

    /// - Parameter completion: is given the sealed answer.
    func join(_ body: [UInt8], _ completion: @escaping (Result<[UInt8], JoinRefusal>) -> Void) {
        guard let envelope = try? JSONDecoder().decode(JoinEnvelope.self, from: Data(body)) else {
            return completion(.failure(JoinRefusal(code: .forged, text: "This is no question of `callslip join`.")))
        }
        let now = now()
        // Whoever guesses must not keep the desk busy.
        if let book {
            do throws(JoinRefusal) { _ = try book.open(envelope.invitation, now: now) } catch { return completion(.failure(error)) }
        }
        change { [self] (result: Result<LetIn, JoinRefusal>) in
            switch result {
            case .success(let made): note(made, completion)
            case .failure(let refusal): completion(.failure(refusal))
            }
        } _: { [configuration] book throws(JoinRefusal) in
            let invitation = try book.open(envelope.invitation, now: now)
            guard let id = Base64URL.bytes(of: invitation.id), let secret = Base64URL.bytes(of: invitation.secret),
                let plain = envelope.open(.question, id: id, secret: secret),
                let question = try? JSONDecoder().decode(JoinQuestion.self, from: Data(plain))
            else {
                throw JoinRefusal(
                    code: .forged,
                    text: "This is not the token of that invitation: it was altered. Copy the whole line that `callslip invite` printed.")
            }
            try Invitations.judge(clock: question.clock, now: now)
            let issuer = try Issuer(configuration, now: now)
            let grant = try issuer.grant(invitation, question.publicKey, now: now)
            book.markUsed(invitation.id, now: now)
            return LetIn(grant: grant, sealed: try Self.seal(grant, for: question.answerKey, id: id, secret: secret))
        } then: { [logger] made in
            logger.notice("a node joined", metadata: ["invitation": "\(envelope.invitation)", "node": "\(made.grant.node)"])
        }
    }

    private struct LetIn: Sendable {
        var grant: JoinGrant
        var sealed: [UInt8]
    }

    /// Where LTG removed a node of that name before, the coordinators note the new one's key first: else nobody would hear it.
    private func note(_ made: LetIn, _ completion: @escaping (Result<[UInt8], JoinRefusal>) -> Void) {
        guard let node = NodeName(made.grant.node), isRemoved(node) else { return completion(.success(made.sealed)) }
        let facts = try? CertificateFacts(pem: made.grant.certificate)
        let text =
            "A node of this name was removed, and the coordinators could not note that another machine has it now. Ask LTG for another token."
        guard let key = facts.flatMap({ KeyDigest($0.key) }) else {
            return completion(.failure(JoinRefusal(code: .trouble, text: text)))
        }
        admit(node, key) { isNoted in
            completion(isNoted ? .success(made.sealed) : .failure(JoinRefusal(code: .trouble, text: text)))
        }
    }

    /// Another certificate for a node that proved its name with the present one.
    func renew(_ node: NodeName, publicKey: String, _ completion: @escaping (Result<String, JoinRefusal>) -> Void) {
        guard configuration.tls?.issuer != nil else {
            return completion(.failure(JoinRefusal(code: .noIssuer, text: "This coordinator issues no certificates.")))
        }
        guard belongs(node) else {
            let text = "The consortium names no node `\(node)`: neither is it a library's, nor a coordinator's. Ask LTG."
            return completion(.failure(JoinRefusal(code: .unknown, text: text)))
        }
        guard let coordinates = coordinates(node) else {
            let text = "This coordinator knows of no leader just now, and so not for certain who coordinates."
            return completion(.failure(JoinRefusal(code: .busy, text: text)))
        }
        guard renewing < Self.renewingMax else {
            return completion(.failure(JoinRefusal(code: .busy, text: "Too many nodes ask for certificates just now.")))
        }
        renewing += 1
        let (configuration, now) = (configuration, now())
        Task {
            let result = try? await ClusterActor.loop.work {
                Result { () throws(JoinRefusal) in
                    try Issuer(configuration, now: now).certificate(
                        for: node.text, coordinates: coordinates, publicKey: publicKey, now: now)
                }
            }
            renewing -= 1
            if case .success? = result {
                logger.notice(
                    "a node's certificate was renewed", metadata: ["node": "\(node)", "coordinates": "\(coordinates)"])
            }
            completion(result ?? .failure(JoinRefusal(code: .busy, text: "This node is stopping, or has too much to do.")))
        }
    }

    nonisolated private static func seal(_ grant: JoinGrant, for key: [UInt8], id: [UInt8], secret: [UInt8]) throws(JoinRefusal) -> [UInt8]
    {
        do {
            let boxed = try SealedBox.seal([UInt8](try JSONEncoder().encode(grant)), to: key)
            return [UInt8](try JSONEncoder().encode(try JoinEnvelope(boxed, .answer, id: id, secret: secret)))
        } catch {
            throw JoinRefusal(code: .trouble, text: "The answer could not be sealed: \(error)")
        }
    }

    /// Changes the book and writes it, off the loop, and only then answers. One at a time: two bearers of one token must not both find it unused.
    private func change<Answer: Sendable>(
        _ completion: @escaping (Result<Answer, JoinRefusal>) -> Void,
        _ body: @escaping @Sendable (inout Invitations) throws(JoinRefusal) -> Answer, then done: @escaping (Answer) -> Void
    ) {
        guard configuration.tls?.issuer != nil else {
            let text =
                "This node issues no certificates: ask at a coordinator whose file says `tls: {…, issuer: …, issuerKey: …}` (`callslip ca issuer` makes both)."
            return completion(.failure(JoinRefusal(code: .noIssuer, text: text)))
        }
        guard !isBusy else {
            return completion(
                .failure(JoinRefusal(code: .busy, text: "Another invitation is being written just now; try again in a moment.")))
        }
        isBusy = true
        let (held, path) = (book, path)
        Task {
            let result = try? await ClusterActor.loop.work { () -> Result<(Invitations, Answer), JoinRefusal> in
                Result { () throws(JoinRefusal) in
                    let before: Invitations
                    if let held { before = held } else { before = try Self.read(path) }
                    var book = before
                    let answer = try body(&book)
                    if book != before { try Self.write(book, path) }
                    return (book, answer)
                }
            }
            isBusy = false
            switch result {
            case .success((let book, let answer))?:
                self.book = book
                done(answer)
                completion(.success(answer))
            case .failure(let refusal)?: completion(.failure(refusal))
            case nil:
                completion(.failure(JoinRefusal(code: .busy, text: "This node is stopping, or has too much to do; try again in a moment.")))
            }
        }
    }

    nonisolated private static func read(_ path: String) throws(JoinRefusal) -> Invitations {
        do {
            guard let text = try SmallFile.readBytes(path) else { return Invitations() }
            return try JSONDecoder().decode(Invitations.self, from: Data(text))
        } catch {
            throw JoinRefusal(
                code: .trouble,
                text:
                    "The coordinator cannot read its invitations in \(path): \(error). Whoever runs it may delete the file; open invitations are lost then."
            )
        }
    }

    nonisolated private static func write(_ book: Invitations, _ path: String) throws(JoinRefusal) {
        do {
            try SmallFile.replace(path, with: [UInt8](try JSONEncoder().encode(book)))
        } catch {
            throw JoinRefusal(
                code: .trouble, text: "The coordinator cannot write its invitations: \(error). Nothing was given away; tell LTG.")
        }
    }
}
