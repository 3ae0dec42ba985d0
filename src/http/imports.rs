//! Imports over HTTP: upload, follow, fetch what was not taken.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde_json::json;
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::coding::Decoded;
use super::error::Problem;
use super::import_upload::UploadedList;
use super::schema;
use super::search::query_of;
use super::state::State;
use super::{body, import_upload, records};
use crate::app::{Error, ImportOptions};
use crate::domain::access::{Caller, Permission};
use crate::error::ErrorCode;

/// Imports a list in the background. The body is the file, a table or a contact as JSON a line; or
/// `multipart/form-data` with a part `file` and, if wanted, a part `options`; or JSON,
/// `{"csv": "name,phone\n...", "options": {...}}`, with the `upload_id` of a preview in the place of
/// `csv` if it was sent there.
///
/// `options` is a JSON object with `mapping` (`{"COLUMN": "field"}`, `#3` is the third column; or
/// `map`, an array of `COLUMN=field`), `on_duplicate`, `match_keys`, `match_names`,
/// `default_country`, `tags`, `delimiter`, `encoding`, `header`, `tag_separator`, `strict`,
/// `companies`, `keep_edited_since`, `dry_run`.
///
/// With `Idempotency-Key` the same request can be sent again: it is answered with the same import.
#[utoipa::path(post, path = "/api/v1/imports", operation_id = "create_import", tag = "imports",
    params(("options" = Option<String>, Query, description = "a JSON object")),
    request_body(content((String = "text/csv"), (schema::ImportForm = "multipart/form-data"), (schema::ImportBody = "application/json"))),
    responses((status = 202, body = schema::ImportJob), (status = 400, body = schema::Problem), (status = 403, body = schema::Problem), (status = 413, body = schema::Problem), (status = 415, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let options = options_of(&request, &state, &caller.0).await?;
    let list = import_upload::receive(&request, payload, &state, &caller.0, options).await?;
    let app = Arc::clone(&state.app);
    let is_repeatable = request.headers().contains_key("idempotency-key");
    let (list, fingerprint) = answer::run(&state, move |app| {
        let fingerprint =
            if is_repeatable { list.list.fingerprint(app, &list.options)? } else { [0; 32] };
        Ok((list, fingerprint))
    })
    .await?;
    let idempotency = body::idempotency(&request, &caller.0, &fingerprint)?;
    let (job, is_replay) = answer::run(&state, move |_| {
        let UploadedList { list, unkept, options } = list;
        let started = app.start_import(&caller.0, list, options, idempotency)?;
        if let (Some(unkept), (_, false)) = (unkept, &started) {
            unkept.keep();
        }
        Ok(started)
    })
    .await?;
    let mut response = answer::json(StatusCode::ACCEPTED, &job);
    answer::put_header(&mut response, "location", &format!("/api/v1/imports/{}", job.id));
    if is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}

/// The options in the address of an import, of a caller who may import.
pub(super) async fn options_of(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
) -> Result<ImportOptions, Problem> {
    if !caller.may(Permission::Import) {
        return Err(Error::Forbidden(Permission::Import).into());
    }
    if request.extensions().contains::<Decoded>() {
        // They stand in the body as it was written anew.
        return Ok(ImportOptions::default());
    }
    let query = query_of(request)?;
    if let Some(unknown) = query.keys().find(|name| *name != "options") {
        let detail = "is not known here: everything goes into options, a JSON object";
        return Err(Error::invalid(&format!("/{unknown}"), "unknown_member", detail).into());
    }
    let text = query.get("options").map_or("", String::as_str);
    let options = import_upload::read_options(state, caller, text).await?;
    state.app.check_import(caller, &options)?;
    Ok(options)
}

/// The imports of the organisation that the caller may know of, newest first; without samples and
/// warnings, which one import alone shows.
#[utoipa::path(get, path = "/api/v1/imports", operation_id = "list_imports", tag = "imports",
    params(("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "50 if not given, at most 1,000")),
    responses((status = 200, body = schema::ImportList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let (page, per_page) = page_of(&query_of(&request)?)?;
    let jobs = answer::run(&state, move |app| app.list_imports(&caller.0)).await?;
    let items: Vec<_> = jobs.iter().skip((page - 1) * per_page).take(per_page).collect();
    let answer = json!({
        "total": jobs.len(), "total_exact": true, "page": page, "per_page": per_page,
        "next_cursor": null, "items": items,
    });
    Ok(answer::json(StatusCode::OK, &answer))
}

/// The page and its size that are asked for.
pub(super) fn page_of(query: &HashMap<String, String>) -> Result<(usize, usize), Problem> {
    let number = |name: &str, least: usize, most: usize, usual: usize| -> Result<usize, Problem> {
        let Some(text) = query.get(name) else { return Ok(usual) };
        text.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            let detail = format!("must be a whole number from {least} to {most}");
            Error::invalid(&format!("/{name}"), "value", detail).into()
        })
    };
    Ok((number("page", 1, 1_000_000, 1)?, number("per_page", 1, 1_000, 50)?))
}

fn import_id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_not_a_uuid| Error::ImportNotFound.into())
}

