//! Where a request comes from: the peer, or what a trusted proxy says.
//!
//! What a client writes into `X-Forwarded-For` or `Forwarded` itself never counts: the lists are
//! read from their end, and only as far as trusted proxies have written them.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use actix_web::web;
use ipnet::IpNet;

use super::state::State;

/// The address of the client of a request; none only where there is no connection.
pub(super) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let Some(state) = request.app_data::<web::Data<State>>() else { return Some(peer) };
    if !is_trusted(&state.trusted_proxies, peer) {
        return Some(peer);
    }
    Some(behind(request.headers(), &state.trusted_proxies, peer))
}

/// The address of this server as the client knows it, such as `https://crm.example.com`. What a
/// proxy says of it counts only if the proxy is trusted.
pub(super) fn base_url(request: &HttpRequest) -> String {
    let state = request.app_data::<web::Data<State>>();
    let is_tls = state.is_some_and(|state| state.certificates.is_some());
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let proxies = state.map_or(&[][..], |state| &state.trusted_proxies);
    if peer.is_some_and(|peer| is_trusted(proxies, peer)) {
        let seen = request.connection_info();
        return format!("{}://{}", seen.scheme(), seen.host());
    }
    let host = request.headers().get("host").and_then(|host| host.to_str().ok());
    let scheme = if is_tls { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// Whether somebody between claims to have passed the request on.
pub(super) fn is_forwarded(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED)
}

/// Whether the client is on this machine, as far as that can be told.
///
/// What was passed on is not: the clients of a proxy on this machine look as if they were here, and
/// what a proxy elsewhere calls its own machine is not ours.
pub(super) fn is_local(request: &HttpRequest) -> bool {
    const TRACES: [&str; 4] = ["x-real-ip", "x-forwarded-host", "x-forwarded-proto", "via"];
    request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        && !is_forwarded(request)
        && !TRACES.iter().any(|name| request.headers().contains_key(*name))
}

/// What limits by address count as one: a machine has one IPv4 address, but a whole /64 of IPv6.
pub(super) fn key(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => 0x0000_ffff_0000_0000 | u64::from(v4.to_bits()),
        IpAddr::V6(v6) => u64::try_from(v6.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

fn is_trusted(proxies: &[IpNet], address: IpAddr) -> bool {
    proxies.iter().any(|net| net.contains(&address))
}

/// The client behind a trusted proxy.
fn behind(headers: &HeaderMap, proxies: &[IpNet], peer: IpAddr) -> IpAddr {
    let plain = last_untrusted(headers, &X_FORWARDED_FOR, proxies, peer, |entry| entry);
    let standard = last_untrusted(headers, &FORWARDED, proxies, peer, for_parameter);
    match (plain, standard) {
        (None, None) => peer,
        (Some(address), None) | (None, Some(address)) => address,
        // A proxy that writes the one passes the other on as its client has sent it.
        (Some(plain), Some(standard)) => {
            if plain == standard {
                plain
            } else {
                peer
            }
        }
    }
}

/// The last address of a list that is not a trusted proxy; none if there is no such header.
fn last_untrusted(
    headers: &HeaderMap,
    name: &HeaderName,
    proxies: &[IpNet],
    peer: IpAddr,
    address_of: fn(&str) -> &str,
) -> Option<IpAddr> {
    let lines: Vec<&str> = headers.get_all(name).map(|v| v.to_str().unwrap_or("")).collect();
    if lines.is_empty() {
        return None;
    }
    let mut known = peer;
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        // What is no address was written by nobody that is trusted.
        let Some(address) = parse(address_of(entry.trim())) else { break };
        known = address;
        if !is_trusted(proxies, address) {
            break;
        }
    }
    Some(known)
}

/// The value of `for=` in an element of `Forwarded`.
fn for_parameter(element: &str) -> &str {
    element
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map_or("", |(_, value)| value.trim().trim_matches('"'))
}

/// An address with or without port and brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let address = if let Some(rest) = text.strip_prefix('[') {
        rest.split_once(']')?.0.parse().ok()
    } else if let Ok(address) = text.parse() {
        Some(address)
    } else {
        text.rsplit_once(':')?.0.parse().ok()
    };
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, headers: &[(HeaderName, &str)]) -> String {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        behind(&map, &proxies, peer.parse().unwrap()).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_wrote_counts() {
        let check = |list: &str, expect: &str| {
            assert_eq!(client("10.0.0.1", &[(X_FORWARDED_FOR, list)]), expect, "{list}");
        };
        check("203.0.113.7", "203.0.113.7");
        check("1.2.3.4, 203.0.113.7", "203.0.113.7");
        check("1.2.3.4, 203.0.113.7, 10.9.9.9", "203.0.113.7");
        check("203.0.113.7:5123", "203.0.113.7");
        check("[2001:db8::1]:443", "2001:db8::1");
        check("2001:db8::1", "2001:db8::1");
        check("::ffff:203.0.113.7", "203.0.113.7");
        check("10.1.1.1", "10.1.1.1");
        check("unknown", "10.0.0.1");
        check("203.0.113.7, nonsense", "10.0.0.1");
        check("", "10.0.0.1");
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [(X_FORWARDED_FOR, "1.2.3.4"), (X_FORWARDED_FOR, "203.0.113.7")];
        assert_eq!(client("10.0.0.1", &lines), "203.0.113.7");
    }

    #[test]
    fn the_standard_header_is_read() {
        let check = |list: &str, expect: &str| {
            assert_eq!(client("10.0.0.1", &[(FORWARDED, list)]), expect, "{list}");
        };
        check("for=203.0.113.7;proto=https", "203.0.113.7");
        check("for=1.2.3.4, For=\"[2001:db8::1]:4711\"", "2001:db8::1");
        check("for=_hidden", "10.0.0.1");
        check("proto=https", "10.0.0.1");
    }

    #[test]
    fn headers_that_disagree_count_for_nothing() {
        let both = [(X_FORWARDED_FOR, "203.0.113.7"), (FORWARDED, "for=1.2.3.4")];
        assert_eq!(client("10.0.0.1", &both), "10.0.0.1");
        let both = [(X_FORWARDED_FOR, "203.0.113.7"), (FORWARDED, "for=203.0.113.7")];
        assert_eq!(client("10.0.0.1", &both), "203.0.113.7");
    }

    #[test]
    fn neighbours_of_version_six_are_one() {
        let key = |text: &str| key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
    }
}
