//! Conversations and messages: with whom they are, and what becomes of them together.

use serde_json::{Value, json};

use crate::support::server::TestServer;

fn contact(server: &TestServer, id: &Value) -> Value {
    server.get(&format!("/api/v1/contacts/{}", id.as_str().unwrap())).expect(200).json
}

fn contacts(server: &TestServer) -> Value {
    server.get("/api/v1/contacts").expect(200).json["total"].clone()
}

#[test]
fn who_is_not_known_on_a_channel_becomes_a_contact_once() {
    let server = TestServer::start();
    let begin = |identifier: &str, channel: &str| {
        let body = json!({"channel": channel, "identifier": identifier, "name": "Zoe Writer",
            "direction": "in"});
        server.post("/api/v1/conversations", &body).expect(201).json
    };
    let first = begin("+12025550190", "WhatsApp");
    let made = contact(&server, &first["contact_id"]);
    assert_eq!(made["display_name"], "Zoe Writer");
    assert_eq!(made["first_channel"], "whatsapp");
    let known = json!([{"channel": "whatsapp", "identifier": "+12025550190"}]);
    assert_eq!(made["channels"], known);
    // A number of WhatsApp is found like a phone.
    let found = server.lookup("202 555 0190", "");
    assert_eq!(found["results"][0]["display_name"], "Zoe Writer", "{found}");
    assert_eq!(server.search("2025550190", "").names(), ["Zoe Writer"]);
    assert_eq!(begin("+1 202-555-0190", "sms")["contact_id"], first["contact_id"]);

    let page = begin("zoe.writer.9", "facebook");
    assert_eq!(begin("Zoe.Writer.9", "facebook")["contact_id"], page["contact_id"]);
    assert_ne!(page["contact_id"], first["contact_id"]);
    let mail = begin("zoe@example.com", "email");
    assert_eq!(contact(&server, &mail["contact_id"])["email"], "zoe@example.com");
    assert_eq!(begin("ZOE@example.com", "email")["contact_id"], mail["contact_id"]);
    assert_eq!(contacts(&server), 3);
    let server = server.restart();
    let body = json!({"channel": "facebook", "identifier": "zoe.writer.9"});
    let again = server.post("/api/v1/conversations", &body).expect(201).json;
    assert_eq!(again["contact_id"], page["contact_id"]);
    let shown = contact(&server, &page["contact_id"]);
    assert_eq!(shown["counts"]["conversations_open"], 3, "{shown}");
}

#[test]
fn contacts_that_are_there_are_found_by_what_they_are_called() {
    let server = TestServer::start();
    let ann = server.create(&json!({"name": "Ann", "email": "ann@example.com",
        "channels": [{"channel": "telegram", "identifier": "@ann"}]}));
    assert_eq!(ann["first_channel"], "telegram");
    for (channel, identifier) in [("email", "Ann@Example.com"), ("telegram", "@ann")] {
        let body = json!({"channel": channel, "identifier": identifier});
        let made = server.post("/api/v1/conversations", &body).expect(201).json;
        assert_eq!(made["contact_id"], ann["id"], "{channel}");
    }
    let whatsapp = json!([{"channel": "whatsapp", "identifier": "+12025550191"}]);
    let bea = server.create(&json!({"name": "Bea", "channels": whatsapp}));
    let found = server.lookup("+12025550191", "");
    assert_eq!(found["results"][0]["id"], bea["id"], "{found}");
    assert_eq!(contacts(&server), 2);
    // What does not fit makes no contact.
    for (body, pointer) in [
        (json!({"identifier": "x"}), "/channel"),
        (json!({"channel": "email", "identifier": "no address"}), "/identifier"),
        (json!({"channel": "sms", "identifier": "+12025550199", "status": "odd"}), "/status"),
        (
            json!({"channel": "sms", "identifier": "+12025550199", "assigned_to": "x"}),
            "/assigned_to",
        ),
    ] {
        let refused = server.post("/api/v1/conversations", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(contacts(&server), 2);
}

#[test]
fn who_is_blocked_begins_no_conversation_and_can_be_written_to() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann", "phone": "+12025550192"}));
    let own = format!("/api/v1/contacts/{ann}");
    server.patch(&own, &json!({"blocked": true})).expect(200);
    let body = |direction: &str| json!({"channel": "sms", "identifier": "+12025550192", "direction": direction});
    let refused = server.post("/api/v1/conversations", &body("in")).expect(409);
    assert_eq!(refused.code(), "contact_blocked");
    let named = json!({"contact_id": ann, "direction": "in"});
    assert_eq!(server.post("/api/v1/conversations", &named).expect(409).code(), "contact_blocked");
    server.post("/api/v1/conversations", &body("out")).expect(201);
    server.patch(&own, &json!({"blocked": false})).expect(200);
    server.post("/api/v1/conversations", &body("in")).expect(201);
    assert_eq!(server.get("/api/v1/conversations").json["total"], 2);
}

#[test]
fn messages_belong_to_their_conversation_and_come_once() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann"}));
    let body = json!({"contact_id": ann, "channel": "chat", "status": "resolved"});
    let begun = server.post("/api/v1/conversations", &body).expect(201).json;
    let id = begun["id"].as_str().unwrap().to_owned();
    let own = format!("/api/v1/conversations/{id}");
    // Where there are no messages yet, it began.
    assert_eq!(contact(&server, &json!(ann))["last_interaction_at"], begun["created_at"]);
    let write = |direction: &str, at: &str, called: &str| {
        let body = json!({"conversation_id": id, "direction": direction, "text": "Hello there",
            "sent_at": at, "channel_message_id": called});
        server.post("/api/v1/messages", &body)
    };
    let sent = write("out", "2026-05-02T10:00:00Z", "m1").expect(201).json;
    assert_eq!(sent["contact_id"], json!(ann));
    let shown = server.get(&own).expect(200).json;
    assert_eq!(shown["status"], "resolved");
    assert_eq!(shown["last_message_at"], "2026-05-02T10:00:00.000Z");
    assert_eq!(shown["version"], 1, "nobody has changed it");
    write("in", "2026-05-01T10:00:00Z", "m2").expect(201);
    let shown = server.get(&own).expect(200).json;
    assert_eq!(shown["status"], "open", "a message that comes in opens it again");
    assert_eq!(shown["last_message_at"], "2026-05-02T10:00:00.000Z");
    assert_eq!(
        write("in", "2026-05-03T10:00:00Z", "m2").expect(200).json["sent_at"],
        "2026-05-01T10:00:00.000Z",
        "the same twice is one"
    );
    assert_eq!(server.get(&format!("/api/v1/messages?conversation_id={id}")).json["total"], 2);
    let facts = contact(&server, &json!(ann));
    assert_eq!(facts["counts"]["messages"], 2);
    assert_eq!(facts["last_activity_at"], "2026-05-02T10:00:00.000Z");

    // Messages go with their conversation, come back with it and move with it.
    server.delete(&format!("/api/v1/messages/{}", sent["id"].as_str().unwrap())).expect(204);
    server.delete(&own).expect(204);
    assert_eq!(server.get("/api/v1/messages").json["total"], 0);
    assert_eq!(contact(&server, &json!(ann))["counts"]["messages"], 0);
    server.post(&format!("{own}/restore"), &json!({})).expect(200);
    assert_eq!(server.get("/api/v1/messages").json["total"], 1, "one was deleted before");
    let bea = server.create_id(&json!({"name": "Bea"}));
    server.patch(&own, &json!({"contact_id": bea})).expect(200);
    assert_eq!(server.get(&format!("/api/v1/messages?contact_id={bea}")).json["total"], 1);
    assert_eq!(contact(&server, &json!(bea))["counts"]["messages"], 1);
    assert_eq!(contact(&server, &json!(ann))["counts"]["messages"], 0);
    server.delete(&format!("{own}?permanent=true")).expect(204);
    assert_eq!(server.get("/api/v1/messages?deleted=true").json["total"], 0);
}

