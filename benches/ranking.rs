//! What is measured: how good the first ten hits are, on the judged set of `tests/data/ranking`.
//! Corpus: 2,526 invented contacts that are easily mixed up, 324 queries with graded answers.
//! Notes: prints nDCG, recall and the reciprocal rank of the first right hit by class of queries;
//! `--each` also prints every query that could be better with what came and what should have.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench fails by panicking and prints its figures"
)]

#[path = "../tests/it/support/ranking.rs"]
#[allow(dead_code, reason = "the test uses other parts of it")]
mod ranking;

use ringdex::app::{Access, App};
use ringdex::engine::Options;

fn main() {
    let shows_each = std::env::args().any(|argument| argument == "--each");
    let dir = tempfile::tempdir().expect("directory");
    let app = App::open(dir.path(), Options::default()).expect("open");
    app.bootstrap(Some("bench-token")).expect("bootstrap");
    let organization = app.access().find_organization("default").expect("organisation");
    let caller = Access::operator_of(organization.number);
    ranking::import(&app, &caller);
    let outcomes: Vec<ranking::Outcome> =
        ranking::queries().iter().map(|judged| ranking::ask(&app, &caller, judged)).collect();
    if shows_each {
        for outcome in outcomes.iter().filter(|outcome| outcome.figures.ndcg < 0.9995) {
            println!("{} | {} | nDCG {:.3}", outcome.class, outcome.query, outcome.figures.ndcg);
            println!("    came:   {}", shown(&outcome.came));
            println!("    wanted: {}", shown(&outcome.best));
        }
    }
    println!("| class | queries | nDCG@10 | recall@10 | MRR |\n|---|---|---|---|---|");
    for (class, (count, mean)) in ranking::means(&outcomes) {
        println!("| {class} | {count} | {:.3} | {:.3} | {:.3} |", mean.ndcg, mean.recall, mean.mrr);
    }
}

fn shown(hits: &[(String, u32)]) -> String {
    let shown: Vec<String> =
        hits.iter().take(10).map(|(who, grade)| format!("{who}:{grade}")).collect();
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") }
}
