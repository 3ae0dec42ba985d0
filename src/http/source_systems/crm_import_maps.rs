//! `/api/crm-import-maps/{tenant}`: mappings that are kept, which are templates of imports here.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::answer;
use super::super::auth::Authenticated;
use super::super::body;
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::schema;
use super::super::state::State;
use super::crm_contacts::{check, mapping_of, options_of};
use super::{members, required_text, take};
use crate::app::{App, Deletion, Error, Noun, Precondition, RecordQuery, RecordView};
use crate::domain::record::{AnyKind, kind_by_name};

/// Members of a record that nobody writes.
const OF_RECORDS: [&str; 7] =
    ["id", "version", "created_at", "updated_at", "created_by", "updated_by", "deleted_at"];

fn kind() -> Result<&'static dyn AnyKind, Error> {
    kind_by_name("import_template").ok_or(Error::NotFound(Noun::Record("import_template")))
}

/// A template as it is called here.
fn shown(mut template: Value) -> Value {
    let mapping = template.pointer("/options/mapping").cloned();
    template["mapping_json"] = mapping.unwrap_or_else(|| json!({}));
    template
}

/// Lists the mappings that are kept.
#[utoipa::path(get, path = "/api/crm-import-maps/{tenant}", operation_id = "crm_list_import_maps", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "50 if not given")),
    responses((status = 200, body = schema::CrmImportMaps), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    check(&state, &caller.0, &path)?;
    let asked = Asked::of_query(&request)?;
    let query = RecordQuery {
        page: asked.number("page")?,
        per_page: asked.number("per_page")?,
        ..RecordQuery::default()
    };
    answer::ok(&state, move |app| {
        let mut found = app.list_records(&caller.0, kind()?, &query)?.into_json();
        if let Some(items) = found["items"].as_array_mut() {
            for item in items {
                *item = shown(item.take());
            }
        }
        Ok(found)
    })
    .await
}

/// Keeps a mapping under a name; options of an import stand beside it.
#[utoipa::path(post, path = "/api/crm-import-maps/{tenant}", operation_id = "crm_create_import_map", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token")),
    request_body = schema::CrmImportMapInput,
    responses((status = 201, body = schema::CrmImportMap), (status = 403, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    check(&state, &caller.0, &path)?;
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let template = template_of(value)?;
    let made =
        answer::run(&state, move |app| app.create_record(&caller.0, kind()?, &template, None))
            .await?;
    let mut response = answer::json(StatusCode::CREATED, &shown(made.json));
    let place = format!("/api/crm-import-maps/{}/{}", path.as_str(), made.id);
    answer::put_header(&mut response, "location", &place);
    Ok(response)
}

/// One mapping.
#[utoipa::path(get, path = "/api/crm-import-maps/{tenant}/{id}", operation_id = "crm_find_import_map", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token"), ("id" = String, Path, description = "the id of the mapping")),
    responses((status = 200, body = schema::CrmImportMap), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(in crate::http) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    check(&state, &caller.0, &path.0)?;
    let id: Uuid = path.1.parse().unwrap_or_default();
    answer::ok(&state, move |app| Ok(shown(app.find_record(&caller.0, kind()?, id)?.json))).await
}

/// Replaces a mapping: what is not sent is empty afterwards.
#[utoipa::path(put, path = "/api/crm-import-maps/{tenant}/{id}", operation_id = "crm_replace_import_map", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token"), ("id" = String, Path, description = "the id of the mapping")),
    request_body = schema::CrmImportMapInput,
    responses((status = 200, body = schema::CrmImportMap), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn replace(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    check(&state, &caller.0, &path.0)?;
    let id: Uuid = path.1.parse().unwrap_or_default();
    let by = caller.0.clone();
    answer::run(&state, move |app| app.find_record(&by, kind()?, id)).await?;
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let template = template_of(value)?;
    let replace = move |app: &App| -> Result<RecordView, Error> {
        app.update_record(&caller.0, kind()?, id, &template, &Precondition::None)
    };
    answer::ok(&state, move |app| Ok(shown(replace(app)?.json))).await
}

/// Deletes a mapping.
#[utoipa::path(delete, path = "/api/crm-import-maps/{tenant}/{id}", operation_id = "crm_delete_import_map", tag = "source systems",
    params(("tenant" = String, Path, description = "the id or name of the organisation of the token"), ("id" = String, Path, description = "the id of the mapping")),
    responses((status = 204, description = "it is deleted"), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(in crate::http) async fn delete(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    check(&state, &caller.0, &path.0)?;
    let id: Uuid = path.1.parse().unwrap_or_default();
    answer::run(&state, move |app| {
        app.delete_record(&caller.0, kind()?, id, Deletion::Soft, &Precondition::None)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A body in our words: a name, and options with the mapping among them.
fn template_of(value: Value) -> Result<Value, Problem> {
    let mut asked = members(value)?;
    let name = take(&mut asked, &["name", "map_name", "title"]);
    let name = required_text(name, "name", "is what the mapping is called")?;
    let mut options = match take(&mut asked, &["options", "options_json"]) {
        Some(Value::Object(options)) => options,
        None => Map::new(),
        Some(_) => return Err(Error::invalid("/options", "type", "must be an object").into()),
    };
    if let Some(mapping) = take(&mut asked, &["mapping_json", "mapping"]) {
        options.insert("mapping".to_owned(), mapping_of(mapping)?);
    }
    options_of(&mut asked, &mut options);
    let header = take(&mut asked, &["header", "columns"]);
    // What came with an answer may go back with it.
    for known in OF_RECORDS {
        asked.remove(known);
    }
    if let Some(unknown) = asked.keys().next() {
        let unknown: String = unknown.chars().take(100).collect();
        let detail = "is not known here: send name, mapping_json and options of an import";
        return Err(Error::invalid(&format!("/{unknown}"), "unknown_member", detail).into());
    }
    Ok(json!({"name": name, "options": options, "header": header}))
}
