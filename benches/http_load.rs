//! What is measured: requests through the real server over loopback, by raw keep-alive clients.
//! Corpus: generated contacts, `RINGDEX_BENCH_CONTACTS` of them (10,000 if not given), in
//! `RINGDEX_BENCH_DIR` (kept) or a throw-away directory. `RINGDEX_BENCH_QUERIES` may name a file
//! of queries by class as `scripts/bench-queries` writes it for the same corpus; then these are
//! measured instead of those made of a sample of the contacts.
//! Notes: client and server share the machine's cores; every class runs for a fixed number of
//! requests, so that it ends by itself.
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

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::percentile;

/// One keep-alive connection.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("connect");
        stream.set_nodelay(true).expect("nodelay");
        Self { stream, buffer: Vec::with_capacity(1 << 20) }
    }

    /// Sends a request and reads the whole answer; its status and body.
    fn ask(&mut self, method: &str, path: &str, body: Option<&str>) -> (u16, &[u8]) {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer bench-token\r\n"
        );
        match body {
            Some(body) => {
                request.push_str(&format!(
                    "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                ));
            }
            None => request.push_str("\r\n"),
        }
        self.stream.write_all(request.as_bytes()).expect("send");
        self.buffer.clear();
        let mut chunk = [0; 65_536];
        loop {
            let got = self.stream.read(&mut chunk).expect("receive");
            assert!(got > 0, "the server closed the connection");
            self.buffer.extend_from_slice(&chunk[..got]);
            if let Some(head) = find(&self.buffer, b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.buffer[..head]).to_lowercase();
                let length: usize = text
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .and_then(|n| n.trim().parse().ok())
                    .unwrap_or(0);
                if self.buffer.len() >= head + 4 + length {
                    let status = text[9..12].parse().expect("status");
                    return (status, &self.buffer[head + 4..]);
                }
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|w| w == wanted)
}

struct Server {
    child: Child,
    address: SocketAddr,
    ready_s: f64,
}

impl Server {
    fn start(dir: &std::path::Path) -> Self {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringdex"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin-token",
                "bench-token",
                // Never reached, but counted.
                "--rate-limit-token",
                "1000000000/s",
                "--rate-limit-address",
                "1000000000/s",
                "--data-dir",
            ])
            .arg(dir)
            .env("RINGDEX_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("start the server");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("stdout");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("line");
        let address =
            line.trim().rsplit("http://").next().expect("address").parse().expect("address");
        Self { child, address, ready_s: started.elapsed().as_secs_f64() }
    }

    fn memory_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("status");
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).expect("value").parse::<u64>().expect("number") / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Runs a class with some clients and prints p50, p99 and requests a second.
fn class(
    name: &str,
    address: SocketAddr,
    clients: usize,
    requests: usize,
    request: &(dyn Fn(usize) -> (String, String, Option<String>) + Sync),
) -> f64 {
    let started = Instant::now();
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    let mut connection = Client::new(address);
                    let mut times = Vec::with_capacity(requests / clients);
                    for at in 0..requests / clients {
                        let (method, path, body) = request(at * clients + client);
                        let started = Instant::now();
                        let (status, _) = connection.ask(&method, &path, body.as_deref());
                        times.push(u64::try_from(started.elapsed().as_micros()).expect("fits"));
                        assert!(status < 300, "{method} {path}: {status}");
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().expect("client")).collect()
    });
    let seconds = started.elapsed().as_secs_f64();
    all.sort_unstable();
    #[allow(clippy::cast_precision_loss, reason = "a rate")]
    let rate = all.len() as f64 / seconds;
    println!(
        "| {name} | {clients} | {:.3} | {:.3} | {rate:.0} |",
        percentile(&all, 0.5) as f64 / 1_000.0,
        percentile(&all, 0.99) as f64 / 1_000.0,
    );
    rate
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}

