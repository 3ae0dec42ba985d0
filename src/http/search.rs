//! Searching and listing.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::filters::{Asked, not_a_number};
use super::schema;
use super::state::State;
use crate::app::{Refresh, SearchRequest};
use crate::error::ErrorCode;

/// The members of a query string; the last of equal names counts.
pub(super) fn query_of(request: &HttpRequest) -> Result<HashMap<String, String>, Problem> {
    web::Query::<HashMap<String, String>>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .map_err(|error| Problem::new(ErrorCode::Malformed, format!("the query string: {error}")))
}

/// Searches or lists contacts.
///
/// Bare words match names in any order and spelling, company, e-mail, tags, title, notes and custom
/// fields, the last one as a prefix; what reads as a number matches phones anywhere inside.
/// docs/query-language.md has all of it.
#[utoipa::path(get, path = "/api/v1/contacts", operation_id = "list_contacts", tag = "contacts",
    params(("q" = Option<String>, Query, description = "the query"),
        ("filter" = Option<String>, Query, description = "conditions as a JSON tree"),
        ("saved_search" = Option<String>, Query, description = "the id or name of a saved search, which must match as well; its sort holds if none is given"),
        ("tag" = Option<Vec<String>>, Query, description = "only with this tag; may be repeated"),
        ("tag_mode" = Option<String>, Query, description = "any, all (if nothing is said) or none of the tags"),
        ("tag_contains" = Option<String>, Query, description = "only with a tag that holds this text"),
        ("owner" = Option<String>, Query, description = "only of this assignee; none: without"),
        ("queue" = Option<String>, Query, description = "only of this queue; none: without"),
        ("department" = Option<String>, Query, description = "only of this owning department"),
        ("source" = Option<String>, Query, description = "only from this source; none: without"),
        ("company" = Option<String>, Query, description = "only of this company; none: without"),
        ("tags" = Option<String>, Query, description = "several tags, joined by commas, as tag"),
        ("status" = Option<String>, Query, description = "only this status"),
        ("created" = Option<String>, Query, description = "a day, month, range or age as in the query language: 2025-01..2025-06, >=2025-01-31, 7d; likewise updated, last_called, last_contact, last_activity, birthday, and numbers: lead_score, total_calls; every other field of the query language by its name, cf.KEY too; none: without"),
        ("created_from" = Option<String>, Query, description = "from this day on; likewise with the others"),
        ("created_to" = Option<String>, Query, description = "until the end of this day; likewise with the others"),
        ("has" = Option<String>, Query, description = "only with something in these fields: phone, email, activities and so on; no: without"),
        ("search_in" = Option<String>, Query, description = "the fields into which plain words of q look, joined by commas: name, company, tag, cf.KEY and so on; all that they can if nothing is said"),
        ("fields" = Option<String>, Query, description = "only these members of each contact, joined by commas; id is always there, match only if named; cf.KEY for one custom field"),
        ("only" = Option<String>, Query, description = "the older name of fields", deprecated),
        ("sort" = Option<String>, Query, description = "relevance, name, last_name, first_name, company, status, source, owner, queue, country, city, created_at, updated_at, last_contacted_at, last_interaction_at, last_called_at, birthday, lead_score, total_calls, cf.KEY; - for descending"),
        ("start" = Option<String>, Query, description = "begin at this letter or text, in orders by name, last_name, first_name or company"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "at most 1000"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("facets" = Option<String>, Query, description = "count the values of these fields over the whole result: tag, status, source, owner, queue, company, country, city, letter, cf.KEY, joined by commas"),
        ("facet_values" = Option<usize>, Query, description = "most values of a facet, 20 if nothing is said; of letters always all"),
        ("total_limit" = Option<usize>, Query, description = "stop after so many matches; the total is then a lower bound, and facets count what was looked at (facets_exact is false)"),
        ("deleted" = Option<bool>, Query, description = "search the trash instead: contacts that are deleted and can be restored, the last deleted first; for those who may delete"),
        ("explain" = Option<bool>, Query, description = "say what each part of the query adds to the score"),
        ("refresh" = Option<String>, Query, description = "wait: see all acknowledged writes; false: never wait")),
    responses((status = 200, body = schema::SearchAnswer), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    found(state, caller, &Asked::of_query(&request)?).await
}

/// Answers with what was asked for.
pub(super) async fn found(
    state: web::Data<State>,
    caller: Authenticated,
    asked: &Asked,
) -> Result<HttpResponse, Problem> {
    let search = search_of(asked)?;
    let mut response = run(state, caller, search).await?;
    if asked.given("only").is_some() {
        answer::put_header(&mut response, "deprecation", answer::RENAMED_ON);
    }
    Ok(response)
}

/// Searches contacts; the same members as the query string of the list, as JSON.
#[utoipa::path(post, path = "/api/v1/contacts/search", operation_id = "search_contacts", tag = "contacts",
    request_body = schema::SearchInput,
    responses((status = 200, body = schema::SearchAnswer), (status = 422, body = schema::Problem)))]
