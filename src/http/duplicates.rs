//! Who may be the same person: the check while typing, the list to review, decisions.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::contacts::contact_id;
use super::error::Problem;
use super::filters::Asked;
use super::schema;
use super::state::State;
use crate::app::{
    DuplicateEntries, DuplicatePage, DuplicateQuery, Error, ExplanationView, ReportView,
    SameNumberQuery, TieEntry,
};
use crate::domain::contact::Contact;
use crate::domain::view::ContactView;
use crate::domain::view::Showing;

/// How likely what is listed must be if nothing is said.
const LIKELY: f64 = 0.9;

/// A match of a check.
#[derive(Serialize)]
struct MatchBody<'a> {
    id: uuid::Uuid,
    display_name: &'a str,
    #[serde(flatten)]
    explanation: ExplanationView,
    contact: ContactView<'a>,
}

#[derive(Serialize)]
struct PairBody<'a> {
    id_a: uuid::Uuid,
    id_b: uuid::Uuid,
    #[serde(flatten)]
    explanation: &'a ExplanationView,
    contacts: [ContactView<'a>; 2],
}

#[derive(Serialize)]
struct MemberBody<'a> {
    id: uuid::Uuid,
    probability: f64,
    selected: bool,
    contact: ContactView<'a>,
}

#[derive(Serialize)]
struct GroupBody<'a> {
    /// That of its oldest member.
    id: uuid::Uuid,
    probability: f64,
    value: f64,
    members: Vec<MemberBody<'a>>,
    pairs: &'a [TieEntry],
}

/// What a text of the query string says is listed.
pub(super) fn view_of(text: Option<&str>) -> Result<ReportView, Problem> {
    match text {
        None | Some("groups") => Ok(ReportView::Groups),
        Some("pairs") => Ok(ReportView::Pairs),
        Some(_) => {
            Err(Error::invalid("/view", "value", "must be groups, pairs or same_number").into())
        }
    }
}

