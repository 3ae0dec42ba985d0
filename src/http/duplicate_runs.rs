//! Comparing everything on demand, and the reports of it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::duplicates::view_of;
use super::error::Problem;
use super::filters::Asked;
use super::import_upload::receive_file;
use super::people::record_id;
use super::schema;
use super::state::State;
use crate::app::{
    Error, ListRun, Noun, ReportFormat, RunList, RunReport, RunView, Unkept, UploadLimit,
};
use crate::error::ErrorCode;

/// The members of a request for a run over the base.
const MEMBERS: [&str; 3] = ["view", "format", "min_probability"];
/// What is said of a report whose file is damaged or gone.
const UNREADABLE: &str = "the file with the report of this run is damaged or gone: start another run, \
     which writes it anew";
/// How likely what is reported must be if nothing is said.
const LIKELY: f64 = 0.9;

fn shown(view: &RunView) -> Value {
    let run = &view.run;
    json!({
        "id": run.id,
        "state": run.state,
        "of": if run.is_list { "list" } else { "base" },
        "report": run.report,
        "progress": {"done": view.done, "total": view.total},
        "compared": run.compared,
        "summary": run.summary,
        "report_url":
            view.has_report.then(|| format!("/api/v1/duplicates/runs/{}/report", run.id)),
        "error": run.error,
        "created_by": run.created_by,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    })
}

fn format_of(text: &str) -> Result<ReportFormat, Problem> {
    match text {
        "csv" => Ok(ReportFormat::Csv),
        "jsonl" => Ok(ReportFormat::JsonLines),
        "html" => Ok(ReportFormat::Html),
        _ => Err(Error::invalid("/format", "value", "must be csv, jsonl or html").into()),
    }
}

/// The report that is asked for; without a format there is none.
fn report_of(asked: &Asked) -> Result<Option<RunReport>, Problem> {
    let min_probability = asked.probability("min_probability")?.unwrap_or(LIKELY);
    let view = view_of(asked.last("view"))?;
    let Some(format) = asked.last("format") else { return Ok(None) };
    Ok(Some(RunReport { view, format: format_of(format)?, min_probability }))
}

/// Compares all contacts with each other in the background; or, with a list as the body, the rows
/// of that list, without importing it.
///
/// With a `format` a report of what the caller sees is written, to be fetched from `report_url`.
/// Over a list there is always one.
#[utoipa::path(post, path = "/api/v1/duplicates/runs", operation_id = "start_duplicate_run", tag = "duplicates",
    params(("view" = Option<String>, Query, description = "of the report: groups (if nothing is said) or pairs"),
        ("format" = Option<String>, Query, description = "of the report: csv, jsonl or html"),
        ("min_probability" = Option<f64>, Query, description = "how likely what is reported must be, 0.9 if nothing is said"),
        ("id_column" = Option<String>, Query, description = "of a list: the column that rows are called by; their numbers if nothing is said"),
        ("map" = Option<Vec<String>>, Query, description = "of a list: COLUMN=field, may be repeated")),
    request_body(content = String, content_type = "text/csv", description = "a list, or nothing"),
    responses((status = 202, body = schema::DuplicateRun), (status = 403, body = schema::Problem), (status = 413, body = schema::Problem), (status = 422, body = schema::Problem), (status = 503, body = schema::Problem)))]
