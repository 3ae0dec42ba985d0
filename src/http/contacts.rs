//! Contacts: create, read, change, delete, restore, many at once.

use std::time::Instant;

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
use crate::app::{BulkItem, Deletion, Error, TimelineQuery};
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::place::{Doubt, doubts};
use crate::domain::status::Status;
use crate::domain::time::{Timestamp, day_number};
use crate::domain::view::ContactView;
use crate::error::ErrorCode;

pub(super) fn contact_id(text: &str) -> Result<ContactId, Problem> {
    text.parse().map_err(|_not_a_uuid| {
        Problem::new(ErrorCode::ContactNotFound, "there is no contact with this id")
    })
}

/// Creates a contact.
///
/// With `Idempotency-Key` the same request can be sent again without creating a second one. An
/// answer may name contacts that look like the same person in `duplicates`.
#[utoipa::path(post, path = "/api/v1/contacts", operation_id = "create_contact", tag = "contacts",
    request_body = schema::ContactInput,
    responses((status = 201, body = schema::Contact), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, bytes) = body::json(&request, payload, state.limits.json_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let sent = members_of(&value);
    let (created, doubt, lists) = answer::run(&state, move |app| {
        let created = app.create_contact(&caller.0, &value, idempotency)?;
        let doubt = app.birthday_warning(&caller.0, &created.contact)?;
        Ok((created, doubt, app.showing(caller.0.organization)?))
    })
    .await?;
    let mut view = match serde_json::to_value(ContactView::with(&created.contact, &lists)) {
        Ok(view) => view,
        Err(_) => Value::Null,
    };
    view["seq"] = json!(created.seq.0);
    if !created.duplicates.is_empty() {
        view["duplicates"] = json!(created.duplicates);
    }
    let warnings = warnings_of(&created.contact, doubt, &sent);
    if !warnings.is_empty() {
        view["warnings"] = json!(warnings);
    }
    let mut response = answer::json(StatusCode::CREATED, &view);
    answer::put_header(
        &mut response,
        "location",
        &format!("/api/v1/contacts/{}", created.contact.id),
    );
    answer::put_header(&mut response, "etag", &answer::etag_of(&created.contact));
    if created.is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}

/// Reads a contact. The id of one that was merged leads to the contact that it became.
///
/// With `at` it is shown as it was then: its own members without what follows from records, and
/// `as_of`, `changes_since`, and when and by whom it had been changed last.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", operation_id = "find_contact", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact"), ("at" = Option<String>, Query, description = "a time, or a day and its end")),
    responses((status = 200, body = schema::Contact), (status = 304), (status = 422, body = schema::Problem),
        (status = 308, body = schema::MergedInto, description = "it was merged; Location is where it is now"), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let id = contact_id(&path)?;
    if let Some(at) = Asked::of_query(&request)?.last("at") {
        let at = moment(at)?;
        return answer::ok(&state, move |app| app.contact_as_it_was(&caller.0, id, at)).await;
    }
    let found = answer::run(&state, move |app| match app.read_contact(&caller.0, id) {
        Err(Error::Merged { into, .. }) => Ok(Err(into)),
        found => Ok(Ok((found?, app.showing(caller.0.organization)?))),
    })
    .await?;
    Ok(match found {
        Ok((contact, lists)) => {
            answer::contact(&request, StatusCode::OK, &contact, &lists, started)
        }
        Err(into) => moved(id, into),
    })
}

/// A time as it is asked for: a day means its end.
fn moment(text: &str) -> Result<Timestamp, Problem> {
    let text = text.trim();
    let day = day_number(text).map(|_| format!("{text}T23:59:59.999Z"));
    day.as_deref().unwrap_or(text).parse().map_err(|_no_time| {
        let detail = "must be a time such as 2026-11-29T17:00:00Z, or a day";
        Error::invalid("/at", "value", detail).into()
    })
}

/// Says where a contact is now that was merged.
pub(super) fn moved(id: ContactId, into: ContactId) -> HttpResponse {
    let body = json!({"id": id, "merged_into": into});
    let mut response = answer::json(StatusCode::PERMANENT_REDIRECT, &body);
    answer::put_header(&mut response, "location", &format!("/api/v1/contacts/{into}"));
    // It may be undone.
    answer::put_header(&mut response, "cache-control", "no-store");
    response
}

