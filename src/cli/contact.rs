//! `ringdex contact`: show, create, edit, delete and restore contacts.

use std::io::Read;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Map, Value, json};

use super::args::{Args, id};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::{App, Deletion, Precondition};
use crate::domain::access::Caller;
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::domain::time::Timestamp;
use crate::domain::view::ContactView;

const PATH: &str = "/api/v1/contacts";

#[derive(Subcommand)]
pub(super) enum ContactCommand {
    /// Show a contact with all that is known about it.
    Show {
        /// The contact.
        #[arg(value_parser = id::<ContactId>)]
        id: ContactId,
        /// As it was at this time, such as 2026-11-29T17:00:00Z.
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
    },
    /// Create a contact; prints its id.
    ///
    /// For example: ringdex contact create name='Jane Doe' phone='(202) 555-0123' cf.plan=gold
    Create(Body),
    /// Change members of a contact; null takes a value away.
    ///
    /// For example: ringdex contact edit ID company='Acme Inc' title=null
    Edit {
        /// The contact.
        #[arg(value_parser = id::<ContactId>)]
        id: ContactId,
        #[command(flatten)]
        body: Body,
        /// Only if the contact still has this version.
        #[arg(long, value_name = "N")]
        version: Option<u64>,
    },
    /// Delete contacts. They can be restored, unless they are deleted for good.
    Delete {
        /// The contacts.
        #[arg(value_parser = id::<ContactId>, required = true)]
        ids: Vec<ContactId>,
        /// Delete for good, also out of the trash; nothing brings them back.
        #[arg(long)]
        permanent: bool,
        /// With --permanent, also if tasks and other records are deleted with them.
        #[arg(long)]
        cascade: bool,
        /// Also what may not be deleted now, for those who may override that.
        #[arg(long)]
        force: bool,
    },
    /// Print everything that is kept about a contact as one JSON document, for the person to have.
    PersonalData {
        /// The contact.
        #[arg(value_parser = id::<ContactId>)]
        id: ContactId,
    },
    /// Bring deleted contacts back; `search --deleted` lists them.
    Restore {
        /// The contacts.
        #[arg(value_parser = id::<ContactId>, required = true)]
        ids: Vec<ContactId>,
    },
}

/// What a contact is to be.
#[derive(ClapArgs)]
pub(super) struct Body {
    /// Members as in the API, each as NAME=VALUE; custom fields as cf.KEY=VALUE. Lists and objects
    /// are JSON.
    #[arg(value_name = "NAME=VALUE")]
    pub(super) members: Vec<String>,
    /// Read a JSON object from this file as well; - is standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<std::path::PathBuf>,
}

impl Body {
    pub(super) fn read(&self) -> Result<Value, Failure> {
        let mut body = match &self.from {
            None => Map::new(),
            Some(path) => {
                let mut text = String::new();
                if path.as_os_str() == "-" {
                    std::io::stdin().read_to_string(&mut text).map_err(Failure::Output)?;
                } else {
                    text = std::fs::read_to_string(path).map_err(|error| {
                        Failure::Usage(format!("{} cannot be read: {error}", path.display()))
                    })?;
                }
                match serde_json::from_str(&text) {
                    Ok(Value::Object(body)) => body,
                    Ok(_) => {
                        let detail = "what --from names must hold a JSON object";
                        return Err(Failure::Usage(detail.to_owned()));
                    }
                    Err(error) => {
                        let detail = format!("what --from names is not JSON: {error}");
                        return Err(Failure::Usage(detail));
                    }
                }
            }
        };
        for member in &self.members {
            let Some((name, text)) = member.split_once('=') else {
                let detail = format!("{member:?} is not NAME=VALUE, for example name='Jane Doe'");
                return Err(Failure::Usage(detail));
            };
            let value = value_of(text);
            match name.strip_prefix("cf.") {
                None => {
                    body.insert(name.to_owned(), value);
                }
                Some(key) => {
                    let fields = body.entry("custom_fields").or_insert_with(|| json!({}));
                    let Value::Object(fields) = fields else {
                        let detail = "custom_fields must be an object beside cf.KEY=VALUE";
                        return Err(Failure::Usage(detail.to_owned()));
                    };
                    fields.insert(key.to_owned(), value);
                }
            }
        }
        if body.is_empty() {
            let detail = "say what the contact is to be, as NAME=VALUE or with --from";
            return Err(Failure::Usage(detail.to_owned()));
        }
        Ok(Value::Object(body))
    }
}

