//! Values that are longer than most: compared to their last letter, and found by their last word.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn long_values_are_compared_to_their_last_letter() {
    let server = TestServer::start();
    let (tag, company) = ("t".repeat(90), format!("{} Ltd ", "aurora".repeat(20)));
    let story = format!("{}quokka", "lorem ipsum dolor ".repeat(120));
    let address = |end: &str| format!("{}@{}.{end}", "a".repeat(60), "sub.example".repeat(6));
    for (at, name) in ["One", "Two"].into_iter().enumerate() {
        server.create(&json!({"name": name, "tags": [format!("{tag}{at}")],
            "email": address(["com", "org"][at]),
            "company": format!("{company}{at}"),
            "custom_fields": {"story": format!("{story}{at}"), "code": format!("{}{at}", "ä".repeat(300))}}));
    }
    let found = |q: &str| -> Vec<String> {
        let answer = server.search(q, "&sort=name&refresh=wait");
        answer.names().into_iter().map(str::to_owned).collect()
    };
    for (at, name) in ["One", "Two"].into_iter().enumerate() {
        assert_eq!(found(&format!("tag:{tag}{at}")), [name]);
        assert_eq!(found(&format!("company:\"{company}{at}\"")), [name]);
        assert_eq!(found(&format!("email:{}", address(["com", "org"][at]))), [name]);
        assert_eq!(found(&format!("cf.code:{}{at}", "ä".repeat(300))), [name]);
        // Parts behind the first 64 bytes, and behind all that is kept as a whole.
        assert_eq!(found(&format!("tag:*tt{at}")), [name]);
        assert_eq!(found(&format!("cf.code:*ää{at}*")), [name]);
        assert_eq!(found(&format!("cf.story:*okka{at}*")), [name]);
        assert_eq!(found(&format!("quokka{at}")), [name]);
        let filter = json!({"filter": {"field": "company", "op": "is",
            "value": format!("{company}{at}")}});
        assert_eq!(server.post("/api/v1/contacts/search", &filter).expect(200).names(), [name]);
    }
    assert_eq!(found(&format!("tag:{tag}*")), ["One", "Two"]);
    // What only begins so is not the value.
    assert!(found(&format!("tag:{tag}")).is_empty());
    assert!(found(&format!("tag:{tag}2*")).is_empty());
    assert!(found(&format!("cf.code:\"{}\"", "ä".repeat(299))).is_empty());
    assert!(found("cf.story:*quakka*").is_empty());
}

#[test]
fn values_that_are_cut_are_warned_of() {
    let server = TestServer::start();
    let answer = server.search(&format!("tag:{}", "x".repeat(1_200)), "").expect(200);
    let warning = answer.json["warnings"][0].as_str().unwrap_or_default().to_owned();
    assert!(warning.contains("only the first 1000 characters"), "{warning}");
    let filter = json!({"filter": {"field": "tag", "value": "x".repeat(1_200)}});
    let refused = server.post("/api/v1/contacts/search", &filter).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/filter/value");
}
