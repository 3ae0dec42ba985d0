//! The members of static lists; lists themselves are records like others.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::schema;
use super::state::State;
use crate::app::MembersChanged;

async fn change(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    list: String,
    payload: web::Payload,
    is_member: bool,
) -> Result<HttpResponse, Problem> {
    // Without a body it is refused by what it lacks, for those who may do this at all.
    let value = body::optional_json(&request, payload, state.limits.bulk_bytes).await?;
    let value = value.unwrap_or_else(|| json!({}));
    let idempotency = body::idempotency(&request, &caller.0, value.to_string().as_bytes())?;
    let (app, id) = (Arc::clone(&state.app), list.clone());
    let changed = answer::run(&state, move |_| {
        app.change_members(&caller.0, &id, &value, is_member, idempotency)
    })
    .await?;
    let (status, job) = match changed {
        MembersChanged::Trial(trial) => return Ok(answer::json(StatusCode::OK, &trial)),
        MembersChanged::Done(job) => {
            let done = json!({
                "list_id": list,
                "total": job.total,
                "changed": job.changed,
                "unchanged": job.unchanged,
                "refused": job.refused,
                "refusals": job.refusals,
            });
            return Ok(answer::json(StatusCode::OK, &done));
        }
        MembersChanged::Started(job) => (StatusCode::ACCEPTED, job),
    };
    let mut body = json!(job);
    body["job_id"] = json!(job.id);
    body["list_id"] = json!(list);
    let mut response = answer::json(status, &body);
    answer::put_header(&mut response, "location", &format!("/api/v1/jobs/{}", job.id));
    Ok(response)
}

/// Puts contacts on a static list; who is on it already stays.
///
/// Up to a thousand contacts are done at once (200), more in the background (202).
#[utoipa::path(put, path = "/api/v1/lists/{id}/members", operation_id = "add_list_members", tag = "records",
    params(("id" = String, Path, description = "the id of the list")),
    request_body = schema::ListMembersInput,
    responses((status = 200, body = schema::ListMembersAnswer), (status = 202, description = "contacts are being changed", body = schema::BulkJobStarted),
        (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn add(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    change(request, state, caller, path.into_inner(), payload, true).await
}

/// Takes contacts off a static list.
///
/// Up to a thousand contacts are done at once (200), more in the background (202).
#[utoipa::path(delete, path = "/api/v1/lists/{id}/members", operation_id = "remove_list_members", tag = "records",
    params(("id" = String, Path, description = "the id of the list")),
    request_body = schema::ListMembersInput,
    responses((status = 200, body = schema::ListMembersAnswer), (status = 202, description = "contacts are being changed", body = schema::BulkJobStarted),
        (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn remove(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    change(request, state, caller, path.into_inner(), payload, false).await
}
