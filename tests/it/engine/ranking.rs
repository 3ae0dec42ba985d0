//! How good the first hits are on the judged set: no class of queries may fall below its floor in
//! `tests/data/ranking/floors.tsv`. The bench `ranking` prints the figures.

use crate::support::ranking::{self, OVERALL};
use crate::support::{TestApp, operator};

#[test]
fn no_class_of_queries_is_answered_worse_than_before() {
    let test = TestApp::new();
    let caller = operator(1);
    ranking::import(test.app(), &caller);
    let outcomes: Vec<_> =
        ranking::queries().iter().map(|judged| ranking::ask(test.app(), &caller, judged)).collect();
    let means = ranking::means(&outcomes);
    let floors = ranking::floors();
    let classes: Vec<&String> = means.keys().collect();
    assert_eq!(floors.keys().collect::<Vec<_>>(), classes, "a floor for every class");
    assert!(means[OVERALL].0 >= 150, "enough queries to say anything");
    let mut fallen = Vec::new();
    for (class, (_, mean)) in &means {
        let floor = floors[class];
        for (what, mean, floor) in [
            ("nDCG@10", mean.ndcg, floor.ndcg),
            ("recall@10", mean.recall, floor.recall),
            ("MRR", mean.mrr, floor.mrr),
        ] {
            // Means of the same numbers may differ in the last digit.
            if mean + 1e-9 < floor {
                fallen.push(format!("{class}: {what} is {mean:.3}, not {floor:.3}"));
            }
        }
    }
    let worst: Vec<String> = outcomes
        .iter()
        .filter(|o| fallen.iter().any(|f| f.starts_with(&o.class)) && o.figures.ndcg < 0.95)
        .map(|o| format!("{}: {:?}, best would be {:?}", o.query, o.came, o.best))
        .collect();
    assert!(fallen.is_empty(), "{fallen:#?}\n{worst:#?}");
}