/// Changes a contact by a merge patch (RFC 7396): absent members stay, `null` clears.
#[utoipa::path(patch, path = "/api/v1/contacts/{id}", operation_id = "update_contact", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact"), ("If-Match" = Option<String>, Header, description = "the ETag that the change is based on")),
    request_body(content = schema::ContactInput, content_type = "application/merge-patch+json"),
    responses((status = 200, body = schema::Contact), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn update(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let id = contact_id(&path)?;
    let precondition = body::precondition(&request);
    let (patch, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let sent = members_of(&patch);
    let asked = patch.get("status").and_then(Value::as_str).and_then(Status::parse);
    let (contact, seq, doubt, lists) = answer::run(&state, move |app| {
        let (contact, seq) = app.update_contact(&caller.0, id, &patch, &precondition)?;
        let doubt = app.birthday_warning(&caller.0, &contact)?;
        Ok((contact, seq, doubt, app.showing(caller.0.organization)?))
    })
    .await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(("etag", answer::etag_of(&contact)));
    response.insert_header(("x-ringdex-seq", seq.0.to_string()));
    response.insert_header(("server-timing", answer::timing(started)));
    let mut warnings = warnings_of(&contact, doubt, &sent);
    warnings.extend(asked.and_then(|asked| covered_status(&contact, asked)));
    if warnings.is_empty() {
        return Ok(response.json(ContactView::with(&contact, &lists)));
    }
    let mut view = json!(ContactView::with(&contact, &lists));
    view["warnings"] = json!(warnings);
    Ok(response.json(view))
}

/// The members that a body says something about, by the names of the API.
fn members_of(body: &Value) -> Vec<String> {
    let members = body.as_object().into_iter().flat_map(|members| members.keys());
    members
        .map(|name| match name.as_str() {
            "address" => "addresses".to_owned(),
            "time_zone" => "timezone".to_owned(),
            "date_of_birth" => "birthday".to_owned(),
            name => name.to_owned(),
        })
        .collect()
}

/// Names what was sent, was kept and can hardly be: places that are none, days on which nobody was
/// born.
fn warnings_of(
    contact: &Contact,
    birthday: Option<FieldIssue>,
    sent: &[String],
) -> Vec<FieldIssue> {
    let mut all: Vec<FieldIssue> = doubts(contact).iter().map(Doubt::issue).collect();
    all.extend(birthday);
    all.retain(|issue| {
        let member = issue.pointer.split('/').nth(1).unwrap_or_default();
        sent.iter().any(|name| name == member)
    });
    all
}

/// Says that a status was set and another one is shown, since a stronger fact holds.
fn covered_status(contact: &Contact, asked: Status) -> Option<FieldIssue> {
    let shown = contact.shown_status();
    (shown != asked).then(|| {
        let detail = format!(
            "{} was saved, but the contact is shown as {} while that holds: change it by its own member",
            asked.as_str(),
            shown.as_str()
        );
        FieldIssue::new("/status", "status_covered", detail)
    })
}

/// Deletes a contact: softly, so that it can be restored, or with `permanent=true` for good.
#[utoipa::path(delete, path = "/api/v1/contacts/{id}", operation_id = "delete_contact", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact"), ("permanent" = Option<bool>, Query, description = "for good; needs the right to erase"), ("cascade" = Option<bool>, Query, description = "with permanent: also if tasks and other records are deleted with it; else that is a conflict"), ("force" = Option<bool>, Query, description = "also if it is critical to the system; for admins")),
    responses((status = 204), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(super) async fn delete(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = contact_id(&path)?;
    let precondition = body::precondition(&request);
    let query = super::search::query_of(&request)?;
    let flag = |name: &str| match query.get(name).map(String::as_str) {
        Some("true" | "1") => Ok(true),
        None | Some("false" | "0" | "") => Ok(false),
        Some(_) => Err(Problem::new(ErrorCode::Malformed, format!("{name} must be true or false"))),
    };
    let deletion = match (flag("permanent")?, flag("cascade")?) {
        (false, _) => Deletion::Soft,
        (true, true) => Deletion::Permanent,
        (true, false) => Deletion::PermanentAlone,
    };
    let is_forced = flag("force")?;
    let seq = answer::run(&state, move |app| {
        app.delete_contact(&caller.0, id, deletion, precondition, is_forced)
    })
    .await?;
    Ok(HttpResponse::NoContent().insert_header(("x-ringdex-seq", seq.0.to_string())).finish())
}

/// What has happened with a contact, the newest first: records about it, and changes of it.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/timeline", operation_id = "read_timeline", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact"),
        ("type" = Option<String>, Query, description = "only of these types, joined by commas: task, note, deal_created, deal_won, deal_lost, meeting, email_sent, email_opened, email_clicked, form_submit, other, created, field_change, assignment, tag, merge"),
        ("order" = Option<String>, Query, description = "desc (if nothing is said) or asc"),
        ("per_page" = Option<usize>, Query, description = "at most 500"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = schema::Timeline), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn timeline(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = contact_id(&path)?;
    let asked = Asked::of_query(&request)?;
    asked.refuse_others(&["type", "order", "per_page", "cursor"])?;
    let is_ascending = match asked.last("order") {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(_) => return Err(Error::invalid("/order", "value", "must be desc or asc").into()),
    };
    let query = TimelineQuery {
        types: asked.all("type"),
        is_ascending,
        per_page: asked.number("per_page")?,
        cursor: asked.last("cursor").map(str::to_owned),
    };
    let found = answer::run(&state, move |app| app.read_timeline(&caller.0, id, &query)).await?;
    Ok(answer::json(StatusCode::OK, &found))
}

/// Everything that is kept about a contact, as one document: the contact, those that were merged
/// into it, the records about it by kind, and every change of it.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/gdpr-export", operation_id = "export_personal_data", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact")),
    responses((status = 200, body = std::collections::HashMap<String, Value>), (status = 404, body = schema::Problem)))]
pub(super) async fn personal_data(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = contact_id(&path)?;
    let found = answer::search(&state, move |app| app.personal_data(&caller.0, id)).await?;
    let mut response = answer::json(StatusCode::OK, &found);
    let name = format!("attachment; filename=\"contact-{}.json\"", id.0);
    answer::put_header(&mut response, "content-disposition", &name);
    Ok(response)
}

/// Counts what would be deleted with a contact, and what would stay.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/delete-impact", operation_id = "find_delete_impact", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact")),
    responses((status = 200, body = std::collections::HashMap<String, u64>), (status = 404, body = schema::Problem)))]
