//! The fields of a contact that a column can go to, and their names on the command line.
//!
//! The names are part of the outside contract: `--map "COLUMN=field"`, templates and previews use
//! the same. Which header means which field is in [`super::header`].

use std::fmt;
use std::str::FromStr;

use super::Error;

/// What kind of number or address a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Label {
    Mobile,
    Work,
    Home,
    Main,
    Fax,
    Pager,
    Assistant,
    Other,
}

impl Label {
    const ALL: [Self; 8] = [
        Self::Mobile,
        Self::Work,
        Self::Home,
        Self::Main,
        Self::Fax,
        Self::Pager,
        Self::Assistant,
        Self::Other,
    ];

    /// The label as it is stored with a contact.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Work => "work",
            Self::Home => "home",
            Self::Main => "main",
            Self::Fax => "fax",
            Self::Pager => "pager",
            Self::Assistant => "assistant",
            Self::Other => "other",
        }
    }

    /// The label that a word in a file means; `None` for a word of the user's own.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match super::header::squeeze(word).as_str() {
            "mobile" | "cell" | "cellular" | "handy" | "portable" | "movil" => Self::Mobile,
            "work" | "business" | "office" | "arbeit" | "geschaftlich" | "travail" => Self::Work,
            "home" | "private" | "personal" | "privat" | "domicile" | "casa" => Self::Home,
            "main" | "primary" | "internet" | "zentrale" => Self::Main,
            "fax" | "workfax" | "homefax" | "businessfax" => Self::Fax,
            "pager" => Self::Pager,
            "assistant" => Self::Assistant,
            "other" | "andere" | "autre" | "otro" => Self::Other,
            _ => return None,
        })
    }
}

/// A part of a postal address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum AddressPart {
    Street,
    City,
    Region,
    PostalCode,
    Country,
}

impl AddressPart {
    fn as_str(self) -> &'static str {
        match self {
            Self::Street => "street",
            Self::City => "city",
            Self::Region => "region",
            Self::PostalCode => "postal_code",
            Self::Country => "country",
        }
    }
}

/// Where the cells of a column go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are those of a contact")]
pub enum Target {
    /// The id of a contact of ours, as exports have it.
    Id,
    /// The whole name, to be taken apart.
    Name,
    FirstName,
    /// Further given names, to be added to the first.
    MiddleName,
    LastName,
    /// What follows the last name: `Jr.`, `III`, `PhD`.
    Suffix,
    /// Telephone numbers, usually one.
    Phone(Option<Label>),
    /// Several telephone numbers in a cell.
    Phones,
    /// E-mail addresses, usually one.
    Email(Option<Label>),
    /// Several e-mail addresses in a cell.
    Emails,
    Company,
    Title,
    Department,
    Role,
    /// A part of an address; the parts of one address have the same label and group.
    Address(AddressPart, Option<Label>),
    Birthday,
    Tags,
    Notes,
    Status,
    /// Whether the person may not be called or written to.
    DoNotContact,
    /// Whether the person may be called: the opposite of [`Target::DoNotContact`].
    MayContact,
    /// Whether the person agreed to marketing.
    OptIn,
    /// Whether the person refused marketing: the opposite of [`Target::OptIn`].
    OptOut,
    /// Whether the person does not want e-mails.
    EmailOptOut,
    Source,
    ExternalCrmId,
    ExternalCrmProvider,
    Language,
    Timezone,
    PreferredChannel,
    AssignedTo,
    Visibility,
    AssignedQueue,
    /// The name of a list that the contact joins.
    List,
    /// The custom field with this key.
    Custom(String),
    Ignore,
}

/// The names of the fields, but for `cf.KEY`, in the order in which they are shown.
pub const FIELDS: [&str; 39] = [
    "id",
    "name",
    "first_name",
    "middle_name",
    "last_name",
    "suffix",
    "phone",
    "mobile",
    "phones",
    "email",
    "emails",
    "company",
    "title",
    "department",
    "role",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "birthday",
    "tags",
    "notes",
    "status",
    "do_not_contact",
    "may_contact",
    "opt_in",
    "opt_out",
    "email_opt_out",
    "source",
    "external_crm_id",
    "external_crm_provider",
    "language",
    "timezone",
    "preferred_channel",
    "assigned_to",
    "visibility",
    "assigned_queue",
    "list",
];

