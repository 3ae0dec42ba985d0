//! Options of `ringdex serve` in a file and in the environment: what counts, and what is refused.

#![expect(clippy::disallowed_methods, reason = "test files need not survive a power cut")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::PATIENCE;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join("ringdex.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("RINGDEX_")) {
            command.env_remove(name);
        }
        command.current_dir(self.dir.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        self.command(arguments).envs(variables.iter().copied()).output().unwrap()
    }

    /// What `config check` says of each option: its values, and where they come from.
    #[track_caller]
    fn checked(&self, arguments: &[&str], variables: &[(&str, &str)]) -> BTreeMap<String, Said> {
        let all = [&["--json", "config", "check"], arguments].concat();
        let output = self.run(&all, variables);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let options = answer["options"].as_array().unwrap().iter();
        let said = |option: &Value| {
            let values = option["values"].as_array().unwrap().iter().map(text).collect();
            Said { values, source: text(&option["source"]), at: text(&option["at"]) }
        };
        options.map(|option| (text(&option["name"]), said(option))).collect()
    }

    /// What is said of a file that is refused.
    #[track_caller]
    fn refused(&self, text: &str) -> String {
        let path = self.file(text);
        let mut told = Vec::new();
        for command in [&["serve"][..], &["config", "check"]] {
            let all = [command, &["--config", path.to_str().unwrap()]].concat();
            let output = self.run(&all, &[]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{text}: {said}");
            assert!(output.stdout.is_empty(), "{text}");
            told.push(said);
        }
        // They are called differently, and that is all.
        let without_usage = |said: &String| -> Vec<String> {
            said.lines().filter(|line| !line.starts_with("Usage")).map(str::to_owned).collect()
        };
        assert_eq!(without_usage(&told[0]), without_usage(&told[1]));
        assert!(!self.dir.path().join("ringdex-data").exists(), "nothing is begun");
        told.remove(0)
    }
}

#[derive(Debug)]
struct Said {
    values: Vec<String>,
    source: String,
    at: String,
}

/// A server that is ended with the test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    #[track_caller]
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let url = first.trim().strip_prefix("ringdex listening on ").unwrap_or("").to_owned();
        if url.is_empty() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("{said}");
        }
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All options of `serve` that its help names.
fn options_of_serve(place: &Place) -> Vec<String> {
    let output = place.run(&["serve", "--help"], &[]);
    let help = String::from_utf8(output.stdout).unwrap();
    let names = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let name = line.split_once("--").filter(|(before, _)| before.len() <= 4)?.1;
        line.starts_with('-').then(|| {
            name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>()
        })
    });
    // Those of every command that have to do with no server, and what names the file.
    let others =
        ["server", "token", "ca-file", "organization", "json", "help", "version", "config"];
    names.filter(|name| !others.contains(&name.as_str())).collect()
}

#[test]
fn the_command_line_counts_before_the_file_and_the_file_before_the_environment() {
    let place = Place::new();
    let path = place.file(
        "# what this server is\n\
         listen = \"127.0.0.1:1111\"\n\
         journal-days = 14\n\
         max-searches = 5\n\
         insecure = false\n\
         webhooks-to-private-addresses = true\n\
         trusted-proxy = [\"10.0.0.0/8\", \"192.0.2.1\"]\n\
         data-dir = \"elsewhere\"\n",
    );
    let variables = [
        ("RINGDEX_LISTEN", "127.0.0.1:2222"),
        ("RINGDEX_JOURNAL_DAYS", "21"),
        ("RINGDEX_MAX_EXPORTS", "9"),
        ("RINGDEX_INSECURE", "true"),
        ("RINGDEX_FRAME_ANCESTORS", "self, https://crm.example"),
        ("RINGDEX_DATA_DIR", "nowhere"),
        ("RINGDEX_WORKERS", ""),
    ];
    let config = ["--config", path.to_str().unwrap()];
    let arguments =
        [&config[..], &["--max-searches", "6", "--trusted-proxy", "192.0.2.7"]].concat();
    let said = place.checked(&arguments, &variables);
    let expected: [(&str, &[&str], &str); 11] = [
        ("listen", &["127.0.0.1:1111"], "file"),
        ("journal-days", &["14"], "file"),
        ("max-searches", &["6"], "command_line"),
        ("max-exports", &["9"], "environment"),
        ("insecure", &["false"], "file"),
        ("webhooks-to-private-addresses", &["true"], "file"),
        ("trusted-proxy", &["192.0.2.7"], "command_line"),
        ("frame-ancestors", &["self", "https://crm.example"], "environment"),
        ("data-dir", &["elsewhere"], "file"),
        ("workers", &[], "unset"),
        ("journal-mib", &["4096"], "default"),
    ];
    for (name, values, source) in expected {
        let found = &said[name];
        assert_eq!(
            (&found.values[..], found.source.as_str()),
            (&values.map_to()[..], source),
            "{name}"
        );
    }
    assert_eq!(said["journal-days"].at, format!("{}:3", path.display()));
    assert_eq!(said["max-exports"].at, "RINGDEX_MAX_EXPORTS");
    assert_eq!(place.checked(&[], &variables)["data-dir"].values, ["nowhere"]);
    assert_eq!(place.checked(&[], &variables)["insecure"].values, ["true"]);
}

