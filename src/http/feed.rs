//! The change feed: asked for page by page, or sent as it happens (server-sent events).

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use serde_json::json;

use super::answer;
use super::auth::Authenticated;
use super::error::Problem;
use super::filters::Asked;
use super::gate::Place;
use super::schema;
use super::state::State;
use crate::app::{ChangeEvent, FeedPosition};
use crate::domain::access::Caller;
use crate::domain::ids::ChangeSeq;

/// How often a quiet stream says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is looked for changes, and whether the server stops.
const TICK: Duration = Duration::from_millis(100);
/// Events that are read at once.
const AT_ONCE: usize = 200;
/// How long a client shall wait until it connects again, in milliseconds.
const RETRY_MS: u32 = 2_000;

/// What has happened to contacts and records since a place, as far as the caller sees it.
///
/// Without `since` the answer has no events and the place where one can begin; `0` begins with the
/// oldest change that is known. What is not seen any more is told once, with `gone`. 410
/// (`changes_gone`) means that the caller must read everything again and begin anew.
#[utoipa::path(get, path = "/api/v1/changes", operation_id = "list_changes", tag = "changes",
    params(("since" = Option<String>, Query, description = "next_since of the answer before; 0 for the beginning"),
        ("events" = Option<String>, Query, description = "only these, joined by commas: contact.updated, contact.*, call.created"),
        ("limit" = Option<usize>, Query, description = "about so many events, 100 if not given, at most 1,000")),
    responses((status = 200, body = schema::Changes), (status = 410, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn list(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let (since, limit) = (asked.last("since").map(str::to_owned), asked.count("limit")?);
    let wanted = asked.all("events");
    let mut changes =
        answer::search(&state, move |app| app.changes(&caller.0, since.as_deref(), limit)).await?;
    changes.events.retain(|event| event.is_wanted(&wanted));
    Ok(answer::json(StatusCode::OK, &changes))
}

/// The same as it happens, as server-sent events: `id` is a place, `event` what happened, `data` the
/// event of `GET /api/v1/changes`. `Last-Event-ID`, or `since`, goes on from a place.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "follow_changes", tag = "changes",
    params(("since" = Option<String>, Query, description = "a place from which to go on"),
        ("events" = Option<String>, Query, description = "only these, joined by commas"),
        ("Last-Event-ID" = Option<String>, Header, description = "the last id that was received")),
    responses((status = 200, description = "events"), (status = 410, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn follow(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let last = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let since = last.map(str::trim).filter(|last| !last.is_empty()).or(asked.last("since"));
    let since = since.map(str::to_owned);
    let place = state.followers.enter().await?;
    let by = caller.0.clone();
    let (from, is_known) = answer::run(&state, move |app| {
        let now = app.feed_now(&by)?;
        let from = since.as_deref().map_or(Ok(now), |since| now.of_caller(since))?;
        // Told now, as long as there is a status to tell it with.
        app.changes_from(&by, from.seq, Some(1))?;
        Ok((from, app.renewed(&by).is_some()))
    })
    .await?;
    let follower = Follower {
        state,
        caller: caller.0,
        is_known,
        from,
        at: from.seq,
        wanted: asked.all("events"),
        waiting: VecDeque::from([format!("retry: {RETRY_MS}\nid: {from}\n\n")]),
        told: Instant::now(),
        has_ended: false,
        _place: place,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let text = follower.next().await?;
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(text)), follower))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        // Proxies are not to hold events back.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(events)))
}

/// Somebody who follows. What waits for a slow client are the events that were read at once; all
/// others wait in the journal.
struct Follower {
    state: web::Data<State>,
    caller: Caller,
    /// Whether the caller is in the records, and so can end.
    is_known: bool,
    from: FeedPosition,
    at: ChangeSeq,
    wanted: Vec<String>,
    waiting: VecDeque<String>,
    told: Instant,
    has_ended: bool,
    _place: Place,
}

impl Follower {
    /// What is sent next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(text) = self.waiting.pop_front() {
                self.told = Instant::now();
                return Some(text);
            }
            if self.has_ended || self.state.is_stopping.load(Ordering::Relaxed) {
                return None;
            }
            if self.told.elapsed() >= HEARTBEAT {
                self.told = Instant::now();
                return Some(": still here\n\n".to_owned());
            }
            if self.state.app.last_change() <= self.at {
                tokio::time::sleep(TICK).await;
                continue;
            }
            self.read().await;
        }
    }

    /// Reads what has happened.
    async fn read(&mut self) {
        let (by, at, is_known) = (self.caller.clone(), self.at, self.is_known);
        let read = answer::run(&self.state, move |app| {
            let by = if is_known { app.renewed(&by) } else { Some(by) };
            let Some(by) = by else { return Ok(None) };
            let now = app.feed_now(&by)?;
            Ok(Some((app.changes_from(&by, at, Some(AT_ONCE))?, now)))
        })
        .await;
        match read {
            Ok(Some(((changes, through), now))) if now.has_same_sight(&self.from) => {
                let wanted = changes.events.iter().filter(|event| event.is_wanted(&self.wanted));
                self.waiting.extend(wanted.map(frame));
                self.at = through;
            }
            // The caller may see something else now, or nothing: a client that comes again is told.
            Ok(_) | Err(_) => {
                self.waiting.push_back("event: reset\ndata: {}\n\n".to_owned());
                self.has_ended = true;
            }
        }
    }
}

fn frame(event: &ChangeEvent) -> String {
    // JSON has no line breaks of its own.
    format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.event, json!(event))
}
