//! What holds for every kind of record, tried with each.

use ringdex::domain::access::Permission;
use ringdex::domain::record::{AnyKind, FieldKind, KINDS, OnErased, Writable};
use serde_json::{Value, json};

use crate::support::records::{body_of, is_about_contacts, names_contact, needs_contact};
use crate::support::server::{Client, TestServer};

fn list(client: &Client, kind: &dyn AnyKind, query: &str) -> Value {
    client.get(&format!("{}?{query}", kind.info().paths[0])).expect(200).json
}

fn path(kind: &dyn AnyKind, id: &str) -> String {
    format!("{}/{id}", kind.info().paths[0])
}

fn make(client: &Client, kind: &dyn AnyKind, contact: &str) -> String {
    client.post(kind.info().paths[0], &body_of(client, kind, Some(contact))).expect(201).id()
}

/// Something that a field does not hold now.
fn wrong_value(kind: FieldKind) -> Value {
    if kind == FieldKind::Earlier {
        json!([{"text": "x"}])
    } else if kind == FieldKind::Contact {
        json!("018f0000-0000-7000-8000-000000000000")
    } else if kind == FieldKind::Time {
        json!("2001-01-01T00:00:00Z")
    } else {
        json!("somebody else")
    }
}

#[test]
fn a_record_is_made_read_changed_deleted_restored_and_survives_a_restart() {
    let mut server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann Smith"}));
    for kind in KINDS {
        let kind = *kind;
        let name = kind.info().name;
        let body = body_of(&server, kind, Some(&contact));
        let mut made = server.post(kind.info().paths[0], &body).expect(201);
        // Shown this once.
        made.json.as_object_mut().unwrap().remove("secret");
        let own = path(kind, &made.id());
        assert_eq!(made.header("location"), Some(own.as_str()), "{name}");
        assert_eq!(made.header("etag"), Some("\"1\""), "{name}");
        for (member, value) in body.as_object().unwrap() {
            assert_eq!(&made.json[member], value, "{name} {member}");
        }
        // Every field is there, and what was answered may be sent back.
        for field in kind.fields() {
            assert!(made.json.get(field.name).is_some(), "{name} {}", field.name);
        }
        assert_eq!(server.patch(&own, &made.json).expect(200).json["version"], 1, "{name}");
        server = server.restart();
        assert_eq!(server.get(&own).expect(200).json, made.json, "{name}");

        let text = kind.fields().iter().find(|field| field.is_searched).unwrap();
        let changed = server.patch(&own, &json!({text.name: "Quite Another"})).expect(200);
        assert_eq!(changed.json["version"], 2, "{name}");
        let stale = [("if-match", "\"1\""), ("content-type", "application/json")];
        let again = json!({text.name: "Third"}).to_string();
        let refused = server.send("PATCH", &own, &stale, Some(again.as_bytes()));
        assert_eq!(refused.expect(412).code(), "revision_conflict", "{name}");
        let unknown = server.patch(&own, &json!({"colour": "red"})).expect(422);
        assert_eq!(unknown.json["errors"][0]["pointer"], "/colour", "{name}");
        for field in kind.fields().iter().filter(|field| field.writable == Writable::Never) {
            let refused = server.patch(&own, &json!({field.name: wrong_value(field.kind)}));
            assert_eq!(refused.expect(422).json["errors"][0]["code"], "read_only", "{name}");
        }

        assert_eq!(list(&server, kind, "q=anoth")["total"], 1, "{name}");
        assert_eq!(list(&server, kind, "q=nothing")["total"], 0, "{name}");
        server.delete(&own).expect(204);
        assert_eq!(server.get(&own).expect(404).code(), "not_found", "{name}");
        server.delete(&own).expect(404);
        server.patch(&own, &json!({})).expect(404);
        assert_eq!(list(&server, kind, "")["total"], 0, "{name}");
        assert_eq!(list(&server, kind, "deleted=true")["total"], 1, "{name}");
        let restore = format!("{own}/restore");
        let stale = [("if-match", "\"1\""), ("content-type", "application/json")];
        server.send("POST", &restore, &stale, Some(b"{}")).expect(412);
        let back = server.post(&restore, &json!({})).expect(200);
        assert_eq!(back.json[text.name], "Quite Another", "{name}");
        assert_eq!(list(&server, kind, "")["total"], 1, "{name}");
        server.delete(&format!("{own}?permanent=true")).expect(204);
        server.post(&format!("{own}/restore"), &json!({})).expect(404);
        assert_eq!(list(&server, kind, "deleted=true")["total"], 0, "{name}");

        let log = server.get("/api/v1/audit?per_page=200").expect(200).json.to_string();
        for action in kind.info().actions {
            assert!(log.contains(&format!("\"{action}\"")), "{name}: {action} is not in the log");
        }
        assert!(!log.contains("Quite Another"), "{name}: an erased record left a value");
    }
}

