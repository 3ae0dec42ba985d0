//! Completions while somebody types.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::filters::Asked;
use super::schema;
use super::state::State;

/// Completes names, companies, tags, cities or sources.
///
/// Values that begin like the text come first, then those of which a later word does; the most
/// frequent ones first. Without text, the most frequent values.
#[utoipa::path(get, path = "/api/v1/suggest", operation_id = "suggest", tag = "contacts",
    params(("q" = Option<String>, Query, description = "what was typed"),
        ("kind" = Option<String>, Query, description = "name, company, tag, city, source, joined by commas; name, company and tag if nothing is said"),
        ("limit" = Option<usize>, Query, description = "most completions of a kind, 8 if nothing is said, at most 50")),
    responses((status = 200, body = schema::SuggestAnswer), (status = 422, body = schema::Problem)))]
pub(super) async fn suggest(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let limit = asked.number("limit")?;
    let found = answer::search(&state, move |app| {
        let kinds = asked.all("kind");
        app.suggest(&caller.0, asked.last("q").unwrap_or_default(), &kinds, limit)
    })
    .await?;
    Ok(answer::json(StatusCode::OK, &found))
}
