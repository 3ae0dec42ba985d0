//! A 3CX telephone system: its template, its questions, its journal.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::address;
use super::super::answer;
use super::super::auth;
use super::super::body;
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::lookup;
use super::super::schema;
use super::super::source_systems::members;
use super::super::state::State;
use super::device::{self, Device};
use crate::app::{BookQuery, Error};
use crate::devices::{LineKind, three_cx_template};
use crate::domain::access::Permission;
use crate::domain::contact::Contact;

/// Most contacts of a search.
const MOST_FOUND: usize = 20;

/// A contact as 3CX reads it.
#[derive(Default, Serialize)]
struct Card {
    id: String,
    first_name: String,
    last_name: String,
    company: String,
    email: String,
    phone_business: String,
    phone_mobile: String,
    phone_home: String,
    phone_other: String,
    url: String,
}

impl Card {
    /// A contact; the number that was asked for stands in the place of the one that it matched, in
    /// the form in which it was asked, since 3CX takes no other for the same.
    fn of(contact: &Contact, base: &str, asked: Option<(usize, &str)>) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut card = Self {
            id: contact.id.to_string(),
            first_name: text(&contact.first_name),
            last_name: text(&contact.last_name),
            company: text(&contact.company),
            email: contact.primary_email().map(|email| email.address.clone()).unwrap_or_default(),
            url: format!("{base}/contacts/{}", contact.id),
            ..Self::default()
        };
        if card.first_name.is_empty() && card.last_name.is_empty() && card.company.is_empty() {
            card.last_name.clone_from(&contact.display_name);
        }
        let matched = asked.and_then(|(slot, number)| {
            let label = contact.phones.get(slot).and_then(|phone| phone.label.as_deref());
            Some((LineKind::of(label), number)).filter(|(_, number)| !number.is_empty())
        });
        let mut lines: Vec<(LineKind, &str)> = matched.into_iter().collect();
        let is_number = |n: &str| n.bytes().all(|b| b.is_ascii_digit() || b == b'+');
        let others = contact.phones.iter().enumerate().filter(|(slot, phone)| {
            asked.is_none_or(|(matched, _)| matched != *slot) && is_number(&phone.number)
        });
        lines.extend(
            others.map(|(_, phone)| (LineKind::of(phone.label.as_deref()), phone.number.as_str())),
        );
        for (kind, number) in lines {
            card.put(kind, number);
        }
        card
    }

    /// Puts a number where its kind belongs, or where there is room.
    fn put(&mut self, kind: LineKind, number: &str) {
        let slots = match kind {
            LineKind::Work => [&mut self.phone_business, &mut self.phone_other],
            LineKind::Mobile => [&mut self.phone_mobile, &mut self.phone_other],
            LineKind::Home => [&mut self.phone_home, &mut self.phone_other],
            LineKind::Other => [&mut self.phone_other, &mut self.phone_business],
        };
        if let Some(free) = slots.into_iter().find(|slot| slot.is_empty()) {
            number.clone_into(free);
        }
    }
}

/// The template to upload, with the address of this server and the token with which it is fetched.
#[utoipa::path(get, path = "/integrations/3cx/template.xml", operation_id = "read_3cx_template", tag = "telephones",
    params(("key" = Option<String>, Query, description = "the token, for systems that can set no headers")),
    responses((status = 200, description = "the template")))]
pub(in crate::http) async fn template(
    request: HttpRequest,
    device: Device,
) -> Result<HttpResponse, Problem> {
    let bearer = auth::authorization(&request).and_then(|header| header.split_once(' '));
    let bearer = bearer.map(|(_, token)| token.trim().to_owned());
    let token = device::presented(&request).map(|(token, _)| token).or(bearer).unwrap_or_default();
    drop(device);
    let template = three_cx_template(&address::base_url(&request), &token);
    let mut response =
        HttpResponse::Ok().content_type("application/xml; charset=utf-8").body(template);
    answer::put_header(
        &mut response,
        "content-disposition",
        "attachment; filename=\"ringdex-3cx.xml\"",
    );
    answer::put_header(&mut response, "cache-control", "no-store");
    Ok(response)
}

