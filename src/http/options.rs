//! How the server is run, and what it refuses to do without being told twice.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::descriptors;
use super::oidc::OidcOptions;
use super::rate::Rate;
use super::tls::TlsFiles;
use crate::app::BackupPlan;
use crate::domain::access::Caller;

/// How the server is run.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where to answer LDAP; nowhere if not given.
    pub ldap_listen: Option<SocketAddr>,
    /// Where to answer LDAP over TLS.
    pub ldaps_listen: Option<SocketAddr>,
    /// The token as whose bearer LDAP clients are answered that do not say who they are.
    pub ldap_anonymous: Option<String>,
    /// Where to answer `FastAGI`.
    pub agi_listen: Option<SocketAddr>,
    /// How long a device may be silent on a connection that it keeps open.
    pub idle_patience: Duration,
    /// Certificate and key; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// Whether to listen for others without TLS, or to let them into a demonstration.
    pub insecure: bool,
    /// Who requests without a token from this machine are; none in real use.
    pub demo: Option<Caller>,
    /// Who may show the pages in frames; nobody if empty.
    pub frame_ancestors: Vec<String>,
    /// Proxies that say truly whose requests they pass on.
    pub trusted_proxies: Vec<IpNet>,
    /// A token that may read the figures and nothing else.
    pub metrics_token: Option<String>,
    /// The provider of single sign-on.
    pub oidc: Option<OidcOptions>,
    /// Where Google Sheets are fetched from, if not from Google.
    pub sheets_base: Option<String>,
    /// Where and how often the server takes backups by itself, if it does.
    pub backups: Option<BackupPlan>,
    /// How much memory the server may use, in bytes; it is not watched if nothing is said.
    pub memory: Option<u64>,
    /// Whether webhooks may lead into the network of the server.
    pub webhooks_to_private: bool,
    /// Worker threads; one a core if not given.
    pub workers: Option<usize>,
    /// Most bytes of a JSON body.
    pub json_bytes: usize,
    /// Most bytes of a bulk request.
    pub bulk_bytes: usize,
    /// Most bytes of an uploaded file.
    pub upload_bytes: u64,
    /// Most bytes of the path and the header fields of a request.
    pub header_bytes: usize,
    /// Requests of one address; IPv6 by /64.
    pub address_rate: Option<Rate>,
    /// Requests of one token.
    pub token_rate: Option<Rate>,
    /// Tokens and passwords of one address that are not valid.
    pub failure_rate: Option<Rate>,
    /// Connections of one address at once; 0 for any number.
    pub connections_per_address: usize,
    /// Connections at once; as many as leave the engine the open files that it needs if not given.
    pub most_connections: Option<usize>,
    /// Searches that run at once.
    pub searches: usize,
    /// Searches that wait for one to end; more are told to come back.
    pub searches_waiting: usize,
    /// How long a search waits until it is told to come back.
    pub search_patience: Duration,
    /// Exports at once; more are told to come back.
    pub exports: usize,
    /// How long a request may take until its answer begins.
    pub request_budget: Duration,
    /// How long a search may take.
    pub search_budget: Duration,
    /// How long a client may take for the head of a request, and for a TLS handshake.
    pub head_patience: Duration,
    /// How long a body may stop.
    pub body_patience: Duration,
    /// How many bytes a second a body must come with in the long run.
    pub body_bytes_per_sec: u32,
    /// How long a client may read nothing of its answer.
    pub write_patience: Duration,
    /// Whether SIGHUP makes the server read its certificate and the schema of the search again.
    pub handle_signals: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7464)),
            ldap_listen: None,
            ldaps_listen: None,
            ldap_anonymous: None,
            agi_listen: None,
            idle_patience: 600 * second,
            tls: None,
            insecure: false,
            demo: None,
            frame_ancestors: Vec::new(),
            trusted_proxies: Vec::new(),
            metrics_token: None,
            oidc: None,
            sheets_base: None,
            backups: None,
            memory: None,
            webhooks_to_private: false,
            workers: None,
            json_bytes: 1 << 20,
            bulk_bytes: 32 << 20,
            upload_bytes: 2 << 30,
            header_bytes: 32 << 10,
            address_rate: Rate::new(10_000, second).map(Rate::sparing_local),
            token_rate: Rate::new(5_000, second).map(Rate::sparing_local),
            failure_rate: Rate::new(20, 60 * second),
            connections_per_address: 4_096,
            most_connections: None,
            searches: searches_at_once(),
            searches_waiting: 256,
            search_patience: second,
            exports: 4,
            request_budget: 60 * second,
            search_budget: 30 * second,
            head_patience: 10 * second,
            body_patience: 10 * second,
            body_bytes_per_sec: 1 << 10,
            write_patience: 30 * second,
            handle_signals: true,
        }
    }
}

