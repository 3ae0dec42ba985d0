//! Groups of contacts that are merged and taken apart again, all the time: after a kill each of
//! them is as it was before the merge or undo that was cut off, or as it is behind that.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringdex::app::{App, Error, Precondition};
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::domain::merge::{Rule, plan};
use ringdex::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::child::{caller, say};
use crate::ledger::{Ledger, Line};

/// The organisation of the groups; nothing else is in it.
const ORGANIZATION: OrgNumber = OrgNumber(3);
/// Groups, and contacts of each.
const GROUPS: usize = 6;
const SIZE: usize = 3;

/// What is known of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    /// The contacts as they were created.
    originals: Vec<Contact>,
    /// The merge that stands.
    merge: Option<Uuid>,
    /// A merge or undo was begun and not acknowledged.
    is_pending: bool,
}

/// How a merge or undo of a group stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    /// It is about to begin.
    Begun,
    /// The group is merged.
    Merged(Uuid),
    /// The group is apart.
    Apart,
}

/// Makes the groups.
pub(crate) fn begin(app: &App) -> Vec<Group> {
    app.create_organization(&caller(OrgNumber(1)), "third", None).expect("an organisation");
    let contact = |group: usize, at: usize| {
        let body = json!({
            "name": format!("Person {group} {at}"), "phone": format!("+120255501{group}{at}"),
            "email": format!("p{group}{at}@example.com"), "tags": [format!("t{at}")],
            "title": format!("Title {at}"), "custom_fields": {"at": at},
            // Large enough to be kept in parts, in the record of the merge as well.
            "notes": format!("note {group} {at} ").repeat(if group.is_multiple_of(2) { 800 } else { 1 }),
        });
        let made = app.create_contact(&caller(ORGANIZATION), &body, None).expect("a contact");
        made.contact.as_ref().clone()
    };
    let group = |group| Group {
        originals: (0..SIZE).map(|at| contact(group, at)).collect(),
        merge: None,
        is_pending: false,
    };
    (0..GROUPS).map(group).collect()
}

/// Takes note of a line.
pub(crate) fn note(groups: &mut [Group], at: usize, step: Step) {
    let group = &mut groups[at];
    group.is_pending = matches!(step, Step::Begun);
    match step {
        Step::Begun => {}
        Step::Merged(merge) => group.merge = Some(merge),
        Step::Apart => group.merge = None,
    }
}

/// Merges groups and takes them apart until told to stop; this thread works on every nth group.
pub(crate) fn work(
    app: &App,
    ledger: &Ledger,
    (thread, threads): (usize, usize),
    seed: u64,
    goes_on: impl Fn() -> bool,
) -> Result<(), Error> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0x6d65 ^ thread as u64);
    let mut standing: BTreeMap<usize, Option<Uuid>> = (thread..ledger.groups.len())
        .step_by(threads)
        .map(|at| (at, ledger.groups[at].merge))
        .collect();
    let own: Vec<usize> = standing.keys().copied().collect();
    let caller = caller(ORGANIZATION);
    while goes_on() {
        let at = own[rng.random_range(0..own.len())];
        let ids: Vec<ContactId> = ledger.groups[at].originals.iter().map(|one| one.id).collect();
        say(Line::Group { at, step: Step::Begun });
        let merge = match standing[&at] {
            None => {
                let body = json!({"primary": ids[0], "others": ids[1..]});
                app.merge_contacts(&caller, &body, Precondition::None, None)?.merge_id
            }
            Some(merge) => {
                app.undo_merge(&caller, merge, &json!({}), &Precondition::None, None)?;
                None
            }
        };
        standing.insert(at, merge);
        say(Line::Group { at, step: merge.map_or(Step::Apart, Step::Merged) });
    }
    Ok(())
}

/// A contact without what every write changes.
fn plain(contact: &Contact) -> Contact {
    let mut plain = contact.clone();
    plain.version = 0;
    plain.updated_at = Timestamp(0);
    plain.updated_by = None;
    plain
}

/// Compares the groups with what is known, and decides what was pending.
pub(crate) fn verify(app: &App, ledger: &mut Ledger, failures: &mut Vec<String>) {
    for (at, group) in ledger.groups.iter_mut().enumerate() {
        match found(app, group) {
            Ok(merge) if group.is_pending || merge == group.merge => {
                (group.merge, group.is_pending) = (merge, false);
            }
            Ok(merge) => failures.push(format!("group {at} is {merge:?}, not {:?}", group.merge)),
            Err(failure) => failures.push(format!("group {at}: {failure}")),
        }
    }
}

/// The merge that stands, if the group is wholly merged; none, if it is wholly apart.
fn found(app: &App, group: &Group) -> Result<Option<Uuid>, String> {
    let mut contacts = Vec::new();
    for one in &group.originals {
        let stored = app.partition().contact(ORGANIZATION, one.id).map_err(|e| e.to_string())?;
        contacts.push(plain(stored.as_deref().ok_or("a contact is gone")?));
    }
    let originals: Vec<Contact> = group.originals.iter().map(plain).collect();
    let Some(merge) = contacts[0].merges.first().copied() else {
        return if contacts == originals {
            Ok(None)
        } else {
            Err(format!("half apart: {contacts:?}"))
        };
    };
    let mut expected = originals.clone();
    expected[0] = plan(&originals[0], &originals[1..], &BTreeMap::new(), &Rule::Primary).merged;
    expected[0].merges = vec![merge];
    for (one, stored) in expected[1..].iter_mut().zip(&contacts[1..]) {
        one.merged_into = Some(originals[0].id);
        one.merge_id = Some(merge);
        one.deleted_at = stored.deleted_at;
    }
    let is_deleted = contacts[1..].iter().all(Contact::is_deleted);
    let record = app.partition().merge(ORGANIZATION, merge).map_err(|e| e.to_string())?;
    if contacts == expected && is_deleted && record.is_some_and(|record| record.is_active()) {
        Ok(Some(merge))
    } else {
        Err(format!("half merged: {contacts:?}"))
    }
}
