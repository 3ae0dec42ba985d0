//! Organisations, tokens, settings, and looking after the partition.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::error::Problem;
use super::file;
use super::people::record_id;
use super::schema;
use super::state::State;
use crate::app::{Error, Noun, TokenRequest};
use crate::domain::access::Permission;

fn text(value: &Value, name: &str) -> Result<Option<String>, Problem> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::invalid(&format!("/{name}"), "type", "must be a string").into()),
    }
}

/// Makes an organisation; for who runs the server.
#[utoipa::path(post, path = "/api/v1/organizations", operation_id = "create_organization", tag = "administration",
    request_body = schema::OrganizationInput,
    responses((status = 201, body = schema::Organization), (status = 403, body = schema::Problem), (status = 409, body = schema::Problem)))]
pub(super) async fn create_organization(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    let Some(name) = text(&value, "name")? else {
        return Err(Error::invalid("/name", "required", "an organisation needs a name").into());
    };
    let country = text(&value, "default_country")?;
    let made = answer::run(&state, move |app| {
        app.create_organization(&caller.0, &name, country.as_deref())
    })
    .await?;
    Ok(answer::json(StatusCode::CREATED, &made))
}

/// Lists organisations: all for who runs the server, else the own one.
#[utoipa::path(get, path = "/api/v1/organizations", operation_id = "list_organizations", tag = "administration",
    responses((status = 200, body = schema::OrganizationList), (status = 403, body = schema::Problem)))]
pub(super) async fn list_organizations(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let all = answer::run(&state, move |app| app.list_organizations(&caller.0)).await?;
    answer::whole(&request, "organizations", &all)
}

/// Reads an organisation; for who runs the server.
#[utoipa::path(get, path = "/api/v1/organizations/{id}", operation_id = "find_organization", tag = "administration",
    params(("id" = String, Path, description = "the id or name of the organisation")),
    responses((status = 200, body = schema::Organization), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn find_organization(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    answer::ok(&state, move |app| app.read_organization(&caller.0, &path)).await
}

/// Changes name or quotas of an organisation; for who runs the server.
#[utoipa::path(patch, path = "/api/v1/organizations/{id}", operation_id = "update_organization", tag = "administration",
    params(("id" = String, Path, description = "the id or name of the organisation")),
    request_body = schema::OrganizationPatch,
    responses((status = 200, body = schema::Organization), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn update_organization(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    answer::ok(&state, move |app| app.update_organization(&caller.0, &path, &value)).await
}

/// Makes a token; its secret is shown this once. A token gives no later end and no more networks
/// than its own.
///
/// With `Idempotency-Key` the same request can be sent again without making a second one; `token` is
/// `null` then, since the secret is kept nowhere. Who has not got it revokes the token and makes another.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "create_token", tag = "administration",
    params(("Idempotency-Key" = Option<String>, Header, description = "a key of this request: sent again, it makes nothing new")),
    request_body = schema::TokenInput,
    responses((status = 201, body = schema::NewToken), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn create_token(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, bytes) = body::json(&request, payload, state.limits.json_bytes).await?;
    let once = body::idempotency(&request, &caller.0, &bytes)?;
    let wanted = TokenRequest::read(&value)?;
    let made = answer::run(&state, move |app| app.create_token(&caller.0, &wanted, once)).await?;
    let is_replay = made.token.is_none();
    let mut response = answer::json(StatusCode::CREATED, &made);
    if is_replay {
        answer::put_header(&mut response, "idempotent-replayed", "true");
    }
    Ok(response)
}

/// Lists the tokens of the organisation, newest first; never their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "administration",
    responses((status = 200, body = schema::TokenList), (status = 403, body = schema::Problem)))]
pub(super) async fn list_tokens(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let all = answer::run(&state, move |app| app.list_tokens(&caller.0)).await?;
    answer::whole(&request, "tokens", &all)
}

/// Reads a token; never its secret.
#[utoipa::path(get, path = "/api/v1/tokens/{id}", operation_id = "find_token", tag = "administration",
    params(("id" = String, Path, description = "the id of the token")),
    responses((status = 200, body = schema::Token), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem)))]
pub(super) async fn find_token(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Token)?;
    let found = answer::run(&state, move |app| app.find_token(&caller.0, id)).await?;
    Ok(answer::tagged(&found))
}

/// Changes name, networks and end of a token, and whether it may stand in a URL; what it may do
/// stays as it was made. A token gives no later end and no more networks than its own; one that has
/// ended cannot be changed.
#[utoipa::path(patch, path = "/api/v1/tokens/{id}", operation_id = "update_token", tag = "administration",
    params(("id" = String, Path, description = "the id of the token"), ("If-Match" = Option<String>, Header, description = "the ETag that the change is based on")),
    request_body = schema::TokenPatch,
    responses((status = 200, body = schema::Token), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 422, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(super) async fn update_token(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Token)?;
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    if body::names_version(&request) {
        let by = caller.0.clone();
        let known = answer::run(&state, move |app| app.find_token(&by, id)).await?;
        body::refuse_stale(&request, &answer::tag_of(&known))?;
    }
    let changed = answer::run(&state, move |app| app.update_token(&caller.0, id, &value)).await?;
    Ok(answer::tagged(&changed))
}

