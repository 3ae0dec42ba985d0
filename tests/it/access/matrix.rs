//! Every route for every kind of caller, with every kind of record: what is answered follows from
//! the permission table, the scopes and the rules of sight, and nothing changes where it must not.

use std::fmt::Write as _;

use ringdex::domain::access::{Permission as P, PermissionTable, Permissions, Preset, Role, Scope};
use ringdex::domain::ids::OrgNumber;
use ringdex::domain::record::kind_by_number;
use ringdex::http::ROUTES;
use serde_json::{Value, json};

use super::matrix_table::{Noun, OPERATE, Rule, table};
use super::people::{
    NOBODY, about, acting, bearer, department, import, machine, queue, text, user,
};
use crate::merges::{done, merge};
use crate::support::records::{body_of, is_about_contacts};
use crate::support::server::{Answer, Client, TestServer, escape};

#[test]
fn every_route_has_a_row() {
    let table = table();
    let known = |method: &str, path: &str| {
        table.iter().filter(|(m, p, _)| *m == method && *p == path).count()
    };
    for route in ROUTES.iter() {
        let rows = known(route.method, route.path);
        assert_eq!(rows, 1, "{} {} has {rows} rows: say who may", route.method, route.path);
    }
    assert_eq!(table.len(), ROUTES.len(), "a row has no route");
    let document: Value = serde_json::from_str(&ringdex::http::openapi_document()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().map(|m| m.to_uppercase()) {
            assert_eq!(known(&method, path), 1, "{method} {path} of the document has no row");
        }
    }
}

/// What kind of caller somebody is, as far as sight goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// A person of department A who serves the queue "own".
    Person(Role),
    /// A machine of the whole organisation.
    Machine,
    /// A machine of department A.
    Bound,
}

struct Who {
    name: String,
    client: Client,
    kind: Kind,
    /// The rights of a machine; a person's stand in the table.
    scoped: Permissions,
}

impl Who {
    fn rights(&self, preset: Preset) -> Permissions {
        match self.kind {
            Kind::Person(role) => {
                let table = PermissionTable { preset, ..PermissionTable::default() };
                table.permissions(role).union(self.scoped)
            }
            Kind::Machine | Kind::Bound => self.scoped,
        }
    }

