//! A small client of the Chrome `DevTools` protocol: enough to use a page as a person
//! does and to look at what it shows.
//!
//! Owns the browser process and one page. Waits on the state of the page, never for a
//! fixed time. Knows nothing of Ringdex but the address it is given.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

const DEADLINE: Duration = Duration::from_secs(20);
/// Between keys that are pressed one by one, and between the letters of a text, in seconds.
const ALONE_S: f64 = 0.5;
const TYPED_S: f64 = 0.06;
/// Inside the page, so that its own message comes before the socket's.
const PAGE_DEADLINE_MS: u128 = DEADLINE.as_millis() - 5_000;

/// A headless browser with one page; both end with this value.
pub(crate) struct Page {
    socket: WebSocket<TcpStream>,
    next_id: u64,
    loaded: bool,
    problems: Vec<String>,
    hosts: BTreeSet<String>,
    /// When the last key was pressed, in seconds since 1970.
    last_key: f64,
    browser: Child,
    _profile: TempDir,
}

impl Drop for Page {
    fn drop(&mut self) {
        // Nothing can be done about a browser that is gone already.
        let _ended = self.browser.kill().and_then(|()| self.browser.wait());
    }
}

/// A key as the browser wants it told.
struct Key {
    name: &'static str,
    code: u32,
    text: &'static str,
}

const KEYS: [Key; 9] = [
    Key { name: "Enter", code: 13, text: "\r" },
    Key { name: "Escape", code: 27, text: "" },
    Key { name: "Tab", code: 9, text: "" },
    Key { name: "ArrowDown", code: 40, text: "" },
    Key { name: "ArrowUp", code: 38, text: "" },
    Key { name: "PageDown", code: 34, text: "" },
    Key { name: "Home", code: 36, text: "" },
    Key { name: "End", code: 35, text: "" },
    Key { name: "Backspace", code: 8, text: "" },
];

impl Page {
    /// Starts a browser with an empty page; `None`, with the reason printed, where there
    /// is no Chromium. `REQUIRE_BROWSER=1` makes that a failure.
    pub(crate) fn open() -> Option<Self> {
        match Self::start() {
            Ok(page) => Some(page),
            Err(reason)
                if std::env::var_os("REQUIRE_BROWSER").is_some_and(|value| value == "1") =>
            {
                panic!("a browser is required: {reason}")
            }
            Err(reason) => {
                println!("SKIPPED: {reason}");
                None
            }
        }
    }

    fn start() -> Result<Self, String> {
        let profile =
            TempDir::new().map_err(|error| format!("no directory for a profile: {error}"))?;
        let mut browser = launch(profile.path())?;
        let (host, path) = match endpoint(&mut browser) {
            Ok(found) => found,
            Err(reason) => {
                let _ended = browser.kill().and_then(|()| browser.wait());
                return Err(reason);
            }
        };
        let mut socket = connect(&host, &path)?;
        send(&mut socket, 1, "Target.createTarget", &json!({ "url": "about:blank" }));
        let target = loop {
            let message = receive(&mut socket, "Target.createTarget");
            if message["id"] == 1 {
                break message["result"]["targetId"].as_str().unwrap_or_default().to_owned();
            }
        };
        let socket = connect(&host, &format!("/devtools/page/{target}"))?;
        let mut page = Self {
            socket,
            next_id: 1,
            loaded: false,
            problems: Vec::new(),
            hosts: BTreeSet::new(),
            last_key: 0.0,
            browser,
            _profile: profile,
        };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.resize(1280, 800);
        Ok(page)
    }

