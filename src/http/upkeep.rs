//! Work over all contacts that a rule of the organisation asks for: scoring them.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::schema;
use super::state::State;
use crate::app::BulkJob;

/// The answer to a request that has started a job.
pub(super) fn accepted(job: &BulkJob) -> HttpResponse {
    let mut body = json!(job);
    body["job_id"] = json!(job.id);
    let mut response = answer::json(StatusCode::ACCEPTED, &body);
    answer::put_header(&mut response, "location", &format!("/api/v1/jobs/{}", job.id));
    response
}

/// Scores all contacts anew by the rules of the setting `lead_score`, in the background. That
/// happens by itself each night and when the rules change.
#[utoipa::path(post, path = "/api/v1/lead-score/runs", operation_id = "score_leads", tag = "administration",
    responses((status = 202, description = "contacts are being scored", body = schema::BulkJobStarted), (status = 403, body = schema::Problem)))]
pub(super) async fn score_leads(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let app = Arc::clone(&state.app);
    let job = answer::run(&state, move |_| app.score_leads(&caller.0)).await?;
    Ok(accepted(&job))
}
