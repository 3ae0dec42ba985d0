//! Who is asking: a bearer token, a token in the URL of a device, or the session of the console.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};

use super::address::client_address;
use super::error::Problem;
use super::limits;
use super::origin;
use super::state::State;
use crate::app::{Presented, Refusal, Session};
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// The cookie of a session. Under TLS its name says that it belongs to this host alone.
const COOKIE: &str = "ringdex-session";
/// The same under TLS.
const SECURE_COOKIE: &str = "__Host-ringdex-session";
/// The header in which the console proves that a request comes from its own page.
const CSRF_HEADER: &str = "x-csrf-token";

/// The caller of a request that says who asks.
#[derive(Clone)]
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request).map(Authenticated))
    }
}

/// How somebody was let in.
pub(super) enum Admitted {
    /// By a token or a session.
    ByKey(Caller),
    /// Because this is a demonstration; must be on this machine and on a page of ours.
    ByDemo(Caller),
}

/// Who is calling, within the limits.
pub(super) fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    limits::guarded(request, authenticate)
}

/// Who bears a token that a device has shown in its own way.
pub(super) fn by_own_token(
    request: &HttpRequest,
    token: &str,
    presented: Presented,
) -> Result<Admitted, Problem> {
    let state = state_of(request)?;
    by_token(state, token, presented, client_address(request)).map(Admitted::ByKey)
}

fn state_of(request: &HttpRequest) -> Result<&web::Data<State>, Problem> {
    request
        .app_data::<web::Data<State>>()
        .ok_or_else(|| Problem::new(ErrorCode::Internal, "the server is not set up"))
}

/// Who is calling, by what everybody may show.
pub(super) fn authenticate(request: &HttpRequest) -> Result<Admitted, Problem> {
    let state = state_of(request)?;
    let address = client_address(request);
    if let Some(header) = authorization(request) {
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::new(
                ErrorCode::Unauthorized,
                "the Authorization header must be: Bearer TOKEN",
            ));
        }
        return by_token(state, token.trim(), Presented::InHeader, address).map(Admitted::ByKey);
    }
    if let Some(token) = token_in_url(request) {
        return by_token(state, &token, Presented::InUrl, address).map(Admitted::ByKey);
    }
    let secret = session_secret(request, state);
    if let Some(session) = secret.as_deref().and_then(|s| state.app.session(s, address)) {
        check_origin(request, &session)?;
        return Ok(Admitted::ByKey(session.caller));
    }
    // Before what is said of a session: browsers send cookies to all ports of a machine, and one
    // of another server must not keep anybody out.
    if let Some(demo) = &state.demo {
        return Ok(Admitted::ByDemo(state.app.access().admit(demo)));
    }
    if secret.is_some() {
        return Err(Problem::new(ErrorCode::Unauthorized, "the session has ended: sign in again"));
    }
    Err(Problem::new(
        ErrorCode::Unauthorized,
        "send the header: Authorization: Bearer TOKEN; `ringdex token create` makes one",
    ))
}

/// The `Authorization` header, if there is anything in it: forms that were left empty send
/// `Bearer` without a token, which says nothing about who asks.
pub(super) fn authorization(request: &HttpRequest) -> Option<&str> {
    // What is not text is no token of ours either, but somebody tried.
    let header = request.headers().get(AUTHORIZATION)?.to_str().unwrap_or("?").trim();
    (!header.is_empty() && !header.eq_ignore_ascii_case("bearer")).then_some(header)
}

/// Who bears a token.
pub(super) fn by_token(
    state: &State,
    token: &str,
    presented: Presented,
    address: Option<IpAddr>,
) -> Result<Caller, Problem> {
    let access = state.app.access();
    access.authenticate(token, presented, address, state.app.now()).map_err(|refusal| match refusal
    {
        Refusal::Unknown => Problem::new(ErrorCode::Unauthorized, "this token is not valid"),
        Refusal::Expired => {
            Problem::new(ErrorCode::TokenExpired, "this token has ended: ask for a new one")
        }
        Refusal::Address => Problem::new(
            ErrorCode::Unauthorized,
            "this token is not taken from the address that you ask from",
        ),
        Refusal::InUrl => Problem::new(
            ErrorCode::Unauthorized,
            "this token is not taken from a URL: send it in the Authorization header",
        ),
    })
}

/// A token in the URL, for devices that can set no headers; only for reading.
fn token_in_url(request: &HttpRequest) -> Option<String> {
    // There it stands for the rows of an import.
    let is_other = request.path().ends_with("/import-errors");
    if is_other || !request.method().is_safe() || !request.query_string().contains("token=") {
        return None;
    }
    let query = super::search::query_of(request).ok()?;
    query.get("token").filter(|token| !token.is_empty()).cloned()
}

/// The name of the session cookie. The other name counts for nothing: under TLS it could have
/// been set by a neighbouring site.
pub(super) fn cookie_name(state: &State) -> &'static str {
    if state.certificates.is_some() { SECURE_COOKIE } else { COOKIE }
}

/// The secret of the session cookie, if there is one.
pub(super) fn session_secret(request: &HttpRequest, state: &State) -> Option<String> {
    Some(request.cookie(cookie_name(state))?.value().to_owned())
}

/// The session of a request; none if something else says who asks.
pub(super) fn session(request: &HttpRequest, state: &State) -> Option<Session> {
    if authorization(request).is_some() || token_in_url(request).is_some() {
        return None;
    }
    state.app.session(&session_secret(request, state)?, client_address(request))
}

/// The session of a request that wants to change something must come from our own page: another
/// site can make a browser send the cookie, but neither read nor guess what goes with it.
fn check_origin(request: &HttpRequest, session: &Session) -> Result<(), Problem> {
    if request.method().is_safe() {
        return Ok(());
    }
    let given = request.headers().get(CSRF_HEADER).map(HeaderValue::as_bytes);
    // Hashes are compared in constant time.
    let is_ours =
        given.is_some_and(|given| blake3::hash(given) == blake3::hash(session.csrf.as_bytes()));
    if is_ours {
        return origin::require_own_page(request);
    }
    Err(Problem::new(
        ErrorCode::CsrfMissing,
        "a request with a session needs the header X-CSRF-Token that the session was given, and must come from this site",
    ))
}
