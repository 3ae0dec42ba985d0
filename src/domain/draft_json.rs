//! Reads a [`Draft`] from JSON, naming every member that does not fit by its JSON pointer.
//!
//! Takes the shape of the API, the short forms (`name`, `phone`, `mobile`, `email`, lists of
//! plain strings) and the words of other systems (`owner`, `account`, `job_title`, …).

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::access::OrgSettings;
use super::contact::{Address, ChannelId, Email, Visibility};
use super::date::{self, Century, Rules};
use super::draft::{Draft, MAX_CUSTOM_TEXT, MAX_NOTES, MAX_TAG, MAX_TEXT, Patch};
use super::email;
use super::issue::{FieldIssue, shorten};
use super::phone::{self, Phone};
use super::place::{Place, country};
use super::status::{EmailState, Lifecycle, Status};
use super::text::{one_line, visible};

/// Most characters of a phone number as typed.
const RAW_PHONE: usize = 200;

/// Most values that are named as not fitting.
const MOST_ISSUES: usize = 100;

/// Members beside those of the contact that answers carry and that input may repeat.
pub const OF_ANSWERS: &[&str] = &["match", "duplicates", "url", "seq", "warnings"];

/// Members that follow from records about a contact and from the time of day. In an answer that
/// is sent back, which has the `id`, what was true a call ago hinders no change; alone they are
/// told to be read-only.
pub const FACTS: &[&str] = &[
    "counts",
    "last_call",
    "last_activity_at",
    "lists",
    "consent",
    "may_call",
    "may_email",
    "lead_score_why",
    "jurisdiction",
];

/// Members of contacts that nobody writes; input may repeat what they are.
pub const READ_ONLY: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
    "created_by_user_id",
    "deleted_at",
    "lead_score",
    "total_calls",
    "last_called_at",
    "last_call_outcome",
    "organization_id",
    "organisation_id",
    "tenant_id",
    "tenant",
];

/// Reads a draft.
///
/// # Errors
/// Lists every member that does not fit.
pub fn parse(body: &Value, settings: &OrgSettings) -> Result<Draft, Vec<FieldIssue>> {
    let visible = visible_json(body);
    let Value::Object(members) = visible.as_ref() else {
        return Err(vec![FieldIssue::new("", "type", "a contact must be a JSON object")]);
    };
    let mut reader = Reader { settings, issues: Vec::new() };
    let draft = reader.draft(members);
    let mut issues = reader.issues;
    if issues.is_empty() {
        return Ok(draft);
    }
    if issues.len() > MOST_ISSUES {
        let more = issues.len() - MOST_ISSUES;
        issues.truncate(MOST_ISSUES);
        issues.push(FieldIssue::new("", "more", format!("{more} more values do not fit")));
    }
    Err(issues)
}

/// A body whose texts hold nothing that nobody can see; borrowed where that is so already.
fn visible_json(body: &Value) -> Cow<'_, Value> {
    fn is_visible(value: &Value) -> bool {
        match value {
            Value::String(text) => matches!(visible(text), Cow::Borrowed(_)),
            Value::Array(values) => values.iter().all(is_visible),
            Value::Object(members) => members
                .iter()
                .all(|(key, value)| matches!(visible(key), Cow::Borrowed(_)) && is_visible(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
        }
    }
    fn cleaned(value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(visible(text).into_owned()),
            Value::Array(values) => Value::Array(values.iter().map(cleaned).collect()),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, value)| (visible(key).into_owned(), cleaned(value)))
                    .collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
    if is_visible(body) { Cow::Borrowed(body) } else { Cow::Owned(cleaned(body)) }
}

struct Reader<'a> {
    settings: &'a OrgSettings,
    issues: Vec<FieldIssue>,
}

