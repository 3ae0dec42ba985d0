//! Archived contacts: put away, and found by whoever asks for them.

use serde_json::json;

use crate::support::server::{TestServer, sorted_names};

#[test]
fn archived_contacts_are_listed_only_where_the_status_is_asked_for() {
    let server = TestServer::start();
    for (name, more) in [
        ("Ann Active", json!({})),
        ("Ann Archived", json!({"status": "archived", "phone": "+12025550123"})),
        ("Ann Blocked", json!({"status": "blocked"})),
        ("Ann Both", json!({"lifecycle": "archived", "do_not_contact": true})),
    ] {
        let mut body = more;
        body["name"] = json!(name);
        server.create(&body);
    }
    let shown = ["Ann Active", "Ann Blocked"];
    let all = ["Ann Active", "Ann Archived", "Ann Blocked", "Ann Both"];
    let put_away = ["Ann Archived", "Ann Both"];
    let list = |query: &str| server.get(&format!("/api/v1/contacts?{query}")).expect(200).json;
    for query in ["", "q=ann", "sort=name", "q=ann&sort=-created_at", "facets=status"] {
        let found = list(query);
        assert_eq!(sorted_names(&found), shown, "{query}");
        assert_eq!(found["total"], 2, "{query}");
    }
    for query in [
        "q=status:archived",
        "status=archived",
        "q=ann+status:archived",
        "filter=%7B%22field%22:%22status%22,%22op%22:%22is%22,%22value%22:%22archived%22%7D",
    ] {
        assert_eq!(sorted_names(&list(query)), put_away, "{query}");
    }
    // Whoever asks about the status is told about all of them.
    assert_eq!(sorted_names(&list("q=status:active,blocked,archived,dnc")), all);
    assert_eq!(
        sorted_names(&list("q=-status:active")),
        ["Ann Archived", "Ann Blocked", "Ann Both"]
    );
    assert_eq!(sorted_names(&list("q=status:do_not_contact")), ["Ann Both"]);
    // Who calls is still known.
    assert_eq!(server.lookup("+12025550123", "")["count"], 1);
    // A whole export is everybody; that of a query what its search shows.
    let lines = |query: &str| {
        let path = format!("/api/v1/contacts/export?format=jsonl&{query}");
        String::from_utf8(server.get(&path).expect(200).body).unwrap().lines().count()
    };
    assert_eq!((lines(""), lines("q=ann"), lines("q=status:archived")), (4, 2, 2));
}

#[test]
fn many_contacts_are_archived_and_brought_back_at_once() {
    let server = TestServer::start();
    for name in ["One Smith", "Two Smith", "Three Jones"] {
        server.create(&json!({"name": name}));
    }
    let select = json!({"q": "smith"});
    let done = server.bulk_action(&select, &json!({"type": "archive"}));
    assert_eq!((&done["changed"], &done["refused"]), (&json!(2), &json!(0)), "{done}");
    assert_eq!(sorted_names(&server.search("", "&refresh=wait").json), ["Three Jones"]);
    // What is not listed is not selected either.
    let deleted = server.bulk_action(&json!({"all": true}), &json!({"type": "delete"}));
    assert_eq!(deleted["total"], 1, "{deleted}");
    let archived = json!({"q": "status:archived"});
    let back = server.bulk_action(&archived, &json!({"type": "unarchive"}));
    assert_eq!(back["changed"], 2, "{back}");
    assert_eq!(sorted_names(&server.search("", "&refresh=wait").json), ["One Smith", "Two Smith"]);
}
