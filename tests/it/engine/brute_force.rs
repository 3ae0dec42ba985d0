//! Searches and lists of random small organisations against brute force: parts of numbers,
//! beginnings of names, equality of folded names, ranges of every kind, every sort, and walks by
//! cursor while others write. A real store and index on disk, two tenants with the same people.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use ringdex::app::{Precondition, SearchRequest};
use ringdex::domain::collation::Collation;
use ringdex::domain::ids::ContactId;
use ringdex::query::Warning;
use serde_json::{Value, json};

use crate::support::{TestApp, operator};

/// Names with the form in which they are compared.
const NAMES: [(&str, &str); 14] = [
    ("Anna", "anna"),
    ("Annabel", "annabel"),
    ("Ánna", "anna"),
    ("Zoë", "zoe"),
    ("Łukasz", "lukasz"),
    ("Lukas", "lukas"),
    ("Ingvild", "ingvild"),
    ("INGVILD", "ingvild"),
    ("Groß", "gross"),
    ("Grossmann", "grossmann"),
    ("Søren", "soren"),
    ("Ümit", "umit"),
    ("D'Orsay", "dorsay"),
    ("Øster", "oster"),
];
const COMPANIES: [&str; 5] = ["Acme", "Ångström AB", "beta", "Zeta Works", "zebra"];
const DAYS: [&str; 6] =
    ["1969-12-31", "1970-01-01", "1980-02-29", "1999-12-31", "2000-01-01", "2024-02-29"];

#[derive(Clone, Debug)]
struct Person {
    first: usize,
    last: usize,
    digits: Option<u64>,
    company: Option<usize>,
    birthday: Option<usize>,
    /// In halves, so that there are decimals.
    value: Option<i32>,
    renewal: Option<usize>,
}

impl Person {
    fn body(&self) -> Value {
        let mut body = json!({"first_name": NAMES[self.first].0, "last_name": NAMES[self.last].0});
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[key] = value;
            }
        };
        put("phone", self.number().map(|number| json!(format!("+{number}"))));
        put("company", self.company.map(|at| json!(COMPANIES[at])));
        put("birthday", self.birthday.map(|at| json!(DAYS[at])));
        let mut custom = serde_json::Map::new();
        if let Some(value) = self.value {
            custom.insert("worth".to_owned(), json!(f64::from(value) / 2.0));
        }
        if let Some(at) = self.renewal {
            custom.insert("renewal".to_owned(), json!(DAYS[at]));
        }
        put("custom_fields", Some(Value::Object(custom)));
        body
    }

    fn number(&self) -> Option<String> {
        self.digits.map(|digits| format!("1202555{digits:04}"))
    }

    fn words(&self) -> [&'static str; 2] {
        [NAMES[self.first].1, NAMES[self.last].1]
    }

    /// What an order compares: bytes that sort, none if the value is missing; then the name.
    fn key(&self, sort: &str, collation: &Collation) -> Option<Vec<u8>> {
        let text = |text: &str| collation.key(text);
        // Numbers as bytes in the same order.
        let number = |number: i64| (number + (1 << 40)).to_be_bytes().to_vec();
        let (first, last) = (NAMES[self.first].0, NAMES[self.last].0);
        let day = |at: usize| DAYS[at].as_bytes().to_vec();
        let mut keys = vec![match sort {
            "name" => text(&format!("{first} {last}")),
            "last_name" => [text(last), text(first)].join(&0),
            "first_name" => text(first),
            "company" => text(COMPANIES[self.company?]),
            "birthday" => day(self.birthday?),
            "cf.worth" => number(self.value?.into()),
            "cf.renewal" => day(self.renewal?),
            other => panic!("no expectation for {other}"),
        }];
        keys.push(text(&format!("{first} {last}")));
        // No key has a zero, which parts them.
        Some(keys.join(&0))
    }
}

const SORTS: [&str; 7] =
    ["name", "last_name", "first_name", "company", "birthday", "cf.worth", "cf.renewal"];

fn person() -> impl Strategy<Value = Person> {
    (
        (0..NAMES.len(), 0..NAMES.len()),
        prop::option::of(0..9_999_u64),
        prop::option::of(0..COMPANIES.len()),
        prop::option::of(0..DAYS.len()),
        prop::option::of(-20..20_i32),
        prop::option::of(0..DAYS.len()),
    )
        .prop_map(|((first, last), digits, company, birthday, value, renewal)| Person {
            first,
            last,
            digits,
            company,
            birthday,
            value,
            renewal,
        })
}

struct World {
    test: TestApp,
    people: BTreeMap<(u32, ContactId), Person>,
}

