//! `ringdex completions` and `ringdex man`: made from the arguments.

use std::path::Path;

use clap_complete::Shell;

use super::error::Failure;
use super::output;
use super::settings;

pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut settings::command(), "ringdex", &mut script);
    output::print(String::from_utf8_lossy(&script).trim_end())
}

pub(super) fn pages(dir: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::Io { path: dir.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(settings::command(), dir).map_err(failed)
}