trait MapTo {
    fn map_to(&self) -> Vec<String>;
}

impl MapTo for &[&str] {
    fn map_to(&self) -> Vec<String> {
        self.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn a_server_takes_its_options_from_the_file_and_tells_the_service_manager() {
    let place = Place::new();
    let manager = UnixDatagram::bind(place.dir.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    place.file(
        "listen = \"127.0.0.1:0\"\nstore-cache-mib = 8\nadmin-token = \"of-the-file\"\n\
         data-dir = \"here\"\nlog-format = \"json\"\n\
         memory = \"1.5G\"\n",
    );
    let mut command = place.command(&["serve"]);
    command.env("RINGDEX_CONFIG", "ringdex.toml");
    command.env("NOTIFY_SOCKET", place.dir.path().join("notify")).env("WATCHDOG_USEC", "200000");
    let mut served = Served::start(command);
    let mut told = [0; 64];
    let count = manager.recv(&mut told).unwrap();
    assert_eq!(&told[..count], b"READY=1");
    for _ in 0..3 {
        let count = manager.recv(&mut told).unwrap();
        assert_eq!(&told[..count], b"WATCHDOG=1");
    }
    assert!(place.dir.path().join("here/journal").is_dir());
    let remote = ["--server", &served.url, "--token", "of-the-file", "lookup", "1"];
    let output = place.run(&remote, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let pid = served.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut log = String::new();
    served.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(served.child.wait().unwrap().success(), "{log}");
    // What is said before there is a log, the token among it, is none of it.
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with('{')).collect();
    assert!(!lines.is_empty(), "{log}");
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
}

#[test]
fn what_a_file_says_wrongly_is_named_with_its_line() {
    let place = Place::new();
    let cases: [(&str, &[&str]); 12] = [
        ("listen = \"127.0.0.1:1\"\nlisen = \"x\"\n", &[":2: lisen", "is listen meant?"]),
        ("journal_days = 3\n", &[":1: journal_days", "is journal-days meant?"]),
        ("colour-of-the-moon = 3\n", &[":1: colour-of-the-moon", "config example"]),
        ("[serve]\nlisten = \"127.0.0.1:1\"\n", &[":1: serve", "no sections"]),
        ("\njournal-days = \"many\"\n", &[":2: journal-days = \"many\"", "--help"]),
        ("insecure = \"yes\"\n", &[":1: insecure = \"yes\"", "true or false"]),
        ("journal-days = true\n", &[":1: journal-days = true", "whole number"]),
        ("journal-days = 1.5\n", &[":1: journal-days", "whole number"]),
        ("listen = [\"127.0.0.1:1\"]\n", &[":1: listen", "one text"]),
        ("trusted-proxy = [\"10.0.0.0/8\", \"nobody\"]\n", &[":1: trusted-proxy", "nobody"]),
        ("\n\nlisten = 127.0.0.1:1\n", &[":3: listen", "TOML"]),
        ("log-format = \"xml\"\n", &[":1: log-format = \"xml\"", "text, json"]),
    ];
    for (text, parts) in cases {
        let said = place.refused(text);
        for part in parts.iter().chain(&["ringdex.toml"]) {
            assert!(said.contains(part), "{text}: {part} is not in {said}");
        }
    }
    // What is needed beside an option, and what the server itself refuses.
    assert!(place.refused("tls-cert = \"a.pem\"\n").contains("--tls-key"));
    assert!(place.refused("listen = \"0.0.0.0:0\"\n").contains("--insecure"));
    let output = place.run(&["serve", "--config", "none.toml"], &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("none.toml"), "{said}");
}

#[test]
fn what_the_environment_says_wrongly_is_named_with_its_variable() {
    let place = Place::new();
    for (name, value) in [
        ("RINGDEX_LISTEN", "here"),
        ("RINGDEX_INSECURE", "perhaps"),
        ("RINGDEX_MAX_SEARCHES", "-1"),
        ("RINGDEX_TRUSTED_PROXY", "10.0.0.0/8,nobody"),
        ("RINGDEX_LOG", "ringdex=loud"),
    ] {
        let output = place.run(&["serve"], &[(name, value)]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(name) && said.contains(value), "{name}: {said}");
        assert!(!place.dir.path().join("ringdex-data").exists());
    }
    let output = place.run(&["config", "check"], &[("RINGDEX_LISTN", "127.0.0.1:1")]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("RINGDEX_LISTN"));
}

#[test]
fn the_file_says_what_the_command_line_lacks() {
    let place = Place::new();
    let path = place.file("tls-key = \"key.pem\"\n");
    let arguments = ["--config", path.to_str().unwrap(), "--tls-cert", "cert.pem"];
    let said = place.checked(&arguments, &[]);
    assert_eq!(said["tls-cert"].source, "command_line");
    assert_eq!(said["tls-key"].source, "file");
}

#[test]
fn secrets_are_never_shown() {
    let place = Place::new();
    let path = place.file("admin-token = \"hush-file\"\nmetrics-token = 'hush-metrics'\n");
    let config = ["config", "check", "--config", path.to_str().unwrap()];
    let variables = [("RINGDEX_LDAP_ANONYMOUS", "hush-ldap")];
    for arguments in [&config[..], &[&config[..], &["--json"]].concat()] {
        let output = place.run(arguments, &variables);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("***") && !said.contains("hush"), "{said}");
    }
    for text in
        ["admin-token = [\"hush\"]\n", "admin-token = hush\n", "admin-token = {a = \"hush\"}"]
    {
        let said = place.refused(text);
        assert!(said.contains(":1: admin-token") && !said.contains("hush"), "{said}");
    }
}

#[test]
fn every_option_can_be_said_in_the_file_and_by_a_variable() {
    let place = Place::new();
    let options = options_of_serve(&place);
    assert!(options.len() > 25, "{options:?}");
    let known = place.checked(&[], &[]);
    let help = String::from_utf8(place.run(&["serve", "--help"], &[]).stdout).unwrap();
    for name in &options {
        assert!(known.contains_key(name), "{name} cannot be said in the file");
        let variable = format!("RINGDEX_{}", name.to_uppercase().replace('-', "_"));
        let is_named =
            ['=', ']'].iter().any(|end| help.contains(&format!("[env: {variable}{end}")));
        assert!(is_named, "{variable} is not in the help");
    }
    assert_eq!(known.len(), options.len(), "{options:?} {:?}", known.keys());
}

#[test]
fn the_example_names_every_option_and_is_taken() {
    let place = Place::new();
    for name in ["example", "show"] {
        let output = place.run(&["config", name], &[]);
        assert!(output.status.success());
        let example = String::from_utf8(output.stdout).unwrap();
        let path = place.file(&example);
        let config = ["--config", path.to_str().unwrap()];
        assert!(place.checked(&config, &[]).values().all(|said| said.source != "file"));

        let switched_on: Vec<&str> = example
            .lines()
            .filter_map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')))
            .filter(|line| line.contains(" = "))
            .collect();
        let table: toml::Table = toml::from_str(&switched_on.join("\n")).unwrap();
        let mut options = options_of_serve(&place);
        options.sort();
        let mut names: Vec<String> = table.keys().cloned().collect();
        names.sort();
        assert_eq!(names, options);

        // Everything that has a default is taken as it stands there.
        let known = place.checked(&[], &[]);
        let with_default = |line: &&&str| {
            let name = line.split(" = ").next().unwrap_or_default();
            known[name].source == "default"
        };
        let kept: Vec<&str> = switched_on.iter().filter(with_default).copied().collect();
        assert!(kept.len() > 8, "{kept:?}");
        let path = place.file(&kept.join("\n"));
        let said = place.checked(&["--config", path.to_str().unwrap()], &[]);
        for (name, said) in &said {
            assert_eq!(said.values, known[name].values, "{name}");
        }
    }
}
