//! What is measured: how well and how fast duplicates are found.
//! Corpus: labelled CSV files given as arguments (columns as in `tests/data/duplicates`), or
//! generated contacts: `generated:COUNT:SEED`. Without arguments, 10,000 generated contacts.
//! `--only=phones` leaves all columns empty but the names and those; `--errors` shows wrong and
//! missed pairs; `--em` measures once more with weights estimated from the corpus itself. Notes: precision, recall and F1 of pairs at the shipped threshold, recall where precision is
//! still .99, and the same after clustering; times and peak memory of the process so far.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a bench fails by panicking and prints its figures"
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
use ringdex::dedupe::{
    Apart, Check, Frequencies, Input, Model, Options, PlaceInput, Record, Scored, Standard,
    cluster, estimate_from_pairs, pairs,
};
use ringdex::domain::names::NameTables;
use ringdex::generate;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Corpus {
    records: Vec<Record>,
    /// Dense number of the true person of each record.
    people: Vec<u32>,
    /// What was read, for showing errors.
    rows: Vec<String>,
}

fn names() -> NameTables {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = std::env::var("RINGDEX_SOURCE").map_or(root.to_owned(), Into::into);
    let read = |name: &str| {
        std::fs::read_to_string(root.join("index-schema").join(name)).expect("tables of names")
    };
    NameTables::parse(
        &read("nicknames.tsv"),
        &read("titles.txt"),
        &read("particles.txt"),
        &read("legal_forms.txt"),
    )
    .expect("tables of names")
}

/// Reads a labelled file; with `only`, all columns but these groups stay empty.
fn read_file(path: &str, standard: &Standard, only: Option<&str>, is_verbose: bool) -> Corpus {
    let mut reader = csv::Reader::from_path(path).expect("file");
    let header = reader.headers().expect("header").clone();
    let column = |name: &str| header.iter().position(|known| known == name);
    let columns: HashMap<&str, usize> = header.iter().zip(0..).collect();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    let records = rows
        .par_iter()
        .map(|row| {
            let is_read = |name: &str| {
                only.is_none_or(|only| {
                    name.ends_with("_name") || only.split(',').any(|o| o == name)
                })
            };
            let get = |name: &str| {
                columns
                    .get(name)
                    .filter(|_| is_read(name))
                    .and_then(|at| row.get(*at))
                    .unwrap_or("")
            };
            let list = |name: &str| get(name).split('|').filter(|v| !v.is_empty()).collect();
            let place = PlaceInput {
                street: get("address"),
                city: get("city"),
                postal_code: get("postcode"),
            };
            Record::standardise(
                &Input {
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
                },
                standard,
            )
        })
        .collect();
    let truth = column("cluster_id").expect("column cluster_id");
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let people = rows
        .iter()
        .map(|row| {
            let next = u32::try_from(numbers.len()).expect("fits");
            *numbers.entry(row[truth].to_owned()).or_insert(next)
        })
        .collect();
    let rows = if is_verbose {
        rows.iter().map(|row| row.iter().collect::<Vec<_>>().join(",")).collect()
    } else {
        Vec::new()
    };
    Corpus { records, people, rows }
}

fn generate(count: usize, seed: u64, standard: &Standard, is_verbose: bool) -> Corpus {
    let people: Vec<generate::Person> =
        generate::Generator::new(seed, generate::Options::default()).take(count).collect();
    let started = Instant::now();
    let records = people
        .par_iter()
        .map(|person| {
            Record::standardise(
                &Input {
                    first_name: &person.first_name,
                    last_name: &person.last_name,
                    suffix: "",
                    full_name: "",
                    phones: person.phones.iter().map(|phone| phone.text.as_str()).collect(),
                    emails: person.emails.iter().map(|mail| mail.address.as_str()).collect(),
                    company: &person.company,
                    places: vec![PlaceInput {
                        street: &person.street,
                        city: person.city,
                        postal_code: &person.postal_code,
                    }],
                    country: person.country,
                    birthday: &person.birthday,
                    national_id: "",
                },
                standard,
            )
        })
        .collect();
    println!("  records {:.2} s", started.elapsed().as_secs_f64());
    let rows = if is_verbose {
        people.iter().map(|person| person.cells().join(",")).collect()
    } else {
        Vec::new()
    };
    let people = people.iter().map(|p| u32::try_from(p.true_id).expect("fits")).collect();
    Corpus { records, people, rows }
}

fn status(key: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

/// Processor time of this process so far, in seconds; of Linux, whose clock ticks 100 times a second.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn pairs_of(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.map(|n| n * (n - 1) / 2).sum()
}

fn true_pairs(people: &[u32]) -> u64 {
    let mut sizes: HashMap<u32, u64> = HashMap::new();
    for person in people {
        *sizes.entry(*person).or_default() += 1;
    }
    pairs_of(sizes.into_values())
}

