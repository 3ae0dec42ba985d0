//! Mapped values to a checked draft; what does not fit becomes a located issue.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::date;
use super::issue::{IssueCode, RowIssue};
use super::map::{MappedRow, MappedValue};
use super::region;
use super::spreadsheet::unguarded;
use super::target::{AddressPart, Label, Target};
use crate::domain::access::{FieldRights, OrgSettings, Role};
use crate::domain::contact::{Address, Email, Visibility};
use crate::domain::custom_field::{self, CustomType, Definitions, Fitting};
use crate::domain::draft::{Draft, Patch};
use crate::domain::draft_json::check_text;
use crate::domain::email;
use crate::domain::phone::{self, PhoneError};
use crate::domain::status::Status;
use crate::domain::text::fold;

/// What is the same for all rows of an import.
#[derive(Clone, Debug)]
pub struct RowContext {
    /// The settings of the organisation.
    pub settings: OrgSettings,
    /// Country of national numbers in rows that name none.
    pub default_country: Option<String>,
    /// Tags for every row.
    pub tags: Vec<String>,
    /// The custom fields of the organisation.
    pub definitions: Arc<Definitions>,
    /// Which fields the importer sees.
    pub rights: FieldRights,
    /// What the importer is.
    pub role: Role,
}

/// A row that fits.
#[derive(Clone, Debug)]
pub struct ValidRow {
    /// The line of the file where the row begins.
    pub line: u64,
    /// The change.
    pub draft: Draft,
}

/// Checks a row. The draft is `None` if an issue keeps the row from being imported.
pub fn validate(
    line: u64,
    row: &MappedRow<'_>,
    context: &RowContext,
) -> (Option<ValidRow>, Vec<RowIssue>) {
    let mut checker = Checker { line, context, issues: Vec::new(), country: None };
    let country =
        row.values.iter().find(|v| matches!(v.target, Target::Address(AddressPart::Country, _)));
    checker.country = country
        .and_then(|value| region::code(value.value))
        .or_else(|| context.default_country.clone())
        .or_else(|| context.settings.default_country.clone());
    let draft = checker.draft(row);
    let is_rejected = !checker.issues.is_empty();
    (if is_rejected { None } else { Some(ValidRow { line, draft }) }, checker.issues)
}

struct Checker<'a> {
    line: u64,
    context: &'a RowContext,
    issues: Vec<RowIssue>,
    country: Option<String>,
}

