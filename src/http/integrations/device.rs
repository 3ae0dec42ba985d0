//! Who a device is, and answers that devices may keep for a while.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::super::answer;
use super::super::auth::{self, Admitted};
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::limits;
use crate::app::{Error, Presented};
use crate::domain::access::{Caller, Permission};

/// Seconds for which a device may show what it was told.
const KEPT_SECS: u32 = 60;

/// The caller of a request of a device: many of them can set no headers, so the token may also be
/// the password of HTTP Basic, `X-API-Key`, `key` or `token` in the query, or a part of the path.
pub(in crate::http) struct Device(pub(in crate::http) Caller);

impl FromRequest for Device {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(limits::guarded(request, authenticate).map(Device))
    }
}

impl Device {
    /// The caller of a form, whose token may be the member `key` or `token` of it. `true` where that
    /// token may stand in a URL as well, so that addresses of further parts can carry it.
    pub(super) fn of_form(
        request: &HttpRequest,
        form: &[(String, String)],
    ) -> Result<(Self, bool), Problem> {
        let member = |name: &str| form.iter().rfind(|(known, _)| known == name);
        let token = member("key").or_else(|| member("token")).map(|(_, token)| token);
        let says_who = auth::authorization(request).is_some() || presented(request).is_some();
        let Some(token) = token.filter(|token| !says_who && !token.is_empty()) else {
            return limits::guarded(request, authenticate).map(|caller| (Self(caller), true));
        };
        let mut may_be_in_url = true;
        let caller = limits::guarded_by_body(request, |request| {
            auth::by_own_token(request, token, Presented::InUrl).or_else(|_refused| {
                may_be_in_url = false;
                auth::by_own_token(request, token, Presented::InHeader)
            })
        })?;
        Ok((Self(caller), may_be_in_url))
    }
}

fn authenticate(request: &HttpRequest) -> Result<Admitted, Problem> {
    match presented(request) {
        Some((token, how)) => auth::by_own_token(request, &token, how),
        // A bearer token, or the session of a browser.
        None => auth::authenticate(request),
    }
}

/// The token of a request, unless it is one as everywhere.
pub(super) fn presented(request: &HttpRequest) -> Option<(String, Presented)> {
    if let Some(header) = auth::authorization(request) {
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        let is_basic = scheme.eq_ignore_ascii_case("basic");
        return is_basic.then(|| (password(rest.trim()), Presented::InHeader));
    }
    if let Some(key) = request.headers().get("x-api-key") {
        return Some((key.to_str().unwrap_or_default().trim().to_owned(), Presented::InHeader));
    }
    if let Some(token) = request.match_info().get("token") {
        return Some((token.to_owned(), Presented::InUrl));
    }
    let asked = Asked::of_query(request).ok()?;
    let token = asked.last("key").or_else(|| asked.last("token"))?;
    Some((token.to_owned(), Presented::InUrl))
}

/// The password of HTTP Basic; the user where there is no password.
fn password(credentials: &str) -> String {
    let decoded = STANDARD.decode(credentials).or_else(|_| STANDARD_NO_PAD.decode(credentials));
    let text = String::from_utf8(decoded.unwrap_or_default()).unwrap_or_default();
    match text.split_once(':') {
        Some((user, "")) => user.to_owned(),
        Some((_, password)) => password.to_owned(),
        None => text,
    }
}

/// Refuses who may do this by none of several rights, before anything that was sent is looked at.
pub(in crate::http) fn require_any(
    caller: &Caller,
    permissions: &[Permission],
) -> Result<(), Problem> {
    match permissions {
        [first, ..] if !permissions.iter().any(|one| caller.may(*one)) => {
            Err(Error::Forbidden(*first).into())
        }
        _ => Ok(()),
    }
}

/// An answer for a device, which may keep it for a minute; 304 where it has it.
pub(super) fn kept(request: &HttpRequest, kind: &'static str, body: Vec<u8>) -> HttpResponse {
    let hash = blake3::hash(&body).to_hex();
    let etag = format!("\"{}\"", hash.get(..16).unwrap_or_default());
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.split(',').any(|k| k.trim() == etag)) {
        HttpResponse::NotModified().finish()
    } else {
        HttpResponse::Ok().content_type(kind).body(web::Bytes::from(body))
    };
    answer::put_header(&mut response, "etag", &etag);
    answer::put_header(&mut response, "cache-control", &format!("private, max-age={KEPT_SECS}"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_tokens() {
        for (credentials, token) in [
            ("OnJkeF94", "rdx_x"),
            ("cGJ4OnJkeF94", "rdx_x"),
            ("cmR4X3g6", "rdx_x"),
            ("cmR4X3g", "rdx_x"),
            ("???", ""),
            ("", ""),
        ] {
            assert_eq!(password(credentials), token, "{credentials}");
        }
    }
}
