//! Exporting what a query selects, as CSV, workbook, vCard or JSON Lines, in bounded memory.

pub(super) mod cards;
mod columns;
pub(super) mod job;
mod sink;
mod workbook;

use std::sync::Arc;

use super::error::Error;
use super::query::Query;
use super::search::{MOST_PER_PAGE, Refresh, SearchRequest};
use super::{App, Cancel, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::ContactId;
use crate::engine::Error as EngineError;
pub use cards::CardVersion;
pub(super) use columns::plain;
use columns::{COLUMNS, Columns, is_column, known_columns};
pub use job::ExportFile;
use sink::{Out, Sink};

/// The format of a list of entries that are no contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// RFC 4180 with a header row.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// The format of an export of contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactFormat {
    /// RFC 4180 with a header row.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// An .xlsx workbook.
    Workbook,
    /// A vCard after the other.
    Cards(CardVersion),
}

impl ContactFormat {
    /// Reads the name of a format; `version` is that of cards.
    pub fn parse(name: &str, version: CardVersion) -> Option<Self> {
        Some(match name {
            "csv" => Self::Csv,
            "jsonl" => Self::JsonLines,
            "xlsx" => Self::Workbook,
            "vcf" => Self::Cards(version),
            _ => return None,
        })
    }

    /// The end of the name of a file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Workbook => "xlsx",
            Self::Cards(_) => "vcf",
        }
    }

    /// The media type of a file.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/x-ndjson",
            Self::Workbook => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Cards(_) => "text/vcard; charset=utf-8",
        }
    }

    fn has_columns(self) -> bool {
        matches!(self, Self::Csv | Self::Workbook)
    }
}

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// Which contacts, if not those of `ids`.
    pub query: Query,
    /// These contacts, in this order.
    pub ids: Option<Vec<ContactId>>,
    /// The format.
    pub format: ContactFormat,
    /// The columns of a table; the usual ones if empty.
    pub columns: Vec<String>,
    /// What separates the cells of a CSV.
    pub delimiter: u8,
    /// Whether a CSV begins with a mark by which Excel knows UTF-8.
    pub has_bom: bool,
    /// Whether a query is taken of which something was not understood, or that runs out of time.
    pub allow_partial: bool,
}

impl Default for ExportRequest {
    fn default() -> Self {
        Self {
            query: Query::default(),
            ids: None,
            format: ContactFormat::Csv,
            columns: Vec::new(),
            delimiter: b',',
            has_bom: false,
            allow_partial: false,
        }
    }
}

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
        out: Out<'_>,
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
        let folder = self.imports_folder()?;
        let mut sink = Sink::new(request, columns, &folder, out);
        let mut done = 0;
        if let Some(ids) = &request.ids {
            done = self.export_chosen(caller, ids, &mut sink)?;
            progress(done);
        } else if request.query.is_everything() {
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

    /// Writes contacts that are named.
    fn export_chosen(
        &self,
        caller: &Caller,
        ids: &[ContactId],
        sink: &mut Sink<'_>,
    ) -> Result<u64, Error> {
        let org = caller.organization;
        let found = |id: ContactId| -> Result<_, Error> {
            let contact = self.partition.contact(org, id)?;
            Ok(contact.filter(|contact| !contact.is_deleted() && caller.sees(contact)))
        };
        // Before anything is written, so that a wrong one is an error without a beginning of a file.
        for (at, id) in ids.iter().enumerate() {
            if found(*id)?.is_none() {
                let detail = format!("there is no contact {id}");
                return Err(Error::invalid(&format!("/ids/{at}"), "reference", detail));
            }
        }
        sink.header()?;
        let mut done = 0;
        for id in ids {
            if let Some(contact) = found(*id)? {
                sink.contact(&caller.shown(contact))?;
                done += 1;
            }
        }
        Ok(done)
    }

    fn export_columns(
        &self,
        caller: &Caller,
        request: &ExportRequest,
        cancel: &Cancel,
    ) -> Result<Vec<String>, Error> {
        if !request.format.has_columns() {
            return Ok(Vec::new());
        }
        if !request.columns.is_empty() {
            for column in &request.columns {
                if !is_column(column) {
                    let detail = format!("there is no column {column:?}: use {}", known_columns());
                    return Err(Error::invalid("/columns", "column", detail));
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
