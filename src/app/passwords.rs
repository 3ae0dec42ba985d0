//! Passwords: what is good enough, and Argon2id.

use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

use super::error::Error;

/// The shortest password (NIST SP 800-63B: length counts, composition rules do not).
const SHORTEST: usize = 10;
/// The longest password that is looked at, in bytes.
const LONGEST: usize = 1_000;

/// Whether a new password is good enough, and what to do if not.
pub(super) fn check(password: &str) -> Result<(), String> {
    if password.chars().count() < SHORTEST {
        return Err(format!("must have at least {SHORTEST} characters"));
    }
    if password.len() > LONGEST {
        return Err(format!("must have at most {LONGEST} bytes"));
    }
    let mut characters: Vec<char> = password.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if characters.len() < 5 {
        return Err("repeats too few characters: take a longer phrase".to_owned());
    }
    Ok(())
}

/// Hashes a password with Argon2id (19 MiB, two passes: OWASP). Tens of milliseconds of one core.
pub(super) fn hash(password: &str) -> Result<String, Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::invalid("/password", "password", error.to_string()))
}

/// Whether a password is the one that was hashed. Where there is none to compare with it takes
/// as long, so that nobody learns by the clock whether a user exists.
pub(super) fn verify(password: &str, kept: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody = || NOBODY.get_or_init(|| hash("nobody has this password").unwrap_or_default());
    let compared = match kept {
        Some(kept) => kept,
        None => nobody(),
    };
    let matches = PasswordHash::new(compared).is_ok_and(|parsed| {
        Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
    });
    matches && kept.is_some() && password.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_is_taken() {
        let kept = hash("correct horse battery").unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterY", Some(&kept)));
        assert!(!verify("nobody has this password", None));
        assert!(!verify("x", Some("not a hash")));
        assert!(check("short").is_err() && check("aaaaaaaaaaaaaaaa").is_err());
        assert!(check("correct horse battery").is_ok());
    }
}
