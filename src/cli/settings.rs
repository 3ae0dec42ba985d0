//! Where the options of `ringdex serve` come from: the command line, a file, the environment.
//!
//! Options of the file and of the environment become arguments that the same parser reads, so types,
//! requirements and messages are those of the command line, and a new option cannot be forgotten.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches};

use super::args::Args;
use super::config_file::{self, Entry, Given};
use super::error::Failure;

/// Options that stand before a command, and may stand in the file as well.
const OF_ALL_COMMANDS: [&str; 2] = ["data_dir", "encryption_key_file"];
/// What the file and the environment may say of an option that has not been named there before.
const FILE_OPTION: &str = "config";

/// What says the value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The command line.
    CommandLine,
    /// The file, at a line.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    /// Nobody: this is what it is if nothing is said.
    Default,
    /// Nobody, and it has no value.
    Unset,
}

/// An option with what counts.
#[derive(Debug)]
pub(super) struct Setting {
    /// The name on the command line, without dashes.
    pub(super) name: String,
    /// Its values.
    pub(super) values: Vec<String>,
    /// Whether nobody may read them.
    pub(super) is_secret: bool,
    /// What says so.
    pub(super) source: Source,
}

/// The arguments of a process.
pub(super) struct Parsed {
    /// What is to be done.
    pub(super) args: Args,
    /// For a command that serves: where each of its options comes from.
    pub(super) settings: Vec<Setting>,
}

/// The variable of the environment that says an option.
pub(super) fn variable(name: &str) -> String {
    format!("RINGDEX_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// All commands, as help, manual and completions show them: every option of `serve` names its
/// variable.
pub(super) fn command() -> clap::Command {
    with_serve_arguments(|arg| match arg.get_long().map(variable) {
        Some(name) => arg.env(name),
        None => arg,
    })
}

/// All commands, without the variables that are read here.
fn bare_command() -> clap::Command {
    with_serve_arguments(|arg| arg.env(Resettable::<clap::builder::OsStr>::Reset))
}

fn with_serve_arguments(change: fn(Arg) -> Arg) -> clap::Command {
    Args::command()
        .mut_subcommand("serve", |serve| serve.mut_args(change))
        .mut_subcommand("config", |config| {
            config.mut_subcommand("check", |check| check.mut_args(change))
        })
}

/// The options that the file may have, in the order of the help.
pub(super) fn options_of_file() -> Vec<Arg> {
    let all = command();
    let before = all.get_arguments().filter(|arg| OF_ALL_COMMANDS.contains(&arg.get_id().as_str()));
    let serve = all.find_subcommand("serve").into_iter().flat_map(clap::Command::get_arguments);
    let serve = serve.filter(|arg| arg.get_id() != FILE_OPTION);
    before.chain(serve).filter(|arg| arg.get_long().is_some()).cloned().collect()
}

/// The name of an option on the command line, without dashes.
pub(super) fn name_of(arg: &Arg) -> &str {
    arg.get_long().unwrap_or_default()
}

/// Parses the arguments of a process, with what file and environment say.
///
/// # Errors
/// If they are not as they should be, or help is wanted.
pub(super) fn parse(words: &[OsString]) -> Result<Parsed, Failure> {
    let (given, missing) = match bare_command().try_get_matches_from(words) {
        Ok(matches) => (matches, None),
        // What is missing may stand in the file or in the environment.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            match bare_command().ignore_errors(true).try_get_matches_from(words) {
                Ok(matches) => (matches, Some(error)),
                Err(_) => return Err(error.into()),
            }
        }
        Err(error) if is_help(&error) => {
            let shown = command().try_get_matches_from(words).err();
            return Err(shown.unwrap_or(error).into());
        }
        Err(error) => return Err(error.into()),
    };
    let Some(serve) = serve_matches(&given) else {
        return match missing {
            Some(error) => Err(error.into()),
            None => Ok(Parsed { args: Args::from_arg_matches(&given)?, settings: Vec::new() }),
        };
    };
    let layers = Layers::read(serve)?;
    let all = with_added(words, layers.arguments());
    let matches = match bare_command().try_get_matches_from(&all) {
        Ok(matches) => matches,
        Err(error) => return Err(layers.blame(error)),
    };
    let settings = serve_matches(&matches).map(|serve| layers.settings(serve)).unwrap_or_default();
    Ok(Parsed { args: Args::from_arg_matches(&matches)?, settings })
}

fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion
    )
}

/// What was said to a command that takes the options of `serve`.
fn serve_matches(matches: &ArgMatches) -> Option<&ArgMatches> {
    match matches.subcommand()? {
        ("serve", serve) => Some(serve),
        ("config", config) => match config.subcommand()? {
            ("check", check) => Some(check),
            _ => None,
        },
        _ => None,
    }
}

/// Words with arguments behind them: a command that serves has none without a name, so `--` can
/// only be the last of them.
fn with_added(words: &[OsString], added: Vec<OsString>) -> Vec<OsString> {
    let end = words.len() - usize::from(words.last().is_some_and(|word| word == "--"));
    words[..end].iter().cloned().chain(added).collect()
}

/// What file and environment say, by the id of the option.
struct Layers {
    said: BTreeMap<String, Layer>,
    file: Option<PathBuf>,
}

struct Layer {
    name: String,
    is_secret: bool,
    shown: String,
    arguments: Vec<OsString>,
    source: Source,
}

impl Layers {
    /// Reads both, for options that the command line does not say.
    fn read(given: &ArgMatches) -> Result<Self, Failure> {
        let file = config_path(given);
        let options = options_of_file();
        let mut said = BTreeMap::new();
        for arg in &options {
            // Those of all commands read theirs themselves.
            if !OF_ALL_COMMANDS.contains(&arg.get_id().as_str())
                && let Some(layer) = of_environment(arg)?
            {
                said.insert(arg.get_id().to_string(), layer);
            }
        }
        if let Some(path) = &file {
            for entry in config_file::read(path)? {
                let Some(arg) = options.iter().find(|arg| name_of(arg) == entry.key) else {
                    return Err(config_file::unknown(path, &entry, &options));
                };
                said.insert(arg.get_id().to_string(), of_file(path, arg, entry)?);
            }
        }
        said.retain(|id, _| {
            !matches!(given.try_get_raw(id), Ok(Some(_)))
                || given.value_source(id) != Some(ValueSource::CommandLine)
        });
        Ok(Self { said, file })
    }

    fn arguments(&self) -> Vec<OsString> {
        self.said.values().flat_map(|layer| layer.arguments.iter().cloned()).collect()
    }

    /// Says which of the layers an error comes from.
    fn blame(&self, error: clap::Error) -> Failure {
        for layer in self.said.values() {
            let words = ["ringdex", "serve"].map(OsString::from);
            let alone = words.into_iter().chain(layer.arguments.iter().cloned());
            let Err(wrong) = bare_command().try_get_matches_from(alone) else { continue };
            // That something else is missing is found with all of them.
            if wrong.kind() == ErrorKind::MissingRequiredArgument {
                continue;
            }
            let place = match &layer.source {
                Source::File(path, line) => format!("{}:{line}: {}", path.display(), layer.name),
                Source::Variable(name) => name.clone(),
                Source::CommandLine | Source::Default | Source::Unset => layer.name.clone(),
            };
            let shown = if layer.is_secret { "its value" } else { &layer.shown };
            let reason = if layer.is_secret {
                "it is not one that is taken".to_owned()
            } else {
                reason(&wrong)
            };
            return Failure::Usage(format!(
                "{place} = {shown}: {reason}; `ringdex serve --help` says what it takes"
            ));
        }
        if let Some(path) = &self.file {
            super::output::tell(&format!("some of the options stand in {}", path.display()));
        }
        error.into()
    }

    /// All options with what counts.
    fn settings(&self, matches: &ArgMatches) -> Vec<Setting> {
        options_of_file()
            .iter()
            .map(|arg| {
                let id = arg.get_id().as_str();
                let raw = matches.try_get_raw(id).ok().flatten();
                let values: Vec<String> = raw
                    .into_iter()
                    .flatten()
                    .map(|raw| raw.to_string_lossy().into_owned())
                    .collect();
                let variable = || arg.get_env().unwrap_or_default().to_string_lossy().into_owned();
                let source = match (self.said.get(id), matches.value_source(id)) {
                    (Some(layer), _) => layer.source.clone(),
                    (None, Some(ValueSource::CommandLine)) => Source::CommandLine,
                    (None, Some(ValueSource::EnvVariable)) => Source::Variable(variable()),
                    (None, Some(_)) => Source::Default,
                    (None, None) => Source::Unset,
                };
                let is_secret = arg.is_hide_env_values_set();
                Setting { name: name_of(arg).to_owned(), values, is_secret, source }
            })
            .collect()
    }
}

