//! Requests of address books: which properties, of which cards.

use super::super::ldap::{PeopleFilter, all, any, condition, digits};
use super::tree::{CARDDAV, DAV, Name, Node, parse};
use uuid::Uuid;

/// Which properties are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// These; all that there usually are if none is named.
    pub named: Vec<Name>,
    /// Whether cards are wanted as vCard 4.0.
    pub is_v4: bool,
}

impl Properties {
    /// Whether all are asked for.
    pub fn is_all(&self) -> bool {
        self.named.is_empty()
    }

    fn of(request: &Node) -> Self {
        let Some(prop) = request.child(DAV, "prop") else { return Self::default() };
        let data = prop.child(CARDDAV, "address-data");
        let is_v4 = data.is_some_and(|data| data.attribute("version") == Some("4.0"));
        Self { named: prop.children.iter().map(|child| child.name.clone()).collect(), is_v4 }
    }
}

/// What of a book is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Cards that a filter finds.
    Query {
        /// Their properties.
        properties: Properties,
        /// Who.
        wanted: PeopleFilter,
        /// Most cards.
        limit: Option<usize>,
    },
    /// These cards.
    Multiget {
        /// Their properties.
        properties: Properties,
        /// Where they are.
        hrefs: Vec<String>,
    },
    /// What has changed.
    Sync {
        /// The properties of cards.
        properties: Properties,
        /// Since when; everything if empty.
        token: String,
        /// Most changes.
        limit: Option<usize>,
    },
}

/// Reads the body of a `PROPFIND`; an empty one asks for everything.
pub fn propfind(body: &[u8]) -> Option<Properties> {
    if body.trim_ascii().is_empty() {
        return Some(Properties::default());
    }
    let root = parse(body)?;
    root.name.is(DAV, "propfind").then(|| Properties::of(&root))
}

/// The names of the properties that a `PROPPATCH` would change.
pub fn changed_properties(body: &[u8]) -> Option<Vec<Name>> {
    let root = parse(body)?;
    let changes = root.children.iter().flat_map(|change| change.all(DAV, "prop"));
    let names = changes.flat_map(|prop| prop.children.iter().map(|child| child.name.clone()));
    root.name.is(DAV, "propertyupdate").then(|| names.collect())
}

/// Reads the body of a `REPORT`.
pub fn report(body: &[u8]) -> Option<Report> {
    let root = parse(body)?;
    let properties = Properties::of(&root);
    let limit = |space: &str| {
        let limit = root.child(space, "limit")?.child(space, "nresults")?;
        limit.text.trim().parse().ok()
    };
    if root.name.is(CARDDAV, "addressbook-query") {
        let wanted = root.child(CARDDAV, "filter").map_or(PeopleFilter::Everybody, filter);
        return Some(Report::Query { properties, wanted, limit: limit(CARDDAV) });
    }
    if root.name.is(CARDDAV, "addressbook-multiget") {
        let hrefs = root.all(DAV, "href").map(|href| href.text.trim().to_owned()).collect();
        return Some(Report::Multiget { properties, hrefs });
    }
    if root.name.is(DAV, "sync-collection") {
        let token = root.child(DAV, "sync-token").map_or("", |token| token.text.trim());
        let token = token.to_owned();
        return Some(Report::Sync { properties, token, limit: limit(DAV) });
    }
    None
}

/// Whether all parts must fit; one of them if nothing is said.
fn needs_all(node: &Node) -> bool {
    node.attribute("test") == Some("allof")
}

fn filter(node: &Node) -> PeopleFilter {
    let parts: Vec<PeopleFilter> = node.all(CARDDAV, "prop-filter").map(property).collect();
    match parts.is_empty() {
        true => PeopleFilter::Everybody,
        false if needs_all(node) => all(parts.into_iter()),
        false => any(parts.into_iter()),
    }
}

fn negated(wanted: PeopleFilter) -> PeopleFilter {
    match wanted {
        PeopleFilter::Everybody => PeopleFilter::Nobody,
        PeopleFilter::Nobody => PeopleFilter::Everybody,
        PeopleFilter::Undefined | PeopleFilter::One(_) => PeopleFilter::Undefined,
        PeopleFilter::Filter(filter) => PeopleFilter::Filter(serde_json::json!({"not": filter})),
    }
}