fn f1(right: u64, found: u64, truth: u64) -> (f64, f64, f64) {
    let precision = right as f64 / found.max(1) as f64;
    let recall = right as f64 / truth.max(1) as f64;
    (precision, recall, 2.0 * precision * recall / (precision + recall).max(1e-9))
}

/// Best F1 over thresholds with its threshold, and best recall with precision of at least .99.
fn best(scored: &Scored, people: &[u32], truth: u64) -> (f64, f32, f64) {
    let mut sorted: Vec<(f32, bool)> = scored
        .pairs
        .iter()
        .map(|p| (p.weight, people[p.a as usize] == people[p.b as usize]))
        .collect();
    sorted.par_sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
    let (mut right, mut top, mut at, mut recall) = (0, 0.0, 0.0, 0.0_f64);
    for (found, (weight, is_true)) in (1..).zip(&sorted) {
        right += u64::from(*is_true);
        let (p, r, f) = f1(right, found, truth);
        if f > top {
            (top, at) = (f, *weight);
        }
        if p >= 0.99 {
            recall = recall.max(r);
        }
    }
    (top, at, recall)
}

fn measure(name: &str, corpus: &Corpus, model: &Model, is_verbose: bool) {
    let Corpus { records, people, .. } = corpus;
    let truth = true_pairs(people);
    let mut options = Options::of(model);
    if is_verbose {
        options.keep = -30.0;
    }
    let (started, processor) = (Instant::now(), processor_seconds());
    let counts = Frequencies::count(records, model.settings.holders_grouped);
    let counted = started.elapsed().as_secs_f64();
    let scored = pairs(records, &counts, model, &options).expect("not too many");
    let compared = started.elapsed().as_secs_f64();
    let clusters = cluster(records, &scored, &counts, model, &options, &Apart::new());
    let took = started.elapsed().as_secs_f64();
    let processor = processor_seconds() - processor;

    let is_true = |a: u32, b: u32| people[a as usize] == people[b as usize];
    let kept = || scored.pairs.iter().filter(|p| f64::from(p.weight) >= options.threshold);
    let right = kept().filter(|p| is_true(p.a, p.b)).count() as u64;
    let (p, r, f) = f1(right, kept().count() as u64, truth);
    let (top, at, recall) = best(&scored, people, truth);
    let proposed = scored.pairs.iter().filter(|p| is_true(p.a, p.b)).count();
    let found = pairs_of(clusters.iter().map(|c| c.members.len() as u64));
    let right: u64 = clusters
        .iter()
        .map(|cluster| {
            let mut sizes: HashMap<u32, u64> = HashMap::new();
            for at in &cluster.members {
                *sizes.entry(people[*at as usize]).or_default() += 1;
            }
            pairs_of(sizes.into_values())
        })
        .sum();
    let (cp, cr, cf) = f1(right, found, truth);
    let n = records.len();
    println!("{name}: {n} records, {truth} true pairs");
    println!(
        "  pairs     P {p:.4} R {r:.4} F1 {f:.4}; recall at P .99 {recall:.4}; best F1 {top:.4} at {at:.1}"
    );
    println!("  clustered P {cp:.4} R {cr:.4} F1 {cf:.4}");
    println!(
        "  compared {} ({:.2} a record), kept {} of which true {proposed}; left out {:?}; prior {:.3} {:.3}",
        scored.compared,
        scored.compared as f64 / n as f64,
        scored.pairs.len(),
        scored.left_out.iter().map(|(rule, n)| (rule.code(), *n)).collect::<Vec<_>>(),
        scored.prior.duplicates,
        scored.prior.household,
    );
    let mut true_by_rule: HashMap<&str, (u64, u64)> = HashMap::new();
    for pair in &scored.pairs {
        let count = true_by_rule.entry(pair.rule.code()).or_default();
        count.0 += 1;
        count.1 += u64::from(is_true(pair.a, pair.b));
    }
    for (rule, n) in &scored.proposed {
        let (kept, right) = true_by_rule.get(rule.code()).copied().unwrap_or_default();
        println!("    {:20} proposed {n:9}, kept {kept:8}, true {right:8}", rule.code());
    }
    let memory: usize = records.par_iter().map(Record::memory).sum();
    println!(
        "  {took:.2} s, {processor:.2} s of CPU (counts {counted:.2}, pairs {:.2}, clusters {:.2}); records {:.0} bytes each; peak {:.2} GB",
        compared - counted,
        took - compared,
        memory as f64 / n as f64,
        status("VmHWM"),
    );
    let check = Check::new(model, &counts, scored.prior, &options);
    let sample = &scored.pairs[..scored.pairs.len().min(10_000)];
    let started = Instant::now();
    for pair in sample {
        std::hint::black_box(check.weight(&records[pair.a as usize], &records[pair.b as usize]));
    }
    let each = started.elapsed().as_secs_f64() / sample.len().max(1) as f64;
    println!("  one pair by itself {:.2} us", each * 1e6);
    if is_verbose {
        show_errors(corpus, &scored, &counts, model, &options);
    }
}

