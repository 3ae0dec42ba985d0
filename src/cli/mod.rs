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
mod job;
mod jobs;
mod list;
mod maintain;
mod manual;
mod merge;
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
mod tag;
mod target;
mod upkeep;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// Parses the arguments of the process and runs the command.
pub fn run() -> ExitCode {
    let args = Args::parse();
    start_log(matches!(args.command, Command::Serve(_)));
    let result = match &args.command {
        Command::Serve(command) => serve::run(&args, command),
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
        Command::Company { command } => record::run(&args, "company", command),
        Command::Conversation { command } => record::run(&args, "conversation", command),
        Command::Message { command } => record::run(&args, "message", command),
        Command::Deal { command } => record::run(&args, "deal", command),
        Command::Note { command } => record::run(&args, "note", command),
        Command::ImportQuestions(command) => jobs::import_questions(&args, command),
        Command::ImportUndo(command) => jobs::import_undo(&args, command),
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
        Err(failure) => {
            // A reader that has seen enough (`| head`) is no failure worth a word.
            if !failure.is_quiet() {
                output::complain(&failure.to_string());
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn start_log(is_server: bool) {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let level = if is_server {
        "info,tantivy=warn,sled=warn,actix_http=off,actix_server=warn,ldap3_proto=off"
    } else {
        "warn"
    };
    let filter = EnvFilter::try_from_env("RINGDEX_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
