/// The errors of the disk in sentences: what was expected, what was found, what to do.

import Glibc

extension LogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .io(let fault): "\(fault); nothing more is written. Mend the disk, then start again from what is durable"
        case .noSpace(let fault): "\(fault); make room on that disk"
        case .locked(let folder): "another process uses \(folder): stop it first, or name another data folder"
        case .wrongVersion(let file, let expected, let found):
            "\(file) is of format \(found), and this version reads format \(expected): use the version that wrote it, or a newer one"
        case .wrongCluster(let file, _, _):
            "\(file) belongs to another cluster: check `cluster` in the node's file, and that its data folder is its own"
        case .wrongMember(let file, let expected, let found):
            "\(file) belongs to raft id \(found), and this node has \(expected): check `coordinators` in the node's file"
        case .damaged(let file, let offset, let expected, let found, let advice):
            "\(file) is damaged at byte \(offset): expected \(expected), found \(found). \(advice)"
        case .missing(let file, let expected, let advice): "\(file) is missing: expected \(expected). \(advice)"
        case .failed: "an earlier write failed, so nothing more is written; start again from what is durable"
        case .snapshotTooLarge(let expectedMax, let found): "a snapshot of \(found) bytes is too large; \(expectedMax) is the most"
        case .gap(let expected, let found):
            "entry \(expected) had to come next, and \(found) came; this is a fault of the program: report it"
        }
    }
}

extension FileFault: CustomStringConvertible {
    public var description: String { "\(call) of \(file) failed: \(String(cString: strerror(errno)))" }
}
