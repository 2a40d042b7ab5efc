/// The frame of a WebP picture (RFC 9649): chunks, of which those that are a still image are kept. Profiles, EXIF, XMP and chunks of unknown names are left out.

enum WebPFrame {
    static func read(_ bytes: [UInt8]) throws(Picture.Refusal) -> PictureFrame {
        guard bytes.count >= 20, Array(bytes[8..<12]) == Array("WEBP".utf8), let riff = bytes.littleEndian(at: 4, bytes: 4) else {
            throw .cutOff(.webp)
        }
        guard riff >= bytes.count - 8 else { throw .trailing(.webp) }
        guard riff == bytes.count - 8 else { throw .cutOff(.webp) }
        var (canvas, image): ((width: Int, height: Int)?, (width: Int, height: Int)?)
        var kept: [UInt8] = []
        var (place, lastKept) = (12, "")
        while place < bytes.count {
            // Name, length, content, and a byte more where the length is odd.
            guard let length = bytes.littleEndian(at: place + 4, bytes: 4), length <= bytes.count - place - 8,
                length + length % 2 <= bytes.count - place - 8
            else { throw .cutOff(.webp) }
            let name = String(decoding: bytes[place..<(place + 4)], as: UTF8.self)
            let (content, end) = (place + 8, place + 8 + length + length % 2)
            switch name {
            case "VP8X":
                guard place == 12, length == 10, let width = bytes.littleEndian(at: content + 4, bytes: 3),
                    let height = bytes.littleEndian(at: content + 7, bytes: 3)
                else { throw .cutOff(.webp) }
                canvas = (width + 1, height + 1)
            case "ALPH": guard canvas != nil, image == nil, lastKept != name else { throw .cutOff(.webp) }
            case "VP8 ", "VP8L":
                guard image == nil, lastKept != "ALPH" || name == "VP8 " else { throw .cutOff(.webp) }
                image = try name == "VP8L" ? lossless(bytes, at: content, length: length) : lossy(bytes, at: content, length: length)
            case "ANIM", "ANMF": throw .moving(.webp)
            default:
                guard canvas != nil else { throw .trailing(.webp) }
                place = end
                continue
            }
            kept += bytes[place..<end]
            // What fills up says nothing.
            if length % 2 == 1 { kept[kept.count - 1] = 0 }
            // Of what it announces the transparency alone is there.
            if name == "VP8X" { kept.replaceSubrange(8..<12, with: [bytes[content] & 0x10, 0, 0, 0]) }
            (place, lastKept) = (end, name)
        }
        guard let image, canvas.map({ $0 == image }) ?? true else { throw .cutOff(.webp) }
        let size = UInt32(kept.count + 4)
        let head = Array("RIFF".utf8) + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * UInt32($0))) } + Array("WEBP".utf8)
        return PictureFrame(width: image.width, height: image.height, bytes: head + kept)
    }

    /// RFC 6386, 9.1: a key frame, its start code, and two numbers of 14 bits.
    private static func lossy(_ bytes: [UInt8], at place: Int, length: Int) throws(Picture.Refusal) -> (width: Int, height: Int) {
        guard length >= 10, bytes[place] & 1 == 0, Array(bytes[(place + 3)..<(place + 6)]) == [0x9D, 0x01, 0x2A],
            let width = bytes.littleEndian(at: place + 6, bytes: 2), let height = bytes.littleEndian(at: place + 8, bytes: 2)
        else { throw .cutOff(.webp) }
        // The two bits above are a wish how to show it.
        return (width & 0x3FFF, height & 0x3FFF)
    }

    /// A signature, and two numbers of 14 bits that are one too small.
    private static func lossless(_ bytes: [UInt8], at place: Int, length: Int) throws(Picture.Refusal) -> (width: Int, height: Int) {
        guard length >= 5, bytes[place] == 0x2F, let bits = bytes.littleEndian(at: place + 1, bytes: 4), bits >> 29 == 0 else {
            throw .cutOff(.webp)
        }
        return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    }
}
