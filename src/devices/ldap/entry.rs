//! The attributes of a contact, as `inetOrgPerson` and its kin name them.

use super::super::entry::LineKind;
use crate::domain::contact::{Address, Contact};
use crate::domain::text::visible;

/// Most attributes that one search may name; further ones are left out.
const MOST_NAMED: usize = 100;
/// Digits up to which a number is one of the own telephone system.
const INTERNAL_DIGITS: usize = 6;

/// The classes of an entry that holds others.
pub const CONTAINER_CLASSES: [&str; 2] = ["top", "organizationalUnit"];
/// The classes of a contact.
pub(super) const CLASSES: [&str; 4] = ["top", "person", "organizationalPerson", "inetOrgPerson"];

/// Other names of attributes, in lower case, and the names that stand for them here.
const ALIASES: &[(&str, &str)] = &[
    ("commonname", "cn"),
    ("name", "cn"),
    ("surname", "sn"),
    ("gn", "givenname"),
    ("company", "o"),
    ("organizationname", "o"),
    ("department", "ou"),
    ("organizationalunitname", "ou"),
    ("rfc822mailbox", "mail"),
    ("email", "mail"),
    ("phone", "telephonenumber"),
    ("officephone", "telephonenumber"),
    ("mobiletelephonenumber", "mobile"),
    ("hometelephonenumber", "homephone"),
    ("fax", "facsimiletelephonenumber"),
    ("localityname", "l"),
    ("stateorprovincename", "st"),
    ("streetaddress", "street"),
    ("countryname", "c"),
    ("entryuuid", "uid"),
    ("id", "uid"),
];

/// The name of an attribute that stands for another one, in lower case and without options.
pub(super) fn canonical(name: &str) -> String {
    let name = name.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let known = ALIASES.iter().find(|(alias, _)| *alias == name);
    known.map_or(name, |(_, stands_for)| (*stands_for).to_owned())
}

/// An attribute with its values.
pub type Attribute = (String, Vec<String>);

/// Which attributes a search asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    is_all: bool,
    is_operational: bool,
    named: Vec<String>,
    without_values: bool,
}

impl Selection {
    /// Reads the list of a search: nothing and `*` are all, `1.1` is none.
    pub fn of(names: &[String], without_values: bool) -> Self {
        let is_all = names.is_empty() || names.iter().any(|name| name == "*");
        let is_operational = names.iter().any(|name| name == "+");
        let named = names.iter().filter(|name| !matches!(name.as_str(), "*" | "+" | "1.1"));
        Self {
            is_all,
            is_operational,
            named: named.take(MOST_NAMED).cloned().collect(),
            without_values,
        }
    }

    /// What is asked for of an entry of the server itself, all of whose attributes are operational.
    pub fn take_of_server(&self, all: &[Attribute]) -> Vec<Attribute> {
        Self { is_all: self.is_all || self.is_operational, ..self.clone() }.take(all)
    }

    /// What is asked for of all attributes, each under the name by which it was asked for.
    pub fn take(&self, all: &[Attribute]) -> Vec<Attribute> {
        let value = |values: &Vec<String>| {
            if self.without_values { Vec::new() } else { values.clone() }
        };
        let mut taken: Vec<Attribute> = Vec::new();
        for named in &self.named {
            let wanted = canonical(named);
            let is_new = !taken.iter().any(|(name, _)| name.eq_ignore_ascii_case(named));
            let found = all.iter().find(|(name, _)| canonical(name) == wanted);
            if let Some((_, values)) = found.filter(|_| is_new) {
                taken.push((named.clone(), value(values)));
            }
        }
        if self.is_all {
            for (name, values) in all {
                if !taken.iter().any(|(known, _)| canonical(known) == canonical(name)) {
                    taken.push((name.clone(), value(values)));
                }
            }
        }
        taken
    }
}

/// The names of all attributes that a contact may have.
#[cfg(test)]
pub(super) fn names_of_attributes() -> Vec<&'static str> {
    let contact = Contact::decoy();
    all_attributes(&contact).into_iter().map(|(name, _)| name).collect()
}

/// All attributes of a contact that have values.
pub fn attributes(contact: &Contact) -> Vec<Attribute> {
    all_attributes(contact)
        .into_iter()
        .map(|(name, values)| {
            let shown = values.iter().map(|value| visible(value).trim().to_owned());
            (name.to_owned(), shown.filter(|value| !value.is_empty()).collect::<Vec<_>>())
        })
        .filter(|(_, values)| !values.is_empty())
        .collect()
}

