#include <raft.h>

/* Debian bookworm's libraft 0.15 commits entries of older terms by counting replicas, and so loses committed entries
 * (Figure 8 of the Raft paper). Only 0.22.1 has been checked: see ARCHITECTURE.md. */
#if !defined(RAFT_VERSION_NUMBER) || RAFT_VERSION_NUMBER != 2201
#error "Callslip needs libraft 0.22.1 (bookworm-backports: apt-get install -t bookworm-backports libraft-dev); run cluster/setup"
#endif
