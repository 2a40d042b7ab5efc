/// What TLS on peer links costs: two clusters side by side, one with it and one without, under the same load in turn.

import EventLoop
import Glibc
import Measuring
import TLS

@ClusterActor
struct TLSBench {
    nonisolated static let handshakes = 200

    let folder: String
    let port: UInt16
    let seconds: Double
    let rounds: Int
    let messageBytes: Int
    let outstanding: [Int]

    func run(into report: inout BenchReport, progress: (String) -> Void) async throws {
        var rows: [BenchReport.Security.Row] = []
        for outstanding in outstanding {
            progress("peer links with and without TLS, \(outstanding) under way")
            rows.append(try await row(outstanding))
        }
        let cost = try Self.handshakeCost()
        report.security = BenchReport.Security(rows: rows, clientMicroseconds: cost.client, serverMicroseconds: cost.server)
    }

    /// Chats are full after 1,800 messages, so each number has clusters of its own.
    private func row(_ outstanding: Int) async throws -> BenchReport.Security.Row {
        try await BenchCluster.with(folder: folder + "/plain", port: port, hasTLS: false) { plain in
            try await BenchCluster.with(folder: folder + "/tls", port: port + 40) { secure in
                let speakers = (
                    try await PeerSpeaker.atLeader(of: plain, chats: MessageBench.patrons, messageBytes: messageBytes),
                    try await PeerSpeaker.atLeader(of: secure, chats: MessageBench.patrons, messageBytes: messageBytes)
                )
                defer {
                    speakers.0.close()
                    speakers.1.close()
                }
                var loads: (plain: [Load], secure: [Load]) = ([], [])
                for round in 0..<rounds {
                    // Now the one first, now the other: what a round leaves to the disk is not always the same one's.
                    for isSecure in round % 2 == 0 ? [false, true] : [true, false] {
                        let found = try await (isSecure ? speakers.1 : speakers.0).load(
                            outstanding: outstanding, seconds: seconds, at: isSecure ? secure : plain)
                        if isSecure { loads.secure.append(found) } else { loads.plain.append(found) }
                    }
                }
                guard let first = Load.median(of: loads.plain), let second = Load.median(of: loads.secure),
                    let ratio = Load.ratio(of: loads.secure, to: loads.plain)
                else {
                    throw LocalClusterError("nothing was measured")
                }
                return BenchReport.Security.Row(
                    plain: BenchReport.Messages(.peerLink, outstanding: outstanding, first),
                    secure: BenchReport.Messages(.peerLink, outstanding: outstanding, second), ratio: ratio)
            }
        }
    }

    /// CPU microseconds of each side of a handshake, the median of many in memory.
    nonisolated static func handshakeCost() throws -> (client: Double, server: Double) {
        let validity = Validity(now: Int64(time(nil)), days: 1)
        let made = try CertificateAuthority.make(name: "Bench", validity)
        let authority = try CertificateAuthority(certificate: made.certificate, key: made.key)
        func context(_ node: String) throws -> TLSContext {
            let issued = try authority.issue(node: node, validity)
            return try TLSContext(TLSCredentials(authority: made.certificate, certificate: issued.certificate, key: issued.key))
        }
        let (near, far) = (try context("near"), try context("far"))
        var costs: (client: [Double], server: [Double]) = ([], [])
        func timed<T>(_ sum: inout Double, _ body: () throws -> T) rethrows -> T {
            let began = threadMicroseconds()
            defer { sum += threadMicroseconds() - began }
            return try body()
        }
        for _ in 0..<handshakes {
            var (client, server) = (0.0, 0.0)
            let dialling = try timed(&client) { try TLSEngine(near, .client) }
            let answering = try timed(&server) { try TLSEngine(far, .server) }
            while !(dialling.isOpen && answering.isOpen) {
                try timed(&server) { try hear(dialling.takeOutgoing(), answering) }
                try timed(&client) { try hear(answering.takeOutgoing(), dialling) }
            }
            costs.client.append(client)
            costs.server.append(server)
        }
        return (costs.client.median ?? 0, costs.server.median ?? 0)
    }

    /// What this thread has used, in microseconds.
    private nonisolated static func threadMicroseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    private nonisolated static func hear(_ bytes: [UInt8], _ engine: TLSEngine) throws {
        // A flight of a handshake is shorter than what an engine takes at a time.
        _ = try bytes.withUnsafeBytes { try engine.feed($0) }
        try engine.shakeHands()
    }
}
