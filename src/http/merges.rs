//! Merging contacts, what merges there were, and undoing them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::filters::Asked;
use super::people::record_id;
use super::schema;
use super::state::State;
use crate::app::{Error, Noun};
use crate::domain::ids::ContactId;

/// Merges contacts into one of them.
///
/// Fields of one value are taken by a rule (`primary`, `newest`, `oldest`, `most_complete`,
/// `source_order` with `sources`), what is empty is filled from the others, and `fields` names whose
/// value wins. Lists, tags and notes are united. What is left behind stays in the record of the
/// merge. The others lead to the survivor from now on. With `dry_run` nothing is changed. With
/// `Idempotency-Key` the same request can be sent again without being done again.
#[utoipa::path(post, path = "/api/v1/contacts/merge", operation_id = "merge_contacts", tag = "merging",
    params(("If-Match" = Option<String>, Header, description = "the ETag of the primary contact"), ("Idempotency-Key" = Option<String>, Header, description = "a key of this request")),
    request_body = schema::MergeInput,
    responses((status = 200, body = schema::MergeAnswer), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn merge(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let precondition = body::precondition(&request);
    let (value, bytes) = body::json(&request, payload, state.limits.json_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let (done, lists) = answer::run(&state, move |app| {
        let done = app.merge_contacts(&caller.0, &value, precondition, idempotency)?;
        Ok((done, app.showing(caller.0.organization)?))
    })
    .await?;
    let mut response = answer::json(StatusCode::OK, &done.to_json(&lists));
    if done.merge_id.is_some() {
        answer::put_header(&mut response, "etag", &answer::etag_of(&done.contact));
    }
    if done.is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}

/// Lists merges, newest first.
#[utoipa::path(get, path = "/api/v1/merges", operation_id = "list_merges", tag = "merging",
    params(("contact" = Option<String>, Query, description = "only merges in which this contact took part"),
        ("per_page" = Option<usize>, Query, description = "50 if not given, at most 500"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = schema::MergeList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let contact: Option<ContactId> = match asked.last("contact").map(str::parse) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return Err(Error::invalid("/contact", "type", "must be an id").into()),
    };
    let (per_page, cursor) = (asked.number("per_page")?, asked.last("cursor").map(str::to_owned));
    answer::page(&state, "merges", move |app| {
        app.list_merges(&caller.0, contact, cursor.as_deref(), per_page)
    })
    .await
}

/// Reads a merge, with what is left behind until it is undone.
#[utoipa::path(get, path = "/api/v1/merges/{id}", operation_id = "find_merge", tag = "merging",
    params(("id" = String, Path, description = "the id of the merge")),
    responses((status = 200, body = schema::Merge), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Merge)?;
    answer::ok(&state, move |app| app.find_merge(&caller.0, id)).await
}

/// Undoes a merge: the originals come back, what was added since stays and is named in `kept`.
///
/// Where a value was changed that had come from another contact, 409 `undo_conflict` names it in
/// `conflicts`; `resolve` then says for each field whose change it was: the id of a contact, or
/// `survivor`. With `dry_run` nothing is changed. With `Idempotency-Key` the same request can be sent
/// again without being done again; `kept` is empty then.
#[utoipa::path(post, path = "/api/v1/merges/{id}/undo", operation_id = "undo_merge", tag = "merging",
    params(("id" = String, Path, description = "the id of the merge"), ("If-Match" = Option<String>, Header, description = "the ETag of the merged contact"), ("Idempotency-Key" = Option<String>, Header, description = "a key of this request")),
    request_body = schema::UndoInput,
    responses((status = 200, body = schema::UndoAnswer), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn undo(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Merge)?;
    let precondition = body::precondition(&request);
    let (value, bytes) = body::json_if_any(&request, payload, state.limits.json_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let (done, lists) = answer::run(&state, move |app| {
        let done = app.undo_merge(&caller.0, id, &value, &precondition, idempotency)?;
        Ok((done, app.showing(caller.0.organization)?))
    })
    .await?;
    let mut response = answer::json(StatusCode::OK, &done.to_json(&lists));
    if !done.is_dry_run {
        answer::put_header(&mut response, "etag", &answer::etag_of(&done.contact));
    }
    if done.is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}
