//! Companies that are made one, and taken apart again.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::schema;
use super::state::State;

/// The id in the path; a malformed one is that of no company.
fn id_of(path: &str) -> Uuid {
    Uuid::parse_str(path).unwrap_or_default()
}

/// Makes one company of several.
///
/// Contacts, deals and all other records of the `others` follow; what the company lacks is filled from
/// them, lists are united, notes put one below the other. The others are deleted and say in
/// `merged_into` where they went. With `dry_run` nothing is changed. With `Idempotency-Key` the same
/// request can be sent again without being done again.
#[utoipa::path(post, path = "/api/v1/companies/{id}/merge", operation_id = "merge_companies", tag = "records",
    params(("id" = String, Path, description = "the company that stays"), ("If-Match" = Option<String>, Header, description = "the ETag of this company"), ("Idempotency-Key" = Option<String>, Header, description = "a key of this request")),
    request_body = schema::CompanyMergeInput,
    responses((status = 200, body = schema::CompaniesMerged), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn merge(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id = id_of(&path);
    let precondition = body::precondition(&request);
    let (value, bytes) = body::json(&request, payload, state.limits.json_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let done = answer::run(&state, move |app| {
        app.merge_companies(&caller.0, id, &value, &precondition, idempotency)
    })
    .await?;
    Ok(answer::json(StatusCode::OK, &done))
}

/// Takes the last merge into a company back: the others return with all that came from them.
///
/// What was changed since stays as it is and is named in `kept`.
#[utoipa::path(post, path = "/api/v1/companies/{id}/merge/undo", operation_id = "undo_company_merge", tag = "records",
    params(("id" = String, Path, description = "the company that had stayed"), ("If-Match" = Option<String>, Header, description = "the ETag of this company")),
    responses((status = 200, body = schema::CompaniesUnmerged), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(super) async fn undo(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = id_of(&path);
    let precondition = body::precondition(&request);
    let done = answer::run(&state, move |app| app.undo_company_merge(&caller.0, id, &precondition))
        .await?;
    Ok(answer::json(StatusCode::OK, &done))
}
