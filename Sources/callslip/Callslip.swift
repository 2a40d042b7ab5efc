/// The command-line program.

import ArgumentParser

@main
struct Callslip: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callslip",
        abstract: "A self-hosted, distributed chat reference service for library consortia.",
        subcommands: [
            Serve.self, Import.self, MoveInCommand.self, Status.self, HealthCheck.self, Demo.self, Backup.self, RestoreCommand.self,
            CoordinatorsCommand.self, CACommand.self, TranscriptsCommand.self, HoursCommand.self, WhyCommand.self, NamesCommand.self,
            DesksCommand.self,
            SettingsCommand.self,
            CannedCommand.self, ShiftsCommand.self,
            TicketsCommand.self, CheckPageCommand.self, ReportsCommand.self, ButtonCommand.self, RegistersCommand.self,
            RoutesCommand.self, SessionsCommand.self, AccountsCommand.self, NodesCommand.self, KeyringCommand.self,
            InviteCommand.self, JoinCommand.self, AuditCommand.self,
            Chat.self, Try.self, Simulate.self,
            Bench.self,
            ChaosCommand.self,
        ])
}
