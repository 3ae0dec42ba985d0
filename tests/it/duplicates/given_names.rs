//! Merging without asking leaves those alone whose names or forms of address contradict.

use serde_json::json;

use crate::support::server::TestServer;

const AUTO: &str = "/api/v1/duplicates/auto-merges";

#[test]
fn merging_without_asking_never_joins_people_of_other_names_or_forms_of_address() {
    let server = TestServer::start();
    let pairs = [
        ("Mr John Smith", "Mrs John Smith"),
        ("Herr Müller", "Frau Müller"),
        ("M. Dupont", "Mme Dupont"),
        ("Acme Reception", "Acme Billing"),
        ("李 明", "李 红"),
        ("佐藤 太郎", "佐藤 花子"),
        ("Tim Featherstone", "Tom Featherstone"),
        ("Wilhelmina Quackenbush", "Wilhelmina Quackenbush"),
    ];
    let mut same = Vec::new();
    for (at, (one, other)) in pairs.iter().enumerate() {
        let create = |name: &str| {
            let (area, mailbox) = (202 + 101 * at, ["ash", "birch", "cedar", "elm"][at % 4]);
            server.create_id(&json!({"name": name, "phone": format!("+1{area}5550{area}"),
                "email": format!("{mailbox}@house{area}.example.com")}))
        };
        same = vec![create(one), create(other)];
    }
    let tried = server.post(AUTO, &json!({"dry_run": true})).expect(200).json;
    let merged = tried["merged"].as_array().unwrap();
    assert_eq!(merged.len(), 1, "{tried}");
    assert_eq!(merged[0]["primary"], same[0], "{tried}");
    let reasons: Vec<&str> = tried["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.iter().any(|reason| reason.contains("form of address")), "{tried}");
}
