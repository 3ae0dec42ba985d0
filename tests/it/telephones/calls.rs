//! Events of calls, in the forms in which Zammad and sipgate take them.

use serde_json::{Value, json};

use super::{device, text};
use crate::support::server::{Answer, Client, TestServer};

struct Pbx {
    server: TestServer,
    client: Client,
    path: String,
}

impl Pbx {
    fn new() -> Self {
        let server = TestServer::start();
        let device = device(&server, &["calls"]);
        let path = format!("/integrations/cti/{}", device.token());
        Self { client: server.without_token(), path, server }
    }

    fn form(&self, form: &str) -> Answer {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.client.send("POST", &self.path, &kind, Some(form.as_bytes()))
    }

    fn event(&self, body: &Value) -> Answer {
        self.client.post(&self.path, body)
    }

    fn calls(&self) -> Vec<Value> {
        let calls = self.server.get("/api/v1/calls?per_page=100&sort=created_at").expect(200).json;
        calls["items"].as_array().unwrap().clone()
    }

    fn status(&self, call: &str) -> (Value, Value) {
        let calls = self.calls();
        let call = calls.iter().find(|one| one["call_id"] == call).unwrap();
        (call["status"].clone(), call["outcome"].clone())
    }
}

#[test]
fn a_call_goes_through_its_events_in_forms_and_json() {
    let pbx = Pbx::new();
    let ann = pbx.server.create_id(&json!({"name": "Ann", "phone": "+4930600000000"}));
    let new = "event=newCall&from=4930600000000&to=4930609811111&direction=in&callId=c-1&user%5B%5D=Alice&user%5B%5D=Bob&queue=Sales";
    let told = pbx.form(new).expect(200).json;
    assert_eq!((&told["ok"], &told["call_id"]), (&json!(true), &json!("c-1/in")));
    assert!(told.get("action").is_none());
    assert_eq!(pbx.status("c-1/in").0, "INITIATED");
    pbx.event(&json!({"event": "answer", "from": "4930600000000", "to": "4930609811111",
        "direction": "in", "callId": "c-1", "answeringNumber": "21", "user": "Alice"}))
        .expect(200);
    assert_eq!(pbx.status("c-1/in").0, "CONNECTED");
    let end = "event=hangup&from=4930600000000&to=4930609811111&direction=in&callId=c-1&cause=normalClearing&answeringNumber=21";
    pbx.form(end).expect(200);
    assert_eq!(pbx.status("c-1/in"), (json!("COMPLETED"), json!("completed")));
    // Twice is once, and the beginning that comes last changes nothing.
    for again in [end, new, end] {
        pbx.form(again).expect(200);
    }
    let calls = pbx.calls();
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!((&call["contact_id"], &call["agent"]), (&json!(ann), &json!("Alice")));
    assert_eq!((&call["queue"], &call["status"]), (&json!("Sales"), &json!("COMPLETED")));
}

#[test]
fn calls_that_nobody_took_are_missed_or_failed() {
    let pbx = Pbx::new();
    for (call, direction, cause, status, outcome) in [
        ("1", "in", "cancel", "MISSED", "no-answer"),
        ("2", "in", "noAnswer", "MISSED", "no-answer"),
        ("3", "out", "busy", "FAILED", "busy"),
        ("4", "out", "", "FAILED", "no-answer"),
        ("5", "in", "normalClearing", "COMPLETED", "completed"),
    ] {
        let form = |event: &str| {
            format!(
                "event={event}&from=anonymous&to=12025550123&direction={direction}&callId={call}&cause={cause}"
            )
        };
        pbx.form(&form("newCall")).expect(200);
        pbx.form(&form("hangup")).expect(200);
        let shown = pbx.status(&format!("{call}/{direction}"));
        assert_eq!(shown, (json!(status), json!(outcome)), "{call}");
        // An answer that comes too late is no error, and the end stands.
        pbx.form(&form("answer")).expect(200);
        assert_eq!(pbx.status(&format!("{call}/{direction}")).0, status, "{call}");
    }
    // The end may be the first that is heard of a call, and one id has a call in each direction.
    pbx.form("event=hangup&from=1&to=2&direction=in&callId=x&cause=normalClearing").expect(200);
    pbx.form("event=newCall&from=1&to=2&direction=out&callId=x").expect(200);
    assert_eq!(pbx.status("x/in").0, "COMPLETED");
    assert_eq!(pbx.status("x/out").0, "INITIATED");
    assert!(pbx.calls().iter().all(|call| call["number"] != "anonymous"));
    let long = "y".repeat(4_000);
    let told =
        pbx.event(&json!({"event": "newCall", "callId": long, "from": "1"})).expect(200).json;
    assert_eq!(told["call_id"].as_str().unwrap().len(), 64);
}

#[test]
fn a_blocked_caller_is_refused_in_the_words_of_the_telephone_system() {
    let pbx = Pbx::new();
    pbx.server.create(&json!({"name": "Bad", "phone": "+12025550102", "blocked": true}));
    let new = "event=newCall&from=%2B12025550102&to=1&direction=in&callId=";
    let told = pbx.form(&format!("{new}b")).expect(200).json;
    assert_eq!((&told["action"], &told["reason"]), (&json!("reject"), &json!("busy")));
    assert_eq!(pbx.status("b/in"), (json!("FAILED"), json!("blocked")));
    pbx.form("event=hangup&from=%2B12025550102&to=1&direction=in&callId=b&cause=busy").expect(200);
    assert_eq!(pbx.status("b/in"), (json!("FAILED"), json!("blocked")));
    let sipgate = pbx.form(&format!("{new}s&userId%5B%5D=w0&fullUserId%5B%5D=1w0")).expect(200);
    let xml = roxmltree::Document::parse(text(&sipgate)).unwrap();
    let reject = xml.root_element().first_element_child().unwrap();
    assert_eq!((reject.tag_name().name(), reject.attribute("reason")), ("Reject", Some("busy")));
    let free =
        pbx.form("event=newCall&from=%2B12025550103&to=1&direction=in&callId=f&userId%5B%5D=w0");
    let free = free.expect(200);
    let xml = roxmltree::Document::parse(text(&free)).unwrap();
    assert!(xml.root_element().first_element_child().is_none());
}

#[test]
fn what_is_no_event_is_named_and_what_may_not_report_does_not() {
    let pbx = Pbx::new();
    for (body, pointer) in [
        (json!({}), "/event"),
        (json!({"event": "ring", "callId": "1"}), "/event"),
        (json!({"event": "newCall"}), "/callId"),
        (json!({"event": "newCall", "callId": "1", "direction": "up"}), "/direction"),
        (json!([1]), ""),
    ] {
        let refused = pbx.event(&body).expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}");
    }
    let kind = [("content-type", "application/json")];
    assert_eq!(
        pbx.client.send("POST", &pbx.path, &kind, Some(b"{")).expect(400).code(),
        "malformed"
    );
    let long = format!("event=newCall&callId=1&from={}", "1".repeat(100_000));
    pbx.form(&long).expect(413);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let new = Some(&b"event=newCall&callId=1&from=1"[..]);
    for (token, status) in [
        ("wrong".to_owned(), 401),
        (device(&pbx.server, &["lookup", "phonebook"]).token().to_owned(), 403),
        // Its token may not stand in a URL.
        (pbx.server.role("agent").token().to_owned(), 401),
    ] {
        let path = format!("/integrations/cti/{token}");
        assert_eq!(pbx.client.send("POST", &path, &form, new).status, status);
    }
    assert!(pbx.calls().is_empty());
}
