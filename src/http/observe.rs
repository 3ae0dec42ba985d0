//! What happens to every request around its handler: limits, time budget, headers, figures.
//!
//! One layer, since each costs an allocation on the way of a lookup.

use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use super::address;
use super::answer;
use super::cluster;
use super::coding;
use super::connection::{ConnectionState, EndOnDrop};
use super::error::Problem;
use super::integrations::Nobody;
use super::limits;
use super::request_id;
use super::sparse;
use super::state::State;
use super::unread::{self, Shared};
use crate::error::ErrorCode;

/// How long an answer took, for who asked.
const TIMING: &str = "server-timing";

/// Admits, times, counts and completes a request.
pub(super) async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let watch = request.conn_data::<Rc<ConnectionState>>().cloned();
    if let Some(watch) = &watch {
        watch.begin();
    }
    let request_body = unread::share(&mut request, state.pace);
    // A route pattern, never the path: paths carry ids and would be without number.
    let pattern = request.match_pattern();
    let method = request.method().clone();
    let route = pattern.as_deref().unwrap_or("none");
    let nobody = Nobody::of(request.path(), request.query_string());
    let shown = |response: HttpResponse| match &nobody {
        Some(nobody) => nobody.in_place_of(response),
        None => response,
    };
    let id = request_id::of(request.headers());
    let after = After { state: &state, watch, method, route, started, id };
    if let Err(problem) = admit(&state, request.request()) {
        let response = after.complete(shown(problem.error_response()), request_body);
        return Ok(request.into_response(response));
    }
    let is_clustered = state.is_clustered;
    let is_stale = is_clustered && cluster::wait(&state, request.request()).await;
    let answer = match state.budgets.of(after.method.as_str(), route) {
        None => next.call(request).await,
        Some(budget) => match tokio::time::timeout(budget, next.call(request)).await {
            Ok(answer) => answer,
            Err(_late) => {
                let detail = format!("there is no answer after {} s", budget.as_secs_f32());
                Err(Problem::new(ErrorCode::Timeout, detail).into())
            }
        },
    };
    match answer {
        Ok(response) => {
            let (request, response) = response.into_parts();
            let mut response = shown(response.map_into_boxed_body());
            if let Some(headers) = limits::noted(&request) {
                for (name, value) in headers {
                    if !response.headers().contains_key(&name) {
                        response.headers_mut().insert(name, value);
                    }
                }
            }
            let mut response = answer::unless_known(&request, response);
            if is_clustered && response.status().is_success() {
                cluster::tell(&state, &after.method, response.headers_mut(), is_stale);
            }
            let response = coding::compress(&request, sparse::thin(&request, response));
            Ok(ServiceResponse::new(request, after.complete(response, request_body)))
        }
        // The request is gone with the handler: only the answer is left to complete.
        Err(error) => {
            let response = after.complete(shown(error.error_response()), request_body);
            Err(InternalError::from_response("no answer", response).into())
        }
    }
}

/// Whether a request is let in at all.
fn admit(state: &State, request: &HttpRequest) -> Result<(), Problem> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    if target + fields.sum::<usize>() > state.limits.header_bytes {
        let detail =
            format!("path and header fields have at most {} bytes", state.limits.header_bytes);
        return Err(Problem::new(ErrorCode::HeadersTooLarge, detail));
    }
    if matches!(request.path(), "/healthz" | "/readyz") {
        return Ok(());
    }
    warn_of_proxy(state, request);
    state.rates.admit_address(request)
}

/// Says once that there seems to be a proxy whose clients all look like one.
fn warn_of_proxy(state: &State, request: &HttpRequest) {
    if !state.trusted_proxies.is_empty()
        || state.has_warned_of_proxy.load(Ordering::Relaxed)
        || !address::is_forwarded(request)
        || state.has_warned_of_proxy.swap(true, Ordering::Relaxed)
    {
        return;
    }
    if let Some(peer) = request.peer_addr() {
        tracing::warn!(
            "{} passes requests on, but is not a trusted proxy: all its clients share the limits of \
             one address; --trusted-proxy {} says otherwise",
            peer.ip(),
            peer.ip()
        );
    }
}

/// What an answer is completed with.
struct After<'a> {
    state: &'a State,
    watch: Option<Rc<ConnectionState>>,
    method: Method,
    route: &'a str,
    started: Instant,
    id: HeaderValue,
}

impl After<'_> {
    /// Adds headers, counts the request, and logs those that fail on our side.
    fn complete(self, mut response: HttpResponse, request_body: Option<Shared>) -> HttpResponse {
        self.state.headers.put(response.headers_mut());
        let status = response.status();
        let took = self.started.elapsed();
        self.state.metrics.count(self.route, &self.method, status.as_u16(), took);
        self.log(status, took);
        let is_read = self.method == Method::GET && self.route.starts_with("/api/");
        if is_read && !response.headers().contains_key(TIMING) {
            answer::put_header(&mut response, TIMING, &answer::timing(self.started));
        }
        response.headers_mut().insert(request_id::NAME, self.id);
        let watch = self.watch;
        response.map_body(|_, body| {
            let body = unread::hold(body, request_body);
            let Some(watch) = watch else { return body };
            if matches!(body.size(), BodySize::Stream) {
                return BoxBody::new(Streamed { body, _end: EndOnDrop(watch) });
            }
            watch.end();
            body
        })
    }
}

impl After<'_> {
    /// Logs a request that fails on our side, and every request where that is wanted: by the pattern
    /// of its path, since paths and queries say who is looked for.
    fn log(&self, status: StatusCode, took: Duration) {
        let (route, status_code) = (self.route, status.as_u16());
        let (method, request_id) = (self.method.as_str(), self.id.to_str().unwrap_or_default());
        if status.is_server_error() {
            tracing::warn!(method, route, status = status_code, request_id, "request failed");
        } else {
            let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            tracing::debug!(
                target: "ringdex::requests",
                method, route, status = status_code, took_us, request_id, "request answered"
            );
        }
    }
}

/// A body that is sent piece by piece; the request ends with it.
struct Streamed {
    body: BoxBody,
    _end: EndOnDrop,
}

impl MessageBody for Streamed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<web::Bytes, Self::Error>>> {
        std::pin::Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}
