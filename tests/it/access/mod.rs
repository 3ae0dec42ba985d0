//! Signing in, sessions and tokens, over a real server.

mod command;
mod oidc;
mod provider;
mod session;
mod setup;
mod tokens;

/// A password that is good enough.
const PASSWORD: &str = "correct horse battery";
/// Another one.
const OTHER: &str = "staple of the stable";
