//! `CardDAV`: the contacts as an address book that phones and mail programs keep in step with.
//!
//! One book, `/dav/books/contacts/`, of what the caller sees. These methods are none that the
//! `OpenAPI` document could describe, so they stand beside the table of routes.

mod properties;
mod reports;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{IF_MATCH, IF_NONE_MATCH, LOCATION};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::answer;
use super::body;
use super::error::Problem;
use super::integrations::device::{self, Device};
use super::state::State;
use crate::app::{CardCondition, CardVersion};
use crate::devices::dav::{CARDDAV, failure, propfind};
use crate::domain::access::{Caller, Permission};
use crate::error::ErrorCode;

/// Where everything begins.
const ROOT: &str = "/dav/";
/// Who the caller is.
const PRINCIPAL: &str = "/dav/principal/";
/// Where the books are.
const HOME: &str = "/dav/books/";
/// The book.
const BOOK: &str = "/dav/books/contacts/";
/// Most bytes of a request that is no card.
const MOST_BYTES: usize = 2 << 20;
/// Most bytes of a card.
const MOST_CARD_BYTES: usize = 512 << 10;
const XML: &str = "application/xml; charset=utf-8";
const CARD: &str = "text/vcard; charset=utf-8";
const METHODS: &str = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, REPORT";

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Root,
    Principal,
    Home,
    Book,
    Card(String),
}

impl Place {
    /// What a path or an address stands for.
    fn of(path: &str) -> Option<Self> {
        // Clients name places by whole addresses, too.
        let path = match path.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => path,
        };
        let with_end = |wanted: &str| path == wanted || path == wanted.trim_end_matches('/');
        for (wanted, place) in [
            (ROOT, Self::Root),
            (PRINCIPAL, Self::Principal),
            (HOME, Self::Home),
            (BOOK, Self::Book),
        ] {
            if with_end(wanted) {
                return Some(place);
            }
        }
        let name = path.strip_prefix(BOOK)?;
        if name.is_empty() || name.contains('/') {
            return None;
        }
        let pair = format!("n={}", name.replace('+', "%2B").replace('&', "%26"));
        let name = form_urlencoded::parse(pair.as_bytes()).next()?.1.into_owned();
        Some(Self::Card(name.strip_suffix(".vcf").unwrap_or(&name).to_owned()))
    }
}

/// Where a card is.
fn path_of(name: &str) -> String {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("{BOOK}{}.vcf", name.replace('+', "%20"))
}

/// Puts the paths into an application.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/.well-known/carddav").default_service(web::to(discover)));
    config.service(web::resource("/dav{place:.*}").default_service(web::to(handle)));
}

async fn discover() -> HttpResponse {
    HttpResponse::MovedPermanently().insert_header((LOCATION, ROOT)).finish()
}

async fn handle(
    request: HttpRequest,
    state: web::Data<State>,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    let mut response = answer(request, state, sent).await?;
    answer::put_header(&mut response, "dav", "1, 3, access-control, addressbook");
    Ok(response)
}

async fn answer(
    request: HttpRequest,
    state: web::Data<State>,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    if request.method().as_str() == "OPTIONS" {
        let mut response = HttpResponse::Ok().finish();
        answer::put_header(&mut response, "allow", METHODS);
        return Ok(response);
    }
    let device = Device::from_request(&request, &mut Payload::None).await;
    let caller = device.map_err(challenged)?.0;
    device::require_any(&caller, &[Permission::View])?;
    let Some(place) = Place::of(request.path()) else {
        return Err(Problem::new(ErrorCode::NotFound, "there is nothing here"));
    };
    match (request.method().as_str(), place) {
        ("PROPFIND", place) => {
            let bytes = body::read(&request, sent, MOST_BYTES).await?;
            let asked = propfind(&bytes).ok_or_else(unreadable)?;
            let is_deep = request.headers().get("depth").is_none_or(|depth| depth != "0");
            properties::find(&state, caller, place, &asked, is_deep).await
        }
        ("REPORT", Place::Book) => {
            let bytes = body::read(&request, sent, MOST_BYTES).await?;
            reports::answer(&state, caller, &bytes).await
        }
        ("PROPPATCH", place) => {
            let bytes = body::read(&request, sent, MOST_BYTES).await?;
            properties::refuse_changes(&place, &bytes)
        }
        ("GET" | "HEAD", Place::Card(name)) => get(&request, &state, caller, name).await,
        ("PUT", Place::Card(name)) => put(&request, &state, caller, name, sent).await,
        ("DELETE", Place::Card(name)) => {
            let condition = condition_of(&request);
            answer::run(&state, move |app| app.delete_card(&caller, &name, &condition)).await?;
            Ok(HttpResponse::NoContent().finish())
        }
        ("DELETE" | "MKCOL" | "PUT" | "MOVE" | "COPY", _) => {
            let detail = "there is one book, which is made of the contacts";
            Err(Problem::new(ErrorCode::Forbidden, detail))
        }
        _ => {
            let detail = format!("this place takes {METHODS}");
            Err(Problem::new(ErrorCode::MethodNotAllowed, detail)
                .with_header("allow", METHODS.to_owned()))
        }
    }
}