    /// Calls a method of the protocol and answers its result.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method} failed: {error}"))
    }

    fn try_call(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        self.next_id += 1;
        let id = self.next_id;
        send(&mut self.socket, id, method, params);
        loop {
            let message = receive(&mut self.socket, method);
            if message["id"] == id {
                let error = &message["error"];
                let is_well = error.is_null();
                return if is_well {
                    Ok(message["result"].clone())
                } else {
                    Err(error.to_string())
                };
            }
            self.take_event(&message);
        }
    }

    fn take_event(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Page.loadEventFired" => self.loaded = true,
            "Runtime.exceptionThrown" => {
                self.problems
                    .push(params["exceptionDetails"]["exception"]["description"].to_string());
            }
            "Runtime.consoleAPICalled"
                if params["type"] == "error" || params["type"] == "warning" =>
            {
                self.problems.push(params["args"].to_string());
            }
            "Log.entryAdded" if params["entry"]["level"] == "error" => {
                self.problems
                    .push(format!("{} {}", params["entry"]["text"], params["entry"]["url"]));
            }
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                if let Some((_, rest)) = url.split_once("://") {
                    self.hosts.insert(rest.split('/').next().unwrap_or_default().to_owned());
                }
            }
            _ => {}
        }
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) fn go(&mut self, url: &str) {
        self.loaded = false;
        let answer = self.call("Page.navigate", &json!({ "url": url }));
        assert!(answer["errorText"].is_null(), "{url} does not open: {answer}");
        self.wait_for_load();
    }

    /// Loads the page again.
    pub(crate) fn reload(&mut self) {
        self.loaded = false;
        self.call("Page.reload", &json!({}));
        self.wait_for_load();
    }

    fn wait_for_load(&mut self) {
        while !self.loaded {
            let message = receive(&mut self.socket, "the page to load");
            self.take_event(&message);
        }
    }

    /// Runs a script in every document before its own scripts.
    pub(crate) fn before_scripts(&mut self, script: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
    }

    /// Answers the value of an expression; promises are awaited.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let answer = loop {
            match self.try_call("Runtime.evaluate", &params) {
                Ok(answer) => break answer,
                // The page went elsewhere meanwhile: the question is put to the next one.
                Err(error) if error.contains("navigated") || error.contains("destroyed") => {}
                Err(error) => panic!("`{expression}` failed: {error}"),
            }
        };
        let details = &answer["exceptionDetails"];
        assert!(
            details.is_null(),
            "`{expression}` failed: {}",
            details["exception"]["description"].as_str().unwrap_or_default()
        );
        answer["result"]["value"].clone()
    }

    /// Waits, frame by frame, until an expression is true, and answers its value.
    pub(crate) fn wait(&mut self, expression: &str) -> Value {
        let quoted = json!(expression);
        self.eval(&format!(
            "new Promise((resolve, reject) => {{
                const end = performance.now() + {PAGE_DEADLINE_MS};
                const look = () => {{
                    let value;
                    try {{ value = ({expression}); }} catch {{ value = undefined; }}
                    if (value) resolve(value);
                    else if (performance.now() > end) reject(new Error('never true: ' + {quoted} + '; the page says: ' + document.body.innerText.slice(0, 800)));
                    else requestAnimationFrame(look);
                }};
                look();
            }})"
        ))
    }

    /// Waits until the page shows a text.
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait(&format!("document.body.innerText.includes({})", json!(text)));
    }

    /// Presses and releases a key by itself, for example `Enter` or `n`; `Shift+Tab` and `Ctrl+z`
    /// are understood.
    pub(crate) fn press(&mut self, name: &str) {
        self.press_after(name, ALONE_S);
    }

    /// Presses a key so many seconds after the last one, as the page is told it: nobody waits.
    #[expect(clippy::disallowed_methods, reason = "the browser has the time of the machine")]
    fn press_after(&mut self, name: &str, seconds: f64) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        self.last_key = now.max(self.last_key + seconds);
        let (modifiers, name) = match name.split_once('+') {
            Some(("Shift", rest)) => (8, rest),
            Some(("Ctrl", rest)) => (2, rest),
            _ => (0, name),
        };
        let (code, text) =
            KEYS.iter().find(|key| key.name == name).map_or((0, name), |key| (key.code, key.text));
        let text = if modifiers == 2 { "" } else { text };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        self.call(
            "Input.dispatchKeyEvent",
            &json!({ "type": kind, "key": name, "code": if code == 0 { "" } else { name }, "text": text,
                "windowsVirtualKeyCode": code, "modifiers": modifiers, "timestamp": self.last_key }),
        );
        self.call(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyUp", "key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers,
                "timestamp": self.last_key }),
        );
    }

    /// Types a text, key by key, as fast as somebody who types well.
    pub(crate) fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.press_after(letter.encode_utf8(&mut [0; 4]), TYPED_S);
        }
    }

    /// Clicks the middle of the first element that a selector finds, once it rests.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.wait(&format!(
            "(() => {{
                const one = document.querySelector({});
                const {{ top, bottom }} = one.getBoundingClientRect();
                // As a person scrolls to what they do not see.
                if (top < 0 || bottom > innerHeight) one.scrollIntoView({{ block: 'center' }});
                const box = one.getBoundingClientRect();
                const place = [box.x + box.width / 2, box.y + box.height / 2];
                // What slides in rests outside before it begins.
                const isInSight = place[0] >= 0 && place[0] <= innerWidth;
                // Two looks may fall into one frame of what still moves.
                const moves = document.getAnimations().some(({{ playState, effect }}) =>
                    playState === 'running' && effect.getTiming().iterations !== Infinity
                    && effect.target?.contains(one));
                const rests = isInSight && !moves && box.width > 0 && String(window.lastPlace) === String(place);
                window.lastPlace = place;
                return rests && place;
            }})()",
            json!(selector)
        ));
        self.eval(
            "delete window.lastPlace; window.wasPressed = false;
            addEventListener('mousedown', () => { window.wasPressed = true; }, { capture: true, once: true })",
        );
        // Chromium drops what is pressed before it has shown a first frame; a person presses again.
        for _ in 0..20 {
            for kind in ["mousePressed", "mouseReleased"] {
                self.call(
                    "Input.dispatchMouseEvent",
                    &json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 }),
                );
            }
            // Pressed again too early it would count twice, and undo what it did.
            for _ in 0..60 {
                if self.eval("window.wasPressed !== false") == json!(true) {
                    return;
                }
                self.eval("new Promise((resolve) => requestAnimationFrame(resolve))");
            }
        }
    }

    /// Sets the size of the page in CSS pixels.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        );
    }

    /// Sets what the page is told of the system, for example `prefers-color-scheme`, `dark`.
    pub(crate) fn prefer(&mut self, feature: &str, value: &str) {
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": feature, "value": value }] }),
        );
    }

    /// Writes what the page looks like to a PNG file, for a person to see.
    #[expect(dead_code, reason = "for looking into a failing test")]
    pub(crate) fn screenshot(&mut self, path: &Path) {
        let answer = self.call("Page.captureScreenshot", &json!({}));
        let bytes = decode_base64(answer["data"].as_str().unwrap_or_default());
        let mut file = std::fs::File::create(path).expect("a file for the screenshot");
        file.write_all(&bytes).expect("write the screenshot");
    }

    /// Forgets complaints that a test has called forth; there must be such.
    pub(crate) fn forgive(&mut self, complaint: &str) {
        self.eval("new Promise((resolve) => requestAnimationFrame(resolve))");
        let before = self.problems.len();
        self.problems.retain(|problem| !problem.contains(complaint));
        assert!(self.problems.len() < before, "nothing complained of {complaint:?}");
    }

    /// Fails if the page complained, or asked another host than the one of `base`.
    pub(crate) fn assert_clean(&mut self, base: &str) {
        // Whatever was still on its way is taken before the answer to this.
        self.eval("new Promise((resolve) => requestAnimationFrame(resolve))");
        assert!(self.problems.is_empty(), "the console has errors: {:#?}", self.problems);
        let own = base.split_once("://").map_or(base, |(_, host)| host).trim_end_matches('/');
        let foreign: Vec<_> = self.hosts.iter().filter(|host| *host != own).collect();
        assert!(foreign.is_empty(), "other hosts were asked: {foreign:?}");
        assert!(!self.hosts.is_empty(), "no request was seen at all");
    }
}

