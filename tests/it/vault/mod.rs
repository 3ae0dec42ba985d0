//! Encryption at rest, through the program itself.

mod command;
mod process;
mod readable;
mod rekey;
