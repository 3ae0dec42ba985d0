//! Work in the background, of whatever kind: what runs, what has run, stopping it, taking it back.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::imports::page_of;
use super::people::record_id;
use super::schema;
use super::search::query_of;
use super::state::State;
use crate::app::{Error, JobKind, JobQuery, Noun, WorkState};

/// Lists work in the background, newest first: what the caller has started, imports and runs that
/// look for duplicates as their own lists show them, and what rules of the organisation ask for to
/// those who may change these.
#[utoipa::path(get, path = "/api/v1/jobs", operation_id = "list_jobs", tag = "contacts",
    params(("kind" = Option<String>, Query, description = "only jobs of this kind: bulk_action, tag_change, auto_tagging, list_members, undo, import, import_undo, export, duplicates_run, lead_score, retention, stage_renaming, custom_field, number_rereading"),
        ("state" = Option<String>, Query, description = "only jobs that are queued, running, done, failed, cancelled"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "50 if not given, at most 1,000")),
    responses((status = 200, body = schema::JobList), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = query_of(&request)?;
    let (page, per_page) = page_of(&asked)?;
    let known = ["kind", "state", "page", "per_page", "fields", "token"];
    if let Some(unknown) = asked.keys().find(|name| !known.contains(&name.as_str())) {
        let detail = "is not known here: ask for kind, state, page, per_page or fields";
        return Err(Error::invalid(&format!("/{unknown}"), "unknown_member", detail).into());
    }
    let kind = one_of::<JobKind>("kind", asked.get("kind"), &names(&JobKind::ALL))?;
    let of_state = one_of::<WorkState>("state", asked.get("state"), &names(&WorkState::ALL))?;
    let wanted = JobQuery { kind, state: of_state, page, per_page };
    let found = answer::run(&state, move |app| app.list_all_jobs(&caller.0, wanted)).await?;
    let answer = json!({
        "total": found.total, "total_exact": true, "page": page, "per_page": per_page,
        "next_cursor": null, "items": found.jobs, "jobs": found.jobs,
    });
    Ok(answer::json(StatusCode::OK, &answer))
}

fn names<T>(all: &[(&'static str, T)]) -> String {
    all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn one_of<T: FromStr>(name: &str, given: Option<&String>, all: &str) -> Result<Option<T>, Problem> {
    let Some(text) = given else { return Ok(None) };
    let read = text.parse().map(Some);
    read.map_err(|_unknown| {
        let detail = format!("must be one of {all}");
        Error::invalid(&format!("/{name}"), "value", detail).into()
    })
}

/// How a job stands, whatever it does.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", operation_id = "find_job", tag = "contacts",
    params(("id" = String, Path, description = "the id of the job")),
    responses((status = 200, body = schema::Job), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Job)?;
    answer::ok(&state, move |app| app.view_job(&caller.0, id)).await
}

/// Stops a job as soon as it can; what it has done stays. One that has ended, or has to come to its
/// end, is refused.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", operation_id = "cancel_job", tag = "contacts",
    params(("id" = String, Path, description = "the id of the job")),
    responses((status = 200, description = "it ends as soon as it can", body = schema::Job), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem)))]
pub(super) async fn cancel(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Job)?;
    answer::ok(&state, move |app| app.cancel_job(&caller.0, id)).await
}

/// Takes back what a job has changed, as a job of its own. A contact that was changed since is left
/// as it is and named among the `refusals`.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/undo", operation_id = "undo_job", tag = "contacts",
    params(("id" = String, Path, description = "the id of the job")),
    responses((status = 202, description = "it is being taken back", body = schema::BulkJobStarted), (status = 403, body = schema::Problem),
        (status = 404, body = schema::Problem), (status = 409, body = schema::Problem)))]
pub(super) async fn undo(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Job)?;
    let app = Arc::clone(&state.app);
    let job = answer::run(&state, move |_| app.undo_job(&caller.0, id)).await?;
    Ok(super::upkeep::accepted(&job))
}
