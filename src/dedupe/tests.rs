//! The pipeline from end to end: floors on labelled data, properties, and cases people ask about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::names::NameTables;

fn model() -> Model {
    Model::shipped().unwrap()
}

fn standard(model: &Model) -> Standard {
    let names = NameTables::parse(
        include_str!("../../index-schema/nicknames.tsv"),
        include_str!("../../index-schema/titles.txt"),
        include_str!("../../index-schema/particles.txt"),
        include_str!("../../index-schema/legal_forms.txt"),
    );
    Standard::new(Arc::new(names.unwrap()), model)
}

/// Records of a labelled file, and the true person of each.
fn labelled(name: &str, standard: &Standard) -> (Vec<Record>, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/duplicates").join(name);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut out = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        let get = |name: &str| &row[header.iter().position(|known| known == name).unwrap()];
        let list = |name: &str| get(name).split('|').filter(|v| !v.is_empty()).collect();
        let place =
            PlaceInput { street: get("address"), city: get("city"), postal_code: get("postcode") };
        let input = Input {
            first_name: get("first_name"),
            last_name: get("last_name"),
            suffix: "",
            full_name: get("full_name"),
            phones: list("phones"),
            emails: list("emails"),
            company: get("company"),
            places: vec![place],
            country: get("country"),
            birthday: get("date_of_birth"),
            national_id: get("national_id"),
        };
        out.0.push(Record::standardise(&input, standard));
        out.1.push(get("cluster_id").to_owned());
    }
    out
}

fn pair_count(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.map(|n| n * (n - 1) / 2).sum()
}

/// Precision and recall in permille of the pairs inside the clusters.
fn clustered(records: &[Record], people: &[String], options: &Options) -> (usize, usize) {
    let model = model();
    let counts = Frequencies::count(records, model.settings.holders_grouped);
    let scored = pairs(records, &counts, &model, options).unwrap();
    let clusters = cluster(records, &scored, &counts, &model, options, &Apart::new());
    let sizes = |members: &mut dyn Iterator<Item = usize>| {
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        for at in members {
            *sizes.entry(&people[at]).or_default() += 1;
        }
        pair_count(sizes.into_values())
    };
    let right: usize =
        clusters.iter().map(|c| sizes(&mut c.members.iter().map(|at| *at as usize))).sum();
    let found = pair_count(clusters.iter().map(|cluster| cluster.members.len()));
    let truth = sizes(&mut (0..people.len()));
    (right * 1000 / found.max(1), right * 1000 / truth)
}

#[test]
fn labelled_duplicates_are_found() {
    let model = model();
    let standard = standard(&model);
    for (name, least_precision, least_recall) in [
        ("contacts.csv", 990, 975),
        ("febrl1.csv", 998, 994),
        ("fake1000.csv", 990, 840),
        ("families.csv", 1_000, 400),
    ] {
        let (records, people) = labelled(name, &standard);
        let (precision, recall) = clustered(&records, &people, &Options::of(&model));
        assert!(
            precision >= least_precision && recall >= least_recall,
            "{name}: precision {precision}, recall {recall} of a thousand"
        );
    }
}

#[test]
fn exact_rules_find_less_and_a_similarity_keeps_john_and_jon() {
    let model = model();
    let standard = standard(&model);
    let (records, people) = labelled("contacts.csv", &standard);
    let options = Options { exact_only: true, ..Options::of(&model) };
    let (_, exact) = clustered(&records, &people, &options);
    let options = Options { use_email: false, ..Options::of(&model) };
    let (_, without_email) = clustered(&records, &people, &options);
    assert!((200..900).contains(&exact), "{exact}");
    assert!((800..975).contains(&without_email), "{without_email}");

    let person = |first: &str, last: &str| {
        let input = Input { first_name: first, last_name: last, ..Input::default() };
        Record::standardise(&input, &standard)
    };
    let at = |percent| Options { name_similarity: Some(percent), ..Options::of(&model) };
    let (john, jon) = (person("John", "Doe"), person("Jon", "Doe"));
    assert!(at(85).accepts(&john, &jon) && !at(100).accepts(&john, &jon));
    assert!(at(100).accepts(&john, &person("Doe", "John")));
    assert!(!at(85).accepts(&john, &person("Jane", "Doe")));
    assert!(at(0).accepts(&john, &person("Mary", "Poppins")));
}

