//! What a request to act on many contacts says: which ones, and what is done to each.

use serde_json::Value;
use uuid::Uuid;

use super::App;
use super::error::Error;
use super::query::Query;
use crate::domain::access::{Caller, Permission};
use crate::domain::contact::Visibility;
use crate::domain::draft::{Draft, Patch};
use crate::domain::draft_json;
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::members::ObjectReader;
use crate::domain::status::Lifecycle;
use crate::query::Expr;

/// Most ids of one request.
const MOST_IDS: usize = 100_000;

/// Which contacts.
#[derive(Clone, Debug)]
pub(super) enum Selection {
    Ids(Vec<ContactId>),
    Query(Box<Query>),
    All,
    /// Who meets this, archived or not.
    Where(Box<Expr>),
}

/// How a request to act on many contacts is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BulkMode {
    /// Nothing is changed: what would be is counted and shown.
    pub(super) is_trial: bool,
    /// How many contacts the caller expects.
    pub(super) expect_total: Option<u64>,
    /// Whether words match as in a search: spellings, nicknames, sounds, typos and beginnings.
    is_loose: bool,
}

impl BulkMode {
    /// It is done, or only tried.
    pub(super) fn of(is_trial: bool) -> Self {
        Self { is_trial, expect_total: None, is_loose: false }
    }

    pub(super) fn read(value: &Value) -> Result<Self, Error> {
        let is_trial = match value.get("dry_run") {
            None => false,
            Some(Value::Bool(is_trial)) => *is_trial,
            Some(_) => return Err(Error::invalid("/dry_run", "type", "must be true or false")),
        };
        let expect_total = match value.get("expect_total") {
            None | Some(Value::Null) => None,
            Some(total) => Some(total.as_u64().ok_or_else(|| {
                Error::invalid("/expect_total", "type", "must be a number of contacts")
            })?),
        };
        let is_loose = match value.get("match").map(Value::as_str) {
            None | Some(Some("strict")) => false,
            Some(Some("loose")) => true,
            Some(_) => {
                let detail = "must be strict (words as they are written) or loose (as in a search)";
                return Err(Error::invalid("/match", "value", detail));
            }
        };
        Ok(Self { is_trial, expect_total, is_loose })
    }
}

/// What is done to each of them.
#[derive(Clone, Debug)]
pub(super) enum BulkAction {
    Change(Box<Draft>),
    /// Fields as a single change has them.
    Set(Box<Draft>),
    /// Into this contact.
    Merge(ContactId),
    /// The users in turn.
    Distribute(Vec<String>),
    /// Put on a static list, or taken off.
    List {
        list: Uuid,
        is_member: bool,
    },
    Delete,
    /// Out of the trash.
    Restore,
}

/// Members that tell contacts apart.
const OF_ONE: [&str; 14] = [
    "id",
    "display_name",
    "name",
    "full_name",
    "phone",
    "phone_number",
    "phones",
    "phone_numbers",
    "mobile",
    "email",
    "emails",
    "channels",
    "external_crm_id",
    "birthday",
];

/// What is wrong with the fields of an action, with its place there.
pub(super) fn below_fields(issues: Vec<FieldIssue>) -> Error {
    let below = |issue: FieldIssue| FieldIssue {
        pointer: format!("/action/fields{}", issue.pointer),
        ..issue
    };
    Error::Invalid(issues.into_iter().map(below).collect())
}

/// What members of an action may be called beside their names: as the members of contacts that
/// they change.
const ALSO_CALLED: &[(&str, &[&str], &str)] = &[
    ("assign", &["assigned_to", "user", "user_id", "owner"], "to"),
    ("assign_queue", &["assigned_queue", "queue_id"], "queue"),
    ("assign_to_queue", &["assigned_queue", "queue_id"], "queue"),
    ("distribute", &["to", "assigned_to", "user_ids", "assignees"], "users"),
    ("add_to_list", &["list_id"], "list"),
    ("remove_from_list", &["list_id"], "list"),
    ("merge", &["primary_id", "into"], "primary"),
];

