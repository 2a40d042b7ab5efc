/// TLS entrances that are fed bytes, and certificates as texts.

import Glibc
import TLS

extension FuzzTarget {
    /// The first byte chooses the entrance (a node's peer, one that was dialled, the web) and how:
    /// - even: the rest comes from the network as it is. Nothing but a typed error may follow, and nothing be heard.
    /// - odd: the rest are pairs of a distance and a value, by which a real conversation is altered on its way. What is heard is what was said, or a beginning of it.
    static let tls = FuzzTarget(name: "tls", inputBytesMax: 8 * 1024) { bytes in
        let choice = bytes.first ?? 0
        let rest = Array(bytes.dropFirst())
        do {
            let (listener, speaker) = try ends(choice >> 1)
            return choice & 1 == 0 ? raw(rest, listener) : altered(rest, listener, speaker)
        } catch {
            return "no engine could be made: \(error)"
        }
    }

    private static func raw(_ bytes: [UInt8], _ listener: Ear) -> String? {
        for piece in stride(from: 0, to: bytes.count, by: 1_000) {
            listener.hear(Array(bytes[piece..<min(bytes.count, piece + 1_000)]))
            guard listener.engine.takeOutgoing().count <= TLSLimits.handshakeBytesMax else {
                return "the answer is longer than a handshake"
            }
        }
        guard listener.heard.isEmpty else { return "bytes that nobody encrypted were heard" }
        return listener.failure.map { "\($0)".isEmpty } == true ? "an error without a sentence" : nil
    }

    private static func altered(_ edits: [UInt8], _ listener: Ear, _ speaker: Ear) -> String? {
        var edits = edits[...]
        var distance = edits.popFirst().map { Int($0) * 8 } ?? .max
        func carry(_ from: Ear, _ to: Ear) -> Bool {
            var bytes = from.engine.takeOutgoing()
            guard !bytes.isEmpty else { return false }
            while distance < bytes.count, let value = edits.popFirst() {
                bytes[distance] ^= value
                distance += edits.popFirst().map { Int($0) * 8 + 1 } ?? .max / 2
            }
            if distance < .max / 2 { distance -= bytes.count }
            to.hear(bytes)
            return true
        }
        let said: [[UInt8]] = [Array("a question".utf8), Array(repeating: 7, count: 20_000)]
        var next = 0
        for _ in 0..<40 {
            if speaker.engine.isOpen, speaker.failure == nil, next < said.count {
                speaker.say(said[next])
                next += 1
            }
            let there = carry(speaker, listener)
            let back = carry(listener, speaker)
            if !there, !back { break }
        }
        guard said.joined().starts(with: listener.heard) else { return "something was heard that was not said" }
        for end in [listener, speaker] where end.failure.map({ "\($0)".isEmpty }) == true { return "an error without a sentence" }
        return nil
    }

    /// Who listens, and the one that would speak with it.
    private static func ends(_ choice: UInt8) throws -> (Ear, Ear) {
        let made = try Consortium.one.get()
        switch choice % 3 {
        case 0: return (Ear(try TLSEngine(made.node, .server)), Ear(try TLSEngine(made.other, .client)))
        case 1: return (Ear(try TLSEngine(made.node, .client)), Ear(try TLSEngine(made.other, .server)))
        default: return (Ear(try TLSEngine(made.web)), Ear(try TLSEngine(made.other, .client)))
        }
    }

    /// An authority, two nodes and a web server, made once.
    private struct Consortium: Sendable {
        let node: TLSContext
        let other: TLSContext
        let web: WebServerTLS

        static let one = Result { () throws(CertificateError) in
            let validity = Validity(now: Int64(time(nil)), days: 10)
            let root = try CertificateAuthority.make(name: "Fuzz", validity)
            let authority = try CertificateAuthority(certificate: root.certificate, key: root.key)
            func context(_ certified: Certified) throws(CertificateError) -> TLSContext {
                try TLSContext(TLSCredentials(authority: root.certificate, certificate: certified.certificate, key: certified.key))
            }
            let node = try authority.issue(node: "memorial", validity)
            return Consortium(
                node: try context(node), other: try context(try authority.issue(node: "law", validity)),
                web: try WebServerTLS(WebCredentials(certificate: node.certificate, key: node.key)))
        }
    }

    /// One end in memory, and what it heard.
    private final class Ear {
        let engine: TLSEngine
        private(set) var heard: [UInt8] = []
        private(set) var failure: TLSError?

        init(_ engine: TLSEngine) { self.engine = engine }

        func hear(_ bytes: [UInt8]) {
            guard failure == nil else { return }
            do throws(TLSError) { try take(bytes) } catch { failure = error }
        }

        func say(_ bytes: [UInt8]) {
            do throws(TLSError) { try engine.send(bytes) } catch { failure = error }
        }

        private func take(_ bytes: [UInt8]) throws(TLSError) {
            var rest = bytes[...]
            var buffer = [UInt8](repeating: 0, count: 16 * 1024)
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
    }

    /// A file of certificates. Odd first byte: the rest are a certificate's own bytes, which are put into a text.
    static let certificate = FuzzTarget(name: "certificate", inputBytesMax: 8 * 1024) { bytes in
        let rest = Array(bytes.dropFirst())
        let isText = (bytes.first ?? 0) & 1 == 0
        let pem =
            isText ? String(decoding: rest, as: UTF8.self) : "-----BEGIN CERTIFICATE-----\n\(base64(rest))\n-----END CERTIFICATE-----\n"
        let facts: CertificateFacts
        do throws(CertificateError) { facts = try CertificateFacts(pem: pem) } catch {
            return "\(error)".isEmpty ? "an error without a sentence" : nil
        }
        guard facts.nodes.count <= 16, facts.nodes.allSatisfy({ !$0.isEmpty }) else { return "it names \(facts.nodes.count) nodes" }
        guard facts.serial.utf8.count <= 2 * bytes.count else { return "its serial number is longer than itself" }
        return nil
    }

    /// RFC 4648, in lines of 64, as OpenSSL reads them.
    static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(bytes.count, start + 3)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 { text.append(place <= group.count ? digits[word >> (18 - 6 * place) & 63] : UInt8(ascii: "=")) }
            if start % 48 == 45 { text.append(UInt8(ascii: "\n")) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
