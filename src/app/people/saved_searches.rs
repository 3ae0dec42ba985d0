//! Searches that people keep: one's own, and those that are shared in the organisation.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::access::read_all;
use super::super::contacts::Precondition;
use super::super::error::{Error, Noun};
use super::super::{App, authorize};
use super::{MOST_ENTRIES, NAME, all, changes, check_version, note, read, write};
use crate::domain::access::{Caller, Permission};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::draft::Patch;
use crate::domain::issue::FieldIssue;
use crate::domain::members::ObjectReader;
use crate::domain::saved_search::SavedSearch;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::engine::search::Sort;
use crate::engine::{Rejected, Tx, keys};
use crate::query::{Language, read_json};

/// Most searches of one owner.
const MOST_OF_OWNER: usize = 200;
/// Most characters of query text.
const MOST_TEXT: usize = 4_096;
/// Most columns.
const MOST_COLUMNS: usize = 50;

/// A saved search as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the members are those of `SavedSearch`")]
pub struct SavedSearchView {
    pub id: Uuid,
    pub name: String,
    pub q: Option<String>,
    pub filter: Option<Value>,
    pub sort: Option<String>,
    pub columns: Vec<String>,
    pub shared: bool,
    pub owner: String,
    /// Whether the caller may change it.
    pub editable: bool,
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: Option<String>,
}

/// Who a caller is as an owner: the person, whichever session or token is used, else the token.
fn owner(caller: &Caller) -> String {
    caller.user.map_or_else(|| caller.actor.to_string(), |user| format!("user:{user}"))
}

/// Shared searches may also be changed by those who look after the shared words, the tags.
fn may_change(caller: &Caller, search: &SavedSearch) -> bool {
    search.owner == owner(caller) || search.shared && caller.may(Permission::ManageTags)
}

fn is_seen(caller: &Caller, search: &SavedSearch) -> bool {
    search.shared || search.owner == owner(caller)
}

fn view(caller: &Caller, search: &SavedSearch) -> SavedSearchView {
    SavedSearchView {
        id: search.id,
        name: search.name.clone(),
        q: search.q.clone(),
        filter: search.filter.clone(),
        sort: search.sort.clone(),
        columns: search.columns.clone(),
        shared: search.shared,
        owner: search.owner.clone(),
        editable: may_change(caller, search),
        version: search.version,
        created_at: search.created_at,
        updated_at: search.updated_at,
        created_by: search.created_by.clone(),
    }
}

/// What the audit log says; who may change it is not a part of the search.
fn noted(before: Option<&SavedSearchView>, after: Option<&SavedSearchView>) -> Vec<FieldChange> {
    let mut changed = changes(before, after);
    changed.retain(|change| change.field != "editable");
    changed
}

/// What a body says.
struct Draft {
    name: Patch<String>,
    q: Patch<String>,
    filter: Patch<Value>,
    sort: Patch<String>,
    columns: Patch<Vec<String>>,
    shared: Patch<bool>,
}

impl Draft {
    fn read(body: &Value, language: &Language<'_>) -> Result<Self, Error> {
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let name = members.text("name", NAME);
        if name == Patch::Clear {
            members.issue("name", "required", "a saved search needs a name");
        }
        let q = members.text("q", MOST_TEXT);
        let filter = match members.json("filter") {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(filter) => Patch::Set(filter.clone()),
        };
        let sort = members.parsed("sort", "sorts of the search", |text| {
            Sort::parse(text).map(|_known| text.to_owned())
        });
        let columns = members.list("columns", "names of columns", MOST_COLUMNS, |text| {
            let text = text.trim();
            let fits = !text.is_empty()
                && text.chars().count() <= NAME
                && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
        });
        let shared = members.flag("shared");
        // What was answered may be sent back; these two say who asks, not what is kept.
        let _ = (members.text("owner", MOST_TEXT), members.flag("editable"));
        let mut issues = members.finish().err().unwrap_or_default();
        if let Patch::Set(filter) = &filter {
            let wrong = read_json(filter, language).err().unwrap_or_default();
            issues.extend(
                wrong.into_iter().map(|issue| FieldIssue {
                    pointer: format!("/filter{}", issue.pointer),
                    ..issue
                }),
            );
        }
        if issues.is_empty() {
            Ok(Self { name, q, filter, sort, columns, shared })
        } else {
            Err(Error::Invalid(issues))
        }
    }