/// What a text on the command line means: JSON lists and objects, true, false and null; anything
/// else is text, a phone number of digits too.
fn value_of(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ if text.starts_with(['[', '{']) => {
            serde_json::from_str(text).unwrap_or_else(|_not_json| text.into())
        }
        _ => text.into(),
    }
}

fn shown(app: &App, caller: &Caller, contact: &Contact) -> Result<Value, Failure> {
    let lists = app.showing(caller.organization)?;
    Ok(json!(ContactView::with(contact, &lists)))
}

fn path_of(id: ContactId) -> String {
    format!("{PATH}/{id}")
}

pub(super) fn run(args: &Args, command: &ContactCommand) -> Result<(), Failure> {
    match command {
        ContactCommand::Show { id, at } => {
            let found = match Target::open_existing(args)? {
                Target::Remote(client) => {
                    let at = at.map(|at| ("at", at.to_string()));
                    let query: Vec<_> = at.iter().map(|(name, at)| (*name, at.as_str())).collect();
                    client.get(&path_of(*id), &query)?
                }
                Target::Local { app, caller } if let Some(at) = at => {
                    app.contact_as_it_was(&caller, *id, *at)?
                }
                Target::Local { app, caller } => {
                    let found = app.read_contact(&caller, *id)?;
                    shown(&app, &caller, &found)?
                }
            };
            if args.json { output::print_json(&found) } else { print_card(&found) }
        }
        ContactCommand::PersonalData { id } => {
            let found = match Target::open_existing(args)? {
                Target::Remote(client) => {
                    client.get(&format!("{}/gdpr-export", path_of(*id)), &[])?
                }
                Target::Local { app, caller } => app.personal_data(&caller, *id)?,
            };
            output::print_json(&found)
        }
        ContactCommand::Create(body) => create(args, body),
        ContactCommand::Edit { id, body, version } => {
            let body = body.read()?;
            let changed = match Target::open_existing(args)? {
                Target::Remote(client) => client.patch_version(&path_of(*id), &body, *version)?,
                Target::Local { app, caller } => {
                    let precondition = Precondition::of_version(*version);
                    let (changed, _) = app.update_contact(&caller, *id, &body, &precondition)?;
                    shown(&app, &caller, &changed)?
                }
            };
            print_changed(args, &changed)
        }
        ContactCommand::Delete { ids, permanent, cascade, force } => {
            let target = Target::open_existing(args)?;
            output::for_each(ids, |id| match &target {
                Target::Remote(client) => {
                    let path = path_of(*id);
                    client.delete(&format!(
                        "{path}?permanent={permanent}&cascade={cascade}&force={force}"
                    ))
                }
                Target::Local { app, caller } => {
                    let deletion = match (permanent, cascade) {
                        (false, _) => Deletion::Soft,
                        (true, true) => Deletion::Permanent,
                        (true, false) => Deletion::PermanentAlone,
                    };
                    app.delete_contact(caller, *id, deletion, Precondition::None, *force)?;
                    Ok(())
                }
            })
        }
        ContactCommand::Restore { ids } => {
            let target = Target::open_existing(args)?;
            output::for_each(ids, |id| {
                match &target {
                    Target::Remote(client) => {
                        client.post(&format!("{}/restore", path_of(*id)), &json!({}))?;
                    }
                    Target::Local { app, caller } => {
                        app.restore_contact(caller, *id, &Precondition::None)?;
                    }
                }
                Ok(())
            })
        }
    }
}

/// Makes a contact, and names who may be the same person.
fn create(args: &Args, body: &Body) -> Result<(), Failure> {
    let body = body.read()?;
    let made = match Target::open(args)? {
        Target::Remote(client) => client.post(PATH, &body)?,
        Target::Local { app, caller } => {
            let made = app.create_contact(&caller, &body, None)?;
            let mut answer = shown(&app, &caller, &made.contact)?;
            if !made.duplicates.is_empty() {
                answer["duplicates"] = json!(made.duplicates);
            }
            answer
        }
    };
    for one in made["duplicates"].as_array().into_iter().flatten() {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        let (name, id) = (text("display_name"), text("id"));
        output::tell(&format!("note: {name} ({id}) may be the same person"));
    }
    print_changed(args, &made)
}

