//! Whatever way contacts are asked for, a caller is told of exactly those it sees: random contacts
//! and people, compared with the rule applied to every record, before and after everything that
//! moves contacts in and out of sight.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ringdex::domain::access::Sight;
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::{ContactId, OrgNumber};
use serde_json::{Value, json};

use super::people::{Dice, acting, bearer, caller, department, import, machine, queue, text, user};
use crate::support::server::{Client, TestServer, escape};

/// The number of a switchboard that every contact has beside its own.
const SWITCHBOARD: &str = "+12025559999";
const CONTACTS: usize = 48;

/// An organisation full of contacts, and those who look at them.
struct World {
    server: TestServer,
    departments: Vec<String>,
    queues: Vec<String>,
    users: Vec<String>,
    /// Tokens outlive a restart; clients name the port.
    tokens: Vec<String>,
    contacts: Vec<String>,
    dice: Dice,
}

fn own_number(at: usize) -> String {
    format!("+1202555{at:04}")
}

impl World {
    fn new(seed: u64) -> Self {
        let server = TestServer::start();
        let mut dice = Dice::new(seed);
        let admin: &Client = &server;
        let departments: Vec<String> =
            ["Sales", "Service"].map(|name| department(admin, name)).to_vec();
        let mut users = Vec::new();
        let mut clients = Vec::new();
        for (at, role) in
            ["agent", "agent", "agent", "manager", "manager", "manager", "admin"].iter().enumerate()
        {
            let home = [Some(&departments[0]), Some(&departments[1]), None][at % 3];
            let id = user(admin, &format!("Person {at}"), role, home.map(String::as_str));
            clients.push(acting(admin, &id, role));
            users.push(id);
        }
        clients.push(machine(admin, &["read", "export", "import", "write"]));
        let bound = json!({"role": "machine", "scopes": ["read", "export", "import", "write"],
            "department_id": departments[0]});
        clients.push(bearer(admin, &bound));
        clients.push(bearer(admin, &json!({"role": "agent"})));
        let queues = vec![
            queue(admin, "Support", &[&users[0], &users[3]]),
            queue(admin, "Billing", &[&users[1]]),
        ];
        // What none of them belongs to.
        user(admin, "Nobody", "agent", None);
        queue(admin, "Elsewhere", &[]);
        department(admin, "Gone");
        let rights = json!({"export": true, "import": true, "create": true, "edit": true});
        let settings = json!({"permissions": {"agent": rights, "manager": rights}});
        admin.patch("/api/v1/settings", &settings).expect(200);
        let tokens = clients.iter().map(|client| client.token().to_owned()).collect();
        let mut world =
            Self { server, departments, queues, users, tokens, contacts: Vec::new(), dice };
        // Words of the dice are not needed here, but a first throw parts the seeds.
        dice = Dice::new(world.dice.next());
        for at in 0..CONTACTS {
            let mut body = world.place(&mut dice);
            body["name"] = json!(format!("Common Person{at}"));
            body["phones"] = json!([own_number(at), SWITCHBOARD]);
            body["email"] = json!(format!("person{at}@contacts.example"));
            body["status"] = json!(dice.pick(&["active", "inactive"]));
            let id = world.server.create_id(&body);
            world.contacts.push(id);
        }
        world.dice = dice;
        world
    }

    /// Where a contact stands: by ids, and by names in whatever case, as lists write them.
    fn place(&self, dice: &mut Dice) -> Value {
        let mut body = json!({"visibility": dice.pick(&["all", "queue", "owner"])});
        let queues = [self.queues[0].as_str(), &self.queues[1], "SUPPORT", "billing", "Elsewhere"];
        let owner = dice.below(self.users.len());
        let owners = [
            self.users[owner].clone(),
            format!("PERSON.{owner}@example.com"),
            "nobody@example.com".into(),
        ];
        let homes = [self.departments[0].as_str(), &self.departments[1], "sales", "Gone"];
        for (member, value) in [
            ("assigned_queue", *dice.pick(&queues)),
            ("assigned_to", dice.pick(&owners).as_str()),
            ("org_department_id", *dice.pick(&homes)),
        ] {
            body[member] = if dice.one_in(5) { Value::Null } else { json!(value) };
        }
        if body["visibility"] == "queue" && body["assigned_queue"].is_null() {
            body["assigned_queue"] = json!("Elsewhere");
        }
        if body["visibility"] == "owner" && body["assigned_to"].is_null() {
            body["assigned_to"] = json!("nobody@example.com");
        }
        body
    }