fn main() {
    // `cargo test` starts benches, too, only to see that they start.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let count = support::contacts();
    let scratch = tempfile::tempdir().expect("directory");
    let dir: PathBuf =
        std::env::var_os("RINGDEX_BENCH_DIR").map_or(scratch.path().to_owned(), PathBuf::from);
    drop(support::app_with(&dir, count));
    let server = Server::start(&dir);
    println!(
        "\n{count} contacts; ready after {:.2} s; {} MiB resident\n",
        server.ready_s,
        server.memory_mib()
    );
    println!("| class | clients | p50 ms | p99 ms | requests/s |\n|---|---|---|---|---|");
    let address = server.address;
    let people = Arc::new(support::sample(count, 41));
    let phones: Vec<String> = people
        .iter()
        .flat_map(|p| p.phones.iter().map(|t| t.text.clone()))
        .filter(|t| t.starts_with('+'))
        .collect();
    let names: Vec<(String, String)> = people
        .iter()
        .filter(|p| p.last_name.chars().count() > 4 && !p.first_name.is_empty())
        .map(|p| (p.first_name.clone(), p.last_name.clone()))
        .collect();
    let get = |path: String| ("GET".to_owned(), path, None);
    let search = |q: &str| get(format!("/api/v1/contacts?refresh=false&q={}", encode(q)));
    let digits = |at: usize, len: usize| {
        let all: String = phones[at % phones.len()].chars().filter(char::is_ascii_digit).collect();
        all[all.len() - len..].to_owned()
    };
    if let Some(path) = std::env::var_os("RINGDEX_BENCH_QUERIES") {
        by_class(address, &PathBuf::from(path));
        return;
    }
    for clients in [1, 8] {
        let many = 20_000 * clients.min(4);
        class("healthz", address, clients, many, &|_| get("/healthz".to_owned()));
        class("lookup", address, clients, many, &|at| {
            get(format!("/api/v1/lookup?number={}", encode(&phones[at % phones.len()])))
        });
        let few = 2_000;
        class("name", address, clients, few, &|at| {
            let (first, last) = &names[at % names.len()];
            search(&format!("{first} {last}"))
        });
        class("name reversed", address, clients, few, &|at| {
            let (first, last) = &names[at % names.len()];
            search(&format!("{last} {first}"))
        });
        class("one name", address, clients, few, &|at| search(&names[at % names.len()].1));
        for len in [3, 5] {
            class(&format!("prefix of {len}"), address, clients, few, &|at| {
                search(&names[at % names.len()].1.chars().take(len).collect::<String>())
            });
        }
        for len in [4, 5, 7, 10] {
            class(&format!("infix of {len}"), address, clients, few, &|at| {
                search(&digits(at, len))
            });
        }
        class("list by name", address, clients, 200, &|_| {
            get("/api/v1/contacts?refresh=false&sort=name".to_owned())
        });
    }
    compared(&server);
    let stamp = std::process::id();
    let create = |at: usize| {
        let body = format!(
            "{{\"name\":\"Load {stamp} {at}\",\"phone\":\"+1{:010}\"}}",
            at + 2_000_000_000
        );
        ("POST".to_owned(), "/api/v1/contacts".to_owned(), Some(body))
    };
    class("create", address, 1, 1_000, &create);
    class("create", address, 32, 30_000, &create);
    // A caller creates and searches at once for what it created.
    let mut client = Client::new(address);
    let mut times = Vec::new();
    for at in 0..300 {
        let started = Instant::now();
        let name = format!("Seen{stamp}x{at}");
        let body = format!("{{\"name\":\"{name}\"}}");
        assert_eq!(client.ask("POST", "/api/v1/contacts", Some(&body)).0, 201);
        let path = format!("/api/v1/contacts?q={name}");
        let (_, answer) = client.ask("GET", &path, None);
        assert!(find(answer, b"\"total\":1,").is_some(), "own write not found");
        times.push(u64::try_from(started.elapsed().as_micros()).expect("fits"));
    }
    times.sort_unstable();
    println!(
        "| create, then found | 1 | {:.3} | {:.3} | |",
        percentile(&times, 0.5) as f64 / 1_000.0,
        percentile(&times, 0.99) as f64 / 1_000.0
    );
    duplicates(&server, &people);
    paced(address);
    during_import(&server, &phones);
    println!("\n{} MiB resident at the end", server.memory_mib());
}

