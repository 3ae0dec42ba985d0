//! Tests of the generated people as a whole: determinism, truth, skew and variety.

use std::collections::{HashMap, HashSet};

use super::*;

fn people(count: usize) -> Vec<Person> {
    Generator::new(7, Options::default()).take(count).collect()
}

fn csv_of(rows: u64, seed: u64, options: Options) -> Vec<u8> {
    let mut out = Vec::new();
    write_csv(rows, seed, options, &mut out).expect("write to memory");
    out
}

#[test]
fn equal_seeds_give_equal_bytes_and_others_do_not() {
    let first = csv_of(500, 1, Options::default());
    assert_eq!(first, csv_of(500, 1, Options::default()));
    assert_ne!(first, csv_of(500, 2, Options::default()));
    assert!(csv_of(600, 1, Options::default()).starts_with(&first), "a longer list begins equal");
}

#[test]
fn the_stream_is_the_one_of_the_first_release() {
    // Changing this text changes everybody's reference data: do it on purpose only.
    let hash = blake3::hash(&csv_of(1000, 42, Options::default())).to_hex();
    assert_eq!(&hash[..16], "cb53e155a8b683f4");
}

#[test]
fn true_ids_are_unique_but_for_duplicates_and_those_have_the_share_asked_for() {
    let people = people(20_000);
    let mut seen = HashSet::new();
    for person in &people {
        assert_eq!(!seen.insert(person.true_id), person.is_duplicate, "{person:?}");
    }
    let duplicates = people.iter().filter(|person| person.is_duplicate).count();
    assert!((2_700..3_300).contains(&duplicates), "{duplicates}");
    let clean = Generator::new(7, Options { duplicates: 0.0 });
    assert!(clean.take(1000).all(|person| !person.is_duplicate));
}

#[test]
fn many_countries_and_scripts_take_part() {
    let people = people(5_000);
    let countries: HashSet<&str> = people.iter().map(|person| person.country).collect();
    assert!(countries.len() >= 20, "{countries:?}");
    let has = |low: char, high: char| {
        people.iter().any(|person| person.last_name.chars().any(|c| (low..=high).contains(&c)))
    };
    assert!(has('а', 'я'), "Cyrillic");
    assert!(has('一', '龥'), "Japanese");
    assert!(people.iter().any(|person| person.last_name.contains('\'')), "apostrophes");
    assert!(people.iter().any(|person| person.last_name.contains('-')), "hyphens");
    assert!(people.iter().any(|person| person.last_name.starts_with("van ")), "particles");
}

#[test]
fn names_are_skewed_and_yet_various() {
    let people = people(50_000);
    let mut last = HashMap::<&str, u32>::new();
    let mut full = HashMap::<(&str, &str), HashSet<u64>>::new();
    for person in people.iter().filter(|person| !person.is_duplicate) {
        *last.entry(person.last_name.as_str()).or_default() += 1;
        full.entry((&person.first_name, &person.last_name)).or_default().insert(person.true_id);
    }
    let top = *last.values().max().expect("somebody");
    assert!(top > 300, "the most common surname is common: {top}");
    assert!(last.len() > 9_000, "surnames grow with the number of people: {}", last.len());
    let namesakes = full.values().filter(|ids| ids.len() > 1).count();
    assert!(namesakes > 500, "{namesakes}");
}

#[test]
fn households_share_surname_street_and_phone_and_colleagues_a_switchboard() {
    let people: Vec<Person> = Generator::new(3, Options { duplicates: 0.0 }).take(20_000).collect();
    let mut homes = HashMap::<&str, Vec<&Person>>::new();
    let mut work = HashMap::<String, u32>::new();
    for person in &people {
        for phone in &person.phones {
            if phone.label == "home" && phone.text.starts_with('+') {
                homes.entry(&phone.text).or_default().push(person);
            }
            if phone.label == "work" && phone.text.starts_with('+') {
                *work.entry(phone.text.clone()).or_default() += 1;
            }
        }
    }
    let shared: Vec<_> = homes.values().filter(|members| members.len() > 1).collect();
    assert!(shared.len() > 200, "{}", shared.len());
    for members in shared {
        assert!(members.windows(2).all(|pair| pair[0].street == pair[1].street), "{members:?}");
    }
    let busiest = work.values().max().copied().unwrap_or_default();
    assert!(busiest > 20, "{busiest}");
}

#[test]
fn numbers_look_valid_in_their_country() {
    let people: Vec<Person> = Generator::new(5, Options { duplicates: 0.0 }).take(4_000).collect();
    let (mut wrong, mut all, mut plus) = (HashMap::<String, Vec<String>>::new(), 0, 0);
    for person in people.iter().filter(|person| !person.country.is_empty()) {
        let country = person.country.parse().ok();
        for phone in &person.phones {
            all += 1;
            plus += usize::from(phone.text.starts_with('+') && !phone.text.contains(' '));
            let text = phone.text.split(['x', 'e']).next().unwrap_or_default();
            let valid = phonenumber::parse(country, text)
                .is_ok_and(|number| phonenumber::is_valid(&number));
            if !valid {
                wrong.entry(person.country.to_owned()).or_default().push(phone.text.clone());
            }
        }
    }
    let count: usize = wrong.values().map(Vec::len).sum();
    assert!(count * 50 < all, "{count} of {all} look wrong: {wrong:?}");
    assert!((all * 50 / 100..all * 72 / 100).contains(&plus), "{plus} of {all} are E.164");
}

#[test]
fn duplicates_keep_something_in_common_with_the_first_record() {
    let people = people(10_000);
    let firsts: HashMap<u64, &Person> = people
        .iter()
        .filter(|person| !person.is_duplicate)
        .map(|person| (person.true_id, person))
        .collect();
    let (mut equal, mut unlinked, mut all) = (0, 0, 0);
    for person in people.iter().filter(|person| person.is_duplicate) {
        let first = firsts[&person.true_id];
        all += 1;
        equal += usize::from(
            first.first_name == person.first_name
                && first.last_name == person.last_name
                && first.emails == person.emails
                && first.phones == person.phones,
        );
        let name = first.last_name == person.last_name || first.first_name == person.first_name;
        let email = person.emails.iter().any(|email| first.emails.contains(email));
        unlinked += usize::from(!name && !email && first.phones != person.phones);
    }
    assert!(equal * 3 < all, "most differ somewhere: {equal} of {all} do not");
    assert!(unlinked * 8 < all, "most can be linked: {unlinked} of {all} can not");
}

#[test]
fn the_csv_parses_back() {
    let bytes = csv_of(2_000, 9, Options::default());
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().expect("headers"), Person::HEADERS.as_slice());
    let people: Vec<Person> = Generator::new(9, Options::default()).take(2_000).collect();
    let mut rows = 0;
    for (row, person) in reader.records().zip(&people) {
        let row = row.expect("a row");
        assert_eq!(row.len(), Person::HEADERS.len());
        assert_eq!(&row[0], person.first_name);
        assert_eq!(&row[15], person.notes);
        assert_eq!(row[22].parse::<u64>().expect("a number"), person.true_id);
        rows += 1;
    }
    assert_eq!(rows, 2_000);
}

#[test]
fn a_writer_that_refuses_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let error = write_csv(10, 1, Options::default(), Full).expect_err("refused");
    assert!(error.to_string().contains("disk full"), "{error}");
}
