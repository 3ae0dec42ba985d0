//! Answers: JSON with an `ETag`, timings, and work on blocking threads.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::error::Problem;
use super::state::State;
use crate::app::{self, App};
use crate::domain::contact::Contact;
use crate::domain::view::ContactView;
use crate::error::ErrorCode;

/// Runs a use case on a blocking thread.
pub(super) async fn run<T: Send + 'static>(
    state: &web::Data<State>,
    work: impl FnOnce(&App) -> Result<T, app::Error> + Send + 'static,
) -> Result<T, Problem> {
    let app = Arc::clone(&state.app);
    match web::block(move || work(&app)).await {
        Ok(result) => result.map_err(Problem::from),
        Err(_) => Err(Problem::new(ErrorCode::Internal, "the server could not do this")),
    }
}

/// Runs a use case on a blocking thread and answers with what it gives.
pub(super) async fn ok<T: Serialize + Send + 'static>(
    state: &web::Data<State>,
    work: impl FnOnce(&App) -> Result<T, app::Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    Ok(json(StatusCode::OK, &run(state, work).await?))
}

/// A JSON body.
pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> HttpResponse {
    match serde_json::to_vec(value) {
        Ok(bytes) => HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, "application/json"))
            .body(bytes),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// The `ETag` of a version.
pub(super) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// A contact with its `ETag`; 304 where the client has this version.
pub(super) fn contact(
    request: &HttpRequest,
    status: StatusCode,
    contact: &Contact,
    started: Instant,
) -> HttpResponse {
    let etag = etag(contact.version);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    // Compared weakly, as RFC 9110 asks for here: a proxy that compresses marks the tag as weak.
    let is_known = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    if status == StatusCode::OK
        && known.is_some_and(|known| known.split(',').any(|tag| is_known(tag.trim())))
    {
        return HttpResponse::NotModified().insert_header((ETAG, etag)).finish();
    }
    let mut response = json(status, &ContactView::of(contact));
    put_header(&mut response, "etag", &etag);
    put_header(&mut response, "server-timing", &timing(started));
    response
}

/// The value of `Server-Timing`.
pub(super) fn timing(started: Instant) -> String {
    format!("app;dur={:.3}", started.elapsed().as_secs_f64() * 1_000.0)
}

/// When members of requests got the names that they have now (RFC 9745): 29 November 2026.
pub(super) const RENAMED_ON: &str = "@1795910400";

/// Sets a header of our own making.
pub(super) fn put_header(response: &mut HttpResponse, name: &'static str, value: &str) {
    if let Ok(value) = actix_web::http::header::HeaderValue::from_str(value) {
        response
            .headers_mut()
            .insert(actix_web::http::header::HeaderName::from_static(name), value);
    }
}
