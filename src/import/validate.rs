//! Mapped values to a checked draft; what does not fit becomes a located issue.
//!
//! A cell that cannot be read costs the cell, not the contact: it is left out with a warning. What
//! costs the row is a name that cannot be, an id of another system, a visibility, and a phone or
//! e-mail if the row has no other that can be read.

mod channel;
mod consent;
mod fact;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::cell::{self, Cell};
use super::issue::{IssueCode, RowIssue, Severity};
use super::map::{MappedRow, MappedValue};
use super::spreadsheet::{is_formula, restored_postal_code, without_decimals};
use super::target::{AddressPart, Content, Label, Target};
use crate::domain::access::{FieldRights, OrgSettings, Role};
use crate::domain::contact::{Address, ChannelId, Visibility};
use crate::domain::custom_field::{self, Definitions, Fitting};
use crate::domain::draft::{
    Draft, MAX_CUSTOM_TEXT, MAX_LIST_NAME, MAX_NOTES, MAX_TAG, MAX_TEXT, Patch,
};
use crate::domain::draft_json::check_text;
use crate::domain::guarded_csv::unguarded;
use crate::domain::ids::ContactId;
use crate::domain::name;
use crate::domain::place::Place;
use crate::domain::status::Status;
use crate::domain::text::{fold, one_line};

/// What is the same for all rows of an import.
#[derive(Clone, Debug)]
pub struct RowContext {
    /// The settings of the organisation.
    pub settings: OrgSettings,
    /// Country of national numbers in rows that name none.
    pub default_country: Option<String>,
    /// Tags for every row.
    pub tags: Vec<String>,
    /// Values of fields in rows that say nothing of them.
    pub defaults: Vec<(Target, String)>,
    /// The custom fields of the organisation.
    pub definitions: Arc<Definitions>,
    /// Which fields the importer sees.
    pub rights: FieldRights,
    /// What the importer is.
    pub role: Role,
    /// The day of the import.
    pub today: jiff::civil::Date,
}

/// A row that fits.
#[derive(Clone, Debug)]
pub struct ValidRow {
    /// The line of the file where the row begins.
    pub line: u64,
    /// The contact that the row names by its id.
    pub id: Option<ContactId>,
    /// The change.
    pub draft: Draft,
}

/// Checks a row. The draft is `None` if an issue keeps the row from being imported; warnings do
/// not.
pub fn validate(
    line: u64,
    row: &MappedRow<'_>,
    context: &RowContext,
) -> (Option<ValidRow>, Vec<RowIssue>) {
    let mut checker = Checker {
        line,
        context,
        issues: Vec::new(),
        country: None,
        id: None,
        unread_channels: Vec::new(),
    };
    let country =
        row.values.iter().find(|v| matches!(v.target, Target::Address(AddressPart::Country, _)));
    checker.country = country
        .and_then(|value| Place::Country.normal(value.value))
        .or_else(|| context.default_country.clone())
        .or_else(|| context.settings.default_country.clone());
    let draft = checker.draft(row);
    let is_rejected = checker.issues.iter().any(|issue| issue.severity == Severity::Error);
    let id = checker.id;
    (if is_rejected { None } else { Some(ValidRow { line, id, draft }) }, checker.issues)
}

struct Checker<'a> {
    line: u64,
    context: &'a RowContext,
    issues: Vec<RowIssue>,
    country: Option<String>,
    id: Option<ContactId>,
    /// Numbers and addresses that cannot be read.
    unread_channels: Vec<RowIssue>,
}

/// The parts of a row that are put together when all of its cells are read.
#[derive(Default)]
struct Parts<'a> {
    salutation: Option<Cow<'a, str>>,
    middle: Vec<&'a str>,
    notes: Vec<Cow<'a, str>>,
    addresses: Vec<((u32, Option<Label>), Address)>,
    custom: BTreeMap<String, Patch<Value>>,
    social: BTreeMap<String, Patch<String>>,
    channels: Vec<ChannelId>,
}

