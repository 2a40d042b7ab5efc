// replay-log LOG [from SNAPSHOT] [snapshot INDEX FILE]: applies a log of batches and prints the digest of the state along the way, for the test that
// two processes agree. A log is a sequence of entries: index (8 bytes, big-endian), length (4 bytes), the batch as in the real log.

import Consortium
import Foundation
import Wire

struct Mistake: Error, CustomStringConvertible {
    var description: String
}

func option(_ name: String, _ place: Int) throws -> String? {
    guard let at = CommandLine.arguments.firstIndex(of: name) else { return nil }
    guard CommandLine.arguments.indices.contains(at + place) else { throw Mistake(description: "`\(name)` wants \(place) arguments") }
    return CommandLine.arguments[at + place]
}

func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

guard CommandLine.arguments.count > 1 else { throw Mistake(description: "expected the path of a log") }
let log = try bytes(of: CommandLine.arguments[1])
var state = try option("from", 1).map { try ConsortiumState(wireSnapshot: try bytes(of: $0)) } ?? ConsortiumState()
let snapshotAt = try option("snapshot", 1).flatMap { UInt64($0) }

// Each process has its own, unless it was told otherwise.
print("hash \("callslip".hashValue)")
var at = 0
while at < log.count {
    let number = { (count: Int) -> UInt64 in
        defer { at += count }
        return log[at..<at + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
    let index = number(8)
    let length = Int(number(4))
    defer { at += length }
    guard index > state.appliedThrough.index else { continue }
    let applied = state.apply(try Batch(wire: Array(log[at..<at + length])), index: index)
    if let halted = applied.halted { throw Mistake(description: "entry \(index): \(halted)") }
    if index % 20 == 0 { print("\(index) \(state.digest())") }
    if index == snapshotAt, let path = try option("snapshot", 2) { try Data(state.wireSnapshot()).write(to: URL(fileURLWithPath: path)) }
}
print("\(state.appliedThrough.index) \(state.digest())")
