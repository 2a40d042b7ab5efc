import COpenSSL
import EventLoop
import Glibc
import Testing

@testable import TLS

/// A consortium's authority and what it issued, made anew for each process.
struct Consortium: Sendable {
    static let one = make("One")
    static let other = make("Other")
    static let now = Int64(time(nil))

    let authority: CertificateAuthority

    private static func make(_ name: String) -> Result<Consortium, CertificateError> {
        Result { () throws(CertificateError) in
            let made = try CertificateAuthority.make(name: name, Validity(now: Int64(time(nil)), days: 10))
            return Consortium(authority: try CertificateAuthority(certificate: made.certificate, key: made.key))
        }
    }

    func credentials(_ node: String, _ validity: Validity = Validity(now: now, days: 1), trusting: Consortium? = nil) throws
        -> TLSCredentials
    {
        let issued = try authority.issue(node: node, validity)
        return TLSCredentials(
            authority: (trusting ?? self).authority.certificate, certificate: issued.certificate, key: issued.key)
    }

    func context(_ node: String, _ validity: Validity = Validity(now: now, days: 1), trusting: Consortium? = nil) throws -> TLSContext {
        try TLSContext(try credentials(node, validity, trusting: trusting))
    }
}

/// One end in memory, and what it heard.
final class End {
    let engine: TLSEngine
    private(set) var heard: [UInt8] = []
    private(set) var failure: TLSError?

    init(_ engine: TLSEngine) { self.engine = engine }

    convenience init(_ context: TLSContext, _ role: TLSEngine.Role) throws { self.init(try TLSEngine(context, role)) }

    func hear(_ bytes: [UInt8]) {
        do throws(TLSError) { try take(bytes) } catch { failure = error }
    }

    private func take(_ bytes: [UInt8]) throws(TLSError) {
        var rest = bytes[...]
        var buffer = [UInt8](repeating: 0, count: TLSLimits.plaintextBytesMax)
        repeat {
            let taken = rest.withUnsafeBytes { bytes in Result { () throws(TLSError) in try engine.feed(bytes) } }
            rest = rest.dropFirst(try taken.get())
            try engine.shakeHands()
            while true {
                let read = buffer.withUnsafeMutableBytes { bytes in Result { () throws(TLSError) in try engine.read(into: bytes) } }
                let count = try read.get()
                guard count > 0 else { break }
                heard += buffer[..<count]
            }
        } while !rest.isEmpty
    }

    func say(_ bytes: [UInt8]) throws { try engine.send(bytes) }

    func end() {
        do throws(TLSError) { try engine.receiveEnd() } catch { failure = error }
    }
}

/// Carries bytes both ways, in pieces, until none is under way.
func carry(_ left: End, _ right: End, piece: Int = .max) {
    while true {
        let (there, back) = (left.engine.takeOutgoing(), right.engine.takeOutgoing())
        if there.isEmpty, back.isEmpty { return }
        for (bytes, end) in [(there, right), (back, left)] {
            var rest = bytes[...]
            while !rest.isEmpty {
                end.hear(Array(rest.prefix(piece)))
                rest = rest.dropFirst(piece)
            }
        }
    }
}

/// Two ends of one consortium that trust each other.
func pair() throws -> (client: End, server: End) {
    let one = try Consortium.one.get()
    return (try End(one.context("memorial"), .client), try End(one.context("c1"), .server))
}

/// Bytes that show a loss or a swap.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

/// A loop for one test, shut down whatever happens.
func withLoop<T: Sendable>(_ body: (Loop) async throws -> T) async throws -> T {
    let loop = Loop(name: "tls-test")
    loop.start()
    let result: Result<T, any Error>
    do { result = .success(try await body(loop)) } catch { result = .failure(error) }
    await loop.shutdown()
    return try result.get()
}

extension Loop {
    /// Starts `body` on the loop and waits until it calls its argument, which may be long after it returned.
    func wait<T: Sendable>(_ body: @escaping @Sendable (@escaping (T) -> Void) throws -> Void) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            post {
                do { try body { continuation.resume(returning: $0) } } catch { continuation.resume(throwing: error) }
            }
        }
    }
}
