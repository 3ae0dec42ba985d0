//! The stages through which deals of an organisation go.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::issue::{FieldIssue, shorten};
use super::text::{fold, one_line};

/// Most stages of an organisation.
const MOST_STAGES: usize = 50;
/// Most characters of the name of a stage, as of the field of a deal.
const MOST_NAME: usize = 100;
/// Most earlier names of a stage that deals may still bear.
const MOST_EARLIER: usize = 20;

/// What being in a stage means for a deal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// It is to be decided.
    #[default]
    Open,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
}

impl StageStatus {
    /// The status of a deal in such a stage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// A stage. They stand in the order in which deals go through them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealStage {
    /// The name, which deals bear.
    pub name: String,
    /// What it means.
    #[serde(default)]
    pub status: StageStatus,
    /// Earlier names that deals bear until a job has renamed them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<String>,
}

impl DealStage {
    /// Whether this is the stage that is called so.
    pub fn is_called(&self, text: &str) -> bool {
        let text = fold(text);
        fold(&self.name) == text || self.was.iter().any(|earlier| fold(earlier) == text)
    }
}

/// The first stage that means this.
pub fn first_with<'a>(stages: &'a [DealStage], status: &str) -> Option<&'a DealStage> {
    stages.iter().find(|stage| stage.status.as_str() == status)
}

/// Reads the stages that an organisation is to have: names, or objects with `name`, `status` and,
/// to rename one, `was`.
///
/// # Errors
/// Everything that does not fit, by pointer.
pub fn read(value: &Value, known: &[DealStage]) -> Result<Value, Vec<FieldIssue>> {
    let Value::Array(entries) = value else {
        return Err(vec![FieldIssue::new("", "type", "must be a list of stages")]);
    };
    if entries.len() > MOST_STAGES {
        let detail = format!("has {} stages; at most {MOST_STAGES} are allowed", entries.len());
        return Err(vec![FieldIssue::new("", "too_many", detail)]);
    }
    let (mut stages, mut issues) = (Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        match read_one(entry) {
            Ok(stage) => stages.push((at, stage)),
            Err((member, code, detail)) => {
                issues.push(FieldIssue::new(format!("/{at}{member}"), code, detail));
            }
        }
    }
    for (place, (at, stage)) in stages.iter().enumerate() {
        let is_known = |name: &str| known.iter().any(|one| fold(&one.name) == fold(name));
        for name in &stage.was {
            let stays = stages.iter().any(|(other, one)| other != at && one.is_called(name));
            if !is_known(name) || stays {
                let detail = format!(
                    "{} must be the name of a stage that there is now and that does not stay beside this one",
                    shorten(name)
                );
                issues.push(FieldIssue::new(format!("/{at}/was"), "stage", detail));
            }
        }
        if stages[..place].iter().any(|(_, other)| fold(&other.name) == fold(&stage.name)) {
            let detail = format!("{} stands here twice", shorten(&stage.name));
            issues.push(FieldIssue::new(format!("/{at}/name"), "repeated", detail));
        }
    }
    if !issues.is_empty() {
        return Err(issues);
    }
    let stages = stages.into_iter().map(|(_, stage)| with_earlier(stage, known));
    Ok(json!(stages.collect::<Vec<_>>()))
}

/// Keeps the names that deals may still bear from a renaming before this one.
fn with_earlier(mut stage: DealStage, known: &[DealStage]) -> DealStage {
    let earlier = known.iter().filter(|one| stage.is_called(&one.name)).flat_map(|one| &one.was);
    let earlier: Vec<String> = earlier.filter(|name| !stage.was.contains(name)).cloned().collect();
    stage.was.extend(earlier);
    stage.was.truncate(MOST_EARLIER);
    stage
}

type Misfit = (&'static str, &'static str, String);

fn read_one(entry: &Value) -> Result<DealStage, Misfit> {
    if let Value::String(name) = entry {
        let name = read_name(name).ok_or_else(|| ("", "text", name_detail()))?;
        return Ok(DealStage { name, status: StageStatus::Open, was: Vec::new() });
    }
    let Value::Object(members) = entry else {
        return Err(("", "type", "must be a name or an object with a name".to_owned()));
    };
    if let Some(unknown) =
        members.keys().find(|key| !["name", "status", "was"].contains(&key.as_str()))
    {
        let detail = format!("{} is not known here; known are name, status, was", shorten(unknown));
        return Err(("", "unknown_member", detail));
    }
    let name = members.get("name").and_then(Value::as_str).and_then(read_name);
    let name = name.ok_or_else(|| ("/name", "text", name_detail()))?;
    let status = match members.get("status") {
        None | Some(Value::Null) => StageStatus::Open,
        Some(status) => serde_json::from_value(status.clone()).map_err(|_unknown| {
            let detail = format!(
                "{} is not allowed here; use one of open, won, lost",
                shorten(&status.to_string())
            );
            ("/status", "value", detail)
        })?,
    };
    let was = match members.get("was") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(name)) => read_name(name).map(|name| vec![name]),
        Some(Value::Array(names)) if names.len() <= MOST_EARLIER => {
            names.iter().map(|name| name.as_str().and_then(read_name)).collect()
        }
        Some(_) => None,
    };
    let was = was.ok_or_else(|| ("/was", "text", name_detail()))?;
    Ok(DealStage { name, status, was })
}

fn read_name(text: &str) -> Option<String> {
    let name = one_line(text.trim()).into_owned();
    let fits = !name.is_empty()
        && name.chars().count() <= MOST_NAME
        && !name.chars().any(char::is_control);
    fits.then_some(name)
}

fn name_detail() -> String {
    format!("must be a name of 1 to {MOST_NAME} printable characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_is_renamed_twice_is_known_by_both_earlier_names() {
        let stage = |name: &str| DealStage {
            name: name.to_owned(),
            status: StageStatus::Open,
            was: Vec::new(),
        };
        let first = read(&json!([{"name": "Offer", "was": "Proposal"}]), &[stage("Proposal")]);
        let first: Vec<DealStage> = serde_json::from_value(first.unwrap()).unwrap();
        let second = read(&json!([{"name": "Bid", "was": "offer"}]), &first).unwrap();
        let second: Vec<DealStage> = serde_json::from_value(second).unwrap();
        assert!(second[0].is_called("PROPOSAL") && second[0].is_called("Offer"));
    }

    #[test]
    fn stages_that_do_not_fit_are_named_by_place() {
        let known = [DealStage { name: "New".into(), status: StageStatus::Open, was: Vec::new() }];
        for (value, pointer) in [
            (json!("New"), ""),
            (json!([1]), "/0"),
            (json!(["A", "a"]), "/1/name"),
            (json!([{"name": " "}]), "/0/name"),
            (json!([{"name": "A", "status": "maybe"}]), "/0/status"),
            (json!([{"name": "A", "was": "Old"}]), "/0/was"),
            (json!(["New", {"name": "A", "was": "New"}]), "/1/was"),
            (json!([{"name": "A", "colour": "red"}]), "/0"),
        ] {
            let issues = read(&value, &known).unwrap_err();
            assert_eq!(issues[0].pointer, pointer, "{value}");
        }
    }
}
