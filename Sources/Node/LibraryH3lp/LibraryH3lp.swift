// The old vendor's REST calls, for the scripts that libraries have: what they ask, in the words that they know.
//
// What it is
//   `LibraryH3lp`        addresses, numbers and names as those scripts say them; here.
//   `Conversation`       one chat in a list of chats: facts without a word of it.
//   `ConversationTable`  counts of chats as comma-separated values.
//   `OldRoster`          queues, people, and who staffs what.
//   `WebPlane/LibraryH3lpAPI.swift` asks and answers.
//
// What it promises
//   The calls that `lh3api` (PyPI) and scripts on it make go through unchanged, as far as there is something here that they can mean; `Tests/ProtocolTests/libraryh3lp.py` plays
//   them with that very library. What has no counterpart here (text over HTTP, calls that change the roster) is not answered.
//
// What is otherwise here
//   No person is counted: where those reports have a line for each operator, here it is one for each library whose people answered. Chats are counted by library, so a
//   queue in a report is its library. A transfer asks the patron, and stays with its sender until somebody picks it up.

import Consortium
import Sodium
import Web

enum LibraryH3lp {
    /// The beginnings of the vendor's addresses, the oldest first. They differ in how times are written, and in nothing else here.
    static let versions = ["2011-12-03", "2013-07-21", "2016-02-10"]
    /// How the table of routes writes any of them.
    static let anyVersion = "{version}"
    /// Scripts send this cookie: the zone in which they want times.
    static let zoneCookieName = "libraryh3lp-timezone"
    /// Chats in one answer.
    static let conversationsMax = 10_000

    /// With the version replaced by `anyVersion`; any other path as it is.
    static func canonical(_ path: String) -> String {
        for version in versions where path.hasPrefix("/\(version)/") { return "/\(anyVersion)" + path.dropFirst(version.utf8.count + 1) }
        return path
    }

    static func isVersion(_ segment: String?) -> Bool { segment.map(versions.contains) ?? false }

    /// Whether the request asks for a sign-in, or for the end of one.
    static func isSignIn(_ request: Request) -> Bool {
        isVersion(request.segments.first) && request.segments.count == 3 && request.segments[1] == "auth"
    }

    /// What a request costs the cluster plane (`RequestCost`).
    static func cost(_ request: Request) -> UInt64 {
        if isSignIn(request) { return 20 }
        // A list of chats reads the disk.
        return ["conversations", "activity"].contains(request.segments.dropFirst().first) || request.method == .post ? 5 : 1
    }

    // MARK: Numbers

    // Those scripts know things by numbers, here drawn from what names the thing: the same at every node and after every start, below 2^53 so that every language reads
    // them exactly. Two things of one number are as unlikely as 53 random bits; what is asked for by such a number is refused rather than guessed.

    static func number(of chat: ChatID) -> UInt64 { chat.high >> 11 }

    static func number(_ kind: String, _ name: String) -> UInt64 {
        Hash.sha256(Array("\(kind)/\(name)".utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } >> 11
    }

    // MARK: Names

    /// `memorial` of `memorial@chat.example.org`, in lower case as names are.
    static func localPart(_ jid: String) -> String { (jid.split(separator: "@").first.map(String.init) ?? "").lowercased() }

    /// A queue's address at this host.
    static func address(of queue: QueueName, host: String) -> String { "\(queue)@chat.\(host)" }

    /// The patron of a chat, as an address; it says no more than the chat's identifier.
    static func guest(of chat: ChatID, host: String) -> String { "\(chat)@\(host)" }

    /// The host of a `Host` field, without a port; of a field that is no host's name, `localhost`.
    static func host(_ field: String?) -> String {
        let name = field ?? ""
        let host = name.hasPrefix("[") ? "" : name.prefix { $0 != ":" }
        let isSound =
            (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x2D || $0 == 0x2E
            }
        return isSound ? host.lowercased() : "localhost"
    }
}

/// A chat in somebody's hands.
struct HeldChat: Sendable {
    var chat: ChatID
    /// Fences what its holder decides.
    var token: LogPosition
}

/// A value as those scripts read it: what is not known is there, and null.
enum OldValue: Encodable, Hashable, Sendable {
    case text(String)
    case number(UInt64)
    case flag(Bool)
    case nothing

    init(_ number: UInt64?) { self = number.map { .number($0) } ?? .nothing }
    init(_ text: String?) { self = text.map { .text($0) } ?? .nothing }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .flag(let flag): try container.encode(flag)
        case .nothing: try container.encodeNil()
        }
    }
}

typealias OldObject = [String: OldValue]