fn property(node: &Node) -> PeopleFilter {
    let name = node.attribute("name").unwrap_or("").to_ascii_uppercase();
    let name = name.rsplit('.').next().unwrap_or("");
    let texts: Vec<&Node> = node.all(CARDDAV, "text-match").collect();
    if texts.is_empty() {
        let exists = exists(name);
        let is_absent = node.child(CARDDAV, "is-not-defined").is_some();
        return if is_absent { negated(exists) } else { exists };
    }
    let parts = texts.into_iter().map(|text| {
        let found = text_match(name, text.attribute("match-type"), text.text.trim());
        if text.attribute("negate-condition") == Some("yes") { negated(found) } else { found }
    });
    if needs_all(node) { all(parts) } else { any(parts) }
}

fn field_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "FN" | "N" | "NICKNAME" => "name",
        "EMAIL" => "email",
        "TEL" => "phone",
        "ORG" => "company",
        "TITLE" => "title",
        "NOTE" => "notes",
        "CATEGORIES" => "tag",
        "ADR" => "address",
        "BDAY" => "birthday",
        _ => return None,
    })
}

fn exists(name: &str) -> PeopleFilter {
    match field_of(name) {
        _ if matches!(name, "UID" | "VERSION" | "REV") => PeopleFilter::Everybody,
        Some("name") => PeopleFilter::Everybody,
        Some(field) => PeopleFilter::Filter(serde_json::json!({"field": field, "op": "exists"})),
        None => PeopleFilter::Nobody,
    }
}

fn text_match(name: &str, how: Option<&str>, text: &str) -> PeopleFilter {
    let Some(field) = field_of(name) else {
        let id = Uuid::parse_str(text.trim_start_matches("urn:uuid:"));
        return if name == "UID" {
            id.map_or(PeopleFilter::Nobody, PeopleFilter::One)
        } else {
            PeopleFilter::Undefined
        };
    };
    let is_words = matches!(field, "name" | "company" | "title" | "notes" | "address");
    match (field, how) {
        ("birthday", _) => PeopleFilter::Undefined,
        ("phone", Some("equals")) => digits(text, "is"),
        ("phone", _) => digits(text, "contains"),
        (field, Some("equals")) => condition(field, "is", text),
        (field, Some("starts-with")) => condition(field, "begins", text),
        ("notes" | "address", _) => condition(field, "begins", text),
        (field, _) if is_words => {
            any([condition(field, "begins", text), condition(field, "contains", text)].into_iter())
        }
        (field, _) => condition(field, "contains", text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_are_read() {
        let query = r#"<C:addressbook-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">
            <D:prop><D:getetag/><C:address-data content-type="text/vcard" version="4.0"/></D:prop>
            <C:filter test="anyof"><C:prop-filter name="FN"><C:text-match collation="i;unicode-casemap" match-type="contains">doe</C:text-match></C:prop-filter>
            <C:prop-filter name="TEL"><C:text-match match-type="contains">doe</C:text-match></C:prop-filter></C:filter>
            <C:limit><C:nresults>5</C:nresults></C:limit></C:addressbook-query>"#;
        let Some(Report::Query { properties, wanted, limit }) = report(query.as_bytes()) else {
            panic!()
        };
        assert!(properties.is_v4 && properties.named[0].is(DAV, "getetag"));
        assert_eq!(limit, Some(5));
        let name = |op: &str| json!({"field": "name", "op": op, "value": "doe"});
        assert_eq!(
            wanted,
            PeopleFilter::Filter(json!({"any": [name("begins"), name("contains")]}))
        );
        let multiget = r#"<B:addressbook-multiget xmlns:B="urn:ietf:params:xml:ns:carddav" xmlns:A="DAV:"><A:prop><A:getetag/></A:prop><A:href> /dav/x.vcf </A:href></B:addressbook-multiget>"#;
        let Some(Report::Multiget { hrefs, .. }) = report(multiget.as_bytes()) else { panic!() };
        assert_eq!(hrefs, ["/dav/x.vcf"]);
        let sync = r#"<sync-collection xmlns="DAV:"><sync-token>t</sync-token><sync-level>1</sync-level><limit><nresults>7</nresults></limit><prop><getetag/></prop></sync-collection>"#;
        let Some(Report::Sync { token, limit, .. }) = report(sync.as_bytes()) else { panic!() };
        assert_eq!((token.as_str(), limit), ("t", Some(7)));
        assert_eq!(report(b"<a/>"), None);
        assert_eq!(propfind(b" "), Some(Properties::default()));
        assert_eq!(propfind(b"<a/>"), None);
    }
}
