/// `callslip routes`: who may ask what of a node over HTTP.

import ArgumentParser
import Node

struct RoutesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes", abstract: "Print who may ask what of a node over HTTP: every address with every role.")

    func run() { print(RouteDocument.text, terminator: "") }
}
