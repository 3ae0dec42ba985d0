//! Renaming, joining, colouring and removing tags, and tagging contacts with the country of their
//! number: jobs like every other action on many contacts.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::bulk_actions::{BulkStart, Deed};
use super::super::bulk_request::{BulkMode, Selection};
use super::super::error::Error;
use super::super::jobs::BulkJob;
use super::super::search::Refresh;
use super::super::{App, authorize};
use super::{Styles, TagView};
use crate::domain::access::{Caller, Permission, Sight};
use crate::domain::audit::{AuditAction, FieldChange};
use crate::domain::draft::{MAX_TAG, Patch};
use crate::domain::members::ObjectReader;
use crate::domain::tag::{TagChange, TagStyle, read, read_color};
use crate::domain::text::fold;
use crate::engine::{Error as EngineError, Rejected, codec, keys};
use crate::query::{Condition, Expr, Field};

/// Most tags that are joined at once.
const MOST_JOINED: usize = 100;
/// Most tags of an organisation that have colours.
const MOST_COLORS: usize = 10_000;

/// What became of a change of a tag.
#[derive(Debug)]
pub enum TagChanged {
    /// Only its colour is another one.
    Colored(Box<TagView>),
    /// Contacts are changed by a job.
    Started(Box<BulkJob>),
}

/// What happens to the colours of tags.
struct Recoloring {
    /// The folded tags that end.
    ended: Vec<String>,
    /// The tag that goes on, as it is written.
    tag: Option<String>,
    color: Patch<String>,
    action: AuditAction,
    /// What the audit log says beside the colour.
    changes: Vec<FieldChange>,
}

fn too_many_colors() -> Error {
    Error::InUse(format!("{MOST_COLORS} tags have a colour already: take some away first"))
}

fn tag_detail() -> String {
    format!("must be 1 to {MAX_TAG} printable characters with a letter, digit or sign")
}

fn read_tag(members: &mut ObjectReader<'_>, name: &'static str) -> Patch<String> {
    let given = members.text(name, MAX_TAG);
    match &given {
        Patch::Set(text) => match read(text) {
            Some(tag) => return Patch::Set(tag),
            None => members.issue(name, "tag", tag_detail()),
        },
        Patch::Clear => members.issue(name, "tag", tag_detail()),
        Patch::Keep => {}
    }
    Patch::Keep
}

impl App {
    /// Renames or colours a tag. Renaming it like another one joins them.
    ///
    /// # Errors
    /// If no contact that the caller sees has it, name or colour do not fit, or the caller may not.
    pub fn update_tag(
        self: &Arc<Self>,
        caller: &Caller,
        tag: &str,
        body: &Value,
    ) -> Result<TagChanged, Error> {
        authorize(caller, Permission::ManageTags)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let name = read_tag(&mut members, "tag");
        let form = "a colour such as #ff8800 or red, or null for none";
        let color = members.parsed("color", form, read_color);
        members.finish().map_err(Error::Invalid)?;
        let view = self.tag_view(caller, tag)?;
        let colors = self.tag_styles(caller.organization)?.len();
        if matches!(color, Patch::Set(_)) && colors >= MOST_COLORS && view.color.is_none() {
            return Err(too_many_colors());
        }
        let Patch::Set(name) = name else {
            if !color.is_keep() {
                self.recolor(
                    caller,
                    Recoloring {
                        ended: Vec::new(),
                        tag: Some(view.tag.clone()),
                        color,
                        action: AuditAction::TagUpdated,
                        changes: Vec::new(),
                    },
                )?;
            }
            return Ok(TagChanged::Colored(Box::new(self.tag_view(caller, tag)?)));
        };
        let renamed = FieldChange::of("tag", &Some(&view.tag), &Some(&name));
        let recoloring = Recoloring {
            ended: vec![fold(&view.tag)],
            tag: Some(name.clone()),
            color,
            action: AuditAction::TagUpdated,
            changes: vec![renamed],
        };
        self.join(caller, recoloring, name).map(TagChanged::Started)
    }

    /// Makes one tag of several.
    ///
    /// # Errors
    /// If a tag is none or on no contact that the caller sees, or the caller may not.
    pub fn merge_tags(self: &Arc<Self>, caller: &Caller, body: &Value) -> Result<BulkJob, Error> {
        authorize(caller, Permission::ManageTags)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let into = read_tag(&mut members, "into");
        if into.is_keep() {
            members.issue("into", "required", "name the tag that the others become");
        }
        let from = members.list("from", "tags", MOST_JOINED, read);
        let from = from.value().cloned().unwrap_or_default();
        if from.is_empty() {
            members.issue("from", "required", "name at least one tag that becomes the other");
        }
        members.finish().map_err(Error::Invalid)?;
        let (known, _) = self.counted_tags(caller, Refresh::Wait)?;
        let known: HashSet<String> = known.iter().map(|one| fold(&one.tag)).collect();
        if let Some(at) = from.iter().position(|tag| !known.contains(&fold(tag))) {
            let detail = "is on no contact that you see; GET /api/v1/tags lists those that are";
            return Err(Error::invalid(&format!("/from/{at}"), "tag", detail));
        }
        let into = into.value().cloned().unwrap_or_default();
        let recoloring = Recoloring {
            ended: from.iter().map(|tag| fold(tag)).collect(),
            tag: Some(into.clone()),
            color: Patch::Keep,
            action: AuditAction::TagsMerged,
            changes: vec![FieldChange::of("tag", &json!(from), &json!(into))],
        };
        Ok(*self.join(caller, recoloring, into)?)
    }

