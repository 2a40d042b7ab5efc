/// Starts a process with its output in a file.

import Glibc

enum Spawn {
    /// - Parameters:
    ///   - program: a path, or a name to be found in PATH.
    ///   - environment: added to this process's own.
    static func run(_ program: String, _ arguments: [String], log: String, environment: [String: String] = [:]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C in the terminal reaches the parent alone, which then ends its children in order.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var words = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        let variables = environment.sorted(by: { $0.key < $1.key }).map { strdup("\($0.key)=\($0.value)") }
        defer { for variable in variables { free(variable) } }
        var all: [UnsafeMutablePointer<CChar>?] = variables
        var own = environ
        while let variable = own.pointee {
            all.append(variable)
            own += 1
        }
        all.append(nil)
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, program, &actions, &attributes, words, all)
        guard code == 0 else { throw LocalClusterError("cannot start \(program): \(String(cString: strerror(code)))") }
        return pid
    }
}
