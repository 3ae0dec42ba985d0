//! Encryption at rest, through the program itself.

mod command;
mod damage;
mod readable;
mod rekey;
