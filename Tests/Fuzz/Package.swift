// swift-tools-version: 6.1
// libFuzzer around the decoders' properties. A package of its own, as everything in it is built with --sanitize=fuzzer: see cluster/fuzz.
import PackageDescription

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "callslip", path: "../..")],
    targets: [
        .executableTarget(
            name: "fuzz", dependencies: [.product(name: "FuzzTargets", package: "callslip")],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])])
    ],
    swiftLanguageModes: [.v6]
)