impl Checker<'_> {
    fn issue(
        &mut self,
        value: &MappedValue<'_>,
        code: IssueCode,
        reason: impl Into<String>,
        what: &str,
    ) {
        self.issues.push(
            RowIssue::error(self.line, code, reason).at(value.header, value.value).suggest(what),
        );
    }

    fn draft(&mut self, row: &MappedRow<'_>) -> Draft {
        let mut draft = Draft::default();
        let mut middle: Vec<&str> = Vec::new();
        let mut addresses: Vec<((u32, Option<Label>), Address)> = Vec::new();
        let mut custom: BTreeMap<String, Patch<Value>> = BTreeMap::new();
        for value in &row.values {
            match value.target {
                Target::Name => draft.display_name = self.text(value, 255),
                Target::FirstName => draft.first_name = self.text(value, 255),
                Target::MiddleName => middle.push(value.value),
                Target::LastName => draft.last_name = self.text(value, 255),
                Target::Phone(_) | Target::Phones => self.phone(value, &mut draft),
                Target::Email(_) | Target::Emails => self.email(value, &mut draft),
                Target::Company => draft.company = self.text(value, 255),
                Target::Title => draft.title = self.text(value, 255),
                Target::Department => draft.department = self.text(value, 255),
                Target::Role => draft.role = self.text(value, 255),
                Target::Address(part, label) => {
                    if let Patch::Set(text) = self.text(value, 255) {
                        let key = (value.group, *label);
                        if !addresses.iter().any(|(k, _)| *k == key) {
                            let label = label.map(|l| l.as_str().to_owned());
                            addresses.push((key, Address { label, ..Address::default() }));
                        }
                        if let Some((_, address)) = addresses.iter_mut().find(|(k, _)| *k == key) {
                            put_part(address, *part, text);
                        }
                    }
                }
                Target::Birthday => self.birthday(value, &mut draft),
                // Lists are not kept yet; a tag keeps what the file says about them.
                Target::Tags | Target::List => {
                    if let Patch::Set(tag) = self.text(value, 100) {
                        draft.add_tags.push(tag);
                    }
                }
                Target::Notes => draft.notes = self.text(value, 64_000),
                Target::Status => {
                    if let Some(status) = Status::parse(value.value) {
                        draft.status = Patch::Set(status);
                    } else {
                        let all = Status::ALL.map(Status::as_str).join(", ");
                        self.issue(
                            value,
                            IssueCode::ValueUnknown,
                            "is no status",
                            &format!("use one of {all}"),
                        );
                    }
                }
                Target::Source => draft.source = self.text(value, 255),
                Target::ExternalCrmId => draft.external_crm_id = self.text(value, 255),
                Target::ExternalCrmProvider => draft.external_crm_provider = self.text(value, 255),
                Target::Language => draft.language = self.text(value, 255),
                Target::Timezone => draft.timezone = self.text(value, 255),
                Target::PreferredChannel => draft.preferred_channel = self.text(value, 255),
                Target::AssignedTo => draft.assigned_to = self.text(value, 255),
                Target::Visibility => match Visibility::parse(value.value) {
                    Some(visibility) => draft.visibility = Patch::Set(visibility),
                    None => self.issue(
                        value,
                        IssueCode::ValueUnknown,
                        "is no visibility",
                        "use all, queue or owner",
                    ),
                },
                Target::AssignedQueue => draft.assigned_queue = self.text(value, 255),
                Target::Custom(key) => {
                    if let Patch::Set(text) = self.text(value, 65_000) {
                        let text = self.day(key, text);
                        custom.insert(key.clone(), Patch::Set(Value::String(text)));
                    }
                }
                Target::Ignore => {}
            }
        }
        if !middle.is_empty() {
            let first = draft.first_name.value().cloned().unwrap_or_default();
            draft.first_name =
                Patch::Set(format!("{first} {}", middle.join(" ")).trim().to_owned());
        }
        // A country alone is no address, but it says where the person is.
        if let Some(country) =
            addresses.iter().find_map(|(_, address)| region::code(address.country.as_deref()?))
        {
            draft.country = Patch::Set(country);
        }
        addresses.retain(|(_, a)| {
            let is_known = a.country.as_deref().is_some_and(|text| region::code(text).is_some());
            !is_known
                || [&a.street, &a.city, &a.region, &a.postal_code].iter().any(|part| part.is_some())
        });
        if !addresses.is_empty() {
            draft.addresses =
                Patch::Set(addresses.into_iter().map(|(_, address)| address).collect());
        }
        if !custom.is_empty() {
            draft.custom_fields = Patch::Set(custom);
            self.fit(row, &mut draft);
        }
        if let (Some(provider), true) =
            (row.external_provider, draft.external_crm_provider.is_keep())
        {
            draft.external_crm_provider = Patch::Set(provider.to_owned());
        }
        draft.add_tags.extend(self.context.tags.iter().cloned());
        if self.issues.is_empty() && !has_identity(&draft) {
            self.issues.push(
                RowIssue::error(
                    self.line,
                    IssueCode::ContactEmpty,
                    "the row has no name, company, phone or e-mail",
                )
                .suggest(
                    "fill in at least one of them, or check which columns go where with --map",
                ),
            );
        }
        draft
    }

    fn text(&mut self, value: &MappedValue<'_>, most: usize) -> Patch<String> {
        // The apostrophe with which an export keeps spreadsheets from running a cell.
        let text = unguarded(value.value);
        match check_text("", text, most) {
            None => Patch::Set(text.to_owned()),
            Some(issue) => {
                self.issue(
                    value,
                    IssueCode::TextInvalid,
                    issue.detail,
                    "shorten the cell or remove the character",
                );
                Patch::Keep
            }
        }
    }

    /// A day in the form in which every reader understands it, where the custom field is a date:
    /// lists write days as their country does.
    fn day(&self, key: &str, text: String) -> String {
        let folded = fold(key);
        if self.context.definitions.kind(&folded) != Some(CustomType::Date)
            || custom_field::date(&text).is_some()
        {
            return text;
        }
        let month_first = matches!(self.country.as_deref(), Some("US" | "PH"));
        date::parse(&text, month_first).filter(|day| !day.starts_with('-')).unwrap_or(text)
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
            let (code, what) = if issue.code == "field_hidden" {
                (IssueCode::NotAllowed, "leave the column out, or ask an admin")
            } else {
                (IssueCode::CustomFieldInvalid, "correct the cell, or clear it")
            };
            self.issue(value, code, issue.detail, what);
        }
    }

    fn phone(&mut self, value: &MappedValue<'_>, draft: &mut Draft) {
        let country = self.country.clone();
        match phone::parse(value.value, country.as_deref(), self.context.settings.phone_validation)
        {
            Ok(mut phone) => {
                phone.label = value.label.map(str::to_owned);
                phone.primary = value.preferred;
                draft.add_phones.push(phone);
            }
            Err(error) => {
                let code = if error == PhoneError::ScientificNotation {
                    IssueCode::SpreadsheetDamage
                } else {
                    IssueCode::PhoneInvalid
                };
                self.issue(value, code, error.to_string(), "correct the number, or clear the cell");
            }
        }
    }

    fn email(&mut self, value: &MappedValue<'_>, draft: &mut Draft) {
        match email::parse(value.value) {
            Some(address) => draft.add_emails.push(Email {
                address,
                label: value.label.map(str::to_owned),
                primary: value.preferred,
            }),
            None => self.issue(
                value,
                IssueCode::EmailInvalid,
                "is no e-mail address",
                "correct the address, or clear the cell",
            ),
        }
    }

    fn birthday(&mut self, value: &MappedValue<'_>, draft: &mut Draft) {
        let month_first = matches!(self.country.as_deref(), Some("US" | "PH"));
        match date::parse(value.value, month_first) {
            Some(date) => draft.birthday = Patch::Set(date),
            None => {
                self.issue(value, IssueCode::DateInvalid, "is no date", "write it as 1980-12-31");
            }
        }
    }
}

fn put_part(address: &mut Address, part: AddressPart, text: String) {
    let slot = match part {
        AddressPart::Street => &mut address.street,
        AddressPart::City => &mut address.city,
        AddressPart::Region => &mut address.region,
        AddressPart::PostalCode => &mut address.postal_code,
        AddressPart::Country => &mut address.country,
    };
    match slot {
        Some(known) => {
            known.push_str(", ");
            known.push_str(&text);
        }
        None => *slot = Some(text),
    }
}

fn has_identity(draft: &Draft) -> bool {
    [&draft.display_name, &draft.first_name, &draft.last_name, &draft.company]
        .iter()
        .any(|text| text.value().is_some())
        || !draft.add_phones.is_empty()
        || !draft.add_emails.is_empty()
}
