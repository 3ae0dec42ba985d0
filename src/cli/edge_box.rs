//! `ringdex edge`: names of callers beside a telephone system, also when the server is gone.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use clap::Args as ClapArgs;

use super::args::Args;
use super::client::Client;
use super::error::Failure;
use super::output;
use super::output_file::OutputFile;
use crate::domain::text::counted;
use crate::edge::{self, Snapshot};

/// Where the file is fetched.
const PATH: &str = "/api/v1/edge/snapshot";

#[derive(ClapArgs)]
pub(super) struct EdgeBox {
    /// The file that is kept: numbers and names, signed with the token.
    #[arg(long, value_name = "FILE")]
    snapshot: PathBuf,
    /// Where to answer /cid; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7465", value_name = "ADDR")]
    listen: SocketAddr,
    /// Seconds after which the server is asked for changes again.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Marks to put in front of names: vip, dnc, blocked; 1 for all.
    #[arg(long, value_name = "MARKS")]
    prefix: Option<String>,
    /// Fetch the file and end.
    #[arg(long)]
    once: bool,
}

/// What is kept, and how to renew it.
struct NameCache {
    client: Client,
    token: String,
    file: PathBuf,
    prefix: Option<String>,
    etag: Option<String>,
}

impl NameCache {
    /// Fetches the file if it has changed.
    fn renew(&mut self) -> Result<Option<Snapshot>, Failure> {
        let prefix = self.prefix.as_deref().map(|prefix| ("prefix", prefix));
        let parameters: Vec<(&str, &str)> = prefix.into_iter().collect();
        let fetched = self.client.get_if_changed(PATH, &parameters, self.etag.as_deref())?;
        let Some((bytes, etag)) = fetched else { return Ok(None) };
        let book = read(&bytes, &self.token, &self.file)?;
        let mut out = OutputFile::create(Some(&self.file))?;
        out.write_all(&bytes).map_err(|source| out.failure(source))?;
        out.finish()?;
        self.etag = etag;
        Ok(Some(book))
    }
}

fn read(bytes: &[u8], token: &str, file: &Path) -> Result<Snapshot, Failure> {
    Snapshot::read(bytes, token)
        .map_err(|why| Failure::Refused { detail: format!("{}: {why}", file.display()) })
}

pub(super) fn run(args: &Args, command: &EdgeBox) -> Result<(), Failure> {
    let (Some(server), Some(token)) = (&args.server, &args.token) else {
        let what = "edge needs --server and --token: the token signs the file";
        return Err(Failure::Usage(what.to_owned()));
    };
    let client = Client::new(server, Some(token), args.ca_file.as_deref())?;
    let mut keeper = NameCache {
        client,
        token: token.clone(),
        file: command.snapshot.clone(),
        prefix: command.prefix.clone(),
        etag: None,
    };
    let book = match keeper.renew() {
        Ok(Some(book)) => book,
        Ok(None) => Snapshot::default(),
        Err(failure) if command.once => return Err(failure),
        Err(failure) => {
            // The server is gone: what is kept has to do.
            let Ok(bytes) = std::fs::read(&command.snapshot) else { return Err(failure) };
            output::complain(&format!("{failure}; answering from {}", command.snapshot.display()));
            read(&bytes, token, &command.snapshot)?
        }
    };
    let said = counted(book.len() as u64, "number", "numbers");
    if command.once {
        return output::print(&said);
    }
    let listener = TcpListener::bind(command.listen).map_err(Failure::Output)?;
    let address = listener.local_addr().map_err(Failure::Output)?;
    let book = Arc::new(ArcSwap::from_pointee(book));
    output::tell(&said);
    output::print(&format!("ringdex edge listening on http://{address}"))?;
    let (kept, every) = (Arc::clone(&book), Duration::from_secs(command.every));
    let renew = move || loop {
        std::thread::sleep(every);
        match keeper.renew() {
            Ok(Some(book)) => kept.store(Arc::new(book)),
            Ok(None) => {}
            Err(failure) => tracing::warn!("the snapshot stays as it is: {failure}"),
        }
    };
    std::thread::Builder::new().name("renew".to_owned()).spawn(renew).map_err(Failure::Output)?;
    edge::serve(&listener, &book);
    Ok(())
}
