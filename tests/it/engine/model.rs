//! Random operations with restarts against a plain map; afterwards every answer of lookup, search
//! and lists is held against brute force over the map.
//!
//! The expectations are written down anew here, not taken from the code that is tested: which
//! number is meant by which way of writing, how a name folds, what matches what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use ringdex::app::{BulkItem, Deletion, Error, Precondition, SearchRequest};
use ringdex::domain::collation::Collation;
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::engine::Cancel;
use ringdex::engine::lookup::Rule;
use ringdex::vault::MasterKey;
use serde_json::{Value, json};

use crate::support::{TestApp, operator};

/// Words of names with the form in which they are compared.
const WORDS: [(&str, &str); 16] = [
    ("John", "john"),
    ("Johnson", "johnson"),
    ("Jo", "jo"),
    ("José", "jose"),
    ("Müller", "muller"),
    ("Mueller", "mueller"),
    ("Groß", "gross"),
    ("O'Brien", "obrien"),
    ("Łukasz", "lukasz"),
    ("ИВАН", "иван"),
    ("van", "van"),
    ("Vandenberg", "vandenberg"),
    ("Smith", "smith"),
    ("SMITHSON", "smithson"),
    ("Ng", "ng"),
    ("Alexandra", "alexandra"),
];

/// A line: where it is, and its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    /// United States, the default country: ten digits.
    Us(u64),
    /// United Kingdom: ten digits.
    Gb(u64),
    /// Seven digits of an unknown place.
    Local(u64),
    /// An internal extension of three or four digits.
    Internal(u64),
}

impl Line {
    /// The number as it must be kept.
    fn number(self) -> String {
        match self {
            Self::Us(digits) => format!("+1{digits}"),
            Self::Gb(digits) => format!("+44{digits}"),
            Self::Local(digits) | Self::Internal(digits) => digits.to_string(),
        }
    }

    fn digits(self) -> String {
        self.number().trim_start_matches('+').to_owned()
    }

    /// Some ways in which people write it; the first ones state the country.
    fn written(self) -> Vec<String> {
        let parts = |digits: u64| {
            let text = digits.to_string();
            (text[..3].to_owned(), text[3..6].to_owned(), text[6..].to_owned())
        };
        match self {
            Self::Us(digits) => {
                let (area, office, line) = parts(digits);
                vec![
                    format!("+1{digits}"),
                    format!("+1 ({area}) {office}-{line}"),
                    format!("001{digits}"),
                    format!("tel:+1-{area}-{office}-{line}"),
                    format!("({area}) {office}-{line}"),
                    format!("{area}.{office}.{line}"),
                    digits.to_string(),
                ]
            }
            Self::Gb(digits) => {
                let (area, office, line) = parts(digits);
                vec![
                    format!("+44{digits}"),
                    format!("+44 {area} {office} {line}"),
                    format!("0044{digits}"),
                    format!("+44 (0){area} {office}{line}"),
                ]
            }
            Self::Local(digits) => {
                vec![
                    digits.to_string(),
                    format!("{}-{}", digits / 10_000, &digits.to_string()[3..]),
                ]
            }
            Self::Internal(digits) => vec![digits.to_string()],
        }
    }

    fn states_country(self, way: usize) -> bool {
        !matches!(self, Self::Us(_)) || way < 4
    }
}

/// What is typed into the phone field.
#[derive(Clone, Copy, Debug)]
struct Typed {
    line: Line,
    way: Index,
}

impl Typed {
    fn text(self) -> String {
        let written = self.line.written();
        written[self.way.index(written.len())].clone()
    }
}

#[derive(Clone, Debug)]
struct Person {
    words: Vec<usize>,
    phones: Vec<Typed>,
}

impl Person {
    fn name(&self) -> String {
        self.words.iter().map(|at| WORDS[*at].0).collect::<Vec<_>>().join(" ")
    }

    fn body(&self) -> Value {
        let phones: Vec<Value> =
            self.phones.iter().map(|typed| json!({"number": typed.text()})).collect();
        json!({"name": self.name(), "phones": phones})
    }
}

