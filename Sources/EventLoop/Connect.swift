import CUV

/// A connection that is being made. Keeps itself alive until its completion is called.
public final class ConnectAttempt {
    private let loop: Loop
    private let target: String
    private let local: SocketAddress?
    private var addresses: [SocketAddress] = []
    private var stream: TCPStream?
    private let timer: Timer
    private var completion: ((Result<TCPStream, LoopError>) -> Void)?

    fileprivate init(
        on loop: Loop, host: String, port: UInt16, timeoutMs: UInt64, local: SocketAddress?,
        completion: @escaping (Result<TCPStream, LoopError>) -> Void
    ) {
        self.loop = loop
        self.local = local
        self.completion = completion
        target = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        timer = Timer(on: loop)
        timer.start(afterMs: timeoutMs) { self.fail(.timedOut) }
        // A shutdown closes the timer, and with it the attempt.
        timer.onClose = { self.fail(.cancelled) }
        loop.resolve(host: host, port: port) { result in
            switch result {
            case .success(let addresses):
                self.addresses = addresses.reversed()
                self.tryNext(after: LoopError(.nameUnknown, "connect to \(self.target)"))
            case .failure(let error): self.finish(.failure(error))
            }
        }
    }

    /// Gives up; the completion gets `.cancelled`, unless it has been called.
    public func cancel() {
        loop.assertOnLoop()
        loop.deferToIterationEnd { self.fail(.cancelled) }
    }

    private func fail(_ code: LoopError.Code) {
        finish(.failure(LoopError(code, "connect to \(target)")))
    }

    private func tryNext(after error: LoopError) {
        guard completion != nil else { return }
        guard let address = addresses.popLast() else { return finish(.failure(error)) }
        let stream = TCPStream(on: loop)
        self.stream = stream
        let status = stream.connect(to: address, from: local) { status in
            // After a time-out or a cancel this stream is no longer the attempt's.
            guard self.stream === stream else { return }
            self.connected(stream, address, status)
        }
        if status != 0 { connected(stream, address, status) }
    }

    private func connected(_ stream: TCPStream, _ address: SocketAddress, _ status: Int32) {
        guard status == 0 else {
            self.stream = nil
            stream.close()
            return tryNext(after: LoopError(status, "connect to \(address)"))
        }
        self.stream = nil
        finish(.success(stream))
    }

    private func finish(_ result: Result<TCPStream, LoopError>) {
        guard let completion else { return }
        self.completion = nil
        timer.onClose = nil
        timer.close()
        stream?.close()
        stream = nil
        completion(result)
    }
}

extension TCPStream {
    /// Connects to a numeric host or a name (looked up on the thread pool; its addresses are tried in order), within `timeoutMs` in all.
    /// `completion` is called exactly once, on the loop, never from inside this call. `bindAddress` chooses the local address.
    @discardableResult
    public static func connect(
        on loop: Loop, host: String, port: UInt16, timeoutMs: UInt64, bindAddress: SocketAddress? = nil,
        completion: @escaping (Result<TCPStream, LoopError>) -> Void
    ) -> ConnectAttempt {
        ConnectAttempt(on: loop, host: host, port: port, timeoutMs: timeoutMs, local: bindAddress, completion: completion)
    }
}
