//! The first user of a data directory.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::address::client_address;
use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::schema;
use super::session;
use super::state::State;

/// Whether the first user must be made, and how people can sign in. Everybody may ask.
#[utoipa::path(get, path = "/api/v1/setup", operation_id = "find_setup", tag = "session", security(()),
    responses((status = 200, body = schema::Setup)))]
pub(super) async fn find(state: web::Data<State>) -> HttpResponse {
    let needed = !state.app.access().has_users();
    answer::json(StatusCode::OK, &json!({"needed": needed, "single_sign_on": state.oidc.is_some()}))
}

/// Makes the first user, an admin, and signs it in; with the admin token that was printed at the
/// first start. Country, time zone and language become settings of the organisation.
#[utoipa::path(post, path = "/api/v1/setup", operation_id = "set_up", tag = "session",
    request_body = schema::SetupInput,
    responses((status = 201, body = schema::Session), (status = 401, body = schema::Problem), (status = 403, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn set_up(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let address = client_address(&request);
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let place = state.sign_ins.enter().await?;
    let begun = answer::run(&state, move |app| {
        let _place = place;
        app.set_up(&caller.0, &value, address)
    })
    .await?;
    Ok(session::begun(&state, &begun))
}