#[test]
fn what_does_not_fit_is_named_and_changes_nothing() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    for kind in KINDS {
        let all = kind.info().paths[0];
        let name = kind.info().name;
        for field in kind.fields().iter().filter(|field| field.is_required) {
            let mut body = body_of(&server, *kind, Some(&contact));
            body[field.name] = Value::Null;
            let refused = server.post(all, &body).expect(422);
            assert_eq!(refused.json["errors"][0]["pointer"], format!("/{}", field.name), "{name}");
        }
        for body in [json!([]), json!("x"), json!(1)] {
            server.post(all, &body).expect(422);
        }
        for field in kind.fields().iter().filter(|field| field.writable != Writable::Never) {
            for wrong in [json!({"a": {"b": 1}, "": []}), json!([[1]]), json!(-1), json!("\u{0}")] {
                let mut body = body_of(&server, *kind, Some(&contact));
                body[field.name] = wrong.clone();
                let answer = server.post(all, &body);
                if answer.status == 201 {
                    server.delete(&format!("{all}/{}?permanent=true", answer.id())).expect(204);
                    continue;
                }
                let refused = answer.expect(422);
                let pointer = refused.json["errors"][0]["pointer"].as_str().unwrap();
                // Of an object the member may be named that does not fit.
                let at = format!("/{}", field.name);
                let is_within = matches!(field.kind, FieldKind::Object)
                    && pointer.starts_with(&format!("{at}/"));
                assert!(is_within || pointer == at, "{name}: {wrong}: {pointer}");
            }
        }
        if names_contact(*kind) {
            let body = body_of(&server, *kind, Some("018f0000-0000-7000-8000-000000000000"));
            let refused = server.post(all, &body).expect(422);
            assert_eq!(refused.json["errors"][0]["pointer"], "/contact_id", "{name}");
        }
        for query in ["sort=colour", "colour=red", "page=0", "per_page=1001", "cursor=xx"] {
            let refused = server.get(&format!("{all}?{query}")).expect(422);
            let pointer = format!("/{}", query.split('=').next().unwrap());
            assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{name} {query}");
        }
        assert_eq!(list(&server, *kind, "")["total"], 0, "{name}");
    }
}

#[test]
fn a_repeated_request_makes_one_record() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    for kind in KINDS {
        let body = body_of(&server, *kind, Some(&contact));
        let key = [("idempotency-key", "once")];
        let all = kind.info().paths[0];
        let first = server.json("POST", all, &key, &body).expect(201);
        let second = server.json("POST", all, &key, &body).expect(201);
        assert_eq!(first.id(), second.id(), "{}", kind.info().name);
        assert_eq!(list(&server, *kind, "")["total"], 1);
    }
}

#[test]
fn lists_are_paged_in_any_order_by_page_and_by_cursor() {
    let server = TestServer::start();
    let contact = server.create_id(&json!({"name": "Ann"}));
    for kind in KINDS {
        let kind = *kind;
        let text = kind.fields().iter().find(|field| field.is_searched).unwrap().name;
        let mut made = Vec::new();
        for number in 0..25 {
            let mut body = body_of(&server, kind, Some(&contact));
            body[text] = json!(format!("Number {:02}", (number * 7) % 25));
            made.push(server.post(kind.info().paths[0], &body).expect(201).json);
        }
        for sort in
            [text.to_owned(), format!("-{text}"), "created_at".to_owned(), "-created_at".to_owned()]
        {
            let mut expected: Vec<&Value> = made.iter().collect();
            let key = sort.trim_start_matches('-');
            expected.sort_by_key(|one| (one[key].to_string(), one["id"].to_string()));
            if sort.starts_with('-') {
                expected.reverse();
            }
            let expected: Vec<&str> =
                expected.iter().map(|one| one["id"].as_str().unwrap()).collect();
            let (mut by_cursor, mut by_page) = (Vec::new(), Vec::new());
            let mut cursor = String::new();
            for page in 1..=4 {
                let listed =
                    list(&server, kind, &format!("sort={sort}&per_page=7&cursor={cursor}"));
                assert_eq!(listed["total"], 25);
                let ids = |listed: &Value| -> Vec<String> {
                    let items = listed["items"].as_array().unwrap();
                    items.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
                };
                by_cursor.extend(ids(&listed));
                by_page.extend(ids(&list(
                    &server,
                    kind,
                    &format!("sort={sort}&per_page=7&page={page}"),
                )));
                cursor = listed["next_cursor"].as_str().unwrap_or_default().to_owned();
                assert_eq!(cursor.is_empty(), page == 4, "{sort}");
            }
            assert_eq!(by_cursor, expected, "{} {sort}", kind.info().name);
            assert_eq!(by_page, expected, "{} {sort}", kind.info().name);
        }
    }
}

