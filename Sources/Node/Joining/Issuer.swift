/// The issuer that a coordinator holds: an authority below the consortium's, which certifies nodes while the consortium's own key lies offline.
///
/// Why so: a fresh node makes its key itself, so that somebody must sign while it waits, and certificates that renew by themselves need a signer who is
/// always there. Were that the consortium's own key, whoever breaks into a coordinator would have it for ten years. An issuer's certificate is short, can sign nodes
/// alone (path length 0), and is replaced without a change at any node. (X.509's name constraints cannot narrow it further: they know no URI without a host.)

import Consortium
import FoundationEssentials
import TLS

struct Issuer {
    private let authority: CertificateAuthority
    private let chain: String
    private let root: String
    private let configuration: NodeConfiguration

    /// Reads the files; blocks.
    init(_ configuration: NodeConfiguration, now: Int64) throws(JoinRefusal) {
        guard let tls = configuration.tls, let files = tls.issuer else {
            throw JoinRefusal(code: .noIssuer, text: "This node issues no certificates.")
        }
        self.configuration = configuration
        root = try Self.text("ca", tls.authority)
        chain = try Self.text("issuer", files.certificate)
        do throws(CertificateError) {
            authority = try CertificateAuthority(certificate: chain, key: try Self.text(files.key))
        } catch {
            throw JoinRefusal(
                code: .noIssuer,
                text: "The coordinator's issuer is of no use: \(error). Whoever runs it looks at `tls: {issuer, issuerKey}` in its file.")
        }
        guard authority.facts.notBefore <= now, now < authority.facts.notAfter else {
            throw JoinRefusal(
                code: .noIssuer,
                text:
                    "The coordinator's issuer is valid until \(WallClock.text(authority.facts.notAfter)), and it is \(WallClock.text(now)) there: LTG makes another with `callslip ca issuer --renew`."
            )
        }
    }

    private static func text(_ path: String) throws(CertificateError) -> String {
        do {
            guard let text = try SmallFile.read(path) else { throw CertificateError.unreadable(path, why: "there is no such file") }
            return text
        } catch let error as CertificateError {
            throw error
        } catch {
            throw .unreadable(path, why: "\(error)")
        }
    }

    private static func text(_ field: String, _ path: String) throws(JoinRefusal) -> String {
        do throws(CertificateError) {
            return try text(path)
        } catch {
            throw JoinRefusal(code: .noIssuer, text: "The coordinator's `tls: \(field)`: \(error)")
        }
    }

    /// The node's certificate with the issuer's after it, in PEM.
    /// - Parameter coordinates: whether it says that the node may be a coordinator.
    func certificate(
        for node: String, coordinates: Bool = false, publicKey: String, now: Int64, days: Int64 = JoinDesk.certificateDays
    ) throws(JoinRefusal) -> String {
        do throws(CertificateError) {
            return try authority.issue(node: node, coordinates: coordinates, Validity(now: now, days: days), publicKey: publicKey) + chain
        } catch {
            throw JoinRefusal(code: .trouble, text: "No certificate could be made: \(error)")
        }
    }

    func grant(_ invitation: Invitation, _ publicKey: String, now: Int64) throws(JoinRefusal) -> JoinGrant {
        JoinGrant(
            node: invitation.node, library: invitation.library, cluster: configuration.cluster, authority: root,
            certificate: try certificate(for: invitation.node, publicKey: publicKey, now: now),
            keyring: try Self.text("keyring", configuration.keyring),
            coordinators: configuration.coordinators.map { .init(name: $0.name.text, id: $0.id, peer: "\($0.peer)") },
            seeds: configuration.seedsForOthers)
    }
}

extension NodeConfiguration {
    /// Peer addresses where another node finds the rest: this node's own first.
    fileprivate var seedsForOthers: [String] {
        let all = [peerListen] + seeds.filter { $0 != peerListen }
        return all.map(\.description).filter { !$0.hasPrefix("0.0.0.0:") && !$0.hasPrefix("[::]:") }
    }
}
