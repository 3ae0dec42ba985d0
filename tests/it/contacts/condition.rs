//! `ETag`, `If-Match`, `If-None-Match`.

use serde_json::json;

use crate::support::server::TestServer;

#[test]
fn a_known_version_is_not_sent_again() {
    let server = TestServer::start();
    let path = format!("/api/v1/contacts/{}", server.create_id(&json!({"name": "A"})));
    let read = |tag: &str| server.send("GET", &path, &[("if-none-match", tag)], None);
    for tag in ["\"1\"", "\"0\", \"1\"", "W/\"1\"", "*"] {
        let answer = read(tag).expect(304);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), Some("\"1\""), "{tag}");
    }
    server.patch(&path, &json!({"title": "x"})).expect(200);
    assert_eq!(read("\"1\"").expect(200).json["version"], 2);
    read("nonsense").expect(200);
    read("").expect(200);
}

#[test]
fn a_change_of_an_older_version_is_refused() {
    let server = TestServer::start();
    let path = format!("/api/v1/contacts/{}", server.create_id(&json!({"name": "A"})));
    let change = |tag: &str, title: &str| {
        server.json("PATCH", &path, &[("if-match", tag)], &json!({"title": title}))
    };
    assert_eq!(change("\"1\"", "one").expect(200).header("etag"), Some("\"2\""));
    let refused = change("\"1\"", "two").expect(412);
    assert_eq!(refused.code(), "revision_conflict");
    assert_eq!(refused.json["version"], 2);
    assert_eq!(server.get(&path).json["title"], "one");
    change("\"7\", \"2\"", "three").expect(200);
    change("*", "four").expect(200);
    change("4", "five").expect(412);
    change("W/\"4\"", "five").expect(412);
    change("\"999999999999999999999\"", "five").expect(412);
    server.send("DELETE", &path, &[("if-match", "\"3\"")], None).expect(412);
    server.send("DELETE", &path, &[("if-match", "\"4\"")], None).expect(204);
    change("\"5\"", "gone").expect(404);
    let restored = format!("{path}/restore");
    let restore = |tag: &str| server.send("POST", &restored, &[("if-match", tag)], None);
    assert_eq!(restore("\"4\"").expect(412).code(), "revision_conflict");
    assert_eq!(restore("\"5\"").expect(200).header("etag"), Some("\"6\""));
    // It is there, in another version.
    restore("\"5\"").expect(412);
    restore("*").expect(200);
}

#[test]
fn of_changes_of_the_same_version_one_wins() {
    let server = TestServer::start();
    let path = format!("/api/v1/contacts/{}", server.create_id(&json!({"name": "A"})));
    let writers: Vec<_> = (0..8)
        .map(|i| {
            let (client, path) = ((*server).clone(), path.clone());
            std::thread::spawn(move || {
                let body = json!({"title": format!("t{i}")});
                client.json("PATCH", &path, &[("if-match", "\"1\"")], &body).status
            })
        })
        .collect();
    let mut statuses: Vec<u16> = writers.into_iter().map(|w| w.join().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(server.get(&path).json["version"], 2);
}