fn launch(profile: &Path) -> Result<Child, String> {
    let named = std::env::var("CHROMIUM").ok();
    let usual = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    for name in named.as_deref().into_iter().chain(usual) {
        let started = Command::new(name)
            .args([
                "--headless",
                "--no-sandbox",
                "--allow-pre-commit-input",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--disable-dev-shm-usage", "--lang=en-US", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        match started {
            Ok(child) => return Ok(child),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{name} does not start: {error}")),
        }
    }
    Err(format!("no browser of {usual:?} is installed; set CHROMIUM to the path of one"))
}

/// Reads from the browser's messages where it listens: host with port, and path.
fn endpoint(browser: &mut Child) -> Result<(String, String), String> {
    let stderr = browser.stderr.take().ok_or("the browser has no messages")?;
    let mut lines = BufReader::new(stderr).lines();
    let mut said = Vec::new();
    for line in lines.by_ref() {
        let line = line.map_err(|error| format!("the browser's messages do not read: {error}"))?;
        if let Some(address) = line.strip_prefix("DevTools listening on ws://") {
            let (host, path) = address.split_once('/').ok_or("an address without a path")?;
            // Its other messages are read away, or it would stop at a full pipe.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok((host.to_owned(), format!("/{path}")));
        }
        said.push(line);
    }
    Err(format!("the browser ended at once: {}", said.join(" | ")))
}

fn connect(host: &str, path: &str) -> Result<WebSocket<TcpStream>, String> {
    let stream =
        TcpStream::connect(host).map_err(|error| format!("{host} does not answer: {error}"))?;
    stream.set_read_timeout(Some(DEADLINE)).map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    tungstenite::client(format!("ws://{host}{path}"), stream)
        .map(|(socket, _)| socket)
        .map_err(|error| format!("no handshake with {host}{path}: {error}"))
}

fn send(socket: &mut WebSocket<TcpStream>, id: u64, method: &str, params: &Value) {
    let text = json!({ "id": id, "method": method, "params": params }).to_string();
    socket
        .send(Message::text(text))
        .unwrap_or_else(|error| panic!("{method} is not sent: {error}"));
}

fn receive(socket: &mut WebSocket<TcpStream>, waiting_for: &str) -> Value {
    loop {
        let message =
            socket.read().unwrap_or_else(|error| panic!("no answer to {waiting_for}: {error}"));
        if let Message::Text(text) = message {
            return serde_json::from_str(text.as_str()).expect("the browser speaks JSON");
        }
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let Some(value) = LETTERS.iter().position(|one| *one == letter) else { continue };
        bits = (bits << 6) | u32::try_from(value).unwrap_or_default();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    bytes
}
