//! Why a command failed, and the exit code that says so.

use std::path::PathBuf;

use crate::app;
use crate::engine;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Arguments(Box<clap::Error>),
    #[error("{0}")]
    App(#[from] app::Error),
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("cannot write the answer: {0}")]
    Output(std::io::Error),
    #[error(transparent)]
    Serve(#[from] crate::http::ServeError),
    #[error("cannot reach the server: {0}")]
    Unreachable(Box<ureq::Error>),
    #[error("{detail}")]
    Refused { detail: String },
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Problems(String),
}

impl Failure {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::App(app::Error::Engine(engine::Error::InUse(_)))
            | Self::Engine(engine::Error::InUse(_)) => 3,
            Self::Arguments(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::Usage(_) | Self::Serve(crate::http::ServeError::Unsafe(_)) => 2,
            Self::Problems(_) => 4,
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
            Self::App(_)
            | Self::Engine(_)
            | Self::Io { .. }
            | Self::Output(_)
            | Self::Serve(_)
            | Self::Unreachable(_)
            | Self::Refused { .. } => 1,
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Arguments(Box::new(error))
    }
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        Self::Unreachable(Box::new(error))
    }
}