/// The file that is named on the command line, or in the environment.
fn config_path(given: &ArgMatches) -> Option<PathBuf> {
    let named = given.try_get_one::<PathBuf>(FILE_OPTION).ok().flatten().cloned();
    let path = named.or_else(|| std::env::var_os(variable(FILE_OPTION)).map(PathBuf::from))?;
    (!path.as_os_str().is_empty()).then_some(path)
}

/// What an option is called and takes.
fn argument(arg: &Arg, value: Option<&OsStr>) -> OsString {
    let mut word = OsString::from(format!("--{}", name_of(arg)));
    if let Some(value) = value {
        word.push("=");
        word.push(value);
    }
    word
}

/// Whether an option may stand without a value.
fn is_bare_allowed(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|count| count.min_values() == 0)
}

/// What the environment says of an option; an empty variable says nothing.
fn of_environment(arg: &Arg) -> Result<Option<Layer>, Failure> {
    let name = variable(name_of(arg));
    let Some(value) = std::env::var_os(&name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let shown = value.to_string_lossy().into_owned();
    let truth = match shown.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    };
    let arguments = match (arg.get_action(), truth) {
        (ArgAction::SetTrue, Some(true)) => vec![argument(arg, None)],
        (ArgAction::SetTrue, Some(false)) => Vec::new(),
        (ArgAction::SetTrue, None) => {
            return Err(Failure::Usage(format!("{name} = {shown:?}: say true or false")));
        }
        (ArgAction::Append, _) => {
            let parts = shown.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| argument(arg, Some(OsStr::new(part)))).collect()
        }
        _ if is_bare_allowed(arg) && shown == "true" => vec![argument(arg, None)],
        _ if is_bare_allowed(arg) && shown == "false" => Vec::new(),
        _ => vec![argument(arg, Some(&value))],
    };
    Ok(Some(Layer {
        name: name_of(arg).to_owned(),
        is_secret: arg.is_hide_env_values_set(),
        shown: format!("{shown:?}"),
        arguments,
        source: Source::Variable(name),
    }))
}

/// What the file says of an option.
fn of_file(path: &Path, arg: &Arg, entry: Entry) -> Result<Layer, Failure> {
    let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let is_list = matches!(arg.get_action(), ArgAction::Append);
    let wanted = match (is_flag, is_list) {
        (true, _) => "true or false",
        (_, true) => "a list of texts, such as [\"a\", \"b\"]",
        _ => "one text or whole number",
    };
    let arguments = match &entry.value {
        Given::Truth(true) if is_flag || is_bare_allowed(arg) => vec![argument(arg, None)],
        Given::Truth(false) if is_flag || is_bare_allowed(arg) => Vec::new(),
        Given::One(value) if !is_flag => vec![argument(arg, Some(OsStr::new(value)))],
        Given::List(values) if is_list => {
            values.iter().map(|value| argument(arg, Some(OsStr::new(value)))).collect()
        }
        Given::Truth(_) | Given::One(_) | Given::List(_) | Given::Other(_) => {
            let shown = if arg.is_hide_env_values_set() {
                "its value".to_owned()
            } else {
                entry.value.to_string()
            };
            return Err(Failure::Usage(format!(
                "{}:{}: {} = {shown}: this option takes {wanted}",
                path.display(),
                entry.line,
                entry.key,
            )));
        }
    };
    Ok(Layer {
        name: entry.key,
        is_secret: arg.is_hide_env_values_set(),
        shown: entry.value.to_string(),
        arguments,
        source: Source::File(path.to_owned(), entry.line),
    })
}

/// What the parser says, without its frame.
fn reason(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.trim().is_empty());
    let said = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    said.trim_start_matches("error: ").to_owned()
}
