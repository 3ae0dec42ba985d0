//! The paths of other contact services, in the words of their clients: thin aliases of what is
//! below `/api/v1`.
//!
//! A body is put into our words and given to the handler that does the work, so nothing is checked,
//! written or answered in another way than there.

pub(super) mod contacts_api;
pub(super) mod crm_contacts;
pub(super) mod crm_import_maps;
pub(super) mod edge_functions;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev, web};
use serde_json::{Map, Value};

use super::coding::Decoded;
use super::error::Problem;
use super::state::State;
use crate::app::Error;
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// A body that is given to another handler in the place of the one that was sent.
pub(super) async fn payload(
    request: &HttpRequest,
    bytes: impl Into<web::Bytes>,
) -> Result<web::Payload, Problem> {
    request.extensions_mut().insert(Decoded);
    let (_, mut sent) = actix_http::h1::Payload::create(true);
    sent.unread_data(bytes.into());
    web::Payload::from_request(request, &mut dev::Payload::from(sent)).await.map_err(|error| {
        Problem::new(ErrorCode::Malformed, format!("the body cannot be read: {error}"))
    })
}

/// Refuses to work for another organisation than that of the token; one that is not named is that.
pub(super) fn check_organization(
    state: &State,
    caller: &Caller,
    named: Option<&Value>,
) -> Result<(), Problem> {
    let own = state.app.access().organization(caller.organization);
    let is_own = |named: &Value| {
        let named = named.as_str().unwrap_or_default().trim();
        own.is_some_and(|own| own.name == named || own.id.to_string() == named)
    };
    match named.filter(|named| !named.is_null()) {
        Some(named) if !is_own(named) => Err(Problem::new(
            ErrorCode::Forbidden,
            "this token works for another organisation: leave the organisation away, or name its own",
        )),
        _ => Ok(()),
    }
}

/// The members of a body that must be an object.
pub(super) fn members(value: Value) -> Result<Map<String, Value>, Problem> {
    let Value::Object(members) = value else {
        return Err(Error::invalid("", "type", "must be a JSON object").into());
    };
    Ok(members)
}

/// Takes a member out by the first of its names that is given.
pub(super) fn take(members: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    let found: Vec<Value> = names.iter().filter_map(|name| members.remove(*name)).collect();
    found.into_iter().find(|value| !value.is_null())
}

/// The text of a member that must be there; errors name it as it was called.
pub(super) fn required_text(
    value: Option<Value>,
    name: &str,
    about: &str,
) -> Result<String, Problem> {
    let pointer = format!("/{name}");
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
        None | Some(Value::String(_)) => Err(Error::invalid(&pointer, "required", about).into()),
        Some(_) => Err(Error::invalid(&pointer, "type", "must be a string").into()),
    }
}

/// Refuses a body that does not say that it is JSON, where a handler takes other bodies as well.
pub(super) fn require_json(request: &HttpRequest) -> Result<(), Problem> {
    if request.content_type().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        ErrorCode::UnsupportedMediaType,
        "this path takes JSON: send the header Content-Type: application/json",
    ))
}
