//! Which site a browser was on when it sent a request: keeps foreign pages from acting for the
//! person in front of the browser where no token says that the caller means it.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};

use super::address;
use super::error::Problem;
use crate::error::ErrorCode;

fn text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).map(|value| value.to_str().unwrap_or(""))
}

/// Refuses what a page of another site made a browser send.
///
/// For requests that are let in without a token of their own: in demo mode, and by cookies.
pub(super) fn require_own_page(request: &HttpRequest) -> Result<(), Problem> {
    let host = text(request, HOST.as_str()).unwrap_or("");
    let is_foreign = match text(request, ORIGIN.as_str()) {
        Some(origin) => !is_origin_of(origin, host),
        // Pictures and scripts are fetched without an origin, but newer browsers say this.
        None => text(request, "sec-fetch-site") == Some("cross-site"),
    };
    if is_foreign {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "a page of another site may not do this; send a token instead",
        ));
    }
    Ok(())
}

/// Refuses what does not come from this machine or names it by a name that others can give away.
///
/// Against DNS rebinding: a foreign page may have a name whose address has become ours.
pub(super) fn require_local(request: &HttpRequest) -> Result<(), Problem> {
    if !address::is_local(request) {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "only requests from this machine are taken without a token",
        ));
    }
    let host = text(request, HOST.as_str());
    if host.is_some_and(|host| !is_local_name(host_name(host))) {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "without a token the host must be localhost, 127.0.0.1 or [::1]",
        ));
    }
    Ok(())
}

/// The name of a `Host` header without its port.
fn host_name(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or("");
    }
    host.split(':').next().unwrap_or("")
}

fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    match address.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.to_ascii_lowercase().ends_with(".localhost")
        }
    }
}

/// Whether an `Origin` is the site that a `Host` names.
fn is_origin_of(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let without = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    !authority.is_empty() && without(authority) == without(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for host in [
            "localhost",
            "localhost:7464",
            "127.0.0.1:1",
            "[::1]:7464",
            "a.LOCALHOST",
            "localhost.",
        ] {
            assert!(is_local_name(host_name(host)), "{host}");
        }
        for host in [
            "example.com",
            "127.0.0.1.example.com",
            "localhost.example.com",
            "",
            "10.0.0.1",
            "[::2]:1",
            "[",
            "notlocalhost",
        ] {
            assert!(!is_local_name(host_name(host)), "{host}");
        }
    }

    #[test]
    fn origins_are_compared_with_the_host() {
        for (origin, host) in [
            ("http://127.0.0.1:7464", "127.0.0.1:7464"),
            ("https://crm.example", "crm.example"),
            ("https://crm.example", "crm.example:443"),
            ("https://CRM.example", "crm.Example"),
        ] {
            assert!(is_origin_of(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "localhost"),
            ("http://evil.example", "localhost"),
            ("http://localhost:3000", "localhost:7464"),
            ("http://", ""),
            ("file://", ""),
        ] {
            assert!(!is_origin_of(origin, host), "{origin} {host}");
        }
    }
}