    fn client(&self, at: usize) -> Client {
        self.server.with_token(&self.tokens[at])
    }

    /// All contacts as they are kept, in the order of their making.
    fn records(&self) -> Vec<Contact> {
        let partition = self.server.app().partition();
        let read = |id: &String| {
            let id: ContactId = id.parse().unwrap();
            partition.contact(OrgNumber(1), id).unwrap().unwrap().as_ref().clone()
        };
        self.contacts.iter().map(read).collect()
    }

    /// Every caller is told of what it sees, in every way.
    fn agrees(&self, what: &str) {
        for at in 0..self.tokens.len() {
            self.agrees_for(at, what);
        }
    }

    fn agrees_for(&self, at: usize, what: &str) {
        let client = self.client(at);
        let who = caller(&self.server, &client);
        let records = self.records();
        let seen: Vec<bool> = records.iter().map(|record| who.sees(record)).collect();
        let what = format!("{what}: caller {at}, {:?}", who.role);
        if who.sight != Sight::Everything {
            assert!(seen.contains(&false), "{what}: sees everything by accident");
        }
        let ids_where = |fits: &dyn Fn(&Contact) -> bool| -> BTreeSet<String> {
            let kept = records.iter().zip(&seen).filter(|(record, seen)| **seen && fits(record));
            kept.map(|(record, _)| record.id.to_string()).collect()
        };
        let all = ids_where(&|_| true);
        let walk = walk_pages(&client, "refresh=wait", &what);
        assert_eq!(walk, all, "{what}: pages");
        for sort in ["name", "-created_at", "relevance"] {
            let by_cursor = walk_cursors(&client, &format!("q=common&sort={sort}"), &what);
            assert_eq!(by_cursor, all, "{what}: cursors by {sort}");
        }
        let found = |q: &str| walk_pages(&client, &format!("q={}", escape(q)), &what);
        assert_eq!(found("common person"), all, "{what}: words");
        assert_eq!(found("2025559999"), all, "{what}: digits");
        assert_eq!(found("-nobodyofthisname"), all, "{what}: negation");
        let is_active = |record: &Contact| record.shown_status().as_str() == "active";
        assert_eq!(found("status:active"), ids_where(&is_active), "{what}: status in the query");
        let by_status = walk_pages(&client, "status=active", &what);
        assert_eq!(by_status, ids_where(&is_active), "{what}: status");
        let owner = &self.users[at % self.users.len()];
        let is_owned = |record: &Contact| {
            let names = [owner.clone(), format!("person.{}@example.com", at % self.users.len())];
            let given = record.assigned_to.as_deref().unwrap_or("").to_lowercase();
            names.contains(&given)
        };
        assert_eq!(found(&format!("owner:{owner}")), ids_where(&is_owned), "{what}: owner");

        let mut numbers: Vec<String> = (0..CONTACTS).map(own_number).collect();
        numbers.push(SWITCHBOARD.to_owned());
        let body = json!({"numbers": numbers, "limit": 100});
        let batch = client.post("/api/v1/lookup/batch", &body).expect(200).json;
        for (at, found) in batch["results"].as_array().unwrap().iter().enumerate() {
            let ids: BTreeSet<String> =
                found["results"].as_array().unwrap().iter().map(id_of).collect();
            if at == CONTACTS {
                assert_eq!(found["count"], all.len(), "{what}: lookup of the switchboard");
                assert_eq!(ids, all, "{what}");
            } else {
                assert_eq!(found["count"], usize::from(seen[at]), "{what}: lookup of {at}");
                assert_eq!(ids.contains(&self.contacts[at]), seen[at], "{what}");
            }
        }
        let one = client.lookup(SWITCHBOARD, "&limit=100");
        assert_eq!(one["count"], all.len(), "{what}: lookup");

        for q in ["", "&q=common"] {
            let lines = client.get(&format!("/api/v1/contacts/export?format=jsonl{q}")).expect(200);
            let lines = text(&lines);
            let ids = lines.lines().map(|line| id_of(&serde_json::from_str(line).unwrap()));
            assert_eq!(ids.collect::<BTreeSet<_>>(), all, "{what}: lines{q}");
            let csv = client.get(&format!("/api/v1/contacts/export?columns=id{q}")).expect(200);
            let ids = text(&csv).lines().skip(1).map(str::to_owned).collect::<BTreeSet<_>>();
            assert_eq!(ids, all, "{what}: CSV{q}");
        }
    }

