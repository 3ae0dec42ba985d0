//! The audit log: every change has a line with who, from where, before and after; no secret has; what
//! is erased keeps its metadata; what is forged is found.

use std::collections::BTreeSet;

use ringdex::app::{Deletion, Precondition};
use ringdex::domain::audit::{AuditDetails, AuditEntry, AuditHead};
use ringdex::domain::ids::OrgNumber;
use ringdex::engine::{codec, keys};
use ringdex::store::{Change, Options as StoreOptions, Store};
use serde_json::{Value, json};

use super::people::{acting, department, import, queue, text, user};
use crate::support::server::{Client, TestServer};
use crate::support::{TestApp, operator};

fn lines(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/api/v1/audit?{query}")).expect(200).json;
    page["lines"].as_array().unwrap().clone()
}

/// The newest line about a record.
#[track_caller]
fn newest(client: &Client, record: &str) -> Value {
    lines(client, &format!("record={record}")).first().expect("a line about the record").clone()
}

fn change<'a>(line: &'a Value, field: &str) -> Option<&'a Value> {
    line["changes"].as_array().unwrap().iter().find(|change| change["field"] == field)
}

#[test]
fn every_change_says_who_made_it() {
    let server = TestServer::start();
    let boss = user(&server, "The Boss", "admin", None);
    let admin = acting(&server, &boss, "admin");
    let me = admin.get("/api/v1/me/permissions").expect(200).json;
    assert_eq!(me["user_id"], boss);
    let token = lines(&server, "action=token.created")[0]["record"].as_str().unwrap().to_owned();
    let mut actions = BTreeSet::new();
    let mut expect = |record: &str, action: &str, field: &str, before: Value, after: Value| {
        let line = newest(&server, record);
        assert_eq!(line["action"], action, "{line}");
        assert_eq!(line["actor"], format!("user:{boss}/token:{token}"), "{line}");
        assert_eq!(line["address"], "127.0.0.1", "{line}");
        if !field.is_empty() {
            let change = change(&line, field).unwrap_or_else(|| panic!("{field} in {line}"));
            assert_eq!((&change["before"], &change["after"]), (&before, &after), "{line}");
        }
        actions.insert(action.to_owned());
    };
    let null = Value::Null;

    let id = admin.create_id(&json!({"name": "Jane Doe", "title": "Clerk"}));
    let path = format!("/api/v1/contacts/{id}");
    expect(&id, "contact.created", "title", null.clone(), json!("Clerk"));
    admin.patch(&path, &json!({"title": "Head", "custom_fields": {"tier": 1}})).expect(200);
    expect(&id, "contact.updated", "title", json!("Clerk"), json!("Head"));
    expect(&id, "contact.updated", "custom_fields.tier", null.clone(), json!(1));
    admin.delete(&path).expect(204);
    expect(&id, "contact.deleted", "", null.clone(), null.clone());
    admin.post(&format!("{path}/restore"), &json!({})).expect(200);
    expect(&id, "contact.restored", "", null.clone(), null.clone());
    admin.delete(&format!("{path}?permanent=true")).expect(204);
    expect(&id, "contact.erased", "", null.clone(), null.clone());
    let bulk = admin.post("/api/v1/contacts/bulk", &json!({"contacts": [{"name": "Bulk One"}]}));
    expect(
        bulk.expect(200).json["results"][0]["id"].as_str().unwrap(),
        "contact.created",
        "",
        null.clone(),
        null.clone(),
    );

    let home = department(&admin, "Home");
    expect(&home, "department.created", "name", null.clone(), json!("Home"));
    let path = format!("/api/v1/departments/{home}");
    admin.patch(&path, &json!({"name": "House"})).expect(200);
    expect(&home, "department.updated", "name", json!("Home"), json!("House"));
    admin.delete(&path).expect(204);
    expect(&home, "department.deleted", "name", json!("House"), null.clone());

    let one = user(&admin, "Some One", "agent", None);
    expect(&one, "user.created", "role", null.clone(), json!("agent"));
    let waiting = queue(&admin, "Waiting", &[]);
    expect(&waiting, "queue.created", "name", null.clone(), json!("Waiting"));
    let member = format!("/api/v1/queues/{waiting}/members/{one}");
    admin.send("PUT", &member, &[], None).expect(200);
    expect(&waiting, "queue.updated", "members", json!([]), json!([one]));
    admin.delete(&member).expect(200);
    expect(&waiting, "queue.updated", "members", json!([one]), json!([]));
    admin.patch(&format!("/api/v1/queues/{waiting}"), &json!({"members": [one]})).expect(200);
    admin.patch(&format!("/api/v1/users/{one}"), &json!({"role": "manager"})).expect(200);
    expect(&one, "user.updated", "role", json!("agent"), json!("manager"));
    admin.delete(&format!("/api/v1/users/{one}")).expect(204);
    expect(&one, "user.deleted", "name", json!("Some One"), null.clone());
    expect(&waiting, "queue.updated", "members", json!([one]), json!([]));
    admin.delete(&format!("/api/v1/queues/{waiting}")).expect(204);
    expect(&waiting, "queue.deleted", "name", json!("Waiting"), null.clone());

    let made =
        admin.post("/api/v1/tokens", &json!({"role": "lookup", "name": "phone"})).expect(201);
    expect(&made.id(), "token.created", "name", null.clone(), json!("phone"));
    admin.delete(&format!("/api/v1/tokens/{}", made.id())).expect(204);
    expect(&made.id(), "token.revoked", "", null.clone(), null.clone());
    let changed = admin.patch("/api/v1/settings", &json!({"default_country": "GB"})).expect(200);
    expect(&changed.id(), "settings.updated", "default_country", json!("US"), json!("GB"));
    assert!(actions.len() >= 17, "{actions:?}");

    // What changes nothing has no line, nor what is refused.
    let count = lines(&server, "per_page=1000").len();
    admin.patch("/api/v1/settings", &json!({"default_country": "GB"})).expect(200);
    admin.post("/api/v1/users", &json!({"name": "x"})).expect(422);
    admin.delete(&path).expect(404);
    assert_eq!(lines(&server, "per_page=1000").len(), count);

    // A list names its importer, by the user's own name too.
    let manager = user(&server, "List Keeper", "manager", None);
    let keeper = acting(&server, &manager, "manager");
    import(&keeper, "name\nListed Person\n", &json!({}));
    let token = &lines(&server, "action=token.created")[0]["record"];
    let imported = lines(&server, &format!("actor={}", token.as_str().unwrap()));
    assert_eq!(imported.len(), 2, "{imported:?}");
    // Newest first: what became of the rows, and before that each of them.
    assert_eq!(imported[0]["action"], "contacts.imported");
    assert_eq!(imported[1]["action"], "contact.created");
    let actor = format!("user:{manager}/token:{}", token.as_str().unwrap());
    assert_eq!(imported[0]["actor"], actor);
    assert_eq!(imported[1]["actor"], format!("{actor} (import)"));
    assert_eq!(imported[1]["actor_name"], "List Keeper");
}

