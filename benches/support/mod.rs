//! The corpus of the benches: generated contacts of many countries, imported as a user would.
#![allow(dead_code, reason = "every bench uses a part of it")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ringdex::app::{Access, App, ImportOptions};
use ringdex::domain::access::Caller;
use ringdex::engine::Options;
use ringdex::generate;
use ringdex::import::match_existing::OnDuplicate;
use ringdex::import::{MapOptions, Target};

/// An application with `count` contacts in a directory, made on the first call.
pub fn app_with(root: &Path, count: u64) -> (Arc<App>, Caller) {
    let app = Arc::new(App::open(root, Options::default()).expect("open"));
    app.bootstrap(Some("bench-token")).expect("bootstrap");
    let organization = app.access().find_organization("default").expect("organisation");
    let caller = Access::operator_of(organization.number);
    let present = app.partition().contact_count();
    if present < count {
        let started = Instant::now();
        let (reader, writer) = std::io::pipe().expect("pipe");
        let generator = std::thread::spawn(move || {
            generate::write_csv(
                count,
                1,
                generate::Options::default(),
                std::io::BufWriter::new(writer),
            )
        });
        let options = ImportOptions {
            map: MapOptions {
                columns: vec![("true_id".to_owned(), Target::Ignore)],
                ..MapOptions::default()
            },
            on_duplicate: OnDuplicate::Create,
            ..ImportOptions::default()
        };
        let cancel = AtomicBool::new(false);
        app.import_contacts(&caller, reader, &options, &mut std::io::sink(), &cancel, &mut |_| {})
            .expect("import");
        generator.join().expect("generator").expect("generate");
        app.partition().wait_visible(app.partition().applied_seq(), Duration::from_secs(600));
        eprintln!("imported {count} contacts in {:.1} s", started.elapsed().as_secs_f64());
    }
    (app, caller)
}

/// How many contacts a bench works on: `RINGDEX_BENCH_CONTACTS`, 10,000 if not given.
pub fn contacts() -> u64 {
    std::env::var("RINGDEX_BENCH_CONTACTS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000)
}

/// Every n-th person of the corpus, to ask for.
pub fn sample(count: u64, every: usize) -> Vec<generate::Person> {
    let all = generate::Generator::new(1, generate::Options::default());
    let take = usize::try_from(count).expect("fits");
    all.take(take).step_by(every).collect()
}

/// The value below which a share of the sorted values lies.
pub fn percentile(sorted: &[u64], share: f64) -> u64 {
    if sorted.is_empty() {
        return 0;
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let at = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted[at]
}
