//! `ringdex check`, `ringdex reindex`, `ringdex compact` and `ringdex index-schema`.

use serde_json::{Value, json};

use super::args::{Args, Check, IndexSchema};
use super::error::Failure;
use super::rekey::encryption_key;
use super::target::Target;
use super::{output, progress};
use crate::domain::text::counted;
use crate::engine::{self, Cancel};

pub(super) fn check(args: &Args, command: &Check) -> Result<(), Failure> {
    let lost = if command.repair_journal { repair_journal(args)? } else { Vec::new() };
    let mut report: Value = match Target::open_existing_for_operator(args)? {
        Target::Remote(client) => client.post("/api/v1/admin/check", &json!({}))?,
        Target::Local { app, caller } => {
            let bar = progress::count(app.partition().contact_count());
            let report = app.check(&caller, &mut |done| bar.set_position(done))?;
            bar.finish_and_clear();
            let mut body = json!(report);
            body["clean"] = json!(report.is_clean());
            body
        }
    };
    if !lost.is_empty() {
        report["clean"] = json!(false);
        report["lost"] = json!(lost);
        if let Some(troubles) = report["troubles"].as_array_mut() {
            let repair = "restore a backup where these writes are needed";
            let trouble = |text| json!({"part": "journal", "detail": text, "repair": repair});
            troubles.splice(0..0, lost.iter().map(trouble));
        }
    }
    let number = |name: &str| report.pointer(name).and_then(Value::as_u64).unwrap_or(0);
    let troubles = report["troubles"].as_array().map_or(0, Vec::len) as u64
        + report["unlisted"].as_u64().unwrap_or(0);
    if args.json {
        output::print_json(&report)?;
    } else {
        for trouble in report["troubles"].as_array().into_iter().flatten() {
            let text = |name: &str| trouble[name].as_str().unwrap_or("");
            output::print(&format!(
                "{}: {}; repair: {}",
                text("part"),
                text("detail"),
                text("repair")
            ))?;
        }
        for number in report["numbers_read_otherwise"].as_array().into_iter().flatten() {
            output::print(number.as_str().unwrap_or(""))?;
        }
        output::print(&format!(
            "checked {}, {}, {}, {}: {}",
            counted(number("/journal_entries"), "journal entry", "journal entries"),
            counted(number("/contacts"), "contact", "contacts"),
            counted(number("/phones"), "number", "numbers"),
            counted(number("/documents"), "document", "documents"),
            match troubles {
                0 => "all is well".to_owned(),
                some => counted(some, "trouble", "troubles"),
            }
        ))?;
    }
    if troubles > 0 {
        return Err(Failure::Problems(format!(
            "{} found",
            counted(troubles, "trouble was", "troubles were")
        )));
    }
    Ok(())
}

/// Repairs the journal and says what was done; answers what is lost, one by one.
fn repair_journal(args: &Args) -> Result<Vec<String>, Failure> {
    let done = engine::repair_journal(&args.data_dir, encryption_key(args)?.as_ref())?;
    for problem in &done.problems {
        output::tell(problem);
    }
    if done.store_rebuilt {
        output::tell("store: built anew from the journal");
    }
    if done.replayed > 0 {
        let entries = counted(done.replayed, "entry", "entries");
        output::tell(&format!("store: took over {entries} of the journal"));
    }
    if let Some(after) = done.restarted_after {
        output::tell(&format!("journal: begun anew behind change {after} of the store"));
    }
    for path in &done.set_aside {
        output::tell(&format!("kept: {}", path.display()));
    }
    let lost: Vec<String> = done.lost.iter().map(ToString::to_string).collect();
    for writes in &lost {
        output::tell(&format!("lost: {writes}"));
    }
    if done.problems.is_empty() && done.restarted_after.is_none() {
        output::tell("journal: nothing to repair");
    }
    Ok(lost)
}

pub(super) fn index_schema(args: &Args, command: &IndexSchema) -> Result<(), Failure> {
    let folder = match &command.out {
        Some(folder) => folder.clone(),
        None => args.data_dir.join(engine::SCHEMA_FOLDER),
    };
    engine::write_schema(&folder)?;
    output::print(&format!("written to {}", folder.display()))
}

pub(super) fn compact(args: &Args) -> Result<(), Failure> {
    let done = match Target::open_existing_for_operator(args)? {
        Target::Remote(client) => client.post("/api/v1/admin/compact", &json!({}))?,
        Target::Local { app, caller } => {
            let bar = progress::spinner();
            let done = json!(app.compact(&caller, &Cancel::never())?);
            bar.finish_and_clear();
            done
        }
    };
    if args.json {
        return output::print_json(&done);
    }
    for part in ["store", "journal"] {
        let bytes = |name: &str| done[part][name].as_u64().unwrap_or(0);
        let text = format!("{part}: {} to {} bytes", bytes("before"), bytes("after"));
        output::print(&text)?;
    }
    Ok(())
}

pub(super) fn reindex(args: &Args) -> Result<(), Failure> {
    let contacts = match Target::open_existing_for_operator(args)? {
        Target::Remote(client) => {
            let answer = client.post("/api/v1/admin/reindex", &json!({}))?;
            answer["contacts"].as_u64().unwrap_or(0)
        }
        Target::Local { app, caller } => {
            let bar = progress::count(app.partition().contact_count());
            let contacts = app.reindex(&caller, &mut |done| bar.set_position(done))?;
            bar.finish_and_clear();
            contacts
        }
    };
    if args.json {
        output::print_json(&json!({"contacts": contacts}))
    } else {
        output::print(&format!("reindexed {contacts}"))
    }
}
