//! Runs the program: commands that end, and servers that are stopped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use tempfile::TempDir;

use crate::support::server::{Client, OPERATOR};

/// A directory with data and key files, and the program to work on it.
pub(crate) struct Bench {
    dir: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` if it was killed or killed itself.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Passes on what was written to standard output if all went well.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{} {}", self.out, self.err);
        self
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        super::watchdog::watch();
        Self { dir: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Makes a key file.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        self.run(&["keygen", path.to_str().unwrap()], None).expect(0);
        path
    }

    fn command(&self, arguments: &[&str], key: Option<&Path>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
        command.args(arguments).env_clear().env("RINGDEX_DATA_DIR", self.data());
        if let Some(key) = key {
            command.arg("--encryption-key-file").arg(key);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], key: Option<&Path>) -> Ended {
        self.run_with(arguments, key, &[])
    }

    /// Runs a command with more in its environment.
    pub(crate) fn run_with(
        &self,
        arguments: &[&str],
        key: Option<&Path>,
        environment: &[(&str, &str)],
    ) -> Ended {
        let mut command = self.command(arguments, key);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command that reads a text from standard input, in the folder of the bench.
    pub(crate) fn run_piped(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments, None);
        command.current_dir(self.dir.path()).stdin(Stdio::piped());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        Ended {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn serve(&self, key: Option<&Path>) -> Served {
        self.serve_with(&["--admin-token", OPERATOR], key)
    }

    /// A server with more arguments.
    pub(crate) fn serve_with(&self, more: &[&str], key: Option<&Path>) -> Served {
        self.begin_serving(more, key, Stdio::null())
    }

    /// A server, and what it says on standard error until it ends.
    pub(crate) fn serve_and_listen(&self) -> (Served, Receiver<String>) {
        let mut served = self.begin_serving(&["--admin-token", OPERATOR], None, Stdio::piped());
        let errors = BufReader::new(served.process.stderr.take().unwrap());
        let (sender, said) = channel();
        std::thread::spawn(move || {
            errors.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        (served, said)
    }

    /// A server that ends by itself at a crash point, such as `writer.applied:3`; nothing if that is
    /// before it listens.
    pub(crate) fn serve_until(&self, point: &str) -> Option<Served> {
        let mut command = self.serving(&["--admin-token", OPERATOR], None);
        command.env("RINGDEX_CRASH_POINT", point).stderr(Stdio::null());
        Self::listening(command)
    }

    fn begin_serving(&self, more: &[&str], key: Option<&Path>, errors: Stdio) -> Served {
        let mut command = self.serving(more, key);
        command.stderr(errors);
        Self::listening(command).expect("it listens")
    }

    fn serving(&self, more: &[&str], key: Option<&Path>) -> Command {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        let mut command = self.command(&arguments, key);
        command.stdout(Stdio::piped());
        command
    }

    fn listening(mut command: Command) -> Option<Served> {
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().rsplit(' ').next().unwrap();
        let client = Client::of(base, OPERATOR);
        let served = Served { client, base: base.to_owned(), process };
        served.base.starts_with("http://").then_some(served)
    }
}

/// A server in a process of its own; killed when it is dropped without being stopped.
pub(crate) struct Served {
    pub(crate) client: Client,
    /// Where it is, such as `http://127.0.0.1:1234`.
    pub(crate) base: String,
    process: Child,
}

impl Served {
    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_for_crash(mut self) {
        assert!(!self.process.wait().unwrap().success());
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) {
        let process = self.process.id().to_string();
        assert!(Command::new("kill").arg(process).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
