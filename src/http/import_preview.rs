//! Previews of imports: what a list would do, before anything is written.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::import_upload;
use super::imports::{options_of, page_of};
use super::schema;
use super::search::query_of;
use super::state::State;
use crate::app::{Error, ImportReport, RowGroup, RowsQuery, SentList};
use crate::domain::access::Permission;

/// Works out what an import would do and writes nothing. The list comes as for an import and is kept
/// for an hour: `upload_id` stands for it in further previews, with other options, and in the import.
#[utoipa::path(post, path = "/api/v1/imports/preview", operation_id = "preview_import", tag = "imports",
    params(("options" = Option<String>, Query, description = "a JSON object")),
    request_body(content((String = "text/csv"), (schema::ImportForm = "multipart/form-data"), (schema::ImportBody = "application/json"))),
    responses((status = 200, body = schema::ImportPreview), (status = 400, body = schema::Problem), (status = 403, body = schema::Problem), (status = 413, body = schema::Problem), (status = 415, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn preview(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let options = options_of(&request, &state, &caller.0).await?;
    let list = import_upload::receive(&request, payload, &state, &caller.0, options).await?;
    state.app.check_import(&caller.0, &list.options)?;
    let previewed = match &list.list {
        SentList::Sent(list) => list.clone(),
        SentList::Previewed(id) => state.app.find_previewed(&caller.0, *id)?,
    };
    let (by, options) = (caller.0.clone(), list.options);
    let shown_list = previewed.clone();
    let mut report = answer::run_while_wanted(&request, &state, move |app, cancel| {
        app.preview_import(&by, &shown_list, &options, cancel)
    })
    .await?;
    let rows = std::mem::take(&mut report.details.rows);
    let (by, columns) = (caller.0.clone(), report.columns.clone());
    let templates = answer::run(&state, move |app| app.templates_for(&by, &columns)).await?;
    let id = match list.list {
        SentList::Previewed(id) => {
            answer::run(&state, move |app| app.keep_preview_rows(&caller.0, id, &rows)).await?;
            id
        }
        SentList::Sent(_) => {
            if let Some(unkept) = list.unkept {
                unkept.keep();
            }
            // Files of older ones are removed.
            answer::run(&state, move |app| app.keep_previewed(&caller.0, previewed, &rows)).await?
        }
    };
    let mut shown = shown(id, &report);
    shown["templates"] = json!(templates);
    Ok(answer::json(StatusCode::OK, &shown))
}

/// The rows of a list that was previewed, with what would become of them.
#[utoipa::path(get, path = "/api/v1/imports/preview/{upload_id}/rows", operation_id = "list_preview_rows", tag = "imports",
    params(("upload_id" = String, Path, description = "the upload_id of the preview"),
        ("group" = Option<String>, Query, description = "new, updated, unchanged, conflict or invalid; all without"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "50 if not given, at most 1,000")),
    responses((status = 200, body = schema::PreviewRows), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn rows(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    if !caller.0.may(Permission::Import) {
        return Err(Error::Forbidden(Permission::Import).into());
    }
    let query = query_of(&request)?;
    let known = ["group", "page", "per_page", "token"];
    if let Some(name) = query.keys().find(|name| !known.contains(&name.as_str())) {
        let name: String = name.chars().take(100).collect();
        let detail = "is not known here; known are group, page and per_page";
        return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail).into());
    }
    let group = query.get("group").filter(|text| !text.is_empty()).map(|text| {
        RowGroup::parse(text).ok_or_else(|| {
            let all = RowGroup::ALL.map(RowGroup::as_str).join(", ");
            Error::invalid("/group", "value", format!("must be one of {all}"))
        })
    });
    let group = group.transpose()?;
    let (page, per_page) = page_of(&query)?;
    // An id that is none is that of no list.
    let id = path.parse().unwrap_or_default();
    answer::ok(&state, move |app| {
        app.preview_rows(&caller.0, id, RowsQuery { group, page, per_page })
    })
    .await
}

fn shown(id: Uuid, report: &ImportReport) -> Value {
    let (counts, details) = (report.counts, &report.details);
    let problems = report.rejected.first.iter().map(|one| {
        json!({
            "row": one.row, "column": one.column, "value": one.value, "code": one.code,
            "detail": one.detail, "repair": one.remedy,
        })
    });
    let mut file = json!({
            "format": report.file.format, "encoding": report.file.encoding,
        "delimiter": report.file.delimiter, "layout": report.file.layout, "rows": counts.rows(),
    });
    if let Some(sheet) = &report.file.sheet {
        file["sheet"] = json!(sheet);
        file["sheets"] = json!(report.file.sheets);
    }
    json!({
        "upload_id": id,
        "file": file,
        "columns": report.columns,
        "counts": {
            "new": counts.imported, "updated": counts.updated, "unchanged": details.unchanged,
            "duplicates_in_file": details.duplicates_in_file, "conflicts": details.asked,
            "invalid": counts.errors,
        },
        "updates_by_field": details.updates_by_field,
        "problems": problems.collect::<Vec<_>>(),
        "problems_total": report.rejected.total,
        "warnings": report.warnings.first,
        "warnings_total": report.warnings.total,
    })
}