/// The queries of a file, class by class.
fn by_class(address: SocketAddr, path: &std::path::Path) {
    let text = std::fs::read_to_string(path).expect("the queries");
    let mut classes: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().skip(1) {
        let mut cells = line.split('\t');
        let (class, query) = (cells.next().expect("class"), cells.next().expect("query"));
        let parts: serde_json::Value =
            serde_json::from_str(cells.next().expect("parts")).expect("JSON");
        let search = format!("/api/v1/contacts?refresh=false&q={}", encode(query));
        let mut add = |class: &str, path: String| match classes.last_mut() {
            Some((last, paths)) if last == class => paths.push(path),
            _ => classes.push((class.to_owned(), vec![path])),
        };
        match class {
            "lookup" => add(class, format!("/api/v1/lookup?number={}", encode(query))),
            "sort-page" => {
                let page = parts["offset"].as_u64().expect("an offset") / 50 + 1;
                add(class, format!("/api/v1/contacts?refresh=false&sort=name&page={page}"));
            }
            _ => add(class, search),
        }
    }
    if let Some((_, paths)) = classes.iter().find(|(class, _)| class == "tag-status") {
        let paths = paths.iter().map(|path| format!("{path}&facets=status,tag,city")).collect();
        classes.push(("facets of these".to_owned(), paths));
    }
    for clients in [1, 8] {
        for (name, paths) in &classes {
            let requests = if name == "lookup" { 20_000 } else { 1_200 };
            class(name, address, clients, requests, &|at| {
                ("GET".to_owned(), paths[at % paths.len()].clone(), None)
            });
        }
    }
}

/// Waits until all contacts have been compared, as happens in the background after the first
/// contact is created.
fn compared(server: &Server) {
    let mut client = Client::new(server.address);
    let started = Instant::now();
    let mut read = 0;
    loop {
        let (status, answer) = client.ask("GET", "/api/v1/duplicates?per_page=1", None);
        assert_eq!(status, 200);
        if find(answer, b"\"state\":\"building\"").is_none() {
            break;
        }
        read += 1;
        assert!(started.elapsed() < Duration::from_secs(900), "never compared after {read} looks");
        std::thread::sleep(Duration::from_millis(50));
    }
    println!(
        "| all contacts compared in the background | | | | {:.1} s |",
        started.elapsed().as_secs_f64()
    );
}

/// Checks while somebody types, and the list to review.
fn duplicates(server: &Server, people: &[ringdex::generate::Person]) {
    let check = |at: usize| {
        let person = &people[at % people.len()];
        // As somebody types who mishears: the last letter of the first name is missing.
        let mut first = person.first_name.clone();
        first.pop();
        let phone = person.phones.first().map_or("", |phone| phone.text.as_str());
        let body = serde_json::json!({
            "first_name": first, "last_name": person.last_name, "phone": phone,
        });
        ("POST".to_owned(), "/api/v1/duplicates/check".to_owned(), Some(body.to_string()))
    };
    for clients in [1, 8] {
        class("duplicate check", server.address, clients, 4_000, &check);
    }
    for view in ["groups", "pairs"] {
        class(&format!("duplicates, 50 {view}"), server.address, 1, 100, &|_| {
            ("GET".to_owned(), format!("/api/v1/duplicates?view={view}"), None)
        });
    }
}

