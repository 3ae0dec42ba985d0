//! The body of a request on its way to the handler: paced, and held where nobody reads it.
//!
//! actix reads and throws away the rest of a chunked body that a handler has dropped, so that the
//! connection can be kept; a body without an end would keep it busy for ever. As long as somebody
//! holds the body it closes the connection instead, so the answer holds it until it is sent.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::web::Bytes;
use futures_util::Stream;

use super::pace::{Pace, Paced};

/// The body of a request, shared between its handler and the answer.
pub(super) struct Shared(Rc<RefCell<Payload>>);

/// Paces the body of a request, and shares it if it has no declared length.
pub(super) fn share(request: &mut ServiceRequest, pace: Pace) -> Option<Shared> {
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    if !is_chunked && !request.headers().contains_key(CONTENT_LENGTH) {
        return None;
    }
    let paced = Box::pin(Paced::new(request.take_payload(), pace));
    let body: Payload = Payload::Stream { payload: paced };
    if !is_chunked {
        request.set_payload(body);
        return None;
    }
    let shared = Rc::new(RefCell::new(body));
    let stream = Box::pin(Shared(Rc::clone(&shared)));
    request.set_payload(Payload::Stream { payload: stream });
    Some(Shared(shared))
}

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// Lets the body of an answer hold the body of its request.
pub(super) fn hold(body: BoxBody, request_body: Option<Shared>) -> BoxBody {
    match request_body {
        None => body,
        Some(held) => BoxBody::new(Holding { body, _held: held }),
    }
}

struct Holding {
    body: BoxBody,
    _held: Shared,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}
