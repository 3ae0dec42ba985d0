//! The HTTP interface: the only module that names actix.
//!
//! Turns requests into use cases and answers into JSON. What may touch the disk runs on blocking
//! threads; number lookups run on the workers, since they are over in microseconds.

mod address;
mod admin;
mod answer;
mod assets;
mod audit;
mod auth;
mod body;
mod budget;
mod bulk;
mod certificate;
mod coding;
mod connection;
mod contacts;
mod custom_fields;
mod descriptors;
mod duplicate_runs;
mod duplicates;
mod error;
mod export;
mod file;
mod filters;
mod gate;
mod headers;
mod health;
mod imports;
mod limits;
mod listen;
mod lookup;
mod merges;
mod metrics;
mod observe;
mod oidc;
mod openapi;
mod openapi_complete;
mod options;
mod origin;
mod pace;
mod people;
mod rate;
mod routes;
mod schema;
mod search;
mod server;
mod session;
mod setup;
mod signals;
mod state;
mod suggest;
mod tls;
mod unread;
mod waiting;

pub use descriptors::raise_descriptors;
pub use headers::parse_frame_ancestor;
pub use oidc::OidcOptions;
pub use openapi::document as openapi_document;
pub use options::ServeOptions;
pub use rate::{MaybeRate, Rate};
pub use routes::ROUTES;
pub use server::{Running, ServeError, bind, serve, serve_on};
pub use signals::Signals;
pub use tls::{TlsError, TlsFiles};
pub use waiting::Waiting;
