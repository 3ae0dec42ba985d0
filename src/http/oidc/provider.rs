//! Talks to the provider and believes only what it proves.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm as Algorithm, CoreProviderMetadata,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, CsrfToken, HttpRequest,
    HttpResponse, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, Scope,
    SignatureVerificationError, TokenResponse,
};
use parking_lot::Mutex;

use super::options::OidcOptions;
use super::ticket::{Sealer, Ticket};
use crate::app::{ProvenUser, SignOnRules};
use crate::domain::time::Timestamp;
use crate::http::gate::Gate;

/// How long what the provider says of itself is believed.
const KEEP: Duration = Duration::from_secs(3_600);
/// How often it is asked at most because a token names a key that is not known.
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// How long it is left alone when it does not answer.
const REST: Duration = Duration::from_secs(2);
/// How long one answer of it may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const MOST_BYTES: u64 = 1 << 20;
/// How many sign-ons are under way here at once, and how many wait for their turn.
const AT_ONCE: usize = 8;
const MOST_WAITING: usize = 200;
/// How many finished sign-ons are remembered so that none is finished twice.
const MOST_REMEMBERED: usize = 10_000;

/// What signs tokens: keys of which only the public half is known here.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It took too long, began in another browser, or has been finished already.
    Expired,
    /// The provider does not answer, or not as it should.
    Provider,
    /// The provider refuses.
    Refused,
    /// The provider does not vouch for the address.
    EmailNotVerified,
    /// Nobody here has that account.
    Unknown,
}

impl Refusal {
    /// The name in the address of the page for signing in.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Provider => "provider",
            Self::Refused => "refused",
            Self::EmailNotVerified => "email",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Default)]
struct Known {
    metadata: Option<(CoreProviderMetadata, Instant)>,
    failed: Option<Instant>,
    /// When it was last asked because of a key that was not known.
    renewed: Option<Instant>,
}

/// The provider of single sign-on. What it says of itself is fetched when it is first needed, so
/// that the server starts without it.
pub(in crate::http) struct Provider {
    options: OidcOptions,
    agent: ureq::Agent,
    sealer: Sealer,
    known: Mutex<Known>,
    finished: Mutex<HashMap<String, Timestamp>>,
    /// Sign-ons at once: each waits for the provider on a thread.
    pub(super) gate: Gate,
}

