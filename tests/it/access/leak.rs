//! Two organisations full of marks: whatever is asked, nobody is told a mark, an id or a count of
//! what is not theirs, and a foreign value is answered as one that nobody has.
//!
//! `RINGDEX_LEAK_REQUESTS` sets how many requests are sent; from 20,000 on times are compared too.
//! `RINGDEX_LEAK_SEED` repeats a run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::people::{Dice, NOBODY, acting, bearer, department, import, machine, queue, text, user};
use crate::support::server::{Answer, Client, TestServer, escape};

const OWN: usize = 12;
const LONG: usize = 20_000;

/// A value that nobody on this side may learn.
#[derive(Clone, Debug, PartialEq)]
enum Mark {
    Id(String),
    Word(String),
    /// Ten digits.
    Number(String),
    Mail(String),
}

impl Mark {
    fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Word(text) | Self::Number(text) | Self::Mail(text) => text,
        }
    }

    /// A value of the same shape that nobody has.
    fn twin(&self, dice: &mut Dice) -> Self {
        match self {
            Self::Id(id) => Self::Id(id_like(id, dice)),
            Self::Word(_) => Self::Word(dice.word()),
            Self::Number(_) => Self::Number(format!("202556{:04}", dice.below(10_000))),
            Self::Mail(_) => Self::Mail(format!("{}@{}.example", dice.word(), dice.word())),
        }
    }
}

/// Another id with digits and letters in the same places, since a query reads them differently.
fn id_like(id: &str, dice: &mut Dice) -> String {
    let (fixed, free) = id.split_at(19);
    let other = |c: char| match c {
        '0'..='9' => char::from(b'0' + u8::try_from(dice.below(10)).unwrap()),
        'a'..='f' => char::from(b'a' + u8::try_from(dice.below(6)).unwrap()),
        other => other,
    };
    format!("{fixed}{}", free.chars().map(other).collect::<String>())
}

struct Asker {
    name: &'static str,
    client: Client,
    /// Contacts that this one sees.
    seen: u64,
    /// Whether the hidden contacts of the own organisation are hidden from this one.
    is_limited: bool,
}

struct World {
    server: TestServer,
    askers: Vec<Asker>,
    foreign: Vec<Mark>,
    hidden: Vec<Mark>,
    cursors: Vec<String>,
    keys: Vec<String>,
}

