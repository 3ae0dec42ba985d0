//! Whatever a device sends, it is answered in a form that it can show, and never by a 500.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{device, text};
use crate::support::server::{TestServer, escape};

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[+0-9()./ x#-]{0,24}", "\\PC{0,12}", any::<String>(), Just("\0".to_owned())]
}

const NAMES: &[&str] = &[
    "number",
    "q",
    "t9",
    "list",
    "letter",
    "page",
    "limit",
    "offset",
    "format",
    "max",
    "prefix",
    "empty",
    "name",
    "ascii",
    "country",
    "event",
    "callId",
    "from",
    "to",
    "direction",
    "cause",
    "user[]",
];

/// What a call is journalled with.
const JOURNAL: &[&str] = &[
    "Number",
    "Agent",
    "AgentEmail",
    "CallType",
    "CallDirection",
    "Duration",
    "DateTime",
    "CallStartTimeUTC",
    "CallEndTimeUTC",
    "QueueExtension",
    "EntityId",
    "Name",
];

#[test]
fn whatever_devices_send_is_answered_in_their_form() {
    let server = TestServer::start();
    server.create(&serde_json::json!({"name": "Target", "phone": "+12025550123"}));
    let phone = device(&server, &["lookup", "phonebook", "calls"]);
    let pairs = prop::collection::vec((prop::sample::select(NAMES), value()), 0..6);
    run(40, &pairs, |pairs| {
        let query: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={}", escape(v))).collect();
        let query = query.join("&");
        for path in [
            "/cid",
            "/phonebook/cisco.xml",
            "/phonebook/polycom.xml",
            "/integrations/3cx/lookup",
            "/integrations/3cx/search",
        ] {
            let answer = phone.get(&format!("{path}?{query}"));
            assert!(answer.status < 500, "{path}?{query}: {}", answer.status);
            if path.starts_with("/phonebook") {
                assert!(roxmltree::Document::parse(text(&answer)).is_ok(), "{path}?{query}");
            } else if path.ends_with("lookup") || path.ends_with("search") {
                assert!(answer.json["contacts"].is_array(), "{path}?{query}");
            } else {
                assert!(
                    !text(&answer).contains('\n') && !text(&answer).contains('{')
                        || query.contains("%7B"),
                    "{query}"
                );
            }
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let path = format!("/integrations/cti/{}", phone.token());
        let answer = phone.send("POST", &path, &form, Some(query.as_bytes()));
        assert!(answer.status < 500, "{query}: {}", answer.status);
    });
    let members = prop::sample::select(JOURNAL);
    let values = prop_oneof![
        value().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        Just(serde_json::json!([1, {"a": null}])),
        Just(serde_json::Value::Null),
    ];
    run(60, &prop::collection::vec((members, values), 0..8), |members| {
        let body: serde_json::Map<String, serde_json::Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let body = serde_json::Value::Object(body);
        let answer = phone.post("/integrations/3cx/journal", &body);
        assert!(answer.status < 500, "{body}: {}", text(&answer));
    });
    run(40, &value(), |value| {
        let answer = phone.get(&format!("/cid/{}", escape(&value)));
        assert!(answer.status < 500, "{value:?}: {}", answer.status);
    });
    run(40, &prop::collection::vec(any::<u8>(), 0..200), |bytes| {
        for (path, kind) in [
            ("/integrations/3cx/journal", "application/json"),
            ("/integrations/cti/x", "application/json"),
            ("/integrations/cti/x", "text/plain"),
            ("/phonebook/snom-tbook.xml", "application/x-www-form-urlencoded"),
        ] {
            let answer = phone.send("POST", path, &[("content-type", kind)], Some(&bytes));
            assert!(answer.status < 500, "{path}: {}", answer.status);
        }
    });
}
