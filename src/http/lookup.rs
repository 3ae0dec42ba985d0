//! Who is calling.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::filters::{Asked, not_a_number};
use super::schema;
use super::state::State;
use crate::app::{LookupAnswer, standing};
use crate::domain::access::Caller;
use crate::domain::contact_rules::{Allowance, may_call, may_email};
use crate::domain::time::Timestamp;
use crate::error::ErrorCode;

#[derive(Serialize)]
struct LookupBody<'a> {
    query: QueryBody<'a>,
    #[serde(rename = "match")]
    matched: &'static str,
    count: usize,
    took_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_time: Option<&'a str>,
    results: Vec<ResultBody<'a>>,
}

#[derive(Serialize)]
struct QueryBody<'a> {
    raw: &'a str,
    e164: Option<&'a str>,
    country: Option<&'a str>,
    extension: Option<&'a str>,
}

#[derive(Serialize)]
struct ResultBody<'a> {
    id: Uuid,
    display_name: &'a str,
    company: Option<&'a str>,
    title: Option<&'a str>,
    phone: Option<&'a str>,
    phone_label: Option<&'a str>,
    status: &'static str,
    vip: bool,
    do_not_contact: bool,
    blocked: bool,
    opt_in: Option<bool>,
    may_call: Allowance,
    may_email: Allowance,
    tags: &'a [String],
    assigned_to: Option<&'a str>,
    last_call: Option<LastCall<'a>>,
    url: String,
    rule: &'static str,
    why: &'a str,
}

#[derive(Serialize)]
struct LastCall<'a> {
    at: Timestamp,
    outcome: Option<&'a str>,
    agent: Option<&'a str>,
    agent_name: Option<&'a str>,
    direction: Option<&'a str>,
}

impl<'a> LookupBody<'a> {
    fn of(answer: &'a LookupAnswer, now: Timestamp) -> Self {
        let results = answer
            .results
            .iter()
            .map(|result| {
                let contact = &result.contact;
                let phone = contact.phones.get(result.slot);
                ResultBody {
                    id: contact.id.0,
                    display_name: &contact.display_name,
                    company: contact.company.as_deref(),
                    title: contact.title.as_deref(),
                    phone: phone.map(|p| p.number.as_str()),
                    phone_label: result.phone_label.as_deref(),
                    status: contact.shown_status().as_str(),
                    vip: standing(contact).is_vip,
                    do_not_contact: contact.fields.status.do_not_contact,
                    blocked: contact.fields.status.blocked,
                    opt_in: contact.opt_in,
                    may_call: may_call(contact, now),
                    may_email: may_email(contact),
                    tags: &contact.fields.tags,
                    assigned_to: contact.assigned_to.as_deref(),
                    last_call: contact.last_called().map(|at| {
                        let call = contact.facts.last_call.as_ref().filter(|call| call.at == at);
                        LastCall {
                            at,
                            outcome: contact.outcome_of_last_call(),
                            agent: call.and_then(|call| call.agent.as_deref()),
                            agent_name: result.last_agent.as_deref(),
                            direction: call.map(|call| call.direction.as_str()),
                        }
                    }),
                    url: format!("/contacts/{}", contact.id),
                    rule: result.rule.as_str(),
                    why: &result.why,
                }
            })
            .collect();
        Self {
            query: QueryBody {
                raw: &answer.query.raw,
                e164: answer.query.e164.as_deref(),
                country: answer.query.country.as_deref(),
                extension: answer.query.extension.as_deref(),
            },
            matched: answer.rule().map_or("none", crate::app::Rule::as_str),
            count: answer.count,
            took_us: answer.took_us,
            place: answer.origin.and_then(|origin| origin.place),
            timezone: answer.origin.and_then(|origin| origin.timezone),
            local_time: answer.local_time.as_deref(),
            results,
        }
    }
}

/// Whether there is nothing but a number. With an extension the records of everybody behind a
/// switchboard are read, and only those few bytes can have none.
fn is_plain(number: &str) -> bool {
    number.bytes().all(|byte| byte.is_ascii_digit() || b"+ ().-/".contains(&byte))
}

