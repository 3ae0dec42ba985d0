//! The name of a caller as one line of text: `/cid` for Asterisk and its kin.

use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::lookup;
use super::super::state::State;
use super::device::{self, Device};
use crate::app::{LookupResult, NameFormat, NameStyle, caller_name, standing};

/// The media type of a line.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
/// Longest line that says that there is nobody.
const MOST_NOBODY: usize = 200;

/// A number as it stands in an address: a plus that was not escaped arrives as a space.
pub(in crate::http) fn number_of(text: &str) -> String {
    match text.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("+{rest}"),
        _ => text.to_owned(),
    }
}

/// The line that stands for nobody: nothing, or what `empty` asks for.
pub(super) fn nobody(number: &str, query: &str) -> String {
    let mut members = form_urlencoded::parse(query.as_bytes());
    let last = |name: &str| members.filter(|(known, _)| known == name).last();
    let text = match last("empty").map(|(_, value)| value.into_owned()).as_deref() {
        Some("number") if number.is_empty() => {
            members.find(|(name, _)| name == "number").map(|(_, value)| number_of(&value))
        }
        Some("number") => {
            let path = format!("n={}", number.replace('+', "%2B"));
            form_urlencoded::parse(path.as_bytes()).next().map(|(_, value)| value.into_owned())
        }
        Some("name") => last("name").map(|(_, value)| value.into_owned()),
        _ => None,
    };
    let text = text.unwrap_or_default();
    let shown = text.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c });
    shown.take(MOST_NOBODY).collect::<String>().trim().to_owned()
}

/// Who is calling, as a line of text for displays.
///
/// The whole body is the name. Nobody, a token that is not valid and a server that is busy are an
/// empty body, or what `empty` asks for, whatever the status says: telephone systems show any body
/// as the name of the caller. `format=hash` answers `name=..&company=..&vip=1&dnc=0&blocked=0&queue=..&id=..`
/// for `HASH()` of Asterisk.
#[utoipa::path(get, path = "/cid", operation_id = "name_caller", tag = "telephones",
    params(("number" = Option<String>, Query, description = "the number in any form"),
        ("country" = Option<String>, Query, description = "ISO 3166 country of national numbers"),
        ("format" = Option<String>, Query, description = "display (if nothing is said), company, last_first, name_company, or hash"),
        ("ascii" = Option<bool>, Query, description = "1: only letters of old trunks"),
        ("max" = Option<usize>, Query, description = "most characters, 40 if nothing is said"),
        ("prefix" = Option<String>, Query, description = "marks to put in front, joined by commas: vip, dnc, blocked; 1 for all"),
        ("empty" = Option<String>, Query, description = "what stands for nobody: number echoes the number, name echoes the member name; nothing if not given"),
        ("name" = Option<String>, Query, description = "the name that the telephone system knows"),
        ("key" = Option<String>, Query, description = "the token, for systems that can set no headers")),
    responses((status = 200, description = "the name")))]
pub(in crate::http) async fn by_query(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    let number = number_of(asked.given("number").unwrap_or_default());
    line(&request, &state, device, &number, &asked).await
}

/// Who is calling, with the number in the path; everything else as `/cid`.
#[utoipa::path(get, path = "/cid/{number}", operation_id = "name_caller_by_path", tag = "telephones",
    params(("number" = String, Path, description = "the number in any form")),
    responses((status = 200, description = "the name")))]
pub(in crate::http) async fn by_path(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    line(&request, &state, device, &number_of(&path), &asked).await
}

/// Who is calling, with the token and the number in the path, for systems that are given an address
/// without a query; everything else as `/cid`.
#[utoipa::path(get, path = "/cid/{token}/{number}", operation_id = "name_caller_by_token_and_path", tag = "telephones",
    params(("token" = String, Path, description = "a token that may stand in a URL"),
        ("number" = String, Path, description = "the number in any form")),
    responses((status = 200, description = "the name")))]
pub(in crate::http) async fn by_token_and_path(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of_query(&request)?;
    line(&request, &state, device, &number_of(&path.1), &asked).await
}

async fn line(
    request: &HttpRequest,
    state: &web::Data<State>,
    device: Device,
    number: &str,
    asked: &Asked,
) -> Result<HttpResponse, Problem> {
    let found = lookup::find(state, device.0, number, asked.last("country"), Some(1)).await?;
    let line = match found.results.first() {
        None => nobody(request.match_info().get("number").unwrap_or(""), request.query_string()),
        Some(result) if asked.last("format") == Some("hash") => hash(result, &style(asked)),
        Some(result) => caller_name(&result.contact, &style(asked)),
    };
    Ok(device::kept(request, TEXT, line.into_bytes()))
}

/// What is asked for; what is not known counts nothing, for nobody would read a complaint.
pub(in crate::http) fn style(asked: &Asked) -> NameStyle {
    let marks = asked.all("prefix");
    let all = ["vip", "dnc", "blocked"].map(str::to_owned);
    let wants_all = marks.iter().any(|mark| matches!(mark.as_str(), "1" | "true" | "all"));
    NameStyle {
        format: asked.last("format").and_then(NameFormat::parse).unwrap_or_default(),
        is_ascii: asked.flag("ascii").unwrap_or(false),
        most: asked.number("max").ok().flatten(),
        marks: if wants_all { all.to_vec() } else { marks },
    }
}

/// What is known of a caller as pairs that `HASH()` takes apart.
fn hash(result: &LookupResult, style: &NameStyle) -> String {
    let contact = &result.contact;
    let shown = standing(contact);
    let flag = |is_so: bool| if is_so { "1" } else { "0" };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = caller_name(contact, &NameStyle { format: NameFormat::Display, ..style.clone() });
    let company = NameStyle { format: NameFormat::Company, ..NameStyle::default() };
    let company = contact.company.as_ref().map(|_| caller_name(contact, &company));
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("name", &name);
    pairs.append_pair("company", &company.unwrap_or_default());
    pairs.append_pair("vip", flag(shown.is_vip));
    pairs.append_pair("dnc", flag(shown.is_dnc));
    pairs.append_pair("blocked", flag(shown.is_blocked));
    pairs.append_pair("queue", &text(&contact.assigned_queue));
    pairs.append_pair("id", &contact.id.to_string());
    // HASH() of Asterisk takes a plus for a plus.
    pairs.finish().replace('+', "%20")
}
