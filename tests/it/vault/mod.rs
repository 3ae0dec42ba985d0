//! Encryption at rest, through the program itself.

mod command;
mod damage;
mod process;
mod readable;
mod rekey;