    /// Takes a tag from all contacts that the caller sees.
    ///
    /// # Errors
    /// If none of them has it, or the caller may not.
    pub fn delete_tag(self: &Arc<Self>, caller: &Caller, tag: &str) -> Result<BulkJob, Error> {
        authorize(caller, Permission::ManageTags)?;
        let view = self.tag_view(caller, tag)?;
        let ended = vec![fold(&view.tag)];
        let change = TagChange::Join { from: ended.clone(), into: None };
        let started = self.change_tags(caller, tagged(&ended), change, false)?;
        self.recolor(
            caller,
            Recoloring {
                ended,
                tag: None,
                color: Patch::Keep,
                action: AuditAction::TagDeleted,
                changes: vec![FieldChange::of("tag", &json!(view.tag), &Value::Null)],
            },
        )?;
        job_of(started)
    }

    /// Tags all contacts that the caller sees with the country of their number, or tries it.
    ///
    /// # Errors
    /// If the body does not fit, or the caller may not.
    pub fn tag_countries(
        self: &Arc<Self>,
        caller: &Caller,
        body: &Value,
    ) -> Result<BulkStart, Error> {
        authorize(caller, Permission::ManageTags)?;
        let mut members = ObjectReader::of(body).map_err(Error::Invalid)?;
        let is_trial = members.flag("dry_run");
        members.finish().map_err(Error::Invalid)?;
        let is_trial = is_trial.value().copied().unwrap_or(false);
        let who = Expr::Is(Condition::Has { field: Field::Phone });
        let started = self.change_tags(caller, who, TagChange::Country, is_trial)?;
        if let BulkStart::Started(job) = &started {
            let total = FieldChange::of("contacts", &None, &Some(job.total));
            self.note_tags(caller, AuditAction::TagsOfCountry, vec![total])?;
        }
        Ok(started)
    }

    /// Makes one tag of all that end.
    fn join(
        self: &Arc<Self>,
        caller: &Caller,
        recoloring: Recoloring,
        into: String,
    ) -> Result<Box<BulkJob>, Error> {
        let from = recoloring.ended.clone();
        let who = tagged(&from);
        let change = TagChange::Join { from, into: Some(into) };
        let started = self.change_tags(caller, who, change, false)?;
        self.recolor(caller, recoloring)?;
        job_of(started).map(Box::new)
    }

    fn change_tags(
        self: &Arc<Self>,
        caller: &Caller,
        who: Expr,
        change: TagChange,
        is_trial: bool,
    ) -> Result<BulkStart, Error> {
        let mode = BulkMode::of(is_trial);
        let who = Selection::Where(Box::new(who));
        self.start_deed(caller, mode, who, (Deed::Tags(change), None), None)
    }

    /// Keeps colours, and says in the audit log what was asked for.
    fn recolor(&self, caller: &Caller, wanted: Recoloring) -> Result<(), Error> {
        let org = caller.organization;
        let subject = self.organization_of(caller)?.id;
        let sees_all = caller.sight == Sight::Everything;
        self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let key = keys::tag_styles(org);
            let mut styles: Styles = match tx.get(&key)? {
                None => Styles::new(),
                Some(bytes) => codec::decode(&bytes).map_err(EngineError::from)?,
            };
            let before = styles.clone();
            let of_ended =
                wanted.ended.iter().find_map(|tag| styles.get(tag)).map(|one| one.color.clone());
            // Contacts that the caller does not see keep their tag, and that its colour.
            if sees_all {
                styles.retain(|tag, _| !wanted.ended.contains(tag));
            }
            let mut changes = wanted.changes.clone();
            if let Some(tag) = &wanted.tag {
                let folded = fold(tag);
                let known = before.get(&folded).map(|style| style.color.clone());
                let color = match &wanted.color {
                    Patch::Set(color) => Some(color.clone()),
                    Patch::Clear => None,
                    Patch::Keep => known.clone().or(of_ended),
                };
                if changes.is_empty() {
                    changes.push(FieldChange::of("tag", &Some(tag), &Some(tag)));
                }
                if color != known {
                    changes.push(FieldChange::of("color", &known, &color));
                }
                match color {
                    None => drop(styles.remove(&folded)),
                    Some(color) => {
                        styles.insert(folded, TagStyle { tag: tag.clone(), color });
                    }
                }
            }
            if styles.len() > MOST_COLORS {
                return Err(Rejected::By(too_many_colors()));
            }
            if styles != before {
                tx.put(&key, codec::encode(&styles).map_err(EngineError::from)?);
            }
            tx.note(wanted.action, subject, changes);
            Ok(())
        })?;
        Ok(())
    }

    fn note_tags(
        &self,
        caller: &Caller,
        action: AuditAction,
        changes: Vec<FieldChange>,
    ) -> Result<(), Error> {
        let subject = self.organization_of(caller)?.id;
        self.partition.write::<_, Error>(caller.organization, caller, false, move |tx| {
            tx.note(action, subject, changes.clone());
            Ok(())
        })?;
        Ok(())
    }
}

/// Who has one of these folded tags.
fn tagged(tags: &[String]) -> Expr {
    let one = |tag: &String| {
        let (field, value) = (Field::Tag, tag.clone());
        Expr::Is(Condition::Value { field, value, is_prefix: false })
    };
    Expr::any(tags.iter().map(one).collect::<Vec<_>>())
}

fn job_of(started: BulkStart) -> Result<BulkJob, Error> {
    match started {
        BulkStart::Started(job) | BulkStart::Repeated(job) => Ok(*job),
        BulkStart::Trial(_) => Err(Error::Overloaded("the tags were only tried")),
    }
}