#[test]
fn no_secret_is_written_down() {
    let server = TestServer::start();
    let password = "a long and unguessable pass phrase";
    let body =
        json!({"name": "A", "email": "a@example.com", "role": "agent", "password": password});
    let id = server.post("/api/v1/users", &body).expect(201).id();
    server
        .patch(&format!("/api/v1/users/{id}"), &json!({"password": format!("{password} two")}))
        .expect(200);
    let token = server.post("/api/v1/tokens", &json!({"role": "lookup"})).expect(201);
    let secret = token.json["token"].as_str().unwrap();
    let log = text(&server.get("/api/v1/audit?per_page=1000").expect(200));
    for said in [password, "argon2", secret, "operator-token"] {
        assert!(!log.contains(said), "{said}");
    }
    assert_eq!(lines(&server, "action=user.password_changed").len(), 1);
    let people = text(&server.get("/api/v1/users").expect(200));
    assert!(!people.contains("argon2") && !people.contains(password));
}

#[test]
fn erased_values_are_gone_and_metadata_stays() {
    let server = TestServer::start();
    let body = json!({"name": "Quixotic Zebra", "phone": "+12025550123", "notes": "xylophone"});
    let id = server.create_id(&body);
    let path = format!("/api/v1/contacts/{id}");
    server.patch(&path, &json!({"title": "flabbergasted"})).expect(200);
    server.delete(&path).expect(204);
    server.delete(&format!("{path}?permanent=true")).expect(204);
    let check = |server: &TestServer| {
        let log = lines(server, &format!("record={id}"));
        let actions: Vec<&str> = log.iter().map(|line| line["action"].as_str().unwrap()).collect();
        let expected = ["contact.erased", "contact.deleted", "contact.updated", "contact.created"];
        assert_eq!(actions, expected);
        for line in &log {
            assert_eq!((&line["erased"], &line["changes"]), (&json!(true), &json!([])), "{line}");
            assert!(line["actor"].as_str().unwrap().starts_with("token:"), "{line}");
        }
        for space in u8::MIN..=u8::MAX {
            for entry in server.app().partition().scan(&[space]) {
                let (key, value) = entry.unwrap();
                let bytes = String::from_utf8_lossy(&value).into_owned();
                for word in ["Quixotic", "Zebra", "2025550123", "xylophone", "flabbergasted"] {
                    assert!(!bytes.contains(word), "{word} at {key:?}");
                }
            }
        }
    };
    check(&server);
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
    check(&server.restart());
}