pub(super) async fn search(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json_if_any(&request, payload, state.limits.json_bytes).await?;
    found_by_body(state, caller, &value).await
}

/// Answers with what the body of a search asks for.
pub(super) async fn found_by_body(
    state: web::Data<State>,
    caller: Authenticated,
    value: &Value,
) -> Result<HttpResponse, Problem> {
    if !value.is_object() {
        return Err(crate::app::Error::invalid("", "type", "the body must be a JSON object").into());
    }
    for name in ["q", "sort", "cursor", "status", "start", "saved_search"] {
        if !matches!(value.get(name), None | Some(Value::Null | Value::String(_))) {
            let error = crate::app::Error::invalid(&format!("/{name}"), "type", "must be a string");
            return Err(error.into());
        }
    }
    if matches!(value.get("filter"), Some(Value::Array(_) | Value::Bool(_) | Value::Number(_))) {
        let error = crate::app::Error::invalid("/filter", "type", "must be an object");
        return Err(error.into());
    }
    for name in ["page", "per_page", "facet_values", "total_limit"] {
        if !matches!(value.get(name), None | Some(Value::Null | Value::Number(_))) {
            return Err(not_a_number(name));
        }
    }
    found(state, caller, &Asked::of_json(value)).await
}

fn search_of(asked: &Asked) -> Result<SearchRequest, Problem> {
    let text = |name: &str| asked.last(name).map(str::to_owned);
    Ok(SearchRequest {
        query: asked.query()?,
        conditions: asked.conditions()?,
        sort: text("sort"),
        page: asked.number("page")?,
        per_page: asked.number("per_page")?,
        cursor: text("cursor"),
        start: text("start"),
        status: None,
        is_trash: asked.flag("deleted")?,
        with_archived: false,
        refresh: refresh(asked.last("refresh"))?,
        most_total: asked.number("total_limit")?,
        facets: asked.all("facets"),
        facet_values: asked.number("facet_values")?,
        members: asked.others(),
        fields: asked.fields(),
        explain: asked.flag("explain")?,
    })
}

pub(super) fn refresh(text: Option<&str>) -> Result<Refresh, Problem> {
    match text {
        None | Some("") => Ok(Refresh::Own),
        Some("wait" | "true") => Ok(Refresh::Wait),
        Some("false") => Ok(Refresh::Never),
        Some(_) => {
            Err(crate::app::Error::invalid("/refresh", "refresh", "must be wait or false").into())
        }
    }
}

async fn run(
    state: web::Data<State>,
    caller: Authenticated,
    search: SearchRequest,
) -> Result<HttpResponse, Problem> {
    let (body, total, took_us) = answer::search(&state, move |app| {
        let answer = app.search_contacts(&caller.0, &search)?;
        let (total, took_us) = (answer.total, answer.took_us);
        // Written here, so that the workers are free for lookups.
        let body = answer
            .into_json(&search.query.q)
            .map_err(|error| crate::app::Error::WriteFailed(error.to_string()))?;
        Ok((body, total, took_us))
    })
    .await?;
    let mut response = HttpResponse::build(StatusCode::OK);
    response.insert_header(("content-type", "application/json"));
    response.insert_header(("x-total-count", total.to_string()));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds for people")]
    response
        .insert_header(("server-timing", format!("search;dur={:.3}", took_us as f64 / 1_000.0)));
    Ok(response.body(body))
}
