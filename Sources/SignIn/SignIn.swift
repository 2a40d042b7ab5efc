/// SignIn: what a sign-in needs beside the password, as values.
///
/// One-time codes (`OneTimeCode`, RFC 4226 and RFC 6238), their secrets as people type them (`Base32`), and codes for the day on which the phone is lost
/// (`RecoveryCode`). Nothing here reads a file, a clock or the network, or keeps anything: the time is given, and what was used is for the caller to remember.
