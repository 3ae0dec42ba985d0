//! Phone books of desk phones.

use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use super::super::address;
use super::super::answer;
use super::super::body;
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::state::State;
use super::device::{self, Device};
use crate::app::{BookQuery, standing};
use crate::devices::Entry;
use crate::devices::books::{Book, Maker, write};
use crate::domain::contact::Contact;
use crate::error::ErrorCode;

/// The media type of a book.
pub(super) const XML: &str = "text/xml; charset=utf-8";
/// Most bytes of a form that a phone sends.
const MOST_BYTES: usize = 64 << 10;
/// What stands above a book.
const TITLE: &str = "Contacts";
/// Contacts that are left out at the beginning, at most.
const MOST_OFFSET: usize = 10_000;

/// A book without entries.
pub(super) fn nobody(maker: Maker) -> Vec<u8> {
    write(maker, Book { title: TITLE, entries: &[] }, |_| None).bytes
}

/// The phone book in the format of a maker of phones: yealink, snom, snom-tbook, grandstream,
/// grandstream-v2, cisco, fanvil, polycom.
///
/// What phones cannot show is told as a book without entries.
#[utoipa::path(get, path = "/phonebook/{vendor}.xml", operation_id = "read_phone_book", tag = "telephones",
    params(("vendor" = String, Path, description = "the maker of the phone"),
        ("q" = Option<String>, Query, description = "what was typed: names or digits"),
        ("t9" = Option<bool>, Query, description = "1: digits stand for the letters on their keys"),
        ("list" = Option<String>, Query, description = "only contacts of this list, by id or name"),
        ("letter" = Option<String>, Query, description = "only names that begin with this letter"),
        ("page" = Option<usize>, Query, description = "from 1"),
        ("limit" = Option<usize>, Query, description = "entries of a page, within what the phone takes"),
        ("offset" = Option<usize>, Query, description = "entries that are left out at the beginning"),
        ("token" = Option<String>, Query, description = "the token, for phones that can set no headers")),
    responses((status = 200, description = "the phone book")))]
pub(in crate::http) async fn read(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let maker = maker_of(&path)?;
    let asked = Asked::of_query(&request)?;
    book(&request, &state, device, maker, &asked).await
}

fn maker_of(name: &str) -> Result<Maker, Problem> {
    let unknown = || Problem::new(ErrorCode::RouteNotFound, "there is no such phone book");
    Maker::parse(name).ok_or_else(unknown)
}

/// The same by `POST`, as newer phones of Snom ask. The token may be a member of the form, `key` or
/// `token`.
#[utoipa::path(post, path = "/phonebook/{vendor}.xml", operation_id = "post_phone_book", tag = "telephones",
    params(("vendor" = String, Path, description = "the maker of the phone")),
    responses((status = 200, description = "the phone book")))]
pub(in crate::http) async fn read_by_post(
    request: HttpRequest,
    state: web::Data<State>,
    path: web::Path<String>,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read(&request, sent, MOST_BYTES).await?;
    let mut form: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
    let (device, may_be_in_url) = Device::of_form(&request, &form)?;
    if !may_be_in_url {
        form.retain(|(name, _)| !matches!(name.as_str(), "key" | "token"));
    }
    let maker = maker_of(&path)?;
    let mut asked = Asked::of_query(&request)?;
    asked.add(form);
    book(&request, &state, device, maker, &asked).await
}

/// The file that Grandstream's phones fetch: they add its name to the path that they are given.
#[utoipa::path(get, path = "/phonebook/grandstream/{token}/phonebook.xml", operation_id = "read_grandstream_file", tag = "telephones",
    params(("token" = String, Path, description = "a token that may stand in a URL")),
    responses((status = 200, description = "the phone book")))]
pub(in crate::http) async fn grandstream(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    book(&request, &state, device, Maker::Grandstream, &asked).await
}

/// The file that Grandstream's older phones fetch.
#[utoipa::path(get, path = "/phonebook/grandstream/{token}/gs_phonebook.xml", operation_id = "read_old_grandstream_file", tag = "telephones",
    params(("token" = String, Path, description = "a token that may stand in a URL")),
    responses((status = 200, description = "the phone book")))]
pub(in crate::http) async fn old_grandstream(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
) -> Result<HttpResponse, Problem> {
    grandstream(request, state, device).await
}

async fn book(
    request: &HttpRequest,
    state: &web::Data<State>,
    device: Device,
    maker: Maker,
    asked: &Asked,
) -> Result<HttpResponse, Problem> {
    let limits = maker.limits();
    let number = |name: &str| asked.number(name).ok().flatten();
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(limits.usual).min(limits.most);
    let page = number("page").filter(|page| *page > 0).unwrap_or(1);
    let offset = number("offset").unwrap_or((page - 1).saturating_mul(limit)).min(MOST_OFFSET);
    let query = BookQuery {
        q: asked.last("q").or_else(|| asked.last("search")).unwrap_or_default().to_owned(),
        is_keypad: asked.flag("t9").unwrap_or(false),
        list: asked.last("list").map(str::to_owned),
        letter: asked.last("letter").map(str::to_owned),
        offset,
        limit,
    };
    let found = answer::search(state, move |app| app.phone_book(&device.0, &query)).await?;
    let entries: Vec<Entry> = found.contacts.iter().map(|contact| entry(contact)).collect();
    let has_more = found.has_more;
    let next = |shown: usize| {
        let is_end = shown == entries.len() && !has_more || offset + shown >= MOST_OFFSET;
        (!is_end).then(|| address_of(request, asked, offset + shown))
    };
    let written = write(maker, Book { title: TITLE, entries: &entries }, next);
    let mut response = device::kept(request, XML, written.bytes);
    if let (Maker::Cisco, Some(next)) = (maker, written.next) {
        answer::put_header(&mut response, "refresh", &format!("0; url={next}"));
    }
    Ok(response)
}

fn entry(contact: &Contact) -> Entry {
    let shown = standing(contact);
    Entry::of(contact, shown.is_vip, shown.is_blocked)
}

/// The address of the part of a book that begins behind so many entries.
fn address_of(request: &HttpRequest, asked: &Asked, offset: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.given_beside(&["page", "offset"]) {
        query.append_pair(&name, &value);
    }
    query.append_pair("offset", &offset.to_string());
    format!("{}{}?{}", address::base_url(request), request.path(), query.finish())
}