impl Provider {
    pub(in crate::http) fn new(options: &OidcOptions) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // Whoever can make the provider redirect must not make this server ask others.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        Self {
            options: options.clone(),
            agent: agent.into(),
            sealer: Sealer::new(),
            known: Mutex::default(),
            finished: Mutex::default(),
            gate: Gate::new("sign-ons", AT_ONCE, MOST_WAITING, PATIENCE),
        }
    }

    pub(super) fn rules(&self) -> &SignOnRules {
        &self.options.rules
    }

    pub(super) fn seal(&self, ticket: &Ticket) -> String {
        self.sealer.seal(ticket)
    }

    pub(super) fn open(&self, cookie: &str, now: Timestamp) -> Option<Ticket> {
        self.sealer.open(cookie, now)
    }

    /// Whether the provider gives back what this ticket was begun with.
    pub(super) fn is_state_of(&self, ticket: &Ticket, given: &str) -> bool {
        // Hashes are compared in constant time.
        blake3::hash(given.as_bytes())
            == blake3::hash(self.sealer.derive("state", ticket).as_bytes())
    }

    /// Where the browser goes to.
    pub(super) fn address(&self, ticket: &Ticket) -> Result<String, Refusal> {
        let client = CoreClient::from_provider_metadata(
            self.metadata(false)?,
            self.options.client_id.clone(),
            self.options.client_secret.clone(),
        )
        .set_redirect_uri(self.options.redirect.clone());
        let (state, nonce) = (self.sealer.derive("state", ticket), self.nonce(ticket));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&self.verifier(ticket));
        let (url, ..) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || nonce,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok(url.into())
    }

    /// Exchanges a code, and believes the token for it if everything about it is right.
    pub(super) fn prove(
        &self,
        ticket: &Ticket,
        code: String,
        now: Timestamp,
    ) -> Result<ProvenUser, Refusal> {
        self.finish(ticket, now)?;
        let metadata = self.metadata(false)?;
        let refused = |what: &str, error: &dyn std::error::Error| {
            tracing::warn!("single sign-on: {what}: {error}");
            Refusal::Provider
        };
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            self.options.client_id.clone(),
            self.options.client_secret.clone(),
        )
        .set_redirect_uri(self.options.redirect.clone());
        let response = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| refused("the provider names no address for tokens", &error))?
            .set_pkce_verifier(self.verifier(ticket))
            .request(&|request| self.fetch(request))
            .map_err(|error| refused("the code is not taken", &error))?;
        let Some(token) = response.id_token() else {
            tracing::warn!("single sign-on: the provider sends no identity token");
            return Err(Refusal::Provider);
        };
        let verify = |metadata: CoreProviderMetadata| -> Result<ProvenUser, Wrong> {
            let client = CoreClient::from_provider_metadata(
                metadata,
                self.options.client_id.clone(),
                self.options.client_secret.clone(),
            );
            let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
            let claims = token.claims(&verifier, &self.nonce(ticket))?;
            if let Some(expected) = claims.access_token_hash() {
                let wrong = |error: &dyn std::error::Error| Wrong::Other(error.to_string());
                let actual = AccessTokenHash::from_token(
                    response.access_token(),
                    token.signing_alg().map_err(|e| wrong(&e))?,
                    token.signing_key(&verifier).map_err(|e| wrong(&e))?,
                )
                .map_err(|e| wrong(&e))?;
                if actual != *expected {
                    return Err(Wrong::Other("the access token is another one".to_owned()));
                }
            }
            let is_verified = claims.email_verified() == Some(true);
            let name = claims.name().and_then(|name| name.get(None));
            Ok(ProvenUser {
                issuer: claims.issuer().as_str().to_owned(),
                subject: claims.subject().as_str().to_owned(),
                email: claims
                    .email()
                    .filter(|_| is_verified)
                    .map(|email| email.as_str().to_owned()),
                name: name.map(|name| name.as_str().to_owned()),
            })
        };
        let proven = match verify(metadata) {
            // The provider may have a new key.
            Err(Wrong::Claims(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            ))) => verify(self.metadata(true)?),
            outcome => outcome,
        };
        proven.map_err(|error| refused("the identity token is not valid", &error))
    }

    fn nonce(&self, ticket: &Ticket) -> Nonce {
        Nonce::new(self.sealer.derive("nonce", ticket))
    }

    fn verifier(&self, ticket: &Ticket) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.sealer.derive("verifier", ticket))
    }

    /// Remembers that a sign-on is finished, whether it succeeds or not.
    fn finish(&self, ticket: &Ticket, now: Timestamp) -> Result<(), Refusal> {
        let mut finished = self.finished.lock();
        if finished.len() >= MOST_REMEMBERED {
            finished.retain(|_, end| *end > now);
        }
        if finished.len() >= MOST_REMEMBERED {
            return Err(Refusal::Provider);
        }
        match finished.insert(ticket.secret.clone(), ticket.expires_at) {
            None => Ok(()),
            Some(_) => Err(Refusal::Expired),
        }
    }

    /// What the provider says of itself; asked anew now and then, and for keys that are not known.
    /// One thread asks, the others wait.
    fn metadata(&self, is_key_missing: bool) -> Result<CoreProviderMetadata, Refusal> {
        let mut known = self.known.lock();
        let may_renew =
            is_key_missing && known.renewed.is_none_or(|at| at.elapsed() >= RENEW_EVERY);
        if let Some((metadata, at)) = &known.metadata
            && at.elapsed() < KEEP
            && !may_renew
        {
            return Ok(metadata.clone());
        }
        if may_renew {
            known.renewed = Some(Instant::now());
        }
        let is_resting = known.failed.is_some_and(|at| at.elapsed() < REST);
        if !is_resting {
            let fetch = |request| self.fetch(request);
            match CoreProviderMetadata::discover(&self.options.issuer, &fetch) {
                Ok(metadata) => {
                    known.metadata = Some((metadata, Instant::now()));
                    known.failed = None;
                }
                Err(error) => {
                    tracing::warn!(
                        "single sign-on: {} does not say how to ask it: {error}",
                        self.options.issuer.as_str()
                    );
                    known.failed = Some(Instant::now());
                }
            }
        }
        // What it has said before is better than nobody at work.
        known.metadata.as_ref().map(|(metadata, _)| metadata.clone()).ok_or(Refusal::Provider)
    }

    fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, io::Error> {
        let answer = if request.body().is_empty() {
            self.agent.run(request.map(|_| ()))
        } else {
            self.agent.run(request)
        };
        let (parts, mut body) = answer.map_err(io::Error::other)?.into_parts();
        let bytes = body.with_config().limit(MOST_BYTES).read_to_vec().map_err(io::Error::other)?;
        Ok(HttpResponse::from_parts(parts, bytes))
    }
}

/// What is wrong with an identity token.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("{0}")]
    Claims(#[from] ClaimsVerificationError),
    #[error("{0}")]
    Other(String),
}
