//! An id for every request, by which an answer and what the log says of it are brought together.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// The header that has it, in requests and answers.
pub(super) const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id of a client that is taken over.
const MOST_BYTES: usize = 64;

/// Tells the ids of this process from those of others.
static PROCESS: LazyLock<u32> = LazyLock::new(rand::random);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The id that the client, or a proxy before us, has given; else one of our own.
///
/// Only letters, digits, dots, dashes and underscores are taken over: ids go into the log.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    let is_fit = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=MOST_BYTES).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    headers.get(NAME).filter(is_fit).cloned().unwrap_or_else(made)
}

fn made() -> HeaderValue {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let text = format!("{:08x}-{number:x}", *PROCESS);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("none"))
}