pub(super) async fn start(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let kind = request.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    let is_list = kind.starts_with("text/csv")
        || kind.starts_with("text/tab")
        || kind.starts_with("text/plain");
    let app = Arc::clone(&state.app);
    let has_report = asked.last("format").is_some();
    let by = caller.0.clone();
    answer::run(&state, move |app| app.check_duplicate_run(&by, has_report, is_list)).await?;
    let mut unkept = None;
    let (report, list) = if is_list {
        let report = report_of(&asked)?.unwrap_or(RunReport {
            view: view_of(asked.last("view"))?,
            format: ReportFormat::Csv,
            min_probability: asked.probability("min_probability")?.unwrap_or(LIKELY),
        });
        let how = RunList {
            id_column: asked.last("id_column").map(str::to_owned),
            map: asked.each("map"),
        };
        how.options()?;
        let id = Uuid::now_v7();
        let file = app.run_list_path(id)?;
        unkept = Some(
            receive_file(
                &request,
                payload,
                &state,
                &file,
                UploadLimit::of_server(state.limits.upload_bytes),
            )
            .await?,
        );
        (Some(report), Some(ListRun { id, how }))
    } else {
        let asked = match body::optional_json(&request, payload, state.limits.json_bytes).await? {
            None => asked,
            Some(Value::Object(members)) => {
                if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str()))
                {
                    let detail = format!("is not known here; known are {}", MEMBERS.join(", "));
                    return Err(
                        Error::invalid(&format!("/{unknown}"), "unknown_member", detail).into()
                    );
                }
                Asked::of_json(&Value::Object(members))
            }
            Some(_) => {
                return Err(Error::invalid("", "type", "the body must be a JSON object").into());
            }
        };
        (report_of(&asked)?, None)
    };
    // The list is the run's as soon as there is one, whether or not somebody still waits here.
    let started = answer::run(&state, move |_| {
        let started = app.start_duplicate_run(&caller.0, report, list)?;
        unkept.into_iter().for_each(Unkept::keep);
        Ok(started)
    })
    .await?;
    let mut response = answer::json(StatusCode::ACCEPTED, &shown(&started));
    let place = format!("/api/v1/duplicates/runs/{}", started.run.id);
    answer::put_header(&mut response, "location", &place);
    Ok(response)
}

/// Lists the runs, the newest first.
#[utoipa::path(get, path = "/api/v1/duplicates/runs", operation_id = "list_duplicate_runs", tag = "duplicates",
    responses((status = 200, body = schema::DuplicateRunList), (status = 403, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let runs = answer::run(&state, move |app| {
        Ok(app.list_duplicate_runs(&caller.0)?.iter().map(shown).collect::<Vec<Value>>())
    })
    .await?;
    answer::whole(&request, "runs", &runs)
}

/// How a run stands.
#[utoipa::path(get, path = "/api/v1/duplicates/runs/{id}", operation_id = "find_duplicate_run", tag = "duplicates",
    params(("id" = String, Path, description = "the id of the run")),
    responses((status = 200, body = schema::DuplicateRun), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Run).unwrap_or_default();
    answer::ok(&state, move |app| app.find_duplicate_run(&caller.0, id).map(|run| shown(&run)))
        .await
}

/// Stops a run as soon as it can.
#[utoipa::path(post, path = "/api/v1/duplicates/runs/{id}/cancel", operation_id = "cancel_duplicate_run", tag = "duplicates",
    params(("id" = String, Path, description = "the id of the run")),
    responses((status = 200, body = schema::DuplicateRun), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn cancel(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Run).unwrap_or_default();
    answer::ok(&state, move |app| app.cancel_duplicate_run(&caller.0, id).map(|run| shown(&run)))
        .await
}

/// The report of a run.
#[utoipa::path(get, path = "/api/v1/duplicates/runs/{id}/report", operation_id = "fetch_duplicate_report", tag = "duplicates",
    params(("id" = String, Path, description = "the id of the run")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn report(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Run).unwrap_or_default();
    let (report, file) =
        answer::run(&state, move |app| app.duplicate_run_report(&caller.0, id)).await?;
    let bytes = web::block(move || state.app.read_staged_file(&file))
        .await
        .map_err(|_blocking| Problem::new(ErrorCode::Internal, "the report cannot be read"))?
        .map_err(|error| {
            tracing::error!("the report of run {id} cannot be read: {error}");
            Problem::new(ErrorCode::NotFound, UNREADABLE)
        })?;
    let (kind, name) = match report.format {
        ReportFormat::Csv => ("text/csv; charset=utf-8", "duplicates.csv"),
        ReportFormat::JsonLines => ("application/x-ndjson", "duplicates.jsonl"),
        ReportFormat::Html => ("text/html; charset=utf-8", "duplicates.html"),
    };
    let mut response = HttpResponse::Ok().content_type(kind).body(bytes);
    let disposition = format!("attachment; filename=\"{name}\"");
    answer::put_header(&mut response, "content-disposition", &disposition);
    Ok(response)
}