/// Prints some wrong and missed pairs with their reasons.
fn show_errors(
    corpus: &Corpus,
    scored: &Scored,
    counts: &Frequencies,
    model: &Model,
    options: &Options,
) {
    let check = Check::new(model, counts, scored.prior, options);
    let show = |a: u32, b: u32, title: &str| {
        let (one, other) = (&corpus.records[a as usize], &corpus.records[b as usize]);
        println!("{title}\n   {}\n   {}", corpus.rows[a as usize], corpus.rows[b as usize]);
        let explanation = check.explain(one, other, None);
        println!("   {explanation} [{:?} prior {:.1}]", explanation.rival, explanation.prior);
    };
    let is_true = |a: u32, b: u32| corpus.people[a as usize] == corpus.people[b as usize];
    let wrong: Vec<_> =
        scored.pairs.iter().filter(|p| p.weight >= 0.0 && !is_true(p.a, p.b)).collect();
    println!("wrong {}", wrong.len());
    for p in wrong.iter().step_by((wrong.len() / 25).max(1)) {
        show(p.a, p.b, &format!("WRONG {:.1} {}", p.weight, p.rule.code()));
    }
    let missed: Vec<_> =
        scored.pairs.iter().filter(|p| p.weight < 0.0 && is_true(p.a, p.b)).collect();
    println!("missed {}", missed.len());
    for p in missed.iter().step_by((missed.len() / 70).max(1)) {
        show(p.a, p.b, &format!("MISSED {:.1} {}", p.weight, p.rule.code()));
    }
    let known: std::collections::HashSet<(u32, u32)> =
        scored.pairs.iter().map(|p| (p.a, p.b)).collect();
    let mut by_person: HashMap<u32, Vec<u32>> = HashMap::new();
    for (at, person) in (0..).zip(&corpus.people) {
        by_person.entry(*person).or_default().push(at);
    }
    let mut unseen = Vec::new();
    for members in by_person.values() {
        for (at, a) in members.iter().enumerate() {
            unseen.extend(
                members[at + 1..].iter().map(|b| (*a, *b)).filter(|pair| !known.contains(pair)),
            );
        }
    }
    unseen.sort_unstable();
    println!("never proposed {}", unseen.len());
    for (a, b) in unseen.iter().step_by((unseen.len() / 15).max(1)) {
        show(*a, *b, "UNSEEN");
    }
}

/// The model with the weights that expectation and maximisation find in a corpus.
fn estimated(corpus: &Corpus, model: &Model) -> Model {
    let started = Instant::now();
    let counts = Frequencies::count(&corpus.records, model.settings.holders_grouped);
    let estimate = estimate_from_pairs(&corpus.records, &counts, &Options::of(model));
    let estimate = estimate.expect("enough pairs");
    println!("  weights {:.2} s", started.elapsed().as_secs_f64());
    for row in estimate.rows.iter().filter(|row| row.pairs > 0) {
        let (shipped, own) = (row.shipped, row.estimated);
        let (field, level, weight) = (row.field, row.level, row.weight);
        println!("    {field:12} {level:24} {weight:7} {shipped:9} {own:9} {:9}", row.pairs);
    }
    Model::parse(&estimate.table).expect("a table")
}

fn main() {
    let mut arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_verbose = arguments.iter().any(|argument| argument == "--errors");
    let is_estimated = arguments.iter().any(|argument| argument == "--em");
    let only =
        arguments.iter().find_map(|argument| argument.strip_prefix("--only=").map(str::to_owned));
    arguments.retain(|argument| !argument.starts_with("--"));
    if arguments.is_empty() {
        arguments.push("generated:10000:1".to_owned());
    }
    let model = match std::env::var("RINGDEX_DEDUPE_MODEL") {
        Ok(path) => Model::parse(&std::fs::read_to_string(path).expect("model")).expect("model"),
        Err(_) => Model::shipped().expect("model"),
    };
    let standard = Standard::new(Arc::new(names()), &model);
    for argument in arguments {
        let corpus = match argument.strip_prefix("generated:").and_then(|s| s.split_once(':')) {
            Some((count, seed)) => generate(
                count.parse().expect("a number"),
                seed.parse().expect("a number"),
                &standard,
                is_verbose,
            ),
            None => read_file(&argument, &standard, only.as_deref(), is_verbose),
        };
        measure(&argument, &corpus, &model, is_verbose);
        if is_estimated {
            let own = estimated(&corpus, &model);
            measure(&format!("{argument} with its own weights"), &corpus, &own, is_verbose);
        }
    }
}
