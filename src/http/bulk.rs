//! Actions on many contacts, and the jobs that they become.

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
use crate::app::BulkStart;

/// Starts an action on many contacts: `set` (`fields`, or one `field` and its `value`), assign,
/// `assign_queue` (with visibility `queue`), distribute, `set_visibility`, `add_tags`, `remove_tags`,
/// `add_to_list`, `remove_from_list`, `opt_in`, `opt_out`, block, unblock, archive, unarchive, merge
/// (into `primary`), delete, restore.
///
/// Words of a query match as they are written, not by spelling, sound, typo or beginning as in a
/// search, unless `match` is `loose`. `dry_run` counts what is selected and shows ten of it. With
/// `Idempotency-Key` the same request can be sent again: it is answered with the same job.
#[utoipa::path(post, path = "/api/v1/contacts/bulk-actions", operation_id = "start_bulk_action", tag = "contacts",
    request_body = schema::BulkActionInput,
    responses((status = 200, description = "what would be changed, with `dry_run`", body = schema::BulkTrial),
        (status = 202, description = "the action runs", body = schema::BulkJobStarted), (status = 403, body = schema::Problem),
        (status = 409, description = "the selection is not `expect_total` contacts", body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn start(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, bytes) = body::json(&request, payload, state.limits.bulk_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let app = Arc::clone(&state.app);
    let started =
        answer::run(&state, move |_| app.start_bulk_action(&caller.0, &value, idempotency));
    let (job, is_replay) = match started.await? {
        BulkStart::Trial(trial) => return Ok(answer::json(StatusCode::OK, &trial)),
        BulkStart::Started(job) => (job, false),
        BulkStart::Repeated(job) => (job, true),
    };
    let mut body = json!(job);
    body["job_id"] = json!(job.id);
    let mut response = answer::json(StatusCode::ACCEPTED, &body);
    answer::put_header(&mut response, "location", &format!("/api/v1/jobs/{}", job.id));
    if is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}
