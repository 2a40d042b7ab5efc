// TLS: OpenSSL 3 in Swift, as far as links between nodes need it.
//
// What it is: the one place that holds OpenSSL's C pointers. `TLSEngine` turns bytes of a connection into what was said and back; it has
// no socket, no clock and no thread. `TLSStream` puts it between a `ByteStream` and its owner. `CertificateAuthority` makes the
// certificates of a consortium.
//
// What it promises: TLS 1.3 and nothing older, certificates from both sides, no resumption, no early data. An end that the peer announced
// (close_notify) is told from a connection that was cut. Buffers are bounded (`TLSLimits`). Every failure is a typed error that says what to
// do; OpenSSL's queue of errors is emptied before each call and read after a failed one, so that no error of one link is taken for another's.
//
// What it never does: it reads no files and logs nothing. It does not compare names: which node a certificate speaks for is
// `CertificateFacts.nodes`, and whether that is the node that a link is for, its owner decides.
//
// What its caller owes it: an engine and a stream are used on one thread; a context may be shared by all.