impl Checker<'_> {
    fn issue(
        &mut self,
        value: &MappedValue<'_>,
        code: IssueCode,
        reason: impl Into<String>,
        what: &str,
    ) {
        let issue = RowIssue::error(self.line, code, reason);
        self.issues.push(issue.at(value.header, value.value).suggest(what));
    }

    fn warn(
        &mut self,
        value: &MappedValue<'_>,
        code: IssueCode,
        reason: impl Into<String>,
        what: &str,
    ) {
        let issue = RowIssue::warning(self.line, code, reason);
        self.issues.push(issue.at(value.header, value.value).suggest(what));
    }

    fn draft(&mut self, row: &MappedRow<'_>) -> Draft {
        let mut draft = Draft::default();
        let mut parts = Parts::default();
        let texts: Vec<Cow<'_, str>> =
            row.values.iter().map(|value| unguarded(value.value)).collect();
        for (value, text) in row.values.iter().zip(&texts) {
            match cell::read(text, value.target, row, |text| self.is_choice(value, text)) {
                Cell::Empty => {}
                Cell::Damaged => self.warn(
                    value,
                    IssueCode::SpreadsheetDamage,
                    "is the error of a formula, or a column that was too narrow; the cell is left out",
                    "repair it in the spreadsheet and export the list again",
                ),
                Cell::Text(text) => {
                    // With a guard it is meant as it stands.
                    let is_bare = text == value.value.trim();
                    if !is_bare || !is_formula(text) || self.may_be_formula(value) {
                        self.value(value, text, &mut draft, &mut parts);
                    }
                }
            }
        }
        self.put_together(row, parts, &mut draft);
        consent::settle(&mut draft);
        if consent::is_unproven(&draft) {
            let reason = "the contact is imported as one that agreed to marketing, and the list does \
                          not say when and where";
            let issue = RowIssue::warning(self.line, IssueCode::ConsentUnproven, reason);
            let what = "map columns to consent_date and consent_source, or give defaults for them";
            self.issues.push(issue.suggest(what));
        }
        if let (Some(provider), true) =
            (row.external_provider, draft.external_crm_provider.is_keep())
        {
            draft.external_crm_provider = Patch::Set(provider.to_owned());
        }
        draft.add_tags.extend(self.context.tags.iter().cloned());
        let is_rejected = self.issues.iter().any(|issue| issue.severity == Severity::Error);
        if !is_rejected && self.id.is_none() && !has_identity(&draft) {
            self.issues.push(
                RowIssue::error(
                    self.line,
                    IssueCode::ContactEmpty,
                    "the row has no name, company, phone or e-mail",
                )
                .suggest(
                    "fill in at least one of them, or check which columns go where with `map`",
                ),
            );
        }
        draft
    }

    /// Names a cell that holds a formula in the place of its result; whether it is imported all the
    /// same. Nobody is called so.
    fn may_be_formula(&mut self, value: &MappedValue<'_>) -> bool {
        let what =
            "replace formulas by their results in the spreadsheet, and export the list again";
        let code = IssueCode::SpreadsheetDamage;
        let target = value.target;
        if matches!(
            target,
            Target::Name | Target::FirstName | Target::MiddleName | Target::LastName
        ) {
            self.issue(value, code, "is a formula in the place of a name", what);
            return false;
        }
        // They say themselves that they cannot be read.
        if !matches!(target, Target::Phone(_) | Target::Phones | Target::Email(_) | Target::Emails)
        {
            let reason = "is a formula and not its result; it is imported as it stands";
            self.warn(value, code, reason, what);
        }
        true
    }

    /// Whether a text is an option of its custom field.
    fn is_choice(&self, value: &MappedValue<'_>, text: &str) -> bool {
        let Target::Custom(key) = value.target else { return false };
        let definition = self.context.definitions.get(&fold(key));
        definition.is_some_and(|definition| definition.option(text).is_some())
    }

    fn value<'a>(
        &mut self,
        value: &MappedValue<'_>,
        text: &'a str,
        draft: &mut Draft,
        parts: &mut Parts<'a>,
    ) {
        match value.target.content() {
            Content::Id => match text.parse() {
                Ok(id) => self.id = Some(ContactId(id)),
                Err(_) => self.warn(
                    value,
                    IssueCode::ValueUnknown,
                    "is not the id of a contact; the cell is left out",
                    "leave the ids of an export as they are",
                ),
            },
            Content::Salutation if name::is_form_of_address(text) => {
                parts.salutation = Some(Cow::Borrowed(text));
            }
            Content::Salutation => self.warn(
                value,
                IssueCode::ValueUnknown,
                "is not a form of address or a title; the cell is left out",
                "write Mr., Mrs., Dr. or the like, or map the column to another field",
            ),
            // Some lists call it title how somebody is addressed.
            Content::Text(_) if *value.target == Target::Title && name::is_salutation(text) => {
                parts.salutation.get_or_insert(Cow::Borrowed(text));
            }
            Content::LastName => self.last_name(value, text, draft),
            Content::MiddleName => parts.middle.push(text),
            Content::Phones => self.phone(value, text, draft),
            Content::Emails => self.email(value, text, draft),
            Content::Address(part, label) => {
                if let Some(text) = self.text(value, text, MAX_TEXT) {
                    let key = (value.group, label);
                    self.address(value, part, key, text.into_owned(), &mut parts.addresses);
                }
            }
            Content::Birthday => self.birthday(value, text, draft),
            Content::List => {
                draft.lists.extend(self.text(value, text, MAX_LIST_NAME).map(Cow::into_owned));
            }
            Content::Tags => {
                draft.add_tags.extend(self.text(value, text, MAX_TAG).map(Cow::into_owned));
            }
            Content::Notes => parts.notes.extend(self.text(value, text, MAX_NOTES)),
            Content::Status => self.status(value, text, draft),
            Content::Consent => self.consent(value, text, draft),
            Content::Visibility => self.visibility(value, text, draft),
            Content::ConsentPart(part) => self.consent_part(value, part, text, draft),
            Content::Social(network) => {
                if let Some(text) = self.text(value, text, MAX_TEXT) {
                    let slot = parts.social.entry(network.to_owned()).or_default();
                    self.set(value, slot, text.into_owned());
                }
            }
            Content::Channel(channel) => {
                if let Some(text) = self.text(value, text, MAX_TEXT) {
                    let (channel, identifier) = (channel.to_owned(), text.into_owned());
                    parts.channels.push(ChannelId { channel, identifier });
                }
            }
            Content::Custom(key) => self.custom_value(value, key, text, &mut parts.custom),
            Content::Text(slot) => self.put_text(value, text, slot(draft)),
            Content::Place(place, slot) => {
                if let Some(text) = self.text(value, text, MAX_TEXT)
                    && let Some(text) = self.place(value, place, text.into_owned())
                {
                    self.set(value, slot(draft), text);
                }
            }
            Content::Nothing => {}
        }
    }

    fn status(&mut self, value: &MappedValue<'_>, text: &str, draft: &mut Draft) {
        match Status::parse(text) {
            Some(status) if draft.status.value().is_none_or(|known| *known == status) => {
                draft.status = Patch::Set(status);
            }
            Some(_) => self.left_behind(value),
            None => {
                let all = Status::ALL.map(Status::as_str).join(", ");
                let what = format!("use one of {all}");
                self.warn(
                    value,
                    IssueCode::ValueUnknown,
                    "is not a status; the cell is left out",
                    &what,
                );
            }
        }
    }

    fn visibility(&mut self, value: &MappedValue<'_>, text: &str, draft: &mut Draft) {
        match Visibility::parse(text) {
            Some(visibility)
                if draft.visibility.value().is_none_or(|known| *known == visibility) =>
            {
                draft.visibility = Patch::Set(visibility);
            }
            Some(_) => self.left_behind(value),
            None => self.issue(
                value,
                IssueCode::ValueUnknown,
                "is not a visibility",
                "use all, queue or owner",
            ),
        }
    }

    fn custom_value(
        &mut self,
        value: &MappedValue<'_>,
        key: &str,
        text: &str,
        custom: &mut BTreeMap<String, Patch<Value>>,
    ) {
        let Some(text) = self.text(value, text, MAX_CUSTOM_TEXT) else { return };
        let fitting = self.custom(value, key, &text);
        match (fitting, custom.get(key).and_then(Patch::value)) {
            (Some(fitting), None) => {
                custom.insert(key.to_owned(), Patch::Set(fitting));
            }
            (Some(fitting), Some(known)) if fitting != *known => self.left_behind(value),
            _ => {}
        }
    }

    fn put_text(&mut self, value: &MappedValue<'_>, text: &str, slot: &mut Patch<String>) {
        let text = if *value.target == Target::ExternalCrmId {
            without_decimals(text).unwrap_or(text)
        } else {
            text
        };
        if let Some(text) = self.text(value, text, MAX_TEXT) {
            self.set(value, slot, text.into_owned());
        }
    }

    /// Sets a field of one value. Where several columns go to it the first one that says something
    /// counts, and what another one says is named.
    fn set(&mut self, value: &MappedValue<'_>, slot: &mut Patch<String>, given: String) {
        match slot.value() {
            Some(known) if *known != given => self.left_behind(value),
            Some(_) => {}
            None => *slot = Patch::Set(given),
        }
    }

    fn left_behind(&mut self, value: &MappedValue<'_>) {
        self.warn(
            value,
            IssueCode::ValueLeftOut,
            format!("another column already fills {}; this cell is left out", value.target),
            "send one of the columns to another field, for example to notes or cf.KEY",
        );
    }

    /// A last name; a suffix that was written behind it is told from it.
    fn last_name(&mut self, value: &MappedValue<'_>, text: &str, draft: &mut Draft) {
        let (last, suffix) = name::split_suffix(text, 1);
        self.put_text(value, last, &mut draft.last_name);
        if let (Some(suffix), true) = (suffix, draft.suffix.is_keep()) {
            draft.suffix = Patch::Set(suffix);
        }
    }

    fn address(
        &mut self,
        value: &MappedValue<'_>,
        part: AddressPart,
        key: (u32, Option<Label>),
        mut text: String,
        addresses: &mut Vec<((u32, Option<Label>), Address)>,
    ) {
        if part == AddressPart::PostalCode {
            let digits =
                text.strip_suffix(".0").filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
            let plain = digits.unwrap_or(&text);
            let restored = self
                .country
                .as_deref()
                .and_then(|country| restored_postal_code(plain, country))
                .or_else(|| digits.map(str::to_owned));
            if let Some(restored) = restored {
                self.warn(
                    value,
                    IssueCode::ValueRepaired,
                    format!("a spreadsheet changed the postal code; it is imported as {restored}"),
                    "format the column as text before you export it",
                );
                text = restored;
            }
        }
        if part == AddressPart::Country {
            match self.place(value, Place::Country, text) {
                Some(country) => text = country,
                None => return,
            }
        }
        let at = addresses.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            let label = key.1.map(|label| label.as_str().to_owned());
            addresses.push((key, Address { label, ..Address::default() }));
            addresses.len() - 1
        });
        if !put_part(&mut addresses[at].1, part, text) {
            self.left_behind(value);
        }
    }

    /// A country, language or time zone in its normal form. What is none is named, and left out where
    /// the organisation keeps only what is known.
    fn place(&mut self, value: &MappedValue<'_>, place: Place, text: String) -> Option<String> {
        if let Some(normal) = place.normal(&text) {
            return Some(normal);
        }
        let is_kept = !self.context.settings.strict_places;
        let fate = if is_kept { "it is imported as it is" } else { "the cell is left out" };
        let reason = format!("{}; {fate}", place.complaint());
        self.warn(value, IssueCode::ValueUnknown, reason, place.advice());
        is_kept.then_some(text)
    }

    fn put_together(&mut self, row: &MappedRow<'_>, parts: Parts<'_>, draft: &mut Draft) {
        let Parts { salutation, middle, notes, mut addresses, custom, social, channels } = parts;
        if !social.is_empty() {
            draft.social_profiles = Patch::Set(social);
        }
        if !channels.is_empty() {
            draft.channels = Patch::Set(channels);
        }
        if !middle.is_empty() {
            let first = draft.first_name.value().cloned().unwrap_or_default();
            draft.first_name =
                Patch::Set(format!("{first} {}", middle.join(" ")).trim().to_owned());
        }
        if let Some(salutation) = salutation {
            address_as(draft, &salutation);
        }
        if !notes.is_empty() {
            draft.notes = Patch::Set(notes.join("\n"));
        }
        // A country alone is no address, but it says where the person is.
        if let Some(country) = addresses
            .iter()
            .find_map(|(_, address)| Place::Country.normal(address.country.as_deref()?))
        {
            draft.country = Patch::Set(country);
        }
        addresses.retain(|(_, a)| {
            let country = a.country.as_deref();
            let is_known = country.is_some_and(|text| Place::Country.normal(text).is_some());
            !is_known
                || [&a.street, &a.city, &a.region, &a.postal_code].iter().any(|part| part.is_some())
        });
        if !addresses.is_empty() {
            draft.addresses =
                Patch::Set(addresses.into_iter().map(|(_, address)| address).collect());
        }
        if !custom.is_empty() {
            draft.custom_fields = Patch::Set(custom);
            self.fit(row, draft);
        }
        // A number or address that cannot be read costs the row only if it has no other.
        let is_reached = !draft.add_phones.is_empty() || !draft.add_emails.is_empty();
        for mut issue in std::mem::take(&mut self.unread_channels) {
            if is_reached && issue.code != IssueCode::SpreadsheetDamage {
                issue.severity = Severity::Warning;
                issue.reason.push_str("; the cell is left out");
            }
            self.issues.push(issue);
        }
    }

    /// A text that its field takes, in one line if it is a short one; a name or an id that it does
    /// not take costs the row.
    fn text<'b>(
        &mut self,
        value: &MappedValue<'_>,
        text: &'b str,
        most: usize,
    ) -> Option<Cow<'b, str>> {
        let text = if most <= MAX_TEXT { one_line(text) } else { Cow::Borrowed(text) };
        let Some(issue) = check_text("", &text, most) else { return Some(text) };
        let what = "shorten the cell or remove the character";
        if matches!(
            value.target,
            Target::Name
                | Target::FirstName
                | Target::MiddleName
                | Target::LastName
                | Target::ExternalCrmId
                | Target::ExternalCrmProvider
                | Target::AssignedTo
                | Target::AssignedQueue
        ) {
            self.issue(value, IssueCode::TextInvalid, issue.detail, what);
        } else {
            let reason = format!("{}; the cell is left out", issue.detail);
            self.warn(value, IssueCode::TextInvalid, reason, what);
        }
        None
    }

    /// Makes the custom fields fit their definitions.
    fn fit(&mut self, row: &MappedRow<'_>, draft: &mut Draft) {
        let context = self.context;
        let fitting = Fitting {
            rights: &context.rights,
            role: context.role,
            adhoc: context.settings.adhoc_custom_fields,
            names_used: false,
        };
        let issues = context.definitions.fit(&mut draft.custom_fields, fitting);
        draft.fields_fitted = Some(context.definitions.generation());
        for issue in issues {
            let is_about = |value: &&MappedValue<'_>| matches!(value.target, Target::Custom(key) if custom_field::pointer(key) == issue.pointer);
            let Some(value) = row.values.iter().rfind(is_about) else { continue };
            match issue.code {
                "field_hidden" => self.issue(
                    value,
                    IssueCode::NotAllowed,
                    issue.detail,
                    "leave the column out, or ask an admin",
                ),
                // The field itself is the trouble, so every row has it.
                "key" | "unknown_field" | "too_many_fields" | "field_deleting"
                | "field_archived" | "required" => self.issue(
                    value,
                    IssueCode::CustomFieldInvalid,
                    issue.detail,
                    "correct the cell, or clear it",
                ),
                _ => {
                    let reason = format!("{}; the cell is left out", issue.detail);
                    self.warn(
                        value,
                        IssueCode::CustomFieldInvalid,
                        reason,
                        "correct the cell, or clear it",
                    );
                }
            }
        }
    }
}

