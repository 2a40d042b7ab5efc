/// What the web plane asks of parts of the node that are made after it.

import Consortium
import EventLoop
import Wire

/// Closures that are set after those who call them were made.
@ClusterActor
final class Later {
    var status: () -> NodeStatus? = { nil }
    var changeCoordinators: (CoordinatorWish, @escaping @ClusterActor (CoordinatorProgress) -> Void) -> Void = {
        $1(.working("The node is starting."))
    }
    /// The addresses at which nodes serve patrons, in the order in which a page should name them.
    var patronURLs: () -> [String] = { [] }
    var sawInstall: (InstallSighting) -> Void = { _ in }
    var joining: JoinDesk?
    var nodes: NodesDesk?
    var keys: KeysDesk?
    var settings: (@escaping @ClusterActor (SettingsReport?) -> Void) -> Void = { $0(nil) }
    var desks: (@escaping @ClusterActor (DesksReport) -> Void) -> Void = { $0(DesksReport([])) }
    var backUp: (@escaping @ClusterActor (BackupOutcome) -> Void) -> Void = { $0(.refused("The node is starting; try again in a moment.")) }
}
