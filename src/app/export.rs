//! Exporting what a query selects, as CSV or JSON Lines, in bounded memory.

use std::io::Write;
use std::sync::Arc;

use super::error::Error;
use super::query::Query;
use super::search::{MOST_PER_PAGE, Refresh, SearchRequest};
use super::{App, Cancel, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::contact::Contact;
use crate::domain::custom_field::Definitions;
use crate::domain::guarded_csv::CsvWriter;
use crate::domain::status::EmailState;
use crate::domain::text::fold;
use crate::domain::view::ContactView;
use crate::domain::view::Showing;
use crate::engine::Error as EngineError;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// RFC 4180 with a header row.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// Which contacts.
    pub query: Query,
    /// The format.
    pub format: ExportFormat,
    /// The columns of a CSV; the usual ones if empty.
    pub columns: Vec<String>,
    /// Whether a query is taken of which something was not understood, or that runs out of time.
    pub allow_partial: bool,
}

/// The columns of a CSV if nothing is said.
const COLUMNS: &[&str] = &[
    "id",
    "first_name",
    "last_name",
    "suffix",
    "name",
    "phones",
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
    "opt_in",
    "email_opt_out",
    "source",
    "assigned_to",
    "visibility",
    "assigned_queue",
    "language",
    "timezone",
    "preferred_channel",
    "external_crm_id",
    "external_crm_provider",
    "created_at",
    "updated_at",
    "last_called_at",
    "last_call_outcome",
];

