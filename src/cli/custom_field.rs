//! `ringdex custom-field`: list, define, change, order, archive and delete custom fields.

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::admin::print_records;
use super::args::Args;
use super::client::escaped;
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::{Cancel, FieldChanged, Precondition};

/// Where the API keeps them.
const PATH: &str = "/api/v1/custom-fields";

#[derive(Subcommand)]
pub(super) enum CustomField {
    /// List them in order.
    List {
        /// With archived ones.
        #[arg(long)]
        archived: bool,
        /// Count the contacts that hold a value.
        #[arg(long)]
        usage: bool,
    },
    /// Show one.
    Show {
        /// Its key or id.
        field: String,
    },
    /// Define one; prints its id.
    Create {
        /// The internal identifier; made of the label if it is not given.
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        members: Members,
    },
    /// Change one; what is not given stays.
    Update {
        /// Its key or id.
        field: String,
        #[command(flatten)]
        members: Members,
        /// Put it away (true) or bring it back (false); its values are kept.
        #[arg(long)]
        archived: Option<bool>,
        /// Make a field that was only used a declared one.
        #[arg(long)]
        declare: bool,
        /// What happens to values that do not fit a new type or new options.
        #[arg(long, value_parser = ["refuse", "clear", "keep"])]
        on_misfit: Option<String>,
        /// The option that takes the place of those that are taken away.
        #[arg(long, value_name = "OPTION")]
        replace_with: Option<String>,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// Put them into an order; those that are not named stay behind.
    Order {
        /// Keys or ids.
        #[arg(required = true)]
        fields: Vec<String>,
    },
    /// Delete one with all its values.
    Delete {
        /// Its key or id.
        field: String,
        /// Do it; without this it is only said how many contacts would lose a value.
        #[arg(long)]
        yes: bool,
    },
}

/// The members of a definition.
#[derive(ClapArgs)]
pub(super) struct Members {
    /// The name for people.
    #[arg(long)]
    label: Option<String>,
    /// The type: `short_text`, `long_text`, integer, decimal, date, boolean, dropdown, `multi_select`.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Whether every new contact needs a value.
    #[arg(long)]
    required: Option<bool>,
    /// An option of a dropdown or multi-select; repeatable, replaces all of them.
    #[arg(long = "option", value_name = "OPTION")]
    options: Vec<String>,
    /// Who sees it: everybody, manager (and above), admin, or roles with commas.
    #[arg(long, value_name = "ROLES")]
    visible_to: Option<String>,
    /// Its place, from 1.
    #[arg(long, value_name = "N")]
    position: Option<u32>,
}

impl Members {
    fn body(&self) -> Value {
        let visible_to = self.visible_to.as_ref().map(|text| match text.split_once(',') {
            Some(_) => json!(text.split(',').map(str::trim).collect::<Vec<_>>()),
            None => json!(text),
        });
        json!({
            "label": self.label,
            "type": self.kind,
            "required": self.required,
            "options": (!self.options.is_empty()).then_some(&self.options),
            "visible_to": visible_to,
            "position": self.position,
        })
    }
}

/// A body with more members, without those that were not given.
fn with(mut body: Value, more: Value) -> Value {
    if let (Value::Object(map), Value::Object(more)) = (&mut body, more) {
        map.extend(more);
        map.retain(|_, value| !value.is_null());
    }
    body
}

/// A key as a part of a path.
fn path_of(field: &str) -> String {
    format!("{PATH}/{}", escaped(field))
}

fn print_changed(args: &Args, changed: &Value) -> Result<(), Failure> {
    if args.json {
        return output::print_json(changed);
    }
    let text = |name: &str| changed[name].as_str().unwrap_or("").to_owned();
    output::print(&if changed["dry_run"] == json!(true) { text("detail") } else { text("id") })
}

pub(super) fn run(args: &Args, command: &CustomField) -> Result<(), Failure> {
    let target = Target::open(args)?;
    let changed = match command {
        CustomField::List { archived, usage } => {
            let all = match &target {
                Target::Remote(client) => {
                    let text = |flag: &bool| if *flag { "true" } else { "false" };
                    let parameters = [("archived", text(archived)), ("usage", text(usage))];
                    client.get(PATH, &parameters)?["custom_fields"].take()
                }
                Target::Local { app, caller } => {
                    json!(app.list_custom_fields(caller, *archived, *usage, &Cancel::never())?)
                }
            };
            let mut shown = vec!["key", "label", "type", "state", "id"];
            if *usage {
                shown.push("usage");
            }
            return print_records(args, &all, &shown);
        }
        CustomField::Order { fields } => {
            let body = json!({"order": fields});
            let all = match &target {
                Target::Remote(client) => {
                    client.post(&format!("{PATH}/order"), &body)?["custom_fields"].take()
                }
                Target::Local { app, caller } => json!(app.order_custom_fields(caller, &body)?),
            };
            return print_records(args, &all, &["key", "label", "type", "state", "id"]);
        }
        CustomField::Show { field } => {
            let found = match &target {
                Target::Remote(client) => client.get(&path_of(field), &[])?,
                Target::Local { app, caller } => json!(app.find_custom_field(caller, field)?),
            };
            return output::print_json(&found);
        }
        CustomField::Create { key, members } => {
            let body = with(members.body(), json!({"key": key}));
            match &target {
                Target::Remote(client) => client.post(PATH, &body)?,
                Target::Local { app, caller } => json!(app.create_custom_field(caller, &body)?),
            }
        }
        CustomField::Update {
            field,
            members,
            archived,
            declare,
            on_misfit,
            replace_with,
            dry_run,
        } => {
            let more = json!({
                "archived": archived,
                "declared": declare.then_some(true),
                "on_misfit": on_misfit,
                "replace_with": replace_with,
                "dry_run": dry_run.then_some(true),
            });
            let body = with(members.body(), more);
            match &target {
                Target::Remote(client) => client.patch(&path_of(field), &body)?,
                Target::Local { app, caller } => {
                    let any = &Precondition::None;
                    let changed = app.update_custom_field(
                        caller,
                        field,
                        &body,
                        false,
                        any,
                        &Cancel::never(),
                    )?;
                    // Nobody else would do it before the next start of a server.
                    app.finish_jobs();
                    match changed {
                        FieldChanged::Trial(survey) => {
                            with(json!(survey), json!({"dry_run": true}))
                        }
                        FieldChanged::Done(field, _) => json!(field),
                    }
                }
            }
        }
        CustomField::Delete { field, yes } => {
            let job = match &target {
                Target::Remote(client) => {
                    let path = format!("{}?confirm={yes}", path_of(field));
                    client.delete_for(&path)?
                }
                Target::Local { app, caller } => {
                    let any = &Precondition::None;
                    let job = app.delete_custom_field(caller, field, *yes, any)?;
                    app.finish_jobs();
                    json!(app.find_job(caller, job.id).unwrap_or(job))
                }
            };
            return if args.json { output::print_json(&job) } else { Ok(()) };
        }
    };
    print_changed(args, &changed)
}