/// Who has a number; nobody is an empty list.
#[utoipa::path(get, path = "/integrations/3cx/lookup", operation_id = "lookup_for_3cx", tag = "telephones",
    params(("number" = String, Query, description = "the number in any form"),
        ("key" = Option<String>, Query, description = "the token, for systems that can set no headers")),
    responses((status = 200, body = schema::ThreeCxContacts)))]
pub(in crate::http) async fn find(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let given = asked.given("number").unwrap_or_default();
    // A plus that was not escaped arrives as a space.
    let number = match given.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => given.to_owned(),
    };
    let found = lookup::find(&state, device.0, &number, asked.last("country"), None).await?;
    let base = address::base_url(&request);
    let cards = found
        .results
        .iter()
        .map(|result| Card::of(&result.contact, &base, Some((result.slot, number.as_str()))));
    Ok(answer::json(StatusCode::OK, &json!({"contacts": cards.collect::<Vec<_>>()})))
}

/// Contacts by what is typed, 20 at most.
#[utoipa::path(get, path = "/integrations/3cx/search", operation_id = "search_for_3cx", tag = "telephones",
    params(("q" = Option<String>, Query, description = "names or digits"),
        ("key" = Option<String>, Query, description = "the token, for systems that can set no headers")),
    responses((status = 200, body = schema::ThreeCxContacts)))]
pub(in crate::http) async fn search(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let q = asked.last("q").unwrap_or_default().to_owned();
    let query = BookQuery { q, limit: MOST_FOUND, ..BookQuery::default() };
    let found = answer::search(&state, move |app| app.phone_book(&device.0, &query)).await?;
    let base = address::base_url(&request);
    let cards: Vec<Card> =
        found.contacts.iter().map(|contact| Card::of(contact, &base, None)).collect();
    Ok(answer::json(StatusCode::OK, &json!({"contacts": cards})))
}

/// The members of a body by their names without case and underscores; numbers and flags as text.
fn texts_of(value: Value) -> Result<HashMap<String, String>, Problem> {
    let text = |value: Value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let members = members(value)?.into_iter();
    Ok(members.filter_map(|(name, value)| Some((plain(&name), text(value)?))).collect())
}

/// Takes a call at its end into the history of its contact; the same again is the same call.
#[utoipa::path(post, path = "/integrations/3cx/journal", operation_id = "journal_call_of_3cx", tag = "telephones",
    request_body = schema::ThreeCxJournal,
    responses((status = 200, body = schema::CallTaken), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn journal(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    device::require_any(&device.0, &[Permission::ReportCalls, Permission::Edit])?;
    let (value, _) = body::json(&request, sent, state.limits.json_bytes).await?;
    let names_number = value
        .as_object()
        .is_some_and(|members| members.keys().any(|name| name.eq_ignore_ascii_case("number")));
    if value.is_object() && !names_number {
        return Err(Error::invalid("/Number", "required", "is the number of the other side").into());
    }
    let news = news_of(&texts_of(value)?)?;
    let taken = answer::run(&state, move |app| app.report_call(&device.0, news)).await?;
    Ok(answer::json(StatusCode::OK, &json!({"ok": true, "call_id": taken.call_id})))
}

/// The members of a call that 3CX tells of.
fn news_of(told: &HashMap<String, String>) -> Result<Map<String, Value>, Problem> {
    let text = |name: &str| told.get(name).cloned();
    // Who withholds the number has called all the same.
    let number = text("number");
    // What never happened is told as the beginning of time.
    let time = |name: &str| text(name).as_deref().and_then(time_of);
    let kind = text("calltype").unwrap_or_default().to_lowercase();
    let (direction, status, outcome) = match kind.as_str() {
        "inbound" => ("in", "COMPLETED", None),
        "outbound" => ("out", "COMPLETED", None),
        "missed" => ("in", "MISSED", None),
        "notanswered" => ("out", "FAILED", Some("no-answer")),
        _ => {
            let detail = "must be Inbound, Outbound, Missed or Notanswered";
            return Err(Error::invalid("/CallType", "value", detail).into());
        }
    };
    let names = [text("agentfirstname"), text("agentlastname")];
    let names = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let agent = text("agentemail").or(Some(names).filter(|n| !n.is_empty())).or(text("agent"));
    let started = text("callstarttimeutc");
    let is_answered = status == "COMPLETED";
    let id = [number.clone(), text("agent"), started];
    let id = id.map(Option::unwrap_or_default).join("\0");
    let hash = blake3::hash(id.as_bytes()).to_hex();
    let mut news = Map::from_iter([
        ("call_id".to_owned(), json!(format!("3cx-{}", hash.get(..32).unwrap_or_default()))),
        ("direction".to_owned(), json!(direction)),
        ("status".to_owned(), json!(status)),
    ]);
    for (name, value) in [
        ("number", number),
        ("outcome", outcome.map(str::to_owned)),
        ("agent", agent),
        ("queue", text("queueextension")),
        ("started_at", time("callstarttimeutc")),
        ("answered_at", time("callestablishedtimeutc").filter(|_| is_answered)),
        ("ended_at", time("callendtimeutc")),
    ] {
        if let Some(value) = value {
            news.insert(name.to_owned(), Value::String(value));
        }
    }
    if let Some(seconds) = text("duration").as_deref().and_then(seconds) {
        news.insert("duration_s".to_owned(), json!(seconds));
    }
    Ok(news)
}

/// A time that is told as one of UTC, also where it does not say so; nothing for the times of the
/// years in which there were no telephones, which stand for none.
fn time_of(text: &str) -> Option<String> {
    let is_none = text.get(..4).is_some_and(|year| year.parse::<u16>().is_ok_and(|y| y < 1_900));
    if is_none {
        return None;
    }
    let (_, clock) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let has_zone = clock.is_empty() || clock.contains(['Z', 'z', '+', '-']);
    Some(if has_zone { text.to_owned() } else { format!("{}Z", text.replacen(' ', "T", 1)) })
}

/// A duration as `HH:MM:SS` or in seconds.
fn seconds(text: &str) -> Option<u64> {
    let mut parts = text.split('.').next()?.split(':');
    parts.try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))
}

