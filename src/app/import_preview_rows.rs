//! What a preview says of single rows: what they would make or change, or why they are not taken.
//!
//! They wait in a file beside their list, sealed where the directory is, and go with it.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::App;
use super::audit::shows_field;
use super::error::Error;
use crate::domain::access::Caller;
use crate::domain::audit::FieldChange;
use crate::domain::ids::ContactId;
use crate::import::{RowIssue, Warning, Warnings};

/// Rows of each group that are kept.
const MOST_OF_GROUP: usize = 5_000;
/// Most rows of a page.
const MOST_PER_PAGE: usize = 1_000;

/// What would become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowGroup {
    /// It would make a contact.
    New,
    /// It would change one.
    Updated,
    /// It says nothing new, or is passed over.
    Unchanged,
    /// Somebody is asked about it.
    Conflict,
    /// It cannot be taken.
    Invalid,
}

impl RowGroup {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::New, Self::Updated, Self::Unchanged, Self::Conflict, Self::Invalid];

    /// The word in requests and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
        }
    }

    /// Reads such a word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == text)
    }
}

/// A row of a previewed list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreviewRow {
    /// The line of the file where it begins.
    pub row: u64,
    /// What would become of it.
    pub group: RowGroup,
    /// The contact that it belongs to, if there is one.
    pub id: Option<ContactId>,
    /// What that is called, or would be.
    pub display_name: Option<String>,
    /// What would change.
    pub changes: Vec<FieldChange>,
    /// What is wrong with it, left out of it or repaired in it.
    pub problems: Vec<Warning>,
}

/// The rows that a preview keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptRows {
    pub(super) rows: Vec<PreviewRow>,
    counts: [usize; 5],
}

impl KeptRows {
    /// Keeps a row if its group has room.
    pub(super) fn add(
        &mut self,
        row: u64,
        group: RowGroup,
        change: Option<RowChange>,
        issues: &[RowIssue],
    ) {
        let count = &mut self.counts[group as usize];
        if *count == MOST_OF_GROUP {
            return;
        }
        *count += 1;
        let mut problems = Warnings::default();
        problems.add_errors(issues);
        problems.add(issues);
        let RowChange { id, display_name, changes } = change.unwrap_or_default();
        let problems = problems.first;
        self.rows.push(PreviewRow { row, group, id, display_name, changes, problems });
    }
}

/// What a row would make of a contact.
#[derive(Clone, Debug, Default)]
pub(super) struct RowChange {
    pub(super) id: Option<ContactId>,
    pub(super) display_name: Option<String>,
    pub(super) changes: Vec<FieldChange>,
}

/// Rows of one group.
#[derive(Clone, Copy, Debug)]
pub struct RowsQuery {
    /// Which group; all if there is none.
    pub group: Option<RowGroup>,
    /// The page, from 1.
    pub page: usize,
    /// Rows of a page.
    pub per_page: usize,
}

impl App {
    /// Writes the rows of a preview beside its list.
    pub(super) fn write_preview_rows(&self, path: &Path, rows: &[PreviewRow]) -> Result<(), Error> {
        let failed =
            |source| Error::Engine(crate::engine::Error::Io { path: path.to_owned(), source });
        let mut out = BufWriter::new(self.create_staged_file(path).map_err(failed)?);
        for row in rows {
            serde_json::to_writer(&mut out, row).map_err(|error| failed(error.into()))?;
            out.write_all(b"\n").map_err(failed)?;
        }
        out.flush().map_err(failed)?;
        out.get_mut().finish().map_err(failed)
    }

    /// The rows of a list that the caller has previewed, with what of them would change, before and
    /// after. Of each group the first 5,000 are kept.
    ///
    /// # Errors
    /// If there is no such list that is still kept.
    pub fn preview_rows(
        &self,
        caller: &Caller,
        upload: Uuid,
        query: RowsQuery,
    ) -> Result<Value, Error> {
        let path = self.preview_rows_of(caller, upload)?;
        let failed =
            |source| Error::Engine(crate::engine::Error::Io { path: path.clone(), source });
        let definitions = self.definitions(caller.organization);
        let per_page = query.per_page.clamp(1, MOST_PER_PAGE);
        let first = (query.page.max(1) - 1).saturating_mul(per_page);
        let mut total = 0_usize;
        let mut items = Vec::new();
        for line in BufReader::new(self.open_staged_file(&path).map_err(failed)?).lines() {
            let row: PreviewRow = serde_json::from_str(&line.map_err(failed)?)
                .map_err(|error| failed(error.into()))?;
            if query.group.is_some_and(|group| group != row.group) {
                continue;
            }
            if (first..first + per_page).contains(&total) {
                items.push(shown(row, &|field| shows_field(caller, &definitions, field)));
            }
            total += 1;
        }
        let is_whole = total < MOST_OF_GROUP;
        Ok(json!({"total": total, "total_exact": is_whole, "page": query.page.max(1),
            "per_page": per_page, "items": items}))
    }
}

fn shown(row: PreviewRow, shows: &dyn Fn(&str) -> bool) -> Value {
    let (mut before, mut after) = (Map::new(), Map::new());
    for change in row.changes.into_iter().filter(|change| shows(&change.field)) {
        before.insert(change.field.clone(), change.before);
        after.insert(change.field, change.after);
    }
    let name = row.display_name.filter(|_| shows("display_name"));
    let problems = row.problems.iter().map(|one| {
        json!({"row": one.row, "column": one.column, "value": one.value, "code": one.code,
            "detail": one.detail, "repair": one.remedy})
    });
    json!({"row": row.row, "group": row.group, "id": row.id, "display_name": name,
        "before": before, "after": after, "problems": problems.collect::<Vec<_>>()})
}
