//! `ringdex generate`.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::args::{Args, Generate};
use super::error::Failure;
use super::output;
use crate::generate::{self, Options};

pub(super) fn run(args: &Args, command: &Generate) -> Result<(), Failure> {
    if !(0.0..=1.0).contains(&command.duplicates) {
        return Err(Failure::Usage("--duplicates is a share from 0 to 1".to_owned()));
    }
    let is_stdout = command.out.as_os_str() == "-";
    let failed = |source| Failure::Io { path: command.out.clone(), source };
    let out: Box<dyn Write> = if is_stdout {
        Box::new(io::stdout())
    } else {
        Box::new(File::create(&command.out).map_err(failed)?)
    };
    let options = Options { duplicates: command.duplicates };
    generate::write_csv(
        command.count,
        command.seed,
        options,
        BufWriter::with_capacity(1 << 20, out),
    )
    .map_err(|error| Failure::Refused { detail: error.to_string() })?;
    match (is_stdout, args.json) {
        (true, _) => Ok(()),
        (false, true) => output::print_json(&serde_json::json!({"generated": command.count})),
        (false, false) => output::print(&format!("generated {}", command.count)),
    }
}
