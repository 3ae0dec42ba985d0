//! People and what belongs to them: users, departments, queues, bulk actions, quotas, protection.

mod actions;
mod command;
mod quotas;
mod records;
mod saved_searches;
mod selections;
mod undo;

pub(crate) use records::{acting_as, user};
