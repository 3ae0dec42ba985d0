//! What a browser keeps while its person is at the provider.
//!
//! State, nonce and the proof key of the code come from one random secret in a cookie, by a key
//! that only this process has: nothing is kept here that a flood of beginnings could push out.

use std::fmt::Write as _;

use openidconnect::CsrfToken;

use crate::domain::time::Timestamp;

/// How long somebody may take at the provider.
pub(super) const LIFETIME_MS: i64 = 10 * 60_000;
/// The longest path to come back to.
const LONGEST_PATH: usize = 1_500;

/// A sign-on that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// 256 random bits in letters that need no escaping.
    pub(super) secret: String,
    pub(super) expires_at: Timestamp,
    /// A path of this server.
    pub(super) return_to: String,
}

impl Ticket {
    /// A new one.
    pub(super) fn new(return_to: String, now: Timestamp) -> Self {
        let secret = CsrfToken::new_random_len(32).into_secret();
        Self { secret, expires_at: now.plus_ms(LIFETIME_MS), return_to }
    }
}

/// Makes and checks what comes of tickets.
pub(super) struct Sealer([u8; 32]);

impl Sealer {
    /// With a key of its own.
    pub(super) fn new() -> Self {
        Self(*blake3::hash(CsrfToken::new_random_len(32).secret().as_bytes()).as_bytes())
    }

    /// A value that belongs to a ticket and that nobody can guess.
    pub(super) fn derive(&self, what: &str, ticket: &Ticket) -> String {
        let text = format!("{what} {}", ticket.secret);
        blake3::keyed_hash(&self.0, text.as_bytes()).to_hex().to_string()
    }

    /// A ticket as the value of a cookie.
    pub(super) fn seal(&self, ticket: &Ticket) -> String {
        let body =
            format!("{}.{}.{}", ticket.secret, ticket.expires_at.0, to_hex(&ticket.return_to));
        let mark = self.mark(&body);
        format!("{body}.{}", mark.to_hex())
    }

    /// The ticket of a cookie that was sealed here and has not ended.
    pub(super) fn open(&self, cookie: &str, now: Timestamp) -> Option<Ticket> {
        let (body, mark) = cookie.rsplit_once('.')?;
        // Hashes are compared in constant time.
        if blake3::Hash::from_hex(mark).ok()? != self.mark(body) {
            return None;
        }
        let mut parts = body.split('.');
        let (secret, expires, path) = (parts.next()?, parts.next()?, parts.next()?);
        let ticket = Ticket {
            secret: secret.to_owned(),
            expires_at: Timestamp(expires.parse().ok()?),
            return_to: from_hex(path)?,
        };
        (ticket.expires_at > now).then_some(ticket)
    }

    fn mark(&self, body: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.0, format!("cookie {body}").as_bytes())
    }
}

fn to_hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn from_hex(text: &str) -> Option<String> {
    let pairs = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    String::from_utf8(pairs.collect::<Option<Vec<u8>>>()?).ok()
}

/// A path of this server for people; `/` in place of anything else, above all of other sites.
pub(super) fn local_path(text: &str) -> &str {
    let is_plain = text.starts_with('/')
        && text.len() <= LONGEST_PATH
        // Browsers read a backslash as a slash and leave control characters out.
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_plain && leads_here(text) { text } else { "/" }
}

/// Whether a browser stays on this server with a path, after it has taken dots out of it: what is
/// left of `/..//evil.example` is the address of another one.
fn leads_here(path: &str) -> bool {
    let Ok(here) = url::Url::parse("https://here.invalid/") else { return false };
    here.join(path).is_ok_and(|there| {
        there.origin() == here.origin()
            && there.username().is_empty()
            && !there.path().starts_with("//")
            && !there.path().starts_with("/api/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_opened_by_who_sealed_it_until_it_ends() {
        let (sealer, now) = (Sealer::new(), Timestamp(1_000));
        let ticket = Ticket::new("/pop?number=%2B1".to_owned(), now);
        let cookie = sealer.seal(&ticket);
        assert_eq!(sealer.open(&cookie, now), Some(ticket.clone()));
        assert_eq!(sealer.open(&cookie, ticket.expires_at), None);
        assert_eq!(Sealer::new().open(&cookie, now), None);
        for at in 0..cookie.len() {
            let mut bytes = cookie.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(sealer.open(&String::from_utf8(bytes).unwrap(), now), None, "{at}");
        }
        for wrong in ["", ".", "...", "a.b.c.d"] {
            assert_eq!(sealer.open(wrong, now), None);
        }
        assert_ne!(sealer.derive("state", &ticket), sealer.derive("nonce", &ticket));
    }

    #[test]
    fn only_paths_of_this_server_are_come_back_to() {
        for path in ["/", "/pop?number=%2B49301", "/contacts/1?q=a#b", "/apiary"] {
            assert_eq!(local_path(path), path);
        }
        for other in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x",
            "/api/v1/contacts",
            "javascript:alert(1)",
            "contacts",
            "/..//evil.example",
            "/.//evil.example",
            "/./\\/evil.example",
            "/a/..//evil.example",
            "/%2e%2e//evil.example",
            "/a/../api/v1/contacts",
            "/ä",
        ] {
            assert_eq!(local_path(other), "/", "{other:?}");
        }
    }
}
