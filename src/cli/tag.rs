//! `ringdex tag`: list, rename, join, colour and remove tags, and tag contacts by country.

use clap::Subcommand;
use serde_json::{Value, json};

use super::admin::print_records;
use super::args::Args;
use super::client::escaped;
use super::error::Failure;
use super::job::{follow, number};
use super::output;
use super::target::Target;
use crate::app::{App, BulkJob, BulkStart, TagChanged, TagQuery};
use crate::domain::access::Caller;
use crate::domain::text::counted;

/// Where the API keeps them.
const PATH: &str = "/api/v1/tags";

#[derive(Subcommand)]
pub(super) enum Tag {
    /// List them with the number of contacts.
    List {
        /// Only tags that hold this text.
        q: Vec<String>,
        /// The order: tag, count; - in front for descending.
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        /// Most tags to show.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// List tags that are probably meant as one, such as VIP, vip and V.I.P.
    Proposals,
    /// Give one another name; it is joined with a tag that has the name already.
    Rename {
        /// The tag, in whatever spelling.
        tag: String,
        /// Its new name.
        name: String,
    },
    /// Give one a colour, such as #ff8800 or red; none takes it away.
    Color {
        /// The tag, in whatever spelling.
        tag: String,
        /// The colour.
        color: String,
    },
    /// Make one tag of several.
    Merge {
        /// The tags that become the other.
        #[arg(required = true)]
        from: Vec<String>,
        /// The tag that they become.
        #[arg(long, value_name = "TAG")]
        into: String,
    },
    /// Take one from all contacts.
    Delete {
        /// The tag, in whatever spelling.
        tag: String,
    },
    /// Tag contacts with the country of their number.
    AutoCountry {
        /// Only count the contacts that have a number.
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn run(args: &Args, command: &Tag) -> Result<(), Failure> {
    let target = Target::open_existing(args)?;
    match command {
        Tag::List { q, sort, limit } => {
            let query = TagQuery {
                q: q.join(" "),
                sort: sort.clone(),
                per_page: Some(*limit),
                ..TagQuery::default()
            };
            let found = match &target {
                Target::Remote(client) => {
                    let limit = limit.to_string();
                    let mut parameters = vec![("q", query.q.as_str()), ("per_page", &limit)];
                    parameters.extend(sort.as_deref().map(|sort| ("sort", sort)));
                    client.get(PATH, &parameters)?
                }
                Target::Local { app, caller } => json!(app.list_tags(caller, &query)?),
            };
            print_list(args, &found, &["tag", "count", "color", "variants"])
        }
        Tag::Proposals => {
            let found = match &target {
                Target::Remote(client) => {
                    client.get(&format!("{PATH}/proposals"), &[("per_page", "1000")])?
                }
                Target::Local { app, caller } => {
                    let query = TagQuery { per_page: Some(1_000), ..TagQuery::default() };
                    json!(app.propose_tags(caller, &query)?)
                }
            };
            print_list(args, &found, &["into", "from", "count"])
        }
        Tag::Rename { tag, name } => update(args, &target, tag, &json!({"tag": name})),
        Tag::Color { tag, color } => {
            let color = Some(color).filter(|color| !color.eq_ignore_ascii_case("none"));
            update(args, &target, tag, &json!({"color": color}))
        }
        Tag::Merge { from, into } => {
            let body = json!({"from": from, "into": into});
            let job = match &target {
                Target::Remote(client) => client.post(&format!("{PATH}/merge"), &body)?,
                Target::Local { app, caller } => {
                    finished(app, caller, app.merge_tags(caller, &body)?)
                }
            };
            print_job(args, &target, job)
        }
        Tag::Delete { tag } => {
            let job = match &target {
                Target::Remote(client) => client.delete_for(&path_of(tag))?,
                Target::Local { app, caller } => {
                    finished(app, caller, app.delete_tag(caller, tag)?)
                }
            };
            print_job(args, &target, job)
        }
        Tag::AutoCountry { dry_run } => {
            let body = json!({"dry_run": dry_run});
            let started = match &target {
                Target::Remote(client) => client.post(&format!("{PATH}/auto-country"), &body)?,
                Target::Local { app, caller } => match app.tag_countries(caller, &body)? {
                    BulkStart::Trial(trial) => json!(trial),
                    BulkStart::Started(job) | BulkStart::Repeated(job) => {
                        finished(app, caller, *job)
                    }
                },
            };
            if !*dry_run {
                return print_job(args, &target, started);
            }
            if args.json {
                return output::print_json(&started);
            }
            let total = number(&started, "/total");
            output::print(&counted(total, "contact has a number", "contacts have a number"))
        }
    }
}

fn path_of(tag: &str) -> String {
    format!("{PATH}/{}", escaped(tag))
}

fn update(args: &Args, target: &Target, tag: &str, body: &Value) -> Result<(), Failure> {
    let changed = match target {
        Target::Remote(client) => client.patch(&path_of(tag), body)?,
        Target::Local { app, caller } => match app.update_tag(caller, tag, body)? {
            TagChanged::Colored(view) => json!(view),
            TagChanged::Started(job) => finished(app, caller, *job),
        },
    };
    if changed.get("state").is_some() {
        return print_job(args, target, changed);
    }
    if args.json { output::print_json(&changed) } else { Ok(()) }
}

/// A job that this process has started, once it has ended.
fn finished(app: &App, caller: &Caller, job: BulkJob) -> Value {
    app.finish_jobs();
    json!(app.find_job(caller, job.id).unwrap_or(job))
}

/// Waits for a job of a server, and says what it did.
fn print_job(args: &Args, target: &Target, job: Value) -> Result<(), Failure> {
    let job = match target {
        Target::Remote(client) => {
            let id = job["id"].as_str().unwrap_or_default();
            follow(client, &format!("/api/v1/jobs/{id}"), "change of tags")?
        }
        Target::Local { .. } => job,
    };
    if job["state"] == "failed" {
        let detail = job["error"].as_str().unwrap_or("no reason was given").to_owned();
        return Err(Failure::Refused { detail });
    }
    if args.json {
        return output::print_json(&job);
    }
    let refused = match number(&job, "/refused") {
        0 => String::new(),
        some => format!(", {some} could not be"),
    };
    let contacts = counted(number(&job, "/changed"), "contact", "contacts");
    output::print(&format!("{contacts} changed{refused}"))
}

fn print_list(args: &Args, found: &Value, shown: &[&str]) -> Result<(), Failure> {
    if args.json {
        return output::print_json(found);
    }
    print_records(args, &found["items"], shown)
}
