//! E-mail addresses: accepted as people write them, compared in lower case.

/// Longest address that SMTP can carry (RFC 5321, 4.5.3.1.3), in bytes.
const MAX_BYTES: usize = 254;

/// Trims an address and checks its shape: something, one `@`, a domain; no white space.
///
/// Deliverability is not judged: a contact service must take what people really have.
/// Returns `None` if it cannot be an address.
pub fn parse(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let (local, domain) = text.rsplit_once('@')?;
    let domain_ok = !domain.is_empty()
        && !domain.starts_with(['.', '-'])
        && !domain.ends_with(['.', '-'])
        && !domain.contains("..")
        && domain.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-');
    let local_ok = !local.is_empty()
        && !local.contains('@')
        && local
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !"<>(),;:\\\"[]".contains(c));
    (domain_ok && local_ok && text.len() <= MAX_BYTES).then(|| text.to_owned())
}

/// The form in which two addresses are compared.
pub fn key(address: &str) -> String {
    address.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_accepted_or_refused_by_shape() {
        for good in [
            "a@b.de",
            " John.Doe+x@Example.com ",
            "mailto:x@y.org",
            "o'brien@müller.de",
            "root@localhost",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "", "@", "a@", "@b.de", "a b@c.de", "a@b@c.de", "a@.de", "a@b..de", "a@b.de>",
            "a@-b.de",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
