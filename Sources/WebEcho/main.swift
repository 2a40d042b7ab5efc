// web-echo [PORT]: gives back what it is sent, on loopback, until it is killed. For Autobahn and for measurements.
import EventLoop
import Web

let port = CommandLine.arguments.count > 1 ? UInt16(CommandLine.arguments[1]) ?? 9002 : 9002
let server = try await EchoServer.start(host: "127.0.0.1", port: port)
print("echoing at ws://127.0.0.1:\(port)/ and http://127.0.0.1:\(port)/presence.txt")
while true { try await Task.sleep(for: .seconds(3_600)) }
