//! A server in this process on a free port and a directory of its own, and a client for it.
//!
//! When a server is dropped it is stopped, and everything it holds is verified: a test that leaves
//! the index behind or the store at odds with its mirrors fails, whatever it looked at itself.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use ringdex::app::{Access, App, ImportOptions};
use ringdex::domain::access::Caller;
use ringdex::domain::ids::OrgNumber;
use ringdex::domain::time::Clock;
use ringdex::engine::{Options, SharedLog};
use ringdex::generate;
use ringdex::http::{Running, ServeOptions, serve};
use ringdex::import::match_existing::OnDuplicate;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The token of who runs the server, admin of organisation `default`.
pub(crate) const OPERATOR: &str = "operator-token";

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// `null` if the body is not JSON.
    pub(crate) json: Value,
}

impl Answer {
    /// The attributes and value of a cookie that the answer sets, by its name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.iter().filter(|(known, _)| known == "set-cookie");
        let mut values =
            cookies.filter_map(|(_, value)| value.strip_prefix(name)?.strip_prefix('='));
        values.next()
    }

    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Passes the answer on if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// The `id` of the answer.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.json["id"].as_str().expect("the answer has an id").to_owned()
    }

    /// The `code` of an error.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("")
    }

    /// `display_name` of all contacts of a search answer, in order.
    #[track_caller]
    pub(crate) fn names(&self) -> Vec<&str> {
        let contacts = self.json["contacts"].as_array().expect("a search answer");
        contacts.iter().map(|c| c["display_name"].as_str().expect("a name")).collect()
    }
}

/// Sends requests with one token, with a session, or with neither.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
    /// The cookie of a session, and what must go with it.
    session: Option<(String, String)>,
}

impl Client {
    /// A client of a server that runs somewhere else.
    pub(crate) fn of(base: &str, token: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self { agent, base: base.to_owned(), token: Some(token.to_owned()), session: None }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, &[], body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json("PATCH", path, &[], body)
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// Sends JSON with more headers.
    pub(crate) fn json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(method, path, &all, Some(body.to_string().as_bytes()))
    }

    /// Sends anything.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let answer = self.try_send(method, path, headers, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends a request to a server that may end meanwhile.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some((cookie, csrf)) = &self.session {
            request = request.header("cookie", cookie);
            if method != "GET" && method != "HEAD" {
                request = request.header("x-csrf-token", csrf);
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = answer?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        Ok(Answer {
            status: answer.status().as_u16(),
            headers,
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
            body,
        })
    }

    /// The same server with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same server without a token.
    pub(crate) fn without_token(&self) -> Self {
        Self { token: None, session: None, ..self.clone() }
    }

    /// The same server with a session, from the answer to a log-in.
    #[track_caller]
    pub(crate) fn with_session(&self, begun: &Answer) -> Self {
        let cookie = begun.header("set-cookie").expect("the answer sets a cookie");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let csrf = begun.json["csrf_token"].as_str().unwrap_or("").to_owned();
        Self { token: None, session: Some((cookie, csrf)), ..self.clone() }
    }

    /// The cookie of the session.
    pub(crate) fn cookie(&self) -> &str {
        &self.session.as_ref().expect("there is a session").0
    }