/// How an import stands.
#[utoipa::path(get, path = "/api/v1/imports/{id}", operation_id = "find_import", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    responses((status = 200, body = schema::ImportJob), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    answer::ok(&state, move |app| app.find_import(&caller.0, id)).await
}

/// The rows that an import did not take, as CSV with row, column, value, reason and what to do. They
/// are kept for seven days; `errors_url` of the import is null then.
#[utoipa::path(get, path = "/api/v1/imports/{id}/errors.csv", operation_id = "list_import_errors", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    responses((status = 200, description = "the file"), (status = 404, body = schema::Problem)))]
pub(super) async fn errors(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    let bytes = web::block(move || state.app.import_errors(&caller.0, id))
        .await
        .map_err(|_blocking| Problem::new(ErrorCode::Internal, "the file cannot be read"))??;
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(bytes))
}

/// Stops an import between two writes; what was written stays.
#[utoipa::path(post, path = "/api/v1/imports/{id}/cancel", operation_id = "cancel_import", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    responses((status = 200, body = schema::ImportJob), (status = 404, body = schema::Problem)))]
pub(super) async fn cancel(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    answer::ok(&state, move |app| app.cancel_import(&caller.0, id)).await
}

/// Takes back what an import did: contacts that it made are deleted, fields that it changed get the
/// values that they had. What was changed since is kept and named in the job.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", operation_id = "undo_import", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    responses((status = 202, body = schema::BulkJob), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem)))]
pub(super) async fn undo(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    let app = Arc::clone(&state.app);
    let job = answer::run(&state, move |_| app.undo_import(&caller.0, id)).await?;
    let mut response = answer::json(StatusCode::ACCEPTED, &job);
    answer::put_header(&mut response, "location", &format!("/api/v1/jobs/{}", job.id));
    Ok(response)
}

/// Rows that an import asks about (`on_duplicate: ask`) and that nobody has answered yet, with the
/// contacts that each may belong to. They are kept for seven days.
#[utoipa::path(get, path = "/api/v1/imports/{id}/questions", operation_id = "list_import_questions", tag = "imports",
    params(("id" = String, Path, description = "the id of the import"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "50 if not given, at most 1,000")),
    responses((status = 200, body = schema::ImportQuestions), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn questions(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    let (page, per_page) = page_of(&query_of(&request)?)?;
    answer::ok(&state, move |app| app.import_questions(&caller.0, id, page, per_page)).await
}

/// Decides rows that an import asks about: each updates a contact, makes one, or is passed over, as
/// rows of the import do. All answers are taken or none; an answer that was given before is not done
/// again.
#[utoipa::path(post, path = "/api/v1/imports/{id}/questions", operation_id = "answer_import_questions", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    request_body = schema::ImportAnswers,
    responses((status = 200, body = schema::ImportAnswered), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn answer(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    let (by, own) = (caller.0.clone(), id);
    answer::run(&state, move |app| app.find_import(&by, own)).await?;
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    answer::ok(&state, move |app| app.answer_import(&caller.0, id, &value)).await
}

/// A table with the columns of a contact and two rows as examples, to be filled in.
#[utoipa::path(get, path = "/api/v1/imports/template.csv", operation_id = "download_import_template", tag = "imports",
    responses((status = 200, description = "the file"), (status = 403, body = schema::Problem)))]
pub(super) async fn template(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let bytes = answer::run(&state, move |app| app.import_template(&caller.0)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", "attachment; filename=\"contacts-template.csv\""))
        .body(bytes))
}

/// Replaces a template of imports: what is not sent is empty afterwards.
#[utoipa::path(put, path = "/api/v1/import-templates/{id}", operation_id = "replace_import_template", tag = "records",
    params(("id" = String, Path, description = "the id of the template")),
    request_body(content((schema::ImportTemplateBody = "application/json"))),
    responses((status = 200, body = schema::ImportTemplateBody), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn replace_template(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    records::replace(request, state, caller, payload).await
}
