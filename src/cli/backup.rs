//! `ringdex backup` and `ringdex restore`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::args::Args;
use super::client::Client;
use super::error::Failure;
use super::rekey::encryption_key;
use super::throw_away::ThrowAway;
use super::{output, progress};
use crate::app::{App, BackupPlan};
use crate::domain::ids::ChangeSeq;
use crate::domain::text::counted;
use crate::domain::time::Timestamp;
use crate::engine::{
    self, BackupError, BackupManifest, Error as EngineError, Options, Restored, Until,
};

#[derive(ClapArgs)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub(super) struct Backup {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    /// The directory to write; it must not exist yet, or be empty.
    #[arg(required = true)]
    target: Option<PathBuf>,
    /// An earlier backup of the same data directory, on the same disk as the target: what has not
    /// changed since is linked and takes no room. Each of them stands alone. Not with --server.
    #[arg(long, value_name = "BACKUP")]
    base: Option<PathBuf>,
}

#[derive(Subcommand)]
enum BackupCommand {
    /// Read a backup again: whether it is whole, and unchanged since it was taken.
    Verify {
        /// The backup: a directory, or an archive that a server has sent.
        source: PathBuf,
        /// Restore it as well, into a throw-away folder, and check everything there: a drill that shows
        /// that it brings everything back, and how long that takes.
        #[arg(long)]
        drill: bool,
        /// The folder in which the throw-away folder is made, with room for what is restored [default:
        /// that for temporary files].
        #[arg(long, value_name = "DIR", requires = "drill")]
        work_dir: Option<PathBuf>,
    },
}

/// What a drill came to.
struct Drill {
    restored: Restored,
    took: Duration,
}

impl Drill {
    fn run(args: &Args, source: &Path, folder: Option<&Path>) -> Result<Self, Failure> {
        let begun = Instant::now();
        let place = ThrowAway::new(folder, "drill")?;
        let options = Options { encryption_key: encryption_key(args)?, ..Options::default() };
        let restored = engine::restore(source, &place.path().join("data"), Until::End, &options)?;
        Ok(Self { restored, took: begun.elapsed() })
    }
}

/// Backups that the server takes by itself.
#[derive(ClapArgs)]
pub(super) struct BackupSchedule {
    /// Take backups by itself into this folder. What has not changed since the one before is linked.
    #[arg(id = "backup_dir", long = "backup-dir", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// How many hours lie between two of them.
    #[arg(id = "backup_hours", long = "backup-hours", value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..))]
    hours: u32,
    /// How many are kept.
    #[arg(id = "backup_keep", long = "backup-keep", value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    keep: u16,
}

impl BackupSchedule {
    /// The plan, if backups are wanted.
    pub(super) fn plan(&self) -> Option<BackupPlan> {
        Some(BackupPlan {
            folder: self.folder.clone()?,
            every: Duration::from_secs(u64::from(self.hours) * 3_600),
            keep: usize::from(self.keep),
        })
    }
}

#[derive(ClapArgs)]
pub(super) struct Restore {
    /// The backup: a directory, or an archive that a server has sent.
    source: PathBuf,
    /// The state to go back to: a time such as 2026-11-29T12:00:00Z, or the number of a journal
    /// entry. The newest if not given.
    #[arg(long, value_name = "TIME|SEQ", value_parser = parse_until)]
    to: Option<Until>,
    /// A file with erasures (`ringdex --json erasure list`): who was erased after the backup is
    /// erased again.
    #[arg(long, value_name = "FILE")]
    erasures: Option<PathBuf>,
}

