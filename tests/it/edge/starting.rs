//! The first and the last moments of a server: what is answered while the data directory is opened,
//! and that a signal is a clean end from the beginning.

use std::sync::Arc;

use ringdex::app::App;
use ringdex::engine::{Options, StartProgress, StartWork};
use ringdex::http::{Running, ServeOptions, Waiting, bind, serve_on};
use tempfile::TempDir;

use crate::support::process::Bench;
use crate::support::server::{Client, OPERATOR};

#[test]
fn while_the_store_is_built_anew_everybody_is_told_so_and_told_to_wait() {
    let options = ServeOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        workers: Some(1),
        ..ServeOptions::default()
    };
    let listener = bind(&options).unwrap();
    let client = Client::of(&format!("http://{}", listener.local_addr().unwrap()), OPERATOR);
    let progress = StartProgress::default();
    let waiting = Waiting::begin(&listener, &options, &progress).unwrap();
    progress.begin(StartWork::RebuildStore, 100);
    progress.advance(40);
    let ready = client.get("/readyz").expect(503);
    assert_eq!(ready.code(), "starting");
    let detail = ready.json["detail"].as_str().unwrap();
    assert!(
        detail.contains("the store is being built anew from the journal: 40 of 100"),
        "{detail}"
    );
    let refused = client.get("/api/v1/contacts").expect(503);
    assert_eq!((refused.code(), refused.header("retry-after")), ("starting", Some("2")));
    client.get("/healthz").expect(200);
    let figures = client.without_token().get("/metrics").expect(200).body;
    let figures = String::from_utf8(figures).unwrap();
    assert!(figures.contains("ringdex_start_work{work=\"rebuild_store\"} 1"), "{figures}");
    assert!(figures.contains("ringdex_start_done 40\nringdex_start_total 100"), "{figures}");
    progress.end();

    let dir = TempDir::new().unwrap();
    let engine = Options { index_writer_bytes: 16 << 20, ..Options::default() };
    let app = Arc::new(App::open(dir.path(), engine).unwrap());
    app.bootstrap(Some(OPERATOR)).unwrap();
    drop(waiting);
    let (sender, running) = std::sync::mpsc::channel::<Running>();
    let server = std::thread::spawn(move || {
        serve_on(listener, app, &options, None, |running| sender.send(running).unwrap()).unwrap();
    });
    let running = running.recv().unwrap();
    client.get("/readyz").expect(200);
    client.get("/api/v1/contacts").expect(200);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(running.stop());
    server.join().unwrap();
}

#[test]
fn a_start_that_is_quick_needs_nobody_to_wait() {
    let options = ServeOptions { listen: ([127, 0, 0, 1], 0).into(), ..ServeOptions::default() };
    let listener = bind(&options).unwrap();
    let progress = StartProgress::default();
    let waiting = Waiting::begin(&listener, &options, &progress).unwrap();
    drop(waiting);
    // Nobody has answered in the name of the server.
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn nothing_says_that_it_listens_before_it_does() {
    let bench = Bench::new();
    bench.run(&["organization", "list"], None).expect(0);
    // An index that has to be built takes its time.
    std::fs::remove_dir_all(bench.data().join("index")).unwrap();
    let (server, said) = bench.serve_and_listen();
    server.client.get("/readyz").expect(200);
    server.stop();
    let said: Vec<String> = said.iter().filter(|line| line.contains("listening on")).collect();
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn a_server_that_is_told_to_end_as_soon_as_it_listens_ends_in_good_order() {
    for _ in 0..5 {
        let bench = Bench::new();
        // Succeeds only if the exit code is 0.
        bench.serve(None).stop();
        bench.run(&["check"], None).expect(0);
    }
}
