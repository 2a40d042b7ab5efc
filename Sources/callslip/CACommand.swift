/// `callslip ca`: the consortium's own authority, whose certificates let nodes speak with each other.

import ArgumentParser
import Consortium
import Glibc
import TLS

struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca", abstract: "The consortium's authority: certificates with which nodes know each other.",
        discussion: """
            Make the authority once, on a machine that the technical group keeps; its key may live offline, as only `issue` and `issuer` need it. Each node is given \
            ca.pem, its certificate and its key, and names them in its file: tls: {ca: …, certificate: …, key: …}.
            """,
        subcommands: [CAInit.self, CAIssue.self, CAIssuer.self])
}

struct CAInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "init", abstract: "Make the authority: DIR/ca.pem and DIR/ca.key.")

    @Argument(help: "Folder for the authority; made when missing.")
    var directory: String

    @Option(help: "The consortium's name, as certificates say it.")
    var name = "Callslip"

    @Option(help: "Days for which it is valid.")
    var days = CertificateAuthority.daysUsual

    func validate() throws {
        guard (1...36_500).contains(days) else { throw ValidationError("--days is from 1 to 36500") }
        guard !name.isEmpty, name.utf8.count <= CertificateAuthority.nameBytesMax else {
            throw ValidationError("--name has 1 to \(CertificateAuthority.nameBytesMax) bytes")
        }
    }

    func run() async throws {
        let until = try AuthorityFolder(directory).make(name: name, days: days)
        Terminal.say(
            """
            \(directory)/ca.pem  goes to every node; no secret. Valid until \(until).
            \(directory)/ca.key  makes nodes: whoever has it can join as any of them. Keep it offline, and a copy of it.
            Next: callslip ca issue NODE --ca \(directory)
            """)
    }
}

struct CAIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Certify nodes by their names: OUT/NODE.pem and OUT/NODE.key.")

    @Argument(help: "The nodes' names, as `node:` in their files.")
    var nodes: [String]

    @Option(name: .customLong("ca"), help: "The authority's folder.")
    var authority: String

    @Option(help: "Folder for the files; the authority's when left out.")
    var out: String?

    @Option(help: "Days for which they are valid.")
    var days = CertificateAuthority.nodeDaysUsual

    @Flag(help: "Replace the certificates, for the keys that are there. Nodes take them without a restart.")
    var renew = false

    @Flag(inversion: .prefixedNo, help: "Say in them that these nodes may be coordinators; when left out, renewed ones say what they did.")
    var coordinator: Bool?

    func validate() throws {
        guard (1...3_650).contains(days) else { throw ValidationError("--days is from 1 to 3650") }
        for node in nodes where NodeName(node) == nil { throw ValidationError("`\(node)` is no node's name: \(NodeName.rule)") }
    }

    func run() async throws {
        let folder = try AuthorityFolder(authority)
        let target = out ?? authority
        for node in nodes {
            let issued = try folder.issue(node, coordinates: coordinator, into: target, days: days, renew: renew)
            let role = issued.coordinates ? ", may be a coordinator" : ""
            Terminal.say("\(target)/\(node).pem  valid until \(AuthorityFolder.end(of: issued))\(role); in the node's file:")
            Terminal.say("tls: {ca: \(authority)/ca.pem, certificate: \(target)/\(node).pem, key: \(target)/\(node).key}")
        }
    }
}

struct CAIssuer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issuer", abstract: "Let a coordinator certify nodes that join: OUT/NAME-issuer.pem and OUT/NAME-issuer.key.",
        discussion: """
            The authority's own key can then lie offline. The coordinator's file names both: tls: {…, issuer: OUT/NAME-issuer.pem, issuerKey: OUT/NAME-issuer.key}. \
            Whoever has the issuer's key can join as any node until its end.
            """)

    @Argument(help: "The coordinator's name.") var name: String
    @Option(name: .customLong("ca"), help: "The authority's folder.") var authority: String
    @Option(help: "Folder for the files; the authority's when left out.") var out: String?
    @Option(help: "Days for which it is valid.") var days = CertificateAuthority.issuerDaysUsual
    @Flag(help: "Replace both files by new ones. The coordinator takes them without a restart.") var renew = false

    func validate() throws {
        guard (1...3_650).contains(days) else { throw ValidationError("--days is from 1 to 3650") }
        guard NodeName(name) != nil else { throw ValidationError("`\(name)` is no node's name: \(NodeName.rule)") }
    }

    func run() async throws {
        let target = out ?? authority
        let until = try AuthorityFolder(authority).makeIssuer(name, into: target, days: days, renew: renew)
        Terminal.say(
            """
            \(target)/\(name)-issuer.pem  valid until \(until); in the file of the coordinator \(name), inside `tls: {…}`:
            issuer: \(target)/\(name)-issuer.pem, issuerKey: \(target)/\(name)-issuer.key
            """)
    }
}