/// The contacts of the erasures in a file that are done.
fn erased_contacts(file: &Path) -> Result<Vec<Uuid>, Failure> {
    let misfit = |detail: String| Failure::Usage(format!("{}: {detail}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| misfit(error.to_string()))?;
    let all: Value = serde_json::from_str(&text).map_err(|error| {
        misfit(format!("is not what `ringdex --json erasure list` prints: {error}"))
    })?;
    let erasures = all["items"].as_array().or_else(|| all.as_array());
    let Some(erasures) = erasures else {
        return Err(misfit("holds no list of erasures".to_owned()));
    };
    let done = erasures.iter().filter_map(|one| one["certificate"]["contacts"].as_array());
    let ids = done.flatten().filter_map(|id| id.as_str()?.parse().ok());
    Ok(ids.collect())
}

fn parse_until(text: &str) -> Result<Until, String> {
    if let Ok(seq) = text.parse() {
        return Ok(Until::Entry(ChangeSeq(seq)));
    }
    text.parse::<Timestamp>().map(Until::Time).map_err(|_neither| {
        format!(
            "{text:?} is neither a time such as 2026-11-29T12:00:00Z nor the number of an entry"
        )
    })
}

pub(super) fn backup(args: &Args, command: &Backup) -> Result<(), Failure> {
    let target = match (&command.command, &command.target) {
        (Some(BackupCommand::Verify { source, drill, work_dir }), _) => {
            let verified = verify(args, source)?;
            let drill = drill.then(|| Drill::run(args, source, work_dir.as_deref())).transpose()?;
            return verified.print(args, source, drill.as_ref());
        }
        (None, Some(target)) => target,
        (None, None) => return Err(Failure::Usage("where shall the backup go?".to_owned())),
    };
    if args.server.is_some() && command.base.is_some() {
        return Err(Failure::Usage(
            "--base is for a data directory: a server sends everything. `serve --backup-dir` links \
             what has not changed"
                .to_owned(),
        ));
    }
    let bar = progress::spinner();
    let mut progress = |bytes| bar.set_position(bytes);
    let manifest = if let Some(server) = &args.server {
        let client = Client::new(server, args.token.as_deref(), args.ca_file.as_deref())?;
        let mut archive = client.get_reader("/api/v1/admin/backup", &[])?;
        engine::receive_backup(&mut archive, target, &mut progress)?
    } else {
        let key = encryption_key(args)?;
        let base = command.base.as_deref();
        engine::back_up(&args.data_dir, key.as_ref(), target, base, &mut progress)?
    };
    bar.finish_and_clear();
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    if args.json {
        return output::print_json(&json!({
            "target": target,
            "bytes": bytes,
            "first": manifest.first,
            "last": manifest.last,
            "last_at": manifest.last_at,
            "chain": manifest.chain,
            "encrypted": manifest.is_encrypted,
        }));
    }
    output::print(&format!(
        "backed up to {}: {bytes} bytes, entries {} to {}{}, verified",
        target.display(),
        manifest.first,
        manifest.last,
        decided(manifest.last_at),
    ))
}

/// A backup that is whole, and whether its hash chain was followed.
struct Verified(BackupManifest, bool);

fn verify(args: &Args, source: &Path) -> Result<Verified, Failure> {
    let key = encryption_key(args)?;
    match engine::verify_backup(source, key.as_ref()) {
        Err(EngineError::Backup(BackupError::Torn(why))) => {
            let source = source.display();
            Err(Failure::Problems(format!("{source} is not whole: {why}")))
        }
        verified => {
            let (manifest, is_followed) = verified?;
            Ok(Verified(manifest, is_followed))
        }
    }
}

impl Verified {
    fn print(&self, args: &Args, source: &Path, drill: Option<&Drill>) -> Result<(), Failure> {
        let Self(manifest, is_followed) = self;
        if args.json {
            return output::print_json(&json!({
                "source": source,
                "first": manifest.first,
                "last": manifest.last,
                "last_at": manifest.last_at,
                "made_at": manifest.made_at,
                "encrypted": manifest.is_encrypted,
                "chain_followed": is_followed,
                "drill": drill.map(|drill| json!({
                    "last": drill.restored.last,
                    "contacts": drill.restored.contacts,
                    "seconds": drill.took.as_secs_f64(),
                })),
            }));
        }
        let chain =
            if *is_followed { "" } else { "; its hash chain takes the key, which was not given" };
        output::print(&format!(
            "{} is whole: entries {} to {}{}{chain}",
            source.display(),
            manifest.first,
            manifest.last,
            decided(manifest.last_at),
        ))?;
        let Some(Drill { restored, took }) = drill else { return Ok(()) };
        output::print(&format!(
            "restored as a drill to entry {} in {:.1} s: {}, checked",
            restored.last,
            took.as_secs_f64(),
            counted(restored.contacts, "contact", "contacts"),
        ))
    }
}

pub(super) fn restore(args: &Args, command: &Restore) -> Result<(), Failure> {
    if args.server.is_some() {
        return Err(Failure::Usage(
            "restore makes a new data directory: give --data-dir, not --server".to_owned(),
        ));
    }
    let options = Options { encryption_key: encryption_key(args)?, ..Options::default() };
    let until = command.to.unwrap_or(Until::End);
    let erased = command.erasures.as_deref().map(erased_contacts).transpose()?;
    let mut done = engine::restore(&command.source, &args.data_dir, until, &options)?;
    let mut erased_again = 0;
    if let Some(contacts) = &erased {
        let app = App::open(&args.data_dir, options)?;
        erased_again = app.erase_again(contacts)?;
        done.contacts = app.partition().contact_count();
    }
    if args.json {
        return output::print_json(&json!({
            "erased_again": erased_again,
            "data_dir": args.data_dir,
            "last": done.last,
            "last_at": done.at,
            "contacts": done.contacts,
        }));
    }
    output::print(&format!(
        "restored to entry {}{} in {}: {}, checked{}",
        done.last,
        decided(done.at),
        args.data_dir.display(),
        counted(done.contacts, "contact", "contacts"),
        match erased_again {
            0 => String::new(),
            some => format!(", {} erased again", counted(some as u64, "contact", "contacts")),
        },
    ))
}

fn decided(at: Option<Timestamp>) -> String {
    at.map(|at| format!(" of {at}")).unwrap_or_default()
}