#[test]
fn records_follow_their_contact_into_a_merge_and_back() {
    let server = TestServer::start();
    for kind in KINDS.iter().filter(|kind| is_about_contacts(**kind)) {
        let kind = *kind;
        let name = kind.info().name;
        let one = server.create_id(&json!({"name": "Ann Smith", "phone": "+12025550123"}));
        let two = server.create_id(&json!({"name": "Ann Smith", "phone": "+12025550123"}));
        let (of_one, of_two) = (make(&server, kind, &one), make(&server, kind, &two));
        let body = json!({"primary": one, "others": [two]});
        let merge = server.post("/api/v1/contacts/merge", &body).expect(200).json;
        let of = |contact: &str| {
            let listed = list(&server, kind, &format!("contact_id={contact}"));
            let mut ids: Vec<String> = listed["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned())
                .collect();
            ids.sort_unstable();
            ids
        };
        let mut both = vec![of_one.clone(), of_two.clone()];
        both.sort_unstable();
        // Also by the id that was merged away.
        assert_eq!((of(&one), of(&two)), (both.clone(), both), "{name}");
        assert_eq!(server.get(&path(kind, &of_two)).expect(200).json["contact_id"], one.as_str());
        let later = make(&server, kind, &one);
        let undo = format!("/api/v1/merges/{}/undo", merge["merge_id"].as_str().unwrap());
        server.post(&undo, &json!({})).expect(200);
        assert_eq!(of(&two), std::slice::from_ref(&of_two), "{name}");
        let mut stays = vec![of_one, later];
        stays.sort_unstable();
        assert_eq!(of(&one), stays, "{name}: what came since stays with the survivor");
        assert_eq!(server.get(&path(kind, &of_two)).expect(200).json["contact_id"], two.as_str());
        for id in [one, two] {
            server
                .delete(&format!("/api/v1/contacts/{id}?permanent=true&cascade=true"))
                .expect(204);
        }
    }
}

#[test]
fn records_go_with_their_contact_and_come_back_with_it() {
    let server = TestServer::start();
    for kind in KINDS.iter().filter(|kind| is_about_contacts(**kind)) {
        let kind = *kind;
        let name = kind.info().name;
        let contact = server.create_id(&json!({"name": "Short Lived"}));
        let own = path(kind, &make(&server, kind, &contact));
        let of_contact = format!("/api/v1/contacts/{contact}");
        server.delete(&of_contact).expect(204);
        server.get(&own).expect(404);
        assert_eq!(list(&server, kind, "")["total"], 0, "{name}");
        server.post(&format!("{of_contact}/restore"), &json!({})).expect(200);
        server.get(&own).expect(200);
        if kind.info().on_contact_erased == OnErased::Erase {
            let refused = server.delete(&format!("{of_contact}?permanent=true")).expect(409);
            assert_eq!(refused.code(), "has_children", "{name}");
        }
        server.get(&own).expect(200);
        server.delete(&format!("{of_contact}?permanent=true&cascade=true")).expect(204);
        match kind.info().on_contact_erased {
            OnErased::Erase => drop(server.get(&own).expect(404)),
            OnErased::Detach => {
                assert_eq!(server.get(&own).expect(200).json["contact_id"], Value::Null, "{name}");
                server.delete(&format!("{own}?permanent=true")).expect(204);
            }
        }
    }
}

#[test]
fn nobody_sees_records_of_another_organisation_or_of_a_contact_out_of_sight() {
    let server = TestServer::start();
    let second = server.organization("second");
    let agent = server.role("agent");
    let hidden = json!({"name": "Hidden", "visibility": "owner", "assigned_to": server.owner()});
    let hidden = server.create_id(&hidden);
    let open = server.create_id(&json!({"name": "Open"}));
    for kind in KINDS {
        let kind = *kind;
        let name = kind.info().name;
        let (secret, shared) = (make(&server, kind, &hidden), make(&server, kind, &open));
        let mut strangers = vec![(&second, secret.as_str()), (&second, &shared)];
        let is_hidden = is_about_contacts(kind);
        if is_hidden {
            strangers.push((&agent, &secret));
        }
        for (stranger, id) in strangers {
            let own = path(kind, id);
            stranger.get(&own).expect(404);
            stranger.patch(&own, &json!({})).expect(404);
            stranger.delete(&own).expect(404);
            stranger.post(&format!("{own}/restore"), &json!({})).expect(404);
        }
        assert_eq!(list(&second, kind, "")["total"], 0, "{name}");
        if kind.info().view == Permission::View {
            assert_eq!(list(&agent, kind, "")["total"], if is_hidden { 1 } else { 2 }, "{name}");
        } else {
            // Those of admins an agent does not see at all.
            agent.get(kind.info().paths[0]).expect(403);
        }
        assert_eq!(list(&server, kind, "")["total"], 2, "{name}");
        if is_hidden {
            assert_eq!(list(&agent, kind, &format!("contact_id={hidden}"))["total"], 0, "{name}");
            // Nor does anybody put one there.
            let refused = agent.post(kind.info().paths[0], &body_of(&server, kind, Some(&hidden)));
            // What belongs to another record is about the contact of that one.
            let owner = kind.info().owner.unwrap_or("contact_id");
            let pointer = format!("/{owner}");
            assert_eq!(refused.expect(422).json["errors"][0]["pointer"], pointer, "{name}");
            agent.patch(&path(kind, &shared), &json!({"contact_id": hidden})).expect(422);
        }
        if !needs_contact(kind) {
            server.post(kind.info().paths[0], &body_of(&server, kind, None)).expect(201);
        }
    }
}