impl Target {
    fn from_name(name: &str) -> Option<Self> {
        use AddressPart as Part;
        Some(match name {
            "id" => Self::Id,
            "name" => Self::Name,
            "first_name" => Self::FirstName,
            "middle_name" => Self::MiddleName,
            "last_name" => Self::LastName,
            "suffix" => Self::Suffix,
            "phone" => Self::Phone(None),
            "mobile" => Self::Phone(Some(Label::Mobile)),
            "phones" => Self::Phones,
            "email" => Self::Email(None),
            "emails" => Self::Emails,
            "company" => Self::Company,
            "title" => Self::Title,
            "department" => Self::Department,
            "role" => Self::Role,
            "street" => Self::Address(Part::Street, None),
            "city" => Self::Address(Part::City, None),
            "region" => Self::Address(Part::Region, None),
            "postal_code" => Self::Address(Part::PostalCode, None),
            "country" => Self::Address(Part::Country, None),
            "birthday" => Self::Birthday,
            "tags" => Self::Tags,
            "notes" => Self::Notes,
            "status" => Self::Status,
            "do_not_contact" => Self::DoNotContact,
            "may_contact" => Self::MayContact,
            "opt_in" => Self::OptIn,
            "opt_out" => Self::OptOut,
            "email_opt_out" => Self::EmailOptOut,
            "source" => Self::Source,
            "external_crm_id" => Self::ExternalCrmId,
            "external_crm_provider" => Self::ExternalCrmProvider,
            "language" => Self::Language,
            "timezone" => Self::Timezone,
            "preferred_channel" => Self::PreferredChannel,
            "assigned_to" => Self::AssignedTo,
            "visibility" => Self::Visibility,
            "assigned_queue" => Self::AssignedQueue,
            "list" => Self::List,
            "ignore" => Self::Ignore,
            _ => return None,
        })
    }

    /// The same field with a label, where the field has labels.
    fn labelled(self, label: Label) -> Option<Self> {
        if self == Self::Phone(None) {
            Some(Self::Phone(Some(label)))
        } else if self == Self::Email(None) {
            Some(Self::Email(Some(label)))
        } else if let Self::Address(part, None) = self {
            Some(Self::Address(part, Some(label)))
        } else {
            None
        }
    }

    /// Whether a contact has one value of this field, so that of two columns one is left out.
    pub fn is_single(&self) -> bool {
        !matches!(
            self,
            Self::MiddleName
                | Self::Phone(_)
                | Self::Phones
                | Self::Email(_)
                | Self::Emails
                | Self::Address(..)
                | Self::Tags
                | Self::Notes
                | Self::DoNotContact
                | Self::MayContact
                | Self::OptIn
                | Self::OptOut
                | Self::EmailOptOut
                | Self::List
                | Self::Ignore
        )
    }

