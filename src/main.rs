//! The `ringdex` binary: parses the command line, runs the command, exits with its code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ringdex::cli::run()
}
