//! Answers: JSON with an `ETag`, timings, and work on blocking threads.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::connection::Watch;
use super::error::Problem;
use super::state::State;
use crate::app::{self, App, Cancel};
use crate::domain::contact::Contact;
use crate::domain::view::ContactView;
use crate::domain::view::Showing;
use crate::error::ErrorCode;

/// Runs a use case on a blocking thread.
pub(super) async fn run<T: Send + 'static>(
    state: &web::Data<State>,
    work: impl FnOnce(&App) -> Result<T, app::Error> + Send + 'static,
) -> Result<T, Problem> {
    let app = Arc::clone(&state.app);
    settle(web::block(move || work(&app)).await)
}

/// As [`run`], for work that takes long: it is told when nobody waits for it any more.
pub(super) async fn run_while_wanted<T: Send + 'static>(
    request: &HttpRequest,
    state: &web::Data<State>,
    work: impl FnOnce(&Arc<App>, &Cancel) -> Result<T, app::Error> + Send + 'static,
) -> Result<T, Problem> {
    let (_wanted, cancel) = wanted(request);
    let app = Arc::clone(&state.app);
    settle(web::block(move || work(&app, &cancel)).await)
}

/// As [`run`], for what reads as much as a search does: as many at once as searches.
pub(super) async fn search<T: Send + 'static>(
    state: &web::Data<State>,
    work: impl FnOnce(&App) -> Result<T, app::Error> + Send + 'static,
) -> Result<T, Problem> {
    let place = state.searches.enter().await?;
    let app = Arc::clone(&state.app);
    let done = state.searching.run(move || {
        let done = work(&app);
        // Kept until here even if the caller has gone: the work has not.
        drop(place);
        done
    });
    settle(done.await)
}

fn settle<T, E>(done: Result<Result<T, app::Error>, E>) -> Result<T, Problem> {
    match done {
        Ok(result) => result.map_err(Problem::from),
        Err(_) => Err(Problem::new(ErrorCode::Internal, "the server could not do this")),
    }
}

/// As [`run_while_wanted`], for what may read everything there is: few at once.
pub(super) async fn scan<T: Send + 'static>(
    request: &HttpRequest,
    state: &web::Data<State>,
    work: impl FnOnce(&Arc<App>, &Cancel) -> Result<T, app::Error> + Send + 'static,
) -> Result<T, Problem> {
    let place = state.scans.enter().await?;
    let (_wanted, cancel) = wanted(request);
    let app = Arc::clone(&state.app);
    let done = state.scanning.run(move || {
        let done = work(&app, &cancel);
        // Kept until here even if the caller has gone: the work may go on for a moment.
        drop(place);
        done
    });
    settle(done.await)
}

/// Held by a handler while it waits for work; dropped with the handler, also when its time is over.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a handler holds while it waits, and what tells its work that it or its client has gone.
fn wanted(request: &HttpRequest) -> (Wanted, Cancel) {
    let has_left = Arc::new(AtomicBool::new(false));
    let connection = request.conn_data::<Rc<Watch>>().map(|watch| watch.gone());
    let cancel = Cancel::when({
        let has_left = Arc::clone(&has_left);
        move || {
            let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
            is_set(&has_left) || connection.as_deref().is_some_and(is_set)
        }
    });
    (Wanted(has_left), cancel)
}

/// Runs a use case on a blocking thread and answers with what it gives.
pub(super) async fn ok<T: Serialize + Send + 'static>(
    state: &web::Data<State>,
    work: impl FnOnce(&App) -> Result<T, app::Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    Ok(json(StatusCode::OK, &run(state, work).await?))
}

/// A JSON body.
pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> HttpResponse {
    match serde_json::to_vec(value) {
        Ok(bytes) => HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, "application/json"))
            .body(bytes),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// The `ETag` of a version.
pub(super) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The `ETag` of a contact as it is shown: facts change without a new version.
pub(super) fn etag_of(contact: &Contact) -> String {
    match contact.facts.revision {
        0 => etag(contact.version),
        revision => format!("\"{}.{revision}\"", contact.version),
    }
}

/// A contact with its `ETag`; 304 where the client has this version.
pub(super) fn contact(
    request: &HttpRequest,
    status: StatusCode,
    contact: &Contact,
    lists: &Showing,
    started: Instant,
) -> HttpResponse {
    let etag = etag_of(contact);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    // Compared weakly, as RFC 9110 asks for here: a proxy that compresses marks the tag as weak.
    let is_known = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    if status == StatusCode::OK
        && known.is_some_and(|known| known.split(',').any(|tag| is_known(tag.trim())))
    {
        return HttpResponse::NotModified().insert_header((ETAG, etag)).finish();
    }
    let mut response = json(status, &ContactView::with(contact, lists));
    put_header(&mut response, "etag", &etag);
    put_header(&mut response, "server-timing", &timing(started));
    response
}

/// The value of `Server-Timing`.
pub(super) fn timing(started: Instant) -> String {
    format!("app;dur={:.3}", started.elapsed().as_secs_f64() * 1_000.0)
}

/// When members of requests got the names that they have now (RFC 9745): 29 November 2026.
pub(super) const RENAMED_ON: &str = "@1795910400";

/// Sets a header of our own making.
pub(super) fn put_header(response: &mut HttpResponse, name: &'static str, value: &str) {
    if let Ok(value) = actix_web::http::header::HeaderValue::from_str(value) {
        response
            .headers_mut()
            .insert(actix_web::http::header::HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_told_when_its_handler_or_its_connection_has_gone() {
        let request = actix_web::test::TestRequest::default().to_http_request();
        let (handler, cancel) = wanted(&request);
        assert!(!cancel.is_cancelled());
        drop(handler);
        assert!(cancel.is_cancelled());
    }
}
