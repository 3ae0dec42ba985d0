//! Distinguished names: `uid=ID,ou=contacts,dc=ORGANISATION`.

use uuid::Uuid;

use crate::domain::text::fold;

/// Longest name that is looked at, in bytes.
const MOST_BYTES: usize = 1_000;

/// The place of an organisation in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suffix(String);

/// What a distinguished name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The empty name: the root of the server.
    Root,
    /// The organisation.
    Organization,
    /// All contacts.
    Contacts,
    /// A contact.
    Contact(Uuid),
}

impl Suffix {
    /// The place of the organisation of this name.
    pub fn of(organization: &str) -> Self {
        let folded = fold(organization);
        let letters = folded.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        let mut name = String::new();
        for letter in letters {
            if letter != '-' || !name.is_empty() && !name.ends_with('-') {
                name.push(letter);
            }
        }
        let name = name.trim_end_matches('-');
        Self(if name.is_empty() { "organization".to_owned() } else { name.to_owned() })
    }

    /// The value of `dc`.
    pub fn label(&self) -> &str {
        &self.0
    }

    /// The name of the organisation's entry.
    pub fn organization(&self) -> String {
        format!("dc={}", self.0)
    }

    /// The name of the entry above all contacts.
    pub fn contacts(&self) -> String {
        format!("ou=contacts,dc={}", self.0)
    }

    /// The name of a contact.
    pub fn contact(&self, id: Uuid) -> String {
        format!("uid={id},ou=contacts,dc={}", self.0)
    }

    /// What a name stands for; none if there is nothing.
    pub fn read(&self, name: &str) -> Option<Base> {
        if name.trim().is_empty() {
            return Some(Base::Root);
        }
        if name.len() > MOST_BYTES {
            return None;
        }
        let parts: Vec<(String, String)> = name
            .split(',')
            .map(|part| {
                let (kind, value) = part.split_once('=')?;
                Some((kind.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase()))
            })
            .collect::<Option<_>>()?;
        let parts: Vec<(&str, &str)> =
            parts.iter().map(|(kind, value)| (kind.as_str(), value.as_str())).collect();
        match parts.as_slice() {
            [("dc", own)] if *own == self.0 => Some(Base::Organization),
            [("ou", "contacts"), ("dc", own)] if *own == self.0 => Some(Base::Contacts),
            [("uid", id), ("ou", "contacts"), ("dc", own)] if *own == self.0 => {
                Uuid::parse_str(id).ok().map(Base::Contact)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        let suffix = Suffix::of("Müller & Söhne GmbH");
        assert_eq!(suffix.organization(), "dc=muller-sohne-gmbh");
        let id = Uuid::from_u128(7);
        assert_eq!(suffix.read(&suffix.contact(id)), Some(Base::Contact(id)));
        for (name, base) in [
            ("", Some(Base::Root)),
            ("DC=Muller-Sohne-GmbH", Some(Base::Organization)),
            (" OU = Contacts , dc=muller-sohne-gmbh", Some(Base::Contacts)),
            ("dc=other", None),
            ("ou=people,dc=muller-sohne-gmbh", None),
            ("uid=x,ou=contacts,dc=muller-sohne-gmbh", None),
            ("=", None),
            ("contacts", None),
        ] {
            assert_eq!(suffix.read(name), base, "{name}");
        }
        assert_eq!(Suffix::of("山田").label(), "organization");
        assert_eq!(Suffix::of("--a  b--").label(), "a-b");
        assert_eq!(suffix.read(&"dc=x,".repeat(1_000)), None);
    }
}
