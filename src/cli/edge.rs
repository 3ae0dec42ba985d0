//! Arguments of `ringdex serve` that say who may reach it and how much: TLS, limits, proxies.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use ipnet::IpNet;

use crate::http::{MaybeRate, ServeOptions, TlsFiles, parse_frame_ancestor};

/// How often certificate and key are looked at.
const CHECK_CERTIFICATE_EVERY: Duration = Duration::from_secs(5);

/// Ports for devices that speak no HTTP.
#[derive(ClapArgs)]
pub(super) struct Devices {
    /// Answer LDAP here, for phone books of desk phones; off if not given.
    #[arg(long, value_name = "ADDR")]
    ldap_listen: Option<SocketAddr>,
    /// Answer LDAP over TLS here, with --tls-cert and --tls-key.
    #[arg(long, value_name = "ADDR")]
    ldaps_listen: Option<SocketAddr>,
    /// Answer LDAP clients that send no name and password as the bearer of this token.
    #[arg(long, env = "RINGDEX_LDAP_ANONYMOUS", hide_env_values = true, value_name = "TOKEN")]
    ldap_anonymous: Option<String>,
    /// Answer `FastAGI` here: names of callers for Asterisk.
    #[arg(long, value_name = "ADDR")]
    agi_listen: Option<SocketAddr>,
}

impl Devices {
    /// Puts the arguments into the options of a server.
    pub(super) fn apply(&self, options: &mut ServeOptions) {
        options.ldap_listen = self.ldap_listen;
        options.ldaps_listen = self.ldaps_listen;
        options.ldap_anonymous = self.ldap_anonymous.clone().filter(|token| !token.is_empty());
        options.agi_listen = self.agi_listen;
    }
}

#[derive(ClapArgs)]
pub(super) struct Edge {
    /// The certificate as PEM, followed by those that lead to a known authority; turns on TLS. Read
    /// again when it changes and at SIGHUP.
    #[arg(long, env = "RINGDEX_TLS_CERT", requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate as PEM.
    #[arg(long, env = "RINGDEX_TLS_KEY", requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Listen for other machines without TLS, or let them into a demonstration.
    #[arg(long)]
    insecure: bool,
    /// Let webhooks send to addresses inside the own network: whoever may make webhooks can then
    /// reach what is there.
    #[arg(long)]
    webhooks_to_private_addresses: bool,
    /// Who may show the pages in a frame, such as `https://crm.example`, or self; repeatable.
    #[arg(long, value_name = "ORIGIN", value_parser = parse_frame_ancestor)]
    frame_ancestors: Vec<String>,
    /// Believe what this proxy says about whose requests it passes on: an address or network;
    /// repeatable.
    #[arg(long = "trusted-proxy", value_name = "CIDR", value_parser = parse_network)]
    trusted_proxies: Vec<IpNet>,
    /// A token that may read /metrics and nothing else.
    #[arg(long, env = "RINGDEX_METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    metrics_token: Option<String>,
    /// Most requests of one token: so many a s, min or h, :BURST at once; off for no limit [default:
    /// 5000/s, from other machines].
    #[arg(long, value_name = "RATE")]
    rate_limit_token: Option<MaybeRate>,
    /// Most requests of one address, of IPv6 of one /64 [default: 10000/s, from other
    /// machines].
    #[arg(long, value_name = "RATE")]
    rate_limit_address: Option<MaybeRate>,
    /// Most tokens and passwords of one address that are not valid [default: 20/min].
    #[arg(long, value_name = "RATE")]
    rate_limit_failures: Option<MaybeRate>,
    /// Most connections of one address at once; 0 for any number.
    #[arg(long, default_value_t = 4096, value_name = "N")]
    max_connections_per_address: usize,
    /// Most searches that run at once [default: twice the processors, at least 4]; 256 more wait up
    /// to a second. Lookups never wait for them.
    #[arg(long, value_name = "N")]
    max_searches: Option<usize>,
    /// Most exports at once.
    #[arg(long, default_value_t = 4, value_name = "N")]
    max_exports: usize,
    /// Seconds until a search is given up.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    search_timeout: u64,
    /// Seconds until any other request is given up; uploads and exports may take longer.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    request_timeout: u64,
}

impl Edge {
    /// Puts the arguments into the options of a server.
    pub(super) fn apply(&self, options: &mut ServeOptions) {
        options.tls = self.tls_cert.clone().zip(self.tls_key.clone()).map(|(certificate, key)| {
            TlsFiles { certificate, key, check_every: CHECK_CERTIFICATE_EVERY }
        });
        options.insecure = self.insecure;
        options.webhooks_to_private = self.webhooks_to_private_addresses;
        options.frame_ancestors.clone_from(&self.frame_ancestors);
        options.trusted_proxies.clone_from(&self.trusted_proxies);
        // An empty variable of the environment is no token.
        options.metrics_token = self.metrics_token.clone().filter(|token| !token.is_empty());
        for (argument, rate) in [
            (self.rate_limit_token, &mut options.token_rate),
            (self.rate_limit_address, &mut options.address_rate),
            (self.rate_limit_failures, &mut options.failure_rate),
        ] {
            if let Some(MaybeRate(wanted)) = argument {
                *rate = wanted;
            }
        }
        options.connections_per_address = self.max_connections_per_address;
        if let Some(searches) = self.max_searches {
            options.searches = searches;
            options.searches_waiting = options.searches_waiting.max(searches.saturating_mul(4));
        }
        options.exports = self.max_exports;
        options.search_budget = Duration::from_secs(self.search_timeout);
        options.request_budget = Duration::from_secs(self.request_timeout);
    }
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let network =
        text.parse::<IpNet>().or_else(|_| text.parse().map(|a: std::net::IpAddr| a.into()));
    network.map_err(|_no_address| {
        format!("{text:?} is not an address or network: use for example 10.0.0.0/8")
    })
}
