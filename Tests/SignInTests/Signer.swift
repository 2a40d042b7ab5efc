import COpenSSL
import FoundationEssentials

@testable import SignIn

/// Signs tokens as a service would, with a P-256 key of its own.
final class Signer {
    private let key: OpaquePointer

    init?() {
        guard let key = callslip_p256_key() else { return nil }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// The public half, uncompressed.
    private var point: [UInt8] {
        var point = [UInt8](repeating: 0, count: 65)
        var count = 0
        EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &count)
        return Array(point[..<count])
    }

    func keys(named id: String?, more: String = "") -> String {
        let (x, y) = (Base64URL.text(of: Array(point[1..<33])), Base64URL.text(of: Array(point[33...])))
        let name = id.map { #""kid":"\#($0)","# } ?? ""
        return #"{"keys":[\#(more){\#(name)"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}]}"#
    }

    func token(_ head: String, _ claims: String) -> String {
        let signed = Base64URL.text(of: Array(head.utf8)) + "." + Base64URL.text(of: Array(claims.utf8))
        return signed + "." + Base64URL.text(of: sign(Array(signed.utf8)))
    }

    private func sign(_ message: [UInt8]) -> [UInt8] {
        var der = [UInt8](repeating: 0, count: 80)
        var count = der.count
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &der, &count, message, message.count) == 1
        else { return [] }
        // SEQUENCE, INTEGER, INTEGER, each shorter than 128 bytes.
        var (at, numbers): (Int, [UInt8]) = (2, [])
        for _ in 0..<2 {
            let length = Int(der[at + 1])
            let digits = der[at + 2..<at + 2 + length].drop { $0 == 0 }
            numbers += [UInt8](repeating: 0, count: 32 - digits.count) + digits
            at += 2 + length
        }
        return numbers
    }
}
