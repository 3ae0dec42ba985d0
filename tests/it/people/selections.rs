//! What an action on many contacts is done to: what was meant, and nothing else.

use proptest::prelude::*;
use ringdex::domain::text::words;
use serde_json::{Value, json};

use super::records::{acting_as, user};
use crate::support::server::{TestServer, escape};

const PATH: &str = "/api/v1/contacts/bulk-actions";

/// The names that a selection picks, in order, without changing anything.
fn selected(server: &TestServer, select: &Value, mode: &str) -> Vec<String> {
    let body = json!({"select": select, "action": {"type": "delete"}, "dry_run": true,
        "match": mode});
    let trial = server.post(PATH, &body).expect(200).json;
    let examples = trial["examples"].as_array().unwrap();
    assert_eq!(trial["total"], examples.len(), "{trial}");
    let mut names: Vec<String> =
        examples.iter().map(|c| c["display_name"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_bulk_action_follows_no_typo_sound_nickname_or_beginning() {
    let server = TestServer::start();
    for name in ["Ann Linley", "Bob Linley", "Robert Smith", "Jon Smyth", "Müller Anna"] {
        server.create(&json!({"name": name}));
    }
    let none: [&str; 0] = [];
    for query in ["Linlay", "Linle", "Lin", "Rob", "Smithe", "John", "Ana"] {
        assert_eq!(selected(&server, &json!({"q": query}), "strict"), none, "{query}");
    }
    assert_eq!(selected(&server, &json!({"q": "Linlay"}), "loose").len(), 2);
    assert_eq!(selected(&server, &json!({"q": "linley"}), "strict").len(), 2);
    assert_eq!(selected(&server, &json!({"q": "bob"}), "strict"), ["Bob Linley"]);
    assert_eq!(selected(&server, &json!({"q": "müller"}), "strict"), ["Müller Anna"]);
    // A star is a beginning that was asked for.
    assert_eq!(selected(&server, &json!({"q": "lin*"}), "strict").len(), 2);
    let deleted = server.bulk_action(&json!({"q": "Linlay"}), &json!({"type": "delete"}));
    assert_eq!((&deleted["total"], &deleted["changed"]), (&json!(0), &json!(0)));
    assert_eq!(server.search("linley", "&refresh=wait").json["total"], 2);
    // Exports hand out what was asked for, too.
    let exported = server.get("/api/v1/contacts/export?format=jsonl&q=Linlay").expect(200);
    assert_eq!(exported.body.len(), 0);
    let loose = server.get("/api/v1/contacts/export?format=jsonl&q=Linlay&match=loose").expect(200);
    assert_eq!(String::from_utf8_lossy(&loose.body).lines().count(), 2);
}

#[test]
fn a_selection_that_got_lost_selects_nobody() {
    let server = TestServer::start();
    server.create(&json!({"name": "Still Here"}));
    server.post("/api/v1/saved-searches", &json!({"name": "Nothing"})).expect(201);
    for select in [
        json!({"q": ""}),
        json!({"filter": {}}),
        json!({"filter": {"all": []}}),
        json!({"filter": {"all": [{"all": []}]}}),
        json!({"filter": {"any": [{"all": []}]}}),
        json!({"filter": {"not": {"any": []}}}),
        json!({"q": "", "filter": {}}),
        json!({"q": "name:*"}),
        json!({"q": "doe OR name:*"}),
        json!({"q": "has:status"}),
        json!({"q": "created:*"}),
        json!({"q": "*"}),
        json!({"filter": {"field": "name", "op": "exists"}}),
        json!({"saved_search": "Nothing"}),
        json!({}),
    ] {
        let body = json!({"select": select, "action": {"type": "delete"}});
        assert_eq!(server.post(PATH, &body).expect(422).code(), "invalid", "{select}");
    }
    assert_eq!(server.search("", "&refresh=wait").json["total"], 1);
}

#[test]
fn an_export_whose_selection_got_lost_hands_out_nobody() {
    let server = TestServer::start();
    server.create(&json!({"name": "Still Here"}));
    server.post("/api/v1/saved-searches", &json!({"name": "Nothing"})).expect(201);
    server.search("", "&refresh=wait");
    for (query, pointer) in [
        ("filter={\"all\":[]}", "/filter"),
        ("filter={}", "/filter"),
        ("saved_search=Nothing", "/saved_search"),
        ("q=name:*", "/q"),
        ("q=*", "/q"),
    ] {
        let (name, value) = query.split_once('=').unwrap();
        let path = format!("/api/v1/contacts/export?{name}={}", escape(value));
        let refused = server.get(&path).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{query}: {}", refused.json);
    }
    let all = server.get("/api/v1/contacts/export?q=&filter=").expect(200);
    assert!(String::from_utf8_lossy(&all.body).contains("Still Here"));
}

#[test]
fn a_trial_counts_and_shows_and_changes_nothing() {
    let server = TestServer::start();
    for at in 0..12 {
        server.create(&json!({"name": format!("Lead {at}"), "company": "Acme", "tags": ["lead"]}));
    }
    let action = json!({"type": "add_tags", "tags": ["seen"]});
    let select = json!({"q": "tag:lead"});
    let trial = server
        .post(PATH, &json!({"select": select, "action": action, "dry_run": true}))
        .expect(200)
        .json;
    assert_eq!(trial["total"], 12);
    assert_eq!(trial["examples"].as_array().unwrap().len(), 10);
    assert_eq!(trial["examples"][0]["company"], "Acme");
    assert_eq!(server.search("tag:seen", "&refresh=wait").json["total"], 0);
    // It is done only to as many as were expected.
    let body = |total: u64| json!({"select": select, "action": action, "expect_total": total});
    let refused = server.post(PATH, &body(11)).expect(409);
    assert_eq!(refused.code(), "total_differs");
    let started = server.post(PATH, &body(12)).expect(202);
    assert_eq!(
        (&started.json["total"], &started.json["job_id"]),
        (&json!(12), &started.json["id"])
    );
    server.app().finish_jobs();
    assert_eq!(server.search("tag:seen", "&refresh=wait").json["total"], 12);
    let by_ids =
        json!({"select": {"ids": [started.json["id"]]}, "action": action, "dry_run": true});
    let unknown = server.post(PATH, &by_ids).expect(200).json;
    assert_eq!(unknown, json!({"total": 0, "not_found": 1, "examples": []}));
    let known = server.search("lead", "").json["contacts"][0]["id"].clone();
    let ids = json!([known, started.json["id"], known]);
    let mixed = json!({"select": {"ids": ids}, "action": action, "dry_run": true});
    let mixed = server.post(PATH, &mixed).expect(200).json;
    assert_eq!((&mixed["total"], &mixed["not_found"]), (&json!(1), &json!(1)), "{mixed}");
    let expecting = json!({"select": {"ids": ids}, "action": action, "expect_total": 1});
    assert_eq!(server.post(PATH, &expecting).expect(202).json["total"], 2);
    server.app().finish_jobs();
    for wrong in [json!({"dry_run": "yes"}), json!({"expect_total": -1}), json!({"match": "fuzzy"})]
    {
        let mut body = json!({"select": select, "action": action});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        server.post(PATH, &body).expect(422);
    }
}

#[test]
fn what_an_action_refuses_is_named_with_its_reason() {
    let server = TestServer::start();
    let kept = server.create_id(&json!({"name": "Kept One", "in_active_campaign": true}));
    let gone = server.create_id(&json!({"name": "Gone One"}));
    let nobody = uuid::Uuid::now_v7();
    let job = server.bulk_action(&json!({"ids": [kept, gone, nobody]}), &json!({"type": "delete"}));
    assert_eq!((&job["changed"], &job["refused"]), (&json!(1), &json!(2)), "{job}");
    let refusals = job["refusals"].as_array().unwrap();
    assert_eq!(
        (&refusals[0]["id"], &refusals[0]["code"]),
        (&json!(kept), &json!("delete_blocked"))
    );
    assert_eq!(refusals[1]["code"], "contact_not_found");
}

#[test]
fn an_agent_deletes_no_more_at_once_than_its_role_may() {
    let server = TestServer::start();
    let agent = user(&server, "ann", "agent", &json!({}));
    let agent = acting_as(&server, &agent, "agent");
    let contacts: Vec<Value> = (0..101).map(|at| json!({"name": format!("Lead {at}")})).collect();
    let created = server.post("/api/v1/contacts/bulk", &json!({"contacts": contacts}));
    let results = created.expect(200).json["results"].clone();
    let ids: Vec<&str> =
        results.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    for select in [json!({"all": true}), json!({"q": "lead"}), json!({"ids": ids})] {
        let body = json!({"select": select, "action": {"type": "delete"}});
        assert_eq!(agent.post(PATH, &body).expect(403).code(), "forbidden", "{select}");
    }
    assert_eq!(server.search("", "&refresh=wait").json["total"], 101);
    // Other actions have no such bound, and the bound is a setting.
    agent
        .post(
            PATH,
            &json!({"select": {"all": true}, "action": {"type": "add_tags", "tags": ["x"]}}),
        )
        .expect(202);
    let some = json!({"select": {"ids": ids[..100]}, "action": {"type": "delete"}});
    agent.post(PATH, &some).expect(202);
    server.app().finish_jobs();
    assert_eq!(server.search("", "&refresh=wait").json["total"], 1);
    server
        .patch("/api/v1/settings", &json!({"bulk_delete_limits": {"agent": 0, "manager": 0}}))
        .expect(200);
    let last = json!({"select": {"all": true}, "action": {"type": "delete"}});
    agent.post(PATH, &last).expect(403);
    server.post(PATH, &last).expect(202);
    server.app().finish_jobs();
}

#[test]
fn protections_are_lifted_only_by_who_may_override_them() {
    let server = TestServer::start();
    let (agent, manager) =
        (user(&server, "ann", "agent", &json!({})), user(&server, "max", "manager", &json!({})));
    let (agent, manager) =
        (acting_as(&server, &agent, "agent"), acting_as(&server, &manager, "manager"));
    let path = |id: &str| format!("/api/v1/contacts/{id}");
    let critical = server.create_id(&json!({"name": "Critical", "system_critical": true}));
    let campaign = server.create_id(&json!({"name": "Campaign", "in_active_campaign": true}));
    for change in [json!({"system_critical": false}), json!({"system_critical": null})] {
        for caller in [&agent, &manager] {
            let refused = caller.patch(&path(&critical), &change).expect(422);
            assert_eq!(refused.json["errors"][0]["pointer"], "/system_critical");
        }
    }
    let refused = agent.patch(&path(&campaign), &json!({"in_active_campaign": false})).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/in_active_campaign");
    agent.post("/api/v1/contacts", &json!({"name": "X", "in_active_campaign": true})).expect(422);
    // Sending back what holds changes nothing.
    let same = json!({"system_critical": true, "notes": "called"});
    agent.patch(&path(&critical), &same).expect(200);
    manager.patch(&path(&campaign), &json!({"in_active_campaign": false})).expect(200);
    server.patch(&path(&critical), &json!({"system_critical": false})).expect(200);
}

/// Names whose words are alike in every way in which a search is forgiving.
const NAMES: [&str; 12] = [
    "Anna Linley",
    "Ana Linlay",
    "Anne Linney",
    "John Smith",
    "Jon Smyth",
    "Johnny Smithson",
    "Bob Miller",
    "Robert Müller",
    "Rob Mueller",
    "Mary Ann Lee",
    "Maryann Leigh",
    "Marian Li",
];

#[test]
fn a_strict_selection_is_a_part_of_what_is_found_as_typed() {
    let server = TestServer::start();
    for name in NAMES {
        server.create(&json!({"name": name}));
    }
    server.search("", "&refresh=wait");
    let folded = |text: &str| words(text).into_iter().map(|word| word.text).collect::<Vec<_>>();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    let word = prop::sample::select(
        NAMES.iter().flat_map(|name| name.split(' ')).collect::<Vec<&'static str>>(),
    );
    let typed = (word, 0_usize..4, any::<char>()).prop_map(|(word, damage, c)| {
        let mut letters: Vec<char> = word.chars().collect();
        match damage {
            1 => drop(letters.pop()),
            2 => letters.swap(0, 1),
            3 if c.is_alphabetic() => letters.push(c),
            _ => {}
        }
        letters.into_iter().collect::<String>()
    });
    runner
        .run(&prop::collection::vec(typed, 1..3), |typed| {
            let query = typed.join(" ");
            for name in selected(&server, &json!({"q": query}), "strict") {
                let name = folded(&name);
                for word in folded(&query) {
                    prop_assert!(name.contains(&word), "{query:?} selects {name:?}");
                }
            }
            Ok(())
        })
        .unwrap();
}
