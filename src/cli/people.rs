//! `ringdex user`, `ringdex department`, `ringdex queue` and `ringdex permissions`.

use std::io::Read;

use serde_json::{Value, json};

use super::admin::print_records;
use super::args::{Args, Members, Record};
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::app::{App, Error, Precondition};
use crate::domain::access::Caller;

/// What a command works on.
#[derive(Clone, Copy)]
pub(super) enum Noun {
    User,
    Department,
    Queue,
}

impl Noun {
    fn path(self) -> &'static str {
        match self {
            Self::User => "/api/v1/users",
            Self::Department => "/api/v1/departments",
            Self::Queue => "/api/v1/queues",
        }
    }

    fn many(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Department => "departments",
            Self::Queue => "queues",
        }
    }

    fn list(self, app: &App, caller: &Caller) -> Result<Value, Error> {
        Ok(match self {
            Self::User => json!({"users": app.list_users(caller)?}),
            Self::Department => json!({"departments": app.list_departments(caller)?}),
            Self::Queue => json!({"queues": app.list_queues(caller)?}),
        })
    }

    fn create(self, app: &App, caller: &Caller, body: &Value) -> Result<Value, Error> {
        Ok(match self {
            Self::User => json!(app.create_user(caller, body)?),
            Self::Department => json!(app.create_department(caller, body)?),
            Self::Queue => json!(app.create_queue(caller, body)?),
        })
    }

    fn update(
        self,
        app: &App,
        caller: &Caller,
        id: uuid::Uuid,
        body: &Value,
    ) -> Result<Value, Error> {
        let any = &Precondition::None;
        Ok(match self {
            Self::User => json!(app.update_user(caller, id, body, any)?),
            Self::Department => json!(app.update_department(caller, id, body, any)?),
            Self::Queue => json!(app.update_queue(caller, id, body, any)?),
        })
    }

    fn delete(self, app: &App, caller: &Caller, id: uuid::Uuid) -> Result<(), Error> {
        let any = &Precondition::None;
        match self {
            Self::User => app.delete_user(caller, id, any),
            Self::Department => app.delete_department(caller, id, any),
            Self::Queue => app.delete_queue(caller, id, any),
        }
    }
}

/// The members that were given, as the body of a request.
fn body(members: &Members) -> Result<Value, Failure> {
    let mut body = json!({
        "name": members.name,
        "email": members.email,
        "role": members.role,
        "department_id": members.department,
        "disabled": members.disabled,
        "subject": members.subject,
        "members": members.users_of_queue,
    });
    if members.password_stdin {
        let mut password = String::new();
        std::io::stdin().read_to_string(&mut password).map_err(Failure::Output)?;
        body["password"] = json!(password.trim_end_matches(['\r', '\n']));
    }
    if let Value::Object(map) = &mut body {
        map.retain(|_, value| !value.is_null());
    }
    Ok(body)
}

pub(super) fn run(args: &Args, noun: Noun, command: &Record) -> Result<(), Failure> {
    let target = Target::open(args)?;
    let changed = match command {
        Record::List => {
            let all = match &target {
                Target::Remote(client) => client.get(noun.path(), &[])?,
                Target::Local { app, caller } => noun.list(app, caller)?,
            };
            return print_records(args, &all[noun.many()], &["name", "email", "role", "id"]);
        }
        Record::Delete { id } => {
            match &target {
                Target::Remote(client) => client.delete(&format!("{}/{id}", noun.path()))?,
                Target::Local { app, caller } => noun.delete(app, caller, *id)?,
            }
            return Ok(());
        }
        Record::Create(members) => {
            let body = body(members)?;
            match &target {
                Target::Remote(client) => client.post(noun.path(), &body)?,
                Target::Local { app, caller } => noun.create(app, caller, &body)?,
            }
        }
        Record::Update { id, members } => {
            let body = body(members)?;
            match &target {
                Target::Remote(client) => client.patch(&format!("{}/{id}", noun.path()), &body)?,
                Target::Local { app, caller } => noun.update(app, caller, *id, &body)?,
            }
        }
    };
    if args.json {
        output::print_json(&changed)
    } else {
        output::print(changed["id"].as_str().unwrap_or(""))
    }
}

pub(super) fn permissions(args: &Args) -> Result<(), Failure> {
    let view: Value = match Target::open_existing(args)? {
        Target::Remote(client) => client.get("/api/v1/me/permissions", &[])?,
        Target::Local { app, caller } => json!(app.permissions_of(&caller)?),
    };
    if args.json {
        return output::print_json(&view);
    }
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    output::print(&format!(
        "{} of {}, preset {}",
        text(&view["role"]),
        text(&view["organization"]),
        text(&view["preset"])
    ))?;
    for (right, roles) in view["table"].as_object().into_iter().flatten() {
        let yours = if view["permissions"][right] == json!(true) { "yes" } else { "no" };
        let roles: Vec<String> = roles.as_array().into_iter().flatten().map(text).collect();
        output::print(&format!("{right:<16} {yours:<4} {}", roles.join(", ")))?;
    }
    Ok(())
}
