//! The tags of contacts: listed, coloured, renamed, joined, removed.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::filters::Asked;
use super::schema;
use super::search::refresh;
use super::state::State;
use crate::app::{BulkJob, BulkStart, TagChanged, TagQuery};

fn query_of(request: &HttpRequest) -> Result<TagQuery, Problem> {
    let asked = Asked::of_query(request)?;
    asked.refuse_others(&["q", "sort", "page", "per_page", "cursor", "refresh"])?;
    let text = |name: &str| asked.last(name).map(str::to_owned);
    Ok(TagQuery {
        q: text("q").unwrap_or_default(),
        sort: text("sort"),
        page: asked.number("page")?,
        per_page: asked.number("per_page")?,
        cursor: text("cursor"),
        refresh: refresh(asked.last("refresh"))?,
    })
}

fn accepted(job: &BulkJob) -> HttpResponse {
    let mut body = json!(job);
    body["job_id"] = json!(job.id);
    let mut response = answer::json(StatusCode::ACCEPTED, &body);
    answer::put_header(&mut response, "location", &format!("/api/v1/jobs/{}", job.id));
    response
}

/// Lists the tags of the contacts that the caller sees, with their counts and colours.
///
/// A tag is the same in every case and with or without accents. `variants` are all its spellings,
/// also those with other dots and dashes, which are tags of their own until they are joined.
/// `count` is how many contacts a list of the tag shows; archived ones are counted beside it.
#[utoipa::path(get, path = "/api/v1/tags", operation_id = "list_tags", tag = "tags",
    params(("q" = Option<String>, Query, description = "only tags that hold this text"),
        ("sort" = Option<String>, Query, description = "tag, count, - for descending; the frequent ones first if nothing is said"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "at most 1000"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("refresh" = Option<String>, Query, description = "wait: see all acknowledged writes; false: never wait")),
    responses((status = 200, body = schema::TagList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let query = query_of(&request)?;
    let found = answer::search(&state, move |app| app.list_tags(&caller.0, &query)).await?;
    Ok(answer::json(StatusCode::OK, &found))
}

/// Lists tags that are probably meant as one: `VIP`, `vip` and `V.I.P.`; `POST /tags/merge` takes
/// `from` and `into` as they stand there.
#[utoipa::path(get, path = "/api/v1/tags/proposals", operation_id = "propose_tags", tag = "tags",
    params(("q" = Option<String>, Query, description = "only proposals with a tag that holds this text"),
        ("page" = Option<usize>, Query, description = "from 1"), ("per_page" = Option<usize>, Query, description = "at most 1000"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("refresh" = Option<String>, Query, description = "wait: see all acknowledged writes; false: never wait")),
    responses((status = 200, body = schema::TagProposalList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn proposals(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let query = query_of(&request)?;
    let found = answer::search(&state, move |app| app.propose_tags(&caller.0, &query)).await?;
    Ok(answer::json(StatusCode::OK, &found))
}

/// Renames or colours a tag.
///
/// Another name changes contacts, in the background (202, with the job in `Location`); if there is
/// such a tag already, both become one. A colour alone is there at once (200). The tag for
/// do-not-contact and that fact stay in step, as when tags of single contacts are edited.
#[utoipa::path(patch, path = "/api/v1/tags/{tag}", operation_id = "update_tag", tag = "tags",
    params(("tag" = String, Path, description = "the tag, in whatever spelling")),
    request_body(content = schema::TagPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = schema::Tag), (status = 202, description = "contacts are being changed", body = schema::BulkJobStarted),
        (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn update(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let app = Arc::clone(&state.app);
    Ok(match answer::run(&state, move |_| app.update_tag(&caller.0, &path, &value)).await? {
        TagChanged::Colored(view) => answer::json(StatusCode::OK, &view),
        TagChanged::Started(job) => accepted(&job),
    })
}

/// Makes one tag of several, in the background.
#[utoipa::path(post, path = "/api/v1/tags/merge", operation_id = "merge_tags", tag = "tags",
    request_body = schema::TagMergeInput,
    responses((status = 202, description = "contacts are being changed", body = schema::BulkJobStarted),
        (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn merge(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let app = Arc::clone(&state.app);
    let job = answer::run(&state, move |_| app.merge_tags(&caller.0, &value)).await?;
    Ok(accepted(&job))
}

/// Takes a tag from all contacts that the caller sees, in the background.
#[utoipa::path(delete, path = "/api/v1/tags/{tag}", operation_id = "delete_tag", tag = "tags",
    params(("tag" = String, Path, description = "the tag, in whatever spelling")),
    responses((status = 202, description = "contacts are being changed", body = schema::BulkJobStarted),
        (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn delete(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let app = Arc::clone(&state.app);
    let job = answer::run(&state, move |_| app.delete_tag(&caller.0, &path)).await?;
    Ok(accepted(&job))
}

/// Tags contacts with the country of their number, in the background; where the number tells no
/// country, with the main one of its calling code. The setting `auto_tag_country` does that for new
/// contacts.
#[utoipa::path(post, path = "/api/v1/tags/auto-country", operation_id = "tag_countries", tag = "tags",
    request_body = schema::AutoCountryInput,
    responses((status = 200, description = "with `dry_run`: the contacts that have a number", body = schema::BulkTrial),
        (status = 202, description = "contacts are being changed", body = schema::BulkJobStarted),
        (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn auto_country(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let value = body::optional_json(&request, payload, state.limits.json_bytes).await?;
    let value = value.unwrap_or_else(|| json!({}));
    let app = Arc::clone(&state.app);
    Ok(match answer::run(&state, move |_| app.tag_countries(&caller.0, &value)).await? {
        BulkStart::Trial(trial) => answer::json(StatusCode::OK, &trial),
        BulkStart::Started(job) | BulkStart::Repeated(job) => accepted(&job),
    })
}