    fn apply(&self, search: &mut SavedSearch) {
        fn put<T: Clone>(patch: &Patch<T>, to: &mut Option<T>) {
            match patch {
                Patch::Keep => {}
                Patch::Clear => *to = None,
                Patch::Set(value) => *to = Some(value.clone()),
            }
        }
        if let Patch::Set(name) = &self.name {
            search.name.clone_from(name);
        }
        put(&self.q, &mut search.q);
        put(&self.filter, &mut search.filter);
        put(&self.sort, &mut search.sort);
        match &self.columns {
            Patch::Keep => {}
            Patch::Clear => search.columns.clear(),
            Patch::Set(columns) => search.columns.clone_from(columns),
        }
        match self.shared {
            Patch::Keep => {}
            Patch::Clear => search.shared = false,
            Patch::Set(shared) => search.shared = shared,
        }
    }
}

/// Refuses a name that another search of the owner has, and more searches than are kept.
fn check(tx: &Tx<'_>, search: &SavedSearch) -> Result<(), Rejected<Error>> {
    let others: Vec<SavedSearch> =
        all(tx, &keys::space_of(keys::SAVED_SEARCHES, search.organization))?;
    let is_new = others.iter().all(|other| other.id != search.id);
    let of_owner: Vec<&SavedSearch> = others
        .iter()
        .filter(|other| other.owner == search.owner && other.id != search.id)
        .collect();
    if of_owner.iter().any(|other| fold(&other.name) == fold(&search.name)) {
        return Err(Rejected::By(Error::NameTaken(Noun::SavedSearch)));
    }
    if is_new && (of_owner.len() >= MOST_OF_OWNER || others.len() >= MOST_ENTRIES) {
        let message = format!(
            "at most {MOST_OF_OWNER} searches of one owner and {MOST_ENTRIES} of an organisation are kept"
        );
        return Err(Rejected::By(Error::QuotaExceeded(message)));
    }
    Ok(())
}

/// Reads a search that is to be changed: what the caller does not see is not there.
fn read_for_change(
    tx: &Tx<'_>,
    caller: &Caller,
    id: Uuid,
    precondition: &Precondition,
) -> Result<SavedSearch, Rejected<Error>> {
    let key = keys::saved_search(caller.organization, id);
    let search: SavedSearch = read(tx, &key, Noun::SavedSearch)?;
    if !is_seen(caller, &search) {
        return Err(Rejected::By(Error::NotFound(Noun::SavedSearch)));
    }
    if !may_change(caller, &search) {
        let message = "this search is shared by somebody else: save one of your own";
        return Err(Rejected::By(Error::DeniedOnRecord(message)));
    }
    check_version(precondition, search.version)?;
    Ok(search)
}

impl App {
    /// The caller's own searches and those that are shared, by name. Cost: reads all searches of
    /// the organisation.
    ///
    /// # Errors
    /// If the caller may not search.
    pub fn list_saved_searches(&self, caller: &Caller) -> Result<Vec<SavedSearchView>, Error> {
        authorize(caller, Permission::Search)?;
        let prefix = keys::space_of(keys::SAVED_SEARCHES, caller.organization);
        let mut found: Vec<SavedSearchView> =
            read_all::<SavedSearch>(self.partition.stored(), &prefix)?
                .iter()
                .filter(|(_, search)| is_seen(caller, search))
                .map(|(_, search)| view(caller, search))
                .collect();
        found.sort_by_cached_key(|search| (fold(&search.name), search.id));
        Ok(found)
    }

    /// One of the searches that the caller sees, by id.
    ///
    /// # Errors
    /// If there is none for this caller, or the caller may not search.
    pub fn find_saved_search(&self, caller: &Caller, id: Uuid) -> Result<SavedSearchView, Error> {
        let mut all = self.list_saved_searches(caller)?.into_iter();
        all.find(|search| search.id == id).ok_or(Error::NotFound(Noun::SavedSearch))
    }

