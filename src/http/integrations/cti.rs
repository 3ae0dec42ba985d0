//! Events of calls: what a telephone system tells while a call goes on, in the form that Zammad and
//! sipgate take.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::super::answer;
use super::super::body;
use super::super::error::Problem;
use super::super::filters::Asked;
use super::super::schema;
use super::super::state::State;
use super::device::{self, Device};
use crate::app::{App, Error};
use crate::domain::access::{Caller, Permission};
use crate::error::ErrorCode;

/// Most bytes of an event.
const MOST_BYTES: usize = 64 << 10;
/// Longest id of a call that is kept as it is.
const MOST_ID: usize = 240;

/// An event.
struct Event {
    kind: Kind,
    call: String,
    is_in: bool,
    number: Option<String>,
    agent: Option<String>,
    queue: Option<String>,
    cause: Option<String>,
    /// Whether the answer is to be XML.
    wants_xml: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    New,
    Answer,
    Hangup,
}

/// Takes an event of a call: `newCall`, `answer`, `hangup`. Events may come twice and out of order.
///
/// The answer to a `newCall` of a blocked contact tells the telephone system to refuse it. Systems of
/// sipgate's kind are answered in XML.
#[utoipa::path(post, path = "/integrations/cti/{token}", operation_id = "report_call_event", tag = "telephones",
    params(("token" = String, Path, description = "a token with the scope calls that may stand in a URL")),
    request_body(content((schema::CallEvent = "application/json"), (schema::CallEvent = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = schema::CallEventTaken), (status = 401, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(in crate::http) async fn take(
    request: HttpRequest,
    state: web::Data<State>,
    device: Device,
    sent: web::Payload,
) -> Result<HttpResponse, Problem> {
    device::require_any(&device.0, &[Permission::ReportCalls, Permission::Edit])?;
    let bytes = body::read(&request, sent, MOST_BYTES).await?;
    let event = read(&request, &bytes)?;
    let wants_xml = event.wants_xml;
    let (call, verdict) = answer::run(&state, move |app| carry_out(app, &device.0, event)).await?;
    if wants_xml {
        let inside = if verdict == Verdict::Reject { "<Reject reason=\"busy\"/>" } else { "" };
        let xml =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>{inside}</Response>");
        return Ok(HttpResponse::Ok().content_type("application/xml; charset=utf-8").body(xml));
    }
    let mut told = json!({"ok": true, "call_id": call, "taken": verdict != Verdict::TooLate});
    if verdict == Verdict::Reject {
        told["action"] = json!("reject");
        told["reason"] = json!("busy");
    }
    Ok(answer::json(actix_web::http::StatusCode::OK, &told))
}

fn read(request: &HttpRequest, bytes: &[u8]) -> Result<Event, Problem> {
    let is_json = request.content_type().to_ascii_lowercase().ends_with("json");
    let asked = if is_json {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            Problem::new(ErrorCode::Malformed, format!("the body is not valid JSON: {error}"))
        })?;
        if !value.is_object() {
            return Err(Error::invalid("", "type", "must be an object").into());
        }
        Asked::of_json(&value)
    } else {
        Asked::of_pairs(form_urlencoded::parse(bytes).into_owned().collect())
    };
    let text = |names: &[&str]| names.iter().find_map(|name| asked.last(name)).map(str::to_owned);
    let given = text(&["event"]).unwrap_or_default();
    let kind = match given.to_ascii_lowercase().as_str() {
        "newcall" => Kind::New,
        "answer" => Kind::Answer,
        "hangup" => Kind::Hangup,
        _ => {
            let detail = format!("{given:?} is not an event; use newCall, answer or hangup");
            return Err(Error::invalid("/event", "value", detail).into());
        }
    };
    let Some(call) = text(&["callId", "call_id", "callid"]) else {
        let detail = "is what the telephone system calls this call in all of its events";
        return Err(Error::invalid("/callId", "required", detail).into());
    };
    let is_in = match text(&["direction"]).as_deref() {
        None | Some("in" | "inbound") => true,
        Some("out" | "outbound") => false,
        Some(_) => return Err(Error::invalid("/direction", "value", "must be in or out").into()),
    };
    let other = if is_in { text(&["from"]) } else { text(&["to"]) };
    let hidden = ["anonymous", "unknown", "restricted", "unavailable"];
    let is_hidden = |number: &String| hidden.contains(&number.to_ascii_lowercase().as_str());
    let answered_by = text(&["answeringNumber", "answering_number"]);
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok());
    Ok(Event {
        kind,
        call,
        is_in,
        number: other.filter(|number| !is_hidden(number)),
        agent: text(&["user", "user[]"]).or(answered_by.filter(|_| kind == Kind::Answer)),
        queue: text(&["queue"]),
        cause: text(&["cause"]),
        wants_xml: accept.is_some_and(|kinds| kinds.contains("xml"))
            || text(&["fullUserId[]", "userId[]", "origCallId"]).is_some(),
    })
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Taken,
    Reject,
    TooLate,
}

fn carry_out(app: &App, by: &Caller, event: Event) -> Result<(String, Verdict), Error> {
    let direction = if event.is_in { "in" } else { "out" };
    let id = format!("{}/{direction}", event.call);
    let id = if id.len() > MOST_ID { blake3::hash(id.as_bytes()).to_hex().to_string() } else { id };
    let mut news = Map::from_iter([
        ("call_id".to_owned(), json!(id)),
        ("direction".to_owned(), json!(direction)),
    ]);
    let rejects = event.kind == Kind::New
        && event.is_in
        && match &event.number {
            Some(number) => app.ringing(by, number)?.is_blocked,
            None => false,
        };
    let (status, outcome) = match event.kind {
        Kind::New if rejects => ("FAILED", Some("blocked".to_owned())),
        Kind::New => ("INITIATED", None),
        Kind::Answer => ("CONNECTED", None),
        Kind::Hangup => ended(app.status_of_call(by, &id)?.as_deref(), &event),
    };
    news.insert("status".to_owned(), json!(status));
    for (name, value) in [
        ("number", event.number),
        ("agent", event.agent),
        ("queue", event.queue),
        ("outcome", outcome),
    ] {
        if let Some(value) = value {
            news.insert(name.to_owned(), Value::String(value));
        }
    }
    let taken = app.report_call(by, news)?;
    let verdict = match (rejects, taken.is_taken) {
        (true, _) => Verdict::Reject,
        (false, true) => Verdict::Taken,
        (false, false) => Verdict::TooLate,
    };
    Ok((taken.call_id, verdict))
}

/// How a call has ended: it was taken if that is known, or if its cause says so.
fn ended(known: Option<&str>, event: &Event) -> (&'static str, Option<String>) {
    let cause = event.cause.as_deref().unwrap_or_default();
    let cause_says_so = matches!(cause, "normalClearing" | "normal" | "forwarded");
    if matches!(known, Some("CONNECTED" | "COMPLETED")) || cause_says_so {
        return ("COMPLETED", None);
    }
    let outcome = match cause {
        "" | "noAnswer" | "cancel" => "no-answer".to_owned(),
        other => other.chars().take(100).collect(),
    };
    (if event.is_in { "MISSED" } else { "FAILED" }, Some(outcome))
}