impl World {
    fn new(people: &[(u32, Person)]) -> Self {
        let test = TestApp::new();
        let mut all = BTreeMap::new();
        for (org, person) in people {
            all.insert((*org, test.create(*org, &person.body()).id), person.clone());
        }
        Self { test, people: all }
    }

    fn of(&self, org: u32) -> impl Iterator<Item = (ContactId, &Person)> {
        self.people.iter().filter(move |((o, _), _)| *o == org).map(|((_, id), p)| (*id, p))
    }

    fn fitting(&self, org: u32, fits: impl Fn(&Person) -> bool) -> BTreeSet<ContactId> {
        self.of(org).filter(|(_, person)| fits(person)).map(|(id, _)| id).collect()
    }

    /// All pages; nobody may come twice.
    fn walk(&self, org: u32, q: &str, sort: Option<&str>) -> Vec<ContactId> {
        let all = self.walk_and(org, q, sort, |_| ());
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{q:?} by {sort:?}: somebody comes twice");
        all
    }

    /// All pages; what is done between two of them is given.
    fn walk_and(
        &self,
        org: u32,
        q: &str,
        sort: Option<&str>,
        mut between: impl FnMut(usize),
    ) -> Vec<ContactId> {
        let mut all: Vec<ContactId> = Vec::new();
        let mut cursor = None;
        for page in 0.. {
            let request = SearchRequest {
                query: q.into(),
                sort: sort.map(str::to_owned),
                per_page: Some(3),
                cursor: cursor.take(),
                ..SearchRequest::default()
            };
            let answer = self.test.search(org, request);
            // Nobody of a small organisation may have the field.
            let known = |warning: &&Warning| !warning.message.contains("no custom field");
            assert_eq!(answer.warnings.iter().find(known), None, "{q:?}");
            all.extend(answer.contacts.iter().map(|(contact, _)| contact.id));
            cursor = answer.next_cursor;
            if cursor.is_none() {
                break;
            }
            between(page);
        }
        all
    }

    /// Exactly these are found.
    fn finds(&self, org: u32, q: &str, fits: impl Fn(&Person) -> bool) {
        let found: BTreeSet<ContactId> = self.walk(org, q, None).into_iter().collect();
        let expected = self.fitting(org, fits);
        let shown = |ids: &mut dyn Iterator<Item = &ContactId>| -> Vec<_> {
            ids.map(|id| self.people.get(&(org, *id))).collect()
        };
        assert!(
            found == expected,
            "organisation {org}: {q:?} found also {:?}, and not {:?}",
            shown(&mut found.difference(&expected)),
            shown(&mut expected.difference(&found)),
        );
    }

    /// These come first, in any order, before whatever is near to them.
    fn finds_first(&self, org: u32, q: &str, fits: impl Fn(&Person) -> bool) {
        let expected = self.fitting(org, fits);
        let found = self.walk(org, q, None);
        let first: BTreeSet<ContactId> = found.iter().take(expected.len()).copied().collect();
        assert_eq!(first, expected, "organisation {org}: {q:?} found {found:?}");
        assert!(found.iter().all(|id| self.people.contains_key(&(org, *id))));
    }

    fn check_words(&self, org: u32, name: usize, letters: usize) {
        let (written, folded) = NAMES[name];
        self.finds(org, &format!("name:\"{written}\""), |p| p.words().contains(&folded));
        self.finds(org, &format!("\"{}\"", written.to_uppercase()), |p| {
            p.words().contains(&folded)
        });
        let start: String = folded.chars().take(letters).collect();
        self.finds_first(org, &start, |p| p.words().iter().any(|w| w.starts_with(&start)));
        self.finds_first(org, &format!("first_name:{start}*"), |p| {
            p.words()[0].starts_with(&start)
        });
        self.finds(org, &format!("name:*{start}*"), |p| {
            p.words().iter().any(|word| word.contains(&start))
        });
    }

    fn check_digits(&self, org: u32, digits: &str, from: usize, len: usize) {
        let part = &digits[from.min(digits.len() - 1)..(from + len).clamp(1, digits.len())];
        if part.is_empty() {
            return;
        }
        let holds = |p: &Person| p.number().is_some_and(|number| number.contains(part));
        self.finds(org, &format!("phone:{part}"), holds);
        if part.len() >= 3 {
            self.finds(org, part, holds);
        }
    }