/// A thousand creates a second for a while: how long they take, how long until their writer finds
/// them, and how searches of others fare.
fn paced(address: SocketAddr) {
    const CREATORS: u64 = 16;
    const EVERY: Duration = Duration::from_millis(CREATORS);
    const LASTS: Duration = Duration::from_secs(20);
    let stamp = std::process::id();
    let end = Instant::now() + LASTS;
    let micros = |since: Instant| u64::try_from(since.elapsed().as_micros()).expect("fits");
    let (mut created, mut found, mut searched) = std::thread::scope(|scope| {
        let creators: Vec<_> = (0..CREATORS)
            .map(|creator| {
                scope.spawn(move || {
                    let mut client = Client::new(address);
                    let (mut times, mut next, mut at) = (Vec::new(), Instant::now(), 0);
                    while Instant::now() < end {
                        at += 1;
                        let phone = 3_000_000_000 + at * CREATORS + creator;
                        let body = format!(
                            "{{\"name\":\"Paced{stamp}x{creator} Person{at}\",\"phone\":\"+1{phone}\"}}"
                        );
                        let asked = Instant::now();
                        assert_eq!(client.ask("POST", "/api/v1/contacts", Some(&body)).0, 201);
                        times.push(micros(asked));
                        next += EVERY;
                        std::thread::sleep(next.saturating_duration_since(Instant::now()));
                    }
                    times
                })
            })
            .collect();
        let seer = scope.spawn(move || {
            let (mut client, mut times, mut at) = (Client::new(address), Vec::new(), 0);
            while Instant::now() < end {
                at += 1;
                let name = format!("Paced{stamp}seen{at}");
                let asked = Instant::now();
                let body = format!("{{\"name\":\"{name}\"}}");
                assert_eq!(client.ask("POST", "/api/v1/contacts", Some(&body)).0, 201);
                let path = format!("/api/v1/contacts?q={name}");
                let (_, answer) = client.ask("GET", &path, None);
                assert!(find(answer, b"\"total\":1,").is_some(), "own write not found");
                times.push(micros(asked));
            }
            times
        });
        let searcher = scope.spawn(move || {
            let (mut client, mut times) = (Client::new(address), Vec::new());
            while Instant::now() < end {
                let asked = Instant::now();
                let path = "/api/v1/contacts?refresh=false&q=anna+kow";
                assert_eq!(client.ask("GET", path, None).0, 200);
                times.push(micros(asked));
                std::thread::sleep(Duration::from_millis(10));
            }
            times
        });
        let created: Vec<u64> =
            creators.into_iter().flat_map(|one| one.join().expect("creator")).collect();
        (created, seer.join().expect("seer"), searcher.join().expect("searcher"))
    });
    for (name, times) in [
        ("create, paced at 1,000/s", &mut created),
        ("create, then found, meanwhile", &mut found),
        ("search of somebody else, meanwhile", &mut searched),
    ] {
        times.sort_unstable();
        println!(
            "| {name} | | {:.3} | {:.3} | {:.0} |",
            percentile(times, 0.5) as f64 / 1_000.0,
            percentile(times, 0.99) as f64 / 1_000.0,
            times.len() as f64 / LASTS.as_secs_f64()
        );
    }
}

/// Lookups while an import of 100,000 rows runs.
fn during_import(server: &Server, phones: &[String]) {
    let mut csv = Vec::new();
    ringdex::generate::write_csv(100_000, 77, ringdex::generate::Options::default(), &mut csv)
        .expect("generate");
    let csv = String::from_utf8(csv).expect("text");
    let mut client = Client::new(server.address);
    client.ask("PATCH", "/api/v1/settings", Some("{\"import_max_rows\": 1000000}"));
    let started = Instant::now();
    let mut request = format!(
        "POST /api/v1/imports?options={} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer bench-token\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n",
        encode("{\"map\":[\"true_id=ignore\"]}"),
        csv.len()
    );
    request.push_str(&csv);
    client.stream.write_all(request.as_bytes()).expect("send");
    let mut answer = [0; 4_096];
    let got = client.stream.read(&mut answer).expect("receive");
    let text = String::from_utf8_lossy(&answer[..got]).into_owned();
    let id = text.rsplit("\"id\":\"").next().expect("id")[..36].to_owned();
    let mut lookups = Client::new(server.address);
    let mut polls = Client::new(server.address);
    let mut times = Vec::new();
    let mut at = 0;
    let mut next_poll = Instant::now();
    loop {
        at += 1;
        let path = format!("/api/v1/lookup?number={}", encode(&phones[at % phones.len()]));
        let asked = Instant::now();
        assert_eq!(lookups.ask("GET", &path, None).0, 200);
        times.push(u64::try_from(asked.elapsed().as_micros()).expect("fits"));
        if Instant::now() >= next_poll {
            next_poll = Instant::now() + Duration::from_millis(200);
            let (_, body) = polls.ask("GET", &format!("/api/v1/imports/{id}"), None);
            if find(body, b"\"state\":\"done\"").is_some() {
                break;
            }
            assert!(
                find(body, b"\"state\":\"failed\"").is_none(),
                "{}",
                String::from_utf8_lossy(body)
            );
        }
        assert!(started.elapsed() < Duration::from_secs(600), "the import does not end");
    }
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    println!(
        "| lookup during an import of 100,000 rows ({seconds:.1} s) | 1 | {:.3} | {:.3} | {:.0} |",
        percentile(&times, 0.5) as f64 / 1_000.0,
        percentile(&times, 0.99) as f64 / 1_000.0,
        times.len() as f64 / seconds
    );
}
