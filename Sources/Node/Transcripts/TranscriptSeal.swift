/// What a library's node gives the coordinators of a transcript that it has: the words, sealed for itself alone. They keep it for the time in which
/// the node may come back from an older backup, and can read none of it.
///
/// The keys lie in `transcript-keys` of the data folder: one in hexadecimal a line, the first of which seals. The file is made at the first start, never
/// changes by itself, and belongs into the backup of the folder: a node that comes back without it is not given back what came
/// after its backup and before its loss.

import Consortium
import Sodium
import Wire

struct TranscriptSeal: Sendable {
    private let ring: Keyring

    /// Reads the keys, or makes one. Blocks on the disk.
    init(folder: String) throws {
        // The same whatever the cluster is called: a restored one has another name.
        ring = try KeyringFile.read(folder + "/transcript-keys", cluster: Array("callslip transcripts".utf8))
    }

    /// Nothing where it is longer than a command may be: then the coordinators keep it as it is.
    func seal(_ transcript: Transcript) throws -> [UInt8] {
        let bytes = transcript.wireBytes()
        guard bytes.count + Keyring.overheadBytes <= Limits.sealedBytesMax else { return [] }
        return try ring.seal(bytes, context: Self.context(transcript))
    }

    /// The transcript whole; one that is not sealed is as it was.
    func open(_ transcript: Transcript) throws -> Transcript {
        guard let sealed = transcript.sealed else { return transcript }
        var whole = try Transcript(wire: try ring.open(sealed.bytes, context: Self.context(transcript)))
        // Where it stands in the outbox, the coordinators know.
        whole.number = transcript.number
        return whole
    }

    /// Words of one chat are not taken for those of another.
    private static func context(_ transcript: Transcript) -> [UInt8] {
        Array("\(transcript.chat.text) \(transcript.openedMs) \(transcript.library)".utf8)
    }
}
