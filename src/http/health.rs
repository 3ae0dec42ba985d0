//! Is it alive, is it ready, how is it doing.

use std::sync::atomic::Ordering;

use actix_web::{HttpResponse, web};

use super::error::Problem;
use super::state::State;
use crate::error::ErrorCode;

/// Answers as long as the process serves.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "operation", security(()),
    responses((status = 200, description = "serving")))]
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Answers 200 when requests are welcome, 503 while shutting down.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "operation", security(()),
    responses((status = 200, description = "ready"), (status = 503, body = super::schema::Problem)))]
pub(super) async fn readyz(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    if state.is_stopping.load(Ordering::Relaxed) {
        return Err(Problem::new(ErrorCode::ShuttingDown, "the server is shutting down"));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operation", security(()),
    responses((status = 200, description = "Prometheus text format")))]
pub(super) async fn metrics(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let app = std::sync::Arc::clone(&state.app);
    let stats = web::block(move || app.stats())
        .await
        .map_err(|_blocking| Problem::new(ErrorCode::Internal, "the figures cannot be read"))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.metrics.render(&stats)))
}
