//! Records of all kinds: what holds for each of them, and what is special about some.

mod calls;
mod companies;
mod conversations;
mod crm;
mod every_kind;
mod facts;
mod filter;
mod stages;
mod tasks;
mod timeline;
