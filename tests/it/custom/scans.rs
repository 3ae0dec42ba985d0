//! Questions that could read all contacts: who may ask them, what they cost, and that they end with
//! whoever asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ringdex::app::{
    App, AuditQuery, Cancel, ContactFormat, Error, ExportFormat, ExportRequest, Precondition, Query,
};
use ringdex::engine::Options;
use serde_json::{Value, json};

use crate::support::operator;
use crate::support::server::TestServer;

const PATH: &str = "/api/v1/custom-fields";

#[test]
fn how_often_fields_are_used_is_counted_for_those_who_define_them() {
    let server = TestServer::start();
    for key in ["plan", "Seats"] {
        server.post(PATH, &json!({"key": key})).expect(201);
    }
    for at in 0..5 {
        let fields = json!({"plan": format!("Plan {at}"), "Seats": at});
        server.create(&json!({"name": format!("Person{at}"), "custom_fields": fields}));
    }
    let gone = server.create_id(&json!({"name": "Gone", "custom_fields": {"plan": "Old"}}));
    server.delete(&format!("/api/v1/contacts/{gone}")).expect(204);
    let listed = server.get(&format!("{PATH}?usage=true")).expect(200).json;
    let fields = listed["custom_fields"].as_array().unwrap();
    assert!(fields.len() == 2 && fields.iter().all(|field| field["usage"] == 5), "{listed}");
    assert_eq!(server.get(&format!("{PATH}/plan")).expect(200).json["usage"], 5);
    for role in ["agent", "lookup"] {
        let refused = server.role(role).get(&format!("{PATH}?usage=true"));
        assert_eq!(refused.expect(403).code(), "forbidden", "{role}");
    }
    // What they could read they still can, without the count.
    let agent = server.role("agent");
    assert_eq!(agent.get(PATH).expect(200).json["total"], 2);
    assert_eq!(agent.get(&format!("{PATH}/plan")).expect(200).json["usage"], Value::Null);
}

#[test]
fn a_change_that_nobody_waits_for_any_more_is_given_up() {
    let dir = tempfile::TempDir::new().unwrap();
    let options = Options { index_writer_bytes: 16 << 20, ..Options::default() };
    let app = Arc::new(App::open(dir.path(), options).unwrap());
    app.bootstrap(Some("admin")).unwrap();
    let caller = operator(1);
    for at in 0..20 {
        let fields = json!({"plan": format!("Plan {at}")});
        let body = json!({"name": format!("Person{at}"), "custom_fields": fields});
        app.create_contact(&caller, &body, None).unwrap();
    }
    let change = |cancel: &Cancel| {
        let body = json!({"type": "number"});
        app.update_custom_field(&caller, "plan", &body, true, &Precondition::None, cancel)
    };
    assert!(change(&Cancel::never()).is_ok());
    let has_gone = Arc::new(AtomicBool::new(false));
    let cancel = Cancel::when({
        let has_gone = Arc::clone(&has_gone);
        move || has_gone.load(Ordering::Relaxed)
    });
    assert!(change(&cancel).is_ok());
    has_gone.store(true, Ordering::Relaxed);
    assert!(matches!(change(&cancel), Err(Error::Engine(ringdex::engine::Error::Cancelled))));
}

/// An export of all contacts, one of some, and a log: each begins with work that writes nothing.
#[test]
fn files_that_nobody_waits_for_any_more_are_given_up() {
    let dir = tempfile::TempDir::new().unwrap();
    let options = Options { index_writer_bytes: 16 << 20, ..Options::default() };
    let app = Arc::new(App::open(dir.path(), options).unwrap());
    app.bootstrap(Some("admin")).unwrap();
    let caller = operator(1);
    for at in 0..5 {
        app.create_contact(&caller, &json!({"name": format!("Person{at}")}), None).unwrap();
    }
    let export = |q: &str, format: ContactFormat, cancel: &Cancel| {
        let request = ExportRequest {
            query: Query { q: q.to_owned(), ..Query::default() },
            format,
            ..ExportRequest::default()
        };
        let mut out = Vec::new();
        app.export_contacts(&caller, &request, cancel, &mut out, &mut |_| {}).map(|_| out.len())
    };
    let log = |cancel: &Cancel| {
        let mut out = Vec::new();
        let query = AuditQuery::default();
        app.export_audit(&caller, query, ExportFormat::Csv, cancel, &mut out).map(|()| out.len())
    };
    let gone = Cancel::when(|| true);
    for (q, format) in [
        ("", ContactFormat::Csv),
        ("", ContactFormat::JsonLines),
        ("created:>2000", ContactFormat::JsonLines),
    ] {
        assert!(export(q, format, &Cancel::never()).unwrap() > 100);
        let given_up = export(q, format, &gone);
        assert!(matches!(given_up, Err(Error::Engine(ringdex::engine::Error::Cancelled))), "{q}");
    }
    assert!(log(&Cancel::never()).unwrap() > 100);
    assert!(matches!(log(&gone), Err(Error::Engine(ringdex::engine::Error::Cancelled))));
}

#[test]
fn duplicates_that_nobody_waits_for_any_more_are_given_up() {
    let dir = tempfile::TempDir::new().unwrap();
    let options = Options { index_writer_bytes: 16 << 20, ..Options::default() };
    let app = Arc::new(App::open(dir.path(), options).unwrap());
    app.bootstrap(Some("admin")).unwrap();
    let caller = operator(1);
    let ids = ["John Doe", "Jon Doe"].map(|name| {
        let body = json!({"name": name, "phone": "+12025550123"});
        app.create_contact(&caller, &body, None).unwrap().contact.id
    });
    let apart = json!({"ids": ids, "verdict": "not_duplicate"});
    let gone = Cancel::when(|| true);
    let merge = |cancel: &Cancel| {
        app.auto_merge(&caller, &json!({"dry_run": true}), None, cancel).map(|done| done.dry_run)
    };
    assert!(merge(&Cancel::never()).unwrap());
    let given_up = merge(&gone);
    assert!(matches!(given_up, Err(Error::Engine(ringdex::engine::Error::Cancelled))));
    app.decide_duplicates(&caller, &apart).unwrap();
    assert_eq!(app.list_decisions(&caller, 10, &Cancel::never()).unwrap().0, 1);
    let given_up = app.list_decisions(&caller, 10, &gone);
    assert!(matches!(given_up, Err(Error::Engine(ringdex::engine::Error::Cancelled))));
}