/// Adds to a part of an address; `false` where there can be only one, and another one is there.
fn put_part(address: &mut Address, part: AddressPart, text: String) -> bool {
    let slot = match part {
        AddressPart::Street => &mut address.street,
        AddressPart::City => &mut address.city,
        AddressPart::Region => &mut address.region,
        AddressPart::PostalCode => &mut address.postal_code,
        AddressPart::Country => &mut address.country,
    };
    match slot {
        Some(known) if *known == text => {}
        Some(_) if !part.is_joined() => return false,
        Some(known) => {
            known.push_str(", ");
            known.push_str(&text);
        }
        None => *slot = Some(text),
    }
    true
}

/// Puts in front of a name how the person is addressed, as it is shown where somebody typed it.
fn address_as(draft: &mut Draft, salutation: &str) {
    let part = |slot: &Patch<String>| slot.value().cloned();
    let (first, last, suffix) =
        (part(&draft.first_name), part(&draft.last_name), part(&draft.suffix));
    let joined = || name::join(first.as_deref(), last.as_deref(), suffix.as_deref());
    let Some(shown) = part(&draft.display_name).or_else(joined) else { return };
    if name::split(&shown).title.is_none() {
        let addressed = Patch::Set(format!("{salutation} {shown}"));
        draft.unaddressed_name = Some(std::mem::replace(&mut draft.display_name, addressed));
    }
}

fn has_identity(draft: &Draft) -> bool {
    [&draft.display_name, &draft.first_name, &draft.last_name, &draft.company]
        .iter()
        .any(|text| text.value().is_some())
        || !draft.add_phones.is_empty()
        || !draft.add_emails.is_empty()
}
