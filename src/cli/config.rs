//! `ringdex config`: what counts and from where, and a file to begin with.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Subcommand};
use serde_json::{Value, json};

use super::args::{Args, Serve};
use super::error::Failure;
use super::output;
use super::serve;
use super::settings::{self, Setting, Source, name_of};

/// Variables that are no options: secrets, and what tests set.
const OTHER_VARIABLES: [&str; 3] =
    ["RINGDEX_ENCRYPTION_KEY", "RINGDEX_OIDC_CLIENT_SECRET", "RINGDEX_CRASH_POINT"];

#[derive(Subcommand)]
pub(super) enum Config {
    /// Say which options `serve` would have with these arguments, this file and this environment, and
    /// where each comes from; exit code 2 if it would refuse them.
    Check(Box<Serve>),
    /// Print a file with every option, what it does and its default.
    #[command(visible_alias = "show")]
    Example,
}

pub(super) fn run(args: &Args, command: &Config, found: &[Setting]) -> Result<(), Failure> {
    match command {
        Config::Check(serve) => check(args, serve, found),
        Config::Example => output::print(example().trim_end()),
    }
}

fn check(args: &Args, command: &Serve, found: &[Setting]) -> Result<(), Failure> {
    let options = serve::options(args, command)?;
    super::rekey::encryption_key(args)?;
    if args.json {
        let all: Vec<Value> = found.iter().map(as_json).collect();
        output::print_json(&json!({"file": command.config, "options": all}))?;
    } else {
        let row = |setting: &Setting| {
            vec![setting.name.clone(), shown(setting).join(", "), place(&setting.source)]
        };
        let rows: Vec<Vec<String>> = found.iter().map(row).collect();
        output::print_table(&["option", "value", "from"], &rows)?;
    }
    if let Some(warning) = options.warning() {
        output::complain(&warning);
    }
    for name in unknown_variables() {
        output::complain(&format!("{name} is not an option and counts for nothing"));
    }
    Ok(())
}

fn shown(setting: &Setting) -> Vec<String> {
    let hide = |value: &String| if setting.is_secret { "***".to_owned() } else { value.clone() };
    setting.values.iter().map(hide).collect()
}

fn place(source: &Source) -> String {
    match source {
        Source::CommandLine => "command line".to_owned(),
        Source::File(path, line) => format!("{}:{line}", path.display()),
        Source::Variable(name) => name.clone(),
        Source::Default => "default".to_owned(),
        Source::Unset => "not set".to_owned(),
    }
}

fn as_json(setting: &Setting) -> Value {
    let kind = match setting.source {
        Source::CommandLine => "command_line",
        Source::File(..) => "file",
        Source::Variable(_) => "environment",
        Source::Default => "default",
        Source::Unset => "unset",
    };
    let values = shown(setting);
    json!({"name": setting.name, "values": values, "source": kind, "at": place(&setting.source)})
}

/// Variables that look as if they were options, for example after a typing error.
fn unknown_variables() -> Vec<String> {
    let all = settings::command();
    let options = settings::options_of_file();
    let known = |name: &str| {
        name == settings::variable("config")
            || OTHER_VARIABLES.contains(&name)
            || all.get_arguments().chain(&options).any(|a| a.get_env().is_some_and(|n| n == name))
    };
    let mut found: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("RINGDEX_") && !known(name))
        .collect();
    found.sort();
    found
}

/// The file, with every option switched off.
fn example() -> String {
    let mut text = "# Options of `ringdex serve`; `ringdex serve --config FILE` reads them.\n\
         #\n\
         # What the command line says counts before this file, this file before the environment\n\
         # (the variable in brackets). Paths are relative to where the server is started.\n\
         # `ringdex config check --config FILE` says what counts.\n"
        .to_owned();
    for arg in settings::options_of_file() {
        text.push('\n');
        let help = arg.get_long_help().or_else(|| arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let variable = arg.get_env().unwrap_or_default().to_string_lossy().into_owned();
        for line in help.lines().chain([format!("[{variable}]").as_str()]) {
            text.push_str(format!("# {line}").trim_end());
            text.push('\n');
        }
        let _ = writeln!(text, "#{} = {}", name_of(&arg), value_of(&arg));
    }
    text
}

/// The default of an option, or what its value is called.
fn value_of(arg: &Arg) -> String {
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return "false".to_owned();
    }
    let default =
        arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    let names = || arg.get_value_names().and_then(<[_]>::first).map(ToString::to_string);
    let value = default.or_else(names).unwrap_or_default();
    match value.parse::<u64>() {
        Ok(number) => number.to_string(),
        Err(_) if matches!(arg.get_action(), ArgAction::Append) => format!("[{value:?}]"),
        Err(_) => format!("{value:?}"),
    }
}
