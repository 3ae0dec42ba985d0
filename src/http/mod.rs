//! The HTTP interface: the only module that names actix.
//!
//! Turns requests into use cases and answers into JSON. What may touch the disk runs on blocking
//! threads; number lookups run on the workers, since they are over in microseconds.

mod admin;
mod answer;
mod assets;
mod audit;
mod auth;
mod body;
mod contacts;
mod error;
mod export;
mod health;
mod imports;
mod lookup;
mod metrics;
mod openapi;
mod people;
mod routes;
mod schema;
mod search;
mod server;
mod session;
mod state;
mod unread;

pub use openapi::document as openapi_document;
pub use routes::ROUTES;
pub use server::{Running, ServeError, ServeOptions, serve};
