// EventLoop: libuv 1.44 in Swift.
//
// What it is: a loop on a thread of its own that is also the executor of a global actor, and the handles that live on it:
// timers, TCP, UDP, signals, plus two ways to leave it for blocking work (`Loop.work`, `Worker`).
//
// What it promises:
//   1. Every callback is called on the loop's thread, synchronously from libuv, with no hop; inside a method of the loop's actor
//      a callback may touch the actor's state directly. No callback is ever called from inside the method that caused it
//      (write, close, connect): it comes later in the same turn, or in a later one.
//   2. Memory that libuv uses is on the heap, never moves, and is freed in the close callback. A handle keeps itself alive until closed.
//   3. Small writes of one turn become one system call: they are collected and handed to the kernel just before the loop sleeps.
//   4. After `Loop.shutdown()` no handle and no descriptor of the loop is left.
//   5. Everything that can queue has a limit in `Limits.swift` and an answer at the limit.
//
// What it never does: pass a C pointer out, block the loop, start a thread per connection, resolve names on the loop.
//
// What its caller owes it:
//   1. Create and use a handle only on its loop (checked in debug builds; handles are not Sendable, so the compiler helps).
//   2. Close every handle, or shut the loop down; a handle that is merely forgotten stays open.
//   3. Never block in a callback or in a job on the loop.
//   4. Copy what a read callback shows before it returns: the buffer is the loop's and is used again.
//   5. Do not call `shutdown()` from code isolated to the same loop: nobody is left to resume it.

import Glibc

/// Makes a write to a closed socket an error (`EPIPE`) and not the death of the process. Called by `Loop.init`; idempotent.
public func ignoreSIGPIPE() {
    _ = signal(SIGPIPE, SIG_IGN)
}
