//! What is measured: lookup, search and create inside the process, without HTTP.
//! Corpus: generated contacts, `RINGDEX_BENCH_CONTACTS` of them (10,000 if not given).
//! Notes: searches fetch 50 records and count exactly; creates wait for the disk.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::large_stack_arrays,
    clippy::too_many_arguments,
    clippy::items_after_statements,
    clippy::type_complexity,
    clippy::single_match_else,
    reason = "a bench fails by panicking and prints its figures"
)]

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use ringdex::app::{Refresh, SearchRequest};
use ringdex::domain::phone::{ValidationLevel, parse};
use serde_json::json;

fn engine(c: &mut Criterion) {
    let count = support::contacts();
    let dir = tempfile::tempdir().expect("directory");
    let (app, caller) = support::app_with(dir.path(), count);
    let people = support::sample(count, 37);
    let phones: Vec<String> =
        people.iter().flat_map(|p| p.phones.iter().map(|t| t.text.clone())).collect();

    let mut group = c.benchmark_group(format!("{count} contacts"));
    let mut at = 0;
    group.bench_function("lookup", |b| {
        b.iter(|| {
            at = (at + 1) % phones.len();
            app.lookup_number(&caller, &phones[at], None, None).expect("lookup").count
        });
    });
    let names: Vec<&generate::Person> = people.iter().filter(|p| !p.last_name.is_empty()).collect();
    let classes: Vec<(&str, Vec<String>)> = vec![
        ("name", names.iter().map(|p| format!("{} {}", p.first_name, p.last_name)).collect()),
        (
            "name reversed",
            names.iter().map(|p| format!("{} {}", p.last_name, p.first_name)).collect(),
        ),
        ("prefix 3", names.iter().map(|p| p.last_name.chars().take(3).collect()).collect()),
        ("prefix 5", names.iter().map(|p| p.last_name.chars().take(5).collect()).collect()),
        ("infix 4", infixes(&phones, 4)),
        ("infix 5", infixes(&phones, 5)),
        ("infix 7", infixes(&phones, 7)),
        ("infix 10", infixes(&phones, 10)),
    ];
    for (name, queries) in classes {
        let queries: Vec<String> = queries.into_iter().filter(|q| !q.is_empty()).collect();
        let mut at = 0;
        group.bench_function(format!("search {name}"), |b| {
            b.iter(|| {
                at = (at + 1) % queries.len();
                let request = SearchRequest {
                    query: queries[at].as_str().into(),
                    refresh: Refresh::Never,
                    ..SearchRequest::default()
                };
                app.search_contacts(&caller, &request).expect("search").total
            });
        });
    }
    group.sample_size(30);
    let mut number = 0_u64;
    group.bench_function("create, durable", |b| {
        b.iter(|| {
            number += 1;
            let body =
                json!({"name": format!("Bench {number}"), "phone": format!("+1999{number:07}")});
            app.create_contact(&caller, &body, None).expect("create").seq
        });
    });
    group.bench_function("create, then found", |b| {
        b.iter(|| {
            number += 1;
            let body =
                json!({"name": format!("Bench {number}"), "phone": format!("+1999{number:07}")});
            app.create_contact(&caller, &body, None).expect("create");
            let request = SearchRequest {
                query: format!("1999{number:07}").into(),
                ..SearchRequest::default()
            };
            assert_eq!(app.search_contacts(&caller, &request).expect("search").total, 1);
        });
    });
    group.finish();
}

use ringdex::generate;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn infixes(phones: &[String], len: usize) -> Vec<String> {
    phones
        .iter()
        .map(|text| text.chars().filter(char::is_ascii_digit).collect::<String>())
        .filter(|digits| digits.len() > len)
        .map(|digits| digits[digits.len() - len..].to_owned())
        .collect()
}

/// The cost of reading one number: as most files have it, and as people type it.
fn phones(c: &mut Criterion) {
    let mut group = c.benchmark_group("phone number");
    for (name, raw) in [
        ("E.164, fast path", "+12025550123"),
        ("E.164, formatted", "+49 30 901820-17"),
        ("national US, fast path", "(202) 555-0123"),
        ("national DE, metadata", "030 90182017"),
    ] {
        let country = if name.contains("DE") { "DE" } else { "US" };
        group.bench_function(name, |b| {
            b.iter(|| parse(std::hint::black_box(raw), Some(country), ValidationLevel::Shape));
        });
        group.bench_function(format!("{name}: phonenumber crate"), |b| {
            let id = country.parse().ok();
            b.iter(|| phonenumber::parse(id, std::hint::black_box(raw)));
        });
    }
    group.finish();
}

criterion_group!(benches, phones, engine);
criterion_main!(benches);
