//! Sparse answers of lists: `fields=id,name` leaves all other members out of what is listed.
//!
//! Searches know `fields` themselves, since they need not read what nobody wants.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

/// What lists call their entries.
const LISTS: [&str; 16] = [
    "items",
    "results",
    "lines",
    "events",
    "custom_fields",
    "departments",
    "runs",
    "decisions",
    "jobs",
    "merges",
    "organizations",
    "queues",
    "saved_searches",
    "suggestions",
    "tokens",
    "users",
];
/// Paths whose handlers do this themselves.
const OWN: &str = "/api/v1/contacts";
/// Where entries are pairs and groups of contacts.
const REVIEW: &str = "/api/v1/duplicates";

/// Leaves out of the entries of a list what was not asked for.
pub(super) fn thin(
    request: &HttpRequest,
    response: HttpResponse<BoxBody>,
) -> HttpResponse<BoxBody> {
    let is_json =
        response.headers().get(CONTENT_TYPE) == Some(&HeaderValue::from_static("application/json"));
    if !is_json
        || request.method() != Method::GET
        || response.status() != StatusCode::OK
        || !request.query_string().contains("fields=")
        || request.path() == OWN
    {
        return response;
    }
    let wanted = wanted(request.query_string());
    if wanted.is_empty() {
        return response;
    }
    let is_review = request.path() == REVIEW;
    let (head, body) = response.into_parts();
    match body.try_into_bytes() {
        Err(body) => head.set_body(body),
        Ok(bytes) => {
            let thinner =
                if is_review { thinner_review(&bytes, &wanted) } else { thinner(&bytes, &wanted) };
            let thinner = thinner.map_or(bytes, web::Bytes::from);
            head.set_body(BoxBody::new(thinner))
        }
    }
}

/// The members that are wanted.
fn wanted(query: &str) -> Vec<String> {
    let members = web::Query::<Vec<(String, String)>>::from_query(query);
    let members = members.map(web::Query::into_inner).unwrap_or_default();
    let lists = members.iter().filter(|(name, _)| name == "fields");
    let names = lists.flat_map(|(_, list)| list.split(',')).map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The same answer with nothing else in its entries; nothing if it has no list.
fn thinner(bytes: &[u8], wanted: &[String]) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(bytes).ok()?;
    let lists: Vec<&mut Value> = answer
        .as_object_mut()?
        .iter_mut()
        .filter_map(|(name, list)| LISTS.contains(&name.as_str()).then_some(list))
        .collect();
    if lists.is_empty() {
        return None;
    }
    for entry in lists.into_iter().filter_map(Value::as_array_mut).flatten() {
        if let Value::Object(members) = entry {
            members.retain(|name, _| wanted.contains(name));
        }
    }
    serde_json::to_vec(&answer).ok()
}

/// The same pairs or groups, with contacts that have nothing else; their id is always there.
fn thinner_review(bytes: &[u8], wanted: &[String]) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(bytes).ok()?;
    let entries = ["pairs", "groups"].into_iter().find(|name| answer.get(name).is_some())?;
    for entry in answer.get_mut(entries)?.as_array_mut()? {
        let members = entry.get_mut("members").and_then(Value::as_array_mut);
        let of_members = members.into_iter().flatten().filter_map(|one| one.get_mut("contact"));
        of_members.for_each(|contact| keep(contact, wanted));
        let contacts = entry.get_mut("contacts").and_then(Value::as_array_mut);
        contacts.into_iter().flatten().for_each(|contact| keep(contact, wanted));
    }
    serde_json::to_vec(&answer).ok()
}

fn keep(contact: &mut Value, wanted: &[String]) {
    if let Value::Object(members) = contact {
        members.retain(|name, _| name == "id" || wanted.contains(name));
    }
}
