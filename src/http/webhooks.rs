//! What webhooks have sent; webhooks themselves are records like others.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::filters::Asked;
use super::schema;
use super::state::State;
use crate::app::{DeliveryState, Error};

/// What a webhook has sent and is to send, the newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", operation_id = "list_deliveries", tag = "changes",
    params(("id" = String, Path, description = "the id of the webhook"),
        ("state" = Option<String>, Query, description = "only pending, delivered or dead"),
        ("page" = Option<usize>, Query, description = "from 1"),
        ("per_page" = Option<usize>, Query, description = "at most 1,000")),
    responses((status = 200, body = schema::DeliveryList), (status = 404, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn deliveries(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let id = Uuid::parse_str(&path).unwrap_or_default();
    let wanted = match asked.last("state") {
        None => None,
        Some(text) => Some(DeliveryState::parse(text).ok_or_else(|| {
            Error::invalid("/state", "value", "must be pending, delivered or dead")
        })?),
    };
    let place = (asked.count("page")?, asked.count("per_page")?);
    answer::ok(&state, move |app| app.list_deliveries(&caller.0, id, wanted, place)).await
}

/// Sends a call of the event `webhook.test`, once, whatever else the webhook is told of. What became of
/// it is seen among what was sent.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "changes",
    params(("id" = String, Path, description = "the id of the webhook")),
    responses((status = 202, body = schema::Delivery), (status = 404, body = schema::Problem), (status = 409, body = schema::Problem)))]
pub(super) async fn test(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::parse_str(&path).unwrap_or_default();
    let sent = answer::run(&state, move |app| app.test_webhook(&caller.0, id)).await?;
    Ok(answer::json(StatusCode::ACCEPTED, &sent))
}

/// Sends something again, at once.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/deliveries/{n}/replay", operation_id = "replay_delivery", tag = "changes",
    params(("id" = String, Path, description = "the id of the webhook"), ("n" = u64, Path, description = "the number of the delivery")),
    responses((status = 202, body = schema::Delivery), (status = 404, body = schema::Problem)))]
pub(super) async fn replay(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, n) = path.into_inner();
    let (id, n) = (Uuid::parse_str(&id).unwrap_or_default(), n.parse().unwrap_or(0));
    let again = answer::run(&state, move |app| app.replay_delivery(&caller.0, id, n)).await?;
    Ok(answer::json(StatusCode::ACCEPTED, &again))
}
