/// Somebody who does not chat: changes what steers the service, plans, brings in, decides. What they were answered must hold, whatever happens meanwhile.
protocol Staffer: AnyObject {
    /// Begins, some time from now.
    func arrive()
    /// Another cluster was begun from a backup: what was answered at these entries is not promised any more.
    func beginAnew(lost: ClosedRange<UInt64>)
    /// When everything has come to rest: what they were answered against what is there.
    func judge()
}

extension Staffer {
    func beginAnew(lost: ClosedRange<UInt64>) {}
    func judge() {}
}
