//! The endpoints of all kinds of records; which kind it is stands in the path.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::filters::Asked;
use super::state::State;
use crate::app::{Deletion, Error, Noun, RecordQuery, RecordView};
use crate::domain::record::{AnyKind, KINDS, Writable};
use crate::error::ErrorCode;

/// Members of the query string of a list that are not fields.
const OF_LISTS: [&str; 8] =
    ["q", "filter", "sort", "page", "per_page", "cursor", "deleted", "token"];

/// The kind in the path of a request.
fn kind_of(request: &HttpRequest) -> Result<&'static dyn AnyKind, Problem> {
    let pattern = request.match_pattern().unwrap_or_default();
    let found = KINDS.iter().find(|kind| kind.info().paths.contains(&pattern.as_str()));
    found.copied().ok_or_else(|| {
        Problem::new(ErrorCode::Internal, format!("no kind of record is at {pattern}"))
    })
}

/// The id in the path; a malformed one is not found.
fn id_of(request: &HttpRequest, kind: &'static dyn AnyKind) -> Result<Uuid, Problem> {
    let text = request.match_info().query("id");
    Uuid::parse_str(text)
        .map_err(|_malformed| Error::NotFound(Noun::Record(kind.info().name)).into())
}

fn versioned(status: StatusCode, record: &RecordView) -> HttpResponse {
    let mut response = answer::json(status, &record.json);
    answer::put_header(&mut response, "etag", &answer::etag(record.version));
    response
}

pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let kind = kind_of(&request)?;
    let asked = Asked::of_query(&request)?;
    let text = |name: &str| asked.last(name).map(str::to_owned);
    let mut filters = asked.given_beside(&OF_LISTS);
    let contact = text("contact_id").filter(|id| id != "none");
    // `fields` is for `sparse`.
    filters.retain(|(name, _)| name != "fields" && (name != "contact_id" || contact.is_none()));
    let query = RecordQuery {
        q: text("q").unwrap_or_default(),
        contact,
        filters,
        filter: text("filter"),
        sort: text("sort"),
        page: asked.number("page")?,
        per_page: asked.number("per_page")?,
        cursor: text("cursor"),
        is_trash: asked.flag("deleted")?,
    };
    let found =
        answer::search(&state, move |app| app.list_records(&caller.0, kind, &query)).await?;
    let total = found.total.to_string();
    let mut response = answer::json(StatusCode::OK, &found.into_json());
    answer::put_header(&mut response, "x-total-count", &total);
    Ok(response)
}

pub(super) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let kind = kind_of(&request)?;
    let (value, bytes) = body::json(&request, payload, state.limits.json_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let made =
        answer::run(&state, move |app| app.create_record(&caller.0, kind, &value, idempotency))
            .await?;
    let status = if made.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = versioned(status, &made);
    let [all, ..] = kind.info().paths;
    answer::put_header(&mut response, "location", &format!("{all}/{}", made.id));
    Ok(response)
}

pub(super) async fn find(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let kind = kind_of(&request)?;
    let id = id_of(&request, kind)?;
    let found = answer::run(&state, move |app| app.find_record(&caller.0, kind, id)).await?;
    Ok(versioned(StatusCode::OK, &found))
}

pub(super) async fn update(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let kind = kind_of(&request)?;
    let id = id_of(&request, kind)?;
    let precondition = body::precondition(&request);
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let changed = answer::run(&state, move |app| {
        app.update_record(&caller.0, kind, id, &value, &precondition)
    })
    .await?;
    Ok(versioned(StatusCode::OK, &changed))
}

/// Replaces a record: fields that are not sent are empty afterwards.
pub(super) async fn replace(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let kind = kind_of(&request)?;
    if !caller.0.may(kind.info().edit) {
        return Err(Error::Forbidden(kind.info().edit).into());
    }
    let id = id_of(&request, kind)?;
    let precondition = body::precondition(&request);
    let (mut value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    if let Some(members) = value.as_object_mut() {
        for field in kind.fields().iter().filter(|field| field.writable == Writable::Always) {
            members.entry(field.name).or_insert(Value::Null);
        }
    }
    let changed = answer::run(&state, move |app| {
        app.update_record(&caller.0, kind, id, &value, &precondition)
    })
    .await?;
    Ok(versioned(StatusCode::OK, &changed))
}

pub(super) async fn delete(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let kind = kind_of(&request)?;
    let id = id_of(&request, kind)?;
    let precondition = body::precondition(&request);
    let is_permanent = Asked::of_query(&request)?.flag("permanent")?;
    let deletion = if is_permanent { Deletion::Permanent } else { Deletion::Soft };
    answer::run(&state, move |app| app.delete_record(&caller.0, kind, id, deletion, &precondition))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn restore(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let kind = kind_of(&request)?;
    let id = id_of(&request, kind)?;
    let precondition = body::precondition(&request);
    let restored =
        answer::run(&state, move |app| app.restore_record(&caller.0, kind, id, &precondition))
            .await?;
    Ok(versioned(StatusCode::OK, &restored))
}

/// Who called, was not answered and was not spoken to since.
#[utoipa::path(get, path = "/api/v1/calls/callbacks", operation_id = "list_callbacks", tag = "records",
    params(("hours" = Option<u64>, Query, description = "how many hours are looked back, 24 if nothing is said, at most 744")),
    responses((status = 200, body = super::schema::Callbacks), (status = 422, body = super::schema::Problem)))]
pub(super) async fn callbacks(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    asked.refuse_others(&["hours"])?;
    let hours = asked.number("hours")?;
    let hours = hours.and_then(|hours| u64::try_from(hours).ok());
    let found = answer::search(&state, move |app| app.callbacks(&caller.0, hours)).await?;
    Ok(answer::json(StatusCode::OK, &found))
}

/// The companies to which somebody with an e-mail address may belong, by its domain; none for the
/// addresses that everybody can have.
#[utoipa::path(get, path = "/api/v1/companies/suggest", operation_id = "suggest_companies", tag = "records",
    params(("email" = String, Query, description = "the address of somebody")),
    responses((status = 200, body = super::schema::SuggestedCompanies), (status = 403, body = super::schema::Problem), (status = 422, body = super::schema::Problem)))]
pub(super) async fn suggest_companies(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    asked.refuse_others(&["email"])?;
    let email = asked.last("email").unwrap_or_default().to_owned();
    let found = answer::search(&state, move |app| app.suggest_companies(&caller.0, &email)).await?;
    let body = serde_json::json!({"total": found.len(), "items": found});
    Ok(answer::json(StatusCode::OK, &body))
}
