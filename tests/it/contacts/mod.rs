//! Contacts through the API: what can be sent, what comes back, what survives.

mod archived;
mod change;
mod command;
mod condition;
mod create;
mod delete;
mod personal;
mod places;
mod repeat;
mod rules;
mod trash;
