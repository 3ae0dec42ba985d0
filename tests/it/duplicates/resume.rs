//! Runs go on after a restart, also one of a server that was killed in the middle of them.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use ringdex::domain::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::runs::{RUNS, ended};
use crate::support::process::Bench;
use crate::support::server::{Client, OPERATOR, TestServer};

const CSV: [(&str, &str); 1] = [("content-type", "text/csv")];

/// Waits until a run compares.
fn compares(client: &Client, place: &str) {
    loop {
        let run = client.get(place).expect(200).json;
        assert!(run["finished_at"].is_null(), "it is over before it could be killed: {run}");
        if run["state"] == "running" && run["progress"]["done"].as_u64() > Some(0) {
            return;
        }
        std::thread::yield_now();
    }
}

/// The report of a run that has ended as it should.
fn report(client: &Client, run: &Value) -> Vec<u8> {
    assert_eq!((&run["state"], &run["error"]), (&json!("done"), &json!(null)), "{run}");
    client.get(run["report_url"].as_str().unwrap()).expect(200).body
}

/// The files of runs, by their endings.
fn files(data: &Path) -> Vec<String> {
    let all = std::fs::read_dir(data.join("runs")).unwrap();
    let ending = |path: PathBuf| path.extension().unwrap().to_str().unwrap().to_owned();
    let mut endings: Vec<String> = all.map(|entry| ending(entry.unwrap().path())).collect();
    endings.sort();
    endings
}

fn holds(folder: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap();
    files.into_iter().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|found| found == text.as_bytes())
    })
}

/// Kills a server with SIGKILL as soon as it has taken a run, and again while it compares; the
/// report must be the one of a run that nobody disturbs.
fn killed(bench: &Bench, key: Option<&Path>, start: impl Fn(&Client) -> String) {
    let served = bench.serve(key);
    let place = start(&served.client);
    drop(served);
    let served = bench.serve(key);
    compares(&served.client, &place);
    drop(served);
    let left = files(&bench.data());
    assert!(!left.contains(&"report".to_owned()), "{left:?}");
    let served = bench.serve(key);
    let client = &served.client;
    let first = report(client, &ended(client, &place));
    assert!(first.len() > 1_000, "{}", String::from_utf8_lossy(&first));
    let again = start(client);
    assert!(report(client, &ended(client, &again)) == first, "the reports differ");
    assert_eq!(files(&bench.data()), ["report", "report"]);
    // They are still there when it is started once more.
    drop(served);
    let served = bench.serve(key);
    let run = served.client.get(&place).expect(200).json;
    assert!(report(&served.client, &run) == first);
    assert_eq!(served.client.get(RUNS).expect(200).json["total"], 2);
    served.stop();
}

fn generated(bench: &Bench) -> PathBuf {
    let list = bench.path("list.csv");
    bench.run(&["generate", "4000", "--out", list.to_str().unwrap()], None).expect(0);
    list
}

#[test]
fn a_run_over_a_list_survives_that_its_server_is_killed() {
    let bench = Bench::new();
    let key = bench.key("key");
    let list = std::fs::read(generated(&bench)).unwrap();
    let path = format!("{RUNS}?id_column=true_id&map=true_id%3Dignore&format=html");
    killed(&bench, Some(&key), |client| {
        let started = client.send("POST", &path, &CSV, Some(&list)).expect(202);
        assert!(!holds(&bench.data().join("runs"), "true_id"), "the list can be read");
        started.header("location").unwrap().to_owned()
    });
    assert!(!holds(&bench.data().join("runs"), "</html>"), "the report can be read");
}

#[test]
fn a_run_over_the_base_survives_that_its_server_is_killed() {
    let bench = Bench::new();
    let list = generated(&bench);
    let import = ["import", list.to_str().unwrap(), "--on-duplicate", "create"];
    bench.run(&import, None).expect(0);
    killed(&bench, None, |client| {
        let asked = json!({"format": "jsonl", "view": "pairs", "min_probability": 0.5});
        client.post(RUNS, &asked).expect(202).header("location").unwrap().to_owned()
    });
}

#[test]
fn a_report_is_only_for_who_may_still_have_it_after_a_restart() {
    let server = TestServer::demo(3_000);
    let admin = server.with_token(OPERATOR);
    let made = admin.post("/api/v1/tokens", &json!({"role": "admin"})).expect(201);
    let guest = server.with_token(made.json["token"].as_str().unwrap());
    let started = guest.post(RUNS, &json!({"format": "csv"})).expect(202);
    let place = started.header("location").unwrap().to_owned();
    let token = made.json["id"].as_str().unwrap();
    admin.delete(&format!("/api/v1/tokens/{token}")).expect(204);
    let server = server.restart();
    let run = ended(&server, &place);
    assert_eq!((&run["state"], &run["report_url"]), (&json!("failed"), &json!(null)), "{run}");
}

