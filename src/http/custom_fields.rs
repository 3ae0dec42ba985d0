//! Definitions of custom fields.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::schema;
use super::search::query_of;
use super::state::State;
use crate::app::{App, BulkJob, Cancel, Error, FieldChanged, FieldView};

/// A switch of the query string.
fn flag(request: &HttpRequest, name: &str) -> Result<bool, Problem> {
    match query_of(request)?.get(name).map(String::as_str) {
        None | Some("false" | "0" | "no") => Ok(false),
        Some("" | "true" | "1" | "yes") => Ok(true),
        Some(_) => Err(Error::invalid(&format!("/{name}"), "type", "must be true or false").into()),
    }
}

fn one(status: StatusCode, field: &FieldView) -> HttpResponse {
    let mut response = answer::json(status, field);
    answer::put_header(&mut response, "etag", &answer::etag(field.version));
    response
}

fn all(request: &HttpRequest, fields: &[FieldView]) -> Result<HttpResponse, Problem> {
    answer::whole(request, "custom_fields", fields)
}

/// Says where the job of a change is.
fn put_job(response: &mut HttpResponse, job: &BulkJob) {
    answer::put_header(response, "location", &format!("/api/v1/jobs/{}", job.id));
}

/// Lists the custom fields that the caller sees, in order.
#[utoipa::path(get, path = "/api/v1/custom-fields", operation_id = "list_custom_fields", tag = "custom fields",
    params(("archived" = Option<bool>, Query, description = "with archived ones, for who defines fields"),
        ("usage" = Option<bool>, Query, description = "count how many contacts hold a value; for who may define fields")),
    responses((status = 200, body = schema::CustomFieldList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let (archived, usage) = (flag(&request, "archived")?, flag(&request, "usage")?);
    // Counting goes through the same gate as what reads everything: it is a search for each field.
    let list = move |app: &App, cancel: &Cancel| {
        app.list_custom_fields(&caller.0, archived, usage, cancel)
    };
    let fields = if usage {
        answer::scan(&request, &state, move |app, cancel| list(app, cancel)).await?
    } else {
        answer::run(&state, move |app| list(app, &Cancel::never())).await?
    };
    all(&request, &fields)
}

/// Defines a custom field.
#[utoipa::path(post, path = "/api/v1/custom-fields", operation_id = "create_custom_field", tag = "custom fields",
    params(("Idempotency-Key" = Option<String>, Header, description = "a key of this request: sent again, it makes nothing new")),
    request_body = schema::CustomFieldInput,
    responses((status = 201, body = schema::CustomField), (status = 403, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, bytes) = body::json(&request, payload, state.limits.json_bytes).await?;
    let once = body::idempotency(&request, &caller.0, &bytes)?;
    let made = answer::run(&state, move |app| {
        if let Some(key) = app.answered::<String>(caller.0.organization, once)? {
            return app.find_custom_field(&caller.0, &key);
        }
        let made = app.create_custom_field(&caller.0, &value)?;
        app.keep_answer(&caller.0, once, &made.key)?;
        Ok(made)
    })
    .await?;
    let mut response = one(StatusCode::CREATED, &made);
    answer::put_header(&mut response, "location", &format!("/api/v1/custom-fields/{}", made.id));
    Ok(response)
}

/// Reads a custom field; for who may define fields with how many contacts hold a value.
#[utoipa::path(get, path = "/api/v1/custom-fields/{id}", operation_id = "find_custom_field", tag = "custom fields",
    params(("id" = String, Path, description = "the key or the id")),
    responses((status = 200, body = schema::CustomField), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = answer::run(&state, move |app| app.find_custom_field(&caller.0, &path)).await?;
    Ok(one(StatusCode::OK, &found))
}

/// Changes a custom field; absent members stay.
///
/// Another type or fewer options convert the values of contacts in the background (202, with the
/// job in `Location`). Where values would not fit, nothing changes and they are listed, unless
/// `on_misfit` or `replace_with` says what becomes of them.
#[utoipa::path(patch, path = "/api/v1/custom-fields/{id}", operation_id = "update_custom_field", tag = "custom fields",
    params(("id" = String, Path, description = "the key or the id"),
        ("dry_run" = Option<bool>, Query, description = "only say what would happen"),
        ("If-Match" = Option<String>, Header, description = "the ETag that the change is based on")),
    request_body(content = schema::CustomFieldPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = schema::CustomFieldChange), (status = 202, body = schema::CustomField), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn update(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let precondition = body::precondition(&request);
    let dry_run = flag(&request, "dry_run")?;
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let changed = answer::scan(&request, &state, move |app, cancel| {
        app.update_custom_field(&caller.0, &path, &value, dry_run, &precondition, cancel)
    })
    .await?;
    Ok(match changed {
        FieldChanged::Trial(survey) => {
            let mut shown = json!(survey);
            shown["dry_run"] = Value::Bool(true);
            answer::json(StatusCode::OK, &shown)
        }
        FieldChanged::Done(field, None) => one(StatusCode::OK, &field),
        FieldChanged::Done(field, Some(job)) => {
            let mut response = one(StatusCode::ACCEPTED, &field);
            put_job(&mut response, &job);
            response
        }
    })
}

/// Deletes a custom field and all its values, in the background; needs `confirm=true`.
#[utoipa::path(delete, path = "/api/v1/custom-fields/{id}", operation_id = "delete_custom_field", tag = "custom fields",
    params(("id" = String, Path, description = "the key or the id"),
        ("confirm" = Option<bool>, Query, description = "without it the answer says how many contacts would lose a value"),
        ("If-Match" = Option<String>, Header, description = "the ETag of what is meant")),
    responses((status = 202, body = schema::BulkJob), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(super) async fn delete(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let precondition = body::precondition(&request);
    let confirmed = flag(&request, "confirm")?;
    let app = Arc::clone(&state.app);
    let job = answer::run(&state, move |_| {
        app.delete_custom_field(&caller.0, &path, confirmed, &precondition)
    })
    .await?;
    let mut response = answer::json(StatusCode::ACCEPTED, &job);
    put_job(&mut response, &job);
    Ok(response)
}

async fn put_order(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let fields = answer::run(&state, move |app| app.order_custom_fields(&caller.0, &value)).await?;
    all(&request, &fields)
}

/// Puts the custom fields into an order, by keys or ids; those that are not named stay behind them.
#[utoipa::path(put, path = "/api/v1/custom-fields/order", operation_id = "set_custom_field_order", tag = "custom fields",
    request_body = schema::CustomFieldOrder,
    responses((status = 200, body = schema::CustomFieldList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn order(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    put_order(request, state, caller, payload).await
}

/// The same, for clients that cannot send PUT.
#[utoipa::path(post, path = "/api/v1/custom-fields/order", operation_id = "order_custom_fields", tag = "custom fields",
    request_body = schema::CustomFieldOrder,
    responses((status = 200, body = schema::CustomFieldList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn order_by_post(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    put_order(request, state, caller, payload).await
}