/// A closed directory with six entries in the log of organisation 1 beyond those of its making.
fn closed() -> TestApp {
    let mut test = TestApp::new();
    for at in 0..6 {
        test.create(1, &json!({"name": format!("Person {at}")}));
    }
    test.close();
    test
}

/// What a check says about a log after somebody was at the store.
fn forged(original: &TestApp, forge: impl FnOnce(&Store)) -> Vec<String> {
    let mut test = original.copy();
    {
        let (store, _) = Store::open(&test.root().join("store"), &StoreOptions::default()).unwrap();
        forge(&store);
        store.checkpoint().unwrap();
    }
    test.open().unwrap();
    let report = test.app().check(&operator(1), &mut |_| {}).unwrap();
    report.troubles.iter().filter(|t| t.part == "audit").map(|t| t.detail.clone()).collect()
}

fn put(store: &Store, key: &[u8], value: &[u8]) {
    store.apply([Change::Put { key, value }], store.applied_seq()).unwrap();
}

fn remove(store: &Store, key: &[u8]) {
    store.apply([Change::Delete { key }], store.applied_seq()).unwrap();
}

const ORG: OrgNumber = OrgNumber(1);

fn entry(store: &Store, number: u64) -> AuditEntry {
    codec::decode(&store.get(&keys::audit(ORG, number)).unwrap().unwrap()).unwrap()
}

fn head(store: &Store) -> AuditHead {
    codec::decode(&store.get(&keys::audit_head(ORG)).unwrap().unwrap()).unwrap()
}

/// As after a repair that lost entries.
#[test]
fn entries_that_are_missing_are_named_and_the_rest_is_looked_at() {
    let original = closed();
    let lose = |store: &Store, numbers: &[u64]| {
        for number in numbers {
            remove(store, &keys::audit(ORG, *number));
        }
    };
    let found = forged(&original, |store| {
        lose(store, &[1, 2, 4]);
        let mut altered = entry(store, 5);
        altered.actor = "user:somebody else".to_owned();
        put(store, &keys::audit(ORG, 5), &codec::encode(&altered).unwrap());
    });
    assert_eq!(
        found,
        ["entry 5 or 6 was altered", "entries 1 to 2 were removed", "entry 4 was removed"]
    );
    let found = forged(&original, |store| {
        let end = head(store).number;
        lose(store, &[end - 1, end]);
    });
    assert!(found.len() == 1 && found[0].contains("were removed"), "{found:?}");
    // Erasing takes values out; whether one that is missing was an erasure nobody can say.
    let mut test = TestApp::new();
    let id = test.create(1, &json!({"name": "Gone"})).id;
    test.create(1, &json!({"name": "Stays"}));
    let erase = |deletion| {
        test.app().delete_contact(&operator(1), id, deletion, Precondition::None, false).unwrap();
    };
    erase(Deletion::Soft);
    erase(Deletion::Permanent);
    test.close();
    let found = forged(&test, |store| lose(store, &[head(store).number]));
    assert!(found.len() == 1 && found[0].contains("was removed"), "{found:?}");
}

