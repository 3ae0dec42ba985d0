//! Single sign-on by `OpenID` Connect: to the provider and back.
//!
//! Owns the two endpoints and where they lead. What a provider must prove is in `provider`, what
//! binds the way back to the browser that left is in `ticket`, who may come in is a use case.

mod options;
mod provider;
mod ticket;

use std::sync::Arc;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};

use super::address::client_address;
use super::error::Problem;
use super::schema;
use super::search::query_of;
use super::session;
use super::state::State;
use crate::app::{Error, NewSession};
use crate::error::ErrorCode;

pub use options::OidcOptions;
pub(super) use provider::Provider;

use provider::Refusal;
use ticket::{LIFETIME_MS, Ticket, local_path};

fn provider(state: &State) -> Result<Arc<Provider>, Problem> {
    state.oidc.clone().ok_or_else(|| {
        Problem::new(
            ErrorCode::NotFound,
            "single sign-on is not set up; `serve --oidc-issuer` does",
        )
    })
}

/// The cookie of a sign-on that is under way. `Lax`, since the provider's site leads back here.
fn cookie(state: &State, value: &str) -> Cookie<'static> {
    Cookie::build(cookie_name(state), value.to_owned())
        .path("/")
        .http_only(true)
        .secure(state.secure_cookies)
        .same_site(SameSite::Lax)
        .max_age(Duration::milliseconds(if value.is_empty() { 0 } else { LIFETIME_MS }))
        .finish()
}

fn cookie_name(state: &State) -> &'static str {
    if state.certificates.is_some() { "__Host-ringdex-sign-on" } else { "ringdex-sign-on" }
}

fn see_other(to: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER).insert_header((LOCATION, to)).finish()
}

/// Back to the page for signing in, which says what was wrong.
fn sign_in_page(refusal: Refusal, return_to: &str) -> HttpResponse {
    let mut to = format!("/sign-in?problem={}", refusal.code());
    if return_to != "/" {
        let escaped = return_to.bytes().map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        });
        to.push_str("&return_to=");
        to.extend(escaped);
    }
    see_other(&to)
}

/// Leads to the provider of single sign-on.
#[utoipa::path(get, path = "/api/v1/oidc/start", operation_id = "start_single_sign_on", tag = "session", security(()),
    params(("return_to" = Option<String>, Query, description = "the page to come back to, as a path of this server")),
    responses((status = 303), (status = 404, body = schema::Problem), (status = 503, body = schema::Problem)))]
pub(super) async fn start(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let provider = provider(&state)?;
    let query = query_of(&request)?;
    let return_to = local_path(query.get("return_to").map_or("/", String::as_str)).to_owned();
    let ticket = Ticket::new(return_to, state.app.now());
    let place = provider.gate.enter().await?;
    let asked = {
        let (provider, ticket) = (Arc::clone(&provider), ticket.clone());
        web::block(move || {
            let _place = place;
            provider.address(&ticket)
        })
        .await
    };
    match asked {
        Ok(Ok(to)) => {
            let mut response = see_other(&to);
            // A cookie of our own making is always a valid header.
            let _ = response.add_cookie(&cookie(&state, &provider.seal(&ticket)));
            Ok(response)
        }
        Ok(Err(refusal)) => Ok(sign_in_page(refusal, &ticket.return_to)),
        Err(_) => Err(Problem::new(ErrorCode::Internal, "the server could not do this")),
    }
}

/// Takes what the provider says, and begins a session or leads to the page for signing in.
#[utoipa::path(get, path = "/api/v1/oidc/callback", operation_id = "finish_single_sign_on", tag = "session", security(()),
    params(("code" = Option<String>, Query, description = "what the provider gives for a token"), ("state" = Option<String>, Query, description = "what binds the answer to the browser"), ("error" = Option<String>, Query, description = "why the provider refuses")),
    responses((status = 303), (status = 404, body = schema::Problem), (status = 503, body = schema::Problem)))]
pub(super) async fn callback(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let provider = provider(&state)?;
    let query = query_of(&request)?;
    let kept = request.cookie(cookie_name(&state));
    let ticket = kept.and_then(|kept| provider.open(kept.value(), state.app.now()));
    let given = |name: &str| query.get(name).map_or("", String::as_str);
    let Some(ticket) = ticket.filter(|ticket| provider.is_state_of(ticket, given("state"))) else {
        // The cookie stays: a page of another site may have led here.
        return Ok(sign_in_page(Refusal::Expired, "/"));
    };
    let outcome = if given("error").is_empty() && !given("code").is_empty() {
        let place = provider.gate.enter().await?;
        let (app, code, ticket) =
            (Arc::clone(&state.app), given("code").to_owned(), ticket.clone());
        let (provider, address) = (Arc::clone(&provider), client_address(&request));
        let work = move || -> Result<NewSession, Refusal> {
            let _place = place;
            let proven = provider.prove(&ticket, code, app.now())?;
            let refusal = match proven.email {
                Some(_) => Refusal::Unknown,
                None => Refusal::EmailNotVerified,
            };
            app.sign_in_by_provider(&proven, provider.rules(), address).map_err(|error| {
                if !matches!(error, Error::SignInRefused) {
                    tracing::warn!("single sign-on: {error}");
                }
                refusal
            })
        };
        web::block(work).await.map_err(|_cancelled| {
            Problem::new(ErrorCode::Internal, "the server could not do this")
        })?
    } else {
        Err(Refusal::Refused)
    };
    let mut response = match &outcome {
        Ok(begun) => {
            let mut response = see_other(&ticket.return_to);
            let _ = response.add_cookie(&session::cookie(&state, &begun.secret));
            response
        }
        Err(refusal) => sign_in_page(*refusal, &ticket.return_to),
    };
    let _ = response.add_cookie(&cookie(&state, ""));
    Ok(response)
}
