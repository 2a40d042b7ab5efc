/// `callslip health`: whether a node's process and its loops are alive. What the health checks of containers run.

import ArgumentParser

struct HealthCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a node whether it is alive: status 0 when it is. For health checks.")

    @Option(help: "The node's address.")
    var node = "http://127.0.0.1:7100"

    @Flag(help: "Ask whether it can serve, too.")
    var ready = false

    func run() async throws {
        let path = ready ? "/readyz" : "/healthz"
        let answer: String
        do {
            let response = try await NodeClient.request(.get, node + path, timeoutMs: 3_000)
            answer = response.text
            if response.status == 200 { return print(answer, terminator: "") }
        } catch {
            answer = "\(error)\n"
        }
        Terminal.complain(answer)
        throw ExitCode.failure
    }
}
