//! What is measured: what visibility costs: the same searches and lookups by somebody who sees
//! everything and by an agent who sees what is for everybody, for three queues, and for the agent.
//! Corpus: generated contacts, `RINGDEX_BENCH_CONTACTS` of them (10,000 if not given), in
//! `RINGDEX_BENCH_DIR` (kept) or a throw-away directory; of ten contacts six are for everybody, two
//! for one of fifty queues, two for one of two hundred people.
//! Notes: both callers ask in turn, so that the machine treats them alike; the ratio of the sums
//! counts, the totals show that the agent indeed sees less.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a bench fails by panicking and prints its figures"
)]

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ringdex::app::{Access, App, ImportOptions, Refresh, SearchRequest};
use ringdex::domain::access::Caller;
use ringdex::engine::Options;
use ringdex::generate::{self, Person};
use ringdex::import::match_existing::OnDuplicate;
use ringdex::import::{MapOptions, Target};
use serde_json::json;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const QUEUES: u64 = 50;
const USERS: u64 = 200;
const ROUNDS: usize = 3;

/// The generated list with who may see each row.
fn write_list(count: u64, out: impl std::io::Write) {
    let (reader, writer) = std::io::pipe().expect("pipe");
    let generator = std::thread::spawn(move || {
        let options = generate::Options::default();
        generate::write_csv(count, 1, options, std::io::BufWriter::new(writer))
    });
    let mut rows = csv::Reader::from_reader(reader);
    let mut out = csv::Writer::from_writer(out);
    let mut header = rows.headers().expect("header").clone();
    header.extend(["visibility", "assigned_queue", "assigned_to"]);
    out.write_record(&header).expect("row");
    for (at, row) in rows.into_records().enumerate() {
        let (mut row, at) = (row.expect("row"), at as u64);
        let visibility =
            ["all", "all", "all", "all", "all", "all", "queue", "queue", "owner", "owner"]
                [usize::try_from(at % 10).expect("small")];
        row.push_field(visibility);
        row.push_field(&format!("queue {}", at / 10 % QUEUES));
        row.push_field(&format!("user{}@example.com", at / 10 % USERS));
        out.write_record(&row).expect("row");
    }
    out.flush().expect("flush");
    generator.join().expect("generator").expect("generate");
}

fn fill(app: &App, caller: &Caller, count: u64) {
    let mut users = Vec::new();
    for at in 0..USERS {
        let body = json!({"email": format!("user{at}@example.com"), "name": format!("User {at}"), "role": "agent"});
        users.push(app.create_user(caller, &body).expect("user").id);
    }
    for at in 0..QUEUES {
        let members: Vec<_> = if at < 3 { vec![users[0]] } else { Vec::new() };
        let body = json!({"name": format!("queue {at}"), "members": members});
        app.create_queue(caller, &body).expect("queue");
    }
    let (reader, writer) = std::io::pipe().expect("pipe");
    let list = std::thread::spawn(move || write_list(count, std::io::BufWriter::new(writer)));
    let options = ImportOptions {
        map: MapOptions {
            columns: vec![("true_id".to_owned(), Target::Ignore)],
            ..MapOptions::default()
        },
        on_duplicate: OnDuplicate::Create,
        ..ImportOptions::default()
    };
    let started = Instant::now();
    let never = AtomicBool::new(false);
    app.import_contacts(caller, reader, &options, &mut std::io::sink(), &never, &mut |_| {})
        .expect("import");
    list.join().expect("list");
    app.partition().wait_visible(app.partition().applied_seq(), Duration::from_secs(600));
    println!("imported {count} contacts in {:.1} s", started.elapsed().as_secs_f64());
}

fn search(app: &App, caller: &Caller, q: &str, sort: Option<&str>) -> (Duration, usize) {
    let request = SearchRequest {
        query: q.into(),
        sort: sort.map(str::to_owned),
        refresh: Refresh::Never,
        ..SearchRequest::default()
    };
    let started = Instant::now();
    let total = app.search_contacts(caller, &request).expect("search").total;
    (started.elapsed(), total)
}

