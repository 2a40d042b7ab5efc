/// The frame of a PNG picture (W3C, PNG third edition, 5 and 11): chunks, of which those that are the image are kept. Checksums are left to whoever shows the picture.

enum PNGFrame {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// What belongs to a still image; whatever else may be left out by its name (a small first letter) is left out.
    private static let kept: Set<String> = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]
    /// Bits a sample that each type of colour may have.
    private static let depths: [UInt8: Set<UInt8>] = [0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]]

    static func read(_ bytes: [UInt8]) throws(Picture.Refusal) -> PictureFrame {
        var frame: PictureFrame?
        var (place, hasImage, lastKept) = (signature.count, false, "")
        while true {
            // Length, name, content, checksum.
            guard let length = bytes.bigEndian(at: place, bytes: 4), length <= bytes.count - place - 12 else { throw .cutOff(.png) }
            let name = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            let end = place + 12 + length
            guard kept.contains(name) else {
                guard frame != nil, bytes[place + 4] & 0x20 != 0 else { throw .cutOff(.png) }
                place = end
                continue
            }
            guard (name == "IHDR") == (frame == nil) else { throw .cutOff(.png) }
            switch name {
            case "IHDR": frame = try head(bytes, at: place + 8, length: length)
            case "IDAT":
                // In one piece but for what is left out between.
                guard !hasImage || lastKept == "IDAT" else { throw .cutOff(.png) }
                hasImage = true
            case "IEND": guard hasImage, length == 0 else { throw .cutOff(.png) }
            default: guard !hasImage, lastKept != name, length > 0, length <= 768 else { throw .cutOff(.png) }
            }
            frame?.bytes += bytes[place..<end]
            (place, lastKept) = (end, name)
            if name == "IEND" { break }
        }
        guard place == bytes.count else { throw .trailing(.png) }
        guard let frame else { throw .cutOff(.png) }
        return frame
    }

    private static func head(_ bytes: [UInt8], at place: Int, length: Int) throws(Picture.Refusal) -> PictureFrame {
        guard length == 13, let width = bytes.bigEndian(at: place, bytes: 4), let height = bytes.bigEndian(at: place + 4, bytes: 4),
            depths[bytes[place + 9]]?.contains(bytes[place + 8]) ?? false, bytes[place + 10] == 0, bytes[place + 11] == 0,
            bytes[place + 12] <= 1
        else { throw .cutOff(.png) }
        return PictureFrame(width: width, height: height, bytes: signature)
    }
}