    /// Tries to sign in.
    pub(crate) fn try_sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.without_token().post("/api/v1/session", &body)
    }

    /// The same server, signed in.
    #[track_caller]
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Self {
        self.with_session(&self.try_sign_in(email, password).expect(201))
    }

    /// Makes a user and gives its id back. Needs an admin.
    #[track_caller]
    pub(crate) fn user(&self, email: &str, role: &str, password: &str) -> String {
        let body = json!({"email": email, "name": email, "role": role, "password": password});
        self.post("/api/v1/users", &body).expect(201).id()
    }

    /// Somebody else, who owns contacts that nobody but admins sees beside; the id. Needs an admin.
    #[track_caller]
    pub(crate) fn owner(&self) -> String {
        let body = json!({"email": "owner@elsewhere.example", "name": "Owner", "role": "agent"});
        self.post("/api/v1/users", &body).expect(201).id()
    }

    /// A client of the same organisation with a token of this role. Needs an admin.
    pub(crate) fn role(&self, role: &str) -> Self {
        let made = self.post("/api/v1/tokens", &json!({"role": role})).expect(201);
        self.with_token(made.json["token"].as_str().unwrap())
    }

    /// An admin of a new organisation. Needs who runs the server.
    pub(crate) fn organization(&self, name: &str) -> Self {
        self.post("/api/v1/organizations", &json!({"name": name})).expect(201);
        let token = json!({"role": "admin", "organization": name});
        let made = self.post("/api/v1/tokens", &token).expect(201);
        self.with_token(made.json["token"].as_str().unwrap())
    }

    /// The token.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or("")
    }

    /// Creates a contact and gives its record back.
    #[track_caller]
    pub(crate) fn create(&self, body: &Value) -> Value {
        self.post("/api/v1/contacts", body).expect(201).json
    }

    /// Creates a contact and gives its id back.
    #[track_caller]
    pub(crate) fn create_id(&self, body: &Value) -> String {
        self.post("/api/v1/contacts", body).expect(201).id()
    }

    /// Lets the organisation import lists of up to a million rows.
    pub(crate) fn take_long_lists(&self) {
        self.patch("/api/v1/settings", &json!({"import_max_rows": 1_000_000})).expect(200);
    }

    /// Starts an action on many contacts and asks until it has ended.
    pub(crate) fn bulk_action(&self, select: &Value, action: &Value) -> Value {
        let body = json!({"select": select, "action": action});
        let started = self.post("/api/v1/contacts/bulk-actions", &body).expect(202);
        let path = started.header("location").unwrap().to_owned();
        loop {
            let job = self.get(&path).expect(200).json;
            if job["state"] != "running" {
                return job;
            }
            std::thread::yield_now();
        }
    }

    /// Searches; `parameters` is the query string behind `q`.
    #[track_caller]
    pub(crate) fn search(&self, q: &str, parameters: &str) -> Answer {
        self.get(&format!("/api/v1/contacts?q={}{parameters}", escape(q))).expect(200)
    }

    /// Looks a number up; `parameters` is the query string behind `number`.
    #[track_caller]
    pub(crate) fn lookup(&self, number: &str, parameters: &str) -> Value {
        self.get(&format!("/api/v1/lookup?number={}{parameters}", escape(number))).expect(200).json
    }
}