/// Fills a contact with marks; where it stands is said by `place`.
fn marked(
    admin: &Client,
    dice: &mut Dice,
    at: usize,
    place: &Value,
    marks: &mut Vec<Mark>,
    key: &str,
) {
    let mut word = || {
        let word = dice.word();
        marks.push(Mark::Word(word.clone()));
        word
    };
    let mut body = json!({
        "first_name": word(), "last_name": word(), "company": word(), "title": word(),
        "department": word(), "notes": format!("{} {}", word(), word()), "tags": [word(), word()],
        "source": word(), "external_crm_id": word(), "external_crm_provider": word(),
        "custom_fields": {"plan": word(), word(): word()},
        "addresses": [{"street": word(), "city": word()}],
        "social_profiles": {"linkedin": word()},
    });
    let mail = format!("{}@{}.example", word(), word());
    let number = format!("20255{at:05}");
    body["phone"] = json!(format!("+1{number}"));
    body["email"] = json!(mail);
    for (member, value) in place.as_object().unwrap() {
        body[member] = value.clone();
    }
    let made =
        admin.json("POST", "/api/v1/contacts", &[("idempotency-key", key)], &body).expect(201);
    marks.extend([Mark::Id(made.id()), Mark::Number(number), Mark::Mail(mail)]);
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let server = TestServer::start();
        let other = server.organization("second");
        let (mut foreign, mut hidden, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut cursors = Vec::new();
        for at in 0..OWN {
            keys.push(dice.word());
            marked(&other, dice, 50_000 + at, &json!({}), &mut foreign, &keys[at]);
        }
        for _ in 0..3 {
            let names = [dice.word(), dice.word(), dice.word(), dice.word()];
            let home = department(&other, &names[0]);
            let person = user(&other, &names[1], "agent", Some(&home));
            let waiting = queue(&other, &names[2], &[&person]);
            let token = json!({"role": "lookup", "name": names[3]});
            let token = other.post("/api/v1/tokens", &token).expect(201).id();
            foreign.extend([home, person, waiting, token].map(Mark::Id));
            foreign.extend(names.map(Mark::Word));
        }
        let row = [dice.word(), dice.word()];
        let job = import(&other, &format!("name,phone\n{},{}\n", row[0], row[1]), &json!({}));
        foreign.push(Mark::Id(job["id"].as_str().unwrap().to_owned()));
        foreign.extend(row.map(Mark::Word));
        for sort in ["name", "created_at", "relevance"] {
            let page = other.search("", &format!("&per_page=2&sort={sort}&refresh=wait")).json;
            cursors.push(page["next_cursor"].as_str().unwrap().to_owned());
        }

        let admin = server.role("admin");
        let (home, away) = (department(&admin, "Home"), department(&admin, "Away"));
        let agent = user(&admin, "Own Agent", "agent", Some(&home));
        let manager = user(&admin, "Own Manager", "manager", Some(&home));
        let stranger = user(&admin, "Own Stranger", "agent", Some(&away));
        let loner = user(&admin, "Own Loner", "agent", None);
        queue(&admin, "Far", &[&stranger]);
        for at in 0..OWN {
            let body = json!({"name": format!("Own Person{at}"), "phone": format!("+1202557{at:04}"),
                "tags": ["own"], "org_department_id": home});
            admin.create_id(&body);
        }
        let places = [
            json!({"visibility": "owner", "assigned_to": stranger, "org_department_id": away}),
            json!({"visibility": "queue", "assigned_queue": "Far", "org_department_id": away}),
            json!({"visibility": "owner", "assigned_to": loner, "org_department_id": away}),
        ];
        for at in 0..OWN {
            let key = dice.word();
            marked(&admin, dice, 58_000 + at, &places[at % 3], &mut hidden, &key);
        }
        let (own, all) = (OWN as u64, 2 * OWN as u64);
        let bound = json!({"role": "machine", "scopes": ["write", "import", "export"], "department_id": home});
        let asker = |name, client, seen| Asker { name, client, seen, is_limited: seen < all };
        let askers = vec![
            asker("admin", admin.clone(), all),
            asker("manager", acting(&admin, &manager, "manager"), own),
            asker("agent", acting(&admin, &agent, "agent"), own),
            asker("machine of a department", bearer(&admin, &bound), own),
            asker("machine", machine(&admin, &["read", "import", "export"]), all),
            asker("lookup", admin.role("lookup"), all),
        ];
        let rights = json!({"read_audit": true, "import": true, "export": true});
        let settings = json!({"permissions": {"manager": rights, "agent": rights}});
        admin.patch("/api/v1/settings", &settings).expect(200);
        Self { server, askers, foreign, hidden, cursors, keys }
    }
}

/// A request.
#[derive(Debug)]
struct Ask {
    method: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Ask {
    fn send(&self, client: &Client) -> Answer {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.send(&self.method, &self.path, &headers, self.body.as_deref().map(str::as_bytes))
    }
}

/// The operations of the document that are tried: method, path, names of its query parameters.
fn operations() -> Vec<(String, String, Vec<String>)> {
    let document: Value = serde_json::from_str(&ringdex::http::openapi_document()).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let in_query = parameters.filter(|parameter| parameter["in"] == "query");
            let names = in_query.map(|p| p["name"].as_str().unwrap().to_owned()).collect();
            // Figures over all organisations, for this machine; signing in is tried elsewhere.
            if !["/metrics", "/api/v1/session", "/api/v1/events"].contains(&path.as_str()) {
                all.push((method.to_uppercase(), path.clone(), names));
            }
        }
    }
    assert!(all.len() > 40, "{}", all.len());
    all
}

/// A query text around a value.
fn query(dice: &mut Dice, value: &str) -> String {
    let forms = [
        "V",
        "V*",
        "\"V\"",
        "-V",
        "name:V",
        "email:V",
        "company:V",
        "tag:V",
        "tag:V*",
        "source:V",
        "owner:V",
        "title:V",
        "notes:V",
        "cf.plan:V",
        "cf.V:x",
        "V OR own",
        "own V",
        "phone:V",
        "status:V",
        "(V OR person) own",
    ];
    dice.pick(&forms).replace('V', value)
}

