//! What somebody has typed on a phone to find a name by, out of the filter that the phone makes of it.
//!
//! A filter finds who is called exactly so. Where nobody is, what was typed is looked for as on a page,
//! which forgives typos; that takes the words themselves.

use ldap3_proto::proto::{LdapFilter, LdapSubstringFilter};

use super::entry::canonical;

/// A part of a filter, as far as it matters here.
enum Part {
    /// Everybody meets it, or nearly: a class, that there is a number.
    Neutral,
    /// A name is to be so.
    Name(String),
    /// Something else is to be so.
    Other(String),
    /// Nothing that is typed.
    Strange,
}

/// The words by which a filter asks for a name; none if it asks for anything else that counts.
pub fn typed_name(filter: &LdapFilter) -> Option<String> {
    match part(filter) {
        Part::Name(text) => {
            let is_word = |c: char| c.is_alphanumeric() || c.is_whitespace();
            let plain: String = text.chars().map(|c| if is_word(c) { c } else { ' ' }).collect();
            let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            (plain.chars().any(char::is_alphabetic)).then_some(plain)
        }
        Part::Neutral | Part::Other(_) | Part::Strange => None,
    }
}

fn part(filter: &LdapFilter) -> Part {
    match filter {
        LdapFilter::Equality(name, text) | LdapFilter::Approx(name, text) => leaf(name, text),
        LdapFilter::Substring(name, pieces) => leaf(name, &joined(pieces)),
        LdapFilter::Present(_) => Part::Neutral,
        LdapFilter::And(parts) => parts.iter().map(part).fold(Part::Neutral, both),
        LdapFilter::Or(parts) => parts.iter().map(part).reduce(either).unwrap_or(Part::Strange),
        LdapFilter::Not(_)
        | LdapFilter::GreaterOrEqual(..)
        | LdapFilter::LessOrEqual(..)
        | LdapFilter::Extensible(_) => Part::Strange,
    }
}

fn leaf(attribute: &str, text: &str) -> Part {
    match canonical(attribute).as_str() {
        "objectclass" | "objectcategory" => Part::Neutral,
        _ if text.trim().is_empty() => Part::Neutral,
        "cn" | "displayname" | "sn" | "givenname" => Part::Name(text.trim().to_owned()),
        _ => Part::Other(text.trim().to_owned()),
    }
}

fn joined(pieces: &LdapSubstringFilter) -> String {
    let all = pieces.initial.iter().chain(&pieces.any).chain(&pieces.final_);
    all.map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Two conditions of which both must be met.
fn both(one: Part, other: Part) -> Part {
    match (one, other) {
        (Part::Neutral, part) | (part, Part::Neutral) => part,
        (Part::Name(one), Part::Name(other)) if one == other => Part::Name(one),
        (Part::Name(one), Part::Name(other)) => Part::Name(format!("{one} {other}")),
        _ => Part::Strange,
    }
}

/// Two conditions of which one suffices: phones ask for what was typed everywhere.
fn either(one: Part, other: Part) -> Part {
    match (one, other) {
        (Part::Name(one), Part::Name(other) | Part::Other(other))
        | (Part::Other(other), Part::Name(one))
            if one == other =>
        {
            Part::Name(one)
        }
        (Part::Other(one), Part::Other(other)) if one == other => Part::Other(one),
        _ => Part::Strange,
    }
}

#[cfg(test)]
mod tests {
    use ldap3_proto::parse_ldap_filter_str;

    use super::typed_name;

    #[test]
    fn what_was_typed_is_told_from_what_a_phone_adds() {
        for (filter, typed) in [
            ("(cn=kowlski*)", Some("kowlski")),
            ("(cn=*Jonh*Do*)", Some("jonh do")),
            ("(|(cn=doe*)(sn=doe*)(telephoneNumber=*doe*))", Some("doe")),
            ("(&(objectClass=person)(|(givenName=zoe*)(sn=zoe*)))", Some("zoe")),
            ("(&(telephoneNumber=*)(sn=o'brien*))", Some("o brien")),
            ("(&(givenName=jane*)(sn=do*))", Some("jane do")),
            ("(telephoneNumber=*123*)", None),
            ("(|(cn=doe*)(o=acme*))", None),
            ("(&(cn=doe*)(o=acme*))", None),
            ("(!(cn=doe*))", None),
            ("(cn=*)", None),
            ("(cn=123*)", None),
        ] {
            let read = parse_ldap_filter_str(filter).unwrap();
            assert_eq!(typed_name(&read).as_deref(), typed, "{filter}");
        }
    }
}
