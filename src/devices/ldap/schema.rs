//! The schema of the directory, as clients read it that ask what there is (RFC 4512).

use super::entry::Attribute;

/// The name of its entry.
pub const SUBSCHEMA: &str = "cn=subschema";

/// Attributes: name, object identifier, what values are, and whether there is only one.
const ATTRIBUTES: [(&str, &str, Syntax, bool); 23] = [
    ("objectClass", "2.5.4.0", Syntax::Oid, false),
    ("cn", "2.5.4.3", Syntax::Text, false),
    ("sn", "2.5.4.4", Syntax::Text, false),
    ("c", "2.5.4.6", Syntax::Text, true),
    ("l", "2.5.4.7", Syntax::Text, false),
    ("st", "2.5.4.8", Syntax::Text, false),
    ("street", "2.5.4.9", Syntax::Text, false),
    ("o", "2.5.4.10", Syntax::Text, false),
    ("ou", "2.5.4.11", Syntax::Text, false),
    ("title", "2.5.4.12", Syntax::Text, false),
    ("postalCode", "2.5.4.17", Syntax::Text, false),
    ("telephoneNumber", "2.5.4.20", Syntax::Telephone, false),
    ("facsimileTelephoneNumber", "2.5.4.23", Syntax::Telephone, false),
    ("givenName", "2.5.4.42", Syntax::Text, false),
    ("uid", "0.9.2342.19200300.100.1.1", Syntax::Text, false),
    ("mail", "0.9.2342.19200300.100.1.3", Syntax::Ia5, false),
    ("homePhone", "0.9.2342.19200300.100.1.20", Syntax::Telephone, false),
    ("dc", "0.9.2342.19200300.100.1.25", Syntax::Ia5, true),
    ("mobile", "0.9.2342.19200300.100.1.41", Syntax::Telephone, false),
    ("preferredLanguage", "2.16.840.1.113730.3.1.39", Syntax::Text, true),
    ("displayName", "2.16.840.1.113730.3.1.241", Syntax::Text, true),
    ("ipPhone", "1.2.840.113556.1.4.721", Syntax::Text, true),
    ("subschemaSubentry", "2.5.18.10", Syntax::Name, true),
];

/// Classes as RFC 4519 and 2798 have them, with the attributes that there are here.
const CLASSES: [&str; 8] = [
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
    "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY telephoneNumber )",
    "( 2.5.6.7 NAME 'organizationalPerson' SUP person STRUCTURAL MAY ( title $ \
     facsimileTelephoneNumber $ street $ postalCode $ ou $ st $ l ) )",
    "( 2.16.840.1.113730.3.2.2 NAME 'inetOrgPerson' SUP organizationalPerson STRUCTURAL MAY ( \
     displayName $ givenName $ homePhone $ mail $ mobile $ o $ preferredLanguage $ uid $ c $ \
     ipPhone ) )",
    "( 2.5.6.5 NAME 'organizationalUnit' SUP top STRUCTURAL MUST ou )",
    "( 2.5.6.4 NAME 'organization' SUP top STRUCTURAL MUST o )",
    "( 1.3.6.1.4.1.1466.344 NAME 'dcObject' SUP top AUXILIARY MUST dc )",
    "( 2.5.20.1 NAME 'subschema' AUXILIARY MAY ( attributeTypes $ objectClasses ) )",
];

/// What values are.
#[derive(Clone, Copy)]
enum Syntax {
    Text,
    Ia5,
    Telephone,
    Oid,
    Name,
}

impl Syntax {
    /// How values are compared, and what they are.
    const fn definition(self) -> &'static str {
        match self {
            Self::Text => {
                "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch \
                 SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
            }
            Self::Ia5 => {
                "EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch \
                 SYNTAX 1.3.6.1.4.1.1466.115.121.1.26"
            }
            Self::Telephone => {
                "EQUALITY telephoneNumberMatch SUBSTR telephoneNumberSubstringsMatch \
                 SYNTAX 1.3.6.1.4.1.1466.115.121.1.50"
            }
            Self::Oid => "EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38",
            Self::Name => "EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12",
        }
    }
}

/// The attributes of the entry of the schema.
pub fn subschema() -> Vec<Attribute> {
    let attributes = ATTRIBUTES.map(|(name, id, syntax, is_single)| {
        let (definition, single) =
            (syntax.definition(), if is_single { " SINGLE-VALUE" } else { "" });
        let usage = if name == "subschemaSubentry" {
            " NO-USER-MODIFICATION USAGE directoryOperation"
        } else {
            ""
        };
        format!("( {id} NAME '{name}' {definition}{single}{usage} )")
    });
    vec![
        ("objectClass".to_owned(), vec!["top".to_owned(), "subschema".to_owned()]),
        ("cn".to_owned(), vec!["subschema".to_owned()]),
        ("attributeTypes".to_owned(), attributes.to_vec()),
        ("objectClasses".to_owned(), CLASSES.map(str::to_owned).to_vec()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::entry::{CLASSES as PEOPLE, CONTAINER_CLASSES, names_of_attributes};
    use super::*;

    #[test]
    fn all_that_entries_have_is_in_the_schema() {
        for name in names_of_attributes() {
            assert!(ATTRIBUTES.iter().any(|known| known.0 == name), "{name}");
        }
        for class in PEOPLE.iter().chain(&CONTAINER_CLASSES) {
            assert!(CLASSES.iter().any(|known| known.contains(&format!("'{class}'"))), "{class}");
        }
        // Classes name no attribute that there is not.
        for class in CLASSES {
            let parts = class.split_whitespace();
            let behind = parts.skip_while(|part| !["MUST", "MAY"].contains(part));
            for name in behind.filter(|part| part.chars().all(char::is_alphanumeric)) {
                let is_known = ATTRIBUTES.iter().any(|known| known.0 == name);
                let is_of_schema = ["MUST", "MAY", "attributeTypes", "objectClasses"];
                assert!(is_known || is_of_schema.contains(&name), "{name} of {class}");
            }
        }
    }
}