    /// One of the searches that the caller sees, by id or name; of two names the caller's own.
    ///
    /// # Errors
    /// If there is none, or the caller may not search.
    pub(in crate::app) fn saved_search_named(
        &self,
        caller: &Caller,
        name: &str,
    ) -> Result<SavedSearchView, Error> {
        let (id, folded, own) =
            (Uuid::parse_str(name.trim()).ok(), fold(name.trim()), owner(caller));
        let all = self.list_saved_searches(caller)?;
        let mut named = all.into_iter().filter(|s| Some(s.id) == id || fold(&s.name) == folded);
        let first = named.next().ok_or(Error::NotFound(Noun::SavedSearch))?;
        Ok(if first.owner == own { first } else { named.find(|s| s.owner == own).unwrap_or(first) })
    }

    /// Keeps a search of the caller.
    ///
    /// # Errors
    /// If something does not fit, the name is taken, or the caller may not search.
    pub fn create_saved_search(
        &self,
        caller: &Caller,
        body: &Value,
    ) -> Result<SavedSearchView, Error> {
        authorize(caller, Permission::Search)?;
        let now = self.partition.now();
        let draft =
            self.with_language(caller, true, true, |language| Draft::read(body, language))??;
        if draft.name.is_keep() {
            let issue = FieldIssue::new("/name", "required", "a saved search needs a name");
            return Err(Error::Invalid(vec![issue]));
        }
        let mut search = SavedSearch {
            id: Uuid::now_v7(),
            organization: caller.organization,
            owner: owner(caller),
            name: String::new(),
            q: None,
            filter: None,
            sort: None,
            columns: Vec::new(),
            shared: false,
            version: 1,
            created_at: now,
            updated_at: now,
            created_by: Some(caller.actor.to_string()),
        };
        draft.apply(&mut search);
        let shown = view(caller, &search);
        self.partition.write(caller.organization, caller, false, {
            let shown = shown.clone();
            move |tx| {
                check(tx, &search)?;
                write(tx, &keys::saved_search(search.organization, search.id), &search)?;
                let after = noted(None, Some(&shown));
                note(tx, (AuditAction::SavedSearchCreated, search.id, after));
                Ok(())
            }
        })?;
        Ok(shown)
    }

    /// Changes a search; members that are absent stay.
    ///
    /// # Errors
    /// If there is none for this caller, something does not fit, or the caller may not.
    pub fn update_saved_search(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Value,
        precondition: &Precondition,
    ) -> Result<SavedSearchView, Error> {
        authorize(caller, Permission::Search)?;
        let now = self.partition.now();
        let draft =
            self.with_language(caller, true, true, |language| Draft::read(body, language))??;
        let (asking, precondition) = (caller.clone(), precondition.clone());
        let written = self.partition.write(caller.organization, caller, false, move |tx| {
            let before = read_for_change(tx, &asking, id, &precondition)?;
            let mut after = before.clone();
            draft.apply(&mut after);
            if after == before {
                return Ok(view(&asking, &before));
            }
            // Only who owns it takes it back; nobody else could share it again.
            if before.shared && !after.shared && before.owner != owner(&asking) {
                let message = "only who shared this search may take it back";
                return Err(Rejected::By(Error::DeniedOnRecord(message)));
            }
            check(tx, &after)?;
            after.version += 1;
            after.updated_at = now;
            write(tx, &keys::saved_search(after.organization, id), &after)?;
            let (old, new) = (view(&asking, &before), view(&asking, &after));
            let changed = noted(Some(&old), Some(&new));
            note(tx, (AuditAction::SavedSearchUpdated, id, changed));
            Ok(view(&asking, &after))
        })?;
        Ok(written.value)
    }

    /// Removes a search.
    ///
    /// # Errors
    /// If there is none for this caller, or the caller may not.
    pub fn delete_saved_search(
        &self,
        caller: &Caller,
        id: Uuid,
        precondition: &Precondition,
    ) -> Result<(), Error> {
        authorize(caller, Permission::Search)?;
        let (asking, precondition) = (caller.clone(), precondition.clone());
        self.partition.write(caller.organization, caller, false, move |tx| {
            let before = read_for_change(tx, &asking, id, &precondition)?;
            tx.delete(&keys::saved_search(before.organization, id));
            let changed = noted(Some(&view(&asking, &before)), None);
            note(tx, (AuditAction::SavedSearchDeleted, id, changed));
            Ok(())
        })?;
        Ok(())
    }
}