#[test]
fn what_is_cancelled_or_fails_leaves_no_file() {
    let server = TestServer::start();
    let send = |body: &str| {
        let started = server.send("POST", RUNS, &CSV, Some(body.as_bytes())).expect(202);
        started.header("location").unwrap().to_owned()
    };
    let list: String = (0..5_000)
        .map(|row| format!("Ada Lovelace {row},+1202{row:07}\n"))
        .fold("name,phone\n".to_owned(), |all, row| all + &row);
    let (first, second) = (send(&list), send(&list));
    for place in [&first, &second] {
        server.post(&format!("{place}/cancel"), &json!({})).expect(200);
    }
    for place in [&first, &second] {
        assert_eq!(ended(&server, place)["state"], "cancelled");
    }
    assert_eq!(ended(&server, &send("colour\nred\n"))["state"], "failed");
    let wrong = format!("{RUNS}?map=nonsense");
    server.send("POST", &wrong, &CSV, Some(list.as_bytes())).expect(422);
    // A list goes a moment after its run is known to have ended.
    let data = server.app().partition().root().to_owned();
    while !files(&data).is_empty() {
        std::thread::yield_now();
    }
    // What nobody knows goes at the next start.
    std::fs::File::create(data.join("runs/odd.part")).unwrap();
    let server = server.restart();
    assert_eq!(files(&data), Vec::<String>::new());
    drop(server);
}

#[test]
fn reports_are_kept_for_a_week() {
    const DAY: i64 = 24 * 3_600_000;
    let clock = Clock::fixed(Timestamp(1_735_689_600_000));
    let server = TestServer::at(&clock);
    let data = server.app().partition().root().to_owned();
    let make = |server: &TestServer| {
        let started = server.post(RUNS, &json!({"format": "csv"})).expect(202);
        let place = started.header("location").unwrap().to_owned();
        report(server, &ended(server, &place));
        place
    };
    let place = make(&server);
    clock.advance_ms(7 * DAY - 1_000);
    server.get(&format!("{place}/report")).expect(200);
    clock.advance_ms(2_000);
    // Nobody gets it any more, and then it goes, although no other run ends.
    assert_eq!(server.get(&place).expect(200).json["report_url"], json!(null));
    server.get(&format!("{place}/report")).expect(404);
    clock.advance_ms(DAY);
    while !files(&data).is_empty() {
        std::thread::yield_now();
    }
    // One that grows old while the server is down goes at the start.
    make(&server);
    assert_eq!(files(&data), ["report"]);
    clock.advance_ms(8 * DAY);
    let server = server.restart();
    assert_eq!(files(&data), Vec::<String>::new());
    drop(server);
}

#[test]
fn an_upload_that_breaks_off_leaves_no_file() {
    let server = TestServer::start();
    let data = server.app().partition().root().to_owned();
    for (path, folder) in [(RUNS, data.join("runs")), ("/api/v1/imports", data.join("imports"))] {
        let count = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
        for is_reset in [false, true] {
            let mut sender = TcpStream::connect(server.address()).unwrap();
            let token = server.token();
            let expect = if is_reset { "expect: 100-continue\r\n" } else { "" };
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: ringdex\r\nauthorization: Bearer {token}\r\n{expect}\
                 content-type: text/csv\r\ncontent-length: 100000\r\n\r\nname,phone\n"
            );
            sender.write_all(head.as_bytes()).unwrap();
            while count() == 0 {
                std::thread::yield_now();
            }
            if is_reset {
                // What has come and was not read makes a reset of the end.
                sender.peek(&mut [0]).unwrap();
            }
            drop(sender);
            while count() > 0 {
                std::thread::yield_now();
            }
        }
    }
    assert_eq!(server.get(RUNS).expect(200).json["total"], 0);
}

#[test]
fn a_run_that_ends_its_server_again_and_again_fails() {
    let bench = Bench::new();
    let list = std::fs::read(generated(&bench)).unwrap();
    let path = format!("{RUNS}?id_column=true_id&map=true_id%3Dignore");
    let mut place = None;
    for _ in 0..3 {
        let served = bench.serve(None);
        let place = place.get_or_insert_with(|| {
            let started = served.client.send("POST", &path, &CSV, Some(&list)).expect(202);
            started.header("location").unwrap().to_owned()
        });
        compares(&served.client, place);
    }
    let served = bench.serve(None);
    let run = ended(&served.client, &place.unwrap());
    assert_eq!((&run["state"], &run["report_url"]), (&json!("failed"), &json!(null)), "{run}");
    assert!(run["error"].as_str().unwrap().contains("three times"), "{run}");
    while !files(&bench.data()).is_empty() {
        std::thread::yield_now();
    }
    served.stop();
}

#[test]
fn a_server_that_ends_in_good_order_does_not_count_against_a_run() {
    let server = TestServer::demo(3_000);
    let client = server.with_token(OPERATOR);
    let started = client.post(RUNS, &json!({"format": "csv"})).expect(202);
    let place = started.header("location").unwrap().to_owned();
    let server = (0..4).fold(server, |server, _| server.restart());
    report(&server, &ended(&server, &place));
}

#[test]
fn a_damaged_report_is_not_served_in_part() {
    let bench = Bench::new();
    let key = bench.key("key");
    let list = std::fs::read(generated(&bench)).unwrap();
    let served = bench.serve(Some(&key));
    let path = format!("{RUNS}?id_column=true_id&map=true_id%3Dignore&format=html");
    let started = served.client.send("POST", &path, &CSV, Some(&list)).expect(202);
    let place = started.header("location").unwrap().to_owned();
    report(&served.client, &ended(&served.client, &place));
    let id = place.rsplit('/').next().unwrap();
    let file = bench.data().join(format!("runs/{id}.report"));
    let whole = std::fs::read(&file).unwrap();
    let put = |bytes: &[u8]| std::fs::File::create(&file).unwrap().write_all(bytes).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &flipped] {
        put(damaged);
        let lost = served.client.get(&format!("{place}/report")).expect(404);
        assert!(lost.json["detail"].as_str().unwrap().contains("start another run"));
    }
    put(&whole);
    served.client.get(&format!("{place}/report")).expect(200);
    served.stop();
}
