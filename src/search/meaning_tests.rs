//! Searches with what is remembered against searches that look everything up, while contacts come
//! and go, in two organisations with the same people.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::domain::access::{FieldRights, Sight};
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, ContactId, ContactNumber, OrgNumber};
use crate::index::Mirror;
use crate::query::{Condition, Expr, Shape};
use crate::search::{Caches, Hits, Request, Sort, SortField, run};

const FIRST: [&str; 8] =
    ["Robert", "Bob", "Anna", "Hannah", "Katherine", "Catharina", "Mary Ann", "Jo"];
const LAST: [&str; 8] =
    ["Kowalski", "Kovalsky", "Meyer", "Maier", "van den Berg", "Müller", "Mueller", "Bo"];
/// Words as they are asked for, of which some are nobody's.
const ASKED: [&str; 12] = [
    "robert", "bob", "anna", "kathrine", "maryann", "kowalski", "kovalski", "meier", "muller",
    "berg", "owals", "jo",
];
const ORGS: [OrgNumber; 2] = [OrgNumber(1), OrgNumber(12)];

fn contact(number: u32, (first, last): (usize, usize)) -> Contact {
    let mut contact = Contact::decoy();
    contact.id = ContactId::generate();
    contact.number = ContactNumber(number);
    contact.display_name = format!("{} {}", FIRST[first], LAST[last]);
    contact.fields.first_name = Some(FIRST[first].to_owned());
    contact.fields.last_name = Some(LAST[last].to_owned());
    contact
}

fn words(asked: &[usize], last_begins: bool) -> Expr {
    let shape = |at: usize| {
        if last_begins && at + 1 == asked.len() { Shape::Prefix } else { Shape::Word }
    };
    let word = |(at, word): (usize, &usize)| {
        Expr::Is(Condition::Word { field: None, text: ASKED[*word].to_owned(), shape: shape(at) })
    };
    Expr::all(asked.iter().enumerate().map(word).collect())
}

fn ask(mirror: &Mirror, caches: &Caches, org: OrgNumber, expr: &Expr) -> Hits {
    let request = Request {
        is_strict: false,
        space: Space::live(org),
        expr,
        typed: "",
        aliases: &BTreeMap::new(),
        sight: &Sight::Everything,
        fields: &FieldRights::default(),
        custom_keys: &[],
        hides_archived: true,
        status: None,
        sort: &Sort { field: SortField::Relevance, is_descending: false },
        after: None,
        start: None,
        offset: 0,
        limit: 20,
        most_total: None,
        facets: &[],
        facet_values: 3,
        time_budget: None,
    };
    run(mirror.schema(), &mirror.searcher(), caches, &request).unwrap()
}

#[derive(Clone, Debug)]
enum Act {
    Add(usize, (usize, usize)),
    Remove(usize),
    Ask(Vec<usize>, bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..2_usize, (0..FIRST.len(), 0..LAST.len())).prop_map(|(org, name)| Act::Add(org, name)),
        1 => any::<usize>().prop_map(Act::Remove),
        4 => (prop::collection::vec(0..ASKED.len(), 1..4), any::<bool>())
            .prop_map(|(asked, last_begins)| Act::Ask(asked, last_begins)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What is remembered of words and segments changes no page and no total, and nothing that one
    /// organisation has asked is answered to another.
    #[test]
    fn what_is_remembered_changes_nothing(acts in prop::collection::vec(act(), 1..40)) {
        let dir = TempDir::new().unwrap();
        let mut mirror = Mirror::open(dir.path(), Schema::load().unwrap(), 16 << 20, None).unwrap();
        let kept = Caches::default();
        let (mut known, mut next): (Vec<u32>, u32) = (Vec::new(), 0);
        for (at, act) in (1..).zip(acts) {
            match act {
                Act::Add(org, name) => {
                    next += 1;
                    known.push(next);
                    mirror.upsert(ORGS[org], &contact(next, name), true).unwrap();
                }
                Act::Remove(which) if !known.is_empty() => {
                    mirror.delete(ContactNumber(known.swap_remove(which % known.len())));
                }
                Act::Remove(_) => {}
                Act::Ask(asked, last_begins) => {
                    mirror.commit(ChangeSeq(at)).unwrap();
                    let expr = words(&asked, last_begins);
                    for org in ORGS.into_iter().chain(ORGS) {
                        let anew = ask(&mirror, &Caches::default(), org, &expr);
                        let again = ask(&mirror, &kept, org, &expr);
                        prop_assert_eq!(again.hits, anew.hits);
                        prop_assert_eq!((again.total, again.step), (anew.total, anew.step));
                    }
                }
            }
        }
    }
}

/// One segment with some people.
fn people() -> (TempDir, Mirror) {
    let dir = TempDir::new().unwrap();
    let mut mirror = Mirror::open(dir.path(), Schema::load().unwrap(), 16 << 20, None).unwrap();
    for number in 0..64 {
        let name = (number as usize % 8, number as usize / 8);
        mirror.upsert(ORGS[0], &contact(number, name), true).unwrap();
    }
    mirror.commit(ChangeSeq(1)).unwrap();
    (dir, mirror)
}

#[test]
fn a_word_is_looked_up_once() {
    let (_dir, mirror) = people();
    let caches = Caches::default();
    let segments = caches.segments(mirror.schema(), &mirror.searcher()).unwrap();
    let expansions = &segments[0].view.expansions;
    let expr = words(&[0, 5], false);
    assert_eq!(expansions.known.len(), 0);
    let first = ask(&mirror, &caches, ORGS[0], &expr);
    let (kept, made) = (expansions.known.len(), caches.meanings.made.load(Ordering::Relaxed));
    assert!(kept > 0 && made > 0);
    let second = ask(&mirror, &caches, ORGS[0], &expr);
    assert_eq!((&first.hits, first.total), (&second.hits, second.total));
    assert_eq!(expansions.known.len(), kept);
    assert_eq!(caches.meanings.made.load(Ordering::Relaxed), made);
    // Memory that runs short takes them, and they come back.
    caches.let_go();
    assert_eq!(expansions.known.len(), 0);
    assert_eq!(ask(&mirror, &caches, ORGS[0], &expr).total, first.total);
    assert_eq!(expansions.known.len(), kept);
    // Somebody else asks the same of another part of the index.
    ask(&mirror, &caches, ORGS[1], &expr);
    assert!(expansions.known.len() > kept);
}

#[test]
fn another_schema_means_other_words() {
    let meanings = Meanings::default();
    let (one, other) = (Schema::load().unwrap(), Schema::load().unwrap());
    let id = |schema| meanings.get(schema, b"anna", Vec::new).id;
    assert_eq!(id(&one), id(&one));
    let first = id(&one);
    assert_ne!(first, id(&other));
    assert_ne!(first, id(&one));
}

#[test]
fn what_was_not_found_to_the_end_is_not_kept() {
    let expansions = Expansions::new(1_000);
    let meaning = Meanings::default().get(&Schema::load().unwrap(), b"anna", Vec::new);
    let look = |is_whole| {
        let looked = |_: &[Source]| Ok::<_, ()>(Looked { lists: vec![], is_cut: true, is_whole });
        expansions.get(Space::live(ORGS[0]), &meaning, looked).unwrap()
    };
    let (first, second) = (look(false), look(true));
    assert!(!Arc::ptr_eq(&first, &second));
    let kept = expansions.get(Space::live(ORGS[0]), &meaning, |_| Err(())).unwrap();
    assert!(Arc::ptr_eq(&second, &kept) && kept.is_cut);
}
