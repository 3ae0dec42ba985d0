//! Who sees and may do what, and how they sign in, over the real server: rights, sight, fields,
//! audit, leaks, sessions, tokens, single sign-on.

mod audit;
mod command;
mod fields;
mod guesses;
mod leak;
mod matrix;
mod matrix_table;
mod oidc;
mod people;
mod provider;
mod session;
mod setup;
mod sight;
mod tokens;

pub(crate) use people::import;

/// A password that is good enough.
const PASSWORD: &str = "correct horse battery";
/// Another one.
const OTHER: &str = "staple of the stable";