/// A base of contacts against which single pairs are checked.
struct Base {
    model: Model,
    standard: Standard,
    counts: Frequencies,
    prior: Prior,
}

impl Base {
    fn new() -> Self {
        let model = model();
        let standard = standard(&model);
        let (records, _) = labelled("contacts.csv", &standard);
        let counts = Frequencies::count(&records, model.settings.holders_grouped);
        let prior = pairs(&records, &counts, &model, &Options::of(&model)).unwrap().prior;
        Self { model, standard, counts, prior }
    }

    fn check(&self, one: &Input<'_>, other: &Input<'_>) -> Explanation {
        let options = Options::of(&self.model);
        let check = Check::new(&self.model, &self.counts, self.prior, &options);
        let record = |input| Record::standardise(input, &self.standard);
        check.explain(&record(one), &record(other), Some(Rule::Phone))
    }
}

fn person<'a>(first: &'a str, last: &'a str, phone: &'a str) -> Input<'a> {
    Input { first_name: first, last_name: last, phones: vec![phone], ..Input::default() }
}

#[test]
fn families_and_namesakes_stay_apart_and_people_come_together() {
    let base = Base::new();
    let home = PlaceInput { street: "12 Elm Street", city: "Springfield", postal_code: "12345" };
    let family = |first| Input { places: vec![home], ..person(first, "Wetherby", "+12025550143") };
    for (one, other, is_same) in [
        (family("Robert"), family("Bob"), true),
        (family("Robert"), family("Robrt"), true),
        (family("Robert"), person("Wetherby", "Robert", "202-555-0143"), true),
        (family("Robert"), family("Margaret"), false),
        (
            person("Robert", "Wetherby", "+12025550143"),
            person("Robert", "Wetherby", "+13125550177"),
            false,
        ),
        (
            Input { birthday: "1950-03-09", ..family("Robert") },
            Input { birthday: "1950-03-09", ..family("Rob") },
            true,
        ),
    ] {
        let explanation = base.check(&one, &other);
        assert_eq!(explanation.weight >= 0.0, is_same, "{one:?}\n{other:?}\n{explanation}");
    }
}

#[test]
fn numbers_and_generations_in_names_are_who_somebody_is() {
    let base = Base::new();
    let home = PlaceInput { street: "12 Elm Street", city: "Springfield", postal_code: "12345" };
    let at_home = |first, last, suffix| Input {
        suffix,
        places: vec![home],
        emails: vec!["moss@family.example"],
        ..person(first, last, "+12025550143")
    };
    let (model, standard) = (&base.model, &base.standard);
    let record = |input: &Input<'_>| Record::standardise(input, standard);
    let options = Options::of(model);
    for (one, other, is_same) in [
        (at_home("Peter", "Moss", "II"), at_home("Peter", "Moss", "III"), false),
        (at_home("Peter", "Moss", "Sr."), at_home("Peter", "Moss", "Jr."), false),
        (at_home("Peter", "Moss", "2nd"), at_home("Peter", "Moss", "II"), true),
        (at_home("Peter", "Moss", "III"), at_home("Petr", "Moss", "III"), true),
        (at_home("Client", "12", ""), at_home("Client", "13", ""), false),
        (at_home("Client", "12", ""), at_home("Client", "0012", ""), true),
        (at_home("User00001", "Load", ""), at_home("User00002", "Load", ""), false),
        (at_home("User00001", "Load", ""), at_home("Usr00001", "Load", ""), true),
        (
            Input { full_name: "Client 5", ..at_home("", "", "") },
            Input { full_name: "Client 6", ..at_home("", "", "") },
            false,
        ),
        (
            Input { company: "Store 12", ..at_home("", "", "") },
            Input { company: "Store 13", ..at_home("", "", "") },
            false,
        ),
        (
            Input { company: "Store 12", ..at_home("", "", "") },
            Input { company: "Stores 12", ..at_home("", "", "") },
            true,
        ),
    ] {
        let explanation = base.check(&one, &other);
        assert_eq!(explanation.weight >= 0.0, is_same, "{one:?}\n{other:?}\n{explanation}");
        assert_eq!(explanation.weight < model.settings.suggest, !is_same, "{explanation}");
        assert_eq!(options.accepts(&record(&one), &record(&other)), is_same, "{one:?} {other:?}");
    }
}

