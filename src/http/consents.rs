//! Consent: the ledger of a contact, and the check of many numbers.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::contacts::contact_id;
use super::error::Problem;
use super::filters::Asked;
use super::schema;
use super::state::State;
use crate::app::{Error, NumberCheck};

/// Lists what a contact has agreed to and refused, the newest entry first; with the ledgers of
/// contacts that were merged into it.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/consents", operation_id = "list_consents", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "at most 1000; 500 if not given")),
    responses((status = 200, body = schema::ConsentList), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = contact_id(&path)?;
    let asked = Asked::of_query(&request)?;
    asked.refuse_others(&["page", "per_page"])?;
    let (page, per_page) = (asked.number("page")?, asked.number("per_page")?);
    answer::ok(&state, move |app| app.list_consents(&caller.0, id, page, per_page)).await
}

/// Records what somebody agreed to or refused; nothing of it can be changed later.
///
/// For the purpose `marketing`, which holds if none is said, `opt_in` of the contact follows.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/consents", operation_id = "record_consent", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact"), ("Idempotency-Key" = Option<String>, Header, description = "a key of this request")),
    request_body = schema::ConsentInput,
    responses((status = 201, body = schema::Consent), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn record(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id = contact_id(&path)?;
    // Without a body it is refused by what it lacks, for those who may do this at all.
    let value = body::optional_json(&request, payload, state.limits.json_bytes).await?;
    let value = value.unwrap_or_else(|| json!({}));
    // The same said of somebody else is another request.
    let bytes = format!("{}{value}", id.0);
    let idempotency = body::idempotency(&request, &caller.0, bytes.as_bytes())?;
    let made =
        answer::run(&state, move |app| app.record_consent(&caller.0, id, &value, idempotency))
            .await?;
    Ok(answer::json(StatusCode::CREATED, &made))
}

/// Says of up to 100,000 numbers whether somebody has asked not to be called there: blocked, do not
/// contact, or opted out. A number that nobody has is allowed.
#[utoipa::path(post, path = "/api/v1/dnc/check", operation_id = "check_numbers", tag = "lookup",
    request_body = schema::NumberCheckInput,
    responses((status = 200, body = schema::NumberCheckAnswer), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn check(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.bulk_bytes).await?;
    let country = value.get("country").and_then(Value::as_str).map(str::to_owned);
    let written = answer::run(&state, move |app| {
        app.may_check_numbers(&caller.0)?;
        refuse_others(&value)?;
        let results = app.check_numbers(&caller.0, numbers_of(value)?, country.as_deref())?;
        let answer = Checked { count: results.len(), results };
        // A hundred thousand of them take a while to be written, which is no work for who answers.
        serde_json::to_vec(&answer).map_err(|error| Error::WriteFailed(error.to_string()))
    })
    .await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(written))
}

/// What a check answers.
#[derive(Serialize)]
struct Checked {
    count: usize,
    results: Vec<NumberCheck>,
}

/// Refuses members of a check that nobody reads.
fn refuse_others(value: &Value) -> Result<(), Error> {
    let known = ["numbers", "country"];
    let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    match names.find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let name = name.replace('~', "~0").replace('/', "~1");
            let detail = "is not known here; known are numbers, country";
            Err(Error::invalid(&format!("/{name}"), "unknown_member", detail))
        }
    }
}

/// The numbers in the body of a check.
fn numbers_of(mut value: Value) -> Result<Vec<String>, Error> {
    let Some(Value::Array(all)) = value.get_mut("numbers").map(Value::take) else {
        return Err(Error::invalid("/numbers", "required", "must be a list of numbers"));
    };
    let text = |(at, one): (usize, Value)| match one {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(Error::invalid(&format!("/numbers/{at}"), "type", "must be a number as text"))
        }
    };
    all.into_iter().enumerate().map(text).collect()
}
