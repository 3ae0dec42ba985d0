//! Fields that a role does not see, or sees in part: neither values nor whether they fit can be had
//! by any way to ask, and what is not seen is not lost by a change.

use serde_json::{Value, json};

use super::people::{acting, department, import, machine, text, user};
use crate::support::server::{Answer, Client, TestServer, escape};

const NUMBER: &str = "+12025550123";
const MAIL: &str = "quagmire@hiddenplace.example";
/// What no answer to an agent may hold: parts of the number, the address and the custom field.
/// The domain of an address stays where it is masked.
const SECRETS: &[&str] = &["2025550123", "5550123", "202) 555", "quagmire", "zebrafish", "salary"];

struct World {
    server: TestServer,
    agent: Client,
    manager: Client,
    named: String,
    nameless: String,
    by_mail: String,
}

impl World {
    fn with(rules: &Value) -> Self {
        let server = TestServer::start();
        let home = department(&server, "Sales");
        let agent = user(&server, "Some Agent", "agent", Some(&home));
        let manager = user(&server, "Some Manager", "manager", None);
        let (agent, manager) =
            (acting(&server, &agent, "agent"), acting(&server, &manager, "manager"));
        let all = json!({"export": true, "import": true});
        let settings =
            json!({"field_visibility": rules, "permissions": {"agent": all}, "audit_reads": true});
        server.patch("/api/v1/settings", &settings).expect(200);
        let named = server.create_id(&json!({
            "name": "Named Person",
            "phones": [{"number": "(202) 555-0123", "label": "mobile"}],
            "emails": [MAIL],
            "custom_fields": {"Salary": "zebrafish", "team": "visible"},
            "org_department_id": home,
        }));
        let nameless = server.create_id(&json!({"phone": NUMBER, "org_department_id": home}));
        let by_mail = server.create_id(&json!({"email": MAIL, "org_department_id": home}));
        Self { server, agent, manager, named, nameless, by_mail }
    }

    fn hidden() -> Self {
        Self::with(&json!({"phones": {"agent": "hidden"}, "emails": {"agent": "hidden"},
            "cf.salary": {"agent": "hidden"}}))
    }

    fn masked() -> Self {
        Self::with(&json!({"phones": {"agent": "masked"}, "emails": {"agent": "masked"},
            "cf.salary": {"agent": "hidden"}}))
    }
}

/// Nothing of the hidden values is in an answer, its headers included.
#[track_caller]
fn is_clean(answer: &Answer, asked: &str) {
    let said = format!("{:?} {}", answer.headers, text(answer)).to_lowercase();
    for secret in SECRETS.iter().filter(|secret| !asked.to_lowercase().contains(*secret)) {
        assert!(!said.contains(secret), "{asked}: {secret} in {said}");
    }
}

/// The bytes that a cursor carries, as text.
fn decoded(cursor: &str) -> String {
    let parts = cursor.split('.').filter_map(|part| u64::from_str_radix(part, 16).ok());
    let bytes: Vec<u8> = parts.flat_map(u64::to_be_bytes).collect();
    String::from_utf8_lossy(&bytes).to_lowercase()
}

#[test]
fn hidden_fields_are_absent_and_find_nothing() {
    for world in [World::hidden(), World::masked()] {
        let agent = &world.agent;
        for id in [&world.named, &world.nameless, &world.by_mail] {
            is_clean(&agent.get(&format!("/api/v1/contacts/{id}")).expect(200), "");
        }
        for query in [
            "zebrafish",
            "zebr",
            "zeb",
            "z",
            "cf.salary:zebrafish",
            "cf.Salary:zebrafish",
            "cf.SALARY:zebra*",
            "cf.salary:*",
            "quagmire",
            "quag",
            "qua",
            "hiddenplace",
            MAIL,
            "quagmire@hiddenplace",
            "email:quagmire@hiddenplace.example",
            "email:quag*",
            "email:hiddenplace",
            "quagmire.hiddenplace",
            "5550123",
            "2025550123",
            "phone:5550123",
            "name:quagmire",
            "name:2025550123",
            "name:12025550123",
            "\"quagmire\"",
            "name:quag*",
        ] {
            let found = agent.search(query, "&refresh=wait");
            assert_eq!(found.json["total"], 0, "{query}: {}", text(&found));
            assert_eq!(found.json["contacts"], json!([]), "{query}");
            // Left out by a hidden value tells as much as found by it. Before digits a minus is
            // part of the number.
            if !query.starts_with(|c: char| c.is_ascii_digit()) {
                let others = agent.search(&format!("-{query}"), "");
                assert_eq!(others.json["total"], 3, "-{query}");
                is_clean(&others, query);
            }
            let either = agent.search(&format!("{query} OR person"), "");
            is_clean(&either, query);
            // Who may see it finds it, or the query would prove nothing.
            let whole = world.server.search(query, "").json["total"].as_u64().unwrap();
            let is_too_short = query.len() <= 3;
            let is_no_such = query.starts_with("name:") || query == "cf.salary:*";
            assert!(whole > 0 || is_too_short || is_no_such, "{query} finds nothing at all");
        }
        let seen = agent.search("visible", "");
        assert_eq!(seen.json["total"], 1, "other custom fields are found");
        assert_eq!(seen.json["contacts"][0]["match"]["why"].as_array().unwrap().len(), 1);
        assert_eq!(agent.search("cf.team:visible", "").json["total"], 1);
        for both in ["person", "visible person", "named 5550123", "named zebrafish"] {
            is_clean(&agent.search(both, ""), both);
        }
        assert_eq!(agent.search("named zebrafish", "").json["total"], 0);
    }
}

