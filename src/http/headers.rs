//! The security headers of every answer, in one table.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// What an answer is, as far as browsers treat it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A page, which the handler has given a policy of its own.
    Page,
    /// Data, problems and files.
    Data,
}

/// The headers that every answer has, whatever it is.
const EVERYWHERE: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
];

/// What browsers may do with data: nothing.
const DATA_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const NO_FRAME: HeaderValue = HeaderValue::from_static("DENY");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Two years; subdomains are for their own owners to decide about.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Puts the headers on answers.
pub(super) struct Headers {
    /// Who may show pages in frames; nobody if empty.
    frame_ancestors: Vec<String>,
    is_tls: bool,
}

impl Headers {
    /// For pages that these origins may show in frames.
    pub(super) fn new(frame_ancestors: &[String], is_tls: bool) -> Self {
        Self { frame_ancestors: frame_ancestors.to_vec(), is_tls }
    }

    /// Completes the headers of an answer.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        headers.reserve(EVERYWHERE.len() + 4);
        for (name, value) in EVERYWHERE {
            headers.insert(name, value);
        }
        if self.is_tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_TLS);
        }
        let kind =
            if headers.contains_key(CONTENT_SECURITY_POLICY) { Kind::Page } else { Kind::Data };
        match kind {
            Kind::Data => {
                headers.insert(CONTENT_SECURITY_POLICY, DATA_POLICY);
                headers.insert(X_FRAME_OPTIONS, NO_FRAME);
            }
            Kind::Page if self.frame_ancestors.is_empty() => {
                headers.insert(X_FRAME_OPTIONS, NO_FRAME);
            }
            Kind::Page => self.allow_frames(headers),
        }
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, NO_STORE);
        }
    }

    /// Names who may show a page in a frame. `X-Frame-Options` cannot say that and is left out.
    fn allow_frames(&self, headers: &mut HeaderMap) {
        let Some(policy) = headers.get(CONTENT_SECURITY_POLICY).and_then(|v| v.to_str().ok())
        else {
            return;
        };
        let others = policy.split(';').map(str::trim);
        let mut parts: Vec<String> = others
            .filter(|part| !part.is_empty() && !part.starts_with("frame-ancestors"))
            .map(str::to_owned)
            .collect();
        parts.push(format!("frame-ancestors {}", self.frame_ancestors.join(" ")));
        if let Ok(policy) = HeaderValue::try_from(parts.join("; ")) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// The lines of these headers for an answer that is written by hand.
pub(super) fn lines(is_tls: bool) -> String {
    let mut headers = HeaderMap::new();
    Headers::new(&[], is_tls).put(&mut headers);
    headers.iter().fold(String::new(), |mut out, (name, value)| {
        out.push_str(name.as_str());
        out.push_str(": ");
        out.push_str(value.to_str().unwrap_or(""));
        out.push_str("\r\n");
        out
    })
}

/// Whether a text is an origin that may stand in `frame-ancestors`.
///
/// # Errors
/// With what is wrong, for a person.
pub fn parse_frame_ancestor(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    if matches!(text, "self" | "'self'") {
        return Ok("'self'".to_owned());
    }
    let name = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_name = |name: &str| {
        let (host, port) = name.rsplit_once(':').map_or((name, ""), |(host, port)| (host, port));
        let host = host.strip_prefix("*.").unwrap_or(host);
        !host.is_empty()
            && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
            && port.chars().all(|c| c.is_ascii_digit())
    };
    match name {
        Some(name) if is_name(name) => Ok(text.to_ascii_lowercase()),
        _ => Err(format!("{text:?} is not an origin: use for example https://crm.example or self")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> HeaderMap {
        let mut headers = HeaderMap::new();
        let policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'";
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        headers
    }

    #[test]
    fn data_is_locked_down_and_not_kept() {
        let mut headers = HeaderMap::new();
        Headers::new(&["https://crm.example".to_owned()], false).put(&mut headers);
        assert_eq!(headers.get(CONTENT_SECURITY_POLICY), Some(&DATA_POLICY));
        assert_eq!(headers.get(X_FRAME_OPTIONS), Some(&NO_FRAME));
        assert_eq!(headers.get(CACHE_CONTROL), Some(&NO_STORE));
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn what_a_handler_says_about_caching_stays() {
        let mut headers = page();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Headers::new(&[], true).put(&mut headers);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-cache");
        assert_eq!(headers.get(X_FRAME_OPTIONS), Some(&NO_FRAME));
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn pages_may_be_shown_by_whom_the_operator_names() {
        let mut headers = page();
        let ancestors = ["'self'".to_owned(), "https://crm.example".to_owned()];
        Headers::new(&ancestors, false).put(&mut headers);
        assert_eq!(
            headers.get(CONTENT_SECURITY_POLICY).unwrap(),
            "default-src 'self'; base-uri 'none'; frame-ancestors 'self' https://crm.example"
        );
        assert!(!headers.contains_key(X_FRAME_OPTIONS));
    }

    #[test]
    fn only_origins_may_show_pages() {
        for (text, expect) in [
            ("https://CRM.example/", "https://crm.example"),
            ("https://*.crm.example:8443", "https://*.crm.example:8443"),
            ("self", "'self'"),
        ] {
            assert_eq!(parse_frame_ancestor(text).as_deref(), Ok(expect));
        }
        for text in [
            "",
            "crm.example",
            "https://",
            "https://a;script-src *",
            "https://a b",
            "*",
            "https://a/b",
        ] {
            assert!(parse_frame_ancestor(text).is_err(), "{text}");
        }
    }
}
