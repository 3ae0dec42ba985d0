//! Contacts as a REST table and as edge functions: `/rest/v1/contacts`,
//! `/functions/v1/search-contacts`, `/functions/v1/import-contacts`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::super::auth::Authenticated;
use super::super::error::Problem;
use super::super::state::State;
use super::super::{body, contacts, imports, schema, search};
use super::{check_organization, members, payload, require_json, required_text, take};
use crate::app::Error;

/// What the organisation is called in these bodies.
const ORGANIZATION: [&str; 2] = ["organization_id", "organizationId"];

/// Creates a contact, as `POST /api/v1/contacts` does.
#[utoipa::path(post, path = "/rest/v1/contacts", operation_id = "rest_create_contact", tag = "source systems",
    request_body = schema::RestContactInput,
    responses((status = 201, body = schema::Contact), (status = 401, body = schema::Problem), (status = 403, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, sent, state.limits.json_bytes).await?;
    let mut contact = members(value)?;
    check_organization(&state, &caller.0, take(&mut contact, &ORGANIZATION).as_ref())?;
    let rewritten = payload(&request, Value::Object(contact).to_string()).await?;
    contacts::create(request, state, caller, rewritten).await
}

/// Searches contacts, as `POST /api/v1/contacts/search` does: `query` is the query text, `tags` are
/// tags that contacts must have.
#[utoipa::path(post, path = "/functions/v1/search-contacts", operation_id = "rest_search_contacts", tag = "source systems",
    request_body = schema::RestSearchInput,
    responses((status = 200, body = schema::SearchAnswer), (status = 401, body = schema::Problem), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn search(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, sent, state.limits.json_bytes).await?;
    let mut asked = members(value)?;
    check_organization(&state, &caller.0, take(&mut asked, &ORGANIZATION).as_ref())?;
    if !matches!(asked.get("query"), None | Some(Value::Null | Value::String(_))) {
        return Err(Error::invalid("/query", "type", "must be a string").into());
    }
    for (from, to) in [
        ("query", "q"),
        ("searchTerm", "q"),
        ("perPage", "per_page"),
        ("pageSize", "per_page"),
        ("limit", "per_page"),
    ] {
        if let Some(value) = take(&mut asked, &[from]) {
            asked.entry(to).or_insert(value);
        }
    }
    // A text of several tags is a list of them.
    if let Some(Value::Array(tags)) = asked.get("tags") {
        let tags = tags.clone();
        asked.remove("tags");
        asked.insert("tag".to_owned(), Value::Array(tags));
    }
    search::found_by_body(state, caller, &Value::Object(asked)).await
}

/// Imports a list, as `POST /api/v1/imports` does: `csvData` is its text. The import goes on in the
/// background; `GET /api/v1/imports/{id}` says how it stands.
#[utoipa::path(post, path = "/functions/v1/import-contacts", operation_id = "rest_import_contacts", tag = "source systems",
    request_body = schema::RestImportInput,
    responses((status = 202, body = schema::ImportJob), (status = 400, body = schema::Problem), (status = 401, body = schema::Problem), (status = 403, body = schema::Problem), (status = 413, body = schema::Problem), (status = 415, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn import(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    require_json(&request)?;
    imports::options_of(&request, &state, &caller.0).await?;
    let (value, _) = body::json(&request, sent, state.limits.bulk_bytes).await?;
    let mut asked = members(value)?;
    check_organization(&state, &caller.0, take(&mut asked, &ORGANIZATION).as_ref())?;
    let csv = take(&mut asked, &["csvData", "csv_data", "csv"]);
    let csv = required_text(csv, "csvData", "is the list itself, as the text of a CSV file")?;
    let mut options = take(&mut asked, &["options"]).unwrap_or_else(|| json!({}));
    if let Some(mapping) = take(&mut asked, &["mapping", "columnMapping", "fieldMapping"])
        && let Value::Object(options) = &mut options
    {
        options.insert("mapping".to_owned(), mapping);
    }
    // What is left is not known, and the import says so.
    asked.insert("csv".to_owned(), Value::String(csv));
    asked.insert("options".to_owned(), options);
    let rewritten = payload(&request, Value::Object(asked).to_string()).await?;
    imports::create(request, state, caller, rewritten).await
}
