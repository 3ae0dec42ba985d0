//! Request bodies and headers, read with limits.

use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, TRANSFER_ENCODING};
use actix_web::{HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::coding::{Coding, Decoded, Decompressor, Fault};
use super::error::Problem;
use super::pace;
use crate::app::{Idempotency, Precondition};
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// Why a body cannot be read to its end.
pub(super) fn unreadable(error: &PayloadError) -> Problem {
    if pace::is_too_slow(error) {
        return Problem::new(ErrorCode::BodyTooSlow, "the body comes too slowly");
    }
    Problem::new(ErrorCode::Malformed, format!("the body cannot be read: {error}"))
}

/// Reads a body up to a limit, which counts what it is once it is decompressed; a declared length
/// beyond it is refused before reading.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
    most_bytes: usize,
) -> Result<web::Bytes, Problem> {
    let refuse = |fault| match fault {
        Fault::TooLarge => Problem::new(
            ErrorCode::PayloadTooLarge,
            format!("this path takes bodies of at most {most_bytes} bytes"),
        ),
        Fault::Garbled(error) | Fault::Out(error) => garbled(&error),
    };
    let coding = Coding::of(request)?;
    let declared = request
        .headers()
        .get("content-length")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > most_bytes) {
        return Err(refuse(Fault::TooLarge));
    }
    let out = Vec::with_capacity(declared.unwrap_or(0).min(64 * 1024));
    let mut body = Decompressor::new(coding, out, most_bytes as u64);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        body.write(&chunk).map_err(refuse)?;
    }
    Ok(body.finish().map_err(refuse)?.into())
}

/// A body that is not what its `Content-Encoding` says.
pub(super) fn garbled(error: &std::io::Error) -> Problem {
    let detail = format!("the body cannot be decompressed: {error}");
    Problem::new(ErrorCode::Malformed, detail)
}

/// Reads a JSON body up to a limit.
pub(super) async fn json(
    request: &HttpRequest,
    payload: web::Payload,
    most_bytes: usize,
) -> Result<(Value, web::Bytes), Problem> {
    refuse_other_types(request)?;
    let bytes = read(request, payload, most_bytes).await?;
    Ok((parse(&bytes)?, bytes))
}

fn refuse_other_types(request: &HttpRequest) -> Result<(), Problem> {
    if request.extensions().contains::<Decoded>() {
        return Ok(());
    }
    if let Some(kind) = request.headers().get(CONTENT_TYPE) {
        let kind =
            kind.to_str().unwrap_or("").split(';').next().unwrap_or("").trim().to_lowercase();
        if !(kind.is_empty() || kind == "application/json" || kind.ends_with("+json")) {
            return Err(Problem::new(
                ErrorCode::UnsupportedMediaType,
                format!("this path takes application/json, not {kind}"),
            ));
        }
    }
    Ok(())
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(ErrorCode::Malformed, format!("the body is not valid JSON: {error}"))
    })
}

/// A JSON body, if there is a body at all.
pub(super) async fn optional_json(
    request: &HttpRequest,
    payload: web::Payload,
    most_bytes: usize,
) -> Result<Option<Value>, Problem> {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    if !is_chunked && length.is_none_or(|length| length.trim() == "0") {
        return Ok(None);
    }
    refuse_other_types(request)?;
    let bytes = read(request, payload, most_bytes).await?;
    // Some clients send chunks of nothing.
    if bytes.is_empty() { Ok(None) } else { parse(&bytes).map(Some) }
}

/// A JSON body; an empty object if there is none, for requests in which nothing need be said.
pub(super) async fn json_if_any(
    request: &HttpRequest,
    payload: web::Payload,
    most_bytes: usize,
) -> Result<(Value, web::Bytes), Problem> {
    let bytes = read(request, payload, most_bytes).await?;
    if bytes.is_empty() {
        return Ok((Value::Object(Map::new()), bytes));
    }
    refuse_other_types(request)?;
    Ok((parse(&bytes)?, bytes))
}

/// The `If-Match` header as what must hold.
pub(super) fn precondition(request: &HttpRequest) -> Precondition {
    let fields = request.headers().get_all(IF_MATCH);
    let fields: Vec<&str> = fields.map(|field| field.to_str().unwrap_or("")).collect();
    let text = fields.join(",");
    if fields.is_empty() || text.trim() == "*" {
        return Precondition::None;
    }
    // Weak tags and those that we never gave out match no version (RFC 9110, section 13.1.1).
    // Behind the version of a contact may stand the state of its facts, which hinder no change.
    let number = |text: &str| -> Option<u64> {
        text.parse().ok().filter(|number: &u64| number.to_string() == text)
    };
    let versions = text.split(',').filter_map(|tag| {
        let tag = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
        match tag.split_once('.') {
            Some((version, facts)) => number(facts).and(number(version)),
            None => number(tag),
        }
    });
    Precondition::Versions(versions.collect())
}

/// Whether `If-Match` asks for anything.
pub(super) fn names_version(request: &HttpRequest) -> bool {
    request.headers().contains_key(IF_MATCH)
}

/// Refuses a change that is based on something else than what is tagged so now.
pub(super) fn refuse_stale(request: &HttpRequest, etag: &str) -> Result<(), Problem> {
    let fields = request.headers().get_all(IF_MATCH);
    let tags: Vec<&str> =
        fields.flat_map(|field| field.to_str().unwrap_or("").split(',')).map(str::trim).collect();
    if tags.is_empty() || tags.iter().any(|tag| *tag == "*" || *tag == etag) {
        return Ok(());
    }
    let detail = "it has been changed meanwhile: read it again and repeat the change on it";
    Err(Problem::new(ErrorCode::RevisionConflict, detail))
}

/// The `Idempotency-Key` header with the hash of what it belongs to.
pub(super) fn idempotency(
    request: &HttpRequest,
    caller: &Caller,
    body: &[u8],
) -> Result<Option<Idempotency>, Problem> {
    let Some(header) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = header.to_str().unwrap_or("").trim().trim_matches('"');
    if key.is_empty() || key.len() > 255 {
        return Err(Problem::new(
            ErrorCode::Malformed,
            "the Idempotency-Key must have 1 to 255 printable characters",
        ));
    }
    let mut hasher = blake3::Hasher::new();
    for part in [&caller.actor, request.path(), key] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    Ok(Some(Idempotency {
        key: *hasher.finalize().as_bytes(),
        fingerprint: *blake3::hash(body).as_bytes(),
    }))
}
