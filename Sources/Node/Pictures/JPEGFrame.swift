/// The frame of a JPEG picture (ITU-T T.81, annex B): marker segments and scans. Segments of applications (EXIF, profiles, thumbnails) and comments are left out; without them three
/// components are luminance and colour differences, as every browser writes them.

enum JPEGFrame {
    static func read(_ bytes: [UInt8]) throws(Picture.Refusal) -> PictureFrame {
        var size: (width: Int, height: Int)?
        var kept: [UInt8] = [0xFF, 0xD8]
        var (place, hasScan) = (2, false)
        while true {
            guard place + 1 < bytes.count, bytes[place] == 0xFF else { throw .cutOff(.jpeg) }
            let marker = bytes[place + 1]
            if marker == 0xD9 {
                kept += [0xFF, 0xD9]
                place += 2
                break
            }
            guard let length = bytes.bigEndian(at: place + 2, bytes: 2), length >= 2, length <= bytes.count - place - 2 else {
                throw .cutOff(.jpeg)
            }
            var end = place + 2 + length
            switch marker {
            // Applications' own, and comments.
            case 0xE0...0xEF, 0xFE:
                place = end
                continue
            // Tables, and the distance of restarts.
            case 0xC4, 0xDB, 0xDD: break
            // Baseline, extended, progressive.
            case 0xC0, 0xC1, 0xC2:
                guard size == nil else { throw .cutOff(.jpeg) }
                size = try head(bytes, at: place + 4, length: length - 2)
            case 0xDA:
                guard size != nil else { throw .cutOff(.jpeg) }
                hasScan = true
                end = scanEnd(bytes, from: end)
            default: throw Picture.Refusal(description: "This JPEG picture is of a kind that browsers do not show.")
            }
            kept += bytes[place..<end]
            place = end
        }
        guard let size, hasScan else { throw .cutOff(.jpeg) }
        guard place == bytes.count else { throw .trailing(.jpeg) }
        return PictureFrame(width: size.width, height: size.height, bytes: kept)
    }

    /// Samples' precision, height, width, and three bytes for each component.
    private static func head(_ bytes: [UInt8], at place: Int, length: Int) throws(Picture.Refusal) -> (width: Int, height: Int) {
        guard length >= 6, let height = bytes.bigEndian(at: place + 1, bytes: 2), let width = bytes.bigEndian(at: place + 3, bytes: 2),
            bytes[place] == 8, [1, 3].contains(bytes[place + 5]), length == 6 + 3 * Int(bytes[place + 5])
        else { throw .cutOff(.jpeg) }
        return (width, height)
    }

    /// Where the coded samples that begin there end: at a marker that is neither a stuffed byte nor a restart.
    private static func scanEnd(_ bytes: [UInt8], from start: Int) -> Int {
        var place = start
        while place + 1 < bytes.count {
            if bytes[place] == 0xFF, bytes[place + 1] != 0, !(0xD0...0xD7).contains(bytes[place + 1]) { return place }
            place += 1
        }
        return bytes.count
    }
}
