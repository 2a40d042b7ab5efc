/// A picture that somebody sends along with a problem: its bytes, once they are known to be a JPEG, PNG or WebP picture of a modest size and nothing else.
///
/// Only the frame is read: what kind of picture it is, how wide and high, and that it is whole. Its pixels are for the browser of whoever looks at it. What a picture may carry beside its
/// pixels (place, camera, thumbnails of what was covered, comments) is left out, also where the page that sent it did not.

/// See above. What was taken is taken again, the same.
public struct Picture: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case jpeg, png, webp

        /// As in `Content-Type`.
        public var mediaType: String { "image/\(rawValue)" }
        /// As people and files call it.
        public var title: String { self == .webp ? "WebP" : rawValue.uppercased() }
    }

    /// Why bytes are no picture that is taken here; the sentence says what was expected.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    /// A picture of more is refused: the page makes it smaller before it sends it.
    public static let bytesMax = 300 * 1_024
    /// Pixels along either side.
    public static let sideMax = 1_600

    public let kind: Kind
    public let width: Int
    public let height: Int
    public let bytes: [UInt8]

    /// - Parameter found: as somebody sent them.
    /// - Throws: what is wrong with them, where they are no such picture.
    public init(reading found: [UInt8]) throws(Refusal) {
        guard found.count <= Self.bytesMax else {
            throw Refusal(description: "A picture has \(Self.bytesMax / 1_024) KiB at most, not \(found.count / 1_024); make it smaller.")
        }
        let frame: PictureFrame
        if found.starts(with: PNGFrame.signature) {
            (kind, frame) = (.png, try PNGFrame.read(found))
        } else if found.starts(with: [0xFF, 0xD8, 0xFF]) {
            (kind, frame) = (.jpeg, try JPEGFrame.read(found))
        } else if found.starts(with: Array("RIFF".utf8)) {
            (kind, frame) = (.webp, try WebPFrame.read(found))
        } else {
            throw Refusal(description: "This is no JPEG, PNG or WebP picture, whatever it is called.")
        }
        guard (1...Self.sideMax).contains(frame.width), (1...Self.sideMax).contains(frame.height) else {
            let text =
                "A picture has \(Self.sideMax) × \(Self.sideMax) pixels at most, not \(frame.width) × \(frame.height); make it smaller."
            throw Refusal(description: text)
        }
        (width, height, bytes) = (frame.width, frame.height, frame.bytes)
    }

    /// `WebP, 1200 × 800, 96 KiB`.
    public var facts: String { "\(kind.title), \(width) × \(height), \((bytes.count + 1_023) / 1_024) KiB" }
}

/// What is read of a picture: its size, and its bytes without what is no part of the image.
struct PictureFrame {
    var width: Int
    var height: Int
    var bytes: [UInt8]
}

extension Picture.Refusal {
    static func cutOff(_ kind: Picture.Kind) -> Self { Self(description: "This \(kind.title) picture is cut off or damaged.") }
    static func trailing(_ kind: Picture.Kind) -> Self {
        Self(description: "There is something behind the end of this \(kind.title) picture.")
    }
    static func moving(_ kind: Picture.Kind) -> Self { Self(description: "This \(kind.title) picture moves; send one that stands still.") }
}

extension [UInt8] {
    /// The number in so many bytes from `start` on, the most significant first; `nil` where there are fewer. At most 4 bytes.
    func bigEndian(at start: Int, bytes count: Int) -> Int? {
        guard start >= 0, start <= self.count, count <= self.count - start else { return nil }
        return self[start..<(start + count)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The same, the least significant first.
    func littleEndian(at start: Int, bytes count: Int) -> Int? {
        guard start >= 0, start <= self.count, count <= self.count - start else { return nil }
        return self[start..<(start + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