#[test]
fn what_is_forged_is_found() {
    let original = closed();
    assert_eq!(forged(&original, |_| {}), Vec::<String>::new(), "a log that nobody touched");
    let alter = |store: &Store, number: u64| {
        let mut entry = entry(store, number);
        entry.actor = "user:somebody else".to_owned();
        put(store, &keys::audit(ORG, number), &codec::encode(&entry).unwrap());
    };
    let found = forged(&original, |store| alter(store, 3));
    assert_eq!(found, ["entry 3 or 4 was altered"]);
    let found = forged(&original, |store| alter(store, head(store).number));
    assert!(found.len() == 1 && found[0].contains("last entry"), "{found:?}");
    let found = forged(&original, |store| remove(store, &keys::audit(ORG, 3)));
    assert_eq!(found, ["entry 3 was removed"]);
    let found = forged(&original, |store| remove(store, &keys::audit(ORG, head(store).number)));
    assert!(found.len() == 1 && found[0].contains("was removed"), "{found:?}");
    // Taken away at the end with the note of the end put back: it does not fit the one before.
    let found = forged(&original, |store| {
        let mut end = head(store);
        remove(store, &keys::audit(ORG, end.number));
        end.number -= 1;
        put(store, &keys::audit_head(ORG), &codec::encode(&end).unwrap());
    });
    assert!(found.len() == 1 && found[0].contains("last entry"), "{found:?}");

    let details = |store: &Store, number: u64| {
        let act = entry(store, number).acts[0].clone();
        keys::audit_details(ORG, act.1, number)
    };
    let found = forged(&original, |store| {
        let key = details(store, head(store).number);
        let mut known: AuditDetails = codec::decode(&store.get(&key).unwrap().unwrap()).unwrap();
        known.changes[0].after = json!("another name");
        put(store, &key, &codec::encode(&known).unwrap());
    });
    assert!(
        found.len() == 1 && found[0].contains("details") && found[0].contains("altered"),
        "{found:?}"
    );
    let found = forged(&original, |store| remove(store, &details(store, head(store).number)));
    assert!(found.len() == 1 && found[0].contains("removed"), "{found:?}");
    // Only what was erased has no values.
    let found = forged(&original, |store| {
        let erased = AuditDetails { erased: true, ..AuditDetails::default() };
        let key = details(store, head(store).number);
        put(store, &key, &codec::encode(&erased).unwrap());
    });
    assert!(found.len() == 1 && found[0].contains("taken away"), "{found:?}");
}

