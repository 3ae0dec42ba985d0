//! Templates of imports, and the table that is filled in.

use serde_json::{Value, json};

use super::import;
use crate::support::server::TestServer;

const PATH: &str = "/api/v1/import-templates";
const LIST: &[u8] = b"Kunde;Nr\nAda Byron;+12025550110\n";

#[test]
fn a_template_is_kept_offered_and_used() {
    let server = TestServer::start();
    let mapping = json!({"Kunde": "name", "Nr": "phone"});
    let options = json!({"mapping": mapping, "tags": ["fair"], "save_template": "Trade fair"});
    let job = import(&server, LIST, &options);
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["options"]["save_template"], "Trade fair");
    let all = server.get(PATH).expect(200).json;
    assert_eq!((&all["total"], &all["items"][0]["name"]), (&json!(1), &json!("Trade fair")));
    let kept = &all["items"][0];
    assert_eq!(kept["header"], json!(["Kunde", "Nr"]));
    assert_eq!(
        (&kept["options"]["mapping"], &kept["options"]["save_template"]),
        (&mapping, &Value::Null)
    );
    // A list with the same columns gets it offered, another one does not.
    let offered = |list: &[u8]| {
        let seen = server.send("POST", "/api/v1/imports/preview", &[], Some(list));
        seen.json["templates"].clone()
    };
    // In whatever order and case, also if without it nobody knows what the columns are.
    assert_eq!(offered(b"nr,KUNDE\n+12025550111,Ben\n")[0]["name"], "Trade fair");
    let list = b"Nr;Kunde;name\n+12025550111;x;Ben\n";
    assert_eq!(offered(list), json!([]));
    let id = kept["id"].as_str().unwrap();
    let second = b"Kunde;Nr\nBen New;+12025550111\n";
    let job = import(&server, second, &json!({"template_id": id}));
    assert_eq!(job["counts"]["imported"], 1, "{job}");
    let ben = server.search("ben", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!((&ben["phone"], &ben["tags"]), (&json!("+12025550111"), &json!(["fair"])));
    // What is said beside it counts.
    let third = b"Kunde;Nr\nCleo New;+12025550112\n";
    import(&server, third, &json!({"template_id": id, "tags": ["other"]}));
    let cleo = server.search("cleo", "&refresh=wait").json["contacts"][0].clone();
    assert_eq!(cleo["tags"], json!(["other"]));
}

#[test]
fn templates_are_made_changed_and_deleted() {
    let server = TestServer::start();
    let body = json!({"name": "CRM", "options": {"on_duplicate": "skip"}, "header": ["a", "b"]});
    let made = server.post(PATH, &body).expect(201);
    let path = format!("{PATH}/{}", made.id());
    assert_eq!(server.post(PATH, &body).expect(409).code(), "name_taken");
    let replaced = json!({"name": "CRM", "options": {"on_duplicate": "create"}});
    let replaced = server.json("PUT", &path, &[], &replaced).expect(200).json;
    assert_eq!(replaced["options"]["on_duplicate"], "create");
    assert_eq!(replaced["header"], Value::Null, "what is not sent is gone");
    // A name and options are enough.
    let bare = json!({"name": "Bare", "options": {"on_duplicate": "skip"}});
    server.post(PATH, &bare).expect(201);
    for (options, pointer) in [
        (json!({"on_duplicate": "x"}), "/options/on_duplicate"),
        (json!({"colour": 1}), "/options/colour"),
        (json!({"dry_run": true}), "/options/dry_run"),
        (json!({"defaults": {"phone": "1"}}), "/options/defaults"),
    ] {
        let refused = server.patch(&path, &json!({"options": options})).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer);
    }
    server.organization("second").get(&path).expect(404);
    server.delete(&path).expect(204);
    let unknown = json!({"csv": "name\nx\n", "options": {"template_id": made.id()}});
    let refused = server.post("/api/v1/imports", &unknown).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/options/template_id");
}

#[test]
fn the_table_to_be_filled_in_is_an_import() {
    let server = TestServer::start();
    server.post("/api/v1/custom-fields", &json!({"key": "tier", "type": "text"})).expect(201);
    let table = server.get("/api/v1/imports/template.csv").expect(200);
    assert!(table.header("content-disposition").unwrap().contains("contacts-template.csv"));
    assert!(String::from_utf8_lossy(&table.body).lines().next().unwrap().ends_with("cf.tier"));
    let job = import(&server, &table.body, &json!({}));
    assert_eq!((&job["counts"]["imported"], &job["counts"]["errors"]), (&json!(2), &json!(0)));
    for column in job["columns"].as_array().unwrap() {
        assert_eq!(column["not_imported"], false, "{column}");
    }
}

#[test]
fn defaults_fill_what_rows_do_not_say() {
    let server = TestServer::start();
    let options = json!({"defaults": {"source": "Fair", "cf.tier": "gold", "country": "DE"}});
    import(&server, b"name,source\nAda,\nBen,Web\n", &options);
    import(&server, b"{\"name\": \"Cleo\"}\n", &options);
    let read = |q: &str| {
        let one = server.search(q, "&refresh=wait").json["contacts"][0].clone();
        (one["source"].clone(), one["custom_fields"]["tier"].clone(), one["country"].clone())
    };
    assert_eq!(read("ada"), (json!("Fair"), json!("gold"), json!("DE")));
    assert_eq!(read("ben").0, "Web");
    assert_eq!(read("cleo"), (json!("Fair"), json!("gold"), json!("DE")));
}
