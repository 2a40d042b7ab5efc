/// Whether somebody who says that it coordinates is believed: pure.
///
/// Who coordinates, the log tells, and of those with whom the cluster began a node's own file does. Whoever is in neither, since it came while this node was away or is known by what it says
/// of itself in gossip, must have it in its certificate: every node of the consortium has one that proves its name, and could say so.

import Consortium
import TLS
import Wire

enum CoordinatorProof {
    /// Why it is not believed; `nil`: it is.
    /// - Parameters:
    ///   - certificate: by which it proved its name; `nil`: the link has no TLS, and nothing is proved there.
    ///   - isKnown: whether the log, or this node's file, has a coordinator of that name.
    static func refusal(of node: NodeName, _ certificate: CertificateFacts?, isKnown: Bool) -> Refusal? {
        guard let certificate, !certificate.coordinates, !isKnown else { return nil }
        return Refusal(
            code: Refusal.notCertified,
            text: """
                `\(node)` says that it is a coordinator, which neither its certificate says nor anything that is known here: if it is one, \
                give it a certificate that does (`callslip ca issue \(node) --coordinator --renew`); it takes it without a restart
                """)
    }
}
