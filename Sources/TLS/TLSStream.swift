import EventLoop

/// TLS over a stream of bytes. What is written before the handshake is over waits for it; nothing is read before.
///
/// The crypto runs on the loop, in the call that brings the bytes: about a millisecond for a handshake, 1 µs or so for a record.
public final class TLSStream: ByteStream {
    public var onRead: ((UnsafeRawBufferPointer) -> Void)? { didSet { updateReading() } }
    public var onEnd: ((StreamEnd) -> Void)?
    public var onDrain: (() -> Void)?
    /// Called once, when the handshake is over, before anything is read; `peer` is known then.
    public var onOpen: (() -> Void)?
    public var writeBytesMax = Limits.writeBytesMax { didSet { limitInner() } }
    /// Why the link failed, when it was not the network.
    public private(set) var failure: TLSError?

    private let inner: any ByteStream
    let loop: Loop
    private let engine: TLSEngine
    private let deadline: Timer
    /// To be encrypted.
    private var pending: [UInt8] = []
    /// Came while the owner did not want to read, not yet decrypted; more of it may lie in the engine.
    private var held: [UInt8] = []
    private var isStalled = false
    private var isPaused = false
    private var isFlushDue = false
    private var isBackedUp = false
    private var owesDrain = false
    private var isShutdownWanted = false
    private var isClosed = false
    private var hasEnded = false

    /// How long a stream that failed goes on taking, unread, what the peer sends, in milliseconds: closed at once, it would take the alert back that tells the peer why.
    private static let lingerMs: UInt64 = 500

    /// Takes the stream over: its callbacks, and its end.
    public convenience init(
        over inner: any ByteStream, on loop: Loop, _ context: TLSContext, _ role: TLSEngine.Role,
        handshakeMsMax: UInt64 = TLSLimits.handshakeMsMax
    ) throws(TLSError) {
        try self.init(over: inner, on: loop, try TLSEngine(context, role), handshakeMsMax: handshakeMsMax)
    }

    init(over inner: any ByteStream, on loop: Loop, _ engine: TLSEngine, handshakeMsMax: UInt64 = TLSLimits.handshakeMsMax) throws(TLSError)
    {
        self.engine = engine
        self.inner = inner
        self.loop = loop
        deadline = Timer(on: loop)
        limitInner()
        deadline.start(afterMs: handshakeMsMax) { self.fail(.handshakeTooSlow(msMax: handshakeMsMax)) }
        inner.onEnd = { self.innerEnded($0) }
        inner.onDrain = { self.innerDrained() }
        inner.onRead = { self.received($0) }
        push()
    }

    /// Whom the peer's certificate names; nil before the handshake is over.
    public var peer: CertificateFacts? { engine.peer }

    // MARK: Reading

    private var wantsMore: Bool { !engine.isOpen || (onRead != nil && !isPaused) }

    /// Gives the stream bytes that its maker has read from the inner one to see what they are. Call it in the callback that brought them.
    public func received(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil, !isClosed else { return }
        guard !isStalled else {
            held.append(contentsOf: bytes)
            return
        }
        decrypt(bytes)
    }

    private func decrypt(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        withUnsafeTemporaryAllocation(byteCount: TLSLimits.plaintextBytesMax, alignment: 16) { buffer in
            do throws(TLSError) {
                while true {
                    try open()
                    while !isClosed, wantsMore {
                        let count = try engine.read(into: buffer)
                        guard count > 0 else { break }
                        onRead?(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    }
                    guard !isClosed, !engine.isPeerDone else { break }
                    guard wantsMore else {
                        held = Array(rest)
                        isStalled = true
                        break
                    }
                    guard !rest.isEmpty else { break }
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(try engine.feed(rest)))
                }
                push()
                if engine.isPeerDone, !isClosed { end(.eof) }
            } catch {
                fail(error)
            }
        }
    }

    private func open() throws(TLSError) {
        guard !engine.isOpen else { return }
        try engine.shakeHands()
        push()
        guard engine.isOpen else { return }
        deadline.stop()
        flush()
        updateReading()
        let callback = onOpen
        onOpen = nil
        callback?()
        settleLater()
    }

    public func pauseReading() {
        isPaused = true
        updateReading()
    }

    public func resumeReading() {
        isPaused = false
        updateReading()
    }

    private func updateReading() {
        guard !isClosed, failure == nil else { return }
        guard wantsMore else { return inner.pauseReading() }
        inner.resumeReading()
        guard isStalled else { return }
        loop.deferToIterationEnd { self.goOn() }
    }

    private func goOn() {
        guard isStalled, wantsMore, !isClosed, failure == nil else { return }
        isStalled = false
        let bytes = held
        held = []
        bytes.withUnsafeBytes { decrypt($0) }
    }

    // MARK: Writing

    public var queuedBytes: Int { pending.count + inner.queuedBytes }

