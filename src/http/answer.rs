//! Answers: JSON with an `ETag`, timings, and work on blocking threads.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use super::connection::ConnectionState;
use super::error::Problem;
use super::filters::Asked;
use super::state::State;
use crate::app::{self, App, Cancel};
use crate::domain::contact::Contact;
use crate::domain::view::ContactView;
use crate::domain::view::Showing;
use crate::error::ErrorCode;

/// Entries of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Most entries of a page.
const MOST_PER_PAGE: usize = 1_000;

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
    state.check_memory()?;
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
    state.check_memory()?;
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
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a handler holds while it waits, and what tells its work that it or its client has gone.
fn wanted(request: &HttpRequest) -> (CancelOnDrop, Cancel) {
    let has_left = Arc::new(AtomicBool::new(false));
    let connection = request.conn_data::<Rc<ConnectionState>>().map(|watch| watch.gone());
    let cancel = Cancel::when({
        let has_left = Arc::clone(&has_left);
        move || {
            let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
            is_set(&has_left) || connection.as_deref().is_some_and(is_set)
        }
    });
    (CancelOnDrop(has_left), cancel)
}

/// Runs a use case on a blocking thread and answers with what it gives.
pub(super) async fn ok<T: Serialize + Send + 'static>(
    state: &web::Data<State>,
    work: impl FnOnce(&App) -> Result<T, app::Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    Ok(json(StatusCode::OK, &run(state, work).await?))
}

/// As [`ok`], for a page that is read by a cursor: its entries also stand in `items`, as those of
/// all lists.
pub(super) async fn page<T: Serialize + Send + 'static>(
    state: &web::Data<State>,
    name: &str,
    work: impl FnOnce(&App) -> Result<T, app::Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let mut body = json!(run(state, work).await?);
    body["items"] = body[name].clone();
    Ok(json(StatusCode::OK, &body))
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

/// A list that is read as a whole, as all lists are answered; `name` is what it was called before
/// and holds the same. Without `page` and `per_page` everything is on one page.
pub(super) fn whole(
    request: &HttpRequest,
    name: &str,
    all: &[impl Serialize],
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(request)?;
    let (page, per_page) = (asked.count("page")?, asked.count("per_page")?);
    let is_paged = page.is_some() || per_page.is_some();
    let usual = if is_paged { PER_PAGE } else { all.len().max(PER_PAGE) };
    let (page, per_page) = (page.unwrap_or(1), per_page.unwrap_or(usual));
    if per_page > usual.max(MOST_PER_PAGE) {
        let detail = format!("is {per_page}; at most {MOST_PER_PAGE} go on a page");
        return Err(app::Error::invalid("/per_page", "range", detail).into());
    }
    let offset = (page - 1).saturating_mul(per_page);
    let items: Vec<_> = all.iter().skip(offset).take(per_page).collect();
    let mut body = json!({
        "total": all.len(), "total_exact": true, "page": page, "per_page": per_page,
        "next_cursor": null, "items": items,
    });
    body[name] = body["items"].clone();
    Ok(json(StatusCode::OK, &body))
}

/// A JSON body of something without versions: its `ETag` is made of what it says.
pub(super) fn tagged<T: Serialize>(value: &T) -> HttpResponse {
    let mut response = json(StatusCode::OK, value);
    put_header(&mut response, "etag", &tag_of(value));
    response
}

/// The `ETag` of what something says.
pub(super) fn tag_of<T: Serialize>(value: &T) -> String {
    let hash = blake3::hash(json!(value).to_string().as_bytes()).to_hex();
    format!("\"{}\"", hash.get(..16).unwrap_or_default())
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
    if status == StatusCode::OK && is_known(request, &etag) {
        return HttpResponse::NotModified().insert_header((ETAG, etag)).finish();
    }
    let mut response = json(status, &ContactView::with(contact, lists));
    put_header(&mut response, "etag", &etag);
    put_header(&mut response, "server-timing", &timing(started));
    response
}

/// Whether the client has what is tagged so already.
fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    // Compared weakly, as RFC 9110 asks for here: a proxy that compresses marks the tag as weak.
    let is_same = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    known.is_some_and(|known| known.split(',').any(|tag| is_same(tag.trim())))
}

/// An answer to somebody who reads; 304 without a body where the client has it already.
pub(super) fn unless_known(request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || response.status() != StatusCode::OK {
        return response;
    }
    let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
    if !etag.is_some_and(|etag| is_known(request, etag)) {
        return response;
    }
    let (mut response, _) = response.into_parts();
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(CONTENT_TYPE);
    response.set_body(BoxBody::new(()))
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
