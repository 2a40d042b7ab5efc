/// Asks a sign-in service over HTTP, by libcurl. Every call blocks: it belongs on a thread of its own.

import CCurl
import Glibc

public struct WebFetch: Sendable {
    /// A file of certificates to trust instead of the system's.
    public var authorities: String?
    static let connectS = 5
    static let wholeS = 10

    public init(authorities: String?) { self.authorities = authorities }

    /// - Parameters:
    ///   - url: https, or http to this machine; no redirect is followed.
    ///   - form: a body to post; without one the address is read.
    ///   - authorization: the value of that header.
    ///   - bytesMax: more ends it.
    /// - Throws: what went wrong, for the log.
    public func ask(_ url: String, form: String? = nil, authorization: String? = nil, bytesMax: Int) throws(CampusRefusal) -> [UInt8] {
        guard CampusService.isAddress(url) else { throw .provider("\(url.prefix(200)) is not https") }
        guard Self.isReady, let handle = curl_easy_init() else { throw .provider("libcurl could not be started") }
        defer { curl_easy_cleanup(handle) }
        var headers = curl_slist_append(nil, "Accept: application/json")
        if let authorization { headers = curl_slist_append(headers, "Authorization: \(authorization)") }
        defer { curl_slist_free_all(headers) }
        var said = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        var count = 0
        let code: CURLcode = bytes.withUnsafeMutableBufferPointer { room in
            said.withUnsafeMutableBufferPointer { said in
                var into = callslip_room(bytes: room.baseAddress, count: 0, max: room.count)
                var codes = [
                    callslip_curl_text(handle, CURLOPT_URL, url), callslip_curl_text(handle, CURLOPT_PROTOCOLS_STR, "https,http"),
                    callslip_curl_number(handle, CURLOPT_NOSIGNAL, 1), callslip_curl_text(handle, CURLOPT_PROXY, ""),
                    callslip_curl_number(handle, CURLOPT_FOLLOWLOCATION, 0),
                    callslip_curl_number(handle, CURLOPT_CONNECTTIMEOUT, Self.connectS),
                    callslip_curl_number(handle, CURLOPT_TIMEOUT, Self.wholeS),
                    callslip_curl_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
                    callslip_curl_list(handle, CURLOPT_HTTPHEADER, headers),
                    callslip_curl_pointer(handle, CURLOPT_ERRORBUFFER, said.baseAddress),
                ]
                if let authorities { codes.append(callslip_curl_text(handle, CURLOPT_CAINFO, authorities)) }
                if let form { codes.append(callslip_curl_text(handle, CURLOPT_COPYPOSTFIELDS, form)) }
                return withUnsafeMutablePointer(to: &into) { into in
                    codes.append(callslip_curl_into(handle, into))
                    if let failed = codes.first(where: { $0 != CURLE_OK }) { return failed }
                    let code = curl_easy_perform(handle)
                    count = into.pointee.count
                    return code
                }
            }
        }
        guard code == CURLE_OK else {
            let words = String(decoding: said.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let isTooLong = code == CURLE_WRITE_ERROR
            throw .provider(
                "\(url): \(isTooLong ? "more than \(bytesMax) bytes" : words.isEmpty ? String(cString: curl_easy_strerror(code)) : words)")
        }
        let status = callslip_curl_reply(handle)
        guard status == 200 else { throw .provider("\(url) answered \(status)") }
        return Array(bytes[..<count])
    }

    /// Once in a process, before the first call.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