/// Searches work in memory for the most part: more at once than twice the processors take longer
/// each, and no more are answered.
fn searches_at_once() -> usize {
    std::thread::available_parallelism().map_or(4, |all| (2 * all.get()).max(4))
}

impl ServeOptions {
    /// How many connections there may be at once.
    pub(super) fn connections(&self) -> usize {
        let fitting = descriptors::connections_below(descriptors::limit());
        self.most_connections.unwrap_or(fitting).min(fitting)
    }

    /// What speaks against serving like this without `insecure`, and what to do about it.
    pub fn objection(&self) -> Option<String> {
        if self.ldaps_listen.is_some() && self.tls.is_none() {
            return Some("--ldaps-listen needs --tls-cert and --tls-key".to_owned());
        }
        if self.insecure {
            return None;
        }
        let is_for_others = |address: &SocketAddr| !address.ip().to_canonical().is_loopback();
        for (name, address) in [("ldap", self.ldap_listen), ("agi", self.agi_listen)] {
            if let Some(address) = address.filter(is_for_others) {
                return Some(format!(
                    "--{name}-listen {address} can be reached by others, who could read tokens and \
                     names on the way: use 127.0.0.1{}, or --insecure in a network of your own",
                    if name == "ldap" { " or --ldaps-listen" } else { "" }
                ));
            }
        }
        if !is_for_others(&self.listen) {
            return None;
        }
        if self.demo.is_some() {
            return Some(format!(
                "a demonstration is for this machine only, and {} can be reached by others: \
                 leave --listen away, or add --insecure",
                self.listen
            ));
        }
        self.tls.is_none().then(|| {
            format!(
                "{} can be reached by others, who could read tokens and contacts on the way: \
                 give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that speaks \
                 TLS; --insecure listens all the same",
                self.listen
            )
        })
    }

    /// What a person must know who has given `insecure`.
    pub fn warning(&self) -> Option<String> {
        let objection = Self { insecure: false, ..self.clone() }.objection();
        objection.filter(|_| self.insecure).map(|_| {
            let plain = self.ldap_listen.is_some() || self.agi_listen.is_some();
            let what = match (&self.tls, &self.demo) {
                (Some(_), None) if plain => "LDAP or AGI is sent readably: tokens, names, numbers",
                (None, _) => "everything is sent readably: tokens, names, numbers",
                (Some(_), _) => "this is a demonstration that others can reach",
            };
            format!("INSECURE: listening on {} for others; {what}", self.listen)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(listen: &str) -> ServeOptions {
        ServeOptions { listen: listen.parse().unwrap(), ..ServeOptions::default() }
    }

    #[test]
    fn only_this_machine_is_served_without_tls() {
        for listen in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(options(listen).objection(), None, "{listen}");
            assert_eq!(options(listen).warning(), None, "{listen}");
        }
        for listen in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            let refused = options(listen);
            assert!(refused.objection().unwrap().contains("--tls-cert"), "{listen}");
            let insecure = ServeOptions { insecure: true, ..refused };
            assert_eq!(insecure.objection(), None, "{listen}");
            assert!(insecure.warning().unwrap().contains("INSECURE"), "{listen}");
        }
    }

    #[test]
    fn demonstrations_and_tls() {
        let files = TlsFiles {
            certificate: "c".into(),
            key: "k".into(),
            check_every: Duration::from_secs(1),
        };
        let tls = ServeOptions { tls: Some(files), ..options("0.0.0.0:1") };
        assert_eq!(tls.objection(), None);
        let demo = crate::app::Access::operator_of(crate::domain::ids::OrgNumber(1));
        for (name, plain) in [
            ("--ldap-listen", ServeOptions { ldap_listen: Some(tls.listen), ..tls.clone() }),
            ("--agi-listen", ServeOptions { agi_listen: Some(tls.listen), ..tls.clone() }),
        ] {
            assert!(plain.objection().unwrap().contains(name), "{name}");
            let insecure = ServeOptions { insecure: true, ..plain };
            assert_eq!(insecure.objection(), None, "{name}");
            assert!(insecure.warning().unwrap().contains("readably"), "{name}");
        }
        let ldaps = ServeOptions { ldaps_listen: Some(tls.listen), ..tls.clone() };
        assert_eq!(ldaps.objection(), None);
        assert!(ServeOptions { tls: None, ..ldaps }.objection().unwrap().contains("--tls-cert"));
        let demo = ServeOptions { demo: Some(demo), ..tls };
        assert!(demo.objection().unwrap().contains("demonstration"));
    }
}