    /// What is written beside contacts that are not seen tells nothing of them.
    fn likeness_agrees(&self, at: usize, what: &str) {
        let client = self.client(at);
        let who = caller(&self.server, &client);
        let records = self.records();
        let seen: Vec<bool> = records.iter().map(|record| who.sees(record)).collect();
        let what = format!("{what}: caller {at}, {:?}", who.role);
        let rows = (0..CONTACTS).fold("name,phone,email\n".to_owned(), |mut rows, at| {
            let mail = format!("person{at}@contacts.example");
            let _ = writeln!(rows, "Common Person{at},{},{mail}", own_number(at));
            rows
        });
        let options = json!({"dry_run": true, "on_duplicate": "ask"});
        let job = import(&client, &rows, &options);
        let count = seen.iter().filter(|seen| **seen).count();
        assert_eq!(job["counts"]["asked"], count, "{what}: {job}");
        assert_eq!(job["counts"]["imported"], CONTACTS - count, "{what}: {job}");
        let errors = format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap());
        let errors = text(&client.get(&errors).expect(200));
        for (id, seen) in self.contacts.iter().zip(&seen) {
            assert_eq!(errors.contains(id), *seen, "{what}: error file");
        }
        for (wanted, uniqueness) in
            [(true, "warn"), (false, "warn"), (true, "reject"), (false, "reject")]
        {
            let Some(other) = seen.iter().position(|seen| *seen == wanted) else { continue };
            let settings = json!({"phone_uniqueness": uniqueness});
            self.server.patch("/api/v1/settings", &settings).expect(200);
            let mut body = json!({"name": "Common Twin", "phone": own_number(other)});
            if uniqueness == "warn" {
                body["email"] = json!(format!("person{other}@contacts.example"));
            }
            let answer = client.post("/api/v1/contacts", &body);
            let is_refused = wanted && uniqueness == "reject";
            assert_eq!(answer.status, if is_refused { 409 } else { 201 }, "{what}");
            assert_eq!(text(&answer).contains(&self.contacts[other]), wanted, "{what}");
            if !is_refused {
                assert_eq!(answer.json.get("duplicates").is_some(), wanted, "{what}");
                let path = format!("/api/v1/contacts/{}?permanent=true", answer.id());
                self.server.delete(&path).expect(204);
            }
        }
        self.server.patch("/api/v1/settings", &json!({"phone_uniqueness": "warn"})).expect(200);
    }

    fn set(&self, preset: &str) {
        let rights = json!({"export": true, "import": true, "create": true, "edit": true});
        let permissions = json!({"preset": preset, "agent": rights, "manager": rights});
        self.server.patch("/api/v1/settings", &json!({"permissions": permissions})).expect(200);
    }
}

fn id_of(contact: &Value) -> String {
    contact["id"].as_str().unwrap().to_owned()
}

/// The ids of a page, none twice, with a total that is the same on every page.
fn take(page: &Value, total: &mut Option<u64>, ids: &mut BTreeSet<String>, what: &str) -> usize {
    let contacts = page["contacts"].as_array().unwrap();
    for contact in contacts {
        assert!(ids.insert(id_of(contact)), "{what}: twice");
    }
    let said = page["total"].as_u64().unwrap();
    assert_eq!(said, *total.get_or_insert(said), "{what}: the total of a later page");
    contacts.len()
}

