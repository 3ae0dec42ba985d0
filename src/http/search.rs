//! Searching and listing.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::schema;
use super::state::State;
use crate::app::{Refresh, SearchAnswer, SearchRequest};
use crate::domain::view::ContactView;
use crate::error::ErrorCode;

/// The members of a query string; the last of equal names counts.
pub(super) fn query_of(request: &HttpRequest) -> Result<HashMap<String, String>, Problem> {
    web::Query::<HashMap<String, String>>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .map_err(|error| Problem::new(ErrorCode::Malformed, format!("the query string: {error}")))
}

/// Searches or lists contacts.
///
/// Bare words match names in any order, company, e-mail, tags, title, notes and custom fields, the
/// last one as a prefix; what reads as a number matches phones anywhere inside.
#[utoipa::path(get, path = "/api/v1/contacts", operation_id = "list_contacts", tag = "contacts",
    params(("q" = Option<String>, Query, description = "the query"),
        ("sort" = Option<String>, Query, description = "relevance, name, created_at, updated_at; - for descending"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "at most 1000"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("status" = Option<String>, Query, description = "only this status"),
        ("refresh" = Option<String>, Query, description = "wait: see all acknowledged writes; false: never wait")),
    responses((status = 200, body = schema::SearchAnswer), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let mut query = query_of(&request)?;
    let number = |query: &HashMap<String, String>, name: &'static str| match query.get(name) {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => text.parse::<usize>().map(Some).map_err(|_not_a_number| not_a_number(name)),
    };
    let search = SearchRequest {
        page: number(&query, "page")?,
        per_page: number(&query, "per_page")?,
        q: query.remove("q").unwrap_or_default(),
        sort: query.remove("sort"),
        cursor: query.remove("cursor"),
        status: query.remove("status"),
        refresh: refresh(query.get("refresh").map(String::as_str))?,
    };
    run(state, caller, search).await
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
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    if !value.is_object() {
        return Err(crate::app::Error::invalid("", "type", "the body must be a JSON object").into());
    }
    let text = |name: &'static str| match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Problem::from(crate::app::Error::invalid(
            &format!("/{name}"),
            "type",
            "must be a string",
        ))),
    };
    let number = |name: &'static str| match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(other) => match other.as_u64().and_then(|n| usize::try_from(n).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(not_a_number(name)),
        },
    };
    let refresh = match value.get("refresh") {
        Some(Value::Bool(false)) => Refresh::Never,
        _ => refresh(text("refresh")?.as_deref())?,
    };
    let search = SearchRequest {
        q: text("q")?.unwrap_or_default(),
        sort: text("sort")?,
        page: number("page")?,
        per_page: number("per_page")?,
        cursor: text("cursor")?,
        status: text("status")?,
        refresh,
    };
    run(state, caller, search).await
}

fn not_a_number(name: &str) -> Problem {
    crate::app::Error::invalid(&format!("/{name}"), "type", "must be a whole number").into()
}

fn refresh(text: Option<&str>) -> Result<Refresh, Problem> {
    match text {
        None | Some("") => Ok(Refresh::Own),
        Some("wait" | "true") => Ok(Refresh::Wait),
        Some("false") => Ok(Refresh::Never),
        Some(_) => {
            Err(crate::app::Error::invalid("/refresh", "refresh", "must be wait or false").into())
        }
    }
}

#[derive(Serialize)]
struct SearchBody<'a> {
    total: usize,
    total_exact: bool,
    page: usize,
    per_page: usize,
    next_cursor: Option<&'a str>,
    took_us: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    contacts: Vec<ContactView<'a>>,
}

/// The JSON body of a search answer.
fn to_json(mut answer: SearchAnswer) -> Result<Vec<u8>, serde_json::Error> {
    let matches: Vec<_> = answer.contacts.iter_mut().map(|(_, matched)| matched.take()).collect();
    let contacts = answer
        .contacts
        .iter()
        .zip(matches)
        .map(|((contact, _), matched)| ContactView { matched, ..ContactView::of(contact) })
        .collect();
    serde_json::to_vec(&SearchBody {
        total: answer.total,
        total_exact: true,
        page: answer.page,
        per_page: answer.per_page,
        next_cursor: answer.next_cursor.as_deref(),
        took_us: answer.took_us,
        stale: answer.stale,
        warnings: &answer.warnings,
        contacts,
    })
}

async fn run(
    state: web::Data<State>,
    caller: Authenticated,
    search: SearchRequest,
) -> Result<HttpResponse, Problem> {
    let place = state.searches.enter().await?;
    let (body, total, took_us) = answer::run(&state, move |app| {
        let answer = app.search_contacts(&caller.0, &search)?;
        let (total, took_us) = (answer.total, answer.took_us);
        // Written here, so that the workers are free for lookups.
        let body = to_json(answer)
            .map_err(|error| crate::app::Error::FileUnreadable(error.to_string()))?;
        // Kept until here even if the caller has gone: the search has not.
        drop(place);
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
