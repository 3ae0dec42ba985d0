//! Content codings (RFC 9110, section 8.4): answers are compressed for clients that take it, and
//! bodies of requests are decompressed within their limits.

use std::io::{self, Write};

use actix_http::encoding::Encoder;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, ETAG, HeaderMap, HeaderValue,
    VARY,
};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use brotli::DecompressorWriter;
use flate2::write::MultiGzDecoder;

use super::error::Problem;
use crate::error::ErrorCode;

/// Smaller answers, such as those of lookups, are sent as they are: they fit into one packet.
const LEAST_BYTES: u64 = 1024;

/// What bodies of requests may be compressed with.
const TAKEN: &str = "gzip, br";

/// Compresses an answer where that pays and the client takes it.
///
/// An answer with an `ETag` is sent as it is: its tag names these very bytes, and clients send it
/// back in `If-Match`.
pub(super) fn compress(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    if !is_worth_it(&response) {
        return response;
    }
    let coding = wanted(request.headers()).filter(|_| request.method() != Method::HEAD);
    let Some(coding) = coding else {
        response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        return response;
    };
    response.map_body(|head, body| BoxBody::new(Encoder::response(coding, head, body)))
}

fn is_worth_it(response: &HttpResponse) -> bool {
    let is_large = match response.body().size() {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes >= LEAST_BYTES,
        BodySize::Stream => true,
    };
    let headers = response.headers();
    if !is_large || headers.contains_key(CONTENT_ENCODING) || headers.contains_key(ETAG) {
        return false;
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let is_text = kind.starts_with("text/")
        || ["application/json", "application/problem+json", "application/x-ndjson"]
            .iter()
            .any(|known| kind.starts_with(known));
    // Events are to arrive one by one.
    is_text && !kind.starts_with("text/event-stream")
}

/// The coding that a client likes best. At equal terms that is gzip, which costs less time than a
/// keystroke may.
fn wanted(headers: &HeaderMap) -> Option<ContentEncoding> {
    let (mut gzip, mut brotli, mut identity, mut any) = (None, None, None, None);
    for field in headers.get_all(ACCEPT_ENCODING) {
        for part in field.to_str().unwrap_or("").split(',') {
            let (name, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse().ok());
            let weight: f32 = weight.unwrap_or(0.0);
            match name.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => gzip = Some(weight),
                "br" => brotli = Some(weight),
                "identity" => identity = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
    }
    let weight = |named: Option<f32>| named.or(any).unwrap_or(0.0);
    let (coding, best) = if weight(brotli) > weight(gzip) {
        (ContentEncoding::Brotli, weight(brotli))
    } else {
        (ContentEncoding::Gzip, weight(gzip))
    };
    (best > 0.0 && identity.is_none_or(|identity| identity <= best)).then_some(coding)
}

/// What the body of a request is compressed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Nothing.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// Brotli (RFC 7932).
    Brotli,
}

/// Marks a request whose body was decompressed and written anew on its way to its handler.
pub(super) struct Decoded;

impl Coding {
    /// Of a request; one that is not known is refused.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        if request.extensions().contains::<Decoded>() {
            return Ok(Self::Identity);
        }
        let fields = request.headers().get_all(CONTENT_ENCODING);
        let named: Vec<String> = fields
            .flat_map(|field| field.to_str().unwrap_or("?").split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty() && name != "identity")
            .collect();
        match named.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => Ok(Self::Identity),
            ["gzip" | "x-gzip"] => Ok(Self::Gzip),
            ["br"] => Ok(Self::Brotli),
            others => {
                let detail = format!(
                    "bodies may be compressed with gzip or br, not with {}",
                    others.join(", ")
                );
                Err(Problem::new(ErrorCode::UnsupportedMediaType, detail)
                    .with_header("accept-encoding", TAKEN.to_owned()))
            }
        }
    }
}

/// Why a body is not taken.
#[derive(Debug)]
pub(super) enum Fault {
    /// Decompressed it has more bytes than it may.
    TooLarge,
    /// It is not what its coding says.
    Garbled(io::Error),
    /// It cannot be written where it is to go.
    Out(io::Error),
}

/// Writes a body decompressed, up to a number of bytes. What it holds itself stays small, however
/// much a few bytes are made of.
pub(super) enum Decompressor<W: Write> {
    Identity(Bounded<W>),
    Gzip(Box<MultiGzDecoder<Bounded<W>>>),
    Brotli(Box<DecompressorWriter<Bounded<W>>>),
}

impl<W: Write> Decompressor<W> {
    /// For a body of this coding.
    pub(super) fn new(coding: Coding, out: W, most_bytes: u64) -> Self {
        let out = Bounded { out, left: most_bytes, fault: None };
        match coding {
            Coding::Identity => Self::Identity(out),
            Coding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(out))),
            Coding::Brotli => Self::Brotli(Box::new(DecompressorWriter::new(out, 16 * 1024))),
        }
    }

    fn out(&mut self) -> &mut Bounded<W> {
        match self {
            Self::Identity(out) => out,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
        }
    }

    fn fault(&mut self, error: io::Error) -> Fault {
        self.out().fault.take().unwrap_or(Fault::Garbled(error))
    }

    /// Takes the next piece.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Fault> {
        let written = match self {
            Self::Identity(out) => out.write_all(piece),
            Self::Gzip(decoder) => decoder.write_all(piece),
            Self::Brotli(decoder) => decoder.write_all(piece),
        };
        written.map_err(|error| self.fault(error))
    }

    /// Ends the body and gives back what it was written to.
    pub(super) fn finish(mut self) -> Result<W, Fault> {
        let ended = match &mut self {
            Self::Identity(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.close(),
        };
        if let Err(error) = ended {
            return Err(self.fault(error));
        }
        let cut = |_| Fault::Garbled(io::ErrorKind::UnexpectedEof.into());
        match self {
            Self::Identity(out) => Ok(out.out),
            Self::Gzip(decoder) => decoder.finish().map(|out| out.out).map_err(Fault::Garbled),
            Self::Brotli(decoder) => decoder.into_inner().map(|out| out.out).map_err(cut),
        }
    }
}

/// Takes so many bytes and no more, and remembers why it took no more.
pub(super) struct Bounded<W> {
    out: W,
    left: u64,
    fault: Option<Fault>,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            self.fault = Some(Fault::TooLarge);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        match self.out.write(bytes) {
            Ok(written) => {
                self.left -= written as u64;
                Ok(written)
            }
            Err(error) => {
                let again = io::Error::from(error.kind());
                self.fault = Some(Fault::Out(error));
                Err(again)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