/// Ends a token at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", operation_id = "revoke_token", tag = "administration",
    params(("id" = String, Path, description = "the id of the token"), ("If-Match" = Option<String>, Header, description = "the ETag that the change is based on")),
    responses((status = 204), (status = 403, body = schema::Problem), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(super) async fn revoke_token(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&path, Noun::Token)?;
    if body::names_version(&request) {
        let by = caller.0.clone();
        let known = answer::run(&state, move |app| app.find_token(&by, id)).await?;
        body::refuse_stale(&request, &answer::tag_of(&known))?;
    }
    answer::run(&state, move |app| app.revoke_token(&caller.0, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The own organisation with its settings: permissions, field visibility, numbers.
#[utoipa::path(get, path = "/api/v1/settings", operation_id = "read_settings", tag = "administration",
    responses((status = 200, body = schema::Organization), (status = 403, body = schema::Problem)))]
pub(super) async fn read_settings(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let found = answer::run(&state, move |app| app.read_settings(&caller.0)).await?;
    Ok(answer::tagged(&found))
}

/// Changes settings of the own organisation; absent members stay.
#[utoipa::path(patch, path = "/api/v1/settings", operation_id = "update_settings", tag = "administration",
    params(("If-Match" = Option<String>, Header, description = "the ETag that the change is based on")),
    request_body = schema::Settings,
    responses((status = 200, body = schema::Organization), (status = 403, body = schema::Problem), (status = 422, body = schema::Problem), (status = 412, body = schema::Problem)))]
pub(super) async fn update_settings(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (value, _) = body::json(&request, payload, state.limits.json_bytes).await?;
    if body::names_version(&request) {
        let by = caller.0.clone();
        let known = answer::run(&state, move |app| app.read_settings(&by)).await?;
        body::refuse_stale(&request, &answer::tag_of(&known))?;
    }
    let app = std::sync::Arc::clone(&state.app);
    let changed = answer::run(&state, move |_| app.update_settings(&caller.0, &value)).await?;
    Ok(answer::tagged(&changed))
}

/// Verifies journal, store, lookup and index against each other; for who runs the server.
#[utoipa::path(post, path = "/api/v1/admin/check", operation_id = "check", tag = "administration",
    responses((status = 200, body = schema::CheckReport), (status = 403, body = schema::Problem)))]
pub(super) async fn check(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let report =
        answer::scan(&request, &state, move |app, _cancel| app.check(&caller.0, &mut |_| {}))
            .await?;
    let mut body = json!(report);
    body["clean"] = json!(report.is_clean());
    Ok(answer::json(StatusCode::OK, &body))
}

/// Rebuilds the search index while the old one serves; answers when the new one does.
#[utoipa::path(post, path = "/api/v1/admin/reindex", operation_id = "reindex", tag = "administration",
    responses((status = 200, body = schema::ReindexAnswer), (status = 403, body = schema::Problem)))]
pub(super) async fn reindex(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let contacts = answer::run(&state, move |app| app.reindex(&caller.0, &mut |_| {})).await?;
    Ok(answer::json(StatusCode::OK, &json!({"contacts": contacts})))
}

/// Makes the files smaller while everything goes on: takes a snapshot into the journal, lets go of
/// what is older than what is to be kept, and rewrites the store without what changed values have
/// left behind; answers when that is done. It happens by itself as well, when it is worth it.
#[utoipa::path(post, path = "/api/v1/admin/compact", operation_id = "compact", tag = "administration",
    responses((status = 200, body = schema::CompactAnswer), (status = 403, body = schema::Problem), (status = 503, body = schema::Problem)))]
pub(super) async fn compact(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let done =
        answer::scan(&request, &state, move |app, cancel| app.compact(&caller.0, cancel)).await?;
    Ok(answer::json(StatusCode::OK, &done))
}

/// Sends a backup of everything that is acknowledged now, of all organisations, as a tar archive,
/// while work goes on; for who runs the server. `ringdex backup --server` takes and verifies it,
/// `ringdex restore` makes a data directory of it. An archive without the file `BACKUP`, which
/// comes last, is not complete.
#[utoipa::path(get, path = "/api/v1/admin/backup", operation_id = "back_up", tag = "administration",
    responses((status = 200, description = "the archive", content_type = "application/x-tar"), (status = 403, body = schema::Problem), (status = 503, body = schema::Problem)))]
pub(super) async fn back_up(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    if !caller.0.may(Permission::Operate) {
        return Err(Error::Forbidden(Permission::Operate).into());
    }
    let kind =
        file::Kind { content_type: "application/x-tar", name: "ringdex-backup.tar".to_owned() };
    file::send(&state, kind, move |app, _cancel, out| app.back_up(&caller.0, out)).await
}
