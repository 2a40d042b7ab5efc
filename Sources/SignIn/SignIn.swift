/// SignIn: what a sign-in needs beside the password, as values.
///
/// One-time codes (`OneTimeCode`, RFC 4226 and RFC 6238), their secrets as people type them (`Base32`), and codes for the day on which the phone is lost (`RecoveryCode`). The campus's
/// word: the authorization code flow with PKCE (`CampusFlow.swift`) and ID tokens (`IDToken`, with keys of `JSONWebKeys`). Nothing of that reads a file, a clock or the network, or keeps anything: the time
/// is given, and what was used is for the caller to remember. `WebFetch` alone asks a service, and blocks.
