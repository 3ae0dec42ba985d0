//! What a command works on: a data directory, or a running server.

use std::sync::Arc;

use super::args::Args;
use super::client::Client;
use super::error::Failure;
use super::output;
use super::rekey::encryption_key;
use crate::app::{Access, App, Error};
use crate::domain::access::Caller;
use crate::domain::ids::OrgNumber;
use crate::engine::{Options, is_data_directory};

/// What a command works on.
pub(super) enum Target {
    /// A data directory, as the operator of the machine.
    Local {
        /// The opened application.
        app: Arc<App>,
        /// The operator, working for the chosen organisation.
        caller: Caller,
    },
    /// A server.
    Remote(Client),
}

impl Target {
    /// Opens what the arguments name.
    pub(super) fn open(args: &Args) -> Result<Self, Failure> {
        if let Some(server) = &args.server {
            let (token, authorities) = (args.token.as_deref(), args.ca_file.as_deref());
            return Ok(Self::Remote(Client::new(server, token, authorities)?));
        }
        let app = open_directory(args)?;
        let organization = app
            .access()
            .find_organization(&args.organization)
            .ok_or_else(|| Error::OrganizationNotFound(args.organization.clone()))?;
        let caller = app.access().admit(&Access::operator_of(organization.number));
        Ok(Self::Local { app, caller })
    }

    /// Opens what the arguments name, for a command that has nothing to do in a new directory.
    pub(super) fn open_existing(args: &Args) -> Result<Self, Failure> {
        Self::refuse_missing(args)?;
        Self::open(args)
    }

    fn refuse_missing(args: &Args) -> Result<(), Failure> {
        if args.server.is_none() && !is_data_directory(&args.data_dir) {
            return Err(Failure::Refused {
                detail: format!(
                    "there is no data directory at {}: `ringdex serve` or `ringdex import` begins one, --data-dir names another",
                    args.data_dir.display()
                ),
            });
        }
        Ok(())
    }

    /// As [`Target::open_for_operator`], for a command that has nothing to do in a new directory.
    pub(super) fn open_existing_for_operator(args: &Args) -> Result<Self, Failure> {
        Self::refuse_missing(args)?;
        Self::open_for_operator(args)
    }

    /// Opens what the arguments name, for work that belongs to no organisation.
    pub(super) fn open_for_operator(args: &Args) -> Result<Self, Failure> {
        if args.server.is_some() {
            Self::open(args)
        } else {
            let app = open_directory(args)?;
            Ok(Self::Local { app, caller: Access::operator_of(OrgNumber(0)) })
        }
    }
}

fn open_directory(args: &Args) -> Result<Arc<App>, Failure> {
    let options = Options { encryption_key: encryption_key(args)?, ..Options::default() };
    let app = Arc::new(App::open(&args.data_dir, options)?);
    if let Some(token) = app.bootstrap(None)? {
        output::tell(&format!(
            "new data directory {}; admin token of organisation default, shown this once: {token}",
            args.data_dir.display()
        ));
    }
    Ok(app)
}