    fn check_ranges(&self, org: u32, a: i32, b: i32) {
        let (low, high) = (a.min(b), a.max(b));
        let halves = |value: i32| f64::from(value) / 2.0;
        self.finds(org, &format!("cf.worth:>={}", halves(low)), |p| {
            p.value.is_some_and(|v| v >= low)
        });
        self.finds(org, &format!("cf.worth:<{}", halves(high)), |p| {
            p.value.is_some_and(|v| v < high)
        });
        let within = |p: &Person| p.value.is_some_and(|v| (low..=high).contains(&v));
        self.finds(org, &format!("cf.worth:>={} cf.worth:<={}", halves(low), halves(high)), within);
        self.finds(org, &format!("-cf.worth:>{}", halves(low)), |p| {
            p.value.is_none_or(|v| v <= low)
        });
        self.finds(org, "has:cf.worth", |p| p.value.is_some());
        for (at, day) in DAYS.iter().enumerate() {
            let is_on_or_after = |value: Option<usize>| value.is_some_and(|v| DAYS[v] >= *day);
            self.finds(org, &format!("birthday:>={day}"), |p| is_on_or_after(p.birthday));
            self.finds(org, &format!("cf.renewal:>={day}"), |p| is_on_or_after(p.renewal));
            self.finds(org, &format!("birthday:{day}"), |p| p.birthday == Some(at));
            self.finds(org, &format!("birthday:*{}*", &day[2..7]), |p| {
                p.birthday.is_some_and(|v| DAYS[v].contains(&day[2..7]))
            });
        }
    }

    fn check_sorts(&self, org: u32) {
        let collation = Collation::of("und").unwrap();
        let everybody = self.fitting(org, |_| true);
        for sort in SORTS {
            for is_descending in [false, true] {
                let name = if is_descending { format!("-{sort}") } else { sort.to_owned() };
                let found = self.walk(org, "", Some(&name));
                assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), everybody, "{name}");
                let keys: Vec<_> =
                    found.iter().map(|id| self.people[&(org, *id)].key(sort, &collation)).collect();
                let (there, missing): (Vec<_>, Vec<_>) = keys.iter().partition(|k| k.is_some());
                assert!(
                    keys[there.len()..].iter().all(Option::is_none),
                    "{name}: {} without a value stand before others",
                    missing.len()
                );
                let is_sorted = there
                    .windows(2)
                    .all(|p| if is_descending { p[0] >= p[1] } else { p[0] <= p[1] });
                assert!(is_sorted, "{name}: {there:?}");
            }
        }
    }

    /// Others are created, changed and deleted during a walk; whoever was there from the beginning
    /// to the end and was left alone comes once, in the order of before.
    fn check_walk_while_others_write(&mut self, org: u32, sort: &str, more: &[Person]) {
        let before = self.walk(org, "", Some(sort));
        let mut touched = BTreeSet::new();
        let mut created = 0;
        let during = self.walk_and(org, "", Some(sort), |page| {
            let Some(person) = more.get(page) else { return };
            self.test.create(org, &person.body());
            created += 1;
            let others: Vec<ContactId> =
                before.iter().copied().skip(page * 5 % before.len()).collect();
            if let Some(id) = others.first().filter(|id| touched.insert(**id)) {
                let app = self.test.app();
                let body = person.body();
                let _ =
                    app.update_contact(&operator(org), *id, &body, &Precondition::None).unwrap();
            }
        });
        let left_alone = |ids: &[ContactId]| -> Vec<ContactId> {
            let mut ids = ids.to_vec();
            ids.retain(|id| before.contains(id) && !touched.contains(id));
            ids
        };
        assert_eq!(left_alone(&during), left_alone(&before), "{sort}, {created} created meanwhile");
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn searches_lists_and_walks_agree_with_brute_force(
        people in prop::collection::vec((1..3_u32, person()), 1..40),
        more in prop::collection::vec(person(), 1..6),
        names in prop::collection::vec((0..NAMES.len(), 1..6_usize), 4),
        parts in prop::collection::vec((0..9_999_u64, 0..10_usize, 2..9_usize), 6),
        ranges in prop::collection::vec((-20..20_i32, -20..20_i32), 3),
        sort in prop::sample::select(&SORTS[..]),
    ) {
        let mut world = World::new(&people);
        for round in 0..2 {
            for org in [1, 2] {
                for (name, letters) in &names {
                    world.check_words(org, *name, *letters);
                }
                let known: Vec<String> = world.of(org).filter_map(|(_, p)| p.number()).collect();
                for (at, (digits, from, len)) in parts.iter().enumerate() {
                    let other = format!("1202555{digits:04}");
                    let digits = known.get(at).unwrap_or(&other);
                    world.check_digits(org, digits, *from, *len);
                }
                for (a, b) in &ranges {
                    world.check_ranges(org, *a, *b);
                }
                world.check_sorts(org);
            }
            // Once more with everything read anew from disk.
            if round == 0 {
                world.test.restart();
            }
        }
        if world.of(1).next().is_some() {
            world.check_walk_while_others_write(1, sort, &more);
        }
    }
}
