//! Several machines as one server.

mod follow;
mod jetstream;
pub(crate) mod memory;
mod writes;

use std::sync::Arc;

use ringdex::app::App;
use ringdex::domain::contact::Contact;
use ringdex::engine::{SharedLog, codec, keys};
use serde_json::json;

use crate::support::{TestApp, operator};
use memory::{MemoryLog, MemoryNode};

/// A machine of a cluster whose log is in memory.
struct Machine {
    app: TestApp,
    node: Arc<MemoryNode>,
}

impl Machine {
    fn new(log: &Arc<MemoryLog>, name: &str) -> Self {
        let node = log.node(name);
        let shared: Arc<dyn SharedLog> = node.clone();
        let app = TestApp::with(|options| {
            options.shared = Some(shared);
            options.node = Some(name.into());
        });
        Self { app, node }
    }

    fn app(&self) -> &App {
        self.app.app()
    }

    fn catch_up(&self) {
        self.app().partition().catch_up().unwrap();
    }

    /// Creates a contact of the organisation `default`; whether it was acknowledged.
    fn create(&self, name: &str, phone: &str) -> bool {
        let body = json!({"name": name, "phone": phone});
        self.app().create_contact(&operator(1), &body, None).is_ok()
    }

    /// All contacts of the organisation `default`, by name.
    fn contacts(&self) -> Vec<Contact> {
        let mut all: Vec<Contact> = (self.app().partition())
            .scan(&keys::contacts_of(ringdex::domain::ids::OrgNumber(1)))
            .map(|entry| codec::decode(&entry.unwrap().1).unwrap())
            .collect();
        all.sort_by(|a, b| (&a.display_name, a.number.0).cmp(&(&b.display_name, b.number.0)));
        all
    }

    /// Fails unless everything here agrees with everything else here.
    #[track_caller]
    fn check(&self) {
        let report = self.app().check(&operator(1), &mut |_| {}).unwrap();
        assert!(report.is_clean(), "{report:?}");
    }
}

/// Fails unless all machines have the same history and the same contacts, and each is sound.
#[track_caller]
fn assert_same(machines: &[&Machine]) {
    let mut chains = Vec::new();
    let mut contacts = Vec::new();
    for machine in machines {
        machine.catch_up();
        machine.check();
        chains.push(machine.app().partition().history_end());
        contacts.push(machine.contacts());
    }
    assert!(chains.iter().all(|chain| *chain == chains[0]), "their histories differ");
    assert!(contacts.iter().all(|all| *all == contacts[0]), "their contacts differ");
}
