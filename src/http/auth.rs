//! Who is asking: the bearer token of a request.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};

use super::error::Problem;
use super::limits;
use super::state::State;
use crate::domain::access::Caller;
use crate::error::ErrorCode;

/// The caller of a request that has a valid token.
#[derive(Clone)]
pub(super) struct Authenticated(pub(super) Arc<Caller>);

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request).map(Authenticated))
    }
}

/// Who is calling, within the limits.
pub(super) fn caller(request: &HttpRequest) -> Result<Arc<Caller>, Problem> {
    limits::guarded(request, authenticate)
}

fn authenticate(request: &HttpRequest) -> Result<Arc<Caller>, Problem> {
    let state = request
        .app_data::<web::Data<State>>()
        .ok_or_else(|| Problem::new(ErrorCode::Internal, "the server is not set up"))?;
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(header) = header {
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::new(
                ErrorCode::Unauthorized,
                "the Authorization header must be: Bearer TOKEN",
            ));
        }
        return state
            .app
            .access()
            .authenticate(token.trim())
            .ok_or_else(|| Problem::new(ErrorCode::Unauthorized, "this token is not valid"));
    }
    if let Some(demo) = &state.demo
        && request.peer_addr().is_some_and(|peer| peer.ip().is_loopback())
    {
        return Ok(Arc::clone(demo));
    }
    Err(Problem::new(
        ErrorCode::Unauthorized,
        "send the header: Authorization: Bearer TOKEN; `ringdex token create` makes one",
    ))
}
