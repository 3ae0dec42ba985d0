//! `ringdex task` and the other kinds of records: list, show, create, edit, delete, restore.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::args::{Args, id};
use super::contact::Body;
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::{Deletion, Precondition, RecordQuery};
use crate::domain::record::{AnyKind, FieldKind, kind_by_name};
use crate::domain::text::counted;

/// What is done with the records of a kind.
#[derive(Subcommand)]
pub(super) enum RecordCommand {
    /// List them.
    List(List),
    /// Show one.
    Show {
        /// The record.
        #[arg(value_parser = id::<Uuid>)]
        id: Uuid,
    },
    /// Make one; prints its id. Members are given as NAME=VALUE, for example title='Call back'.
    Create(Body),
    /// Change members of one; null takes a value away.
    Edit {
        /// The record.
        #[arg(value_parser = id::<Uuid>)]
        id: Uuid,
        #[command(flatten)]
        body: Body,
        /// Only if it still has this version.
        #[arg(long, value_name = "N")]
        version: Option<u64>,
    },
    /// Delete some. They can be restored, unless they are deleted for good.
    Delete {
        /// The records.
        #[arg(value_parser = id::<Uuid>, required = true)]
        ids: Vec<Uuid>,
        /// Delete for good.
        #[arg(long)]
        permanent: bool,
    },
    /// Bring deleted ones back.
    Restore {
        /// The records.
        #[arg(value_parser = id::<Uuid>, required = true)]
        ids: Vec<Uuid>,
    },
}

/// Which records are listed.
#[derive(ClapArgs)]
pub(super) struct List {
    /// Words that begin words of their texts.
    q: Vec<String>,
    /// Only about this contact.
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// Only with this value of a field, as NAME=VALUE; repeatable.
    #[arg(long = "where", value_name = "NAME=VALUE")]
    filters: Vec<String>,
    /// The order: a field; - in front for descending.
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
    /// Most records to show.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// The deleted ones instead.
    #[arg(long)]
    deleted: bool,
}

pub(super) fn run(args: &Args, kind: &str, command: &RecordCommand) -> Result<(), Failure> {
    let kind = kind_by_name(kind)
        .ok_or_else(|| Failure::Usage(format!("there is no kind of record called {kind}")))?;
    let [all, ..] = kind.info().paths;
    let path_of = |id: &Uuid| format!("{all}/{id}");
    match command {
        RecordCommand::List(list) => print_list(args, kind, list),
        RecordCommand::Show { id } => {
            let found = match Target::open_existing(args)? {
                Target::Remote(client) => client.get(&path_of(id), &[])?,
                Target::Local { app, caller } => app.find_record(&caller, kind, *id)?.json,
            };
            output::print_json(&found)
        }
        RecordCommand::Create(body) => {
            let body = typed(kind, body.read()?);
            let made = match Target::open(args)? {
                Target::Remote(client) => client.post(all, &body)?,
                Target::Local { app, caller } => {
                    app.create_record(&caller, kind, &body, None)?.json
                }
            };
            print_changed(args, &made)
        }
        RecordCommand::Edit { id, body, version } => {
            let body = typed(kind, body.read()?);
            let changed = match Target::open_existing(args)? {
                Target::Remote(client) => client.patch_version(&path_of(id), &body, *version)?,
                Target::Local { app, caller } => {
                    let precondition = Precondition::of_version(*version);
                    app.update_record(&caller, kind, *id, &body, &precondition)?.json
                }
            };
            print_changed(args, &changed)
        }
        RecordCommand::Delete { ids, permanent } => {
            let target = Target::open_existing(args)?;
            output::for_each(ids, |id| match &target {
                Target::Remote(client) => {
                    client.delete(&format!("{}?permanent={permanent}", path_of(id)))
                }
                Target::Local { app, caller } => {
                    let deletion = if *permanent { Deletion::Permanent } else { Deletion::Soft };
                    Ok(app.delete_record(caller, kind, *id, deletion, &Precondition::None)?)
                }
            })
        }
        RecordCommand::Restore { ids } => {
            let target = Target::open_existing(args)?;
            output::for_each(ids, |id| {
                match &target {
                    Target::Remote(client) => {
                        client.post(&format!("{}/restore", path_of(id)), &json!({}))?;
                    }
                    Target::Local { app, caller } => {
                        app.restore_record(caller, kind, *id, &Precondition::None)?;
                    }
                }
                Ok(())
            })
        }
    }
}