/// An action with its members by their names.
fn renamed(action: &Value) -> Value {
    let mut action = action.clone();
    let kind = action.get("type").and_then(Value::as_str).unwrap_or_default();
    let also = ALSO_CALLED.iter().find(|(known, ..)| *known == kind);
    let (Some((_, others, name)), Some(members)) = (also, action.as_object_mut()) else {
        return action;
    };
    for other in *others {
        if !members.contains_key(*name)
            && let Some(value) = members.remove(*other)
        {
            members.insert((*name).to_owned(), value);
        }
    }
    action
}

/// Refuses members that nobody reads: somebody who asks for a trial must not get the action.
fn refuse_unknown(value: &Value, at: &str, known: &[&str]) -> Result<(), Error> {
    let unknown = value
        .as_object()
        .and_then(|members| members.keys().find(|name| !known.contains(&name.as_str())));
    match unknown {
        None => Ok(()),
        Some(name) => {
            let detail = format!("is not known here; known are {}", known.join(", "));
            let name = name.replace('~', "~0").replace('/', "~1");
            Err(Error::invalid(&format!("{at}/{name}"), "unknown_member", detail))
        }
    }
}

pub(super) fn read_selection(value: &Value, mode: BulkMode) -> Result<Selection, Error> {
    refuse_unknown(value, "", &["select", "action", "dry_run", "expect_total", "match"])?;
    let select = value.get("select").unwrap_or(&Value::Null);
    let known = ["ids", "q", "filter", "list", "saved_search", "all"];
    refuse_unknown(select, "/select", &known)?;
    if let Some(all) = select.get("all") {
        let is_alone = select.as_object().is_some_and(|members| members.len() == 1);
        return if *all == Value::Bool(true) && is_alone {
            Ok(Selection::All)
        } else {
            Err(Error::invalid("/select/all", "value", "must be true, and stand alone"))
        };
    }
    let by_query =
        ["q", "filter", "list", "saved_search"].iter().any(|name| select.get(name).is_some());
    match select.get("ids") {
        None if by_query => {
            let query = read_query(select)?;
            Ok(Selection::Query(Box::new(Query { is_strict: !mode.is_loose, ..query })))
        }
        Some(Value::Array(ids)) if !by_query => {
            if ids.len() > MOST_IDS {
                let detail = format!("has {} ids; at most {MOST_IDS} are allowed", ids.len());
                return Err(Error::invalid("/select/ids", "too_many", detail));
            }
            let parse = |(at, id): (usize, &Value)| {
                id.as_str().and_then(|id| id.parse().ok()).ok_or_else(|| {
                    Error::invalid(&format!("/select/ids/{at}"), "id", "is not the id of a contact")
                })
            };
            ids.iter().enumerate().map(parse).collect::<Result<_, _>>().map(Selection::Ids)
        }
        _ => {
            let detail = "must be {\"ids\": [...]}, {\"q\": \"...\"}, {\"filter\": {...}}, \
                          {\"list\": \"...\"}, {\"saved_search\": \"...\"} or {\"all\": true}";
            Err(Error::invalid("/select", "required", detail))
        }
    }
}

/// Reads the query of a selection: text, filter and saved search, of which each may be missing.
fn read_query(select: &Value) -> Result<Query, Error> {
    let q = match select.get("q") {
        None => String::new(),
        Some(Value::String(q)) => q.clone(),
        Some(_) => return Err(Error::invalid("/select/q", "type", "must be query text")),
    };
    let saved_search = match select.get("saved_search") {
        None => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) => {
            let detail = "must be the id or the name of a saved search";
            return Err(Error::invalid("/select/saved_search", "type", detail));
        }
    };
    let list = match select.get("list") {
        None => None,
        Some(Value::String(name)) if !name.trim().is_empty() => Some(name.clone()),
        Some(_) => {
            let detail = "must be the id or the name of a list";
            return Err(Error::invalid("/select/list", "type", detail));
        }
    };
    let filter = select.get("filter").cloned();
    let query = Query { q, filter, list, saved_search, ..Query::default() };
    if query.is_everything() {
        return Err(selects_all("/select/q"));
    }
    Ok(query)
}

