// The simulator: whole clusters in one process, under one seed, in virtual time.
//
// What it is
//   Coordinators (raft with the real libraft core, `CoordinatorCore`, the consortium's state), library nodes (`GatewayCore`, the choice of a
//   server), gossip on every machine, and people: patrons and operators who speak the client protocol. Around them a network that delays,
//   loses, reorders and cuts, the service's own log store over disks that lose, tear and damage what they hold, and a nemesis that kills, freezes and cuts off.
//   `Cluster` puts a run together; `Scenario` is what a seed decides beforehand; `Machine`, `CoordinatorPart`, `LibraryPart` and `GossipPart` are
//   what the shells are in the service; `Patron` and `OperatorPerson` are the people; `Checker` knows what must hold.
//
// What it promises
//   The same seed gives the same run to the byte, in every process: nothing depends on Swift's hash seed, on addresses or on real time.
//   After every step: no two voters apply different entries at an index; one leader in a term; leaders are complete; states are equal at
//   equal indices; what a client is told to be safe is applied; nobody is told that they hold what they do not; one holder in an epoch;
//   the cores' own invariants. At the end, when everything was healed: every patron came to an answer, a kept message or their leaving, within
//   a bounded time; every copy agrees with the log and with what was acknowledged; all members of gossip know each other.
//
// What it never does
//   It opens no socket, writes no file, starts no thread, reads no clock.
