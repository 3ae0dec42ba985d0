//! `/api/contacts`: list, create, many at once, read with its calls, change in part by `PUT`, delete,
//! import from Google Sheets.

use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::super::auth::Authenticated;
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::state::State;
use super::super::{answer, body, contacts, imports, schema, search};
use super::{members, payload, require_json, required_text, take};
use crate::app::{Error, RecordQuery};
use crate::domain::record::kind_by_name;
use crate::domain::view::ContactView;

/// Calls that are shown with a contact; `GET /api/v1/calls?contact_id=` has all.
const MOST_CALLS: usize = 50;

/// What members of the list are called here.
const MEMBERS: &[(&str, &str)] = &[
    ("search", "q"),
    ("limit", "per_page"),
    ("date_from", "created_from"),
    ("date_to", "created_to"),
    ("start_date", "created_from"),
    ("end_date", "created_to"),
    ("department_id", "department"),
];

/// Lists contacts, as `GET /api/v1/contacts` does and with all of its filters.
#[utoipa::path(get, path = "/api/contacts", operation_id = "legacy_list_contacts", tag = "source systems",
    params(("search" = Option<String>, Query, description = "the query"),
        ("tags" = Option<String>, Query, description = "tags that contacts must have, joined by commas"),
        ("department" = Option<String>, Query, description = "only of this owning department"),
        ("date_from" = Option<String>, Query, description = "created on this day or later"),
        ("date_to" = Option<String>, Query, description = "created on this day or earlier"),
        ("page" = Option<usize>, Query, description = "from 1"),
        ("per_page" = Option<usize>, Query, description = "at most 1000")),
    responses((status = 200, body = schema::SearchAnswer), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let mut asked = Asked::of_query(&request)?;
    asked.rename(MEMBERS);
    search::found(state, caller, &asked).await
}

/// Creates a contact, as `POST /api/v1/contacts` does.
#[utoipa::path(post, path = "/api/contacts", operation_id = "legacy_create_contact", tag = "source systems",
    request_body = schema::ContactInput,
    responses((status = 201, body = schema::Contact), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    contacts::create(request, state, caller, sent).await
}

/// Creates many contacts, as `POST /api/v1/contacts/bulk` does; the body may be the array itself.
#[utoipa::path(post, path = "/api/contacts/bulk", operation_id = "legacy_create_contacts", tag = "source systems",
    request_body = schema::BulkInput,
    responses((status = 200, body = schema::BulkAnswer), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn create_many(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    contacts::create_many(request, state, caller, sent).await
}

/// Reads a contact with its last calls in `call_history`.
#[utoipa::path(get, path = "/api/contacts/{id}", operation_id = "legacy_find_contact", tag = "source systems",
    params(("id" = String, Path, description = "the id of the contact")),
    responses((status = 200, body = schema::ContactWithCalls),
        (status = 308, body = schema::MergedInto, description = "it was merged; Location is where it is now"), (status = 404, body = schema::Problem)))]
pub(in crate::http) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let id = contacts::contact_id(&path)?;
    let found = answer::run(&state, move |app| {
        let contact = match app.read_contact(&caller.0, id) {
            Err(Error::Merged { into, .. }) => return Ok(Err(into)),
            found => found?,
        };
        let query = RecordQuery {
            contact: Some(id.to_string()),
            per_page: Some(MOST_CALLS),
            ..RecordQuery::default()
        };
        let calls = match kind_by_name("call") {
            Some(kind) => app.list_records(&caller.0, kind, &query)?.items,
            None => Vec::new(),
        };
        Ok(Ok((contact, calls, app.showing(caller.0.organization)?)))
    })
    .await?;
    let (contact, calls, lists) = match found {
        Ok(found) => found,
        Err(into) => return Ok(contacts::moved(id, into)),
    };
    let mut view = json!(ContactView::with(&contact, &lists));
    view["call_history"] = Value::Array(calls);
    let mut response = answer::json(StatusCode::OK, &view);
    answer::put_header(&mut response, "etag", &answer::etag_of(&contact));
    answer::put_header(&mut response, "server-timing", &answer::timing(started));
    Ok(response)
}

/// Changes a contact in part, as `PATCH /api/v1/contacts/{id}` does: absent members stay, `null`
/// clears.
#[utoipa::path(put, path = "/api/contacts/{id}", operation_id = "legacy_update_contact", tag = "source systems",
    params(("id" = String, Path, description = "the id of the contact"), ("If-Match" = Option<String>, Header, description = "the ETag that the change is based on")),
    request_body = schema::ContactInput,
    responses((status = 200, body = schema::Contact), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn update(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    contacts::update(request, state, caller, path, sent).await
}

/// Deletes a contact, softly or with `permanent=true` for good.
#[utoipa::path(delete, path = "/api/contacts/{id}", operation_id = "legacy_delete_contact", tag = "source systems",
    params(("id" = String, Path, description = "the id of the contact"), ("permanent" = Option<bool>, Query, description = "for good; needs the right to erase"), ("cascade" = Option<bool>, Query, description = "with permanent: also if tasks and other records are deleted with it")),
    responses((status = 204), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(in crate::http) async fn delete(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    contacts::delete(request, state, caller, path).await
}

/// Imports a sheet that is shared publicly, as `POST /api/v1/imports` does with `sheet_url`. The
/// import goes on in the background; `GET /api/v1/imports/{id}` says how it stands.
#[utoipa::path(post, path = "/api/contacts/import/google-sheets", operation_id = "legacy_import_sheet", tag = "source systems",
    request_body = schema::SheetImportInput,
    responses((status = 202, body = schema::ImportJob), (status = 400, body = schema::Problem), (status = 403, body = schema::Problem), (status = 413, body = schema::Problem), (status = 415, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn import_sheet(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    imports::options_of(&request, &state, &caller.0).await?;
    require_json(&request)?;
    let (value, _) = body::json(&request, sent, state.limits.json_bytes).await?;
    let mut asked = members(value)?;
    let url = take(&mut asked, &["url", "sheet_url", "sheetUrl", "share_url", "public_url"]);
    let url = required_text(url, "url", "is the public share URL of the sheet")?;
    let mut options = take(&mut asked, &["options"]).unwrap_or_else(|| json!({}));
    if let Value::Object(options) = &mut options {
        for (from, to) in [
            ("mapping", "mapping"),
            ("column_mapping", "mapping"),
            ("duplicate_handling", "on_duplicate"),
            ("on_duplicate", "on_duplicate"),
            ("tags", "tags"),
        ] {
            if let Some(value) = take(&mut asked, &[from]) {
                options.entry(to).or_insert(value);
            }
        }
    }
    asked.insert("sheet_url".to_owned(), Value::String(url));
    asked.insert("options".to_owned(), options);
    let rewritten = payload(&request, Value::Object(asked).to_string()).await?;
    imports::create(request, state, caller, rewritten).await
}
