import CZlib

enum Gzip {
    /// The bytes as one gzip member, at the best level; nil where zlib refuses (no memory) or where that is not smaller.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 31: the largest window, in gzip's format.
        let status = deflateInit2_(
            &stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var input = bytes
        let count = input.count
        let compressed = [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(count)))) { output, written in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                written = deflate(&stream, Z_FINISH) == Z_STREAM_END ? output.count - Int(stream.avail_out) : 0
            }
        }
        return compressed.isEmpty || compressed.count >= count ? nil : compressed
    }
}