#[derive(Clone, Debug)]
enum Op {
    Create(u32, Person),
    Bulk(u32, Vec<Person>),
    PatchName(Index, Person),
    PatchPhones(Index, Person),
    SoftDelete(Index),
    Erase(Index),
    Restore(Index),
    Wait,
    Restart,
    Reindex,
}

fn line() -> impl Strategy<Value = Line> {
    // Maine and London share these digits, and in both they are real ranges.
    // Few digits and shared endings, so that numbers collide, contain and resemble each other.
    let ten = (0..3_usize, 0..30_u64)
        .prop_map(|(area, line)| [2_079_460_000, 2_079_460_900, 2_079_460_500][area] + line);
    prop_oneof![
        4 => ten.clone().prop_map(Line::Us),
        2 => ten.prop_map(Line::Gb),
        1 => (0..30_u64).prop_map(|line| Line::Local(9_460_000 + line)),
        1 => (100..130_u64).prop_map(Line::Internal),
        1 => (9_460..9_465_u64).prop_map(Line::Internal),
    ]
}

fn person() -> impl Strategy<Value = Person> {
    let typed = (line(), any::<Index>()).prop_map(|(line, way)| Typed { line, way });
    let phones = prop::collection::vec(typed, 0..3).prop_map(|mut phones| {
        let mut seen = BTreeSet::new();
        phones.retain(|typed: &Typed| seen.insert(typed.line));
        phones
    });
    (prop::collection::vec(0..WORDS.len(), 1..4), phones)
        .prop_map(|(words, phones)| Person { words, phones })
}

fn op() -> impl Strategy<Value = Op> {
    let org = 1..3_u32;
    prop_oneof![
        8 => (org.clone(), person()).prop_map(|(org, person)| Op::Create(org, person)),
        2 => (org, prop::collection::vec(person(), 1..12)).prop_map(|(org, all)| Op::Bulk(org, all)),
        4 => (any::<Index>(), person()).prop_map(|(at, person)| Op::PatchName(at, person)),
        4 => (any::<Index>(), person()).prop_map(|(at, person)| Op::PatchPhones(at, person)),
        3 => any::<Index>().prop_map(Op::SoftDelete),
        2 => any::<Index>().prop_map(Op::Erase),
        3 => any::<Index>().prop_map(Op::Restore),
        3 => Just(Op::Wait),
        1 => Just(Op::Restart),
        1 => Just(Op::Reindex),
    ]
}

/// What must be there.
#[derive(Clone, Debug)]
struct Expected {
    person: Person,
    version: u64,
    number: u32,
    created_ms: i64,
    updated_ms: i64,
    is_deleted: bool,
}

impl Expected {
    fn folded(&self) -> Vec<&'static str> {
        self.person.words.iter().map(|at| WORDS[*at].1).collect()
    }

    /// The digit strings in which digits are looked for: of the number, and as typed.
    fn digit_strings(&self) -> Vec<String> {
        let typed = |typed: &Typed| -> String {
            typed.text().chars().filter(char::is_ascii_digit).collect()
        };
        self.person.phones.iter().flat_map(|t| [t.line.digits(), typed(t)]).collect()
    }
}

/// The plain map, and the application that must agree with it.
struct Model {
    test: TestApp,
    now: i64,
    contacts: BTreeMap<(u32, ContactId), Expected>,
}

impl Model {
    fn new(is_encrypted: bool) -> Self {
        let key = || MasterKey::from_text(&"5a".repeat(32), "the test").unwrap();
        let test = TestApp::with(|options| options.encryption_key = is_encrypted.then(key));
        Self { test, now: 1_700_000_000_000, contacts: BTreeMap::new() }
    }

    fn pick(&self, at: Index) -> Option<(u32, ContactId)> {
        let keys: Vec<_> = self.contacts.keys().collect();
        (!keys.is_empty()).then(|| *keys[at.index(keys.len())])
    }