#[test]
fn pages_and_filters_walk_the_whole_log() {
    let server = TestServer::start();
    let second = server.organization("second");
    let ids: Vec<String> =
        (0..9).map(|at| server.create_id(&json!({"name": format!("Person {at}")}))).collect();
    let bulk = json!({"contacts": [{"name": "A"}, {"name": "B"}, {"name": "C"}]});
    server.post("/api/v1/contacts/bulk", &bulk).expect(200);
    server.patch(&format!("/api/v1/contacts/{}", ids[0]), &json!({"title": "x"})).expect(200);
    let whole = lines(&server, "per_page=1000");
    for per_page in [1, 2, 7] {
        let mut walked: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/audit?per_page={per_page}&cursor={cursor}");
            let page = server.get(&path).expect(200).json;
            walked.extend(page["lines"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        assert_eq!(walked, whole, "{per_page}");
    }
    let count = |query: &str| lines(&server, &format!("per_page=1000&{query}")).len();
    assert_eq!(count("action=contact.created"), 12);
    assert_eq!(count("action=contact"), 13);
    assert_eq!(count("action=cont"), 0);
    assert_eq!(count("field=title"), 1);
    assert_eq!(count(&format!("record={}", ids[0])), 2);
    assert_eq!(count("address=127.0.0.1&action=contact"), 13);
    assert_eq!(count("address=10.0.0.1"), 0);
    assert_eq!(count("since=2000-01-01T00:00:00Z"), whole.len());
    assert_eq!(count("until=2000-01-01T00:00:00Z"), 0);
    let actor = whole[0]["actor"].as_str().unwrap();
    assert_eq!(count(&format!("actor={actor}&action=contact")), 13);
    for wrong in ["per_page=0", "per_page=1001", "cursor=x", "record=x", "since=x"] {
        server.get(&format!("/api/v1/audit?{wrong}")).expect(422);
    }

    // Another organisation reads its own log and nothing of this one.
    let own = lines(&second, "per_page=1000");
    assert!(own.iter().all(|line| line["action"] == "token.created"), "{own:?}");
    for query in [format!("record={}", ids[0]), format!("actor={actor}&action=contact")] {
        assert_eq!(lines(&second, &query), Vec::<Value>::new(), "{query}");
    }
    let restarted = server.restart();
    assert_eq!(lines(&restarted, "per_page=1000"), whole);
}

#[test]
fn reads_and_exports_are_noted_where_that_is_wanted() {
    let server = TestServer::start();
    let id = server.create_id(&json!({"name": "Jane Doe"}));
    let agent = user(&server, "Own Agent", "agent", None);
    let agent = acting(&server, &agent, "agent");
    let path = format!("/api/v1/contacts/{id}");
    agent.get(&path).expect(200);
    assert!(lines(&server, "action=contact.read").is_empty());
    server.patch("/api/v1/settings", &json!({"audit_reads": true})).expect(200);
    agent.get(&path).expect(200);
    agent.get("/api/v1/contacts/018f0000-0000-7000-8000-000000000000").expect(404);
    let reads = lines(&server, "action=contact.read");
    assert_eq!((reads.len(), &reads[0]["record"]), (1, &json!(id)));
    agent.get("/api/v1/contacts/export").expect(403);
    server.get("/api/v1/contacts/export?q=jane&columns=id,name").expect(200);
    let exports = lines(&server, "action=contacts.exported");
    assert_eq!(exports.len(), 1);
    assert_eq!(change(&exports[0], "q").unwrap()["after"], "jane");
    assert_eq!(change(&exports[0], "columns").unwrap()["after"], json!(["id", "name"]));
}

#[test]
fn lines_about_contacts_that_are_not_seen_are_not_shown() {
    let server = TestServer::start();
    let (home, away) = (department(&server, "Home"), department(&server, "Away"));
    let manager = user(&server, "Own Manager", "manager", Some(&home));
    let manager = acting(&server, &manager, "manager");
    let permissions = json!({"preset": "s1-strict", "manager": {"read_audit": true}});
    server.patch("/api/v1/settings", &json!({"permissions": permissions})).expect(200);
    let seen = server.create_id(&json!({"name": "Near", "org_department_id": home}));
    let other = server.create_id(&json!({"name": "Distant", "org_department_id": away}));
    assert_eq!(lines(&manager, &format!("record={seen}")).len(), 1);
    assert!(lines(&manager, &format!("record={other}")).is_empty());
    assert!(!text(&manager.get("/api/v1/audit?per_page=1000").expect(200)).contains("Distant"));
    server.delete(&format!("/api/v1/contacts/{other}?permanent=true")).expect(204);
    assert!(lines(&manager, &format!("record={other}")).is_empty());
    assert_eq!(lines(&server, &format!("record={other}")).len(), 2);
}
