//! Signing in and out of the console, the own password, the own rights.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::address::client_address;
use super::answer;
use super::auth::{self, Authenticated};
use super::body;
use super::error::Problem;
use super::origin;
use super::schema;
use super::state::State;
use crate::app::{Error, NewSession, Session};
use crate::domain::draft::Patch;
use crate::domain::members::ObjectReader;
use crate::error::ErrorCode;

/// The cookie that carries a session: scripts cannot read it, other sites cannot send it.
pub(super) fn cookie(state: &State, secret: &str) -> Cookie<'static> {
    Cookie::build(auth::cookie_name(state), secret.to_owned())
        .path("/")
        .http_only(true)
        .secure(state.secure_cookies)
        .same_site(SameSite::Strict)
        .finish()
}

/// The answer to a log-in that succeeded.
pub(super) fn begun(state: &State, session: &NewSession) -> HttpResponse {
    let mut response = answer::json(
        StatusCode::CREATED,
        &json!({"user_id": session.user, "csrf_token": session.csrf, "expires_at": session.expires_at}),
    );
    // A cookie of our own making is always a valid header.
    let _ = response.add_cookie(&cookie(state, &session.secret));
    response
}

/// Removes the cookie of a session that has ended.
fn ended(state: &State) -> HttpResponse {
    let mut gone = cookie(state, "");
    gone.set_max_age(Duration::ZERO);
    HttpResponse::NoContent().cookie(gone).finish()
}

/// A session as its own page may see it.
fn view_of(session: &Session) -> Value {
    json!({"user_id": session.caller.user, "csrf_token": session.csrf, "expires_at": session.expires_at})
}

fn required(patch: Patch<String>, name: &str) -> Result<String, Problem> {
    match patch {
        Patch::Set(text) => Ok(text),
        Patch::Keep | Patch::Clear => {
            Err(Error::invalid(&format!("/{name}"), "required", "must be given").into())
        }
    }
}

/// Signs in with address and password; answers with a cookie and the token that goes with it.
///
/// Whether a user with this address exists is not told, neither in words nor by the time it takes.
#[utoipa::path(post, path = "/api/v1/session", operation_id = "sign_in", tag = "session", security(()),
    request_body = schema::SignInInput,
    responses((status = 201, body = schema::Session), (status = 401, body = schema::Problem), (status = 429, body = schema::Problem)))]
pub(super) async fn sign_in(
    request: HttpRequest,
    state: web::Data<State>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    origin::require_own_page(&request)?;
    let address = client_address(&request);
    if let Some(address) = address {
        state.rates.may_try(address)?;
    }
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let mut members = ObjectReader::of(&value).map_err(Error::Invalid)?;
    let (email, password) = (members.secret("email"), members.secret("password"));
    members.finish().map_err(Error::Invalid)?;
    let (email, password) = (required(email, "email")?, required(password, "password")?);
    // Hashing takes a core for tens of milliseconds; a few at once are enough.
    let place = state.sign_ins.enter().await?;
    let session = answer::run(&state, move |app| {
        // Held by the work itself, which goes on where the client has gone away.
        let _place = place;
        app.sign_in(&email, &password, address)
    })
    .await;
    if let (Err(problem), Some(address)) = (&session, address)
        && problem.code() == ErrorCode::SignInRefused
    {
        state.rates.failed(address)?;
    }
    let session = session?;
    Ok(begun(&state, &session))
}

/// The session of the caller.
#[utoipa::path(get, path = "/api/v1/session", operation_id = "find_session", tag = "session",
    responses((status = 200, body = schema::Session), (status = 401, body = schema::Problem)))]
pub(super) async fn find(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let Some(session) = auth::session(&request, &state) else {
        return Err(Problem::new(ErrorCode::Unauthorized, "there is no session: sign in"));
    };
    Ok(answer::json(StatusCode::OK, &view_of(&session)))
}

/// Ends the session.
#[utoipa::path(delete, path = "/api/v1/session", operation_id = "sign_out", tag = "session",
    responses((status = 204), (status = 401, body = schema::Problem)))]
pub(super) async fn sign_out(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    if let Some(secret) = auth::session_secret(&request, &state) {
        answer::run(&state, move |app| app.sign_out(&caller.0, &secret)).await?;
    }
    Ok(ended(&state))
}

/// Ends all sessions of the caller, on all machines.
#[utoipa::path(delete, path = "/api/v1/sessions", operation_id = "sign_out_everywhere", tag = "session",
    responses((status = 204), (status = 401, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn sign_out_everywhere(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    answer::run(&state, move |app| app.sign_out_everywhere(&caller.0)).await?;
    Ok(ended(&state))
}

/// Changes the own password; all sessions end.
#[utoipa::path(post, path = "/api/v1/me/password", operation_id = "change_password", tag = "session",
    request_body = schema::PasswordInput,
    responses((status = 204), (status = 401, body = schema::Problem), (status = 422, body = schema::Problem), (status = 429, body = schema::Problem)))]
pub(super) async fn change_password(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let mut members = ObjectReader::of(&value).map_err(Error::Invalid)?;
    let (present, new) = (members.secret("password"), members.secret("new_password"));
    members.finish().map_err(Error::Invalid)?;
    let (present, new) = (required(present, "password")?, required(new, "new_password")?);
    let place = state.sign_ins.enter().await?;
    answer::run(&state, move |app| {
        let _place = place;
        app.change_password(&caller.0, &present, &new)
    })
    .await?;
    Ok(ended(&state))
}

/// What the caller may do and see, with the table of its organisation, and its session if it
/// has one.
#[utoipa::path(get, path = "/api/v1/me/permissions", operation_id = "my_permissions", tag = "session",
    responses((status = 200, body = schema::PermissionsView), (status = 401, body = schema::Problem)))]
pub(super) async fn permissions(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let mut view = json!(state.app.permissions_of(&caller.0)?);
    view["session"] = json!(auth::session(&request, &state).as_ref().map(view_of));
    Ok(answer::json(StatusCode::OK, &view))
}