    fn note(&mut self, org: u32, person: Person, contact: &Contact) {
        let expected = Expected {
            person,
            version: 1,
            number: contact.number.0,
            created_ms: self.now,
            updated_ms: self.now,
            is_deleted: false,
        };
        assert!(self.contacts.insert((org, contact.id), expected).is_none());
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Create(org, person) => {
                let contact = self.test.create(org, &person.body());
                self.note(org, person, &contact);
            }
            Op::Bulk(org, people) => {
                let bodies: Vec<Value> = people.iter().map(Person::body).collect();
                let (items, _) = self.test.app().create_contacts(&operator(org), &bodies).unwrap();
                assert_eq!(items.len(), people.len());
                for (item, person) in items.iter().zip(people) {
                    let BulkItem::Created(id, _) = item else { panic!("{item:?}") };
                    let contact = self.test.app().read_contact(&operator(org), *id).unwrap();
                    self.note(org, person, &contact);
                }
            }
            Op::PatchName(at, other) => {
                let patch = json!({"name": other.name()});
                self.patch(at, &patch, |person| person.words = other.words);
            }
            Op::PatchPhones(at, other) => {
                let patch = json!({"phones": other.body()["phones"]});
                self.patch(at, &patch, |person| person.phones = other.phones);
            }
            Op::SoftDelete(at) => self.delete(at, Deletion::Soft),
            Op::Erase(at) => self.delete(at, Deletion::Permanent),
            Op::Restore(at) => {
                let Some(key) = self.pick(at) else { return };
                let (contact, _) = self
                    .test
                    .app()
                    .restore_contact(&operator(key.0), key.1, &Precondition::None)
                    .unwrap();
                let now = self.now;
                let expected = self.contacts.get_mut(&key).unwrap();
                if expected.is_deleted {
                    expected.is_deleted = false;
                    expected.version += 1;
                    expected.updated_ms = now;
                }
                assert_eq!(contact.version, expected.version);
            }
            Op::Wait => {
                self.now += 7;
                self.test.clock().advance_ms(7);
            }
            Op::Restart => self.test.restart(),
            Op::Reindex => {
                self.test.app().reindex(&operator(1), &mut |_| {}).unwrap();
            }
        }
    }

    fn patch(&mut self, at: Index, patch: &Value, change: impl FnOnce(&mut Person)) {
        let Some((org, id)) = self.pick(at) else { return };
        let now = self.now;
        let answer = self.test.app().update_contact(&operator(org), id, patch, &Precondition::None);
        let expected = self.contacts.get_mut(&(org, id)).unwrap();
        if expected.is_deleted {
            assert!(matches!(answer, Err(Error::ContactNotFound)), "{answer:?}");
            return;
        }
        let before = expected.person.body();
        let version = answer.unwrap().0.version;
        change(&mut expected.person);
        if expected.person.body() == before {
            // Saying the same again may count as a change or not, as long as it is said.
            assert!(version == expected.version || version == expected.version + 1);
            if version > expected.version {
                expected.updated_ms = now;
            }
            expected.version = version;
        } else {
            expected.version += 1;
            expected.updated_ms = now;
            assert_eq!(version, expected.version);
        }
    }

    fn delete(&mut self, at: Index, deletion: Deletion) {
        let Some((org, id)) = self.pick(at) else { return };
        let now = self.now;
        let answer =
            self.test.app().delete_contact(&operator(org), id, deletion, Precondition::None, false);
        let expected = self.contacts.get_mut(&(org, id)).unwrap();
        match deletion {
            Deletion::Soft if expected.is_deleted => {
                assert!(matches!(answer, Err(Error::ContactNotFound)), "{answer:?}");
            }
            Deletion::Soft => {
                answer.unwrap();
                expected.is_deleted = true;
                expected.version += 1;
                expected.updated_ms = now;
            }
            Deletion::Permanent | Deletion::PermanentAlone => {
                answer.unwrap();
                self.contacts.remove(&(org, id));
            }
        }
    }

    fn live(&self, org: u32) -> Vec<(ContactId, &Expected)> {
        let of_org = self.contacts.iter().filter(|((o, _), e)| *o == org && !e.is_deleted);
        of_org.map(|((_, id), expected)| (*id, expected)).collect()
    }

    fn compare_records(&self) {
        let partition = self.test.app().partition();
        for ((org, id), expected) in &self.contacts {
            let contact = partition.contact(OrgNumber(*org), *id).unwrap().expect("is there");
            assert_eq!(contact.display_name, expected.person.name());
            assert_eq!(contact.version, expected.version);
            assert_eq!(contact.number.0, expected.number);
            assert_eq!(contact.is_deleted(), expected.is_deleted);
            assert_eq!(contact.created_at.0, expected.created_ms);
            assert_eq!(contact.updated_at.0, expected.updated_ms);
            let numbers: Vec<&str> = contact.phones.iter().map(|p| p.number.as_str()).collect();
            let lines: Vec<String> =
                expected.person.phones.iter().map(|typed| typed.line.number()).collect();
            assert_eq!(numbers, lines);
            let other = OrgNumber(3 - org);
            assert!(partition.contact(other, *id).unwrap().is_none(), "seen by the other one");
        }
        for org in [1, 2] {
            let mut ids = BTreeSet::new();
            partition
                .for_each_contact(OrgNumber(org), &Cancel::never(), |batch| {
                    ids.extend(batch.iter().map(|contact| contact.id));
                    true
                })
                .unwrap();
            assert_eq!(ids, self.live(org).iter().map(|(id, _)| *id).collect());
        }
        let report = self.test.app().check(&operator(1), &mut |_| {}).unwrap();
        assert!(report.is_clean(), "{report:?}");
    }

    /// All pages of a search by cursor; no contact may come twice.
    fn walk(&self, org: u32, q: &str, sort: Option<&str>, per_page: usize) -> Vec<ContactId> {
        let mut all = Vec::new();
        let mut cursor = None;
        loop {
            let answer = self.test.search(
                org,
                SearchRequest {
                    query: q.into(),
                    sort: sort.map(str::to_owned),
                    per_page: Some(per_page),
                    cursor: cursor.take(),
                    ..SearchRequest::default()
                },
            );
            assert_eq!(answer.warnings, Vec::new(), "{q:?}");
            assert!(answer.contacts.len() <= per_page);
            let before = all.len();
            all.extend(answer.contacts.iter().map(|(contact, _)| contact.id));
            cursor = answer.next_cursor;
            if cursor.is_none() {
                assert_eq!(answer.total, all.len(), "{q:?}: total");
                let distinct: BTreeSet<_> = all.iter().collect();
                assert_eq!(distinct.len(), all.len(), "{q:?}: a contact comes twice");
                return all;
            }
            assert_eq!(all.len() - before, per_page, "{q:?}: a page is short");
        }
    }

    fn expect_found(&self, org: u32, q: &str, fits: impl Fn(&Expected) -> bool) {
        let expected: BTreeSet<ContactId> =
            self.live(org).into_iter().filter(|(_, e)| fits(e)).map(|(id, _)| id).collect();
        let found: BTreeSet<ContactId> = self.walk(org, q, None, 4).into_iter().collect();
        assert_eq!(found, expected, "organisation {org}, query {q:?}");
    }

    /// Words that are not quoted find what they say, and what is like it besides.
    fn expect_among(&self, org: u32, q: &str, fits: impl Fn(&Expected) -> bool) {
        let found: BTreeSet<ContactId> = self.walk(org, q, None, 4).into_iter().collect();
        let live = self.live(org);
        for (id, expected) in live.iter().filter(|(_, expected)| fits(expected)) {
            assert!(found.contains(id), "organisation {org}, query {q:?}: {expected:?}");
        }
        let known: BTreeSet<ContactId> = live.into_iter().map(|(id, _)| id).collect();
        assert!(found.is_subset(&known), "organisation {org}, query {q:?}");
    }

    fn compare_lists(&self) {
        let collation = Collation::of("und").unwrap();
        for org in [1, 2] {
            for sort in ["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
            {
                let mut expected = self.live(org);
                expected.sort_by(|(_, a), (_, b)| {
                    // Names as dictionaries have them, those of the same name by age.
                    let name = |e: &Expected| collation.key(&e.person.name());
                    let age = a.number.cmp(&b.number);
                    match sort {
                        "name" => name(a).cmp(&name(b)).then(age),
                        "-name" => name(b).cmp(&name(a)).then(age),
                        "created_at" => a.created_ms.cmp(&b.created_ms).then(age),
                        "-created_at" => b.created_ms.cmp(&a.created_ms).then(age.reverse()),
                        "updated_at" => a.updated_ms.cmp(&b.updated_ms).then(age),
                        _ => b.updated_ms.cmp(&a.updated_ms).then(age.reverse()),
                    }
                });
                let expected: Vec<ContactId> = expected.into_iter().map(|(id, _)| id).collect();
                assert_eq!(
                    self.walk(org, "", Some(sort), 7),
                    expected,
                    "by cursor, sorted by {sort}"
                );
                let mut paged = Vec::new();
                for page in 1..=expected.len().div_ceil(5) {
                    let request = SearchRequest {
                        sort: Some(sort.to_owned()),
                        page: Some(page),
                        per_page: Some(5),
                        ..SearchRequest::default()
                    };
                    let answer = self.test.search(org, request);
                    assert_eq!(answer.total, expected.len());
                    paged.extend(answer.contacts.iter().map(|(contact, _)| contact.id));
                }
                assert_eq!(paged, expected, "by page, sorted by {sort}");
            }
        }
    }

    /// Every word, pairs in both orders, and prefixes of the last word.
    fn compare_names(&self, org: u32, choices: &[(Index, Index)]) {
        let fits = |e: &Expected, exact: &[&str], start: &str| {
            let folded = e.folded();
            exact.iter().all(|word| folded.contains(word))
                && folded.iter().any(|word| word.starts_with(start))
        };
        for (first, last) in choices {
            let (typed, folded) = WORDS[first.index(WORDS.len())];
            let (other, other_folded) = WORDS[last.index(WORDS.len())];
            self.expect_among(org, typed, |e| fits(e, &[], folded));
            let letters: Vec<char> = other_folded.chars().collect();
            let start: String = letters[..=last.index(letters.len())].iter().collect();
            self.expect_among(org, &start, |e| fits(e, &[], &start));
            self.expect_found(org, &format!("name:\"{typed}\""), |e| e.folded().contains(&folded));
            self.expect_found(org, &format!("\"{typed}\" \"{other}\""), |e| {
                let words = e.folded();
                words.contains(&folded) && words.contains(&other_folded)
            });
            for (q, exact, start) in [
                (format!("{typed} {other}"), folded, other_folded),
                (format!("{other} {typed}"), other_folded, folded),
                (format!("{typed} {start}"), folded, start.as_str()),
            ] {
                self.expect_among(org, &q, |e| fits(e, &[exact], start));
            }
        }
    }

    /// Windows of the digits of numbers that are there, and of some that are not.
    fn compare_infixes(&self, org: u32, choices: &[(Line, Index, usize)]) {
        let stored: Vec<String> =
            self.live(org).iter().flat_map(|(_, e)| e.digit_strings()).collect();
        for (line, at, length) in choices {
            for digits in [Some(&line.digits()), stored.get(at.index(stored.len() + 1))] {
                let Some(digits) = digits else { continue };
                let length = (*length).min(digits.len());
                let from = at.index(digits.len() - length + 1);
                let window = &digits[from..from + length];
                let mut forms = vec![window];
                for prefix in ["00", "011", "0"] {
                    let rest = window.strip_prefix(prefix);
                    forms.extend(rest.filter(|r| r.len() >= 4 && !r.starts_with('0')));
                }
                let fits = |e: &Expected| {
                    let strings = e.digit_strings();
                    forms.iter().any(|form| strings.iter().any(|s| s.contains(form)))
                };
                self.expect_found(org, &format!("phone:{window}"), fits);
                if window.len() >= 3 {
                    self.expect_found(org, window, fits);
                    let (left, right) = window.split_at(window.len() / 2);
                    self.expect_found(org, &format!("{left}-{right}"), fits);
                }
            }
        }
    }

    /// Every number that is there in every way it is written, and some that are not there.
    fn compare_lookups(&self, others: &[(Line, Index, usize)]) {
        let mut lines: BTreeSet<Line> = others.iter().map(|(line, ..)| *line).collect();
        let typed = self.contacts.values().flat_map(|e| &e.person.phones);
        lines.extend(typed.map(|typed| typed.line));
        for (org, line) in [1, 2].into_iter().flat_map(|org| lines.iter().map(move |l| (org, *l))) {
            for (way, written) in line.written().iter().enumerate() {
                let expected = self.expected_lookup(org, line, line.states_country(way));
                let answer = self
                    .test
                    .app()
                    .lookup_number(&operator(org), written, None, Some(100))
                    .unwrap();
                let found: BTreeSet<(ContactId, &str)> = answer
                    .results
                    .iter()
                    .map(|result| (result.contact.id, result.rule.as_str()))
                    .collect();
                assert_eq!(found, expected, "organisation {org}, lookup {written:?}");
                assert_eq!(answer.count, expected.len());
                assert_eq!(answer.results.len(), expected.len(), "a contact comes twice");
            }
        }
    }

    fn expected_lookup(
        &self,
        org: u32,
        asked: Line,
        states_country: bool,
    ) -> BTreeSet<(ContactId, &'static str)> {
        let rule = |line: Line| -> Option<Rule> {
            match (asked, line) {
                (Line::Internal(a), Line::Internal(b)) => (a == b).then_some(Rule::Extension),
                (Line::Internal(_), _) | (_, Line::Internal(_)) => None,
                (a, b) if a == b => Some(Rule::Exact),
                // The country of what was asked is only assumed: it may be the other one.
                (Line::Us(a), Line::Gb(b)) if a == b && !states_country => Some(Rule::National),
                (Line::Us(_) | Line::Gb(_), Line::Us(_) | Line::Gb(_)) => None,
                (a, b) => {
                    let (a, b) = (a.digits(), b.digits());
                    (a.ends_with(&b) || b.ends_with(&a)).then_some(Rule::Suffix)
                }
            }
        };
        let matches: Vec<(ContactId, Rule)> = self
            .live(org)
            .into_iter()
            .filter_map(|(id, e)| {
                Some((id, e.person.phones.iter().filter_map(|typed| rule(typed.line)).min()?))
            })
            .collect();
        let is_certain = matches.iter().any(|(_, rule)| *rule < Rule::Suffix);
        matches
            .into_iter()
            .filter(|(_, rule)| !is_certain || *rule < Rule::Suffix)
            .map(|(id, rule)| (id, rule.as_str()))
            .collect()
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn lookup_search_and_lists_agree_with_a_plain_map(
        ops in prop::collection::vec(op(), 1..60),
        words in prop::collection::vec((any::<Index>(), any::<Index>()), 8),
        windows in prop::collection::vec((line(), any::<Index>(), 2..9_usize), 12),
        is_encrypted in any::<bool>(),
    ) {
        let mut model = Model::new(is_encrypted);
        for op in ops {
            model.run(op);
        }
        for round in 0..2 {
            model.compare_records();
            model.compare_lists();
            model.compare_lookups(&windows);
            for org in [1, 2] {
                model.compare_names(org, &words);
                model.compare_infixes(org, &windows);
            }
            // Once more with everything read anew from disk.
            if round == 0 {
                model.test.restart();
            }
        }
    }
}
