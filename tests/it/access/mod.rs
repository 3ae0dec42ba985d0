//! Who sees and may do what, over the real server: rights, sight, fields, audit, leaks.

mod audit;
mod fields;
mod leak;
mod matrix;
mod people;
mod sight;
