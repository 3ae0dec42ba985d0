//! Imports whose contacts join lists: none, one that there is, a new one, or what each row names.

use serde_json::{Value, json};

use super::import;
use crate::support::server::{TestServer, escape};

const CSV: &[u8] =
    b"Name,Phone,_list\nAnn,+12025550101,Fair\nBob,+12025550102,\nCara,+12025550103,Hot leads\n";

/// The lists with their counts, by name.
fn lists(server: &TestServer) -> Vec<(String, u64)> {
    let all = server.get("/api/v1/lists").expect(200).json["items"].clone();
    let one =
        |list: &Value| (list["name"].as_str().unwrap().to_owned(), list["count"].as_u64().unwrap());
    all.as_array().unwrap().iter().map(one).collect()
}

fn counts(all: &[(&str, u64)]) -> Vec<(String, u64)> {
    all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn a_row_joins_the_list_that_it_names_and_what_there_is_not_is_made() {
    let server = TestServer::start();
    server.post("/api/v1/lists", &json!({"name": "fair"})).expect(201);
    let job = import(&server, CSV, &json!({"list_mode": "per_row"}));
    assert_eq!(job["counts"]["imported"], 3, "{job}");
    assert_eq!(lists(&server), counts(&[("fair", 1), ("Hot leads", 1)]));
    let ann = server.search("ann", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&ann["lists"][0]["name"], &ann["tags"]), (&json!("fair"), &json!([])));
    // Once more changes nothing; a new list is news.
    let again = import(&server, CSV, &json!({"list_mode": "per_row"}));
    assert_eq!(again["counts"]["updated"], 0, "{again}");
    let other = String::from_utf8_lossy(CSV).replace("Fair", "Other");
    let moved = import(&server, other.as_bytes(), &json!({"list_mode": "per_row"}));
    assert_eq!(moved["counts"]["updated"], 1, "{moved}");
    assert_eq!(lists(&server), counts(&[("fair", 1), ("Hot leads", 1), ("Other", 1)]));
    // A column that was mapped by hand needs no mode.
    let csv = b"Name,Group\nDan,Hot leads\n";
    import(&server, csv, &json!({"map": ["Group=list"]}));
    let dan = server.search("dan", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&dan["lists"][0]["name"], &dan["tags"]), (&json!("Hot leads"), &json!([])));
    let server = server.restart();
    assert_eq!(lists(&server), counts(&[("fair", 1), ("Hot leads", 2), ("Other", 1)]));
    let report = server.post("/api/v1/admin/check", &json!({})).expect(200).json;
    assert_eq!(report["clean"], true, "{report}");
}

#[test]
fn all_contacts_of_an_import_join_one_list_that_there_is_or_that_is_made() {
    let server = TestServer::start();
    let known = server.create_id(&json!({"name": "Ann", "phone": "+12025550101"}));
    let trial =
        import(&server, CSV, &json!({"list_mode": "new", "list": "Spring", "dry_run": true}));
    assert_eq!(trial["state"], "done");
    assert_eq!(lists(&server), counts(&[]));
    import(&server, CSV, &json!({"list_mode": "new", "list": "Spring"}));
    assert_eq!(lists(&server), counts(&[("Spring", 3)]));
    let ann = server.get(&format!("/api/v1/contacts/{known}")).expect(200).json;
    assert_eq!(ann["lists"][0]["name"], "Spring");
    let more = b"Name,Phone\nDan,+12025550104\n";
    import(&server, more, &json!({"list_mode": "existing", "list": "spring"}));
    import(&server, more, &json!({"list": "Spring"}));
    assert_eq!(lists(&server), counts(&[("Spring", 4)]));
    import(&server, b"Name,Phone\nEve,+12025550105\n", &json!({"list_mode": "none"}));
    assert_eq!(lists(&server), counts(&[("Spring", 4)]));
}

#[test]
fn a_list_that_cannot_be_joined_is_refused_before_anything_is_written() {
    let server = TestServer::start();
    server.post("/api/v1/lists", &json!({"name": "Spring"})).expect(201);
    let dynamic = json!({"name": "VIPs", "kind": "dynamic", "q": "tag:vip"});
    server.post("/api/v1/lists", &dynamic).expect(201);
    for (options, pointer) in [
        (json!({"list_mode": "existing"}), "/options/list"),
        (json!({"list_mode": "new"}), "/options/list"),
        (json!({"list_mode": "existing", "list": "Nowhere"}), "/options/list"),
        (json!({"list_mode": "existing", "list": "VIPs"}), "/options/list"),
        (json!({"list_mode": "new", "list": "spring"}), "/options/list"),
        (json!({"list_mode": "per_row", "list": "Spring"}), "/options/list"),
        (json!({"list_mode": "all"}), "/options/list_mode"),
        (json!({"list": 5}), "/options/list"),
    ] {
        let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
        let csv_type = [("content-type", "text/csv")];
        let refused = server.send("POST", &path, &csv_type, Some(CSV)).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{options}");
    }
    assert_eq!(server.get("/api/v1/contacts").expect(200).json["total"], 0);
}