fn print_changed(args: &Args, contact: &Value) -> Result<(), Failure> {
    for warning in contact["warnings"].as_array().into_iter().flatten() {
        output::tell(&format!("note: {}", warning["detail"].as_str().unwrap_or_default()));
    }
    if args.json {
        return output::print_json(contact);
    }
    output::print(contact["id"].as_str().unwrap_or_default())
}

/// A contact for people: a line for each member that has a value.
fn print_card(contact: &Value) -> Result<(), Failure> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => other.to_string(),
    };
    // The lists below hold these as well.
    let is_repeated =
        |name: &str| ["name", "phone", "mobile", "email", "created_by_user_id"].contains(&name);
    for (name, value) in contact.as_object().into_iter().flatten() {
        if is_repeated(name) {
            continue;
        }
        let lines = match (name.as_str(), value) {
            ("phones", Value::Array(phones)) => labelled(phones, "number"),
            ("emails", Value::Array(emails)) => labelled(emails, "address"),
            ("tags", Value::Array(tags)) => {
                let tags: Vec<String> = tags.iter().map(text).collect();
                if tags.is_empty() { Vec::new() } else { vec![tags.join(", ")] }
            }
            ("custom_fields" | "social_profiles", Value::Object(fields)) => {
                fields.iter().map(|(key, value)| format!("{key}: {}", text(value))).collect()
            }
            (_, Value::Null | Value::Bool(false)) => Vec::new(),
            ("lists", Value::Array(lists)) => labelled(lists, "name"),
            (_, Value::Array(all)) => all.iter().map(text).collect(),
            (_, Value::Object(_)) => members(value, ""),
            (_, one) => vec![text(one)],
        };
        for line in lines {
            output::print(&format!("{name:<22}  {line}"))?;
        }
    }
    Ok(())
}

/// The members of an object that say something, one a line.
fn members(value: &Value, name: &str) -> Vec<String> {
    match value {
        Value::Object(inside) => {
            let named =
                |key: &String| if name.is_empty() { key.clone() } else { format!("{name} {key}") };
            inside.iter().flat_map(|(key, value)| members(value, &named(key))).collect()
        }
        Value::Array(all) if all.is_empty() => Vec::new(),
        Value::Array(all) => {
            let texts =
                all.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            vec![format!("{name}: {}", texts.collect::<Vec<_>>().join("; "))]
        }
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::Number(number) if number.as_f64() == Some(0.0) => Vec::new(),
        Value::String(text) => vec![format!("{name}: {text}")],
        Value::Bool(true) | Value::Number(_) => vec![format!("{name}: {value}")],
    }
}

/// The entries of a list with what they are for.
fn labelled(entries: &[Value], member: &str) -> Vec<String> {
    let entry = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let extension = match text("extension") {
            none if none.is_empty() => none,
            number => format!(" ext. {number}"),
        };
        let label = match text("label") {
            none if none.is_empty() => none,
            label => format!(" ({label})"),
        };
        format!("{}{extension}{label}", text(member))
    };
    entries.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_on_the_command_line_are_text_and_lists_are_json() {
        assert_eq!(value_of("2025550123"), json!("2025550123"));
        assert_eq!(value_of("[\"vip\"]"), json!(["vip"]));
        assert_eq!(value_of("[draft"), json!("[draft"));
        assert_eq!(value_of("null"), Value::Null);
        assert_eq!(value_of("true"), json!(true));
    }

    #[test]
    fn members_and_custom_fields_make_one_body() {
        let body =
            Body { members: vec!["name=A=B".to_owned(), "cf.plan=gold".to_owned()], from: None };
        let read = body.read().unwrap_or_default();
        assert_eq!(read, json!({"name": "A=B", "custom_fields": {"plan": "gold"}}));
        for members in [vec![], vec!["name".to_owned()]] {
            assert!(Body { members, from: None }.read().is_err());
        }
    }
}
