//! Placeholder of a module that follows.