#[test]
fn two_generations_do_not_meet_in_a_third_contact() {
    let model = model();
    let standard = standard(&model);
    let home = PlaceInput { street: "12 Elm Street", city: "Springfield", postal_code: "12345" };
    let records: Vec<Record> = ["", "II", "III", "II"]
        .iter()
        .map(|suffix| {
            let input =
                Input { suffix, places: vec![home], ..person("Peter", "Moss", "+12025550143") };
            Record::standardise(&input, &standard)
        })
        .collect();
    let counts = Frequencies::count(&records, model.settings.holders_grouped);
    let options = Options::of(&model);
    let scored = pairs(&records, &counts, &model, &options).unwrap();
    assert!(scored.pairs.iter().all(|pair| !matches!((pair.a, pair.b), (1, 2) | (2, 3))));
    let clusters = cluster(&records, &scored, &counts, &model, &options, &Apart::new());
    assert!(!clusters.is_empty());
    for cluster in &clusters {
        let has = |at: u32| cluster.members.contains(&at);
        assert!(!(has(2) && (has(1) || has(3))), "{clusters:?}");
    }
}

#[test]
fn generated_names_are_hardly_compared_and_never_paired() {
    let model = model();
    let standard = standard(&model);
    let records: Vec<Record> = (1..=20_000)
        .map(|at| {
            let (name, phone) = (format!("User{at:05}"), format!("+120255{at:05}"));
            let email = format!("user{at:05}@load.example");
            let place = PlaceInput { city: "Springfield", ..PlaceInput::default() };
            let input = Input {
                emails: vec![&email],
                company: "Load Test Inc",
                places: vec![place],
                ..person(&name, "Load", &phone)
            };
            Record::standardise(&input, &standard)
        })
        .collect();
    let counts = Frequencies::count(&records, model.settings.holders_grouped);
    let scored = pairs(&records, &counts, &model, &Options::of(&model)).unwrap();
    assert_eq!((scored.pairs.len(), scored.compared), (0, 0));
}

#[test]
fn another_birthday_speaks_against_the_same_person() {
    let base = Base::new();
    let born = |birthday| Input { birthday, ..person("Robert", "Wetherby", "+12025550143") };
    let weight = |one, other| base.check(&born(one), &born(other)).weight;
    let unknown = weight("", "1950-03-09");
    assert!(weight("1950-03-09", "1950-03-09") > unknown);
    assert!(weight("1950-03-09", "1950-09-03") > unknown);
    assert!(weight("1950-03-09", "1988-11-21") < unknown - 4.0);
}

