//! What people have changed since a list was made stays, where that is wanted.

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::json;

use super::import;
use crate::support::server::TestServer;

const LIST: &str = "name,phone,title,department,cf.tier\n\
    Ada Byron,+12025550110,CEO,Sales,gold\nBen Stone,+12025550111,CFO,Sales,gold\n\
    Cleo New,+12025550112,Buyer,Sales,gold\n";

#[test]
fn a_list_does_not_overwrite_what_people_have_changed_since() {
    let clock = Clock::fixed(Timestamp(1_790_000_000_000));
    let server = TestServer::at(&clock);
    let first = import(&server, LIST.replace("Sales", "Old").as_bytes(), &json!({}));
    assert_eq!(first["counts"]["imported"], 3, "{first}");
    let contact = |name: &str| {
        let found = server.search(name, "&refresh=wait").json;
        found["contacts"][0].clone()
    };
    let path = |name: &str| format!("/api/v1/contacts/{}", contact(name)["id"].as_str().unwrap());
    let (ada, ben) = (path("ada"), path("ben"));
    // Before the list was made, and after.
    server.patch(&ben, &json!({"title": "Clerk"})).expect(200);
    clock.advance_ms(60_000);
    let since = clock.now();
    clock.advance_ms(60_000);
    let edit = json!({"title": "Countess", "custom_fields": {"tier": "platinum"}});
    server.patch(&ada, &edit).expect(200);
    let made = json!({"name": "Dora Made", "phone": "+12025550113", "title": "Own"});
    server.create(&made);
    let list = format!("{LIST}Dora Made,+12025550113,Theirs,Sales,gold\n");
    let options = json!({"keep_edited_since": since});
    let mut trial = options.clone();
    trial["dry_run"] = json!(true);
    let trial = import(&server, list.as_bytes(), &trial);
    let job = import(&server, list.as_bytes(), &options);
    assert_eq!(job["counts"], trial["counts"], "{job}");
    assert_eq!(job["counts"]["updated"], 4, "{job}");
    let ada = server.get(&ada).expect(200).json;
    assert_eq!(
        (&ada["title"], &ada["custom_fields"]["tier"], &ada["department"]),
        (&json!("Countess"), &json!("platinum"), &json!("Sales"))
    );
    let ben = server.get(&ben).expect(200).json;
    assert_eq!((&ben["title"], &ben["department"]), (&json!("CFO"), &json!("Sales")));
    let dora = contact("dora");
    assert_eq!((&dora["title"], &dora["department"]), (&json!("Own"), &json!("Sales")));
    let kept = job["warnings"].as_array().unwrap().iter().filter(|one| one["code"] == "edit_kept");
    let kept: Vec<_> = kept.map(|one| (one["row"].as_u64(), one["detail"].as_str())).collect();
    assert_eq!(kept.len(), 2, "{job}");
    assert_eq!(kept[0].0, Some(2));
    assert!(kept[0].1.unwrap().contains("title") && kept[0].1.unwrap().contains("tier"));
    // Without it the list is right.
    import(&server, list.as_bytes(), &json!({}));
    assert_eq!(contact("ada")["title"], "CEO");
    for wrong in [json!("yesterday"), json!(7), json!("2026-13-01")] {
        let body = json!({"csv": list, "options": {"keep_edited_since": wrong}});
        let refused = server.post("/api/v1/imports", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/options/keep_edited_since");
    }
    let body = json!({"csv": list, "options": {"keep_edited_since": "2026-01-31"}});
    server.post("/api/v1/imports", &body).expect(202);
}
