//! Departments, queues, people and machines for the tests of access, and dice that fall the same
//! way every time.

use std::time::{Duration, Instant};

use ringdex::app::Presented;
use ringdex::domain::access::Caller;
use serde_json::{Value, json};

use crate::support::server::{Answer, Client, TestServer, escape};

/// An id that nothing has.
pub(super) const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// Makes a department; its id.
pub(super) fn department(admin: &Client, name: &str) -> String {
    admin.post("/api/v1/departments", &json!({"name": name})).expect(201).id()
}

/// Makes a queue with members; its id.
pub(super) fn queue(admin: &Client, name: &str, members: &[&str]) -> String {
    let body = json!({"name": name, "members": members});
    admin.post("/api/v1/queues", &body).expect(201).id()
}

/// Makes a user; the id.
pub(super) fn user(admin: &Client, name: &str, role: &str, department: Option<&str>) -> String {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    let body = json!({"name": name, "email": email, "role": role, "department_id": department});
    admin.post("/api/v1/users", &body).expect(201).id()
}

/// Somebody who works with a token made from this request.
pub(super) fn bearer(admin: &Client, token: &Value) -> Client {
    let made = admin.post("/api/v1/tokens", token).expect(201);
    admin.with_token(made.json["token"].as_str().unwrap())
}

/// A user at work.
pub(super) fn acting(admin: &Client, user: &str, role: &str) -> Client {
    bearer(admin, &json!({"role": role, "user_id": user}))
}

/// A machine with scopes.
pub(super) fn machine(admin: &Client, scopes: &[&str]) -> Client {
    bearer(admin, &json!({"role": "machine", "scopes": scopes}))
}

/// Who a client is, as the server sees it now.
pub(super) fn caller(server: &TestServer, client: &Client) -> Caller {
    let app = server.app();
    app.access().authenticate(client.token(), Presented::InHeader, None, app.now()).unwrap()
}

/// Uploads a list and waits until the import has ended; the job.
pub(crate) fn import(client: &Client, csv: &str, options: &Value) -> Value {
    let path = format!("/api/v1/imports?options={}", escape(&options.to_string()));
    let csv_type = [("content-type", "text/csv")];
    let started = client.send("POST", &path, &csv_type, Some(csv.as_bytes())).expect(202);
    let job = format!("/api/v1/imports/{}", started.id());
    let begun = Instant::now();
    loop {
        let state = client.get(&job).expect(200).json;
        if !state["finished_at"].is_null() {
            assert_eq!(state["state"], "done", "{state}");
            return state;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{state}");
        std::thread::yield_now();
    }
}

/// The body of an answer as text.
pub(super) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Status and body of an answer with the id that was asked for taken out, so that answers about
/// different ids can be compared.
pub(super) fn about(answer: &Answer, id: &str) -> (u16, String) {
    (answer.status, text(answer).replace(id, "ID"))
}

/// Numbers that look random and are the same for the same seed (`SplitMix64`).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below this one.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A word that nobody else says.
    pub(super) fn word(&mut self) -> String {
        let letter = |dice: &mut Self| char::from(b'a' + u8::try_from(dice.below(26)).unwrap());
        let word: String = (0..10).map(|_| letter(self)).collect();
        // A reader of JSON goes on behind the first letter of `false`, `null` and `true`.
        if word.starts_with(['f', 'n', 't']) {
            word.replacen(['f', 'n', 't'], "w", 1)
        } else {
            word
        }
    }
}
