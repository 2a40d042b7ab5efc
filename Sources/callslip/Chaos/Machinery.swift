/// How the processes of a chaos run are run: plainly, each in its network namespace, or each in a container of the images that `docker/build` makes.

import Glibc

enum Machinery {
    case namespaces
    case containers

    /// Where a node finds its files.
    struct Places {
        var data: String
        var keyring: String
        var certificates: String
    }

    func places(_ name: String, in folder: String) -> Places {
        switch self {
        case .namespaces: Places(data: "\(folder)/\(name)/data", keyring: "\(folder)/keyring", certificates: "\(folder)/ca")
        case .containers: Places(data: "/data/data", keyring: "/etc/callslip/keyring", certificates: "/etc/callslip/ca")
        }
    }

    /// The user of the images; root otherwise.
    var user: Int { self == .containers ? 10_001 : 0 }
    /// What comes before a command that changes a node's limits: root itself may do so for another user's process only with a capability that it may lack.
    var asUser: [String] { self == .containers ? ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] : [] }
    /// Of files that a node reads: in a container it is another user.
    var configurationMode: mode_t { self == .containers ? 0o644 : 0o600 }

    /// Podman with a store of its own, in memory, that sees this machine's images: what is left of it goes with this process's mounts.
    static let podman = [
        "podman", "--root", "/run/callslip-podman/root", "--runroot", "/run/callslip-podman/run", "--tmpdir", "/run/callslip-podman/tmp",
        "--storage-driver", "overlay", "--storage-opt", "overlay.imagestore=/var/lib/containers/storage",
    ]
    static func container(_ name: String) -> String { "callslip-chaos-\(name)" }

    /// The command that runs a node until it ends.
    /// - Parameter faults: the library that is preloaded into it.
    func command(
        _ name: String, role: String, folder: String, program: String, faults: String, control: String
    ) -> (words: [String], environment: [String: String]) {
        switch self {
        case .namespaces:
            let words = ["nsenter", "--net=/run/netns/\(name)", "--", program, "serve", "--config", "\(folder)/\(name).yaml"]
            return (words, ["LD_PRELOAD": faults, "CALLSLIP_FAULTS": control])
        case .containers:
            let mounts = [
                "\(folder)/\(name):/data", "\(folder)/\(name).yaml:/etc/callslip/node.yaml:ro",
                "\(folder)/keyring:/etc/callslip/keyring:ro", "\(folder)/ca:/etc/callslip/ca:ro",
                "\(faults):/faults/faults.so:ro", "\(control):/faults/control:ro",
            ]
            let options = [
                "run", "--rm", "--replace", "--name", Self.container(name), "--pidfile", Self.pidFile(name, folder), "--no-healthcheck",
                "--network", "ns:/run/netns/\(name)", "--read-only", "--cap-drop", "all", "--env", "LD_PRELOAD=/faults/faults.so", "--env",
                "CALLSLIP_FAULTS=/faults/control",
            ]
            return (Self.podman + options + mounts.flatMap { ["--volume", $0] } + ["localhost/callslip-\(role)"], [:])
        }
    }

    static func pidFile(_ name: String, _ folder: String) -> String { "\(folder)/\(name).pid" }
}