/// Looks a number up, as quickly as it can be done.
pub(super) async fn find(
    state: &web::Data<State>,
    caller: Caller,
    number: &str,
    country: Option<&str>,
    limit: Option<usize>,
) -> Result<LookupAnswer, Problem> {
    if is_plain(number) {
        // On the worker itself: it takes microseconds, less than handing it to another thread.
        return Ok(state.app.lookup_number(&caller, number, country, limit)?);
    }
    let (number, country) = (number.to_owned(), country.map(str::to_owned));
    answer::run(state, move |app| app.lookup_number(&caller, &number, country.as_deref(), limit))
        .await
}

/// Finds who has a number, in any form of it.
///
/// A number that nobody has is answered with `count: 0`, not with an error, and with the `place`,
/// `timezone` and `local_time` that its beginning tells.
#[utoipa::path(get, path = "/api/v1/lookup", operation_id = "lookup_number", tag = "lookup",
    params(("number" = String, Query, description = "the number in any form"),
        ("country" = Option<String>, Query, description = "ISO 3166 country of national numbers"),
        ("limit" = Option<usize>, Query, description = "most results, 5 if not given, at most 100"),
        ("strict" = Option<bool>, Query, description = "answer 404 where nobody has the number")),
    responses((status = 200, body = schema::LookupAnswer), (status = 401, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn lookup(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let Some(number) = asked.given("number") else {
        return Err(crate::app::Error::invalid(
            "/number",
            "required",
            "give the number to look up",
        )
        .into());
    };
    // A plus that was not escaped arrives as a space.
    let number = match number.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("+{rest}"),
        _ => number.to_owned(),
    };
    let (limit, country) = (asked.number("limit")?, asked.last("country"));
    let is_strict = asked.flag("strict")?;
    let answer = find(&state, caller.0, &number, country, limit).await?;
    if is_strict && answer.count == 0 {
        return Err(Problem::new(ErrorCode::ContactNotFound, "nobody has this number"));
    }
    let mut response = answer::json(StatusCode::OK, &LookupBody::of(&answer, state.app.now()));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds for people")]
    answer::put_header(
        &mut response,
        "server-timing",
        &format!("lookup;dur={:.3}", answer.took_us as f64 / 1_000.0),
    );
    Ok(response)
}

/// Looks up to 1,000 numbers up at once.
#[utoipa::path(post, path = "/api/v1/lookup/batch", operation_id = "lookup_numbers", tag = "lookup",
    request_body = schema::LookupBatchInput,
    responses((status = 200, body = schema::LookupBatchAnswer), (status = 422, body = schema::Problem)))]
pub(super) async fn lookup_batch(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let text_of = |number: &Value| {
        number
            .as_str()
            .map(str::to_owned)
            .or_else(|| number.is_number().then(|| number.to_string()))
    };
    let numbers: Option<Vec<String>> = value
        .get("numbers")
        .and_then(Value::as_array)
        .and_then(|all| all.iter().map(text_of).collect());
    let Some(numbers) = numbers else {
        return Err(
            crate::app::Error::invalid("/numbers", "type", "must be an array of strings").into()
        );
    };
    let country = value.get("country").and_then(Value::as_str).map(str::to_owned);
    let limit = match value.get("limit").filter(|limit| !limit.is_null()) {
        None => None,
        Some(limit) => {
            let limit = limit.as_u64().and_then(|limit| usize::try_from(limit).ok());
            Some(limit.ok_or_else(|| not_a_number("limit"))?)
        }
    };
    let answers = answer::run(&state, move |app| {
        app.lookup_numbers(&caller.0, &numbers, country.as_deref(), limit)
    })
    .await?;
    let results: Vec<LookupBody<'_>> = {
        let now = state.app.now();
        answers.iter().map(|answer| LookupBody::of(answer, now)).collect()
    };
    Ok(answer::json(
        StatusCode::OK,
        &serde_json::json!({"count": results.len(), "results": results}),
    ))
}