pub(super) async fn delete_impact(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = contact_id(&path)?;
    let impact = answer::run(&state, move |app| app.delete_impact(&caller.0, id)).await?;
    Ok(answer::json(StatusCode::OK, &impact))
}

/// Brings a softly deleted contact back.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/restore", operation_id = "restore_contact", tag = "contacts",
    params(("id" = String, Path, description = "the id of the contact")),
    responses((status = 200, body = schema::Contact), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(super) async fn restore(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let id = contact_id(&path)?;
    let precondition = body::precondition(&request);
    let (contact, lists) = answer::run(&state, move |app| {
        let (contact, _) = app.restore_contact(&caller.0, id, &precondition)?;
        Ok((contact, app.showing(caller.0.organization)?))
    })
    .await?;
    Ok(answer::contact(&request, StatusCode::OK, &contact, &lists, started))
}

/// Creates many contacts in one write; those that do not fit are named and left out.
#[utoipa::path(post, path = "/api/v1/contacts/bulk", operation_id = "create_contacts", tag = "contacts",
    request_body = schema::BulkInput,
    responses((status = 200, body = schema::BulkAnswer), (status = 422, body = schema::Problem)))]
pub(super) async fn create_many(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (mut value, bytes) = body::json(&request, payload, state.limits.bulk_bytes).await?;
    let idempotency = body::idempotency(&request, &caller.0, &bytes)?;
    let bodies = value.get_mut("contacts").map_or(Value::Null, Value::take);
    let ((Value::Array(bodies), _) | (_, Value::Array(bodies))) = (bodies, value) else {
        let detail = "the body must be {\"contacts\": [...]}";
        return Err(Error::invalid("/contacts", "required", detail).into());
    };
    let done =
        answer::run(&state, move |app| app.create_contacts_once(&caller.0, &bodies, idempotency))
            .await?;
    let items = done.items;
    let created = items.iter().filter(|item| matches!(item, BulkItem::Created(..))).count();
    let results: Vec<Value> = items
        .iter()
        .enumerate()
        .map(|(index, item)| match item {
            BulkItem::Created(id, warnings) if warnings.is_empty() => {
                json!({"index": index, "id": id})
            }
            BulkItem::Created(id, warnings) => {
                json!({"index": index, "id": id, "warnings": warnings})
            }
            BulkItem::Invalid(issues) => {
                let problem = Problem::from(Error::Invalid(issues.clone()));
                json!({"index": index, "error": problem.body()})
            }
        })
        .collect();
    let mut response = answer::json(
        StatusCode::OK,
        &json!({"created": created, "failed": items.len() - created, "results": results, "seq": done.seq.0}),
    );
    if done.is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}
