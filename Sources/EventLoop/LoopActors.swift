/// The actor of the cluster plane: gossip, peer links, raft, timers, state machines. Its executor is the loop "cluster".
///
/// Nothing that runs here may block.
@globalActor
public actor ClusterActor {
    public static let shared = ClusterActor()
    /// The loop, started on first use.
    public static let loop: Loop = started("cluster")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { Self.loop.asUnownedSerialExecutor() }

    /// Runs `body` now as the actor, from a plain function that is called on the loop. Traps on any other thread.
    public static func assumeIsolated<T: Sendable>(_ body: @ClusterActor () throws -> T) rethrows -> T {
        loop.preconditionOnLoop()
        return try withoutActuallyEscaping(body) { body in
            // Only the isolation is taken off the type: the line above has proved that this thread is the actor's executor.
            try unsafeBitCast(body, to: (() throws -> T).self)()
        }
    }
}

/// The actor of the web plane: HTTP, WebSocket, TLS for the public. Its executor is the loop "web".
@globalActor
public actor WebActor {
    public static let shared = WebActor()
    /// The loop, started on first use.
    public static let loop: Loop = started("web")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { Self.loop.asUnownedSerialExecutor() }

    /// Runs `body` now as the actor, from a plain function that is called on the loop. Traps on any other thread.
    public static func assumeIsolated<T: Sendable>(_ body: @WebActor () throws -> T) rethrows -> T {
        loop.preconditionOnLoop()
        return try withoutActuallyEscaping(body) { body in
            // Only the isolation is taken off the type: the line above has proved that this thread is the actor's executor.
            try unsafeBitCast(body, to: (() throws -> T).self)()
        }
    }
}

/// A job for an actor whose loop does not run would wait for ever, so the actors' loops run from the beginning.
private func started(_ name: String) -> Loop {
    let loop = Loop(name: name)
    loop.start()
    return loop
}
