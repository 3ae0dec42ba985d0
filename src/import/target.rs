//! The fields of a contact that a column can go to, and their names on the command line.
//!
//! The names are part of the outside contract: `--map "COLUMN=field"`, templates and previews use
//! the same. Which header means which field is in [`super::header`].

use std::fmt;
use std::str::FromStr;

use super::Error;
use crate::domain::draft::{Draft, Patch};
use crate::domain::place::Place;

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
    /// Whether what several columns say of it stands side by side.
    pub(super) fn is_joined(self) -> bool {
        matches!(self, Self::Street | Self::City | Self::Region)
    }
}

/// A part of what a contact agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ConsentPart {
    Status,
    Type,
    Date,
    Source,
    Basis,
}

/// Where the cells of a column go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are those of a contact")]
pub enum Target {
    /// The id of a contact of ours, as exports have it.
    Id,
    /// The whole name, to be taken apart.
    Name,
    /// How the person is addressed: `Mrs.`, `Herr Dr.`.
    Salutation,
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
    /// Consent to marketing, with what is known of it.
    Consent(ConsentPart),
    /// The address of a profile on a network of this name.
    Social(&'static str),
    /// What the person is called on a channel of this name.
    Channel(&'static str),
    /// The custom field with this key.
    Custom(String),
    Ignore,
}

/// The fields with their names, but for `cf.KEY`, in the order in which they are shown.
static FIELDS: [(&str, Target); 50] = [
    ("id", Target::Id),
    ("name", Target::Name),
    ("salutation", Target::Salutation),
    ("first_name", Target::FirstName),
    ("middle_name", Target::MiddleName),
    ("last_name", Target::LastName),
    ("suffix", Target::Suffix),
    ("phone", Target::Phone(None)),
    ("mobile", Target::Phone(Some(Label::Mobile))),
    ("phones", Target::Phones),
    ("email", Target::Email(None)),
    ("emails", Target::Emails),
    ("company", Target::Company),
    ("title", Target::Title),
    ("department", Target::Department),
    ("role", Target::Role),
    ("street", Target::Address(AddressPart::Street, None)),
    ("city", Target::Address(AddressPart::City, None)),
    ("region", Target::Address(AddressPart::Region, None)),
    ("postal_code", Target::Address(AddressPart::PostalCode, None)),
    ("country", Target::Address(AddressPart::Country, None)),
    ("birthday", Target::Birthday),
    ("tags", Target::Tags),
    ("notes", Target::Notes),
    ("status", Target::Status),
    ("do_not_contact", Target::DoNotContact),
    ("may_contact", Target::MayContact),
    ("opt_in", Target::OptIn),
    ("opt_out", Target::OptOut),
    ("email_opt_out", Target::EmailOptOut),
    ("source", Target::Source),
    ("external_crm_id", Target::ExternalCrmId),
    ("external_crm_provider", Target::ExternalCrmProvider),
    ("language", Target::Language),
    ("timezone", Target::Timezone),
    ("preferred_channel", Target::PreferredChannel),
    ("assigned_to", Target::AssignedTo),
    ("visibility", Target::Visibility),
    ("assigned_queue", Target::AssignedQueue),
    ("list", Target::List),
    ("consent_status", Target::Consent(ConsentPart::Status)),
    ("consent_type", Target::Consent(ConsentPart::Type)),
    ("consent_date", Target::Consent(ConsentPart::Date)),
    ("consent_source", Target::Consent(ConsentPart::Source)),
    ("gdpr_basis", Target::Consent(ConsentPart::Basis)),
    ("linkedin", Target::Social("linkedin")),
    ("twitter", Target::Social("twitter")),
    ("facebook", Target::Social("facebook")),
    ("whatsapp", Target::Channel("whatsapp")),
    ("ignore", Target::Ignore),
];

/// The names of the fields, but for `cf.KEY` and for `ignore`, which is none.
pub(super) fn field_names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(|(_, target)| *target != Target::Ignore).map(|(name, _)| *name)
}

/// What the cells of a field hold, and where that goes.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    /// The id of a contact.
    Id,
    /// A short text for one member.
    Text(Slot),
    /// A language or time zone for one member.
    Place(Place, Slot),
    Salutation,
    LastName,
    MiddleName,
    Phones,
    Emails,
    Address(AddressPart, Option<Label>),
    Birthday,
    Tags,
    /// The name of a list.
    List,
    Notes,
    Status,
    /// Consent, or its refusal.
    Consent,
    Visibility,
    /// A part of what was agreed to.
    ConsentPart(ConsentPart),
    /// A profile on a network.
    Social(&'static str),
    /// A name on a channel.
    Channel(&'static str),
    /// A value of the custom field with this key.
    Custom(&'a str),
    Nothing,
}

/// Leads to a member of a draft.
pub(super) type Slot = fn(&mut Draft) -> &mut Patch<String>;

impl Target {
    fn from_name(name: &str) -> Option<Self> {
        FIELDS.iter().find(|(known, _)| *known == name).map(|(_, target)| target.clone())
    }

    /// What its cells hold: the one list of fields that mapping, checking and reading go by.
    pub(super) fn content(&self) -> Content<'_> {
        match self {
            Self::Id => Content::Id,
            Self::Name => Content::Text(|draft| &mut draft.display_name),
            Self::Salutation => Content::Salutation,
            Self::FirstName => Content::Text(|draft| &mut draft.first_name),
            Self::MiddleName => Content::MiddleName,
            Self::LastName => Content::LastName,
            Self::Suffix => Content::Text(|draft| &mut draft.suffix),
            Self::Phone(_) | Self::Phones => Content::Phones,
            Self::Email(_) | Self::Emails => Content::Emails,
            Self::Company => Content::Text(|draft| &mut draft.company),
            Self::Title => Content::Text(|draft| &mut draft.title),
            Self::Department => Content::Text(|draft| &mut draft.department),
            Self::Role => Content::Text(|draft| &mut draft.role),
            Self::Address(part, label) => Content::Address(*part, *label),
            Self::Birthday => Content::Birthday,
            Self::Tags => Content::Tags,
            Self::Notes => Content::Notes,
            Self::Status => Content::Status,
            Self::DoNotContact
            | Self::MayContact
            | Self::OptIn
            | Self::OptOut
            | Self::EmailOptOut => Content::Consent,
            Self::Source => Content::Text(|draft| &mut draft.source),
            Self::ExternalCrmId => Content::Text(|draft| &mut draft.external_crm_id),
            Self::ExternalCrmProvider => Content::Text(|draft| &mut draft.external_crm_provider),
            Self::Language => Content::Place(Place::Language, |draft| &mut draft.language),
            Self::Timezone => Content::Place(Place::Timezone, |draft| &mut draft.timezone),
            Self::PreferredChannel => Content::Text(|draft| &mut draft.preferred_channel),
            Self::AssignedTo => Content::Text(|draft| &mut draft.assigned_to),
            Self::Visibility => Content::Visibility,
            Self::AssignedQueue => Content::Text(|draft| &mut draft.assigned_queue),
            Self::List => Content::List,
            Self::Consent(part) => Content::ConsentPart(*part),
            Self::Social(network) => Content::Social(network),
            Self::Channel(channel) => Content::Channel(channel),
            Self::Custom(key) => Content::Custom(key),
            Self::Ignore => Content::Nothing,
        }
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
                | Self::Channel(_)
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
        if let Self::Custom(key) = self {
            return write!(f, "cf.{key}");
        }
        let named = |target: &Self| FIELDS.iter().find(|(_, known)| known == target);
        if let Some((name, _)) = named(self) {
            return f.write_str(name);
        }
        let plain = if let Self::Address(part, _) = self {
            Self::Address(*part, None)
        } else if let Self::Email(_) = self {
            Self::Email(None)
        } else {
            Self::Phone(None)
        };
        let name = named(&plain).map_or("", |(name, _)| *name);
        write!(f, "{name}.{}", self.label().map_or("", Label::as_str))
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
            hint: did_you_mean(&name, FIELDS.iter().map(|(name, _)| *name)),
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

/// A default: the field and its value.
///
/// # Errors
/// If there is no such field, or every row has a value of its own there.
pub fn default_for(field: &str, value: &str) -> Result<(Target, String), Error> {
    let target: Target = field.parse()?;
    let is_own = matches!(
        target,
        Target::Id
            | Target::Name
            | Target::FirstName
            | Target::MiddleName
            | Target::LastName
            | Target::Phone(_)
            | Target::Phones
            | Target::Email(_)
            | Target::Emails
            | Target::ExternalCrmId
            | Target::Ignore
    );
    if is_own {
        return Err(Error::NoDefault { field: target.to_string() });
    }
    Ok((target, value.trim().to_owned()))
}

/// Reads `field=value`.
///
/// # Errors
/// As [`default_for`].
pub fn parse_default(text: &str) -> Result<(Target, String), Error> {
    let (field, value) =
        text.split_once('=').ok_or_else(|| Error::Mapping { text: text.to_owned() })?;
    default_for(field, value)
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
        for name in FIELDS.iter().map(|(name, _)| *name).chain([
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
