//! Waits for what a server does in the background.

use std::time::Duration;

use serde_json::Value;

use super::client::Client;
use super::error::Failure;
use super::progress;
use crate::domain::text::counted;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Asks for a job until it is done, with a bar on a terminal, and answers what is said of it then;
/// `what` calls it by name for messages.
///
/// # Errors
/// If it failed or somebody stopped it.
pub(super) fn follow(client: &Client, path: &str, what: &str) -> Result<Value, Failure> {
    let bar = progress::count(0);
    let job = loop {
        let job = client.get(path, &[])?;
        bar.set_length(number(&job, "/progress/total"));
        bar.set_position(number(&job, "/progress/done"));
        match job.get("state").and_then(Value::as_str) {
            Some("queued" | "running") => std::thread::sleep(PAUSE),
            _ => break job,
        }
    };
    bar.finish_and_clear();
    let detail = match job.get("state").and_then(Value::as_str) {
        Some("cancelled") => {
            let rows = counted(number(&job, "/progress/done"), "row", "rows");
            format!("the {what} was stopped after {rows}")
        }
        Some("failed") => {
            let reason = job.get("error").and_then(Value::as_str);
            reason.unwrap_or("no reason was given").to_owned()
        }
        _ => return Ok(job),
    };
    Err(Failure::Refused { detail })
}

/// A count in what is said of a job; 0 if it is not there.
pub(super) fn number(job: &Value, pointer: &str) -> u64 {
    job.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}
