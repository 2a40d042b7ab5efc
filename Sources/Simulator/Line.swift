import ClientProtocol
import Consortium
import Gateway

/// A client's connection to a node: a WebSocket in the service. In order in both directions while both ends live.
final class Line {
    private unowned(unsafe) let cluster: Cluster
    private unowned let client: Client
    private let machine: Machine
    private let life: Int
    private var id: ClientID?
    private var isOpenAtNode = true
    private var lastToNodeMs: UInt64 = 0
    private var lastToClientMs: UInt64 = 0
    private var stalled: [ServerMessage] = []
    /// What the client sent while its device was offline: it goes out when that is back, if the connection still lives.
    private var unsent: [ClientMessage] = []
    private var heardMs: UInt64
    private var messages = 0

    /// As the service pings browsers, and gives up those that are silent.
    private static let pingMs: UInt64 = 20_000
    private static let silentMs: UInt64 = 45_000

    /// The process must be running; call within `Machine.receive`.
    init?(_ client: Client, to machine: Machine) {
        guard let library = machine.library else { return nil }
        self.client = client
        cluster = client.cluster
        self.machine = machine
        life = machine.life
        heardMs = machine.cluster.nowMs
        id = library.connect(self)
        planPing()
    }

    func send(_ message: ClientMessage) {
        guard client.isOnline else { return unsent.append(message) }
        let message = throughItsText(message)
        let atMs = max(cluster.nowMs + client.delay(), lastToNodeMs)
        lastToNodeMs = atMs
        cluster.after(atMs - cluster.nowMs, .line, machine.index) { [self] in
            machine.receive(life: life) { [self] in
                guard isOpenAtNode, let id else { return }
                heardMs = cluster.nowMs
                client.reachedMs = cluster.nowMs
                machine.library?.receive(message, from: id)
            }
        }
    }

    func sendToClient(_ message: ServerMessage) {
        guard isOpenAtNode else { return }
        let message = throughItsText(message)
        let atMs = max(cluster.nowMs + client.delay(), lastToClientMs)
        lastToClientMs = atMs
        cluster.after(atMs - cluster.nowMs, .line, client.index) { [self] in deliver(message) }
    }

    private func deliver(_ message: ServerMessage) {
        guard client.line === self else { return }
        guard client.isOnline, stalled.isEmpty else { return stalled.append(message) }
        client.received(message)
    }

    /// The node says goodbye and closes.
    func endFromNode(_ bye: ServerMessage) {
        sendToClient(bye)
        isOpenAtNode = false
        closeAtClient(afterMs: max(lastToClientMs, cluster.nowMs) - cluster.nowMs + 1)
    }

    func nodeIsGone(isQuiet: Bool) {
        isOpenAtNode = false
        // Of a machine without power a browser hears nothing; it notices when it waits for an answer in vain.
        closeAtClient(afterMs: client.delay() + (isQuiet ? 10_000 : 0))
    }

    private func closeAtClient(afterMs: UInt64) {
        cluster.after(afterMs, .line, client.index) { [self] in
            if client.line === self, client.isOnline { client.lost(self) }
        }
    }

    /// The client closes, or its device does.
    func close() {
        cluster.after(client.delay(), .line, machine.index) { [self] in
            machine.receive(life: life) { [self] in endAtNode() }
        }
    }

    private func endAtNode() {
        guard isOpenAtNode, let id else { return }
        isOpenAtNode = false
        machine.library?.disconnected(id)
    }

    /// The device is online again: what waited comes, or the end does.
    func onOnline() {
        let messages = stalled
        stalled = []
        for message in messages where client.line === self { client.received(message) }
        let own = unsent
        unsent = []
        for message in own where client.line === self { send(message) }
        if !isOpenAtNode { closeAtClient(afterMs: client.delay()) }
    }

    private func planPing() {
        cluster.after(Self.pingMs, .watch, machine.index) { [self] in
            guard isOpenAtNode, machine.isUp, machine.life == life else { return }
            machine.receive(life: life) { [self] in
                if client.line === self, client.isOnline {
                    heardMs = cluster.nowMs
                    if let id { machine.library?.pong(id) }
                } else if cluster.nowMs - heardMs >= Self.silentMs {
                    endAtNode()
                }
            }
            planPing()
        }
    }

    // MARK: Some messages go through their text, so that what JSON cannot carry shows.

    private func throughItsText(_ message: ClientMessage) -> ClientMessage {
        messages += 1
        guard messages % 16 == 0 else { return message }
        do throws(ProtocolError) {
            return try ClientMessage(json: message.json())
        } catch {
            cluster.fail("a client's message does not survive its text (\(error.sentence)): \(message)")
            return message
        }
    }

    private func throughItsText(_ message: ServerMessage) -> ServerMessage {
        messages += 1
        guard messages % 16 == 0 else { return message }
        do throws(ProtocolError) {
            return try ServerMessage(json: message.json())
        } catch {
            cluster.fail("a node's message does not survive its text (\(error.sentence)): \(message)")
            return message
        }
    }
}