impl Reader<'_> {
    fn draft(&mut self, members: &Map<String, Value>) -> Draft {
        let mut draft = Draft::default();
        for (key, value) in members {
            let at = format!("/{}", escape(key));
            match key.as_str() {
                "display_name" => draft.display_name = self.text(&at, value, MAX_TEXT),
                "name" | "full_name" => draft.name = self.text(&at, value, MAX_TEXT),
                "first_name" | "given_name" => draft.first_name = self.text(&at, value, MAX_TEXT),
                "last_name" | "family_name" | "surname" => {
                    draft.last_name = self.text(&at, value, MAX_TEXT);
                }
                "suffix" | "name_suffix" => draft.suffix = self.text(&at, value, MAX_TEXT),
                "phones" | "phone_numbers" => draft.phones = self.list(&at, value, Self::phone),
                "phone" | "phone_number" => draft.phone = self.single(&at, value, Self::phone),
                "mobile" => draft.mobile = self.single(&at, value, Self::phone),
                "emails" => draft.emails = self.list(&at, value, Self::email),
                "email" => draft.email = map(self.single(&at, value, Self::email), |e| e.address),
                "company" | "company_name" | "account" | "account_name" => {
                    draft.company = self.text(&at, value, MAX_TEXT);
                }
                "company_id" | "account_id" => {
                    draft.company_id = self.single(&at, value, Self::uuid);
                }
                "title" | "job_title" => draft.title = self.text(&at, value, MAX_TEXT),
                "department" => draft.department = self.text(&at, value, MAX_TEXT),
                "role" | "buying_role" => draft.role = self.text(&at, value, MAX_TEXT),
                "addresses" => draft.addresses = self.list(&at, value, Self::address),
                "address" => {
                    draft.addresses = map(self.single(&at, value, Self::address), |a| vec![a]);
                }
                "birthday" | "date_of_birth" => {
                    draft.birthday = self.birthday(&at, value);
                }
                "social_profiles" => {
                    draft.social_profiles =
                        self.entries(&at, value, |r, at, v| r.text(at, v, 2_000));
                }
                "channels" | "channel_identifiers" => {
                    draft.channels = self.list(&at, value, Self::channel);
                }
                "country" => draft.country = self.place(&at, value, Place::Country),
                "language" => draft.language = self.place(&at, value, Place::Language),
                "timezone" | "time_zone" => {
                    draft.timezone = self.place(&at, value, Place::Timezone);
                }
                "preferred_channel" => draft.preferred_channel = self.text(&at, value, MAX_TEXT),
                "notes" => draft.notes = self.text(&at, value, MAX_NOTES),
                "status" => draft.status = self.single(&at, value, Self::status),
                "lifecycle" => draft.lifecycle = self.single(&at, value, Self::lifecycle),
                "email_state" => draft.email_state = self.single(&at, value, Self::email_state),
                "blocked" => draft.blocked = self.single(&at, value, Self::boolean),
                "do_not_contact" => draft.do_not_contact = self.single(&at, value, Self::boolean),
                "system_critical" => {
                    draft.system_critical = self.single(&at, value, Self::boolean);
                }
                "in_active_campaign" => {
                    draft.in_active_campaign = self.single(&at, value, Self::boolean);
                }
                "source" => draft.source = self.text(&at, value, MAX_TEXT),
                "first_channel" => draft.first_channel = self.text(&at, value, MAX_TEXT),
                "assigned_to" | "owner" | "assignee" | "owner_id" => {
                    draft.assigned_to = self.text(&at, value, MAX_TEXT);
                }
                "visibility" => draft.visibility = self.single(&at, value, Self::visibility),
                "assigned_queue" | "queue" => {
                    draft.assigned_queue = self.text(&at, value, MAX_TEXT);
                }
                "org_department_id" | "department_id" => {
                    draft.org_department_id = self.text(&at, value, MAX_TEXT);
                }
                "tags" => draft.tags = self.tags(&at, value),
                "custom_fields" => {
                    draft.custom_fields = self.entries(&at, value, Self::custom_value);
                }
                "external_crm_id" | "external_id" => {
                    draft.external_crm_id = self.text(&at, value, MAX_TEXT);
                }
                "external_crm_provider" => {
                    draft.external_crm_provider = self.text(&at, value, MAX_TEXT);
                }
                "opt_in" | "marketing_opt_in" => {
                    draft.opt_in = self.single(&at, value, Self::boolean);
                }
                "email_opt_out" => draft.email_opt_out = self.single(&at, value, Self::boolean),
                "last_contacted_at" => {
                    draft.last_contacted_at = self.single(&at, value, Self::time);
                }
                "last_interaction_at" => {
                    draft.last_interaction_at = self.single(&at, value, Self::time);
                }
                known if READ_ONLY.contains(&known) || FACTS.contains(&known) => {
                    let is_sent_back = FACTS.contains(&known) && members.contains_key("id");
                    if !value.is_null() && !is_sent_back {
                        draft.claims.push((known.to_owned(), value.clone()));
                    }
                }
                known if OF_ANSWERS.contains(&known) => {}
                unknown => self.issue(
                    &at,
                    "unknown_member",
                    format!(
                        "{:?} is not a member of a contact; put free data into custom_fields",
                        shorten(unknown)
                    ),
                ),
            }
        }
        draft
    }

    fn issue(&mut self, at: &str, code: &'static str, detail: impl Into<String>) {
        self.issues.push(FieldIssue::new(at, code, detail));
    }

    fn wrong_type(&mut self, at: &str, expected: &str, value: &Value) {
        self.issue(at, "type", format!("must be {expected}, not {}", shorten(&value.to_string())));
    }

    fn single<T>(
        &mut self,
        at: &str,
        value: &Value,
        read: fn(&mut Self, &str, &Value) -> Option<T>,
    ) -> Patch<T> {
        match value {
            Value::Null => Patch::Clear,
            Value::String(text) if text.trim().is_empty() => Patch::Clear,
            value => read(self, at, value).map_or(Patch::Keep, Patch::Set),
        }
    }

    fn list<T>(
        &mut self,
        at: &str,
        value: &Value,
        read: fn(&mut Self, &str, &Value) -> Option<T>,
    ) -> Patch<Vec<T>> {
        match value {
            Value::Null => Patch::Clear,
            Value::Array(values) if values.len() > 10_000 => {
                self.issue(at, "too_many", format!("has {} entries", values.len()));
                Patch::Keep
            }
            Value::Array(values) => Patch::Set(
                values
                    .iter()
                    .enumerate()
                    .filter(|(_, v)| !matches!(v, Value::String(s) if s.trim().is_empty()))
                    .filter_map(|(i, v)| read(self, &format!("{at}/{i}"), v))
                    .collect(),
            ),
            single => read(self, at, single).map_or(Patch::Keep, |one| Patch::Set(vec![one])),
        }
    }

    fn entries<T>(
        &mut self,
        at: &str,
        value: &Value,
        read: impl Fn(&mut Self, &str, &Value) -> Patch<T>,
    ) -> Patch<BTreeMap<String, Patch<T>>> {
        match value {
            Value::Null => Patch::Clear,
            Value::Object(members) => {
                let mut entries = BTreeMap::new();
                for (key, value) in members {
                    let at = format!("{at}/{}", escape(key));
                    let name = key.trim();
                    if name.is_empty()
                        || name.chars().count() > 100
                        || name.chars().any(char::is_control)
                    {
                        self.issue(&at, "key", "a key must have 1 to 100 printable characters");
                    } else {
                        entries.insert(name.to_owned(), read(self, &at, value));
                    }
                }
                Patch::Set(entries)
            }
            other => {
                self.wrong_type(at, "an object", other);
                Patch::Keep
            }
        }
    }

    fn text(&mut self, at: &str, value: &Value, most: usize) -> Patch<String> {
        match value {
            Value::Null => Patch::Clear,
            Value::String(text) => self.checked_text(at, text, most),
            Value::Number(number) => Patch::Set(number.to_string()),
            other => {
                self.wrong_type(at, "a string", other);
                Patch::Keep
            }
        }
    }

    fn place(&mut self, at: &str, value: &Value, place: Place) -> Patch<String> {
        map(self.text(at, value, MAX_TEXT), |text| place.read(text))
    }

    fn checked_text(&mut self, at: &str, text: &str, most: usize) -> Patch<String> {
        // Only long texts have lines.
        let text = if most == MAX_TEXT { one_line(text) } else { Cow::Borrowed(text) };
        let text = text.trim();
        if text.is_empty() {
            return Patch::Clear;
        }
        if let Some(issue) = check_text(at, text, most) {
            self.issues.push(issue);
            return Patch::Keep;
        }
        Patch::Set(text.to_owned())
    }

    fn member_text(&mut self, at: &str, members: &Map<String, Value>, key: &str) -> Option<String> {
        match self.text(&format!("{at}/{key}"), members.get(key)?, MAX_TEXT) {
            Patch::Set(text) => Some(text),
            Patch::Keep | Patch::Clear => None,
        }
    }

    fn lifecycle(&mut self, at: &str, value: &Value) -> Option<Lifecycle> {
        let found = value.as_str().and_then(Lifecycle::parse);
        if found.is_none() {
            self.issue(at, "value", "must be active, inactive or archived");
        }
        found
    }

    fn email_state(&mut self, at: &str, value: &Value) -> Option<EmailState> {
        let found = value.as_str().and_then(EmailState::parse);
        if found.is_none() {
            self.issue(at, "value", "must be ok, unsubscribed or bounced");
        }
        found
    }

    fn phone(&mut self, at: &str, value: &Value) -> Option<Phone> {
        match value {
            Value::String(raw) => self.number(at, raw, None),
            Value::Number(number) => self.number(at, &number.to_string(), None),
            Value::Object(members) => {
                // A record that is sent back carries both; what was typed wins only if alone.
                let number = members.get("number").and_then(Value::as_str);
                let raw = members.get("raw").and_then(Value::as_str);
                let Some(text) = number.or(raw) else {
                    self.issue(at, "required", "a phone needs a \"number\"");
                    return None;
                };
                let country = self.member_text(at, members, "country").map(|c| c.to_uppercase());
                let mut phone = self.number(&format!("{at}/number"), text, country.as_deref())?;
                if let (Some(_), Some(raw)) = (number, raw) {
                    let raw = raw.trim();
                    if let Some(issue) = check_text(&format!("{at}/raw"), raw, RAW_PHONE) {
                        self.issues.push(issue);
                    } else if !raw.is_empty() {
                        raw.clone_into(&mut phone.raw);
                    }
                }
                phone.label = self
                    .member_text(at, members, "label")
                    .or_else(|| self.member_text(at, members, "type"));
                phone.primary = members.get("primary").and_then(Value::as_bool).unwrap_or(false);
                if let Some(extension) = self.member_text(at, members, "extension") {
                    if extension.len() <= 10 && extension.bytes().all(|b| b.is_ascii_digit()) {
                        phone.extension = Some(extension);
                    } else {
                        self.issue(
                            &format!("{at}/extension"),
                            "phone_extension",
                            "must be at most 10 digits",
                        );
                    }
                }
                Some(phone)
            }
            other => {
                self.wrong_type(at, "a string or an object with \"number\"", other);
                None
            }
        }
    }

    fn number(&mut self, at: &str, raw: &str, country: Option<&str>) -> Option<Phone> {
        let country = country.map(|text| country::code(text).unwrap_or(text));
        let country = country.or(self.settings.default_country.as_deref());
        match phone::parse(raw, country, self.settings.phone_validation) {
            Ok(phone) => Some(phone),
            Err(error) => {
                self.issue(at, error.code(), format!("{:?} {error}", shorten(raw)));
                None
            }
        }
    }

    fn email(&mut self, at: &str, value: &Value) -> Option<Email> {
        let (text, members) = match value {
            Value::String(text) => (text.as_str(), None),
            Value::Object(members) => {
                let address = members.get("address").or_else(|| members.get("email"));
                let Some(text) = address.and_then(Value::as_str) else {
                    self.issue(at, "required", "an e-mail needs an \"address\"");
                    return None;
                };
                (text, Some(members))
            }
            other => {
                self.wrong_type(at, "a string or an object with \"address\"", other);
                return None;
            }
        };
        let Some(address) = email::parse(text) else {
            self.issue(at, "email_shape", format!("{:?} is not an e-mail address", shorten(text)));
            return None;
        };
        let label = members.and_then(|m| self.member_text(at, m, "label"));
        let primary =
            members.and_then(|m| m.get("primary")).and_then(Value::as_bool).unwrap_or(false);
        Some(Email { address, label, primary })
    }

    fn address(&mut self, at: &str, value: &Value) -> Option<Address> {
        match value {
            Value::String(text) => match self.checked_text(at, text, MAX_TEXT) {
                Patch::Set(street) => Some(Address { street: Some(street), ..Address::default() }),
                Patch::Keep | Patch::Clear => None,
            },
            Value::Object(members) => Some(Address {
                label: self.member_text(at, members, "label"),
                street: self.member_text(at, members, "street"),
                city: self.member_text(at, members, "city"),
                region: self
                    .member_text(at, members, "region")
                    .or_else(|| self.member_text(at, members, "state")),
                postal_code: self
                    .member_text(at, members, "postal_code")
                    .or_else(|| self.member_text(at, members, "zip")),
                country: self
                    .member_text(at, members, "country")
                    .map(|text| Place::Country.read(text)),
            }),
            other => {
                self.wrong_type(
                    at,
                    "an object with street, city, region, postal_code, country",
                    other,
                );
                None
            }
        }
    }

    fn channel(&mut self, at: &str, value: &Value) -> Option<ChannelId> {
        let Value::Object(members) = value else {
            self.wrong_type(at, "an object with \"channel\" and \"identifier\"", value);
            return None;
        };
        let channel = self
            .member_text(at, members, "channel")
            .or_else(|| self.member_text(at, members, "type"));
        let identifier = self
            .member_text(at, members, "identifier")
            .or_else(|| self.member_text(at, members, "value"));
        if let (Some(channel), Some(identifier)) = (channel, identifier) {
            Some(ChannelId { channel, identifier })
        } else {
            self.issue(at, "required", "needs \"channel\" and \"identifier\"");
            None
        }
    }

    fn tags(&mut self, at: &str, value: &Value) -> Patch<Vec<String>> {
        match value {
            // Source systems send tags as one comma-separated string.
            Value::String(text) => Patch::Set(
                text.split(',')
                    .filter_map(|tag| self.tag(at, &Value::String(tag.to_owned())))
                    .collect(),
            ),
            other => self.list(at, other, Self::tag),
        }
    }

    fn tag(&mut self, at: &str, value: &Value) -> Option<String> {
        match self.text(at, value, MAX_TAG) {
            Patch::Set(tag) => Some(tag),
            Patch::Keep | Patch::Clear => None,
        }
    }

    fn custom_value(&mut self, at: &str, value: &Value) -> Patch<Value> {
        if let Some(issue) = check_json(at, value, 0) {
            self.issues.push(issue);
            return Patch::Keep;
        }
        if value.is_null() { Patch::Clear } else { Patch::Set(value.clone()) }
    }

    fn uuid(&mut self, at: &str, value: &Value) -> Option<uuid::Uuid> {
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.wrong_type(at, "a UUID", value);
        }
        parsed
    }

    fn boolean(&mut self, at: &str, value: &Value) -> Option<bool> {
        let parsed = value.as_bool();
        if parsed.is_none() {
            self.wrong_type(at, "true or false", value);
        }
        parsed
    }

    fn time(&mut self, at: &str, value: &Value) -> Option<super::time::Timestamp> {
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.wrong_type(at, "a time such as 2025-01-31T12:00:00Z", value);
        }
        parsed
    }

    /// A day as lists are read, too; two digits of a year are none here, for nobody says when they
    /// were written.
    fn birthday(&mut self, at: &str, value: &Value) -> Patch<String> {
        if let Patch::Clear = self.single(at, value, |_, _, _| Some(())) {
            return Patch::Clear;
        }
        let country = self.settings.default_country.as_deref().unwrap_or_default();
        let rules = Rules { century: Century::Unknown, ..Rules::of_country(country) };
        let Some(day) = value.as_str().and_then(|text| date::read(text, rules)) else {
            self.wrong_type(at, "a date such as 1980-12-31 or --12-31", value);
            return Patch::Keep;
        };
        day.written().map_or(Patch::Clear, Patch::Set)
    }

    fn status(&mut self, at: &str, value: &Value) -> Option<Status> {
        let parsed = value.as_str().and_then(Status::parse);
        if parsed.is_none() {
            let all = Status::ALL.map(Status::as_str).join(", ");
            self.wrong_type(at, &format!("one of {all}"), value);
        }
        parsed
    }

    fn visibility(&mut self, at: &str, value: &Value) -> Option<Visibility> {
        let parsed = value.as_str().and_then(Visibility::parse);
        if parsed.is_none() {
            self.wrong_type(at, "one of all, queue, owner", value);
        }
        parsed
    }
}

/// Checks length and characters of a text; line breaks and tabs are welcome, other control
/// characters are not.
pub fn check_text(at: &str, text: &str, most: usize) -> Option<FieldIssue> {
    if text.len() > most && text.chars().count() > most {
        let detail = format!("has {} characters; at most {most} are allowed", text.chars().count());
        return Some(FieldIssue::new(at, "too_long", detail));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Some(FieldIssue::new(at, "control_character", "contains a control character"));
    }
    None
}

fn check_json(at: &str, value: &Value, depth: usize) -> Option<FieldIssue> {
    if depth > 8 {
        return Some(FieldIssue::new(at, "too_deep", "is nested deeper than 8 levels"));
    }
    match value {
        Value::String(text) => check_text(at, text, MAX_CUSTOM_TEXT),
        Value::Array(values) => values.iter().find_map(|v| check_json(at, v, depth + 1)),
        Value::Object(members) => members.iter().find_map(|(k, v)| {
            check_text(at, k, MAX_TEXT).or_else(|| check_json(at, v, depth + 1))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn map<T, U>(patch: Patch<T>, f: impl FnOnce(T) -> U) -> Patch<U> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => Patch::Set(f(value)),
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