/// Says who may be the same person as a draft, for forms while somebody types.
///
/// Nothing is written; what cannot be read yet is named in `ignored` and not compared. With an `id`
/// the draft is a change to that contact.
#[utoipa::path(post, path = "/api/v1/duplicates/check", operation_id = "check_duplicates", tag = "duplicates",
    params(("min_probability" = Option<f64>, Query, description = "how likely a match must be, 0 to 1; what is worth a look (0.11) if nothing is said, and 0.01 at least"),
        ("limit" = Option<usize>, Query, description = "most matches, 10 if nothing is said, at most 100")),
    request_body = schema::ContactInput,
    responses((status = 200, body = schema::DuplicateCheck), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn check(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let started = std::time::Instant::now();
    let asked = Asked::of_query(&request)?;
    let (least, most) = (asked.probability("min_probability")?, asked.count("limit")?);
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let (found, lists) = answer::run(&state, move |app| {
        let found = app.check_duplicates(&caller.0, &value, least, most)?;
        Ok((found, app.showing(caller.0.organization)?))
    })
    .await?;
    let matches: Vec<MatchBody<'_>> = found
        .matches
        .iter()
        .map(|found| MatchBody {
            id: found.contact.id.0,
            display_name: &found.contact.display_name,
            explanation: ExplanationView::from(&found.explanation),
            contact: ContactView::with(&found.contact, &lists),
        })
        .collect();
    let mut shown = json!({"matches": matches, "state": found.currency});
    if !found.ignored.is_empty() {
        shown["ignored"] = json!(found.ignored);
    }
    let mut response = answer::json(StatusCode::OK, &shown);
    answer::put_header(&mut response, "server-timing", &answer::timing(started));
    Ok(response)
}

/// Lists what there is to review: groups of the same person, those first that merging saves most,
/// or pairs, the likeliest first; or numbers that several contacts have, whatever they are called.
///
/// Always as current as `state` says, without a run. Pairs that somebody has told apart or put
/// aside are not in it. In a group those members are `selected` that pairs of their own tie
/// together, each at least as likely as `min_probability`; the others only belong to it by less
/// likely pairs. With `same_number` a number is a `switchboard` from 10 contacts on, and comes
/// after those that fewer share (`shared`).
#[utoipa::path(get, path = "/api/v1/duplicates", operation_id = "list_duplicates", tag = "duplicates",
    params(("view" = Option<String>, Query, description = "groups (if nothing is said), pairs or same_number"),
        ("min_probability" = Option<f64>, Query, description = "how likely a pair must be, 0 to 1, 0.9 if nothing is said; a group is listed if one of its pairs is"),
        ("contact" = Option<String>, Query, description = "only what this contact is in"),
        ("per_page" = Option<usize>, Query, description = "50 if nothing is said, at most 200"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
        ("fields" = Option<String>, Query, description = "only these members of each contact, joined by commas; its id is always there")),
    responses((status = 200, body = schema::DuplicateList), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let started = std::time::Instant::now();
    let asked = Asked::of_query(&request)?;
    let contact = match asked.last("contact") {
        None => None,
        Some(id) => Some(contact_id(id)?),
    };
    if asked.last("view") == Some("same_number") {
        let query = SameNumberQuery {
            per_page: asked.count("per_page")?,
            cursor: asked.last("cursor").map(str::to_owned),
            contact,
        };
        let page = answer::scan(&request, &state, move |app, _cancel| {
            app.list_same_numbers(&caller.0, &query)
        })
        .await?;
        let shown = json!({
            "total": page.total,
            "total_exact": true,
            "state": "current",
            "next_cursor": page.next_cursor,
            "groups": page.groups,
        });
        let mut response = answer::json(StatusCode::OK, &shown);
        answer::put_header(&mut response, "server-timing", &answer::timing(started));
        return Ok(response);
    }
    let query = DuplicateQuery {
        view: view_of(asked.last("view"))?,
        min_probability: asked.probability("min_probability")?.unwrap_or(LIKELY),
        per_page: asked.count("per_page")?,
        cursor: asked.last("cursor").map(str::to_owned),
        contact,
    };
    let (page, lists) = answer::run(&state, move |app| {
        let page = app.list_duplicates(&caller.0, &query)?;
        Ok((page, app.showing(caller.0.organization)?))
    })
    .await?;
    let mut response = answer::json(StatusCode::OK, &page_body(&page, &lists));
    answer::put_header(&mut response, "server-timing", &answer::timing(started));
    Ok(response)
}

fn page_body(page: &DuplicatePage, lists: &Showing) -> serde_json::Value {
    let mut shown = json!({
        "total": page.total,
        "total_exact": page.total_exact,
        "state": page.currency,
        "next_cursor": page.next_cursor,
    });
    if let Some(built) = page.built {
        shown["compared"] = json!(built);
    }
    if let Some(read) = page.progress {
        shown["contacts_read"] = json!(read);
    }
    match &page.entries {
        DuplicateEntries::Pairs(pairs) => {
            let pair = |pair: &'_ crate::app::PairEntry| {
                let [one, other] = &pair.contacts;
                json!(PairBody {
                    id_a: one.id.0,
                    id_b: other.id.0,
                    explanation: &pair.explanation,
                    contacts: [one, other].map(|one| ContactView::with(one, lists)),
                })
            };
            shown["pairs"] = pairs.iter().map(pair).collect();
        }
        DuplicateEntries::Groups(groups) => {
            let group = |group: &'_ crate::app::GroupEntry| {
                let members = group.members.iter().map(|member| MemberBody {
                    id: member.contact.id.0,
                    probability: member.probability,
                    selected: member.selected,
                    contact: ContactView::with(&member.contact, lists),
                });
                let first: Option<&Contact> = group.members.first().map(|m| m.contact.as_ref());
                json!(GroupBody {
                    id: first.map(|contact| contact.id.0).unwrap_or_default(),
                    probability: group.probability,
                    value: group.value,
                    members: members.collect(),
                    pairs: &group.ties,
                })
            };
            shown["groups"] = groups.iter().map(group).collect();
        }
    }
    shown
}

