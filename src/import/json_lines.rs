//! Contacts as JSON, one object a line, as exports write them, or in an array.
//!
//! Every object is a contact in the shape of the API, or a card as RFC 9553 has it. Empty members say
//! nothing, since an import adds and corrects; members that only answers have are passed over.

use std::io::{BufRead as _, BufReader, Read};

use csv::StringRecord;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::Error;
use super::encoding::{TextEncoding, Transcoder};
use super::issue::{IssueCode, RowIssue};
use super::json_values::{is_json_document, next_object};
use super::read::MAX_ROW_BYTES;
use super::target::Target;
use super::validate::{RowContext, ValidRow};
use super::vcard::validate_jscontact;
use crate::domain::access::OrgSettings;
use crate::domain::contact::Email;
use crate::domain::date::{self, Rules};
use crate::domain::draft::{Draft, Patch};
use crate::domain::draft_json::{self, FACTS, OF_ANSWERS, READ_ONLY};
use crate::domain::ids::ContactId;
use crate::domain::place::{Doubt, Place, doubts_of_draft};

/// One line of a file.
#[derive(Clone, Debug, Default)]
pub struct JsonRow {
    /// The line; the first is 1.
    pub line: u64,
    /// Its text as the only cell.
    pub cells: StringRecord,
}

/// Reads the lines of a file.
pub struct JsonLines<R> {
    input: BufReader<Transcoder<R>>,
    line: u64,
    /// Objects may go over several lines.
    is_document: bool,
}

/// Fields of which defaults are members of a contact of the same name.
const OF_JSON: [&str; 16] = [
    "company",
    "title",
    "department",
    "role",
    "notes",
    "status",
    "source",
    "external_crm_provider",
    "language",
    "timezone",
    "preferred_channel",
    "assigned_to",
    "visibility",
    "assigned_queue",
    "country",
    "suffix",
];

/// The name of the only column.
pub const COLUMN: &str = "contact";

/// Whether a file begins with an object in its first line.
pub(super) fn is_json_lines(sample: &[u8]) -> bool {
    if is_json_document(sample) {
        return true;
    }
    let text = String::from_utf8_lossy(&sample[..sample.len().min(64)]);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']))
}

impl<R: Read> JsonLines<R> {
    pub(super) fn new(input: Transcoder<R>) -> Self {
        let is_document = is_json_document(input.sample());
        Self { input: BufReader::new(input), line: u64::from(is_document), is_document }
    }

    /// How many bytes of the file have been read.
    pub fn bytes_read(&self) -> u64 {
        self.input.get_ref().bytes_read()
    }

    /// The encoding in use.
    pub fn encoding(&self) -> TextEncoding {
        self.input.get_ref().encoding()
    }

    /// Reads the next line that is not blank; false at the end of the file.
    ///
    /// # Errors
    /// If the source fails. Of a line that is too long only the beginning is kept.
    pub fn read_row(&mut self, row: &mut JsonRow) -> Result<bool, Error> {
        if self.is_document {
            let mut bytes = Vec::new();
            let line = self.line;
            let next = next_object(&mut self.input, &mut self.line, &mut bytes);
            let Some(begins) = next.map_err(|source| Error::Read { line, source })? else {
                return Ok(false);
            };
            row.line = begins;
            row.cells = StringRecord::from(vec![String::from_utf8_lossy(&bytes).as_ref()]);
            return Ok(true);
        }
        loop {
            self.line += 1;
            let line = self.line;
            let failed = |source| Error::Read { line, source };
            let mut bytes = Vec::new();
            let most = MAX_ROW_BYTES as u64 + 1;
            let read = self.input.by_ref().take(most).read_until(b'\n', &mut bytes);
            if read.map_err(failed)? == 0 {
                return Ok(false);
            }
            if bytes.len() > MAX_ROW_BYTES && bytes.last() != Some(&b'\n') {
                self.skip_line().map_err(failed)?;
            }
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            if !text.is_empty() {
                row.line = line;
                row.cells = StringRecord::from(vec![text]);
                return Ok(true);
            }
        }
    }

    /// Leaves out everything up to the next line end, without holding it.
    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(buffer.len(), |at| at + 1);
            let is_over = end.is_some() || buffer.is_empty();
            self.input.consume(length);
            if is_over {
                return Ok(());
            }
        }
    }
}

/// Reads the contact of a line.
pub fn validate_json(row: &JsonRow, context: &RowContext) -> (Option<ValidRow>, Vec<RowIssue>) {
    let text = row.cells.get(0).unwrap_or_default();
    let refused = |code, reason: String, what: &str| {
        let issue = RowIssue::error(row.line, code, reason).at(COLUMN, text).suggest(what);
        (None, vec![issue])
    };
    if text.len() >= MAX_ROW_BYTES {
        let reason = format!("the line is longer than {MAX_ROW_BYTES} bytes");
        return refused(IssueCode::RowTooLong, reason, "shorten its texts");
    }
    let members = match serde_json::from_str(text) {
        Ok(Value::Object(members)) => members,
        Ok(_) => {
            let reason = "the line is not a JSON object".to_owned();
            return refused(IssueCode::JsonInvalid, reason, "write one contact a line");
        }
        Err(error) => {
            let reason = format!("the line is not valid JSON: {error}");
            return refused(IssueCode::JsonInvalid, reason, "write one contact a line");
        }
    };
    if members.get("@type").and_then(Value::as_str) == Some("Card") {
        return validate_jscontact(row.line, text, context);
    }
    validate_members(row.line, members, context)
}