/// Why a selection that got lost on the way is refused.
fn selects_all(at: &str) -> Error {
    let detail = "selects every contact; if that is meant, send {\"all\": true}";
    Error::invalid(at, "required", detail)
}

impl App {
    /// Refuses a query that every contact meets, however it is put: `{}`, `{"all": []}`.
    /// `at` points to the members of the query; `advice` says how all of them are asked for.
    pub(super) fn refuse_empty_query(
        &self,
        caller: &Caller,
        query: &Query,
        at: &str,
        advice: &str,
    ) -> Result<(), Error> {
        if query.is_everything() || !self.understand(caller, query)?.expr.meets_all() {
            return Ok(());
        }
        let member = match query {
            Query { filter: Some(_), .. } => "filter",
            Query { saved_search: Some(_), .. } => "saved_search",
            _ => "q",
        };
        let detail = format!("selects every contact: {advice}");
        Err(Error::invalid(&format!("{at}/{member}"), "required", detail))
    }

    pub(super) fn read_action(
        &self,
        caller: &Caller,
        body: &Value,
    ) -> Result<(BulkAction, Permission), Error> {
        let value = &renamed(body.get("action").unwrap_or(&Value::Null));
        let mut members = ObjectReader::of(value).map_err(|_issues| {
            Error::invalid("/action", "required", "must be an object with a type")
        })?;
        let kinds = "set, assign, assign_queue, assign_to_queue, distribute, set_visibility, \
             add_tags, remove_tags, add_to_list, remove_from_list, opt_in, opt_out, block, unblock, \
             archive, unarchive, merge, delete, restore";
        let kind = members.parsed("type", kinds, |text| {
            kinds.split(", ").find(|kind| *kind == text).map(str::to_owned)
        });
        let kind = kind.value().cloned().unwrap_or_default();
        let mut draft = Draft::default();
        let mut permission = Permission::Edit;
        let mut users = Vec::new();
        let (mut list, mut into) = (None, None);
        match kind.as_str() {
            "assign" => {
                draft.assigned_to = self.known_user(caller, &mut members, "to");
            }
            "assign_queue" | "assign_to_queue" => {
                let queue = members.text("queue", 100);
                match queue.value().and_then(|q| self.access().find_queue(caller.organization, q)) {
                    Some(queue) => draft.assigned_queue = Patch::Set(queue.id.to_string()),
                    None => members.issue("queue", "queue", "is not a queue of this organisation"),
                }
                // Queue and visibility go together, or its members would gain nothing.
                draft.visibility = Patch::Set(Visibility::Queue);
            }
            "distribute" => {
                let given = members.list("users", "ids or addresses of users", 1_000, |text| {
                    let user = self.access().find_user(caller.organization, text)?;
                    Some(user.id.to_string())
                });
                users = given.value().cloned().unwrap_or_default();
                if users.is_empty() {
                    members.issue("users", "required", "name the users among whom to distribute");
                }
            }
            "set_visibility" => {
                draft.visibility =
                    members.parsed("visibility", "all, queue, owner", Visibility::parse);
            }
            "add_tags" | "remove_tags" => {
                let tags = members.list("tags", "texts", 100, |text| {
                    let text = text.trim();
                    let fits = !text.is_empty()
                        && text.chars().count() <= 100
                        && !text.chars().any(char::is_control);
                    fits.then(|| text.to_owned())
                });
                let tags = tags.value().cloned().unwrap_or_default();
                if tags.is_empty() {
                    members.issue("tags", "required", "name at least one tag");
                }
                if kind == "add_tags" { draft.add_tags = tags } else { draft.remove_tags = tags }
            }
            "add_to_list" | "remove_from_list" => match members.text("list", 255) {
                Patch::Set(text) => {
                    list = Some(self.static_list(caller, &text, "/action/list")?.id);
                }
                Patch::Clear | Patch::Keep => {
                    members.issue("list", "required", "name the list by its id or name");
                }
            },
            "set" => draft = self.read_set(caller, &mut members)?,
            "block" => draft.blocked = Patch::Set(true),
            "unblock" => draft.blocked = Patch::Set(false),
            "merge" => {
                permission = Permission::Merge;
                match members.id("primary") {
                    Patch::Set(id) => into = Some(ContactId(id)),
                    Patch::Clear | Patch::Keep => {
                        members.issue("primary", "required", "name the contact that stays");
                    }
                }
            }
            "opt_in" => draft.opt_in = Patch::Set(true),
            "opt_out" => draft.opt_in = Patch::Set(false),
            "archive" => draft.lifecycle = Patch::Set(Lifecycle::Archived),
            "unarchive" => draft.lifecycle = Patch::Set(Lifecycle::Active),
            "delete" | "restore" => permission = Permission::Delete,
            _ => members.issue("type", "required", format!("must be one of {kinds}")),
        }
        members.finish().map_err(|issues| {
            let below = |mut issue: FieldIssue| {
                issue.pointer.insert_str(0, "/action");
                issue
            };
            Error::Invalid(issues.into_iter().map(below).collect())
        })?;
        Ok(match kind.as_str() {
            "delete" => (BulkAction::Delete, permission),
            "restore" => (BulkAction::Restore, permission),
            "set" => (BulkAction::Set(Box::new(draft)), permission),
            "merge" => (BulkAction::Merge(into.unwrap_or(ContactId(Uuid::nil()))), permission),
            "distribute" => (BulkAction::Distribute(users), permission),
            "add_to_list" | "remove_from_list" => {
                let is_member = kind == "add_to_list";
                let list = list.unwrap_or_default();
                (BulkAction::List { list, is_member }, permission)
            }
            _ => (BulkAction::Change(Box::new(draft)), permission),
        })
    }