/// One request of an operation with a value somewhere in it. The same dice give the same request
/// around another value.
fn ask(
    world: &World,
    operation: &(String, String, Vec<String>),
    dice: &mut Dice,
    value: &str,
) -> Ask {
    let (method, path, parameters) = operation;
    let mut path = path.clone();
    for name in ["{id}", "{user_id}", "{number}", "{token}"] {
        path = path.replace(name, &escape(value));
    }
    path = path.replace("{vendor}", "snom").replace("{tenant}", "default");
    let mut pairs = Vec::new();
    for name in parameters {
        if !dice.one_in(2) {
            continue;
        }
        let given = match name.as_str() {
            "q" => query(dice, value),
            "number" if dice.one_in(3) => value.chars().skip(3).collect(),
            "sort" => (*dice.pick(&["name", "-created_at", "relevance", "updated_at"])).to_owned(),
            "page" | "limit" | "per_page" => dice.pick(&["1", "2", "50"]).to_string(),
            "cursor" => dice.pick(&world.cursors).clone(),
            "format" => (*dice.pick(&["csv", "jsonl"])).to_owned(),
            "refresh" => "false".to_owned(),
            "columns" => format!("id,name,cf.{value}"),
            "permanent" | "force" => "true".to_owned(),
            "options" => json!({"dry_run": true, "on_duplicate": "ask"}).to_string(),
            _ => value.to_owned(),
        };
        pairs.push(format!("{name}={}", escape(&given)));
    }
    if !pairs.is_empty() {
        path = format!("{path}?{}", pairs.join("&"));
    }
    let mut headers = Vec::new();
    if dice.one_in(4) {
        headers.push(("if-none-match", format!("\"{}\"", 1 + dice.below(3))));
        headers.push(("if-match", format!("\"{}\"", 1 + dice.below(3))));
    }
    let is_list = path.starts_with("/api/v1/imports") && !path.contains("/cancel");
    let body = match method.as_str() {
        "GET" | "DELETE" => None,
        _ if is_list => {
            if !path.contains("dry_run") {
                path = format!("/api/v1/imports?options={}", escape("{\"dry_run\":true}"));
            }
            headers.push(("content-type", "text/csv".to_owned()));
            Some(format!("name,phone,email,external_crm_id\nOwn Row,{value},{value},{value}\n"))
        }
        _ => {
            headers.push(("content-type", "application/json".to_owned()));
            Some(json_body(&path, dice, value).to_string())
        }
    };
    if path == "/api/v1/contacts" && method == "POST" && dice.one_in(3) {
        headers.push((
            "idempotency-key",
            format!("{}-{value}-{}", dice.pick(&world.keys), dice.next()),
        ));
    }
    Ask { method: method.clone(), path, headers, body }
}

fn json_body(path: &str, dice: &mut Dice, value: &str) -> Value {
    match path.split('?').next().unwrap() {
        "/api/v1/lookup/batch" => json!({"numbers": [value, format!("+1{value}"), value.get(3..)]}),
        "/api/v1/contacts/search" => {
            json!({"q": query(dice, value), "sort": "name", "refresh": "wait"})
        }
        "/api/v1/contacts" => {
            let members = ["phone", "email", "name", "external_crm_id", "notes"];
            let mut body = json!({"name": "Own Name"});
            body[*dice.pick(&members)] = json!(value);
            body
        }
        // Something that is always refused, since it names what is not of this organisation.
        "/api/v1/tokens" => json!({"role": "agent", "user_id": value, "organization": "second"}),
        "/api/v1/users" => {
            json!({"name": "x", "email": "not an address", "role": "agent", "department_id": value})
        }
        "/api/v1/queues" => json!({"name": "x", "members": [value]}),
        "/api/v1/contacts/bulk" => json!({"contacts": [{"phone": value, "colour": value}, 7]}),
        // A map of that name would be there the second time.
        path if path.starts_with("/api/crm-import-maps/") => json!({"colour": value}),
        "/api/v1/settings" | "/api/v1/departments" | "/api/v1/me/password" => {
            json!({"colour": value})
        }
        _ => json!({"title": "x", "name": "x"}),
    }
}