    /// The limit is kept here, in plaintext; encrypted it is longer by 22 bytes for each record.
    private func limitInner() { inner.writeBytesMax = writeBytesMax + writeBytesMax / 64 + TLSLimits.handshakeBytesMax }

    @discardableResult
    public func write(_ bytes: [UInt8]) -> WriteResult {
        accept(bytes.count) { pending.append(contentsOf: bytes) }
    }

    @discardableResult
    public func write(contentsOf pieces: [[UInt8]]) -> WriteResult {
        accept(pieces.reduce(0) { $0 + $1.count }) {
            for piece in pieces { pending.append(contentsOf: piece) }
        }
    }

    private func accept(_ count: Int, append: () -> Void) -> WriteResult {
        guard !isClosed, !isShutdownWanted, failure == nil else { return .closed }
        if queuedBytes + count > writeBytesMax { flush() }
        guard queuedBytes + count <= writeBytesMax else {
            owesDrain = true
            flushLater()
            return .overflow
        }
        append()
        flushLater()
        if pending.count >= TLSLimits.flushBytesMin { flush() }
        guard !engine.isOpen || isBackedUp else { return .written }
        owesDrain = true
        return .queued
    }

    private func flushLater() {
        guard !isFlushDue else { return }
        isFlushDue = true
        loop.deferToIterationEnd { [self] in
            isFlushDue = false
            flush()
            settleLater()
        }
    }

    /// Encrypts what waits. Calls nobody back.
    private func flush() {
        guard engine.isOpen, !isClosed, failure == nil else { return }
        if !pending.isEmpty {
            do throws(TLSError) {
                try engine.send(pending)
            } catch {
                failLater(error)
            }
            pending.removeAll(keepingCapacity: pending.capacity <= 2 * TLSLimits.flushBytesMin)
        }
        if isShutdownWanted {
            engine.sayDone()
            push()
            inner.shutdownWrite()
        } else {
            push()
        }
    }

    /// Hands the engine's bytes to the inner stream.
    private func push() {
        let bytes = engine.takeOutgoing()
        guard !bytes.isEmpty else { return }
        switch inner.write(bytes) {
        case .written, .closed: break
        case .queued: isBackedUp = true
        // What the peer asks for (new keys, again and again) and does not take.
        case .overflow: failLater(.library("the peer does not read"))
        }
    }

    private func innerDrained() {
        isBackedUp = false
        settle()
    }

    /// After the inner stream's own flush, which follows what is deferred.
    private func settleLater() {
        if owesDrain { loop.deferToIterationEnd { self.settle() } }
    }

    private func settle() {
        guard owesDrain, engine.isOpen, !isBackedUp, pending.isEmpty, !isClosed, failure == nil else { return }
        guard inner.queuedBytes == 0 else {
            // Nothing more is to be sent, but whoever writes is told when the rest is in the kernel.
            if inner.write([]) == .queued { isBackedUp = true } else { settleLater() }
            return
        }
        owesDrain = false
        onDrain?()
    }

    public func shutdownWrite() {
        guard !isShutdownWanted else { return }
        isShutdownWanted = true
        flushLater()
    }

    // MARK: Ending

    public func close() {
        guard !isClosed else { return }
        // One that failed is on its way out by itself.
        guard failure == nil else { return }
        flush()
        engine.sayDone()
        push()
        isClosed = true
        deadline.close()
        inner.close()
    }

    private func innerEnded(_ end: StreamEnd) {
        guard failure == nil else { return shut() }
        guard case .eof = end, !isClosed else {
            isClosed = true
            deadline.close()
            return self.end(end)
        }
        do throws(TLSError) {
            try engine.receiveEnd()
            self.end(.eof)
        } catch {
            fail(error)
        }
    }

    private func failLater(_ error: TLSError) { loop.deferToIterationEnd { self.fail(error) } }

    private func fail(_ error: TLSError) {
        guard failure == nil, !isClosed else { return }
        failure = error
        pending = []
        held = []
        push()
        inner.onRead = { _ in }
        inner.resumeReading()
        inner.shutdownWrite()
        deadline.start(afterMs: Self.lingerMs) { self.shut() }
        end(.insecure(error.description))
    }

    private func shut() {
        deadline.close()
        inner.close()
    }

    private func end(_ end: StreamEnd) {
        guard !hasEnded else { return }
        hasEnded = true
        let callback = onEnd
        onEnd = nil
        callback?(end)
        if isClosed || failure != nil {
            onRead = nil
            onDrain = nil
            onOpen = nil
        }
    }

    // MARK: Facts and options

    public var remoteAddress: SocketAddress? { inner.remoteAddress }
    public func setNoDelay(_ isOn: Bool) { inner.setNoDelay(isOn) }
    public func setKeepAlive(delaySeconds: UInt32?) { inner.setKeepAlive(delaySeconds: delaySeconds) }
}
