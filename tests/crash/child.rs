//! The process that is killed: opens the data directory, verifies it, and writes until it dies.
//!
//! Every contact belongs to one thread, so that its operations have an order; one contact is
//! shared by all and grows a counter under preconditions.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringdex::app::{Access, App, BulkItem, Deletion, Error, Precondition};
use ringdex::domain::access::Caller;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::engine::{Cancel, Options, SnapshotOptions};
use ringdex::store::fault;
use ringdex::vault::MasterKey;
use serde_json::{Value, json};

use crate::groups;
use crate::ledger::{Ledger, Line, Pending, Said, State, batch_marker, content, digest};
use crate::{power, verify};

const THREADS: usize = 4;
/// Contacts of earlier rounds that a thread goes on with.
const INHERITED: usize = 40;

/// Says that the directory of a child is encrypted.
pub(crate) const ENCRYPTED: &str = "RINGDEX_CRASH_ENCRYPTED";

/// Says that the child does nothing but merge and undo.
pub(crate) const MERGING: &str = "RINGDEX_CRASH_MERGING";

/// The key of encrypted directories.
pub(crate) fn key() -> MasterKey {
    MasterKey::from_text(&"5a".repeat(32), "the test").expect("a key")
}

/// Small buffers and short intervals, so that in a second as much happens as otherwise in an hour.
pub(crate) fn options(is_encrypted: bool) -> Options {
    Options {
        encryption_key: is_encrypted.then(key),
        store_cache_bytes: 8 << 20,
        index_writer_bytes: 16 << 20,
        cards: 200,
        journal_segment_bytes: 256 << 10,
        checkpoint_every: Duration::from_millis(60),
        snapshots: SnapshotOptions {
            history: Duration::ZERO,
            history_bytes: 0,
            ..SnapshotOptions::default()
        },
        ..Options::default()
    }
}

/// The caller that works in one of the two organisations.
pub(crate) fn caller(organization: OrgNumber) -> Caller {
    Access::operator_of(organization)
}

/// The organisation of a marker.
pub(crate) fn organization_of(marker: &str) -> OrgNumber {
    OrgNumber(if marker.starts_with('b') { 2 } else { 1 })
}

/// One line at a time goes to the supervisor, each by one write.
pub(crate) fn say(line: Line) {
    static OUT: Mutex<()> = Mutex::new(());
    let _one = OUT.lock();
    let said = Said { at: power::now(), line };
    let mut bytes = serde_json::to_vec(&said).expect("a line serialises");
    bytes.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&bytes).expect("the supervisor listens");
    out.flush().expect("the supervisor listens");
}

/// Runs until it is killed, or until its standard input is closed: then it ends in good order.
pub(crate) fn run(root: &Path, seed: u64) {
    let ledger_path = root.join("ledger.json");
    let mut ledger = Ledger::load(&ledger_path);
    let app = match App::open(&root.join("data"), options(std::env::var_os(ENCRYPTED).is_some())) {
        Ok(app) => app,
        Err(error) => {
            say(Line::Failed(format!("does not open: {error} ({error:?})")));
            return;
        }
    };
    let failures = verify::verify(&app, &mut ledger, seed);
    for failure in &failures {
        say(Line::Failed(failure.clone()));
    }
    if !failures.is_empty() {
        return;
    }
    ledger.save(&root.join("ledger.verified.json"));
    say(Line::Verified);

    let stop = AtomicBool::new(false);
    let is_merging = std::env::var_os(MERGING).is_some();
    let (writers, mergers) = if is_merging { (0, 3) } else { (THREADS, 1) };
    std::thread::scope(|scope| {
        for thread in 0..mergers {
            let (app, ledger, stop) = (&app, &ledger, &stop);
            scope.spawn(move || {
                let goes_on = || !stop.load(Ordering::Relaxed);
                if let Err(error) = groups::work(app, ledger, (thread, mergers), seed, goes_on) {
                    say(Line::Failed(format!("a merge was refused: {error}")));
                }
            });
        }
        for thread in 0..writers {
            let (app, ledger, stop) = (&app, &ledger, &stop);
            scope.spawn(move || {
                let mut writer = Writer::new(app, ledger, thread, seed);
                while !stop.load(Ordering::Relaxed) {
                    if let Err(error) = writer.step() {
                        say(Line::Failed(format!("a write was refused: {error}")));
                        return;
                    }
                }
            });
        }
        // Ends when the supervisor closes the pipe.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stop.store(true, Ordering::Relaxed);
    });
}

struct Mine {
    marker: String,
    id: ContactId,
    state: State,
    revision: u64,
}

struct Writer<'a> {
    app: &'a App,
    caller: Caller,
    rng: StdRng,
    prefix: String,
    made: u64,
    mine: Vec<Mine>,
    counter: ContactId,
    /// How many of a hundred steps of the first thread rebuild the index.
    reindex_percent: u32,
    /// How many of a hundred steps of the second thread make the files smaller.
    compact_percent: u32,
}

