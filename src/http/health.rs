//! Is it alive, is it ready, how is it doing.

use std::sync::atomic::Ordering;

use actix_web::{HttpRequest, HttpResponse, web};

use super::address;
use super::answer;
use super::auth::{self, Authenticated};
use super::error::Problem;
use super::origin;
use super::state::State;
use crate::domain::access::Permission;
use crate::error::ErrorCode;

/// Answers as long as the process serves.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "operation", security(()),
    responses((status = 200, description = "serving")))]
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Answers 200 when requests are welcome, 503 while shutting down and when nothing can be written.
/// What works less well than it should is told behind `degraded`, with 200.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "operation", security(()),
    responses((status = 200, description = "`ready`, or `degraded` with a reason a line"), (status = 503, body = super::schema::Problem)))]
pub(super) async fn readyz(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    if state.is_stopping.load(Ordering::Relaxed) {
        return Err(Problem::new(ErrorCode::ShuttingDown, "the server is shutting down"));
    }
    let condition = state.app.condition();
    if let Some(reason) = condition.writes_stopped {
        // Names of files are for whoever runs the machine.
        let is_local = origin::require_local(&request).is_ok();
        let reason = if is_local { &reason } else { "nothing can be written; the log says why" };
        return Err(Problem::new(ErrorCode::WritesStopped, format!("not ready: {reason}")));
    }
    let lines: Vec<String> =
        condition.degraded.iter().map(|reason| format!("degraded: {reason}\n")).collect();
    let text = if lines.is_empty() { "ready\n".to_owned() } else { lines.concat() };
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

/// How the base is: contacts, how imports went, how well duplicates are told, errors, and how far
/// searches are behind. Who runs the server sees storage and journal as well.
#[utoipa::path(get, path = "/api/v1/health", operation_id = "read_health", tag = "operation",
    responses((status = 200, body = std::collections::HashMap<String, serde_json::Value>),
        (status = 403, body = super::schema::Problem)))]
pub(super) async fn figures(
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let mut health = answer::search(&state, move |app| app.health(&caller.0)).await?;
    let (all, failed) = state.metrics.answered();
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
    let rate = if all == 0 { 0.0 } else { failed as f64 / all as f64 };
    let rate = (rate * 10_000.0).round() / 10_000.0;
    // How many there are is the business of who runs the server.
    health["requests"] = if health.get("storage").is_some() {
        serde_json::json!({"total": all, "failed": failed, "error_rate": rate})
    } else {
        serde_json::json!({"error_rate": rate})
    };
    Ok(answer::json(actix_web::http::StatusCode::OK, &health))
}

/// Figures for Prometheus, over all organisations: for this machine, for who runs the server, and
/// for the token that `--metrics-token` names.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operation", security((), ("token" = [])),
    responses((status = 200, description = "Prometheus text format"),
        (status = 401, body = super::schema::Problem), (status = 403, body = super::schema::Problem)))]
pub(super) async fn metrics(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    may_read_metrics(&request, &state)?;
    let app = std::sync::Arc::clone(&state.app);
    let stats = web::block(move || app.stats())
        .await
        .map_err(|_blocking| Problem::new(ErrorCode::Internal, "the figures cannot be read"))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.metrics.render(&stats, state.certificates.as_ref().map(|c| c.not_after()))))
}

/// The figures tell how much all organisations have and do, which is nobody's business but that of
/// who runs the server.
fn may_read_metrics(request: &HttpRequest, state: &State) -> Result<(), Problem> {
    let token = auth::authorization(request)
        .and_then(|header| header.split_once(' '))
        .map(|(_, token)| token.trim());
    let Some(token) = token else {
        return origin::require_local(request).map_err(|_not_local| {
            Problem::new(
                ErrorCode::Unauthorized,
                "from another machine the figures need the token of --metrics-token, or one of who runs the server",
            )
        });
    };
    if let Some(address) = address::client_address(request) {
        state.rates.may_try(address)?;
    }
    // Hashes are compared in constant time.
    if state.metrics_token == Some(blake3::hash(token.as_bytes())) {
        return Ok(());
    }
    let caller = auth::caller(request)?;
    if caller.may(Permission::Operate) {
        Ok(())
    } else {
        Err(crate::app::Error::Forbidden(Permission::Operate).into())
    }
}
