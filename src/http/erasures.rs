//! Erasures of people: asked for, approved or refused, certified.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::filters::Asked;
use super::schema;
use super::state::State;
use crate::app::Error;

async fn read(
    request: &HttpRequest,
    state: &web::Data<State>,
    payload: web::Payload,
) -> Result<Value, Problem> {
    let value = body::optional_json(request, payload, state.limits.json_bytes).await?;
    Ok(value.unwrap_or_else(|| json!({})))
}

/// Asks for the erasure of a contact; an admin decides. One that was asked for already is answered.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/erasure", operation_id = "request_erasure", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact")),
    request_body = schema::ErasureInput,
    responses((status = 201, body = schema::Erasure), (status = 200, description = "it was asked for already", body = schema::Erasure),
        (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn request(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id = super::contacts::contact_id(&path)?;
    let value = read(&request, &state, payload).await?;
    let (erasure, is_new) =
        answer::run(&state, move |app| app.request_erasure(&caller.0, id, &value)).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = answer::json(status, &erasure);
    answer::put_header(&mut response, "location", &format!("/api/v1/erasures/{}", erasure.id));
    Ok(response)
}

/// The erasures of the organisation, the last one first; those who do not decide see their own.
#[utoipa::path(get, path = "/api/v1/erasures", operation_id = "list_erasures", tag = "administration",
    params(("state" = Option<String>, Query, description = "requested, refused or done"),
        ("page" = Option<usize>, Query, description = "the page, from 1"),
        ("per_page" = Option<usize>, Query, description = "at most 500; 50 if not given")),
    responses((status = 200, body = schema::ErasureList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    asked.refuse_others(&["state", "page", "per_page"])?;
    let wanted = match asked.last("state") {
        None => None,
        Some(text) => Some(serde_json::from_value(json!(text)).map_err(|_unknown| {
            Error::invalid("/state", "value", "must be requested, refused or done")
        })?),
    };
    let (page, per_page) = (asked.number("page")?, asked.number("per_page")?);
    let found =
        answer::run(&state, move |app| app.list_erasures(&caller.0, wanted, page, per_page));
    Ok(answer::json(StatusCode::OK, &found.await?))
}

/// An erasure, with its certificate once it is done.
#[utoipa::path(get, path = "/api/v1/erasures/{id}", operation_id = "find_erasure", tag = "administration",
    params(("id" = String, Path, description = "the id of the erasure")),
    responses((status = 200, body = schema::Erasure), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    // One that is none is that of no erasure.
    let id = path.parse().unwrap_or_default();
    answer::ok(&state, move |app| app.find_erasure(&caller.0, id)).await
}

/// Approves an erasure and does it at once: nothing brings the contact back.
#[utoipa::path(post, path = "/api/v1/erasures/{id}/approve", operation_id = "approve_erasure", tag = "administration",
    params(("id" = String, Path, description = "the id of the erasure")),
    responses((status = 200, body = schema::Erasure), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem)))]
pub(super) async fn approve(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    // One that is none is that of no erasure.
    let id = path.parse().unwrap_or_default();
    answer::ok(&state, move |app| app.approve_erasure(&caller.0, id)).await
}

/// Refuses an erasure; the contact stays.
#[utoipa::path(post, path = "/api/v1/erasures/{id}/refuse", operation_id = "refuse_erasure", tag = "administration",
    params(("id" = String, Path, description = "the id of the erasure")),
    request_body = schema::ErasureInput,
    responses((status = 200, body = schema::Erasure), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn refuse(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    // One that is none is that of no erasure.
    let id = path.parse().unwrap_or_default();
    let value = read(&request, &state, payload).await?;
    answer::ok(&state, move |app| app.refuse_erasure(&caller.0, id, &value)).await
}