/// Creates a contact for a caller whom nobody knows.
#[utoipa::path(post, path = "/integrations/3cx/contacts", operation_id = "create_contact_of_3cx", tag = "telephones",
    request_body = schema::ThreeCxContactInput,
    responses((status = 201, body = schema::ThreeCxContact), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, sent, state.limits.json_bytes).await?;
    let told = texts_of(value)?;
    let text = |names: &[&str]| names.iter().find_map(|name| told.get(*name)).cloned();
    let number = text(&["number", "phone"]);
    let mut contact = Map::new();
    for (name, value) in [
        ("first_name", text(&["firstname", "createcontactfirstname"])),
        ("last_name", text(&["lastname", "createcontactlastname"])),
        ("company", text(&["company", "companyname"])),
        ("email", text(&["email"])),
        ("phone", number.clone()),
    ] {
        if let Some(value) = value {
            contact.insert(name.to_owned(), Value::String(value));
        }
    }
    let contact = Value::Object(contact);
    let made =
        answer::run(&state, move |app| app.create_contact(&device.0, &contact, None)).await?;
    let asked = number.as_deref().map(|number| (0, number));
    let card = Card::of(&made.contact, &address::base_url(&request), asked);
    let mut response = answer::json(StatusCode::CREATED, &card);
    let place = format!("/api/v1/contacts/{}", made.contact.id);
    answer::put_header(&mut response, "location", &place);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_utc_and_the_beginning_of_time_is_none() {
        for (text, expected) in [
            ("2026-11-30T10:00:00Z", Some("2026-11-30T10:00:00Z")),
            ("2026-11-30T10:00:00", Some("2026-11-30T10:00:00Z")),
            ("2026-11-30 10:00:00.25", Some("2026-11-30T10:00:00.25Z")),
            ("2026-11-30T10:00:00+01:00", Some("2026-11-30T10:00:00+01:00")),
            ("0001-01-01T00:00:00Z", None),
            ("0001-01-01T00:00:00", None),
            ("soon", Some("soon")),
        ] {
            assert_eq!(time_of(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, expected) in [
            ("00:01:23", Some(83)),
            ("83", Some(83)),
            ("1:00:00.5", Some(3_600)),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
        assert_eq!(seconds(&"9:".repeat(40)), None);
    }
}
