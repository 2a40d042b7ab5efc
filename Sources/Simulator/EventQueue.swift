/// What happens in a simulated cluster, by virtual time; of equal times, first planned, first done. A binary heap.
struct EventQueue {
    struct Event {
        let atMs: UInt64
        let order: UInt64
        let kind: Trace.Kind
        /// The machine or person that it happens to, for the trace.
        let who: Int
        let body: () -> Void

        func comesBefore(_ other: Event) -> Bool { (atMs, order) < (other.atMs, other.order) }
    }

    private var heap: [Event] = []
    private var lastOrder: UInt64 = 0

    var count: Int { heap.count }
    var nextMs: UInt64? { heap.first?.atMs }

    mutating func add(atMs: UInt64, _ kind: Trace.Kind, _ who: Int, _ body: @escaping () -> Void) {
        lastOrder += 1
        heap.append(Event(atMs: atMs, order: lastOrder, kind: kind, who: who, body: body))
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard heap[place].comesBefore(heap[parent]) else { return }
            heap.swapAt(place, parent)
            place = parent
        }
    }

    /// The next event that is due by then.
    mutating func take(byMs: UInt64) -> Event? {
        guard let first = heap.first, first.atMs <= byMs else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].comesBefore(heap[least]) { least = child }
            if least == place { return first }
            heap.swapAt(place, least)
            place = least
        }
    }

    mutating func removeAll() { heap = [] }
}