/// Asks for a name and a password: many programs send none before they are asked.
fn challenged(problem: Problem) -> Problem {
    if !matches!(problem.code(), ErrorCode::Unauthorized | ErrorCode::TokenExpired) {
        return problem;
    }
    problem.with_header("www-authenticate", "Basic realm=\"Ringdex\", charset=\"UTF-8\"".to_owned())
}

fn unreadable() -> Problem {
    Problem::new(ErrorCode::Malformed, "the body is not XML that is understood here")
}

/// A body of XML.
fn xml(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status).content_type(XML).body(body)
}

/// That something of a request cannot be done, by the name that the standard has for it.
fn refused(space: &str, local: &str) -> HttpResponse {
    xml(StatusCode::FORBIDDEN, failure(space, local))
}

fn condition_of(request: &HttpRequest) -> CardCondition {
    let tags = |name| -> Option<Vec<String>> {
        let fields = request.headers().get_all(name);
        let texts: Vec<&str> = fields.map(|field| field.to_str().unwrap_or("")).collect();
        let tag = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        (!texts.is_empty()).then(|| texts.join(",").split(',').map(tag).collect())
    };
    let is_new = tags(IF_NONE_MATCH).is_some_and(|tags| tags.iter().any(|tag| tag == "*"));
    CardCondition { matches: tags(IF_MATCH), is_new }
}

async fn get(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: Caller,
    name: String,
) -> Result<HttpResponse, Problem> {
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok());
    let is_v4 = accept.is_some_and(|accept| accept.contains("version=4.0"));
    let card = answer::run(state, move |app| app.read_card(&caller, &name)).await?;
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let etag = card.etag();
    let mut response = if known.is_some_and(|known| known.split(',').any(|k| k.trim() == etag)) {
        HttpResponse::NotModified().finish()
    } else {
        let version = if is_v4 { CardVersion::V4 } else { CardVersion::V3 };
        HttpResponse::Ok().content_type(CARD).body(card.text(version))
    };
    answer::put_header(&mut response, "etag", &etag);
    Ok(response)
}

async fn put(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: Caller,
    name: String,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    device::require_any(&caller, &[Permission::Edit, Permission::Create])?;
    let condition = condition_of(request);
    let bytes = body::read(request, sent, MOST_CARD_BYTES).await?;
    let Ok(text) = String::from_utf8(bytes.to_vec()) else {
        return Ok(refused(CARDDAV, "supported-address-data"));
    };
    let put =
        answer::run(state, move |app| app.put_card(&caller, &name, &text, &condition)).await?;
    // No ETag: what is kept is not what was sent byte for byte, so it is to be read again.
    Ok(if put.is_new {
        let path = path_of(&put.card.name());
        HttpResponse::Created().insert_header((LOCATION, path)).finish()
    } else {
        HttpResponse::NoContent().finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        for (path, place) in [
            ("/dav", Some(Place::Root)),
            ("/dav/principal", Some(Place::Principal)),
            ("/dav/books/contacts/", Some(Place::Book)),
            ("https://x:1/dav/books/contacts/a%20b+c%26.vcf", Some(Place::Card("a b+c&".into()))),
            ("/dav/books/contacts/A-1", Some(Place::Card("A-1".into()))),
            ("/dav/books/contacts/a/b.vcf", None),
            ("/dav/other", None),
            ("https://x", None),
        ] {
            assert_eq!(Place::of(path), place, "{path}");
        }
        let name = "a b+c&/ü";
        assert_eq!(Place::of(&path_of(name)), Some(Place::Card(name.to_owned())));
    }
}
