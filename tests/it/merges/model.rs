//! Random merges, undos, changes, deletions and restarts: whatever happens, nobody's numbers, tags
//! and notes are lost, old ids lead to who has them, and merging and undoing changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use ringdex::app::{Access, Deletion, Error, Precondition};
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::domain::time::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, operator};

const ORG: u32 = 1;

#[derive(Clone, Debug)]
enum Op {
    /// Adds a number, a tag and a line to the notes, and changes the title.
    Add(Index, u8),
    Merge(Index, Vec<Index>),
    /// Undoes a merge; where it is asked whose a change is, this is answered.
    Undo(Index, Index),
    /// Merges and undoes at once.
    ThereAndBack(Index, Index),
    Delete(Index),
    Restore(Index),
    Erase(Index),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), 0..40u8).prop_map(|(at, n)| Op::Add(at, n)),
        6 => (at(), prop::collection::vec(at(), 1..3)).prop_map(|(to, from)| Op::Merge(to, from)),
        5 => (at(), at()).prop_map(|(at, answer)| Op::Undo(at, answer)),
        2 => (at(), at()).prop_map(|(to, from)| Op::ThereAndBack(to, from)),
        1 => at().prop_map(Op::Delete),
        1 => at().prop_map(Op::Restore),
        1 => at().prop_map(Op::Erase),
        1 => Just(Op::Restart),
    ]
}

struct Model {
    test: TestApp,
    ids: Vec<ContactId>,
    merges: Vec<Uuid>,
    /// Numbers that were given to somebody and must be somewhere.
    numbers: BTreeSet<String>,
}

/// A refusal that follows from what was done before.
fn is_expected(error: &Error) -> bool {
    matches!(
        error,
        Error::ContactNotFound | Error::Merged { .. } | Error::UndoBlocked(_) | Error::NotFound(_)
    )
}

/// A contact without what every change changes.
fn plain(mut contact: Contact) -> Contact {
    contact.version = 0;
    contact.updated_at = Timestamp(0);
    contact.updated_by = None;
    contact
}

impl Model {
    fn new() -> Self {
        let test = TestApp::new();
        let body = |at: usize| {
            let company = (at % 2 == 1).then(|| format!("Company {at}"));
            json!({"name": format!("Person {at}"), "company": company, "phone": format!("+120255500{at:02}"),
                "tags": [format!("t{at}")], "notes": format!("<{at}>"), "title": format!("T{at}")})
        };
        let ids: Vec<ContactId> = (0..8).map(|at| test.create(ORG, &body(at)).id).collect();
        let mut model = Self { test, ids, merges: Vec::new(), numbers: BTreeSet::new() };
        model.numbers = model.all_numbers();
        model
    }

    fn records(&self) -> BTreeMap<ContactId, Contact> {
        let read = |id: &ContactId| {
            let found = self.test.app().partition().contact(OrgNumber(ORG), *id).unwrap()?;
            Some((*id, found.as_ref().clone()))
        };
        self.ids.iter().filter_map(read).collect()
    }

    fn all_numbers(&self) -> BTreeSet<String> {
        let records = self.records();
        records.values().flat_map(|one| one.phones.iter().map(|p| p.number.clone())).collect()
    }

    fn pick(&self, at: Index) -> ContactId {
        self.ids[at.index(self.ids.len())]
    }

    fn merge(&mut self, to: ContactId, from: &[ContactId]) -> Option<Uuid> {
        let body = json!({"primary": to, "others": from});
        match self.test.app().merge_contacts(&operator(ORG), &body, Precondition::None, None) {
            Ok(done) => {
                self.merges.extend(done.merge_id);
                done.merge_id
            }
            Err(error) => {
                assert!(is_expected(&error), "{error:?}");
                None
            }
        }
    }

    fn undo(&self, merge: Uuid, body: &Value) -> Result<(), Error> {
        self.test.app().undo_merge(&operator(ORG), merge, body, &Precondition::None, None).map(drop)
    }

