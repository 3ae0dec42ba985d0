//! Previews of imports: what a list would do, before anything is written.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::import_upload;
use super::imports::options_of;
use super::schema;
use super::state::State;
use crate::app::{ImportReport, SentList};

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
    let options = options_of(&request, &state, &caller.0)?;
    let list = import_upload::receive(&request, payload, &state, options).await?;
    state.app.check_import(&caller.0, &list.options)?;
    let previewed = match &list.list {
        SentList::Sent(list) => list.clone(),
        SentList::Previewed(id) => state.app.find_previewed(&caller.0, *id)?,
    };
    let (by, options) = (caller.0.clone(), list.options);
    let shown_list = previewed.clone();
    let report = answer::run_while_wanted(&request, &state, move |app, cancel| {
        app.preview_import(&by, &shown_list, &options, cancel)
    })
    .await?;
    let id = match list.list {
        SentList::Previewed(id) => id,
        SentList::Sent(_) => {
            if let Some(unkept) = list.unkept {
                unkept.keep();
            }
            // Files of older ones are removed.
            answer::run(&state, move |app| Ok(app.keep_previewed(&caller.0, previewed))).await?
        }
    };
    Ok(answer::json(StatusCode::OK, &shown(id, &report)))
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