#[test]
fn order_and_cursors_carry_nothing_that_is_hidden() {
    for world in [World::hidden(), World::masked()] {
        for sort in ["name", "-name", "created_at", "-created_at", "updated_at", "relevance"] {
            let mut cursor = String::new();
            let mut names = Vec::new();
            for _ in 0..4 {
                let path =
                    format!("/api/v1/contacts?sort={sort}&per_page=1&cursor={cursor}&refresh=wait");
                let page = world.agent.get(&path).expect(200);
                is_clean(&page, "");
                names.extend(page.names().into_iter().map(str::to_owned));
                let Some(next) = page.json["next_cursor"].as_str() else { break };
                cursor = next.to_owned();
                let bytes = decoded(&cursor);
                for secret in ["quagm", "+1202", "12025", "2025"] {
                    assert!(!bytes.contains(secret), "{sort}: {bytes:?}");
                }
            }
            assert_eq!(names.len(), 3, "{sort}");
        }
        // Which of two has the smaller number cannot be read off the order.
        let lower = world.server.create_id(&json!({"phone": "+12025550001"}));
        let in_order = |client: &Client| {
            let page = client.get("/api/v1/contacts?sort=name&refresh=wait").expect(200).json;
            let ids = page["contacts"].as_array().unwrap();
            ids.iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let order = in_order(&world.agent);
        let place = |id: &String| order.iter().position(|other| other == id).unwrap();
        assert!(
            place(&world.nameless) < place(&lower),
            "the older stands first, whatever its number"
        );
    }
}

#[test]
fn exports_leave_out_what_is_hidden() {
    for world in [World::hidden(), World::masked()] {
        for parameters in [
            "",
            "format=jsonl",
            "q=person",
            "format=jsonl&q=person",
            "columns=id,phones,phone,mobile,emails,email,name,cf.team",
        ] {
            let path = format!("/api/v1/contacts/export?{parameters}");
            let file = world.agent.get(&path).expect(200);
            is_clean(&file, "");
            assert!(text(&file).contains("Named Person"), "{parameters}");
            let whole = text(&world.server.get(&path).expect(200));
            assert!(whole.contains("2025550123"), "{parameters}");
        }
        // A column that is asked for by name is as empty as one that nobody has.
        let cells = |key: &str| {
            let path = format!("/api/v1/contacts/export?columns=id,cf.{key}");
            text(&world.agent.get(&path).expect(200)).replace(key, "KEY")
        };
        assert_eq!(cells("Salary"), cells("Nonsense"));
        for q in ["zebrafish", "quagmire", "5550123", "cf.salary:zebrafish"] {
            // What is hidden is not understood, and refused without this.
            let path = "/api/v1/contacts/export?format=jsonl&allow_partial=true";
            let path = format!("{path}&q={}", escape(q));
            assert_eq!(text(&world.agent.get(&path).expect(200)), "", "{q}");
        }
    }
}

#[test]
fn whole_numbers_are_looked_up_and_endings_are_not() {
    for (world, shown) in [(World::hidden(), None), (World::masked(), Some("+1202•••0123"))] {
        let agent = &world.agent;
        for number in [NUMBER, "2025550123", "(202) 555-0123", "0012025550123"] {
            let found = agent.lookup(number, "");
            assert_eq!(found["count"], 2, "{number}");
            let said = found["results"].to_string();
            assert!(!said.contains("2025550123"), "{number}: {said}");
            for result in found["results"].as_array().unwrap() {
                assert_eq!(result["phone"].as_str(), shown, "{number}");
                assert_eq!(
                    result["phone_label"].is_string(),
                    shown.is_some() && result["display_name"] == "Named Person"
                );
            }
        }
        for ending in ["5550123", "25550123", "025550123", "0123"] {
            let found = agent.lookup(ending, "");
            assert_eq!((&found["count"], &found["match"]), (&json!(0), &json!("none")), "{ending}");
        }
        // A thousand guesses at once would bring the hidden digits out.
        let batch = agent.post("/api/v1/lookup/batch", &json!({"numbers": ["+12025550123"]}));
        assert_eq!(batch.expect(403).code(), "forbidden");
        assert_eq!(world.server.lookup("5550123", "")["count"], 2);
        // What stands for a name is masked or left out with the value that it is.
        let named = |id: &str| {
            let contact = agent.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
            contact["display_name"].as_str().unwrap().to_owned()
        };
        let (number, mail) = (named(&world.nameless), named(&world.by_mail));
        match shown {
            None => assert_eq!((number.as_str(), mail.as_str()), ("(no name)", "(no name)")),
            Some(mask) => {
                assert_eq!(number, mask);
                assert_eq!(mail, "q•••@hiddenplace.example");
            }
        }
        assert_eq!(named(&world.named), "Named Person");
    }
}

#[test]
fn changes_by_who_sees_a_part_lose_nothing() {
    for world in [World::hidden(), World::masked()] {
        let path = format!("/api/v1/contacts/{}", world.named);
        let before = world.server.get(&path).expect(200).json;
        let shown = world.agent.get(&path).expect(200).json;
        for patch in [
            json!({"phones": []}),
            json!({"phones": null}),
            json!({"phone": "+12025550199"}),
            json!({"phone": null}),
            json!({"mobile": null}),
            json!({"emails": []}),
            json!({"email": "new@example.com"}),
            json!({"email": null}),
            json!({"custom_fields": null}),
            json!({"custom_fields": {"Salary": "more"}}),
            json!({"custom_fields": {"SALARY": null}}),
            json!({"custom_fields": {"salary": 1}}),
        ] {
            let refused = world.agent.patch(&path, &patch).expect(422);
            assert_eq!(refused.json["errors"][0]["code"], "field_hidden", "{patch}");
            assert_eq!(world.server.get(&path).expect(200).json, before, "{patch}");
        }
        // The answer sent back as a whole is refused or changes nothing; neither loses anything.
        let whole = world.agent.patch(&path, &shown);
        assert!(matches!(whole.status, 200 | 422), "{}", text(&whole));
        let changed = json!({"title": "Director", "custom_fields": {"team": "other"}});
        let after = world.agent.patch(&path, &changed).expect(200);
        is_clean(&after, "");
        let after = world.server.get(&path).expect(200).json;
        assert_eq!(after["title"], "Director");
        assert_eq!(after["custom_fields"], json!({"Salary": "zebrafish", "team": "other"}));
        assert_eq!((&after["phones"], &after["emails"]), (&before["phones"], &before["emails"]));
        // By a list: it may add, and takes nothing away.
        let rows = "name,email,phone,title\nNamed Person,quagmire@hiddenplace.example,,Chief\nNamed Person,,+12025550123,Boss\n";
        let job = import(&world.agent, rows, &json!({"on_duplicate": "update"}));
        let after = world.server.get(&path).expect(200).json;
        assert_eq!(
            (&after["phones"], &after["emails"]),
            (&before["phones"], &before["emails"]),
            "{job}"
        );
    }
}

#[test]
fn whether_somebody_has_a_hidden_address_is_not_told() {
    let world = World::masked();
    let dry = |mail: &str| {
        let rows = format!("name,email\nNamed Person,{mail}\n");
        import(&world.agent, &rows, &json!({"dry_run": true, "on_duplicate": "skip"}))["counts"]
            .clone()
    };
    assert_eq!(dry(MAIL), dry("nobody@hiddenplace.example"));
    let create = |client: &Client, body: Value| {
        let made = client.post("/api/v1/contacts", &body).expect(201);
        world.server.delete(&format!("/api/v1/contacts/{}?permanent=true", made.id())).expect(204);
        made.json.get("duplicates").cloned()
    };
    assert_eq!(create(&world.agent, json!({"name": "Named Person", "email": MAIL})), None);
    assert!(create(&world.manager, json!({"name": "Named Person", "email": MAIL})).is_some());
    // Nor is a shared number told, nor that a name is one.
    let both = json!({"phone": "+12025550155", "email": "secret@hiddenplace.example"});
    world.server.patch(&format!("/api/v1/contacts/{}", world.by_mail), &both).expect(200);
    let guess = json!({"name": "+12025550155", "phone": "+12025550155"});
    assert_eq!(create(&world.agent, guess), None);
    let limited = (0..40)
        .map(|at| world.agent.get(&format!("/api/v1/lookup?number=%2B1202555{at:04}")))
        .find(|answer| answer.status == 429);
    let limited = limited.expect("guessing is slow");
    assert_eq!(limited.code(), "rate_limited");
    assert!(limited.header("retry-after").is_some());
}

#[test]
fn the_audit_log_shows_what_its_reader_may_see() {
    let world = World::hidden();
    let rules = json!({"phones": {"agent": "hidden"}, "emails": {"agent": "hidden"},
        "cf.salary": {"agent": "hidden"}});
    let permissions = json!({"agent": {"read_audit": true, "export": true}});
    let settings = json!({"field_visibility": rules, "permissions": permissions});
    world.server.patch("/api/v1/settings", &settings).expect(200);
    let path = format!("/api/v1/contacts/{}", world.named);
    let change =
        json!({"phone": "+12025550144", "title": "Director", "custom_fields": {"Salary": "x"}});
    world.server.patch(&path, &change).expect(200);
    for id in [&world.named, &world.nameless, &world.by_mail] {
        let log = world.agent.get(&format!("/api/v1/audit?record={id}")).expect(200);
        is_clean(&log, "");
        assert!(!text(&log).contains("5550144"), "{}", text(&log));
        assert!(
            !log.json["lines"].as_array().unwrap().is_empty(),
            "the lines themselves are there"
        );
        let whole = text(&world.server.get(&format!("/api/v1/audit?record={id}")).expect(200));
        assert!(whole.contains("2025550123") || whole.contains("quagmire"), "{whole}");
    }
    for field in ["phones", "emails", "custom_fields.Salary"] {
        let log = world.agent.get(&format!("/api/v1/audit?field={field}")).expect(200);
        assert_eq!(log.json["lines"], json!([]), "{field}");
    }
    let log = world.agent.get("/api/v1/audit?field=title").expect(200);
    assert_eq!(log.json["lines"].as_array().unwrap().len(), 1);
    let rights = world.agent.get("/api/v1/me/permissions").expect(200);
    assert!(!text(&rights).to_lowercase().contains("salary"), "{}", text(&rights));
}

#[test]
fn rules_count_at_once_and_for_machines() {
    let world = World::with(&json!({}));
    let path = format!("/api/v1/contacts/{}", world.named);
    let reader = machine(&world.server, &["read"]);
    let lookup = world.server.role("lookup");
    assert_eq!(world.agent.get(&path).expect(200).json["phone"], NUMBER);
    assert_eq!(reader.get(&path).expect(200).json["phone"], NUMBER);
    let rules = json!({"phones": {"agent": "masked", "machine": "hidden"}});
    world.server.patch("/api/v1/settings", &json!({"field_visibility": rules})).expect(200);
    assert_eq!(world.agent.get(&path).expect(200).json["phone"], "+1202•••0123");
    assert_eq!(world.agent.get(&path).expect(200).json["phones"][0]["raw"], "+1202•••0123");
    assert_eq!(reader.get(&path).expect(200).json["phones"], json!([]));
    assert_eq!(lookup.lookup(NUMBER, "")["results"][0]["phone"], Value::Null);
    assert_eq!(world.manager.get(&path).expect(200).json["phone"], NUMBER);
    let world = World { server: world.server.restart(), ..world };
    let agent = world.server.with_token(world.agent.token());
    assert_eq!(agent.get(&path).expect(200).json["phone"], "+1202•••0123");
    for wrong in [
        json!({"phones": {"admin": "hidden"}}),
        json!({"cf.x": {"agent": "masked"}}),
        json!({"notes": {"agent": "hidden"}}),
        json!({"phones": {"agent": "some"}}),
    ] {
        world.server.patch("/api/v1/settings", &json!({"field_visibility": wrong})).expect(422);
    }
}
