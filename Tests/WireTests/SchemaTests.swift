import FoundationEssentials
import Testing

/// `Message.bytes` takes for granted that serializing cannot fail: that is so for proto3 without `Any`.
@Suite struct SchemaTests {
    private static let folder =
        String(#filePath.prefix(upTo: #filePath.range(of: "Tests/WireTests")?.lowerBound ?? #filePath.endIndex)) + "Sources/Wire/Protos"

    @Test func nothingInTheSchemaCanFailToBeSerialized() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".proto") }
        #expect(files.count >= 4)
        for file in files {
            let text = try String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8)
            #expect(text.contains("syntax = \"proto3\";"), "\(file)")
            #expect(!text.contains("google.protobuf.Any") && !text.contains("extensions "), "\(file)")
        }
    }
}