/// An answer without what differs between two equal requests.
fn comparable(answer: &Answer, value: &str) -> (u16, Option<String>, String) {
    fn strip(json: &mut Value, is_whole: bool) {
        match json {
            Value::Object(members) => {
                for name in [
                    "query",
                    "took_us",
                    "job_id",
                    "upload_id",
                    "seq",
                    "created_at",
                    "updated_at",
                    "finished_at",
                    "job_id",
                    "progress",
                    // Of the moment, whoever asks about what.
                    "since",
                    "lag",
                    "segments",
                ] {
                    members.remove(name);
                }
                if is_whole {
                    for name in ["id", "errors_url", "created_by", "state", "counts"] {
                        members.remove(name);
                    }
                }
                members.values_mut().for_each(|value| strip(value, false));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| strip(value, false)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let total = answer.header("x-total-count").map(str::to_owned);
    let body = if answer.json.is_null() {
        text(answer)
    } else {
        let mut json = answer.json.clone();
        strip(&mut json, matches!(answer.status, 201 | 202));
        json.to_string()
    };
    let folded = value.to_lowercase();
    // The first letter is written large where a name is made of it; the mark is compared folded.
    let mut body = body.to_lowercase();
    // Numbers are echoed in whatever form they were understood.
    body = body.replace(&folded, "V");
    if let Some(end) = folded.get(3..) {
        body = body.replace(end, "V");
    }
    (answer.status, total, body)
}

#[test]
fn nothing_foreign_comes_out() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let wanted = number("RINGDEX_LEAK_REQUESTS").map_or(800, |n| usize::try_from(n).unwrap());
    let seed = number("RINGDEX_LEAK_SEED").unwrap_or(20_261_121);
    println!("RINGDEX_LEAK_SEED={seed} RINGDEX_LEAK_REQUESTS={wanted}");
    let begun = Instant::now();
    let mut dice = Dice::new(seed);
    let world = World::new(&mut dice);
    let operations = operations();
    // What is looked for can be found by those whose it is, or silence would prove nothing.
    let word = world.hidden[0].text();
    assert_eq!(world.askers[0].client.search(word, "&refresh=wait").json["total"], 1);
    let (mut sent, mut statuses) = (0, std::collections::BTreeMap::<u16, usize>::new());
    while sent < wanted {
        let operation = dice.pick(&operations);
        let asker = dice.pick(&world.askers);
        let marks = if asker.is_limited && dice.one_in(2) { &world.hidden } else { &world.foreign };
        let mark = dice.pick(marks).clone();
        let twin = mark.twin(&mut dice);
        let same = dice.next();
        let answers = [&mark, &twin].map(|value| {
            let ask = ask(&world, operation, &mut Dice::new(same), value.text());
            let answer = ask.send(&asker.client);
            tells_nothing(&world, asker, &ask, &answer);
            // What was made is taken away again, so that it is not found by what comes later.
            let creating = ["/api/v1/contacts", "/api/contacts", "/rest/v1/contacts"];
            let is_creating = ask.method == "POST" && creating.contains(&ask.path.as_str());
            if is_creating && answer.status == 201 {
                let path = format!("/api/v1/contacts/{}?permanent=true", answer.id());
                world.server.delete(&path).expect(204);
            }
            sent += 1;
            *statuses.entry(answer.status).or_default() += 1;
            (comparable(&answer, value.text()), ask)
        });
        let [(first, asked), (second, _)] = answers;
        assert_eq!(
            first, second,
            "seed {seed}, {}: {mark:?} is not as {twin:?}: {asked:?}",
            asker.name
        );
    }
    println!("{sent} requests in {:?}: {statuses:?}", begun.elapsed());
    assert!(statuses.len() > 5, "{statuses:?}");
    for asker in &world.askers {
        if asker.name != "lookup" {
            let total = asker.client.search("", "&refresh=wait").json["total"].clone();
            assert_eq!(total, asker.seen, "{}: nothing was added or lost", asker.name);
        }
    }
    if wanted >= LONG {
        compare_times(&world);
    }
}

/// No mark that the request does not say itself, and no count of more than is seen.
fn tells_nothing(world: &World, asker: &Asker, ask: &Ask, answer: &Answer) {
    let said = format!("{:?} {}", answer.headers, text(answer)).to_lowercase();
    let asked = format!("{ask:?}").to_lowercase().replace("%40", "@");
    let hidden = asker.is_limited.then_some(&world.hidden).into_iter().flatten();
    for mark in world.foreign.iter().chain(hidden) {
        let mark = mark.text();
        assert!(
            !said.contains(mark) || asked.contains(mark),
            "{}: {mark} in the answer to {ask:?}: {said}",
            asker.name
        );
    }
    assert!(answer.status < 500, "{ask:?}: {said}");
    if ask.path.starts_with("/api/v1/contacts") || ask.path.starts_with("/api/v1/lookup") {
        for count in [&answer.json["total"], &answer.json["count"]] {
            assert!(count.as_u64().unwrap_or(0) <= asker.seen, "{}: {ask:?}: {said}", asker.name);
        }
    }
}

/// Reading a foreign id takes as long as reading one that never was, give or take a half.
fn compare_times(world: &World) {
    let id = |marks: &[Mark]| {
        let found = marks.iter().find(|mark| matches!(mark, Mark::Id(_)));
        found.unwrap().text().to_owned()
    };
    let agent = &world.askers[2].client;
    let ids = [NOBODY.to_owned(), id(&world.foreign), id(&world.hidden)];
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..2_000 {
        for (id, times) in ids.iter().zip(&mut times) {
            let begun = Instant::now();
            agent.get(&format!("/api/v1/contacts/{id}"));
            times.push(begun.elapsed());
        }
    }
    let [nobody, foreign, hidden] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    println!("medians: nobody {nobody:?}, foreign {foreign:?}, hidden {hidden:?}");
    for (time, name) in [(foreign, "foreign"), (hidden, "hidden")] {
        assert!(time < nobody * 3 / 2 && nobody < time * 3 / 2, "{name}: {time:?}, {nobody:?}");
    }
}

#[test]
fn names_of_others_are_free_and_their_people_are_none() {
    let mut dice = Dice::new(3);
    let world = World::new(&mut dice);
    let admin = &world.askers[0].client;
    let words = |mark: &&Mark| matches!(mark, Mark::Word(_));
    for mark in world.foreign.iter().filter(words).rev().take(14) {
        // Departments and queues of one organisation do not stand in the way of another's.
        department(admin, mark.text());
        queue(admin, mark.text(), &[]);
    }
    for mark in world.foreign.iter().filter(|mark| matches!(mark, Mark::Id(_))) {
        let id = mark.text();
        admin.post("/api/v1/tokens", &json!({"role": "agent", "user_id": id})).expect(422);
        admin.post("/api/v1/tokens", &json!({"role": "agent", "department_id": id})).expect(422);
        admin.post("/api/v1/queues", &json!({"name": "Thieves", "members": [id]})).expect(422);
        let thief =
            json!({"name": "T", "email": "t@example.com", "role": "agent", "department_id": id});
        admin.post("/api/v1/users", &thief).expect(422);
        // Named as owner, a foreign user is as unknown as a text like any other.
        let detail_of = |owner: &str| {
            let refused =
                admin.post("/api/v1/contacts", &json!({"name": "Owned", "assigned_to": owner}));
            refused.expect(422).json["errors"][0]["detail"].as_str().unwrap().replace(owner, "it")
        };
        assert_eq!(detail_of(id), detail_of("anything"));
    }
    for key in &world.keys {
        // A key that somebody else used with another request is a new one here.
        let key = [("idempotency-key", key.as_str())];
        admin.json("POST", "/api/v1/contacts", &key, &json!({"name": "Own Name"})).expect(201);
    }
    admin.get("/metrics").expect(403);
    let listed = admin.get("/api/v1/organizations").expect(200).json;
    assert_eq!(listed["total"], 1);
}
