/// The machine's own compiled time zones.

import Consortium
import EventLoop
import FoundationEssentials
import Hours

public enum ZoneFiles {
    private static let folder = "/usr/share/zoneinfo"

    /// Reads the rules of a zone, off the loop.
    ///
    /// - Parameter zone: its IANA name, as the state took it: no part of it is `.` or `..`.
    @ClusterActor static func read(_ zone: String) async -> Result<ZoneRules, ZoneError> {
        let path = "\(folder)/\(zone)"
        do {
            return try await ClusterActor.loop.work { rules(path) }
        } catch {
            return .failure(ZoneError(description: "the file was not read: \(error)"))
        }
    }

    /// Reads the rules of zones that a file names, one after the other; each once, and few. Off the loop alone.
    nonisolated static func reader() -> (String) -> ZoneRules? {
        var known: [String: ZoneRules?] = [:]
        return { zone in
            if let rules = known[zone] { return rules }
            guard known.count < zonesPerFileMax, LibraryHours.isZoneName(zone) else { return nil }
            let found = try? rules("\(folder)/\(zone)").get()
            known[zone] = found
            return found
        }
    }

    private static let zonesPerFileMax = 32

    /// The same for a program that runs no loop.
    ///
    /// - Parameter zone: as somebody typed it.
    /// - Throws: `ZoneError`.
    public static func rules(of zone: String) throws -> ZoneRules {
        guard LibraryHours.isZoneName(zone) else { throw ZoneError(description: "name it as in the IANA data base: America/Chicago") }
        return try rules("\(folder)/\(zone)").get()
    }

    private nonisolated static func rules(_ path: String) -> Result<ZoneRules, ZoneError> {
        do {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            return .success(try ZoneRules(tzif: bytes))
        } catch let error as ZoneError {
            return .failure(error)
        } catch {
            return .failure(ZoneError(description: "\(path) cannot be read; install the machine's time zones (tzdata)"))
        }
    }
}