fn walk_pages(client: &Client, query: &str, what: &str) -> BTreeSet<String> {
    let (mut ids, mut total) = (BTreeSet::new(), None);
    for page in 1.. {
        let path = format!("/api/v1/contacts?{query}&per_page=17&page={page}");
        let answer = client.get(&path).expect(200);
        let header = answer.header("x-total-count").map(str::to_owned);
        assert_eq!(header, Some(answer.json["total"].to_string()), "{what}");
        if take(&answer.json, &mut total, &mut ids, what) < 17 {
            break;
        }
    }
    assert_eq!(total, Some(ids.len() as u64), "{what}: {query}");
    ids
}

fn walk_cursors(client: &Client, query: &str, what: &str) -> BTreeSet<String> {
    let (mut ids, mut total) = (BTreeSet::new(), None);
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/contacts?{query}&per_page=13&cursor={cursor}");
        let page = client.get(&path).expect(200).json;
        take(&page, &mut total, &mut ids, what);
        let Some(next) = page["next_cursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    assert_eq!(total, Some(ids.len() as u64), "{what}: {query}");
    ids
}

#[test]
fn every_way_to_ask_tells_what_is_seen() {
    let mut world = World::new(20_260_728);
    world.agrees("at first");
    for at in 0..world.tokens.len() {
        world.likeness_agrees(at, "at first");
    }
    // Some of the contacts move.
    let mut dice = Dice::new(7);
    for id in &world.contacts {
        if dice.one_in(2) {
            let place = world.place(&mut dice);
            world.server.patch(&format!("/api/v1/contacts/{id}"), &place).expect(200);
        }
    }
    world.agrees("after contacts moved");
    // People change: another queue, department and role, without a new token.
    let member = format!("/api/v1/queues/{}/members/{}", world.queues[1], world.users[0]);
    world.server.send("PUT", &member, &[], None).expect(200);
    let member = format!("/api/v1/queues/{}/members/{}", world.queues[0], world.users[3]);
    world.server.delete(&member).expect(200);
    world.agrees("after queues changed");
    for (at, change) in [
        (1, json!({"department_id": world.departments[0]})),
        (4, json!({"department_id": null})),
        (3, json!({"role": "agent"})),
        (6, json!({"role": "manager", "department_id": world.departments[1]})),
    ] {
        if at == 6 {
            user(&world.server, "Another Admin", "admin", None);
        }
        world.server.patch(&format!("/api/v1/users/{}", world.users[at]), &change).expect(200);
    }
    world.agrees("after people changed");
    for preset in ["s1-strict", "s4-visibility"] {
        world.set(preset);
        world.agrees(preset);
        world.likeness_agrees(1, preset);
        world.likeness_agrees(5, preset);
    }
    // A department that is renamed keeps the contacts that name it by its id.
    let renamed = format!("/api/v1/departments/{}", world.departments[0]);
    world.server.patch(&renamed, &json!({"name": "Outbound"})).expect(200);
    world.set("s1-strict");
    world.agrees("after a department was renamed");
    world.server.app().partition().wait_visible(
        world.server.app().partition().applied_seq(),
        std::time::Duration::from_secs(20),
    );
    world.server = world.server.restart();
    world.agrees("after a restart");
    world.likeness_agrees(4, "after a restart");
}

#[test]
fn a_change_counts_at_once() {
    let world = World::new(1);
    world.set("default");
    let agent = world.client(0);
    let id = world.server.create_id(&json!({"name": "Wanderer", "phone": "+12025558888"}));
    let path = format!("/api/v1/contacts/{id}");
    let is_seen = |expected: bool, what: &str| {
        let status = if expected { 200 } else { 404 };
        let count = usize::from(expected);
        agent.get(&path).expect(status);
        agent.patch(&path, &json!({})).expect(status);
        assert_eq!(agent.lookup("+12025558888", "")["count"], count, "{what}");
        assert_eq!(agent.search("wanderer", "&refresh=wait").json["total"], count, "{what}");
    };
    is_seen(true, "at first");
    // Who may change a contact may move it out of the own sight, and learns no more of it then.
    let moved = agent.patch(&path, &json!({"visibility": "owner", "assigned_to": world.users[1]}));
    assert_eq!(moved.expect(200).json["visibility"], "owner");
    is_seen(false, "given to another owner");
    assert_eq!(world.client(1).get(&path).expect(200).json["version"], 2);
    let back = json!({"visibility": "queue", "assigned_queue": "support"});
    world.client(1).patch(&path, &back).expect(200);
    is_seen(true, "in the own queue");
    let member = format!("/api/v1/queues/{}/members/{}", world.queues[0], world.users[0]);
    world.server.delete(&member).expect(200);
    is_seen(false, "out of the queue");
    world.server.send("PUT", &member, &[], None).expect(200);
    is_seen(true, "in the queue again");
    world.set("s1-strict");
    is_seen(false, "behind the wall");
    let home = json!({"org_department_id": world.departments[0]});
    world.server.patch(&path, &home).expect(200);
    is_seen(true, "in the own department");
    world.server.delete(&format!("/api/v1/queues/{}", world.queues[0])).expect(204);
    is_seen(false, "of a queue that is gone");

    // Managers behind a wall keep their contacts in their department.
    let manager = world.client(3);
    let away = json!({"org_department_id": world.departments[1]});
    let refused = manager.patch(&path, &away).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/org_department_id");
    manager.patch(&path, &json!({"org_department_id": null})).expect(422);
    let mut new = json!({"name": "New Person"});
    new["org_department_id"] = json!(world.departments[1]);
    manager.post("/api/v1/contacts", &new).expect(422);
    new.as_object_mut().unwrap().remove("org_department_id");
    let made = manager.post("/api/v1/contacts", &new).expect(201);
    assert_eq!(made.json["org_department_id"], world.departments[0]);
}

#[test]
fn repeated_requests_show_nothing_that_went_out_of_sight() {
    let world = World::new(2);
    let agent = world.client(0);
    let key = [("idempotency-key", "once")];
    let body = json!({"name": "Repeated Person", "phone": "+12025558888"});
    let id = agent.json("POST", "/api/v1/contacts", &key, &body).expect(201).id();
    let path = format!("/api/v1/contacts/{id}");
    let secret = json!({"visibility": "owner", "assigned_to": world.users[1], "notes": "hush"});
    world.server.patch(&path, &secret).expect(200);
    let again = agent.json("POST", "/api/v1/contacts", &key, &body).expect(201);
    assert_ne!(again.id(), id, "the first is not for this caller any more");
    assert!(!text(&again).contains("hush") && !text(&again).contains(&id), "{}", text(&again));
    let tagged = agent.send("GET", &path, &[("if-none-match", "\"2\"")], None);
    assert_eq!(tagged.status, 404);
    agent.json("PATCH", &path, &[("if-match", "\"1\"")], &json!({"title": "x"})).expect(404);
    agent.send("DELETE", &path, &[("if-match", "\"1\"")], None).expect(404);
    assert_eq!(world.server.get(&path).expect(200).json["version"], 2);

    // A department whose name is nothing but marks is not "no department".
    let odd = department(&world.server, "'");
    world.set("s1-strict");
    let stranger = user(&world.server, "Odd One", "agent", Some(&odd));
    let stranger = acting(&world.server, &stranger, "agent");
    world.server.create_id(&json!({"name": "Homeless Person"}));
    assert_eq!(stranger.search("homeless", "&refresh=wait").json["total"], 0);
}

#[test]
fn quotas_tell_figures_to_those_who_see_everything() {
    let world = World::new(3);
    world.server.patch("/api/v1/organizations/default", &json!({"quota_contacts": 10})).expect(200);
    let body = json!({"name": "One More"});
    let agent = world.client(0).post("/api/v1/contacts", &body);
    assert!(
        agent.status >= 400 && !text(&agent).contains(&CONTACTS.to_string()),
        "{}",
        text(&agent)
    );
    let bulk = world.client(0).post("/api/v1/contacts/bulk", &json!({"contacts": [body]}));
    assert!(bulk.status >= 400 && !text(&bulk).contains(&CONTACTS.to_string()), "{}", text(&bulk));
    let admin = world.server.post("/api/v1/contacts", &body);
    assert!(text(&admin).contains(&CONTACTS.to_string()), "{}", text(&admin));
}
