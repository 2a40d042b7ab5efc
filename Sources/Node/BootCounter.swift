/// Counts the starts of this node on this disk: the session of its availability records.
enum BootCounter {
    static func next(_ folder: String) throws -> UInt64 {
        let path = folder + "/boots"
        let text = try SmallFile.read(path)?.split(separator: "\n").first
        guard let last = text.map({ UInt64($0) }) ?? 0, last < .max else {
            throw CallslipNode.StartFailure("\(path): expected a number, found `\(text ?? "")`; write the last one, or delete the file")
        }
        try SmallFile.replace(path, with: "\(last + 1)\n")
        return last + 1
    }
}
