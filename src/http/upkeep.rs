//! Work over all contacts that a rule of the organisation asks for: scoring them, putting them away.

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
use crate::app::{BulkJob, RetentionStart};

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

/// Applies the rules of the setting `retention` in the background, or tries them: contacts with
/// which nothing has happened for some time are archived or deleted. Where the setting says
/// `automatic`, that happens each night.
#[utoipa::path(post, path = "/api/v1/retention/runs", operation_id = "run_retention", tag = "administration",
    request_body = schema::RetentionRunInput,
    responses((status = 200, description = "with `dry_run`: what each rule would do", body = schema::RetentionTrial),
        (status = 202, description = "the rules are being applied", body = schema::BulkJobStarted),
        (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn run_retention(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let value = body::optional_json(&request, payload, state.limits.json_bytes).await?;
    let value = value.unwrap_or_else(|| json!({}));
    let started = answer::scan(&request, &state, move |app, cancel| {
        app.run_retention(&caller.0, &value, cancel)
    })
    .await?;
    Ok(match started {
        RetentionStart::Trial(trial) => answer::json(StatusCode::OK, &trial),
        RetentionStart::Started(job) => accepted(&job),
    })
}
