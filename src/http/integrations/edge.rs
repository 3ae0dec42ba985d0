//! The signed file of numbers and names from which `ringdex edge` answers.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::answer;
use super::super::auth;
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::schema;
use super::super::state::State;
use super::cid;
use super::device::{self, Device};
use crate::domain::access::Permission;
use crate::edge;
use crate::error::ErrorCode;

/// All numbers that the token sees, with the names that displays show, as a file that is signed with
/// the token: `ringdex edge` keeps it and answers `/cid` from it when there is no server.
///
/// Whoever has the state that `If-None-Match` names is told that nothing has changed (304).
#[utoipa::path(get, path = "/api/v1/edge/snapshot", operation_id = "read_edge_snapshot", tag = "telephones",
    params(("format" = Option<String>, Query, description = "as for /cid, except hash"),
        ("ascii" = Option<bool>, Query, description = "1: only letters of old trunks"),
        ("max" = Option<usize>, Query, description = "most characters, 40 if nothing is said"),
        ("prefix" = Option<String>, Query, description = "marks to put in front, joined by commas: vip, dnc, blocked; 1 for all")),
    responses((status = 200, description = "the file"), (status = 304), (status = 401, body = schema::Problem), (status = 403, body = schema::Problem)))]
pub(in crate::http) async fn snapshot(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
) -> Result<HttpResponse, Problem> {
    device::require_any(&device.0, &[Permission::Phonebook])?;
    let Some(token) = token_of(&request) else {
        let detail = "send a token in a header: the file is signed with it";
        return Err(Problem::new(ErrorCode::Unauthorized, detail));
    };
    let style = cid::style(&Asked::of_query(&request)?);
    let mut state_of = blake3::Hasher::new();
    state_of.update(request.query_string().as_bytes());
    state_of.update(&state.app.last_change().0.to_be_bytes());
    let state_of = state_of.finalize().to_hex();
    let etag = format!("\"{}\"", state_of.get(..16).unwrap_or_default());
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_same = |tag: &str| tag.trim().trim_start_matches("W/") == etag;
    let mut response = if known.is_some_and(|known| known.split(',').any(is_same)) {
        HttpResponse::NotModified().finish()
    } else {
        let bytes = answer::scan(&request, &state, move |app, cancel| {
            let book = app.number_book(&device.0, &style, cancel)?;
            Ok(edge::write(book.country.as_deref(), &book.named, &token))
        })
        .await?;
        HttpResponse::Ok().content_type(cid::TEXT).body(bytes)
    };
    answer::put_header(&mut response, "etag", &etag);
    Ok(response)
}

/// The token of a request.
fn token_of(request: &HttpRequest) -> Option<String> {
    if let Some((token, _)) = device::presented(request) {
        return Some(token);
    }
    let (scheme, token) = auth::authorization(request)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}