/// The names of the contacts of an answer, in order.
pub(crate) fn sorted_names(answer: &Value) -> Vec<&str> {
    let contacts = answer["contacts"].as_array().expect("contacts");
    let mut names: Vec<&str> =
        contacts.iter().map(|contact| contact["display_name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    names
}

/// Escapes a text for a query string.
pub(crate) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// A running server. Dereferences to a client with the token [`OPERATOR`].
pub(crate) struct TestServer {
    client: Client,
    app: Option<Arc<App>>,
    running: Option<Running>,
    thread: Option<JoinHandle<()>>,
    clock: Clock,
    /// Removed last.
    dir: Option<TempDir>,
}

impl std::ops::Deref for TestServer {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl TestServer {
    /// A server without contacts.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// A server that is run otherwise.
    pub(crate) fn with(change: impl FnOnce(&mut ServeOptions)) -> Self {
        Self::begin(TempDir::new().unwrap(), &Clock::system(), |_| {}, change)
    }

    /// A server whose time is told by this clock.
    pub(crate) fn at(clock: &Clock) -> Self {
        Self::begin(TempDir::new().unwrap(), clock, |_| {}, |_| {})
    }

    /// The same, run otherwise.
    pub(crate) fn at_with(clock: &Clock, change: impl FnOnce(&mut ServeOptions)) -> Self {
        Self::begin(TempDir::new().unwrap(), clock, |_| {}, change)
    }

    /// A server with so many generated contacts, which takes requests without a token.
    pub(crate) fn demo(count: u64) -> Self {
        let demo = Caller::operator(OrgNumber(1), "demo");
        let caller = demo.clone();
        let fill = move |app: &App| {
            let mut file = Vec::new();
            generate::write_csv(count, 1, generate::Options::default(), &mut file).unwrap();
            let options =
                ImportOptions { on_duplicate: OnDuplicate::Create, ..ImportOptions::default() };
            let stop = AtomicBool::new(false);
            let mut errors = Vec::new();
            app.import_contacts(&caller, &file[..], &options, &mut errors, &stop, &mut |_| {})
                .unwrap();
            app.partition().wait_visible(app.partition().applied_seq(), Duration::from_secs(60));
        };
        Self::begin(TempDir::new().unwrap(), &Clock::system(), fill, |options| {
            options.demo = Some(demo);
        })
    }

    /// A server that is one machine of a cluster.
    pub(crate) fn in_cluster(shared: Arc<dyn SharedLog>, node: &str) -> Self {
        let clock = Clock::system();
        let engine =
            Options { shared: Some(shared), node: Some(node.into()), ..Self::engine(&clock) };
        Self::begin_on(TempDir::new().unwrap(), engine, |_| {}, |_| {})
    }

    fn engine(clock: &Clock) -> Options {
        Options {
            store_cache_bytes: 8 << 20,
            index_writer_bytes: 16 << 20,
            cards: 100,
            clock: clock.clone(),
            ..Options::default()
        }
    }

    fn begin(
        dir: TempDir,
        clock: &Clock,
        fill: impl FnOnce(&App),
        change: impl FnOnce(&mut ServeOptions),
    ) -> Self {
        Self::begin_on(dir, Self::engine(clock), fill, change)
    }

    fn begin_on(
        dir: TempDir,
        engine: Options,
        fill: impl FnOnce(&App),
        change: impl FnOnce(&mut ServeOptions),
    ) -> Self {
        super::watchdog::watch();
        let clock = engine.clock.clone();
        let app = Arc::new(App::open(&dir.path().join("data"), engine).unwrap());
        app.bootstrap(Some(OPERATOR)).unwrap();
        fill(&app);
        let mut options = ServeOptions {
            listen: ([127, 0, 0, 1], 0).into(),
            workers: Some(2),
            handle_signals: false,
            // Tests show wrong tokens more often than people do.
            failure_rate: None,
            ..ServeOptions::default()
        };
        change(&mut options);
        let (sender, ready) = mpsc::channel();
        let served = Arc::clone(&app);
        let thread = std::thread::spawn(move || {
            serve(served, &options, move |running| sender.send(running).unwrap()).unwrap();
        });
        let running = ready.recv().unwrap();
        let client = Client::of(&running.url(), OPERATOR);
        Self {
            client,
            app: Some(app),
            running: Some(running),
            thread: Some(thread),
            clock,
            dir: Some(dir),
        }
    }

    /// Where the server is, such as `http://127.0.0.1:1234`.
    pub(crate) fn base_url(&self) -> &str {
        &self.client.base
    }

    /// `127.0.0.1:1234`, for connections made by hand.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.running.as_ref().unwrap().address
    }

    /// Where devices are answered that speak no HTTP.
    pub(crate) fn devices(&self) -> ringdex::http::DeviceAddresses {
        self.running.as_ref().unwrap().devices
    }

    pub(crate) fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    /// Stops the server, closes the data directory, and starts again on it; the port is another.
    pub(crate) fn restart(mut self) -> Self {
        self.stop();
        let (dir, clock) = (self.dir.take().unwrap(), self.clock.clone());
        drop(self);
        Self::begin(dir, &clock, |_| {}, |_| {})
    }

    fn stop(&mut self) {
        let (Some(running), Some(thread)) = (self.running.take(), self.thread.take()) else {
            return;
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(running.stop());
        let ended = thread.join();
        assert!(ended.is_ok() || std::thread::panicking(), "the server thread panicked");
    }

    /// Verifies everything against everything.
    fn verify(app: &App) {
        let partition = app.partition();
        let applied = partition.applied_seq();
        assert!(
            partition.wait_visible(applied, Duration::from_secs(20)),
            "the index is at {}, the store at {applied}",
            partition.visible_seq()
        );
        let report = app.check(&Access::operator_of(OrgNumber(1)), &mut |_| {}).unwrap();
        assert!(report.is_clean(), "{:?}", report.troubles);
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let Some(app) = self.app.take() else { return };
        self.stop();
        // A test that has failed already says more than what it left behind.
        if std::thread::panicking() {
            return;
        }
        Self::verify(&app);
        let last = Arc::try_unwrap(app);
        assert!(last.is_ok(), "something still works with the application of a stopped server");
    }
}
