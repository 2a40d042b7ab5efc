import Consortium
import FoundationEssentials
import Testing

@testable import Node

/// The table of routes and roles by itself; what a running node makes of it: `Tests/ProtocolTests/roles.py`.
@Suite struct RouteMatrixTests {
    @Test func everyRowHasACellForEachRoleAndNoneIsThereTwice() {
        var seen: Set<String> = []
        for row in RouteMatrix.rows {
            let name = "\(row.method.rawValue) \(row.path) \(row.isPrefix)"
            #expect(row.reaches.count == RouteRole.allCases.count, "\(name)")
            #expect(seen.insert(name).inserted, "\(name) is there twice")
        }
    }

    @Test func whatIsForEverybodyIsForWhoeverIsSignedInToo() {
        for row in RouteMatrix.rows where row.isForEverybody {
            for role in RouteRole.allCases { #expect(row.reach(role) != .no, "\(row.path): \(role.title)") }
        }
    }

    @Test func whatAnOperatorMayEveryPersonMay() {
        for row in RouteMatrix.rows where row.reach(.staff) != .no {
            for role in [RouteRole.libraryAdmin, .chatWog, .rmt, .ltg] { #expect(row.reach(role) != .no, "\(row.path): \(role.title)") }
        }
    }

    @Test func nothingIsChangedByNobodyButWhatPatronsAndPagesSay() {
        let open = RouteMatrix.rows.filter { $0.method != .get && $0.isForEverybody }.map(\.path)
        #expect(
            open == [
                "/api/sign-in", "/api/sign-out", "/api/problems", "/api/problems/comment", "/api/problems/picture", "/api/join",
                "/{version}/auth/login", "/{version}/auth/logout", "/api/check-page", "/api/button/seen",
            ])
    }

    @Test func aPersonMayWhatOneOfTheirRolesMay() throws {
        let ledger = try #require(RouteMatrix.row(.get, "/api/ledger", isPrefix: false))
        #expect(!ledger.admits(try person()))
        #expect(ledger.admits(try person(isAdmin: true)))
        for committee in Committee.allCases { #expect(ledger.admits(try person(committee: committee)), "\(committee)") }
        let buttons = try #require(RouteMatrix.row(.post, "/api/buttons", isPrefix: false))
        #expect(buttons.admits(try person(isAdmin: true, committee: .rmt)))
        #expect(!buttons.admits(try person(committee: .rmt)))
        #expect(RouteRole.all(of: try person(isAdmin: true, committee: .ltg)) == [.staff, .libraryAdmin, .ltg])
        var trainee = try person(isAdmin: false)
        trainee.isTrainee = true
        #expect(RouteRole.all(of: trainee) == [.trainee])
        let registers = try #require(RouteMatrix.row(.post, "/api/registers", isPrefix: false))
        #expect(registers.admits(try person()) && !registers.admits(trainee))
    }

    @Test func headIsGetsAndAnUnknownRouteHasNoRow() {
        #expect(RouteMatrix.row(.head, "/api/ledger", isPrefix: false)?.path == "/api/ledger")
        #expect(RouteMatrix.row(.get, "/api/ledger", isPrefix: true) == nil)
        #expect(RouteMatrix.row(.post, "/api/ledger", isPrefix: false) == nil)
        #expect(RouteMatrix.row(.get, "/api/secrets", isPrefix: false) == nil)
    }

    @Test func theDocumentIsTheTable() throws {
        let tests = String(#filePath.dropLast("/NodeTests/RouteMatrixTests.swift".count))
        let written = try #require(try SmallFile.read(tests.dropLast("/Tests".count) + "/Sources/Node/ROLES.md"))
        #expect(written == RouteDocument.text, "write it anew: callslip routes > Sources/Node/ROLES.md")
    }

    private func person(isAdmin: Bool = false, committee: Committee? = nil) throws -> Operator {
        Operator(
            name: try #require(OperatorName("mia.memorial")), displayName: "Mia", library: try #require(LibraryName("memorial")),
            queues: [], isAdmin: isAdmin, committee: committee)
    }
}