    fn may(&self, preset: Preset, any: &[P]) -> bool {
        any.iter().any(|permission| self.rights(preset).has(*permission))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Home {
    A,
    B,
    Nowhere,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Audience {
    All,
    OwnQueue,
    OtherQueue,
    Owner(Option<Role>),
}

/// A contact that stands somewhere, and one like it that is deleted.
struct Situation {
    home: Home,
    audience: Audience,
    live: String,
    deleted: String,
    number: String,
}

impl Situation {
    /// The rule of sight in the words of the model, not in those of the program.
    fn is_seen_by(&self, kind: Kind, preset: Preset) -> bool {
        let at_home = self.home == Home::A;
        let role = match kind {
            Kind::Machine | Kind::Person(Role::Admin) => return true,
            Kind::Bound => return at_home,
            Kind::Person(role) => role,
        };
        if preset == Preset::Strict && !at_home {
            return false;
        }
        at_home && role == Role::Manager
            || match self.audience {
                Audience::All | Audience::OwnQueue => true,
                Audience::OtherQueue => false,
                Audience::Owner(owner) => owner == Some(role),
            }
    }
}

struct World {
    server: TestServer,
    foreign: Client,
    who: Vec<Who>,
    situations: Vec<Situation>,
    foreign_contact: String,
    admins_import: String,
    foreign_import: String,
    count: std::cell::Cell<u32>,
}

impl World {
    fn new() -> Self {
        let server = TestServer::start();
        let foreign = server.organization("second");
        let admin: &Client = &server;
        let (a, b) = (department(admin, "A"), department(admin, "B"));
        let people: Vec<(Role, String)> = Role::OF_PEOPLE
            .iter()
            .map(|role| {
                let name = format!("Person {}", role.as_str());
                (*role, user(admin, &name, role.as_str(), Some(&a)))
            })
            .collect();
        let somebody = user(admin, "Somebody Else", "agent", Some(&b));
        let members: Vec<&str> = people.iter().map(|(_, id)| id.as_str()).collect();
        let own_queue = queue(admin, "own", &members);
        let other_queue = queue(admin, "other", &[&somebody]);
        let mut who: Vec<Who> = people
            .iter()
            .map(|(role, id)| Who {
                name: role.as_str().to_owned(),
                client: acting(admin, id, role.as_str()),
                kind: Kind::Person(*role),
                scoped: Permissions::NONE,
            })
            .collect();
        who.extend(Scope::ALL.iter().map(|scope| Who {
            name: format!("machine that may {}", scope.as_str()),
            client: machine(admin, &[scope.as_str()]),
            kind: Kind::Machine,
            scoped: scope.permissions(),
        }));
        who.push(Who {
            name: "lookup".to_owned(),
            client: server.role("lookup"),
            kind: Kind::Machine,
            scoped: Scope::Lookup.permissions().union(Scope::Phonebook.permissions()),
        });
        let bound = json!({"role": "machine", "scopes": ["write", "export"], "department_id": a});
        who.push(Who {
            name: "machine of a department".to_owned(),
            client: bearer(admin, &bound),
            kind: Kind::Bound,
            scoped: Scope::Write.permissions().union(Scope::Export.permissions()),
        });
        who.push(Who {
            name: "operator".to_owned(),
            client: admin.clone(),
            kind: Kind::Person(Role::Admin),
            scoped: Permissions::of(OPERATE),
        });
        let mut situations = Vec::new();
        let owner = |role: Option<Role>| {
            role.and_then(|role| people.iter().find(|(r, _)| *r == role))
                .map_or(somebody.as_str(), |(_, id)| id.as_str())
        };
        for home in [Home::A, Home::B, Home::Nowhere] {
            for audience in [
                Audience::All,
                Audience::OwnQueue,
                Audience::OtherQueue,
                Audience::Owner(Some(Role::Agent)),
                Audience::Owner(Some(Role::Manager)),
                Audience::Owner(None),
            ] {
                let number = format!("+1202555{:04}", situations.len());
                let mut body = json!({"name": "Same Words", "phone": number});
                match home {
                    Home::A => body["org_department_id"] = json!(a),
                    Home::B => body["org_department_id"] = json!(b),
                    Home::Nowhere => {}
                }
                match audience {
                    Audience::All => {}
                    Audience::OwnQueue | Audience::OtherQueue => {
                        let is_own = audience == Audience::OwnQueue;
                        body["visibility"] = json!("queue");
                        body["assigned_queue"] =
                            json!(if is_own { &own_queue } else { &other_queue });
                    }
                    Audience::Owner(role) => {
                        body["visibility"] = json!("owner");
                        body["assigned_to"] = json!(owner(role));
                    }
                }
                let live = admin.create_id(&body);
                let deleted = admin.create_id(&body);
                admin.delete(&format!("/api/v1/contacts/{deleted}")).expect(204);
                situations.push(Situation { home, audience, live, deleted, number });
            }
        }
        let foreign_contact =
            foreign.create_id(&json!({"name": "Same Words", "phone": "+12025550000"}));
        let job = |client: &Client| {
            let job = import(client, "name\nSame Words\n", &json!({"dry_run": true}));
            job["id"].as_str().unwrap().to_owned()
        };
        let (admins_import, foreign_import) = (job(admin), job(&foreign));
        Self {
            foreign,
            who,
            situations,
            foreign_contact,
            admins_import,
            foreign_import,
            count: std::cell::Cell::new(0),
            server,
        }
    }

    /// A name that nothing has yet.
    fn fresh(&self) -> String {
        self.count.set(self.count.get() + 1);
        format!("Fresh {}", self.count.get())
    }

    /// Version of a contact of the own organisation, and whether it is deleted.
    fn state(&self, id: &str) -> Option<(u64, bool)> {
        let contact =
            self.server.app().partition().contact(OrgNumber(1), id.parse().unwrap()).unwrap();
        contact.map(|contact| (contact.version, contact.is_deleted()))
    }

    /// Makes a record of a noun; its path below `/api/v1`.
    fn make(&self, admin: &Client, noun: Noun) -> String {
        let name = self.fresh();
        match noun {
            Noun::User => format!("users/{}", user(admin, &name, "agent", None)),
            Noun::Department => format!("departments/{}", department(admin, &name)),
            Noun::Queue => format!("queues/{}", queue(admin, &name, &[])),
            Noun::Member => {
                let member = user(admin, &name, "agent", None);
                format!("queues/{}/members/{member}", queue(admin, &name, &[]))
            }
            Noun::SavedSearch => {
                let body = json!({"name": name, "q": "doe", "shared": true});
                let made = admin.post("/api/v1/saved-searches", &body).expect(201);
                format!("saved-searches/{}", made.id())
            }
            Noun::Token => {
                let made = admin.post("/api/v1/tokens", &json!({"role": "lookup"})).expect(201);
                format!("tokens/{}", made.id())
            }
            Noun::CustomField => {
                let made = admin.post("/api/v1/custom-fields", &json!({"label": name}));
                format!("custom-fields/{}", made.expect(201).id())
            }
            Noun::Merge => {
                // The department of the callers, in the organisation that has it.
                let known = admin.get("/api/v1/departments").expect(200).json;
                let known = known["departments"].as_array().unwrap().iter();
                let home =
                    known.filter(|one| one["name"] == "A").find_map(|one| one["id"].as_str());
                let home = home.map(str::to_owned);
                let contact = json!({"name": name, "org_department_id": home});
                let (one, other) = (admin.create_id(&contact), admin.create_id(&contact));
                format!("merges/{}", done(merge(admin, &one, &[&other])))
            }
        }
    }
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    match method {
        "GET" | "DELETE" => client.send(method, path, &[], None),
        _ => client.json(method, path, &[], body),
    }
}

/// A refusal says nothing but that there is none, in the same words for what is not seen, for what
/// belongs to others and for what was never there.
fn same_refusal(answers: &[(u16, String)], status: u16, what: &str) {
    for answer in answers {
        assert_eq!(answer.0, status, "{what}: {}", answer.1);
        assert_eq!(answer, &answers[0], "{what}");
    }
}

#[test]
fn contacts_follow_right_and_sight() {
    let world = World::new();
    let mut tried = 0;
    for preset in Preset::ALL {
        let settings = json!({"permissions": {"preset": preset.as_str()}});
        world.server.patch("/api/v1/settings", &settings).expect(200);
        for who in &world.who {
            for (method, path, rule) in &table() {
                let Rule::Contact(needs) = rule else { continue };
                tried += contact_route(&world, who, preset, method, path, needs);
            }
            erasing(&world, who, preset);
            counting(&world, who, preset);
            making(&world, who, preset);
        }
    }
    assert!(tried > 2_000, "{tried}");
}

/// One route of contacts for all situations; how many there were.
fn contact_route(
    world: &World,
    who: &Who,
    preset: Preset,
    method: &str,
    path: &str,
    needs: &[P],
) -> usize {
    let is_restore = path.ends_with("/restore");
    let may = who.may(preset, needs);
    let body = match method {
        "PATCH" | "PUT" => json!({"title": world.fresh()}),
        _ if path.ends_with("/consents") => json!({"purpose": "service", "status": "pending"}),
        _ => json!({}),
    };
    let ask = |id: &str| send(&who.client, method, &path.replace("{id}", id), &body);
    let mut refused: Vec<(u16, String)> =
        [NOBODY, &world.foreign_contact].into_iter().map(|id| about(&ask(id), id)).collect();
    for situation in &world.situations {
        let id = if is_restore { &situation.deleted } else { &situation.live };
        let what = format!(
            "{} {method} {path} {preset:?} {:?}",
            who.name,
            (situation.home, situation.audience)
        );
        let before = world.state(id);
        let answer = ask(id);
        let is_seen = situation.is_seen_by(who.kind, preset);
        if !may || !is_seen {
            refused.push(about(&answer, id));
            let conditional = [("if-none-match", "\"1\""), ("if-match", "\"1\"")];
            let body = body.to_string();
            let mut headers = conditional.to_vec();
            headers.push(("content-type", "application/json"));
            let body = matches!(method, "PATCH" | "PUT").then_some(body.as_bytes());
            let with_condition = who.client.send(method, &path.replace("{id}", id), &headers, body);
            refused.push(about(&with_condition, id));
            assert_eq!(world.state(id), before, "{what}");
            continue;
        }
        let is_person = matches!(who.kind, Kind::Person(role) if role < Role::Admin);
        if method == "DELETE" && is_person && situation.home != Home::A {
            assert_eq!(answer.status, 403, "{what}: only in the own department");
            assert_eq!(world.state(id), before, "{what}");
            continue;
        }
        let (version, _) = before.unwrap();
        match (method, is_restore) {
            ("GET", _) => {
                assert_eq!(answer.status, 200, "{what}");
                if path.ends_with("/{id}") {
                    assert_eq!(answer.json["id"], json!(id), "{what}");
                }
                assert_eq!(world.state(id), before, "{what}");
            }
            ("PATCH" | "PUT", _) => {
                assert_eq!(answer.status, 200, "{what}: {}", text(&answer));
                assert_eq!(world.state(id), Some((version + 1, false)), "{what}");
            }
            ("DELETE", _) => {
                assert_eq!(answer.status, 204, "{what}: {}", text(&answer));
                assert_eq!(world.state(id), Some((version + 1, true)), "{what}");
                world
                    .server
                    .post(&format!("/api/v1/contacts/{id}/restore"), &json!({}))
                    .expect(200);
            }
            // Recorded beside the contact.
            ("POST", false) => {
                // Asked for again, an erasure that waits is answered.
                let is_known = path.ends_with("/erasure") && answer.status == 200;
                assert!(is_known || answer.status == 201, "{what}: {}", text(&answer));
                assert_eq!(world.state(id), before, "{what}");
            }
            _ => {
                assert_eq!(answer.status, 200, "{what}: {}", text(&answer));
                assert_eq!(world.state(id), Some((version + 1, false)), "{what}");
                world.server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
            }
        }
    }
    let what = format!("{} {method} {path} {preset:?}", who.name);
    same_refusal(&refused, if may { 404 } else { 403 }, &what);
    let foreign = world.foreign.get(&format!("/api/v1/contacts/{}", world.foreign_contact));
    assert_eq!(foreign.expect(200).json["version"], 1, "{what}");
    world.situations.len()
}

/// Deleting for good, which needs a right of its own, also of what is deleted already.
fn erasing(world: &World, who: &Who, preset: Preset) {
    let may = who.may(preset, &[P::Delete]) && who.may(preset, &[P::Erase]);
    let erase = |id: &str| who.client.delete(&format!("/api/v1/contacts/{id}?permanent=true"));
    if may {
        for is_deleted in [false, true] {
            let id = world.server.create_id(&json!({"name": "Short Lived"}));
            if is_deleted {
                world.server.delete(&format!("/api/v1/contacts/{id}")).expect(204);
            }
            assert_eq!(erase(&id).status, 204, "{} {preset:?}", who.name);
            assert_eq!(world.state(&id), None);
        }
        same_refusal(
            &[NOBODY, &world.foreign_contact].map(|id| about(&erase(id), id)),
            404,
            &who.name,
        );
        return;
    }
    let mut refused = Vec::new();
    for situation in &world.situations {
        for id in [&situation.live, &situation.deleted] {
            let before = world.state(id);
            refused.push(about(&erase(id), id));
            assert_eq!(world.state(id), before, "{} {preset:?}", who.name);
        }
    }
    refused.extend([NOBODY, &world.foreign_contact].map(|id| about(&erase(id), id)));
    same_refusal(&refused, 403, &format!("{} erases, {preset:?}", who.name));
}

/// Everything that counts or shows several contacts agrees with what is seen one by one.
fn counting(world: &World, who: &Who, preset: Preset) {
    let seen: Vec<&Situation> =
        world.situations.iter().filter(|s| s.is_seen_by(who.kind, preset)).collect();
    let count = seen.len();
    let what = format!("{} {preset:?}", who.name);
    let client = &who.client;
    for (method, path, rule) in &table() {
        let Rule::Contacts(needs) = rule else { continue };
        let may = who.may(preset, &[*needs]);
        if *path == "/api/v1/imports" {
            if may {
                let rows = world.situations.iter().fold(String::new(), |mut rows, situation| {
                    let _ = writeln!(rows, "Same Words,{}", situation.number);
                    rows
                });
                let options = json!({"dry_run": true, "on_duplicate": "skip"});
                let job = import(client, &format!("name,phone\n{rows}"), &options);
                assert_eq!(job["counts"]["skipped"], count, "{what}: {job}");
                assert_eq!(job["counts"]["imported"], world.situations.len() - count, "{what}");
            } else {
                let csv = [("content-type", "text/csv")];
                assert_eq!(
                    client.send(method, path, &csv, Some(b"name\nx\n")).status,
                    403,
                    "{what}"
                );
            }
            continue;
        }
        let numbers: Vec<&str> = world.situations.iter().map(|s| s.number.as_str()).collect();
        let (path, body) = match *path {
            "/api/v1/lookup" => (format!("{path}?number={}", escape(numbers[0])), Value::Null),
            "/api/v1/lookup/batch" => ((*path).to_owned(), json!({"numbers": numbers})),
            "/api/v1/contacts/search" => {
                ((*path).to_owned(), json!({"q": "same words", "refresh": "wait"}))
            }
            "/api/v1/duplicates/check" => (
                format!("{path}?min_probability=0.9"),
                json!({"name": "Same Words", "phone": numbers[0]}),
            ),
            "/functions/v1/search-contacts" => {
                ((*path).to_owned(), json!({"query": "same words", "refresh": "wait"}))
            }
            "/api/v1/contacts" | "/api/contacts" => {
                (format!("{path}?refresh=wait&sort=name"), Value::Null)
            }
            "/api/v1/suggest" => (format!("{path}?q=same+words&kind=name&limit=50"), Value::Null),
            "/api/v1/contacts/export" => (format!("{path}?format=jsonl"), Value::Null),
            other => panic!("{other} is not counted"),
        };
        let answer = send(client, method, &path, &body);
        if !may {
            assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{what} {path}");
            continue;
        }
        assert_eq!(answer.status, 200, "{what} {path}: {}", text(&answer));
        if path.ends_with("batch") {
            for (situation, found) in
                world.situations.iter().zip(answer.json["results"].as_array().unwrap())
            {
                let expected = usize::from(situation.is_seen_by(who.kind, preset));
                assert_eq!(found["count"], expected, "{what} {}", situation.number);
            }
        } else if path.contains("duplicates") {
            let expected = usize::from(world.situations[0].is_seen_by(who.kind, preset));
            let found = answer.json["matches"].as_array().unwrap().len();
            assert_eq!(found, expected, "{what} {path}: {}", text(&answer));
        } else if path.contains("suggest") {
            let found = answer.json["suggestions"].as_array().unwrap().iter();
            let named: u64 = found.map(|one| one["count"].as_u64().unwrap()).sum();
            assert_eq!(named, u64::try_from(count).unwrap(), "{what} {path}");
        } else if path.contains("lookup") {
            let expected = usize::from(world.situations[0].is_seen_by(who.kind, preset));
            assert_eq!(answer.json["count"], expected, "{what} {path}");
        } else if path.contains("export") {
            assert_eq!(text(&answer).lines().count(), count, "{what} {path}");
        } else {
            assert_eq!(answer.json["total"], count, "{what} {path}");
            assert_eq!(answer.header("x-total-count"), Some(count.to_string().as_str()), "{what}");
            assert_eq!(answer.json["contacts"].as_array().unwrap().len(), count, "{what} {path}");
        }
    }
}

/// Making contacts needs the right and nothing else.
fn making(world: &World, who: &Who, preset: Preset) {
    for (method, path, rule) in &table() {
        let Rule::Make(needs) = rule else { continue };
        let is_bulk = path.ends_with("bulk");
        let contact = json!({"name": "Short Lived"});
        let body = if is_bulk { json!({"contacts": [contact]}) } else { contact };
        let answer = send(&who.client, method, path, &body);
        let what = format!("{} {method} {path} {preset:?}", who.name);
        if !who.may(preset, &[*needs]) {
            assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{what}");
            continue;
        }
        assert_eq!(answer.status, if is_bulk { 200 } else { 201 }, "{what}: {}", text(&answer));
        let id = if is_bulk { &answer.json["results"][0]["id"] } else { &answer.json["id"] };
        let id = id.as_str().unwrap();
        world.server.delete(&format!("/api/v1/contacts/{id}?permanent=true")).expect(204);
    }
}

#[test]
fn everything_else_follows_the_rights() {
    let world = World::new();
    for preset in Preset::ALL {
        let settings = json!({"permissions": {"preset": preset.as_str()}});
        world.server.patch("/api/v1/settings", &settings).expect(200);
        for who in &world.who {
            for (method, path, rule) in &table() {
                other_route(&world, who, preset, method, path, *rule);
            }
        }
    }
    for (method, path, rule) in &table() {
        let path = path.replace("{id}", NOBODY).replace("{user_id}", NOBODY);
        for client in [world.server.without_token(), world.server.with_token("wrong")] {
            if matches!(rule, Rule::Open | Rule::SingleSignOn | Rule::Session | Rule::Device(..))
                || path == "/metrics"
            {
                continue;
            }
            let answer = send(&client, method, &path, &json!({})).expect(401);
            assert_eq!(answer.code(), "unauthorized", "{method} {path}");
        }
    }
    world.server.with_token("wrong").get("/metrics").expect(401);
}

fn other_route(world: &World, who: &Who, preset: Preset, method: &str, path: &str, rule: Rule) {
    let what = format!("{} {method} {path} {preset:?}", who.name);
    let ask = |path: &str, body: &Value| send(&who.client, method, path, body);
    match rule {
        // Once for all routes of the kind.
        Rule::OfKind(number) if method == "GET" && !path.ends_with("{id}") => {
            records_of(world, who, preset, number);
        }
        // The others are tried with contacts.
        Rule::OfKind(_) | Rule::Contact(_) | Rule::Contacts(_) | Rule::Make(_) => {}
        Rule::Open => {
            let path = path.replace("{id}", NOBODY);
            let answer = send(&world.server.without_token(), method, &path, &Value::Null);
            let expected = if path.starts_with("/ui") { 404 } else { 200 };
            assert_eq!(answer.status, expected, "{what}");
        }
        Rule::SingleSignOn => {
            let answer = send(&world.server.without_token(), method, path, &Value::Null);
            assert_eq!(answer.status, 404, "{what}");
            assert_eq!(answer.code(), "not_found", "{what}");
        }
        Rule::Session => {
            let status = ask(path, &json!({"email": "a@example.com"})).status;
            assert_eq!(status, if method == "POST" { 422 } else { 401 }, "{what}");
        }
        Rule::Caller(person, machine) => {
            let is_user = matches!(who.kind, Kind::Person(_)) && who.name != "operator";
            let expected = if is_user { person } else { machine };
            assert_eq!(ask(path, &json!({})).status, expected, "{what}");
        }
        Rule::Import(success) => {
            let other = ask(&path.replace("{id}", NOBODY), &json!({}));
            let foreign = ask(&path.replace("{id}", &world.foreign_import), &json!({}));
            let may = who.may(preset, &[P::Import]);
            let refused = [about(&other, NOBODY), about(&foreign, &world.foreign_import)];
            same_refusal(&refused, if may { 404 } else { 403 }, &what);
            // Its file may tell of contacts that only who sees everything may know of.
            let sees_all = matches!(who.kind, Kind::Machine | Kind::Person(Role::Admin));
            let own = ask(&path.replace("{id}", &world.admins_import), &json!({}));
            let expected = match (may, sees_all) {
                (false, _) => 403,
                (true, false) => 404,
                (true, true) => success,
            };
            assert_eq!(own.status, expected, "{what}: {}", text(&own));
        }
        Rule::Record(noun, needs, success) => {
            let may = who.may(preset, needs);
            let body = if method == "PATCH" { json!({"name": world.fresh()}) } else { json!({}) };
            let own = world.make(&world.server, noun);
            let deed = if path.ends_with("/undo") { "/undo" } else { "" };
            let answer = ask(&format!("/api/v1/{own}{deed}"), &body);
            let expected = if may { success } else { 403 };
            assert_eq!(answer.status, expected, "{what}: {}", text(&answer));
            let still =
                world.server.get(&format!("/api/v1/{}", own.split("/members").next().unwrap()));
            let is_gone = answer.status == 204 && method == "DELETE" && noun != Noun::Member;
            assert_eq!(still.status, if is_gone { 404 } else { 200 }, "{what}");
            let foreign = world.make(&world.foreign, noun);
            let mut parts: Vec<&str> = foreign.split('/').collect();
            parts[1] = NOBODY;
            let nobody = parts.join("/");
            let refused: Vec<(u16, String)> = [foreign.as_str(), &nobody]
                .map(|path| {
                    let answer = ask(&format!("/api/v1/{path}{deed}"), &body);
                    (answer.status, answer.json["code"].to_string())
                })
                .to_vec();
            let status = if may { 404 } else { 403 };
            assert_eq!((refused[0].0, refused[1].0), (status, status), "{what}: {refused:?}");
            if noun != Noun::Member {
                same_refusal(&refused, status, &what);
            }
        }
        Rule::SharedSearch(success) => {
            let sees = who.may(preset, &[P::Search]);
            let may = sees && who.may(preset, &[P::ManageTags]);
            let body = if method == "PATCH" { json!({"name": world.fresh()}) } else { json!({}) };
            let shared = world.make(&world.server, Noun::SavedSearch);
            let answer = ask(&format!("/api/v1/{shared}"), &body);
            assert_eq!(answer.status, if may { success } else { 403 }, "{what}: {}", text(&answer));
            let still = world.server.get(&format!("/api/v1/{shared}"));
            let is_gone = may && method == "DELETE";
            assert_eq!(still.status, if is_gone { 404 } else { 200 }, "{what}");
            let foreign = world.make(&world.foreign, Noun::SavedSearch);
            let private = json!({"name": world.fresh()});
            let somebody = world.server.role("admin");
            let private = somebody.post("/api/v1/saved-searches", &private).expect(201).id();
            let private = format!("saved-searches/{private}");
            let nobody = format!("saved-searches/{NOBODY}");
            let refused = [&foreign, &private, &nobody].map(|path| {
                let answer = ask(&format!("/api/v1/{path}"), &body);
                (answer.status, answer.json["code"].to_string())
            });
            same_refusal(&refused, if sees { 404 } else { 403 }, &what);
        }
        Rule::Everything(needs, success) => {
            let sees_all = matches!(who.kind, Kind::Machine | Kind::Person(Role::Admin));
            let answer = ask(&path.replace("{id}", NOBODY), &json!({"name": world.fresh()}));
            let expected = if sees_all && who.may(preset, needs) { success } else { 403 };
            assert_eq!(answer.status, expected, "{what}: {}", text(&answer));
        }
        Rule::Device(needs, success) => {
            let path = path.replace("{number}", "1").replace("{vendor}", "snom");
            let path = path.replace("{tenant}", "default");
            let answer = ask(&path, &json!({"name": world.fresh()}));
            let expected = if who.may(preset, needs) { success } else { 403 };
            assert_eq!(answer.status, expected, "{what}: {}", text(&answer));
        }
        Rule::Whole(needs, success) => {
            let name = world.fresh();
            let body = match path {
                "/api/v1/tokens" => json!({"role": "lookup", "name": name}),
                "/api/v1/users" => {
                    json!({"name": name, "role": "agent", "email": format!("{}@example.com", name.replace(' ', ""))})
                }
                "/api/v1/settings" => json!({"phone_uniqueness": "warn"}),
                "/api/v1/exports" => json!({"format": "none"}),
                "/api/v1/contacts/bulk-actions" => {
                    json!({"select": {"ids": []}, "action": {"type": "add_tags", "tags": ["x"]}})
                }
                "/api/v1/organizations/{id}" => json!({"quota_contacts": null}),
                "/api/v1/duplicates/runs" => json!({}),
                _ => json!({"name": name}),
            };
            let answer = match path {
                // Else it would not end.
                "/api/v1/events" => ask("/api/v1/events?since=nowhere", &body),
                _ => ask(&path.replace("{id}", "second"), &body),
            };
            let expected = if who.may(preset, needs) { success } else { 403 };
            assert_eq!(answer.status, expected, "{what}: {}", text(&answer));
            if answer.status == 403 {
                assert_eq!(answer.code(), "forbidden", "{what}");
            }
        }
    }
}

/// Records of a kind follow two rights, and the sight of the contact that they are about.
fn records_of(world: &World, who: &Who, preset: Preset, number: u8) {
    let kind = kind_by_number(number).unwrap();
    let (info, [all, _, _]) = (kind.info(), kind.info().paths);
    let what = format!("{} {} {preset:?}", who.name, info.name);
    let (reads, edits) = (who.may(preset, &[info.view]), who.may(preset, &[info.edit]));
    let client = &who.client;
    let mut made = Vec::new();
    for situation in &world.situations {
        let body = body_of(&world.server, kind, Some(&situation.live));
        let id = world.server.post(all, &body).expect(201).id();
        let is_seen = !is_about_contacts(kind) || situation.is_seen_by(who.kind, preset);
        let own = format!("{all}/{id}");
        let expected = |may: bool, success: u16| match (may, is_seen) {
            (false, _) => 403,
            (true, false) => 404,
            (true, true) => success,
        };
        assert_eq!(client.get(&own).status, expected(reads, 200), "{what}");
        assert_eq!(client.patch(&own, &json!({})).status, expected(edits, 200), "{what}");
        let posted = client.post(all, &body_of(&world.server, kind, Some(&situation.live)));
        let expected_post = match (edits, is_seen) {
            (false, _) => 403,
            (true, false) => 422,
            (true, true) => 201,
        };
        assert_eq!(posted.status, expected_post, "{what}: {}", text(&posted));
        assert_eq!(client.delete(&own).status, expected(edits, 204), "{what}");
        let restored = client.post(&format!("{own}/restore"), &json!({}));
        assert_eq!(restored.status, expected(edits, 200), "{what}");
        let may_erase = edits && who.may(preset, &[P::Erase]);
        let erased = client.delete(&format!("{own}?permanent=true")).status;
        assert_eq!(erased, expected(may_erase, 204), "{what}");
        made.push((own, posted));
    }
    let listed = client.get(&format!("{all}?per_page=1000"));
    assert_eq!(listed.status, if reads { 200 } else { 403 }, "{what}");
    for (own, posted) in made {
        if posted.status == 201 {
            let copy = format!("{all}/{}", posted.id());
            world.server.delete(&format!("{copy}?permanent=true")).expect(204);
        }
        let _ = world.server.delete(&format!("{own}?permanent=true"));
    }
    let foreign = json!({"name": "x"});
    let foreign = world.foreign.post("/api/v1/contacts", &foreign).expect(201).id();
    let of_foreign =
        world.foreign.post(all, &body_of(&world.foreign, kind, Some(&foreign))).expect(201).id();
    let refused = [NOBODY, of_foreign.as_str()].map(|id| {
        let answer = client.get(&format!("{all}/{id}"));
        about(&answer, id)
    });
    same_refusal(&refused, if reads { 404 } else { 403 }, &what);
}
