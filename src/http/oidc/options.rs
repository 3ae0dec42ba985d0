//! Which provider of single sign-on is asked, and as whom.

use std::fmt;

use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};

use crate::app::SignOnRules;

/// Where the provider leads back to, below the public address.
const CALLBACK: &str = "/api/v1/oidc/callback";

/// The provider of single sign-on, checked.
#[derive(Clone)]
pub struct OidcOptions {
    pub(super) issuer: IssuerUrl,
    pub(super) client_id: ClientId,
    pub(super) client_secret: Option<ClientSecret>,
    pub(super) redirect: RedirectUrl,
    pub(super) rules: SignOnRules,
}

impl fmt::Debug for OidcOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret.
        f.debug_struct("OidcOptions").field("issuer", &self.issuer.as_str()).finish_non_exhaustive()
    }
}

impl OidcOptions {
    /// A provider, and the address under which browsers reach this server.
    ///
    /// # Errors
    /// With what is wrong, for a person.
    pub fn new(
        issuer: &str,
        client_id: &str,
        client_secret: Option<&str>,
        public_url: &str,
        rules: SignOnRules,
    ) -> Result<Self, String> {
        let public_url = public_url.trim().trim_end_matches('/');
        for (what, url) in [("the issuer", issuer), ("the public address", public_url)] {
            if !is_safe(url) {
                return Err(format!(
                    "{what} must be an address with https://, or http:// on this machine: {url:?}"
                ));
            }
        }
        let wrong = |error| format!("cannot be read as an address: {error}");
        Ok(Self {
            issuer: IssuerUrl::new(issuer.trim().to_owned()).map_err(wrong)?,
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: client_secret
                .map(str::trim)
                .filter(|secret| !secret.is_empty())
                .map(|secret| ClientSecret::new(secret.to_owned())),
            redirect: RedirectUrl::new(format!("{public_url}{CALLBACK}")).map_err(wrong)?,
            rules,
        })
    }
}

/// Whether nobody on the way can read or change what goes to an address.
fn is_safe(url: &str) -> bool {
    let url = url.trim();
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty();
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => authority.split(':').next().unwrap_or(""),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_safe_ways_only() {
        for url in
            ["https://a.example", "http://localhost:1/x", "http://127.0.0.1:1", "http://[::1]"]
        {
            assert!(is_safe(url), "{url}");
        }
        for url in [
            "http://a.example",
            "http://localhost.example",
            "http://127.0.0.1@evil.example",
            "https://",
            "",
            "ftp://a",
        ] {
            assert!(!is_safe(url), "{url}");
        }
        let rules = SignOnRules::default;
        let made = OidcOptions::new("https://i", "c", Some("very secret"), "https://p/", rules());
        let made = made.unwrap();
        assert_eq!(made.redirect.as_str(), "https://p/api/v1/oidc/callback");
        assert!(!format!("{made:?}").contains("very secret"));
        assert!(OidcOptions::new("http://i", "c", None, "https://p", rules()).is_err());
    }
}