/// An authority's files. Keys are their owner's alone; nothing is overwritten but what is to be renewed.
struct AuthorityFolder {
    let path: String

    init(_ path: String) throws {
        guard !path.isEmpty else { throw ValidationError("the folder's name is empty") }
        self.path = path
    }

    private static var now: Int64 { Int64(time(nil)) }

    /// - Returns: until when it is valid.
    func make(name: String, days: Int64) throws -> String {
        try Files.makeFolder(path)
        try Self.refuse(path + "/ca.pem", path + "/ca.key")
        let made = try CertificateAuthority.make(name: name, Validity(now: Self.now, days: days))
        try Files.create(path + "/ca.key", made.key, mode: 0o600)
        try Files.create(path + "/ca.pem", made.certificate, mode: 0o644)
        return Self.end(of: try CertificateFacts(pem: made.certificate))
    }

    /// - Parameter coordinates: whether it says that the node may be a coordinator; `nil`: as the one that it replaces.
    func issue(_ node: String, coordinates: Bool?, into folder: String, days: Int64, renew: Bool) throws -> CertificateFacts {
        let authority = try CertificateAuthority(
            certificate: try Files.text(of: path + "/ca.pem"), key: try Files.text(of: path + "/ca.key"))
        let (certificate, key) = ("\(folder)/\(node).pem", "\(folder)/\(node).key")
        let validity = Validity(now: Self.now, days: days)
        let issued: Certified
        if renew {
            let present = try CertificateFacts(pem: try Files.text(of: certificate))
            guard present.nodes == [node] else {
                throw ValidationError("\(certificate) is not the certificate of `\(node)`, and is not replaced")
            }
            issued = try authority.issue(
                node: node, coordinates: coordinates ?? present.coordinates, validity, key: try Files.text(of: key))
            try Files.replace(certificate, issued.certificate, mode: 0o644)
        } else {
            try Files.makeFolder(folder)
            try Self.refuse(certificate, key)
            issued = try authority.issue(node: node, coordinates: coordinates ?? false, validity)
            try Files.create(key, issued.key, mode: 0o600)
            try Files.create(certificate, issued.certificate, mode: 0o644)
        }
        return try CertificateFacts(pem: issued.certificate)
    }

    /// - Returns: until when it is valid.
    func makeIssuer(_ name: String, into folder: String, days: Int64, renew: Bool) throws -> String {
        let authority = try CertificateAuthority(
            certificate: try Files.text(of: path + "/ca.pem"), key: try Files.text(of: path + "/ca.key"))
        let (certificate, key) = ("\(folder)/\(name)-issuer.pem", "\(folder)/\(name)-issuer.key")
        try Files.makeFolder(folder)
        if !renew { try Self.refuse(certificate, key) }
        let made = try authority.makeIssuer(name: "\(name) issuer", Validity(now: Self.now, days: days))
        // Each is replaced whole. In between the two do not fit, and the coordinator says so to whoever joins just then.
        try Files.replace(key, made.key, mode: 0o600)
        try Files.replace(certificate, made.certificate, mode: 0o644)
        return Self.end(of: try CertificateFacts(pem: made.certificate))
    }

    /// What a client of this program's own shows, with files of nobody.
    func credentials(for node: String) throws -> TLSCredentials {
        let certificate = try Files.text(of: path + "/ca.pem")
        let authority = try CertificateAuthority(certificate: certificate, key: try Files.text(of: path + "/ca.key"))
        let issued = try authority.issue(node: node, Validity(now: Self.now, days: 1))
        return TLSCredentials(authority: certificate, certificate: issued.certificate, key: issued.key)
    }

    private static func refuse(_ paths: String...) throws {
        for path in paths where access(path, F_OK) == 0 {
            throw ValidationError(
                "\(path) is there already, and is not overwritten; choose another folder, or renew with `callslip ca issue --renew`")
        }
    }

    /// The day on which it ends.
    static func end(of certificate: CertificateFacts) -> String {
        var seconds = time_t(certificate.notAfter)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%d", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