    /// Reads what every selected contact gets: `fields`, as a single change has them, or one
    /// `field` with its `value`.
    fn read_set(&self, caller: &Caller, members: &mut ObjectReader<'_>) -> Result<Draft, Error> {
        let (fields, field) = (members.json("fields"), members.text("field", 200));
        let value = members.json("value").value().map_or(Value::Null, |value| (*value).clone());
        let fields = match (fields, field) {
            (Patch::Set(Value::Object(fields)), Patch::Keep) if !fields.is_empty() => {
                fields.clone()
            }
            (Patch::Keep, Patch::Set(field)) => match field.strip_prefix("cf.") {
                Some(key) => {
                    let own = serde_json::Map::from_iter([(key.to_owned(), value)]);
                    serde_json::Map::from_iter([("custom_fields".to_owned(), Value::Object(own))])
                }
                None => serde_json::Map::from_iter([(field, value)]),
            },
            _ => {
                let detail = "must be an object of fields, or name one field and its value";
                members.issue("fields", "required", detail);
                return Ok(Draft::default());
            }
        };
        if let Some(name) = fields.keys().find(|name| OF_ONE.contains(&name.as_str())) {
            let detail = format!("{name} tells contacts apart and cannot be the same for all");
            members.issue("fields", "of_one", detail);
            return Ok(Draft::default());
        }
        let settings = self.organization_of(caller)?.settings.clone();
        draft_json::parse(&Value::Object(fields), &settings).map_err(below_fields)
    }

    fn known_user(
        &self,
        caller: &Caller,
        members: &mut ObjectReader<'_>,
        name: &'static str,
    ) -> Patch<String> {
        match members.text(name, 255) {
            Patch::Set(text) => {
                if let Some(user) = self.access().find_user(caller.organization, &text) {
                    return Patch::Set(user.id.to_string());
                }
                members.issue(name, "user", "is not a user of this organisation");
                Patch::Keep
            }
            // Taken away from whoever has them.
            Patch::Clear => Patch::Clear,
            Patch::Keep => {
                members.issue(name, "required", "name the user, or null for nobody");
                Patch::Keep
            }
        }
    }
}