#[test]
fn first_messages_at_once_make_one_contact() {
    let server = TestServer::start();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let body = json!({"channel": "instagram", "identifier": "new.person"});
                server.post("/api/v1/conversations", &body).expect(201);
            });
        }
    });
    assert_eq!(contacts(&server), 1);
    assert_eq!(server.get("/api/v1/conversations").json["total"], 8);
}

#[test]
fn messages_of_other_conversations_may_be_called_the_same() {
    let server = TestServer::start();
    let begin = || server.post("/api/v1/conversations", &json!({"channel": "chat"})).id();
    let (one, two) = (begin(), begin());
    let write = |conversation: &str, text: &str| {
        let body = json!({"conversation_id": conversation, "text": text,
            "channel_message_id": "17"});
        server.post("/api/v1/messages", &body)
    };
    let first = write(&one, "A says").expect(201).id();
    assert_eq!(write(&two, "B says").expect(201).json["text"], "B says");
    assert_eq!(write(&one, "A says").expect(200).id(), first);
    // What belongs to a deleted conversation does not come back without it.
    let own = format!("/api/v1/messages/{first}");
    server.delete(&own).expect(204);
    server.delete(&format!("/api/v1/conversations/{one}")).expect(204);
    server.post(&format!("{own}/restore"), &json!({})).expect(422);
}

#[test]
fn who_comes_back_is_called_so_again_on_channels() {
    let server = TestServer::start();
    let begin = || {
        let body = json!({"channel": "telegram", "identifier": "@ub", "name": "Una"});
        server.post("/api/v1/conversations", &body).expect(201).json["contact_id"].clone()
    };
    let una = begin();
    let ann = server.create_id(&json!({"name": "Ann"}));
    let merge = json!({"primary": ann, "others": [una]});
    let merged = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    assert_eq!(begin(), json!(ann));
    let undo = format!("/api/v1/merges/{}/undo", merged["merge_id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(200);
    assert_eq!(begin(), una);
    let own = format!("/api/v1/contacts/{}", una.as_str().unwrap());
    server.delete(&own).expect(204);
    server.post(&format!("{own}/restore"), &json!({})).expect(200);
    assert_eq!(begin(), una);
    assert_eq!(contacts(&server), 2);
}

#[test]
fn a_conversation_goes_on_after_its_contact_was_merged() {
    let server = TestServer::start();
    let ann = server.create_id(&json!({"name": "Ann"}));
    let bea = server.create_id(&json!({"name": "Bea"}));
    let body = json!({"contact_id": bea, "channel": "chat"});
    let id = server.post("/api/v1/conversations", &body).expect(201).id();
    let write = || {
        let body = json!({"conversation_id": id, "text": "Still there?"});
        server.post("/api/v1/messages", &body).expect(201).json
    };
    let merge = json!({"primary": ann, "others": [bea]});
    let merge = server.post("/api/v1/contacts/merge", &merge).expect(200).json;
    assert_eq!(write()["contact_id"], json!(ann));
    assert_eq!(contact(&server, &json!(ann))["counts"]["messages"], 1);
    let undo = format!("/api/v1/merges/{}/undo", merge["merge_id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(200);
    // A message stays in its conversation, whosever that is.
    assert_eq!(write()["contact_id"], json!(bea));
    assert_eq!(contact(&server, &json!(bea))["counts"]["messages"], 2);
    assert_eq!(contact(&server, &json!(ann))["counts"]["messages"], 0);
}
