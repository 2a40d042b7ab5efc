/// Gives mail to the library's own mail server, which sends it on, by libcurl. Every call blocks: it belongs on a thread of its own.

import CCurl
import Glibc

public struct MailServer: Hashable, Sendable {
    public enum Security: Hashable, Sendable {
        /// TLS from the first byte (RFC 8314), usually at port 465.
        case tls
        /// TLS after `STARTTLS` (RFC 3207), usually at port 587 or 25; without it nothing is sent.
        case startTLS
        /// In the clear: for a server on the same machine.
        case none
    }
    public var host: String
    public var port: Int
    public var security: Security
    /// Absent where the server asks for none.
    public var user: String?
    public var password: String?
    /// A file of certificates to trust instead of the system's.
    public var authorities: String?

    public init(host: String, port: Int, security: Security, user: String? = nil, password: String? = nil, authorities: String? = nil) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.authorities = authorities
    }

    static let connectS = 20
    static let wholeS = 120

    /// - Parameter stop: ends it within about a second, whatever the server does.
    /// - Throws: what the server said, or why there was none.
    public func send(_ message: MailMessage, stop: MailStop = MailStop()) throws(MailError) {
        guard Self.isReady, let handle = curl_easy_init() else { throw MailError("libcurl could not be started", isForGood: false) }
        defer { curl_easy_cleanup(handle) }
        var bytes = message.bytes
        var said = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code: CURLcode = bytes.withUnsafeMutableBytes { bytes in
            said.withUnsafeMutableBufferPointer { said in
                guard let file = fmemopen(bytes.baseAddress, bytes.count, "r") else { return CURLE_OUT_OF_MEMORY }
                defer { fclose(file) }
                guard let recipients = curl_slist_append(nil, "<\(message.to.text)>") else { return CURLE_OUT_OF_MEMORY }
                defer { curl_slist_free_all(recipients) }
                let isSet = set(handle, from: message.from, recipients, file, said.baseAddress, stop)
                return isSet == CURLE_OK ? curl_easy_perform(handle) : isSet
            }
        }
        guard code != CURLE_OK else { return }
        let reply = callslip_curl_reply(handle)
        let words = String(decoding: said.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let why = words.isEmpty ? String(cString: curl_easy_strerror(code)) : words
        // 5xx: it will be refused the next time as well (RFC 5321, 4.2.1). A sign-in that fails is for people to mend, and then holds.
        throw MailError("\(host):\(port): \(why)", isForGood: (500...599).contains(reply) && code != CURLE_LOGIN_DENIED)
    }

    private func set(
        _ handle: UnsafeMutableRawPointer, from: MailAddress, _ recipients: UnsafeMutablePointer<curl_slist>,
        _ file: UnsafeMutablePointer<FILE>,
        _ said: UnsafeMutablePointer<CChar>?, _ stop: MailStop
    ) -> CURLcode {
        let address = host.contains(":") ? "[\(host)]" : host
        var codes = [
            callslip_curl_text(handle, CURLOPT_URL, "\(security == .tls ? "smtps" : "smtp")://\(address):\(port)"),
            callslip_curl_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps"),
            callslip_curl_number(handle, CURLOPT_NOSIGNAL, 1),
            callslip_curl_text(handle, CURLOPT_PROXY, ""),
            callslip_curl_number(handle, CURLOPT_CONNECTTIMEOUT, Self.connectS),
            callslip_curl_number(handle, CURLOPT_TIMEOUT, Self.wholeS),
            callslip_curl_number(handle, CURLOPT_USE_SSL, security == .none ? Int(CURLUSESSL_NONE.rawValue) : Int(CURLUSESSL_ALL.rawValue)),
            callslip_curl_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
            callslip_curl_text(handle, CURLOPT_MAIL_FROM, "<\(from.text)>"),
            callslip_curl_list(handle, CURLOPT_MAIL_RCPT, recipients),
            callslip_curl_number(handle, CURLOPT_UPLOAD, 1),
            callslip_curl_pointer(handle, CURLOPT_READDATA, file),
            callslip_curl_pointer(handle, CURLOPT_ERRORBUFFER, said),
            callslip_curl_stop_by(handle, stop.flag),
        ]
        if let user { codes.append(callslip_curl_text(handle, CURLOPT_USERNAME, user)) }
        if let password { codes.append(callslip_curl_text(handle, CURLOPT_PASSWORD, password)) }
        if let authorities { codes.append(callslip_curl_text(handle, CURLOPT_CAINFO, authorities)) }
        return codes.first { $0 != CURLE_OK } ?? CURLE_OK
    }

    /// Once in a process, before the first call.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}

/// Ends what is being sent, from another thread.
///
/// `@unchecked Sendable`: the flag has a constant heap address, is read and written by atomic operations alone, and is freed with this object, which whoever sends holds.
public final class MailStop: @unchecked Sendable {
    let flag: UnsafeMutablePointer<Int32>

    public init() {
        flag = .allocate(capacity: 1)
        flag.initialize(to: 0)
    }

    deinit { flag.deallocate() }

    public func stop() { callslip_stop(flag) }
    public var isStopped: Bool { callslip_is_stopped(flag) != 0 }
}

/// Why mail was not taken.
public struct MailError: Error, CustomStringConvertible, Sendable {
    public var description: String
    /// The server will never take it.
    public var isForGood: Bool
    public init(_ description: String, isForGood: Bool) {
        self.description = description
        self.isForGood = isForGood
    }
}
