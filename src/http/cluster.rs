//! Several machines as one server: how they stand, and reading one's own writes on any of them.
//!
//! Each answer to a request that may have written says in `Ringdex-Seq` up to which change this
//! machine had applied everything. Whoever sends that back, as header or as the cookie that browsers
//! keep, is answered by any machine once it has come as far.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::schema;
use super::state::State;
use crate::domain::ids::ChangeSeq;

/// How far everything has been applied.
const SEQ: HeaderName = HeaderName::from_static("ringdex-seq");
/// The answer may lack what the request has asked for by [`SEQ`].
const STALE: HeaderName = HeaderName::from_static("ringdex-stale");
/// The name of the cookie.
const COOKIE: &str = "ringdex_seq";
/// How long a browser asks for its own writes; far longer than machines are behind.
const COOKIE_SECONDS: u32 = 60;
/// How long a machine is waited for that is behind.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How this machine stands in its cluster, and which others there are; for who runs the server.
#[utoipa::path(get, path = "/api/v1/cluster", operation_id = "read_cluster", tag = "operation",
    responses((status = 200, body = schema::Cluster), (status = 403, body = schema::Problem)))]
pub(super) async fn read(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    answer::ok(&state, move |app| app.cluster(&caller.0)).await
}

/// The change up to which a request wants to see everything.
fn wanted(request: &HttpRequest) -> Option<ChangeSeq> {
    let header = request.headers().get(&SEQ).and_then(|value| value.to_str().ok());
    let number = header.and_then(|text| text.trim().parse().ok());
    let cookie = || request.cookie(COOKIE)?.value().parse().ok();
    number.or_else(cookie).map(ChangeSeq)
}

/// Whether a path is answered from the index, which follows a moment later.
fn asks_index(path: &str) -> bool {
    matches!(path, "/api/v1/contacts" | "/api/contacts" | "/api/v1/contacts/export")
        || path.ends_with("/suggest")
        || path.contains("search")
}

/// Waits for what a request wants to see, holding no thread; whether it may not see it.
pub(super) async fn wait(state: &State, request: &HttpRequest) -> bool {
    if !request.path().starts_with("/api/") {
        return false;
    }
    let Some(seq) = wanted(request) else { return false };
    let in_index = asks_index(request.path());
    let end = Instant::now() + PATIENCE;
    while !state.app.has_applied(seq, in_index) {
        if Instant::now() >= end {
            return true;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    false
}

/// Says how far everything has been applied, behind what may have written.
pub(super) fn tell(state: &State, method: &Method, headers: &mut HeaderMap, is_stale: bool) {
    if is_stale {
        headers.insert(STALE, HeaderValue::from_static("true"));
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return;
    }
    let seq = state.app.last_change().0;
    headers.insert(SEQ, HeaderValue::from(seq));
    let cookie =
        format!("{COOKIE}={seq}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        headers.append(actix_web::http::header::SET_COOKIE, cookie);
    }
}
