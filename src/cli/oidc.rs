//! Arguments of `ringdex serve` for single sign-on.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::error::Failure;
use crate::app::SignOnRules;
use crate::http::OidcOptions;

#[derive(ClapArgs)]
#[expect(clippy::struct_field_names, reason = "the names are those of the arguments")]
pub(super) struct Oidc {
    /// The provider of single sign-on (`OpenID` Connect), such as `https://login.example/realms/a`.
    #[arg(long, env = "RINGDEX_OIDC_ISSUER", requires_all = ["oidc_client_id", "public_url"], value_name = "URL")]
    oidc_issuer: Option<String>,
    /// The name of this server at the provider.
    #[arg(long, env = "RINGDEX_OIDC_CLIENT_ID", requires = "oidc_issuer", value_name = "ID")]
    oidc_client_id: Option<String>,
    /// A file with the secret that goes with it; or `RINGDEX_OIDC_CLIENT_SECRET` has the secret.
    #[arg(
        long,
        env = "RINGDEX_OIDC_CLIENT_SECRET_FILE",
        requires = "oidc_issuer",
        value_name = "FILE"
    )]
    oidc_client_secret_file: Option<PathBuf>,
    /// The address under which browsers reach this server; the provider leads back to
    /// URL/api/v1/oidc/callback.
    #[arg(long, env = "RINGDEX_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// The only organisation whose users may sign in by single sign-on [default: all].
    #[arg(long, env = "RINGDEX_OIDC_ORGANIZATION", requires = "oidc_issuer", value_name = "NAME")]
    oidc_organization: Option<String>,
    /// Make an agent of everybody whom the provider knows by a verified e-mail address.
    #[arg(long, requires = "oidc_issuer")]
    oidc_create_users: bool,
}

impl Oidc {
    /// The provider, if one is given.
    pub(super) fn options(&self) -> Result<Option<OidcOptions>, Failure> {
        let (Some(issuer), Some(client), Some(public_url)) =
            (&self.oidc_issuer, &self.oidc_client_id, &self.public_url)
        else {
            return Ok(None);
        };
        let secret = match &self.oidc_client_secret_file {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .map_err(|source| Failure::Io { path: path.clone(), source })?,
            ),
            None => std::env::var("RINGDEX_OIDC_CLIENT_SECRET").ok(),
        };
        let rules = SignOnRules {
            organization: self.oidc_organization.clone(),
            creates_users: self.oidc_create_users,
        };
        OidcOptions::new(issuer, client, secret.as_deref(), public_url, rules)
            .map(Some)
            .map_err(|wrong| Failure::Usage(format!("single sign-on: {wrong}")))
    }

    /// The organisation that was named.
    pub(super) fn organization(&self) -> Option<&str> {
        self.oidc_organization.as_deref()
    }
}