    fn run(&mut self, op: Op) {
        let before = self.records();
        match op {
            Op::Add(at, n) => self.add(before.get(&self.pick(at)), n),
            Op::Merge(to, from) => {
                let to = self.pick(to);
                let from: BTreeSet<ContactId> = from.into_iter().map(|at| self.pick(at)).collect();
                let from: Vec<ContactId> = from.into_iter().filter(|id| *id != to).collect();
                if !from.is_empty() {
                    self.merge(to, &from);
                }
            }
            Op::Undo(at, answer) => {
                if self.merges.is_empty() {
                    return;
                }
                let merge = self.merges[at.index(self.merges.len())];
                let outcome = self.undo(merge, &json!({}));
                let outcome = match outcome {
                    Err(Error::UndoConflict(conflicts)) => {
                        assert_eq!(self.records(), before, "asking changes nothing");
                        let answers: serde_json::Map<String, Value> = conflicts
                            .iter()
                            .map(|one| {
                                let choice = &one.choices[answer.index(one.choices.len())];
                                (one.field.clone(), json!(choice))
                            })
                            .collect();
                        self.undo(merge, &json!({"resolve": answers}))
                    }
                    outcome => outcome,
                };
                if let Err(error) = outcome {
                    assert!(is_expected(&error), "{error:?}");
                    assert_eq!(self.records(), before);
                }
            }
            Op::ThereAndBack(to, from) => {
                let (to, from) = (self.pick(to), self.pick(from));
                if to != from
                    && let Some(merge) = self.merge(to, &[from])
                {
                    self.undo(merge, &json!({})).unwrap();
                    let after = self.records().into_values().map(plain);
                    assert!(after.eq(before.into_values().map(plain)));
                }
            }
            Op::Delete(at) => self.delete(at, Deletion::Soft),
            Op::Erase(at) => {
                self.delete(at, Deletion::Permanent);
                self.numbers = self.all_numbers();
            }
            Op::Restore(at) => {
                let done = self.test.app().restore_contact(
                    &operator(ORG),
                    self.pick(at),
                    &Precondition::None,
                );
                assert!(done.as_ref().err().is_none_or(is_expected), "{done:?}");
            }
            Op::Restart => self.test.restart(),
        }
    }

    fn add(&mut self, contact: Option<&Contact>, n: u8) {
        let Some(contact) = contact else { return };
        let number = format!("+120255501{n:02}");
        let mut phones: Vec<Value> =
            contact.phones.iter().map(|phone| json!({"number": phone.number})).collect();
        phones.push(json!({"number": number}));
        let mut tags = contact.tags.clone();
        tags.push(format!("n{n}"));
        let notes = format!("{}\n[{n}]", contact.notes.clone().unwrap_or_default());
        let mut patch = json!({"phones": phones, "tags": tags, "notes": notes});
        // Of some contacts this came from another one, so undoing must ask.
        let field = if n.is_multiple_of(3) { "company" } else { "title" };
        patch[field] = json!(format!("N{n}"));
        let app = self.test.app();
        match app.update_contact(&operator(ORG), contact.id, &patch, &Precondition::None) {
            Ok(_) => drop(self.numbers.insert(number)),
            Err(error) => assert!(is_expected(&error), "{error:?}"),
        }
    }

    fn delete(&self, at: Index, deletion: Deletion) {
        let (app, id) = (self.test.app(), self.pick(at));
        let done = app.delete_contact(&operator(ORG), id, deletion, Precondition::None, false);
        assert!(done.as_ref().err().is_none_or(is_expected), "{done:?}");
    }

    /// What must hold after every operation.
    fn verify(&self) {
        let records = self.records();
        assert!(self.numbers.is_subset(&self.all_numbers()), "a number is nowhere any more");
        for one in records.values() {
            let mut survivor = one;
            while let Some(into) = survivor.merged_into {
                survivor = &records[&into];
            }
            let app = self.test.app();
            match app.read_contact(&operator(ORG), one.id) {
                Ok(_) => assert!(!one.is_deleted()),
                Err(Error::Merged { into, .. }) => assert_eq!(into, survivor.id),
                Err(_) => assert!(survivor.is_deleted()),
            }
            for phone in &one.phones {
                assert!(survivor.phones.iter().any(|p| p.number == phone.number), "{phone:?}");
            }
            assert!(one.tags.iter().all(|tag| survivor.tags.contains(tag)));
            let notes = survivor.notes.as_deref().unwrap_or("");
            assert!(notes.contains(one.notes.as_deref().unwrap_or("").trim()), "{notes}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_whatever_happens(ops in prop::collection::vec(op(), 1..30)) {
        let mut model = Model::new();
        for op in ops {
            model.run(op);
            model.verify();
        }
        model.test.restart();
        model.verify();
        let report = model.test.app().check(&Access::operator_of(OrgNumber(ORG)), &mut |_| {});
        prop_assert!(report.as_ref().unwrap().is_clean(), "{report:?}");
    }
}
