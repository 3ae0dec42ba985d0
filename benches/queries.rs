//! What is measured: a set of queries inside the process, class by class, on one thread.
//!
//! ```text
//! scripts/bench-queries CORPUS.csv QUERIES.tsv
//! cargo bench --bench queries -- DATA_DIR QUERIES.tsv [--seconds 2] [--per-page 50] [--class name]
//!     [--slowest 5]
//! ```
//!
//! `DATA_DIR` is a data directory without a server, into which the corpus was imported with its
//! `true_id` as external id. Answers are pages of records with exact totals, reasons and highlights,
//! as over HTTP, but not written as JSON. All queries of a class run in turn: once, when most records
//! and words are met for the first time (the last two columns), then as long as is said.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench fails by panicking and prints its figures"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use ringdex::app::{Access, App, Refresh, SearchRequest};
use ringdex::domain::access::Caller;
use ringdex::engine::Options;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Query {
    text: String,
    offset: usize,
    meant: Option<String>,
}

fn main() {
    let mut files = Vec::new();
    let (mut seconds, mut per_page, mut only, mut slowest) = (2.0, 50, None, 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("a value");
        match argument.as_str() {
            "--bench" => {}
            "--seconds" => seconds = value().parse().expect("seconds"),
            "--per-page" => per_page = value().parse().expect("a number"),
            "--slowest" => slowest = value().parse().expect("a number"),
            "--class" => only = Some(value()),
            _ => files.push(argument),
        }
    }
    let [dir, queries] = files.as_slice() else {
        println!("queries: skipped, since it needs DATA_DIR and QUERIES.tsv");
        return;
    };
    let app = App::open(Path::new(dir), Options::default()).expect("open");
    let organization = app.access().find_organization("default").expect("organisation");
    let caller = Access::operator_of(organization.number);
    println!("{} contacts, {per_page} records a page", app.partition().contact_count());
    println!(
        "| class | queries | hits | first 10 | p50 us | p99 us | per second | first p50 | first p99 |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (class, queries) in read(Path::new(queries)) {
        if only.as_ref().is_none_or(|only| only.split(',').any(|one| one == class)) {
            let bench = Bench { app: &app, caller: &caller, class: &class, per_page };
            bench.measure(&queries, Duration::from_secs_f64(seconds), slowest);
        }
    }
}

fn read(path: &Path) -> Vec<(String, Vec<Query>)> {
    let text = std::fs::read_to_string(path).expect("the queries");
    let mut order = Vec::new();
    let mut classes: BTreeMap<String, Vec<Query>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut cells = line.split('\t');
        let (class, query) = (cells.next().expect("class"), cells.next().expect("query"));
        let parts: serde_json::Value =
            serde_json::from_str(cells.next().expect("parts")).expect("JSON");
        let offset = parts["offset"].as_u64().map_or(0, |offset| offset as usize);
        let meant = cells.next().filter(|id| !id.is_empty()).map(str::to_owned);
        if !classes.contains_key(class) {
            order.push(class.to_owned());
        }
        let query = Query { text: query.to_owned(), offset, meant };
        classes.entry(class.to_owned()).or_default().push(query);
    }
    order.into_iter().map(|class| (class.clone(), classes.remove(&class).unwrap())).collect()
}

/// Hits of a query, and whether the one who is meant is among the first ten.
fn run(app: &App, caller: &Caller, class: &str, query: &Query, per_page: usize) -> (usize, bool) {
    if class == "lookup" {
        let answer = app.lookup_number(caller, &query.text, None, None).expect("lookup");
        let mut found = answer.results.iter().map(|result| result.contact.external_crm_id.as_ref());
        return (answer.count, found.any(|id| id == query.meant.as_ref()));
    }
    let mut request = SearchRequest {
        query: query.text.as_str().into(),
        per_page: Some(per_page),
        refresh: Refresh::Never,
        ..SearchRequest::default()
    };
    if class == "sort-page" {
        request.sort = Some("name".to_owned());
        request.page = Some(query.offset / per_page + 1);
    }
    let answer = app.search_contacts(caller, &request).expect("search");
    let mut first = answer.contacts.iter().take(10);
    let found = first.any(|(contact, _)| contact.external_crm_id == query.meant);
    (answer.total, found)
}

struct Bench<'a> {
    app: &'a App,
    caller: &'a Caller,
    class: &'a str,
    per_page: usize,
}

impl Bench<'_> {
    fn run(&self, query: &Query) -> (usize, bool) {
        run(self.app, self.caller, self.class, query, self.per_page)
    }

    fn measure(&self, queries: &[Query], at_least: Duration, slowest: usize) {
        let (mut hits, mut found) = (0, 0);
        let mut first = Vec::with_capacity(queries.len());
        for query in queries {
            let started = Instant::now();
            let (total, is_found) = self.run(query);
            first.push(started.elapsed());
            hits += total;
            found += usize::from(is_found && query.meant.is_some());
        }
        let mut times = Vec::new();
        let mut of_query = vec![Duration::MAX; queries.len()];
        let begun = Instant::now();
        while begun.elapsed() < at_least {
            for (query, least) in queries.iter().zip(&mut of_query) {
                let started = Instant::now();
                std::hint::black_box(self.run(query));
                times.push(started.elapsed());
                *least = (*least).min(started.elapsed());
            }
        }
        let whole = begun.elapsed();
        times.sort_unstable();
        first.sort_unstable();
        println!(
            "| {} | {} | {} | {} % | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            self.class,
            queries.len(),
            hits / queries.len(),
            found * 100 / queries.len(),
            micros(&times, 0.5),
            micros(&times, 0.99),
            times.len() as f64 / whole.as_secs_f64(),
            micros(&first, 0.5),
            micros(&first, 0.99),
        );
        let mut order: Vec<usize> = (0..queries.len()).collect();
        order.sort_by_key(|query| std::cmp::Reverse(of_query[*query]));
        for query in order.into_iter().take(slowest) {
            println!("  {:.0} us: {}", of_query[query].as_secs_f64() * 1e6, queries[query].text);
        }
    }
}

/// The time that a share of sorted times does not exceed.
fn micros(sorted: &[Duration], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6
}
