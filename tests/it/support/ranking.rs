//! The judged set of `tests/data/ranking`: imports it, asks its queries as the search box does, and
//! says how good the answers are. Shared by the bench `ranking` and the test that keeps the floors.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use ringdex::app::{App, ImportOptions, Refresh, SearchRequest};
use ringdex::domain::access::Caller;
use ringdex::import::match_existing::OnDuplicate;
use ringdex::import::{MapOptions, Target};

/// Hits that are looked at.
const DEPTH: usize = 10;
/// The least grade of a hit that a search must bring.
const RIGHT: u32 = 2;
/// The name of the mean over all queries.
pub(crate) const OVERALL: &str = "overall";

/// A query with what should come.
pub(crate) struct Judged {
    pub(crate) class: String,
    pub(crate) query: String,
    /// Grades by id.
    grades: HashMap<String, u32>,
}

/// What a query brought, and how good that is, each from 0 to 1.
pub(crate) struct Outcome {
    pub(crate) class: String,
    pub(crate) query: String,
    /// The first hits with their grades, as name and id.
    pub(crate) came: Vec<(String, u32)>,
    /// The ids that would have been best, with grades.
    pub(crate) best: Vec<(String, u32)>,
    pub(crate) figures: Figures,
}

/// How good answers are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    /// Gain of the first ten hits, `2^grade - 1`, less with every place, by that of the best order.
    pub(crate) ndcg: f64,
    /// Share of the right ones, or of ten of them, among the first ten.
    pub(crate) recall: f64,
    /// One by the place of the first right one.
    pub(crate) mrr: f64,
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/ranking").join(name)
}

/// The lines of a file of the set as cells, without the first one.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(data(name)).expect("a file of the judged set");
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().skip(1).filter(|line| !line.is_empty()).map(cells).collect()
}

/// The queries.
pub(crate) fn queries() -> Vec<Judged> {
    let grade = |pair: &str| {
        let (id, grade) = pair.split_once(':').expect("an id and a grade");
        (id.to_owned(), grade.parse().expect("a grade"))
    };
    rows("queries.tsv")
        .into_iter()
        .map(|cells| {
            let [class, query, judgements] = cells.try_into().expect("three columns");
            Judged { class, query, grades: judgements.split(',').map(grade).collect() }
        })
        .collect()
}

/// The least figures that must be reached, by class.
pub(crate) fn floors() -> BTreeMap<String, Figures> {
    rows("floors.tsv")
        .into_iter()
        .map(|cells| {
            let [class, ndcg, recall, mrr] = cells.try_into().expect("four columns");
            let number = |text: String| text.parse().expect("a number");
            (class, Figures { ndcg: number(ndcg), recall: number(recall), mrr: number(mrr) })
        })
        .collect()
}

/// Imports the contacts; their ids become `external_crm_id`.
pub(crate) fn import(app: &App, caller: &Caller) {
    let options = ImportOptions {
        map: MapOptions {
            columns: vec![("id".to_owned(), Target::ExternalCrmId)],
            ..MapOptions::default()
        },
        on_duplicate: OnDuplicate::Create,
        ..ImportOptions::default()
    };
    let file = std::fs::File::open(data("contacts.csv")).expect("the contacts");
    let cancel = AtomicBool::new(false);
    app.import_contacts(caller, file, &options, &mut std::io::sink(), &cancel, &mut |_| {})
        .expect("import");
}

/// Asks a query.
pub(crate) fn ask(app: &App, caller: &Caller, judged: &Judged) -> Outcome {
    let request = SearchRequest {
        query: judged.query.as_str().into(),
        refresh: Refresh::Wait,
        ..SearchRequest::default()
    };
    let answer = app.search_contacts(caller, &request).expect("search");
    let mut seen = HashSet::new();
    let hits = answer.contacts.iter().filter_map(|(contact, _)| {
        let id = contact.external_crm_id.clone()?;
        seen.insert(id.clone()).then(|| {
            let grade = judged.grades.get(&id).copied().unwrap_or(0);
            (format!("{} {id}", contact.display_name), grade)
        })
    });
    let came: Vec<(String, u32)> = hits.take(DEPTH).collect();
    let mut best: Vec<(String, u32)> =
        judged.grades.iter().map(|(id, grade)| (id.clone(), *grade)).collect();
    best.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let figures = figures(&came, &best);
    Outcome { class: judged.class.clone(), query: judged.query.clone(), came, best, figures }
}

#[allow(clippy::cast_precision_loss, reason = "places and counts are small")]
fn figures(came: &[(String, u32)], best: &[(String, u32)]) -> Figures {
    let gain = |hits: &[(String, u32)]| -> f64 {
        let of = |(at, (_, grade)): (usize, &(String, u32))| {
            f64::from(2_u32.pow(*grade) - 1) / (at as f64 + 2.0).log2()
        };
        hits.iter().take(DEPTH).enumerate().map(of).sum()
    };
    let right = |hits: &[(String, u32)]| hits.iter().filter(|(_, g)| *g >= RIGHT).count();
    let wanted = right(best).min(DEPTH);
    let first = came.iter().position(|(_, grade)| *grade >= RIGHT);
    let ideal = gain(best);
    Figures {
        ndcg: if ideal > 0.0 { gain(came) / ideal } else { 1.0 },
        recall: if wanted == 0 { 1.0 } else { right(came).min(wanted) as f64 / wanted as f64 },
        mrr: first.map_or(0.0, |at| 1.0 / (at as f64 + 1.0)),
    }
}

/// Means by class and overall with the number of queries, in order of classes.
#[allow(clippy::cast_precision_loss, reason = "there are a few hundred queries")]
pub(crate) fn means(outcomes: &[Outcome]) -> BTreeMap<String, (usize, Figures)> {
    let mut sums: BTreeMap<String, (usize, Figures)> = BTreeMap::new();
    for outcome in outcomes {
        for class in [outcome.class.as_str(), OVERALL] {
            let (count, sum) = sums.entry(class.to_owned()).or_default();
            *count += 1;
            sum.ndcg += outcome.figures.ndcg;
            sum.recall += outcome.figures.recall;
            sum.mrr += outcome.figures.mrr;
        }
    }
    for (count, sum) in sums.values_mut() {
        let count = *count as f64;
        *sum = Figures { ndcg: sum.ndcg / count, recall: sum.recall / count, mrr: sum.mrr / count };
    }
    sums
}