/// Says of contacts that each is a different person, or that they are to be looked at later.
///
/// Remembered for ever, and with who said it.
#[utoipa::path(post, path = "/api/v1/duplicates/dismissals", operation_id = "dismiss_duplicates", tag = "duplicates",
    request_body = schema::DismissalInput,
    responses((status = 200, body = schema::DecisionList), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn dismiss(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    answer::ok(&state, move |app| {
        let made = app.decide_duplicates(&caller.0, &value)?;
        Ok(json!({"total": made.len(), "decisions": made}))
    })
    .await
}

/// Lists what was decided about pairs, the newest first.
#[utoipa::path(get, path = "/api/v1/duplicates/dismissals", operation_id = "list_dismissals", tag = "duplicates",
    params(("limit" = Option<usize>, Query, description = "at most 1000")),
    responses((status = 200, body = schema::DecisionList), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn dismissals(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let most = Asked::of_query(&request)?.count("limit")?.unwrap_or(usize::MAX);
    let (total, found) = answer::scan(&request, &state, move |app, cancel| {
        app.list_decisions(&caller.0, most, cancel)
    })
    .await?;
    Ok(answer::json(StatusCode::OK, &json!({"total": total, "decisions": found})))
}

/// Takes back what was decided about two contacts.
#[utoipa::path(delete, path = "/api/v1/duplicates/dismissals", operation_id = "withdraw_dismissal", tag = "duplicates",
    params(("ids" = String, Query, description = "the ids of the two contacts, joined by a comma")),
    responses((status = 204), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn withdraw(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let ids = Asked::of_query(&request)?.all("ids");
    answer::run(&state, move |app| app.withdraw_decision(&caller.0, &ids)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Merges the groups that the settings want merged without asking, up to their daily limit.
///
/// `dry_run` only says what would be merged. Groups that are likely enough and left alone are named
/// with the reason; every merge is in the audit log and can be undone, alone or with its run.
/// Settings decide by which rules, and whether it is also done in the background. With
/// `Idempotency-Key` the same request can be sent again and is answered the same.
#[utoipa::path(post, path = "/api/v1/duplicates/auto-merges", operation_id = "auto_merge", tag = "duplicates",
    params(("Idempotency-Key" = Option<String>, Header, description = "a key of this request")),
    request_body = schema::AutoMergeInput,
    responses((status = 200, body = schema::AutoMergeDone), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn auto_merge(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let value = body::optional_json(&request, payload, state.limits.json_bytes).await?;
    let value = value.unwrap_or_else(|| json!({}));
    let idempotency = body::idempotency(&request, &caller.0, value.to_string().as_bytes())?;
    let done = answer::scan(&request, &state, move |app, cancel| {
        app.auto_merge(&caller.0, &value, idempotency, cancel)
    })
    .await?;
    Ok(done_once(&done, done.is_replay))
}

/// Lists the runs that merged without asking, the newest first.
#[utoipa::path(get, path = "/api/v1/duplicates/auto-merges", operation_id = "list_auto_merges", tag = "duplicates",
    responses((status = 200, body = schema::AutoMergeList), (status = 403, body = schema::Problem)))]
pub(super) async fn auto_merges(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let runs = answer::run(&state, move |app| app.list_auto_merges(&caller.0)).await?;
    answer::whole(&request, "runs", &runs)
}

/// Undoes all merges of a run; what cannot be undone without asking stays and is named.
///
/// With `Idempotency-Key` the same request can be sent again and is answered the same.
#[utoipa::path(post, path = "/api/v1/duplicates/auto-merges/{id}/undo", operation_id = "undo_auto_merge", tag = "duplicates",
    params(("id" = String, Path, description = "the id of the run"), ("Idempotency-Key" = Option<String>, Header, description = "a key of this request")),
    responses((status = 200, body = schema::AutoMergeUndone), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn undo_auto_merge(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = uuid::Uuid::parse_str(&path).unwrap_or_default();
    let idempotency = body::idempotency(&request, &caller.0, &[])?;
    let done =
        answer::run(&state, move |app| app.undo_auto_merge(&caller.0, id, idempotency)).await?;
    Ok(done_once(&done, done.is_replay))
}

/// What was done, and whether an earlier request had done it.
fn done_once<T: Serialize>(done: &T, is_replay: bool) -> HttpResponse {
    let mut response = answer::json(StatusCode::OK, done);
    if is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    response
}

/// How well scores agree with what persons have decided.
#[utoipa::path(get, path = "/api/v1/duplicates/accuracy", operation_id = "duplicate_accuracy", tag = "duplicates",
    responses((status = 200, body = schema::DuplicateAccuracy), (status = 403, body = schema::Problem)))]
pub(super) async fn accuracy(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let found =
        answer::scan(&request, &state, move |app, _cancel| app.duplicate_accuracy(&caller.0))
            .await?;
    Ok(answer::json(StatusCode::OK, &found))
}