fn lookup(app: &App, caller: &Caller, number: &str) -> (Duration, usize) {
    let started = Instant::now();
    let count = app.lookup_number(caller, number, None, None).expect("lookup").count;
    (started.elapsed(), count)
}

fn compare(name: &str, asked: usize, mut ask: impl FnMut(usize, bool) -> (Duration, usize)) {
    let (mut times, mut totals) = ([Vec::new(), Vec::new()], [0, 0]);
    for round in 0..=ROUNDS {
        for at in 0..asked {
            for (who, is_agent) in [(0, false), (1, true)] {
                let (took, total) = ask(at, is_agent);
                // The first round warms the caches.
                if round > 0 {
                    times[who].push(u64::try_from(took.as_nanos()).expect("fits"));
                    totals[who] += total;
                }
            }
        }
    }
    let sums = times.each_ref().map(|times| times.iter().sum::<u64>());
    for times in &mut times {
        times.sort_unstable();
    }
    let p50 = times.each_ref().map(|times| support::percentile(times, 0.5) as f64 / 1_000.0);
    println!(
        "{name:<16} all {:>9.1} us p50, agent {:>9.1} us p50, {:.2} times in sum; sees {:.0} %",
        p50[0],
        p50[1],
        sums[1] as f64 / sums[0] as f64,
        totals[1] as f64 * 100.0 / (totals[0].max(1)) as f64
    );
}

fn main() {
    let count = support::contacts();
    let throw_away = tempfile::tempdir().expect("directory");
    let root = std::env::var_os("RINGDEX_BENCH_DIR")
        .map_or_else(|| throw_away.path().to_owned(), PathBuf::from);
    let app = Arc::new(App::open(&root, Options::default()).expect("open"));
    app.bootstrap(Some("bench-token")).expect("bootstrap");
    let organization = app.access().find_organization("default").expect("organisation");
    let all = Access::operator_of(organization.number);
    if app.partition().contact_count() < count {
        fill(&app, &all, count);
    }
    let user = app.access().user_by_email("user0@example.com").expect("user");
    let agent = app.access().caller_of_user(user.id, None).expect("agent");
    let who = |is_agent: bool| if is_agent { &agent } else { &all };

    let every = usize::try_from(count / 200).expect("fits").max(1);
    let people: Vec<Person> =
        support::sample(count, every).into_iter().filter(|p| p.last_name.len() > 5).collect();
    let phones: Vec<&str> =
        people.iter().filter_map(|p| p.phones.first()).map(|t| t.text.as_str()).collect();
    compare("lookup", phones.len(), |at, is_agent| lookup(&app, who(is_agent), phones[at]));
    let names =
        |cut: &dyn Fn(&Person) -> String| -> Vec<String> { people.iter().map(cut).collect() };
    let prefix = |n: usize| move |p: &Person| p.last_name.chars().take(n).collect::<String>();
    let digits = |n: usize| -> Vec<String> {
        phones
            .iter()
            .map(|text| text.chars().filter(char::is_ascii_digit).collect::<String>())
            .filter(|digits| digits.len() > n)
            .map(|digits| digits[digits.len() - n..].to_owned())
            .collect()
    };
    for (name, queries) in [
        ("name", names(&|p| format!("{} {}", p.first_name, p.last_name))),
        ("prefix 3", names(&prefix(3))),
        ("prefix 5", names(&prefix(5))),
        ("infix 4", digits(4)),
        ("infix 7", digits(7)),
        ("one letter", ["a", "b", "m", "s"].map(str::to_owned).to_vec()),
    ] {
        compare(name, queries.len(), |at, is_agent| {
            search(&app, who(is_agent), &queries[at], None)
        });
    }
    for sort in ["-created_at", "name"] {
        compare(&format!("list by {sort}"), 5, |_, is_agent| {
            search(&app, who(is_agent), "", Some(sort))
        });
    }
}