/// Reads a contact as JSON.
pub(super) fn validate_members(
    line: u64,
    mut members: Map<String, Value>,
    context: &RowContext,
) -> (Option<ValidRow>, Vec<RowIssue>) {
    let id = members.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    members.retain(|name, value| {
        let name = name.as_str();
        let is_told = [READ_ONLY, OF_ANSWERS, FACTS].iter().any(|names| names.contains(&name));
        !value.is_null() && !is_told
    });
    put_defaults(&mut members, &context.defaults);
    let default_country =
        context.default_country.clone().or_else(|| context.settings.default_country.clone());
    let settings = OrgSettings { default_country, ..context.settings.clone() };
    match draft_json::parse(&Value::Object(members), &settings) {
        Ok(mut draft) => {
            only_add(&mut draft);
            draft.add_tags.extend(context.tags.iter().cloned());
            let mut issues = drop_doubts(&mut draft, line, context.settings.strict_places);
            issues.extend(drop_birthday(&mut draft, line, context.today));
            (Some(ValidRow { line, id: id.map(ContactId), draft }), issues)
        }
        Err(issues) => {
            let issues = issues.into_iter().map(|issue| {
                let column = issue.pointer.trim_start_matches('/').to_owned();
                RowIssue::error(line, IssueCode::JsonInvalid, issue.detail)
                    .at(column, "")
                    .suggest("correct the member, or leave it out")
            });
            (None, issues.collect())
        }
    }
}

/// Puts the defaults in that a contact as JSON has members for.
fn put_defaults(members: &mut Map<String, Value>, defaults: &[(Target, String)]) {
    for (target, text) in defaults {
        let name = target.to_string();
        if let Target::Custom(key) = target {
            let custom = members.entry("custom_fields").or_insert_with(|| Map::new().into());
            if let Value::Object(custom) = custom {
                custom.entry(key.clone()).or_insert_with(|| text.as_str().into());
            }
        } else if *target == Target::Tags {
            let tags = text.split([',', ';', '|']).map(str::trim).filter(|tag| !tag.is_empty());
            members.entry(name).or_insert_with(|| tags.collect::<Vec<_>>().into());
        } else if OF_JSON.contains(&name.as_str()) {
            members.entry(name).or_insert_with(|| text.as_str().into());
        }
    }
}

/// Names the countries, languages and time zones that are none, and leaves them out where the
/// organisation keeps only what is known.
fn drop_doubts(draft: &mut Draft, line: u64, is_strict: bool) -> Vec<RowIssue> {
    let doubts = doubts_of_draft(draft);
    if is_strict && !doubts.is_empty() {
        let slots = [
            (Place::Country, &mut draft.country),
            (Place::Language, &mut draft.language),
            (Place::Timezone, &mut draft.timezone),
        ];
        for (place, slot) in slots {
            if slot.value().is_some_and(|text| place.normal(text).is_none()) {
                *slot = Patch::Keep;
            }
        }
        if let Patch::Set(addresses) = &mut draft.addresses {
            for address in addresses {
                address.country.take_if(|text| Place::Country.normal(text).is_none());
            }
        }
    }
    let fate = if is_strict { "it is left out" } else { "it is imported as it is" };
    let issue = |doubt: Doubt| {
        let reason = format!("{}; {fate}", doubt.place.complaint());
        RowIssue::warning(line, IssueCode::ValueUnknown, reason)
            .at(doubt.pointer.trim_start_matches('/'), &doubt.text)
            .suggest(doubt.place.advice())
    };
    doubts.into_iter().map(issue).collect()
}

/// Leaves out a birthday that cannot be one.
fn drop_birthday(draft: &mut Draft, line: u64, today: Date) -> Option<RowIssue> {
    let text = draft.birthday.value()?.clone();
    let doubt = date::birthday_doubt(date::read(&text, Rules::STRICT)?, today)?;
    draft.birthday = Patch::Keep;
    let reason = format!("{doubt}; it is left out");
    let issue = RowIssue::warning(line, IssueCode::DateInvalid, reason).at("birthday", &text);
    Some(issue.suggest("write it as 1980-12-31"))
}

/// Makes a draft that replaces lists one that adds to them; the short forms repeat the lists.
fn only_add(draft: &mut Draft) {
    if let Patch::Set(phones) = std::mem::take(&mut draft.phones) {
        draft.add_phones = phones;
    }
    for short in [std::mem::take(&mut draft.phone), std::mem::take(&mut draft.mobile)] {
        if let Patch::Set(phone) = short
            && draft.add_phones.iter().all(|known| known.number != phone.number)
        {
            draft.add_phones.push(phone);
        }
    }
    if let Patch::Set(emails) = std::mem::take(&mut draft.emails) {
        draft.add_emails = emails;
    }
    if let Patch::Set(address) = std::mem::take(&mut draft.email)
        && draft.add_emails.iter().all(|known| known.address != address)
    {
        draft.add_emails.push(Email { address, label: None, primary: false });
    }
    if let Patch::Set(tags) = std::mem::take(&mut draft.tags) {
        draft.add_tags = tags;
    }
    if draft.display_name.is_keep() {
        draft.display_name = std::mem::take(&mut draft.name);
    }
    draft.name = Patch::Keep;
    // Who protects contacts does so one by one.
    (draft.system_critical, draft.in_active_campaign) = (Patch::Keep, Patch::Keep);
}
