//! The command line: every command against a data directory or a running server.
//!
//! Answers go to standard output, messages and progress to standard error. Exit codes: 0 done,
//! 1 failed, 2 bad usage, 3 data directory in use, 4 found problems.

mod admin;
mod args;
mod audit;
mod auto_merge;
mod backup;
mod client;
mod cluster;
mod company;
mod config;
mod config_file;
mod contact;
mod custom_field;
mod duplicates;
mod edge;
mod edge_box;
mod erasure;
mod error;
mod export;
mod generate;
mod import;
mod imports;
mod job;
mod jobs;
mod list;
mod maintain;
mod manual;
mod merge;
mod notify;
mod oidc;
mod output;
mod output_file;
mod people;
mod progress;
mod query;
mod record;
mod rekey;
mod saved_search;
mod serve;
mod settings;
mod tag;
mod target;
mod throw_away;
mod upkeep;

use std::process::ExitCode;

use args::{Command, LogFormat, Serve};
use error::Failure;
use settings::Parsed;

/// Parses the arguments of the process and runs the command.
pub fn run() -> ExitCode {
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let Parsed { args, settings } = match settings::parse(&words) {
        Ok(parsed) => parsed,
        Err(failure) => return end(&failure),
    };
    start_log(if let Command::Serve(serve) = &args.command { Some(serve) } else { None });
    let result = match &args.command {
        Command::Serve(command) => serve::run(&args, command),
        Command::Config { command } => config::run(&args, command, &settings),
        Command::Edge(command) => edge_box::run(&args, command),
        Command::Import(command) => import::run(&args, command),
        Command::Export(command) => export::run(&args, command),
        Command::Search(command) => query::search(&args, command),
        Command::Suggest(command) => query::suggest(&args, command),
        Command::Lookup(command) => query::lookup(&args, command),
        Command::Contact { command } => contact::run(&args, command),
        Command::Activity { command } => record::run(&args, "activity", command),
        Command::Callbacks { hours } => record::callbacks(&args, *hours),
        Command::Call { command } => record::run(&args, "call", command),
        Command::Company { command } => company::run(&args, command),
        Command::Conversation { command } => record::run(&args, "conversation", command),
        Command::Message { command } => record::run(&args, "message", command),
        Command::Deal { command } => record::run(&args, "deal", command),
        Command::Note { command } => record::run(&args, "note", command),
        Command::ImportQuestions(command) => jobs::import_questions(&args, command),
        Command::ImportUndo(command) => jobs::import_undo(&args, command),
        Command::Imports(command) => imports::run(&args, command),
        Command::Job { command } => jobs::run(&args, command),
        Command::ImportTemplate { command } => record::run(&args, "import_template", command),
        Command::Webhook { command } => record::run(&args, "webhook", command),
        Command::Task { command } => record::run(&args, "task", command),
        Command::Duplicates(command) => duplicates::run(&args, command),
        Command::AutoMerge(command) => auto_merge::run(&args, command),
        Command::Merge(command) => merge::merge(&args, command),
        Command::Merges(command) => merge::merges(&args, command),
        Command::UndoMerge(command) => merge::undo(&args, command),
        Command::Generate(command) => generate::run(&args, command),
        Command::Check(command) => maintain::check(&args, command),
        Command::IndexSchema(command) => maintain::index_schema(&args, command),
        Command::Reindex => maintain::reindex(&args),
        Command::Compact => maintain::compact(&args),
        Command::Cluster { command } => cluster::run(&args, command),
        Command::Backup(command) => backup::backup(&args, command),
        Command::Restore(command) => backup::restore(&args, command),
        Command::Rekey(command) => rekey::rekey(&args, command),
        Command::Keygen(command) => rekey::keygen(command),
        Command::Organization { command } => admin::organization(&args, command),
        Command::Token { command } => admin::token(&args, command),
        Command::User { command } => people::run(&args, people::Noun::User, command),
        Command::Department { command } => people::run(&args, people::Noun::Department, command),
        Command::Queue { command } => people::run(&args, people::Noun::Queue, command),
        Command::SavedSearch { command } => saved_search::run(&args, command),
        Command::CustomField { command } => custom_field::run(&args, command),
        Command::List { command } => list::run(&args, command),
        Command::Tag { command } => tag::run(&args, command),
        Command::Erasure { command } => erasure::run(&args, command),
        Command::Retention { command } => upkeep::retention(&args, command),
        Command::LeadScore { command } => upkeep::lead_score(&args, command),
        Command::Audit(command) => audit::run(&args, command),
        Command::Permissions => people::permissions(&args),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man { dir } => manual::pages(dir),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure),
    }
}

/// Says why a command failed; the exit code that goes with it.
fn end(failure: &Failure) -> ExitCode {
    if let Failure::Arguments(error) = failure {
        let _ = error.print();
    } else if !failure.is_quiet() {
        // A reader that has seen enough (`| head`) is no failure worth a word.
        output::complain(&failure.to_string());
    }
    ExitCode::from(failure.exit_code())
}

/// What a server logs unless it is told otherwise.
const SERVER_LOG: &str =
    "info,tantivy=warn,sled=warn,actix_http=off,actix_server=warn,ldap3_proto=off";

fn start_log(serve: Option<&Serve>) {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let filter = match serve {
        Some(serve) => EnvFilter::new(serve.log.as_deref().unwrap_or(SERVER_LOG)),
        None => EnvFilter::try_from_env("RINGDEX_LOG").unwrap_or_else(|_| EnvFilter::new("warn")),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match serve.map(|serve| serve.log_format) {
        Some(LogFormat::Json) => log.json().flatten_event(true).with_ansi(false).init(),
        Some(LogFormat::Text) | None => log.init(),
    }
}
