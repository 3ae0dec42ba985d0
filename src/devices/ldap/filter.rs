//! A filter of LDAP as a filter of ours.
//!
//! What LDAP calls undefined (attributes that there are not, comparisons that they do not know)
//! matches nobody, and neither does its opposite.

use ldap3_proto::proto::{LdapFilter, LdapSubstringFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use super::entry::{CLASSES, canonical};

/// Classes by which clients of Microsoft's directory ask for people.
const OTHER_CLASSES: [&str; 3] = ["user", "contact", "*"];

/// Whom a filter wants.
#[derive(Clone, Debug, PartialEq)]
pub enum PeopleFilter {
    /// All.
    Everybody,
    /// None.
    Nobody,
    /// None, and the opposite of it is none as well.
    Undefined,
    /// Who has this id.
    One(Uuid),
    /// Whom a filter of ours finds.
    Filter(Value),
}

/// How an attribute is searched.
#[derive(Clone, Copy)]
enum Kind {
    Words(&'static str),
    Value(&'static str),
    Digits,
    Id,
    Class,
}

fn kind_of(attribute: &str) -> Option<Kind> {
    Some(match canonical(attribute).as_str() {
        "cn" | "displayname" => Kind::Words("name"),
        "sn" => Kind::Words("last_name"),
        "givenname" => Kind::Words("first_name"),
        "o" => Kind::Words("company"),
        "title" => Kind::Words("title"),
        "street" => Kind::Words("address"),
        "ou" => Kind::Value("department"),
        "mail" => Kind::Value("email"),
        "l" => Kind::Value("city"),
        "postalcode" => Kind::Value("postal_code"),
        "c" => Kind::Value("country"),
        "preferredlanguage" => Kind::Value("language"),
        "telephonenumber"
        | "mobile"
        | "homephone"
        | "facsimiletelephonenumber"
        | "ipphone"
        | "othertelephone"
        | "othermobile"
        | "otherhomephone"
        | "pager" => Kind::Digits,
        "uid" => Kind::Id,
        "objectclass" | "objectcategory" => Kind::Class,
        _ => return None,
    })
}

/// Whom a filter wants. Takes no longer than the filter is; how deep it may be is bounded where it
/// is read.
pub fn wanted(filter: &LdapFilter) -> PeopleFilter {
    match filter {
        LdapFilter::And(parts) => all(parts.iter().map(wanted)),
        LdapFilter::Or(parts) => any(parts.iter().map(wanted)),
        LdapFilter::Not(part) => match wanted(part) {
            PeopleFilter::Everybody => PeopleFilter::Nobody,
            PeopleFilter::Nobody => PeopleFilter::Everybody,
            PeopleFilter::Undefined | PeopleFilter::One(_) => PeopleFilter::Undefined,
            PeopleFilter::Filter(filter) => PeopleFilter::Filter(json!({"not": filter})),
        },
        LdapFilter::Equality(attribute, value) => equal(attribute, value, "is"),
        LdapFilter::Approx(attribute, value) => equal(attribute, value, "word"),
        LdapFilter::Substring(attribute, pieces) => substring(attribute, pieces),
        LdapFilter::Present(attribute) => present(attribute),
        LdapFilter::GreaterOrEqual(..)
        | LdapFilter::LessOrEqual(..)
        | LdapFilter::Extensible(_) => PeopleFilter::Undefined,
    }
}

/// All of these.
pub(in crate::devices) fn all(parts: impl Iterator<Item = PeopleFilter>) -> PeopleFilter {
    let (mut filters, mut one, mut is_undefined) = (Vec::new(), None, false);
    for part in parts {
        match part {
            PeopleFilter::Everybody => {}
            PeopleFilter::Nobody => return PeopleFilter::Nobody,
            PeopleFilter::Undefined => is_undefined = true,
            PeopleFilter::One(id) if one.is_some_and(|known| known != id) => {
                return PeopleFilter::Nobody;
            }
            PeopleFilter::One(id) => one = Some(id),
            PeopleFilter::Filter(filter) => filters.push(filter),
        }
    }
    match (one, filters.len()) {
        _ if is_undefined => PeopleFilter::Undefined,
        (Some(id), 0) => PeopleFilter::One(id),
        // An id beside other conditions: nobody asks so.
        (Some(_), _) => PeopleFilter::Undefined,
        (None, 0) => PeopleFilter::Everybody,
        (None, 1) => filters.pop().map_or(PeopleFilter::Everybody, PeopleFilter::Filter),
        (None, _) => PeopleFilter::Filter(json!({"all": filters})),
    }
}

/// One of these.
pub(in crate::devices) fn any(parts: impl Iterator<Item = PeopleFilter>) -> PeopleFilter {
    let (mut filters, mut one, mut is_undefined) = (Vec::new(), None, false);
    for part in parts {
        match part {
            PeopleFilter::Everybody => return PeopleFilter::Everybody,
            PeopleFilter::Nobody => {}
            PeopleFilter::Undefined => is_undefined = true,
            PeopleFilter::One(id) => one = Some(id),
            // The same asked of several attributes that are one here: the numbers of phones.
            PeopleFilter::Filter(filter) if filters.contains(&filter) => {}
            PeopleFilter::Filter(filter) => filters.push(filter),
        }
    }
    match (one, filters.len()) {
        (Some(id), 0) => PeopleFilter::One(id),
        (_, 0) if is_undefined => PeopleFilter::Undefined,
        (_, 0) => PeopleFilter::Nobody,
        (_, 1) => filters.pop().map_or(PeopleFilter::Nobody, PeopleFilter::Filter),
        _ => PeopleFilter::Filter(json!({"any": filters})),
    }
}

/// A condition; nobody if there is nothing in the value that could be compared.
pub(in crate::devices) fn condition(field: &str, op: &str, value: &str) -> PeopleFilter {
    if !value.chars().any(char::is_alphanumeric) {
        return PeopleFilter::Nobody;
    }
    PeopleFilter::Filter(json!({"field": field, "op": op, "value": value.trim()}))
}

fn equal(attribute: &str, value: &str, op: &str) -> PeopleFilter {
    match kind_of(attribute) {
        None => PeopleFilter::Undefined,
        Some(Kind::Words(field)) => condition(field, op, value),
        Some(Kind::Value(field)) => condition(field, "is", value),
        Some(Kind::Digits) => digits(value, "is"),
        Some(Kind::Id) => {
            Uuid::parse_str(value.trim()).map_or(PeopleFilter::Nobody, PeopleFilter::One)
        }
        Some(Kind::Class) => {
            let mut known = CLASSES.iter().chain(&OTHER_CLASSES);
            // Microsoft's clients name a category by its place.
            let first = value.split(',').next().unwrap_or("").to_ascii_lowercase();
            let class = first.strip_prefix("cn=").unwrap_or(&first).trim().to_owned();
            let is_ours = known.any(|known| known.eq_ignore_ascii_case(&class));
            if is_ours { PeopleFilter::Everybody } else { PeopleFilter::Nobody }
        }
    }
}

/// A number, or a part of one. Letters are no number: phones ask for what was typed everywhere.
pub(in crate::devices) fn digits(value: &str, op: &str) -> PeopleFilter {
    if value.chars().any(char::is_alphabetic) || !value.chars().any(|c| c.is_ascii_digit()) {
        return PeopleFilter::Nobody;
    }
    condition("phone", op, value)
}

fn substring(attribute: &str, pieces: &LdapSubstringFilter) -> PeopleFilter {
    let Some(kind) = kind_of(attribute) else { return PeopleFilter::Undefined };
    let initial = pieces.initial.iter().map(|piece| (piece, true));
    let others = pieces.any.iter().chain(&pieces.final_).map(|piece| (piece, false));
    let mut given: Vec<(&String, bool)> =
        initial.chain(others).filter(|(piece, _)| !piece.is_empty()).collect();
    // Stars in a row are one.
    given.dedup();
    if given.is_empty() {
        return present(attribute);
    }
    let of_piece = |(piece, begins): (&String, bool)| match kind {
        Kind::Words(field) if begins => condition(field, "begins", piece),
        // Words in any order, and letters anywhere.
        Kind::Words(field) => {
            any([condition(field, "begins", piece), condition(field, "contains", piece)]
                .into_iter())
        }
        Kind::Value(field) => condition(field, if begins { "begins" } else { "contains" }, piece),
        Kind::Digits => digits(piece, "contains"),
        Kind::Id | Kind::Class => PeopleFilter::Undefined,
    };
    all(given.into_iter().map(of_piece))
}

fn present(attribute: &str) -> PeopleFilter {
    let exists = |field: &str| PeopleFilter::Filter(json!({"field": field, "op": "exists"}));
    match kind_of(attribute) {
        None => PeopleFilter::Undefined,
        // Everybody has these.
        Some(Kind::Id | Kind::Class | Kind::Words("name" | "last_name")) => PeopleFilter::Everybody,
        Some(Kind::Words(field) | Kind::Value(field)) => exists(field),
        Some(Kind::Digits) => exists("phone"),
    }
}

#[cfg(test)]
mod tests {
    use ldap3_proto::parse_ldap_filter_str;
    use ldap3_proto::proto::{LdapFilter, LdapSubstringFilter};
    use proptest::prelude::*;

    use super::{PeopleFilter, wanted};
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn of(text: &str) -> PeopleFilter {
        wanted(&parse_ldap_filter_str(text).unwrap())
    }

    fn is(field: &str, op: &str, value: &str) -> Value {
        json!({"field": field, "op": op, "value": value})
    }

    #[test]
    fn filters_of_phones_become_ours() {
        let name = |piece: &str| json!({"any": [is("name", "begins", piece), is("name", "contains", piece)]});
        for (text, expected) in [
            ("(telephoneNumber=*5550123*)", is("phone", "contains", "5550123")),
            ("(telephoneNumber=+4930123)", is("phone", "is", "+4930123")),
            ("(|(cn=*doe*)(telephoneNumber=*doe*))", name("doe")),
            // Several attributes of numbers are one question.
            ("(|(telephoneNumber=*12*)(mobile=*12*)(ipPhone=*12*))", is("phone", "contains", "12")),
            (
                "(|(cn=doe*)(sn=doe*))",
                json!({"any": [is("name", "begins", "doe"), is("last_name", "begins", "doe")]}),
            ),
            ("(&(objectClass=inetOrgPerson)(gn=Jane))", is("first_name", "is", "Jane")),
            ("(sn~=Mayer)", is("last_name", "word", "Mayer")),
            ("(!(o=Acme))", json!({"not": is("company", "is", "Acme")})),
            ("(mail=*)", json!({"field": "email", "op": "exists"})),
            ("(cn=j*doe)", json!({"all": [is("name", "begins", "j"), name("doe")]})),
        ] {
            assert_eq!(of(text), PeopleFilter::Filter(expected), "{text}");
        }
        let id = "0190a000-0000-7000-8000-000000000001";
        for (text, expected) in [
            ("(objectClass=*)", PeopleFilter::Everybody),
            ("(&(objectCategory=person)(objectClass=user))", PeopleFilter::Everybody),
            ("(cn=*)", PeopleFilter::Everybody),
            ("(objectClass=groupOfNames)", PeopleFilter::Nobody),
            ("(telephoneNumber=*doe*)", PeopleFilter::Nobody),
            ("(cn=*--*)", PeopleFilter::Nobody),
            ("(shoeSize=44)", PeopleFilter::Undefined),
            ("(!(shoeSize=44))", PeopleFilter::Undefined),
            ("(!(&(shoeSize=44)(cn=*)))", PeopleFilter::Undefined),
            ("(cn>=a)", PeopleFilter::Undefined),
            ("(!(objectClass=groupOfNames))", PeopleFilter::Everybody),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        let category = LdapFilter::Equality("objectCategory".into(), "CN=Person,CN=Schema".into());
        assert_eq!(wanted(&category), PeopleFilter::Everybody);
        let one = Uuid::parse_str(id).map(PeopleFilter::One).unwrap();
        assert_eq!(of(&format!("(&(objectClass=person)(uid={id}))")), one);
    }

    fn any_filter() -> impl Strategy<Value = LdapFilter> {
        let name = prop_oneof!["cn|sn|mail|mobile|uid|objectClass|o|ou", "\\PC{0,8}"];
        let value = prop_oneof!["[a-z0-9+* -]{0,10}", any::<String>()];
        let leaf = (name, value).prop_flat_map(|(name, value)| {
            let pieces = LdapSubstringFilter::from(value.as_str());
            prop::sample::select(vec![
                LdapFilter::Equality(name.clone(), value.clone()),
                LdapFilter::Approx(name.clone(), value.clone()),
                LdapFilter::Substring(name.clone(), pieces),
                LdapFilter::Present(name.clone()),
                LdapFilter::LessOrEqual(name, value),
            ])
        });
        leaf.prop_recursive(6, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(LdapFilter::And),
                prop::collection::vec(inner.clone(), 0..4).prop_map(LdapFilter::Or),
                inner.prop_map(|part| LdapFilter::Not(Box::new(part))),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_filter_is_too_strange(filter in any_filter()) {
            // Whatever it is, it is one of ours that can be read, or wants nobody.
            if let PeopleFilter::Filter(filter) = wanted(&filter) {
                prop_assert!(filter.is_object());
            }
        }
    }
}