impl<'a> Writer<'a> {
    fn new(app: &'a App, ledger: &Ledger, thread: usize, seed: u64) -> Self {
        let organization = if thread == THREADS - 1 { "b" } else { "a" };
        let start = format!("{organization}{thread}-");
        let is_for_reindex = std::env::var(fault::VARIABLE).is_ok_and(|p| p.starts_with("reindex"));
        let is_for_upkeep = std::env::var(fault::VARIABLE)
            .is_ok_and(|p| p.starts_with("snapshot") || p.starts_with("compact"));
        let mine = ledger.contacts.iter().filter(|(marker, known)| {
            marker.starts_with(&start) && matches!(known.state, State::Live | State::Deleted)
        });
        let mut mine: Vec<Mine> = mine
            .filter_map(|(marker, known)| {
                let (state, revision) = (known.state, known.revision);
                Some(Mine { marker: marker.clone(), id: known.id?, state, revision })
            })
            .collect();
        let mut rng = StdRng::seed_from_u64(seed ^ thread as u64);
        while mine.len() > INHERITED {
            mine.swap_remove(rng.random_range(0..mine.len()));
        }
        Self {
            app,
            caller: caller(organization_of(organization)),
            rng,
            prefix: format!("{start}{}", ledger.round),
            made: 0,
            mine,
            reindex_percent: if is_for_reindex { 40 } else { 5 },
            compact_percent: if is_for_upkeep { 40 } else { 4 },
            counter: ledger.counter_id.expect("a counter"),
        }
    }

    fn new_marker(&mut self) -> String {
        self.made += 1;
        format!("{}-{}", self.prefix, self.made)
    }

    fn step(&mut self) -> Result<(), Error> {
        let choice = self.rng.random_range(0..100);
        if self.prefix.starts_with("a0-") && choice < self.reindex_percent {
            self.app.reindex(&self.caller, &mut |_| {})?;
            say(Line::Reindexed);
            return Ok(());
        }
        if self.prefix.starts_with("a1-") && choice < self.compact_percent {
            // Each now and then alone, for both take long here.
            self.app.partition().take_snapshot(&Cancel::never())?;
            if choice % 3 == 0 {
                self.app.partition().compact_store(&Cancel::never())?;
            }
            return Ok(());
        }
        match choice {
            0..25 => self.create(),
            25..33 => self.create_many(),
            33..40 if self.caller.organization == OrgNumber(1) => self.count(),
            _ => self.change(),
        }
    }

    fn create(&mut self) -> Result<(), Error> {
        let marker = self.new_marker();
        say(Line::Intent { marker: marker.clone(), pending: Pending::Create });
        let body = content(&marker, 0).body(&marker);
        let contact = self.app.create_contact(&self.caller, &body, None)?.contact;
        say(Line::Ack {
            marker: marker.clone(),
            id: contact.id,
            version: contact.version,
            digest: Some(digest(&contact)),
        });
        self.mine.push(Mine { marker, id: contact.id, state: State::Live, revision: 0 });
        Ok(())
    }

    fn create_many(&mut self) -> Result<(), Error> {
        let name = self.new_marker();
        let size = self.rng.random_range(2..25);
        say(Line::Batch { name: name.clone(), size });
        let markers: Vec<String> = (0..size).map(|at| batch_marker(&name, at)).collect();
        let bodies: Vec<Value> = markers.iter().map(|m| content(m, 0).body(m)).collect();
        let (items, _) = self.app.create_contacts(&self.caller, &bodies)?;
        let ids: Vec<ContactId> = items
            .iter()
            .map(|item| match item {
                BulkItem::Created(id, _) => *id,
                BulkItem::Invalid(issues) => panic!("{issues:?}"),
            })
            .collect();
        let few = markers.into_iter().zip(ids.clone()).take(5);
        self.mine.extend(few.map(|(marker, id)| Mine {
            marker,
            id,
            state: State::Live,
            revision: 0,
        }));
        say(Line::BatchAck { name, ids });
        Ok(())
    }

    fn change(&mut self) -> Result<(), Error> {
        if self.mine.is_empty() {
            return Ok(());
        }
        let at = self.rng.random_range(0..self.mine.len());
        let choice = self.rng.random_range(0..10);
        let Mine { marker, id, state, revision } = &mut self.mine[at];
        let (marker, id) = (marker.clone(), *id);
        let pending = match (*state, choice) {
            (_, 0) => Pending::Erase,
            (State::Deleted, _) => Pending::Restore,
            (_, 1..3) => Pending::Delete,
            _ => Pending::Update { revision: *revision + 1 },
        };
        say(Line::Intent { marker: marker.clone(), pending });
        let none = Precondition::None;
        let (version, digest) = match pending {
            Pending::Update { revision: next } => {
                *revision = next;
                let patch = content(&marker, next).body(&marker);
                let (contact, _) = self.app.update_contact(&self.caller, id, &patch, &none)?;
                (contact.version, Some(digest(&contact)))
            }
            Pending::Restore => {
                *state = State::Live;
                let (contact, _) =
                    self.app.restore_contact(&self.caller, id, &Precondition::None)?;
                (contact.version, Some(digest(&contact)))
            }
            Pending::Delete => {
                *state = State::Deleted;
                self.app.delete_contact(&self.caller, id, Deletion::Soft, none, false)?;
                let partition = self.app.partition();
                let contact = partition.contact(self.caller.organization, id)?;
                (contact.expect("softly deleted").version, None)
            }
            Pending::Erase | Pending::Create => {
                self.app.delete_contact(&self.caller, id, Deletion::Permanent, none, false)?;
                self.mine.swap_remove(at);
                (0, None)
            }
        };
        say(Line::Ack { marker, id, version, digest });
        Ok(())
    }

    /// Adds one to the counter that all threads share.
    fn count(&mut self) -> Result<(), Error> {
        let contact = self.app.read_contact(&self.caller, self.counter)?;
        let count = contact.custom_fields.get("count").and_then(Value::as_u64).expect("a counter");
        say(Line::Count);
        let patch = json!({"custom_fields": {"count": count + 1}});
        let only_if = Precondition::Versions(vec![contact.version]);
        match self.app.update_contact(&self.caller, self.counter, &patch, &only_if) {
            Ok(_) => say(Line::Counted),
            Err(Error::RevisionConflict { .. }) => say(Line::NotCounted),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