/// A body in which numbers and lists are such, where they were typed as texts.
fn typed(kind: &dyn AnyKind, mut body: Value) -> Value {
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        let field = kind.fields().iter().find(|field| field.name == name);
        let (Some(field), Value::String(text)) = (field, &*value) else { continue };
        if matches!(field.kind, FieldKind::Amount | FieldKind::Count) {
            let number = serde_json::from_str(text).ok().filter(Value::is_number);
            *value = number.unwrap_or_else(|| json!(text));
        } else if matches!(field.kind, FieldKind::Texts(_)) {
            let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
            *value = entries.collect();
        }
    }
    body
}

fn print_list(args: &Args, kind: &'static dyn AnyKind, list: &List) -> Result<(), Failure> {
    let mut filters = Vec::new();
    for filter in &list.filters {
        let Some((name, value)) = filter.split_once('=') else {
            let detail = format!("{filter:?} is not NAME=VALUE, for example status=open");
            return Err(Failure::Usage(detail));
        };
        filters.push((name.to_owned(), value.to_owned()));
    }
    let q = list.q.join(" ");
    let found = match Target::open_existing(args)? {
        Target::Remote(client) => {
            let (limit, deleted) = (list.limit.to_string(), list.deleted.to_string());
            let mut parameters = vec![
                ("q", q.as_str()),
                ("per_page", &limit),
                ("deleted", &deleted),
                ("sort", list.sort.as_deref().unwrap_or_default()),
                ("contact_id", list.contact.as_deref().unwrap_or_default()),
            ];
            parameters.extend(filters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            client.get(kind.info().paths[0], &parameters)?
        }
        Target::Local { app, caller } => {
            let query = RecordQuery {
                q,
                contact: list.contact.clone(),
                filters,
                sort: list.sort.clone(),
                per_page: Some(list.limit),
                is_trash: list.deleted,
                ..RecordQuery::default()
            };
            app.list_records(&caller, kind, &query)?.into_json()
        }
    };
    if args.json {
        return output::print_json(&found);
    }
    let shown = |field: &&crate::domain::record::FieldInfo| {
        !matches!(
            field.kind,
            FieldKind::Prose(_) | FieldKind::Object | FieldKind::Texts(_) | FieldKind::Earlier
        )
    };
    let mut columns: Vec<&str> =
        kind.fields().iter().filter(shown).map(|field| field.name).collect();
    columns.push("id");
    super::admin::print_records(args, &found["items"], &columns)?;
    let count = found["items"].as_array().map_or(0, Vec::len);
    let total = found["total"].as_u64().unwrap_or_default();
    let total = counted(total, kind.info().name, kind.info().plural);
    output::tell(&format!("{total}, {count} shown"));
    Ok(())
}

fn print_changed(args: &Args, record: &Value) -> Result<(), Failure> {
    if args.json {
        return output::print_json(record);
    }
    output::print(record["id"].as_str().unwrap_or_default())
}

/// `ringdex callbacks`: who waits to be called back.
pub(super) fn callbacks(args: &Args, hours: u64) -> Result<(), Failure> {
    let found = match Target::open_existing(args)? {
        Target::Remote(client) => {
            client.get("/api/v1/calls/callbacks", &[("hours", &hours.to_string())])?
        }
        Target::Local { app, caller } => {
            serde_json::to_value(app.callbacks(&caller, Some(hours))?).unwrap_or_default()
        }
    };
    if args.json {
        return output::print_json(&found);
    }
    let cell = |one: &Value, name: &str| {
        let value = &one[name];
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| if value.is_null() { String::new() } else { value.to_string() })
    };
    let items = found["items"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = items
        .map(|one| {
            let names =
                ["last_missed_at", "display_name", "number", "missed", "queue", "contact_id"];
            names.map(|name| cell(one, name)).to_vec()
        })
        .collect();
    output::print_table(&["MISSED AT", "NAME", "NUMBER", "TIMES", "QUEUE", "CONTACT"], &rows)
}
