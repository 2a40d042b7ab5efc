import CUV

/// Bytes that wait to be sent, in order. Small pieces are copied together; large ones are kept as they came.
struct WriteQueue {
    private var chunks: [[UInt8]] = []
    /// Chunks before this one are sent.
    private var head = 0
    /// Bytes of the head chunk that are sent.
    private var headOffset = 0
    /// The last chunk is our collecting buffer and may grow.
    private var isTailOpen = false
    /// Bytes that wait.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8], core: LoopCore) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        guard bytes.count < Limits.coalesceBytesMax else {
            chunks.append(bytes)
            isTailOpen = false
            return
        }
        if !isTailOpen || chunks[chunks.count - 1].count >= Limits.flushBytesMin {
            chunks.append(core.takeBuffer())
            isTailOpen = true
        }
        chunks[chunks.count - 1].append(contentsOf: bytes)
    }

    /// Removes what the kernel took.
    mutating func consume(_ sent: Int, core: LoopCore) {
        precondition(sent <= count, "expected at most \(count) bytes sent, came \(sent)")
        count -= sent
        var rest = sent
        while rest > 0 {
            let available = chunks[head].count - headOffset
            guard rest >= available else {
                headOffset += rest
                return
            }
            rest -= available
            let isOurs = isTailOpen && head == chunks.count - 1
            let finished = chunks[head]
            chunks[head] = []
            if isOurs {
                isTailOpen = false
                core.giveBuffer(finished)
            }
            head += 1
            headOffset = 0
        }
        if head == chunks.count {
            chunks.removeAll(keepingCapacity: chunks.capacity <= Limits.vectorsMax)
            head = 0
        } else if head >= Limits.vectorsMax && head * 2 >= chunks.count {
            chunks.removeFirst(head)
            head = 0
        }
    }

    /// Calls `body` with the first pieces and their total length.
    func withVectors(_ vectors: UnsafeMutablePointer<uv_buf_t>, _ body: (UInt32, Int) -> Int32) -> Int32 {
        fill(vectors, from: 0, bytes: 0, body)
    }

    /// One level for each piece: the pointers are valid inside all the nested calls.
    private func fill(_ vectors: UnsafeMutablePointer<uv_buf_t>, from index: Int, bytes: Int, _ body: (UInt32, Int) -> Int32) -> Int32 {
        guard index < Limits.vectorsMax, head + index < chunks.count else { return body(UInt32(index), bytes) }
        return chunks[head + index].withUnsafeBytes { all in
            let piece = UnsafeRawBufferPointer(rebasing: all[(index == 0 ? headOffset : 0)...])
            // libuv takes a mutable pointer for both directions; a write only reads it.
            vectors[index] = uv_buf_init(
                UnsafeMutableRawPointer(mutating: piece.baseAddress)?.assumingMemoryBound(to: CChar.self), UInt32(piece.count))
            return fill(vectors, from: index + 1, bytes: bytes + piece.count, body)
        }
    }

    /// Moves up to `bytesMax` from the front into memory that stays where it is. The caller frees it.
    mutating func takeCopy(bytesMax: Int, core: LoopCore) -> UnsafeMutableRawBufferPointer {
        let length = min(bytesMax, count)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
        var filled = 0
        var index = head
        var offset = headOffset
        while filled < length {
            chunks[index].withUnsafeBytes { all in
                let piece = all[offset..<min(all.count, offset + length - filled)]
                UnsafeMutableRawBufferPointer(rebasing: copy[filled...]).copyBytes(from: piece)
                filled += piece.count
            }
            index += 1
            offset = 0
        }
        consume(length, core: core)
        return copy
    }

    func checkInvariants() {
        let total = chunks[head...].reduce(0) { $0 + $1.count } - headOffset
        precondition(total == count, "expected \(count) bytes in the queue, found \(total)")
        precondition(head < chunks.count || chunks.isEmpty, "expected an empty queue to be reset")
    }
}