#[test]
fn an_explanation_adds_up_and_reads_as_a_sentence() {
    let base = Base::new();
    let explanation = base.check(
        &Input { birthday: "1980-01-02", ..person("Robert", "Wetherby", "+12025550143") },
        &Input { birthday: "1955-07-30", ..person("Bob", "Wetherby", "202-555-0143") },
    );
    let sum: f64 = explanation.prior + explanation.reasons.iter().map(|r| r.bits).sum::<f64>();
    assert!((sum - explanation.weight).abs() < 0.1, "{explanation:?}");
    assert_eq!(explanation.rule, Some("phone"));
    let sentence = explanation.to_string();
    for part in
        ["first names are nicknames +", "different birthday -", "same phone number +", ": ", " %"]
    {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn what_is_told_apart_is_never_joined() {
    let model = model();
    let standard = standard(&model);
    let record = || Record::standardise(&person("Robert", "Wetherby", "+12025550143"), &standard);
    let records = [record(), record(), record()];
    let counts = Frequencies::count(&records, model.settings.holders_grouped);
    let options = Options::of(&model);
    let scored = pairs(&records, &counts, &model, &options).unwrap();
    let groups = |apart: &Apart| cluster(&records, &scored, &counts, &model, &options, apart);
    assert_eq!(groups(&Apart::new())[0].members, [0, 1, 2]);
    let apart = groups(&Apart::from([(0, 2)]));
    assert_eq!(apart.len(), 1);
    assert!(apart[0].members.len() == 2 && apart[0].members.contains(&1), "{apart:?}");
    assert!(groups(&Apart::from([(0, 1), (0, 2), (1, 2)])).is_empty());
}

#[test]
fn nothing_and_organisations_do_not_panic() {
    let model = model();
    let standard = standard(&model);
    let acme = |street| Input {
        company: "Acme Rockets GmbH",
        phones: vec!["+49 30 1234567"],
        places: vec![PlaceInput { street, city: "Berlin", postal_code: "10115" }],
        ..Input::default()
    };
    let records: Vec<Record> =
        [Input::default(), acme("Lindenstraße 7"), acme("Lindenstr. 7"), Input::default()]
            .iter()
            .map(|input| Record::standardise(input, &standard))
            .collect();
    for records in [&records[..], &records[..1], &[]] {
        let counts = Frequencies::count(records, model.settings.holders_grouped);
        let options = Options::of(&model);
        let scored = pairs(records, &counts, &model, &options).unwrap();
        let clusters = cluster(records, &scored, &counts, &model, &options, &Apart::new());
        let members: Vec<Vec<u32>> = clusters.into_iter().map(|c| c.members).collect();
        assert_eq!(members, if records.len() == 4 { vec![vec![1, 2]] } else { vec![] });
    }
}

/// Values of which few exist, so that records meet in all ways.
#[derive(Clone, Debug)]
struct Values {
    names: (String, String),
    phones: Vec<String>,
    emails: Vec<String>,
    company: String,
    places: Vec<(String, String, String)>,
    birthday: String,
}

impl Values {
    fn record(&self, standard: &Standard) -> Record {
        let places = self.places.iter().map(|(street, city, postal_code)| PlaceInput {
            street,
            city,
            postal_code,
        });
        Record::standardise(
            &Input {
                first_name: &self.names.0,
                last_name: &self.names.1,
                phones: self.phones.iter().map(String::as_str).collect(),
                emails: self.emails.iter().map(String::as_str).collect(),
                company: &self.company,
                places: places.collect(),
                birthday: &self.birthday,
                ..Input::default()
            },
            standard,
        )
    }
}

fn values() -> impl Strategy<Value = Values> {
    let name = "(|Bob|Robert|Rob|R.|Roberto|Jon|John|Ann Mary|Mary Ann|Smith|Smyth|Smith Jones|de la Cruz)";
    let place =
        ("(|[12] Elm St|1[23] Elm Street|Oak Rd 5)", "(|Rome|Paris|Pariss)", "(|123[4-6]5)");
    (
        (name, name),
        prop::collection::vec("\\+120255501[0-3]{2}", 0..3),
        prop::collection::vec(
            "(bob|bob.smith[0-2]?|john[0-9]{2}|info)@(gmail|acme|acne)\\.com",
            0..3,
        ),
        "(|Acme|Acme Inc|Acme Rockets)",
        prop::collection::vec(place, 0..3),
        "(|19[89]0-0[1-3]-0[1-3])",
    )
        .prop_map(|(names, phones, emails, company, places, birthday)| Values {
            names,
            phones,
            emails,
            company,
            places,
            birthday,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_two_records_does_not_matter(all in prop::collection::vec(values(), 2..12)) {
        let model = model();
        let standard = standard_without_names(&model);
        let records: Vec<Record> = all.iter().map(|values| values.record(&standard)).collect();
        let counts = Frequencies::count(&records, model.settings.holders_grouped);
        let options = Options { name_similarity: Some(70), ..Options::of(&model) };
        let check = Check::new(&model, &counts, Prior::start(&model.settings), &options);
        for (a, one) in records.iter().enumerate() {
            for (b, other) in records.iter().enumerate() {
                let (there, back) = (check.weight(one, other), check.weight(other, one));
                prop_assert!((there - back).abs() < 1e-3, "{:?}\n{:?}\n{}\n{}", all[a], all[b],
                    check.explain(one, other, None), check.explain(other, one, None));
                prop_assert_eq!(options.accepts(one, other), options.accepts(other, one));
                let explained = check.explain(one, other, None);
                let sum: f64 = explained.reasons.iter().map(|reason| reason.bits).sum();
                prop_assert!((explained.prior + sum - explained.weight).abs() < 0.06);
            }
        }
    }

    #[test]
    fn without_refusals_clusters_are_connected_components(
        all in prop::collection::vec(values(), 2..40)
    ) {
        let mut model = model();
        model.settings.guard_mean = f64::NEG_INFINITY;
        let standard = standard_without_names(&model);
        let records: Vec<Record> = all.iter().map(|values| values.record(&standard)).collect();
        let counts = Frequencies::count(&records, model.settings.holders_grouped);
        let options = Options::of(&model);
        let scored = pairs(&records, &counts, &model, &options).unwrap();
        // Each pair once, ordered.
        let places: BTreeSet<(u32, u32)> = scored.pairs.iter().map(|p| (p.a, p.b)).collect();
        prop_assert_eq!(places.len(), scored.pairs.len());
        prop_assert!(scored.pairs.iter().all(|p| p.a < p.b));

        let mut labels: Vec<u32> = (0_u32..).take(records.len()).collect();
        for _ in 0..records.len() {
            for pair in scored.pairs.iter().filter(|pair| f64::from(pair.weight) >= options.threshold) {
                let low = labels[pair.a as usize].min(labels[pair.b as usize]);
                labels[pair.a as usize] = low;
                labels[pair.b as usize] = low;
            }
        }
        let mut components: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (at, label) in (0_u32..).zip(labels) {
            components.entry(label).or_default().push(at);
        }
        let expect: Vec<Vec<u32>> = components.into_values().filter(|c| c.len() > 1).collect();
        let found = cluster(&records, &scored, &counts, &model, &options, &Apart::new());
        prop_assert_eq!(found.into_iter().map(|c| c.members).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn no_input_makes_it_panic(text in "\\PC{0,40}", other in "\\PC{0,40}") {
        let model = model();
        let standard = standard_without_names(&model);
        let input = |text, other| Input {
            first_name: text,
            last_name: other,
            suffix: "",
            full_name: text,
            phones: vec![text, other],
            emails: vec![text, other],
            company: text,
            places: vec![PlaceInput { street: text, city: other, postal_code: text }],
            country: other,
            birthday: text,
            national_id: other,
        };
        let records = [(text.as_str(), other.as_str()), (other.as_str(), text.as_str())]
            .map(|(text, other)| Record::standardise(&input(text, other), &standard));
        let counts = Frequencies::count(&records, model.settings.holders_grouped);
        let options = Options { keep: f64::NEG_INFINITY, ..Options::of(&model) };
        let scored = pairs(&records, &counts, &model, &options).unwrap();
        prop_assert!(scored.pairs.iter().all(|pair| !pair.weight.is_nan()));
    }
}

fn standard_without_names(model: &Model) -> Standard {
    let names = NameTables::parse("en\trobert\tbob,rob\n", "mr\n", "de\nla\n", "inc\n");
    Standard::new(Arc::new(names.unwrap()), model)
}