    /// The label that every value of the column has.
    pub fn label(&self) -> Option<Label> {
        if let Self::Phone(label) | Self::Email(label) | Self::Address(_, label) = self {
            *label
        } else {
            None
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = |f: &mut fmt::Formatter<'_>, name: &str, label: Option<Label>| match label {
            Some(label) => write!(f, "{name}.{}", label.as_str()),
            None => f.write_str(name),
        };
        f.write_str(match self {
            Self::Phone(Some(Label::Mobile)) => "mobile",
            Self::Phone(label) => return with(f, "phone", *label),
            Self::Email(label) => return with(f, "email", *label),
            Self::Address(part, label) => return with(f, part.as_str(), *label),
            Self::Custom(key) => return write!(f, "cf.{key}"),
            Self::Id => "id",
            Self::Name => "name",
            Self::FirstName => "first_name",
            Self::MiddleName => "middle_name",
            Self::LastName => "last_name",
            Self::Suffix => "suffix",
            Self::Phones => "phones",
            Self::Emails => "emails",
            Self::Company => "company",
            Self::Title => "title",
            Self::Department => "department",
            Self::Role => "role",
            Self::Birthday => "birthday",
            Self::Tags => "tags",
            Self::Notes => "notes",
            Self::Status => "status",
            Self::DoNotContact => "do_not_contact",
            Self::MayContact => "may_contact",
            Self::OptIn => "opt_in",
            Self::OptOut => "opt_out",
            Self::EmailOptOut => "email_opt_out",
            Self::Source => "source",
            Self::ExternalCrmId => "external_crm_id",
            Self::ExternalCrmProvider => "external_crm_provider",
            Self::Language => "language",
            Self::Timezone => "timezone",
            Self::PreferredChannel => "preferred_channel",
            Self::AssignedTo => "assigned_to",
            Self::Visibility => "visibility",
            Self::AssignedQueue => "assigned_queue",
            Self::List => "list",
            Self::Ignore => "ignore",
        })
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Reads a field name: `phone`, `phone.work`, `cf.industry`; letter case does not matter, but
    /// for the key of a custom field.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if let Some(key) = custom_key(text) {
            return Ok(Self::Custom(key.to_owned()));
        }
        let name = text.to_lowercase().replace([' ', '-'], "_");
        if let Some(target) = Self::from_name(&name) {
            return Ok(target);
        }
        let labelled = name.split_once(['.', ':']).and_then(|(field, label)| {
            let label = Label::ALL.into_iter().find(|known| known.as_str() == label)?;
            Self::from_name(field)?.labelled(label)
        });
        labelled.ok_or_else(|| Error::UnknownField {
            name: text.to_owned(),
            hint: did_you_mean(&name, FIELDS.into_iter().chain(["ignore"])),
        })
    }
}

/// The key of a custom field in `cf.KEY`.
pub(super) fn custom_key(text: &str) -> Option<&str> {
    let (prefix, key) = (text.get(..3)?, text.get(3..)?.trim());
    (prefix.eq_ignore_ascii_case("cf.") && !key.is_empty()).then_some(key)
}

/// Reads `COLUMN=field`; the name of the column may itself contain `=`.
pub fn parse_mapping(text: &str) -> Result<(String, Target), Error> {
    let (column, field) =
        text.rsplit_once('=').ok_or_else(|| Error::Mapping { text: text.to_owned() })?;
    if column.trim().is_empty() {
        return Err(Error::Mapping { text: text.to_owned() });
    }
    Ok((column.trim().to_owned(), field.parse()?))
}

/// `, did you mean "x"?` for the nearest of the names; empty when none is near.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|one| (distance(name, one), one)).min();
    match near {
        Some((steps, one)) if steps <= 1 + name.chars().count() / 4 => {
            format!(", did you mean \"{one}\"?")
        }
        _ => String::new(),
    }
}

/// How many letters must be put in, taken out, replaced or swapped with the next.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=right.len()).collect();
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let differs = usize::from(left[i - 1] != right[j - 1]);
            let mut best =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_name_comes_back() {
        for name in FIELDS.into_iter().chain([
            "ignore",
            "cf.account_value",
            "phone.work",
            "email.home",
            "street.work",
            "country.other",
        ]) {
            assert_eq!(name.parse::<Target>().expect(name).to_string(), name);
        }
        assert_eq!(" First-Name ".parse::<Target>().expect("known"), Target::FirstName);
        assert_eq!("CF.Key".parse::<Target>().expect("custom"), Target::Custom("Key".to_owned()));
        assert_eq!("phone:mobile".parse::<Target>().expect("known").to_string(), "mobile");
    }

    #[test]
    fn unknown_fields_are_refused_with_a_hint() {
        for (name, part) in [
            ("frist_name", "did you mean \"first_name\"?"),
            ("telphone", "phone"),
            ("zzz", "first_name"),
            ("cf.", "unknown field"),
            ("company.work", "unknown field"),
            ("", "unknown field"),
        ] {
            let error = name.parse::<Target>().expect_err(name).to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn mappings_are_parsed() {
        let (column, target) = parse_mapping("a=b = phone").expect("a mapping");
        assert_eq!((column.as_str(), target), ("a=b", Target::Phone(None)));
        assert!(parse_mapping("phone").is_err());
        assert!(parse_mapping("=phone").is_err());
        assert!(parse_mapping("Phone=fone").is_err());
    }
}