impl App {
    /// Writes what a query selects; `progress` is called with the number of contacts done. Ends where
    /// nobody waits for it any more.
    ///
    /// # Errors
    /// If a column does not exist, something of the query was not understood, the caller may not, or
    /// the output cannot be written.
    pub fn export_contacts(
        &self,
        caller: &Caller,
        request: &ExportRequest,
        cancel: &Cancel,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, Error> {
        authorize(caller, Permission::Export)?;
        if !request.allow_partial {
            self.refuse_vague_query(caller, &request.query, "/q")?;
        }
        let advice = "if that is meant, leave query, filter and saved search out";
        self.refuse_empty_query(caller, &request.query, "", advice)?;
        if self.organization_of(caller)?.settings.audit_reads {
            self.note_export(caller, &request.query, &request.columns)?;
        }
        let columns = self.export_columns(caller, request, cancel)?;
        let org = caller.organization;
        let columns = Columns {
            names: columns,
            definitions: self.definitions(org),
            lists: self.showing(org)?,
        };
        let mut sink = Sink::new(request, columns, out);
        let mut done = 0;
        if request.query.is_everything() {
            sink.header()?;
            let mut failed = None;
            self.partition.for_each_contact(caller.organization, cancel, |batch| {
                for contact in batch.into_iter().filter(|contact| caller.sees(contact)) {
                    let contact = caller.shown(Arc::new(contact));
                    if let Err(error) = sink.contact(&contact) {
                        failed = Some(error);
                        return false;
                    }
                    done += 1;
                }
                progress(done);
                true
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
        } else {
            let mut cursor = None;
            let mut is_first = true;
            loop {
                if cancel.is_cancelled() {
                    return Err(EngineError::Cancelled.into());
                }
                let page = self.search_contacts(
                    caller,
                    &SearchRequest {
                        query: request.query.clone(),
                        sort: Some("created_at".to_owned()),
                        per_page: Some(MOST_PER_PAGE),
                        cursor: cursor.take(),
                        refresh: if done == 0 { Refresh::Wait } else { Refresh::Never },
                        ..SearchRequest::default()
                    },
                )?;
                if page.partial && !request.allow_partial {
                    return Err(Error::Overloaded(
                        "the query took too long to find all contacts; make it narrower",
                    ));
                }
                // Only now, so that a query that cannot be is an error without a beginning of a file.
                if std::mem::take(&mut is_first) {
                    sink.header()?;
                }
                for (contact, _) in &page.contacts {
                    sink.contact(contact)?;
                    done += 1;
                }
                progress(done);
                match page.next_cursor {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
        }
        sink.finish()?;
        Ok(done)
    }

    fn export_columns(
        &self,
        caller: &Caller,
        request: &ExportRequest,
        cancel: &Cancel,
    ) -> Result<Vec<String>, Error> {
        if request.format == ExportFormat::JsonLines {
            return Ok(Vec::new());
        }
        if !request.columns.is_empty() {
            for column in &request.columns {
                if !COLUMNS.contains(&column.as_str())
                    && !column.starts_with("cf.")
                    && !["phone", "mobile", "email", "display_name", "list"]
                        .contains(&column.as_str())
                {
                    return Err(Error::invalid(
                        "/columns",
                        "column",
                        format!(
                            "there is no column {column:?}: use {} or cf.KEY",
                            COLUMNS.join(", ")
                        ),
                    ));
                }
            }
            return Ok(request.columns.clone());
        }
        let mut keys = std::collections::BTreeSet::new();
        self.partition.for_each_contact(caller.organization, cancel, |batch| {
            for contact in &batch {
                for key in contact.fields.custom_fields.keys() {
                    if !keys.contains(key) && caller.sees(contact) && caller.fields.sees_custom(key)
                    {
                        keys.insert(key.clone());
                    }
                }
            }
            true
        })?;
        let fixed = COLUMNS.iter().map(|c| (*c).to_owned());
        Ok(fixed.chain(keys.into_iter().map(|key| format!("cf.{key}"))).collect())
    }
}

/// Where an export goes.
enum Writer<'a> {
    Csv(CsvWriter<&'a mut dyn Write>),
    Json(&'a mut dyn Write),
}

/// The columns of a CSV, and what the custom fields among them are.
struct Columns {
    names: Vec<String>,
    definitions: Arc<Definitions>,
    lists: Showing,
}

impl Columns {
    fn cell(&self, contact: &Contact, column: &str) -> String {
        if column == "list" {
            let names = self.lists.lists.of_contact(contact);
            return written_tags(
                &names.iter().map(|list| list.name.to_owned()).collect::<Vec<_>>(),
            );
        }
        let Some(key) = column.strip_prefix("cf.") else { return cell(contact, column) };
        let has_options = self.definitions.get(&fold(key)).is_some_and(|field| field.declared);
        match contact.custom_fields.get(key) {
            None => String::new(),
            Some(serde_json::Value::Array(options)) if has_options => chosen(options),
            Some(value) => plain(value),
        }
    }
}

/// A value of a custom field as a cell of a table; what is neither text nor number is JSON.
pub(super) fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

struct Sink<'a> {
    writer: Writer<'a>,
    columns: Columns,
}

impl<'a> Sink<'a> {
    fn new(request: &ExportRequest, columns: Columns, out: &'a mut dyn Write) -> Self {
        let writer = match request.format {
            ExportFormat::Csv => Writer::Csv(CsvWriter::new(out)),
            ExportFormat::JsonLines => Writer::Json(out),
        };
        Self { writer, columns }
    }

    fn header(&mut self) -> Result<(), Error> {
        match &mut self.writer {
            Writer::Csv(csv) => csv.row(&self.columns.names).map_err(|e| failed(&e)),
            Writer::Json(_) => Ok(()),
        }
    }

    fn contact(&mut self, contact: &Contact) -> Result<(), Error> {
        match &mut self.writer {
            Writer::Csv(csv) => {
                let names = self.columns.names.iter();
                let cells = names.map(|column| self.columns.cell(contact, column));
                csv.row(cells).map_err(|e| failed(&e))
            }
            Writer::Json(out) => {
                serde_json::to_writer(&mut *out, &ContactView::with(contact, &self.columns.lists))
                    .map_err(|e| failed(&e))?;
                out.write_all(b"\n").map_err(|e| failed(&e))
            }
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        match &mut self.writer {
            Writer::Csv(csv) => csv.flush().map_err(|e| failed(&e)),
            Writer::Json(out) => out.flush().map_err(|e| failed(&e)),
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::WriteFailed(format!("the export cannot be written: {error}"))
}

fn cell(contact: &Contact, column: &str) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let address = contact.addresses.first();
    let part = |pick: fn(&crate::domain::contact::Address) -> &Option<String>| {
        address.and_then(|a| pick(a).clone()).unwrap_or_default()
    };
    match column {
        "id" => contact.id.to_string(),
        "name" | "display_name" => contact.display_name.clone(),
        "first_name" => text(&contact.first_name),
        "last_name" => text(&contact.last_name),
        "suffix" => text(&contact.suffix),
        "phone" => contact.primary_phone().map(written_phone).unwrap_or_default(),
        "mobile" => contact.mobile_phone().map(written_phone).unwrap_or_default(),
        "phones" => join(contact.phones.iter().map(written_phone), " | "),
        "email" => contact.primary_email().map(|e| e.address.clone()).unwrap_or_default(),
        "emails" => join(contact.emails.iter().map(|e| e.address.clone()), " | "),
        "company" => text(&contact.company),
        "title" => text(&contact.title),
        "department" => text(&contact.department),
        "role" => text(&contact.role),
        "street" => part(|a| &a.street),
        "city" => part(|a| &a.city),
        "region" => part(|a| &a.region),
        "postal_code" => part(|a| &a.postal_code),
        "country" => contact.country.clone().unwrap_or_else(|| part(|a| &a.country)),
        "birthday" => text(&contact.birthday),
        "tags" => written_tags(&contact.tags),
        "notes" => text(&contact.notes),
        "status" => contact.shown_status().as_str().to_owned(),
        "do_not_contact" => yes(contact.fields.status.do_not_contact),
        "opt_in" => contact.opt_in.map(|agreed| agreed.to_string()).unwrap_or_default(),
        "email_opt_out" => yes(contact.fields.status.email == EmailState::Unsubscribed),
        "source" => text(&contact.source),
        "assigned_to" => text(&contact.assigned_to),
        "visibility" => contact.visibility.as_str().to_owned(),
        "assigned_queue" => text(&contact.assigned_queue),
        "language" => text(&contact.language),
        "timezone" => text(&contact.timezone),
        "preferred_channel" => text(&contact.preferred_channel),
        "external_crm_id" => text(&contact.external_crm_id),
        "external_crm_provider" => text(&contact.external_crm_provider),
        "created_at" => contact.created_at.to_string(),
        "updated_at" => contact.updated_at.to_string(),
        "last_called_at" => contact.last_called().map(|t| t.to_string()).unwrap_or_default(),
        "last_call_outcome" => contact.outcome_of_last_call().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// Several options as an import reads them; as JSON where one of them holds what separates them.
fn chosen(options: &[serde_json::Value]) -> String {
    let texts: Option<Vec<&str>> = options.iter().map(serde_json::Value::as_str).collect();
    match texts {
        Some(texts)
            if !texts.iter().any(|text| text.contains(['|', ';']) || text.contains(":::")) =>
        {
            join(texts.into_iter().map(str::to_owned), " | ")
        }
        _ => serde_json::Value::from(options.to_vec()).to_string(),
    }
}

/// `true`, or nothing.
fn yes(fact: bool) -> String {
    if fact { "true".to_owned() } else { String::new() }
}

/// The tags in a form in which an import finds each of them: where one holds what usually separates
/// tags, three colons do.
fn written_tags(tags: &[String]) -> String {
    if tags.iter().any(|tag| tag.contains([',', ';', '|', '\n'])) {
        let mut all = join(tags.iter().cloned(), " ::: ");
        if tags.len() == 1 {
            all.push_str(" ::: ");
        }
        return all;
    }
    join(tags.iter().cloned(), ", ")
}

fn written_phone(phone: &crate::domain::phone::Phone) -> String {
    match &phone.extension {
        Some(extension) => format!("{} x{extension}", phone.number),
        None => phone.number.clone(),
    }
}

fn join(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}
