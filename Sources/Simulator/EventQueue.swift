/// What happens in a simulated cluster, by virtual time; of equal times, first planned, first done. A binary heap of times and places: what
/// is to be done lies still in its place, as moving closures about costs more than all else here.
struct EventQueue {
    struct Event {
        let atMs: UInt64
        let kind: Trace.Kind
        /// The machine or person that it happens to, for the trace.
        let who: Int
        let body: () -> Void
    }

    private struct Turn {
        let atMs: UInt64
        let order: UInt64
        let place: Int

        func comesBefore(_ other: Turn) -> Bool { atMs == other.atMs ? order < other.order : atMs < other.atMs }
    }

    private var heap: [Turn] = []
    private var events: [Event?] = []
    private var freePlaces: [Int] = []
    private var lastOrder: UInt64 = 0

    mutating func add(atMs: UInt64, _ kind: Trace.Kind, _ who: Int, _ body: @escaping () -> Void) {
        lastOrder += 1
        let event = Event(atMs: atMs, kind: kind, who: who, body: body)
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
            events[place] = event
        } else {
            place = events.count
            events.append(event)
        }
        rise(Turn(atMs: atMs, order: lastOrder, place: place))
    }

    /// The next event that is due by then.
    mutating func take(byMs: UInt64) -> Event? {
        guard let first = heap.first, first.atMs <= byMs else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty { sink(last) }
        defer { freePlaces.append(first.place) }
        return events[first.place].take()
    }

    mutating func removeAll() { (heap, events, freePlaces) = ([], [], []) }

    /// Puts a turn in at the end, and moves the later ones above it down.
    private mutating func rise(_ turn: Turn) {
        heap.append(turn)
        var hole = heap.count - 1
        while hole > 0 {
            let parent = (hole - 1) / 2
            guard turn.comesBefore(heap[parent]) else { break }
            heap[hole] = heap[parent]
            hole = parent
        }
        heap[hole] = turn
    }

    /// Puts a turn in at the top, and moves the earlier ones below it up.
    private mutating func sink(_ turn: Turn) {
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].comesBefore(heap[child]) { child += 1 }
            guard heap[child].comesBefore(turn) else { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = turn
    }
}
