//! Deleting for good what was merged: nothing of it stays.

use serde_json::json;

use super::{contact, done, merge, state, two, undo};
use crate::support::server::{Client, TestServer};

fn erase(client: &Client, id: &str) {
    client.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(204);
}

/// Everything that the records of merges say.
fn records(server: &TestServer) -> String {
    let all = server.app().partition().merges_before(ringdex::domain::ids::OrgNumber(1), None);
    all.map(|record| format!("{:?}\n", record.unwrap())).collect::<Vec<_>>().concat()
}

#[test]
fn erasing_the_survivor_erases_what_was_merged_into_it() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let third = server.create_id(&json!({"name": "Third Person"}));
    let first = done(merge(&server, &one, &[&other]));
    let second = done(merge(&server, &third, &[&one]));
    assert!(records(&server).contains("Johnny"));
    erase(&server, &third);
    for id in [&one, &other, &third] {
        contact(&server, id).expect(404);
        server.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(404);
    }
    let left = records(&server);
    for value in ["Johnny", "John", "2025550101", "Acme", "Boss", "second"] {
        assert!(!left.contains(value), "{value} is still in {left}");
    }
    for id in [first, second] {
        let refused = undo(&server, &id, &json!({})).expect(409);
        assert_eq!((refused.code(), &refused.json["reason"]), ("undo_blocked", &json!("erased")));
        assert_eq!(server.get(&format!("/api/v1/merges/{id}")).expect(200).json["state"], "erased");
    }
    server.restart();
}

#[test]
fn erasing_one_that_was_merged_leaves_the_others_to_be_undone() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let third = server
        .create_id(&json!({"name": "J. Doe", "phone": "+12025550103", "department": "Sales"}));
    let before = state(&server, &third);
    let id = done(merge(&server, &one, &[&other, &third]));
    erase(&server, &other);
    assert!(!records(&server).contains("Boss"), "{}", records(&server));
    contact(&server, &other).expect(404);
    let back = undo(&server, &id, &json!({})).expect(200).json;
    assert_eq!(back["restored"].as_array().unwrap().len(), 1);
    assert_eq!(state(&server, &third), before);
    let survivor = state(&server, &one);
    assert_eq!(survivor["department"], json!(null));
    assert!(survivor["phones"].to_string().contains("0102"), "what it took over is its own");
    server.restart();
}

#[test]
fn nothing_is_asked_where_nobody_changed_anything() {
    // Whether the survivor has notes of its own, and who comes first.
    for (notes, erase_first) in [("first", true), ("first", false), ("", true), ("", false)] {
        let server = TestServer::start();
        let one = json!({"name": "John Doe", "phone": "+12025550101", "notes": notes});
        let one = server.create_id(&one);
        let made = |name: &str, label: &str, notes: &str| {
            server.create_id(
                &json!({"name": name, "notes": notes, "company": name, "title": "Boss",
                "phones": [{"number": "+12025550199", "label": label}],
                "custom_fields": {"tier": name}, "tags": [name, "both"]}),
            )
        };
        let others = [made("Second", "work", "second"), made("Third", "home", "third")];
        let (gone, stays) =
            if erase_first { (&others[0], &others[1]) } else { (&others[1], &others[0]) };
        let before = state(&server, stays);
        let id = done(merge(&server, &one, &[&others[0], &others[1]]));
        erase(&server, gone);
        let back = undo(&server, &id, &json!({})).expect(200).json;
        assert_eq!(back["restored"][0]["id"], json!(stays));
        assert_eq!(state(&server, stays), before);
        let survivor = state(&server, &one);
        let texts = survivor["notes"].as_str().unwrap_or("");
        let (its, others) = if erase_first { ("second", "third") } else { ("third", "second") };
        assert!(texts.starts_with(notes) && texts.contains(its), "{survivor}");
        assert!(!texts.contains(others) && !texts.contains(stays), "{survivor}");
        assert!(!records(&server).contains("Boss"), "{}", records(&server));
    }
}

#[test]
fn erasing_the_only_one_that_was_merged_closes_the_merge() {
    let server = TestServer::start();
    let (one, other) = two(&server);
    let id = done(merge(&server, &one, &[&other]));
    erase(&server, &other);
    let refused = undo(&server, &id, &json!({})).expect(409);
    assert_eq!(refused.json["reason"], "erased");
    assert!(!records(&server).contains("John"));
    // An older merge of the survivor is not in the way of another one.
    let third = server.create_id(&json!({"name": "J. Doe"}));
    let id = done(merge(&server, &one, &[&third]));
    undo(&server, &id, &json!({})).expect(200);
    server.restart();
}
