import Testing

@testable import EventLoop

extension EventLoopTests {
    @Suite(.timeLimit(.minutes(2))) struct UDPTests {
        @Test(arguments: ["127.0.0.1", "::1"]) func aDatagramComesBackToItsSender(host: String) async throws {
            try await withLoop { loop in
                let result = try await loop.wait { (done: @escaping ((bytes: [UInt8], fromServer: Bool)) -> Void) in
                    let server = UDPSocket(on: loop)
                    try server.bind(host: host, port: 0)
                    server.onDatagram = { bytes, sender in server.send(Array(bytes.reversed()), to: sender) }
                    let client = UDPSocket(on: loop)
                    try client.bind(host: host, port: 0)
                    let target = try #require(server.localAddress)
                    client.onDatagram = { bytes, sender in done((Array(bytes), sender == target)) }
                    #expect(client.send([1, 2, 3], to: target) == .sent)
                }
                #expect(result.bytes == [3, 2, 1])
                #expect(result.fromServer)
            }
        }

        @Test func emptyAndLargestDatagramsArrive() async throws {
            try await withLoop { loop in
                let sizes = try await loop.wait { (done: @escaping ([Int]) -> Void) in
                    let sizes = Box<[Int]>([])
                    let socket = UDPSocket(on: loop)
                    try socket.bind(host: "127.0.0.1", port: 0)
                    let own = try #require(socket.localAddress)
                    socket.onDatagram = { bytes, _ in
                        sizes.value.append(bytes.count)
                        if sizes.value.count == 2 { done(sizes.value) }
                    }
                    #expect(socket.send([], to: own) == .sent)
                    #expect(socket.send(pattern(Limits.udpPayloadBytesMax), to: own) == .sent)
                }
                #expect(sizes == [0, Limits.udpPayloadBytesMax])
            }
        }

        @Test func tooLongADatagramAndAClosedSocketAreRefused() async throws {
            try await withLoop { loop in
                let codes = try await loop.run { () -> [LoopError.Code] in
                    let socket = UDPSocket(on: loop)
                    try socket.bind(host: "127.0.0.1", port: 0)
                    let own = try #require(socket.localAddress)
                    let long = socket.send(pattern(Limits.udpPayloadBytesMax + 1), to: own)
                    socket.close()
                    let closed = socket.send([1], to: own)
                    return [long, closed].compactMap { if case .failed(let error) = $0 { error.code } else { nil } }
                }
                #expect(codes == [.messageTooLong, .badDescriptor])
            }
        }

        @Test func aTakenPortIsAnError() async throws {
            try await withLoop { loop in
                let code = try await loop.run { () -> LoopError.Code? in
                    let first = UDPSocket(on: loop)
                    try first.bind(host: "127.0.0.1", port: 0)
                    let second = UDPSocket(on: loop)
                    do throws(LoopError) {
                        try second.bind(try SocketAddress(host: "127.0.0.1", port: first.localAddress?.port ?? 0))
                        return nil
                    } catch { return error.code }
                }
                #expect(code == .addressInUse)
            }
        }
    }
}

extension EventLoopTests {
    @Suite struct SocketAddressTests {
        @Test(arguments: ["127.0.0.1:80", "[::1]:443", "[2001:db8::1]:65535", "0.0.0.0:0", "[fe80::1%2]:7000"])
        func whatIsParsedPrintsTheSame(text: String) throws {
            let address = try #require(SocketAddress(text))
            #expect(address.description == text)
            #expect(try SocketAddress(host: address.host, port: address.port) == address)
            // Through the kernel's form and back.
            #expect(address.withSockaddr { SocketAddress($0) } == address)
        }

        @Test(arguments: [
            "", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1", "::1:80", "[::1]", "[1.2.3.4]:80", "localhost:80",
            "1.2.3:80", "[::1:80", "[fe80::1%eth0]:1", "1.2.3.4 :80", "[]:80",
        ])
        func whatIsNotAnAddressIsRefused(text: String) {
            #expect(SocketAddress(text) == nil)
        }

        @Test func aHostNameIsNotAnAddress() {
            #expect(throws: LoopError(.invalid, "read the address \"localhost\"")) { try SocketAddress(host: "localhost", port: 1) }
        }
    }
}