fn all_attributes(contact: &Contact) -> Vec<(&'static str, Vec<String>)> {
    let name = contact.display_name.clone();
    let given = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
    let last_name = contact.last_name.clone().unwrap_or_else(|| name.clone());
    let place = contact.addresses.first();
    let of_place =
        |part: fn(&Address) -> &Option<String>| place.map(part).map_or(Vec::new(), given);
    let mut all = vec![
        ("objectClass", CLASSES.map(str::to_owned).to_vec()),
        ("uid", vec![contact.id.to_string()]),
        ("cn", vec![name.clone()]),
        ("displayName", vec![name]),
        ("sn", vec![last_name]),
        ("givenName", given(&contact.first_name)),
        ("o", given(&contact.company)),
        ("ou", given(&contact.department)),
        ("title", given(&contact.title)),
        ("mail", contact.emails.iter().map(|email| email.address.clone()).collect()),
        ("street", of_place(|place| &place.street)),
        ("l", of_place(|place| &place.city)),
        ("st", of_place(|place| &place.region)),
        ("postalCode", of_place(|place| &place.postal_code)),
        ("c", of_place(|place| &place.country)),
        ("preferredLanguage", given(&contact.language)),
    ];
    all.extend(numbers(contact));
    all
}

/// The numbers that can be dialled, the first one to call in front, by the kind of line.
fn numbers(contact: &Contact) -> [(&'static str, Vec<String>); 5] {
    let can_be_dialled =
        |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit() || b == b'+');
    let mut phones: Vec<_> = contact.phones.iter().filter(|p| can_be_dialled(&p.number)).collect();
    phones.sort_by_key(|phone| !phone.primary);
    let of = |kind: &dyn Fn(LineKind, bool) -> bool| -> Vec<String> {
        let is_fax = |label: &str| label.to_lowercase().contains("fax");
        let is_one = |label: Option<&str>| kind(LineKind::of(label), label.is_some_and(is_fax));
        let found = phones.iter().filter(|phone| is_one(phone.label.as_deref()));
        found.map(|phone| phone.number.clone()).collect()
    };
    let internal = |n: &&String| n.len() <= INTERNAL_DIGITS && !n.starts_with('+');
    let work = of(&|kind, is_fax| matches!(kind, LineKind::Work | LineKind::Other) && !is_fax);
    [
        ("ipPhone", work.iter().filter(internal).cloned().collect()),
        ("telephoneNumber", work),
        ("mobile", of(&|kind, is_fax| kind == LineKind::Mobile && !is_fax)),
        ("homePhone", of(&|kind, is_fax| kind == LineKind::Home && !is_fax)),
        ("facsimileTelephoneNumber", of(&|_, is_fax| is_fax)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::Phone;

    fn names(all: &[Attribute]) -> Vec<&str> {
        all.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn attributes_are_given_under_the_names_that_were_asked_for() {
        let mut contact = Contact::decoy();
        contact.phones = [
            ("+4930123456", "Work"),
            ("+491701234567", "mobile"),
            ("+4930999", "home"),
            ("+49301112", "work fax"),
            ("101", "internal"),
            ("•••", "work"),
        ]
        .map(|(number, label)| Phone {
            number: number.to_owned(),
            label: Some(label.to_owned()),
            ..Phone::default()
        })
        .to_vec();
        let all = attributes(&contact);
        let of = |name: &str| {
            all.iter().find(|(known, _)| known == name).map(|(_, values)| values.join(" "))
        };
        assert_eq!(of("telephoneNumber").as_deref(), Some("+4930123456 101"));
        assert_eq!(of("ipPhone").as_deref(), Some("101"));
        assert_eq!(of("mobile").as_deref(), Some("+491701234567"));
        assert_eq!(of("homePhone").as_deref(), Some("+4930999"));
        assert_eq!(of("facsimileTelephoneNumber").as_deref(), Some("+49301112"));
        assert_eq!(of("title"), None);
        let asked =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let some = Selection::of(&asked(&["CN", "gn", "cn", "nothing", "mobile;x"]), false);
        let taken = some.take(&all);
        assert_eq!(names(&taken), ["CN", "gn", "mobile;x"]);
        assert_eq!(taken[1].1, ["Nobody"]);
        assert_eq!(Selection::of(&[], false).take(&all), all);
        let with_all = Selection::of(&asked(&["*", "GN"]), false).take(&all);
        assert_eq!(with_all.len(), all.len());
        assert!(Selection::of(&asked(&["1.1"]), false).take(&all).is_empty());
        assert!(Selection::of(&[], true).take(&all).iter().all(|(_, values)| values.is_empty()));
    }
}
