// swift-tools-version: 6.1
import PackageDescription

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")

let package = Package(
    name: "callslip",
    platforms: [.macOS(.v15)],
    // For Tests/Fuzz, a package of its own.
    products: [.library(name: "FuzzTargets", targets: ["FuzzTargets"])],
    // One version each, named here: none of them needs another, so that every build takes the same. Tests/ProtocolTests/sbom.py holds it.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CUV"),
        .systemLibrary(name: "CSodium"),
        .systemLibrary(name: "CRaft"),
        .systemLibrary(name: "CHTTPParser"),
        .systemLibrary(name: "CWslay"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CCurl"),

        .target(name: "Locking"),
        .target(name: "EventLoop", dependencies: ["CUV", "Locking"]),
        .target(name: "Sodium", dependencies: ["CSodium"]),
        .target(name: "TLS", dependencies: ["COpenSSL", "EventLoop"]),
        .target(name: "Mail", dependencies: ["CCurl"]),
        .target(name: "SignIn", dependencies: ["COpenSSL", "CCurl", "Sodium"]),
        .target(name: "Seeded"),
        .target(name: "Gossip", dependencies: ["Seeded"]),
        .target(name: "Raft", dependencies: ["CRaft", "Locking"]),
        .target(name: "Consortium", dependencies: ["Sodium"]),
        .target(name: "Hours", dependencies: ["Consortium"]),
        .target(name: "PageCheck"),
        .target(name: "History", dependencies: ["Consortium", "ClientProtocol"]),
        .target(name: "Measuring"),
        .target(name: "Chaos", dependencies: ["Consortium", "Seeded"]),
        .target(name: "Coordinator", dependencies: ["Consortium", "Hours"]),
        .target(
            name: "Wire",
            dependencies: ["Gossip", "Raft", "Consortium", "Coordinator", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Protos"]),
        .target(name: "SQLite", dependencies: ["CSQLite"]),
        .target(name: "Transcripts", dependencies: ["SQLite", "Consortium", "Wire", "Locking"]),
        .target(name: "ClientProtocol", dependencies: ["Consortium"], exclude: ["PROTOCOL.md"]),
        .target(name: "Gateway", dependencies: ["Consortium", "ClientProtocol", "Seeded"]),
        .target(
            name: "Simulator",
            dependencies: [
                "Gossip", "Raft", "Consortium", "Coordinator", "Wire", "ClientProtocol", "Gateway", "History", "Seeded", "Sodium",
            ]),
        .executableTarget(name: "EmbedFiles"),
        .plugin(name: "EmbedFilesPlugin", capability: .buildTool(), dependencies: ["EmbedFiles"], path: "Sources/EmbedFilesPlugin"),
        .target(
            name: "Web", dependencies: ["EventLoop", "CHTTPParser", "CWslay", "CZlib", "Locking", metrics], exclude: ["Client"],
            plugins: ["EmbedFilesPlugin"]),
        .executableTarget(name: "web-echo", dependencies: ["Web", "EventLoop"], path: "Sources/WebEcho"),
        .target(
            name: "Node",
            dependencies: [
                "EventLoop", "TLS", "Sodium", "Gossip", "Raft", "Consortium", "Coordinator", "Wire", "ClientProtocol", "Gateway", "Web",
                "Transcripts", "SQLite", "Mail", "SignIn", "Hours", "PageCheck", logging,
                metrics, .product(name: "Yams", package: "Yams"),
            ], exclude: ["openapi.yaml", "ROLES.md"]),
        .executableTarget(
            name: "callslip",
            dependencies: [
                "Node", "Simulator", "Web", "EventLoop", "TLS", "Sodium", "ClientProtocol", "Consortium", "Coordinator", "Wire", "History",
                "Measuring", "Chaos", "Seeded", "Transcripts", "PageCheck", logging,
                .product(name: "Metrics", package: "swift-metrics"), .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "Locking"]),
        .testTarget(name: "SimulatorTests", dependencies: ["Simulator", "History", "Gateway", "ClientProtocol", "Consortium"]),
        .testTarget(name: "TLSTests", dependencies: ["TLS", "EventLoop"]),
        .testTarget(name: "MailTests", dependencies: ["Mail"]),
        .testTarget(name: "SignInTests", dependencies: ["SignIn", "COpenSSL"]),
        .testTarget(name: "SodiumTests", dependencies: ["Sodium"]),
        .testTarget(name: "GossipTests", dependencies: ["Gossip", "Seeded"], exclude: ["Scenarios"]),
        .testTarget(name: "RaftTests", dependencies: ["Raft", "Seeded", "Locking"]),
        .executableTarget(name: "replay-log", dependencies: ["Consortium", "Wire"], path: "Tests/ReplayLog"),
        .target(name: "ScenarioText", path: "Tests/ScenarioText"),
        .testTarget(
            name: "ConsortiumTests", dependencies: ["Consortium", "Sodium", "Wire", "ScenarioText", "Seeded", "replay-log"],
            exclude: ["Scenarios"]),
        .testTarget(name: "HoursTests", dependencies: ["Hours", "Consortium"]),
        .testTarget(name: "PageCheckTests", dependencies: ["PageCheck"]),
        .testTarget(name: "HistoryTests", dependencies: ["History", "Consortium"]),
        .testTarget(name: "MeasuringTests", dependencies: ["Measuring"]),
        .testTarget(name: "ChaosTests", dependencies: ["Chaos", "Consortium"]),
        .testTarget(name: "CoordinatorTests", dependencies: ["Coordinator", "Consortium", "Hours", "Seeded"]),
        .testTarget(
            name: "GatewayTests", dependencies: ["Gateway", "ClientProtocol", "Consortium", "ScenarioText", "Seeded"],
            exclude: ["Scenarios"]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Wire", "ClientProtocol", "Gossip", "Raft", "Consortium", "Hours", "Node", "PageCheck", "SignIn", "Sodium", "TLS", "Web",
            ],
            path: "Tests/FuzzTargets"),
        .testTarget(
            name: "WireTests", dependencies: ["FuzzTargets", "Wire", "Gossip", "Raft", "Consortium", "Coordinator", "Seeded", "Sodium"]),
        .testTarget(name: "TranscriptsTests", dependencies: ["Transcripts", "SQLite", "Consortium"]),
        .testTarget(name: "ClientProtocolTests", dependencies: ["ClientProtocol", "Consortium"]),
        .testTarget(
            name: "NodeTests",
            dependencies: [
                "Node", "Gateway", "ClientProtocol", "Consortium", "EventLoop", "Hours", "Raft", "SignIn", "Sodium", "TLS", "Web", "Wire",
            ]),
        .testTarget(
            name: "IsolationTests", dependencies: ["Gateway", "Coordinator", "Consortium", "ClientProtocol", "History", "Seeded"]),
        .testTarget(
            name: "WebTests", dependencies: ["Web", "EventLoop", "CZlib", "Locking", "ScenarioText", "Seeded", metrics], exclude: ["Golden"]
        ),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings a `main` of its own into every program that is built with it, so no tool can be built along: `cluster/fuzz` leaves the clients' files out.
if Context.environment["CALLSLIP_FUZZ"] != nil, let web = package.targets.first(where: { $0.name == "Web" }) {
    web.plugins = nil
    web.swiftSettings = [.define("WITHOUT_CLIENT_FILES")]
}

// The named tests alone, with what they need: `cluster/test --sanitize` builds all of that once more.
if let names = Context.environment["CALLSLIP_TESTS"]?.split(separator: ",") {
    package.targets.removeAll { $0.type == .test && !names.contains(Substring($0.name)) }
}
