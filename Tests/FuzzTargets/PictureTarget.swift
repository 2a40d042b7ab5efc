/// A picture that goes along with a problem: what is taken is within its limits, no longer than what came, of the kind that its first bytes say, and taken again the same, so that nothing which
/// is left out is there still.

import Node

extension FuzzTarget {
    static let picture = FuzzTarget(name: "picture", inputBytesMax: 16 * 1024) { bytes in
        let picture: Picture
        do throws(Picture.Refusal) { picture = try Picture(reading: bytes) } catch {
            return error.description.isEmpty ? "an error without a sentence" : nil
        }
        guard (1...Picture.sideMax).contains(picture.width), (1...Picture.sideMax).contains(picture.height) else {
            return "\(picture.width) × \(picture.height) pixels"
        }
        guard picture.bytes.count <= bytes.count else { return "\(bytes.count) bytes became \(picture.bytes.count)" }
        guard bytes.starts(with: picture.bytes.prefix(3)) else { return "it begins with other bytes than it came with" }
        return (try? Picture(reading: picture.bytes)) == picture ? nil : "what was taken is not taken again, or is another picture then"
    }
}
