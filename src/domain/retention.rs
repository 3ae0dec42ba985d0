//! How long contacts are kept with which nothing happens any more.

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::contact::Contact;
use super::issue::{FieldIssue, shorten};
use super::lead_score::last_sign;
use super::status::{EmailState, Lifecycle, Status};
use super::text::fold;
use super::time::Timestamp;

/// Most rules of an organisation.
const MOST_RULES: usize = 50;
/// Most days.
const MOST_DAYS: u64 = 36_500;
const DAY_MS: i64 = 86_400_000;

/// What is done to a contact; the later in this order, the stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposal {
    /// It is put away.
    Archive,
    /// It is deleted and can be restored.
    Delete,
    /// It is deleted for good.
    Erase,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRule {
    /// What is done.
    pub action: Disposal,
    /// After how many days without anything happening.
    pub after_days: u64,
    /// Only contacts with one of these statuses; all if there are none.
    #[serde(default)]
    pub statuses: Vec<String>,
    /// Only contacts with one of these tags; all if there are none.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Only contacts that meet this: query text, or a filter in JSON.
    #[serde(default)]
    pub when: Option<Value>,
}

/// The rules of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// The rules; without any everything is kept.
    pub rules: Vec<RetentionRule>,
    /// Whether those who have refused something stay, so that nobody asks them again.
    pub keep_opted_out: bool,
    /// Contacts with one of these tags stay.
    pub keep_tags: Vec<String>,
    /// Whether the rules are applied each night.
    pub automatic: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self { rules: Vec::new(), keep_opted_out: true, keep_tags: Vec::new(), automatic: false }
    }
}

impl Retention {
    /// The rule that is due for a contact: that of the strongest action, by its place.
    pub fn due(
        &self,
        contact: &Contact,
        now: Timestamp,
        meets: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let has_tag = |tags: &[String]| {
            tags.iter().any(|tag| contact.tags.iter().any(|own| fold(own) == fold(tag)))
        };
        if contact.is_deleted() || has_tag(&self.keep_tags) {
            return None;
        }
        let idle_days = u64::try_from((now.0 - last_sign(contact).0).max(0) / DAY_MS).unwrap_or(0);
        let status = contact.shown_status().as_str();
        let is_archived = contact.fields.status.lifecycle == Lifecycle::Archived;
        let is_due = |(at, rule): &(usize, &RetentionRule)| {
            let is_done = match rule.action {
                Disposal::Archive => is_archived,
                Disposal::Delete | Disposal::Erase => self.keep_opted_out && has_refused(contact),
            };
            !is_done
                && idle_days >= rule.after_days
                && (rule.statuses.is_empty() || rule.statuses.iter().any(|one| one == status))
                && (rule.tags.is_empty() || has_tag(&rule.tags))
                && (rule.when.is_none() || meets(*at))
        };
        let due = self.rules.iter().enumerate().filter(is_due);
        due.max_by_key(|(at, rule)| (rule.action, std::cmp::Reverse(*at))).map(|(at, _)| at)
    }
}

/// Whether somebody has said that they do not want something.
fn has_refused(contact: &Contact) -> bool {
    let facts = &contact.fields.status;
    let said = contact.facts.consent.states.iter();
    facts.do_not_contact
        || facts.email == EmailState::Unsubscribed
        || contact.opt_in == Some(false)
        || said.into_iter().any(|state| state.status == "opted_out")
}

/// Reads rules as they are sent; members that are absent stay. `archive_after_days` and
/// `delete_after_days` are short for a rule. Conditions are read elsewhere.
///
/// # Errors
/// Everything that does not fit, by pointer.
pub fn read(value: &Value, known: &Retention) -> Result<Value, Vec<FieldIssue>> {
    let Value::Object(members) = value else {
        return Err(vec![FieldIssue::new("", "type", "must be an object with rules")]);
    };
    let mut issues = Vec::new();
    let mut retention = known.clone();
    let mut short = Vec::new();
    for (member, value) in members {
        let flag = || value.as_bool().ok_or("must be true or false");
        let misfit = match member.as_str() {
            "rules" => read_rules(value, &mut retention.rules, &mut issues),
            "keep_opted_out" => flag().map(|is| retention.keep_opted_out = is),
            "automatic" => flag().map(|is| retention.automatic = is),
            "keep_tags" => texts(value).map(|tags| retention.keep_tags = tags),
            "archive_after_days" => days(value).map(|days| short.push((Disposal::Archive, days))),
            "delete_after_days" => days(value).map(|days| short.push((Disposal::Delete, days))),
            "erase_after_days" => days(value).map(|days| short.push((Disposal::Erase, days))),
            _ => Err("is not known here; known are rules, keep_opted_out, keep_tags, automatic, \
                      archive_after_days, delete_after_days, erase_after_days"),
        };
        if let Err(detail) = misfit {
            let pointer = format!("/{}", member.replace('~', "~0").replace('/', "~1"));
            issues.push(FieldIssue::new(pointer, "value", detail));
        }
    }
    for (action, after_days) in short {
        let is_plain = |rule: &RetentionRule| {
            rule.action == action
                && rule.statuses.is_empty()
                && rule.tags.is_empty()
                && rule.when.is_none()
        };
        retention.rules.retain(|rule| !is_plain(rule));
        retention.rules.extend(after_days.map(|after_days| RetentionRule {
            action,
            after_days,
            statuses: Vec::new(),
            tags: Vec::new(),
            when: None,
        }));
    }
    if retention.rules.len() > MOST_RULES {
        let detail = format!("there are more than {MOST_RULES} rules");
        issues.push(FieldIssue::new("/rules", "too_many", detail));
    }
    if issues.is_empty() { Ok(json!(retention)) } else { Err(issues) }
}

/// A number of days; nothing takes a rule away.
fn days(value: &Value) -> Result<Option<u64>, &'static str> {
    match value {
        Value::Null => Ok(None),
        value => value
            .as_u64()
            .filter(|days| (1..=MOST_DAYS).contains(days))
            .map(Some)
            .ok_or("must be a number of days from 1 to 36500"),
    }
}

fn texts(value: &Value) -> Result<Vec<String>, &'static str> {
    let detail = "must be a list of at most 100 texts";
    let Value::Array(values) = value else { return Err(detail) };
    let text = |value: &Value| {
        let text = value.as_str().map(|text| text.trim().to_owned());
        text.filter(|text| !text.is_empty() && text.chars().count() <= 100)
    };
    let texts: Option<Vec<String>> = values.iter().map(text).collect();
    texts.filter(|texts| texts.len() <= 100).ok_or(detail)
}

fn read_rules(
    value: &Value,
    into: &mut Vec<RetentionRule>,
    issues: &mut Vec<FieldIssue>,
) -> Result<(), &'static str> {
    let rules = match value {
        Value::Null => Vec::new(),
        Value::Array(rules) if rules.len() <= MOST_RULES => rules.clone(),
        _ => return Err("must be a list of at most 50 rules"),
    };
    into.clear();
    for (at, rule) in rules.iter().enumerate() {
        match read_rule(rule) {
            Ok(rule) => into.push(rule),
            Err((member, detail)) => {
                issues.push(FieldIssue::new(format!("/rules/{at}{member}"), "value", detail));
            }
        }
    }
    Ok(())
}

fn read_rule(value: &Value) -> Result<RetentionRule, (&'static str, String)> {
    let Value::Object(members) = value else {
        let detail = "must be an object as in {\"action\": \"archive\", \"after_days\": 730}";
        return Err(("", detail.to_owned()));
    };
    let known =
        ["action", "after_days", "days", "statuses", "status", "tags", "when", "q", "filter"];
    if let Some(unknown) = members.keys().find(|name| !known.contains(&name.as_str())) {
        let detail = format!(
            "{} is not known here; known are action, after_days, statuses, tags, when",
            shorten(unknown)
        );
        return Err(("", detail));
    }
    let action = members.get("action").cloned().unwrap_or(Value::Null);
    let action = serde_json::from_value(action)
        .map_err(|_unknown| ("/action", "must be one of archive, delete, erase".to_owned()))?;
    let after = members.get("after_days").or_else(|| members.get("days")).unwrap_or(&Value::Null);
    let after_days = days(after).ok().flatten().ok_or_else(|| {
        ("/after_days", format!("must be a number of days from 1 to {MOST_DAYS}"))
    })?;
    let statuses = match (members.get("statuses"), members.get("status")) {
        (Some(list), _) => texts(list).map_err(|detail| ("/statuses", detail.to_owned()))?,
        (None, Some(Value::String(one))) => vec![one.clone()],
        (None, Some(list)) => texts(list).map_err(|detail| ("/status", detail.to_owned()))?,
        (None, None) => Vec::new(),
    };
    let status = |text: &String| Status::parse(text).map(|status| status.as_str().to_owned());
    let read: Option<Vec<String>> = statuses.iter().map(status).collect();
    let statuses = read.ok_or_else(|| {
        let names = Status::ALL.map(Status::as_str).join(", ");
        ("/statuses", format!("must be some of {names}"))
    })?;
    let tags = members.get("tags").map_or_else(|| Ok(Vec::new()), texts);
    let tags = tags.map_err(|detail| ("/tags", detail.to_owned()))?;
    let when = ["when", "q", "filter"].iter().find_map(|name| members.get(*name));
    let when = match when {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if !text.trim().is_empty() => Some(json!(text.trim())),
        Some(Value::Object(filter)) if !filter.is_empty() => Some(Value::Object(filter.clone())),
        Some(_) => {
            return Err(("/when", "must be a query such as \"source:Import\", or a filter".into()));
        }
    };
    Ok(RetentionRule { action, after_days, statuses, tags, when })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retention(value: &Value) -> Retention {
        serde_json::from_value(read(value, &Retention::default()).unwrap()).unwrap()
    }

    #[test]
    fn the_strongest_rule_that_is_due_counts_and_refusals_are_kept() {
        let rules = retention(&json!({"archive_after_days": 10, "delete_after_days": 20}));
        let mut contact = Contact::decoy();
        let due = |contact: &Contact, days: i64| {
            let at = rules.due(contact, Timestamp(days * DAY_MS), |_| true)?;
            Some(rules.rules[at].action)
        };
        assert_eq!(due(&contact, 9), None);
        assert_eq!(due(&contact, 10), Some(Disposal::Archive));
        assert_eq!(due(&contact, 20), Some(Disposal::Delete));
        contact.fields.status.do_not_contact = true;
        assert_eq!(due(&contact, 20), Some(Disposal::Archive));
        contact.fields.status.lifecycle = Lifecycle::Archived;
        assert_eq!(due(&contact, 20), None);
    }

    #[test]
    fn rules_that_do_not_fit_are_named_by_place() {
        for (wrong, pointer) in [
            (json!([]), ""),
            (json!({"colour": 1}), "/colour"),
            (json!({"archive_after_days": 0}), "/archive_after_days"),
            (json!({"rules": 1}), "/rules"),
            (json!({"rules": [{"after_days": 5}]}), "/rules/0/action"),
            (json!({"rules": [{"action": "archive"}]}), "/rules/0/after_days"),
            (json!({"rules": [{"action": "burn", "after_days": 5}]}), "/rules/0/action"),
            (
                json!({"rules": [{"action": "delete", "after_days": 5, "statuses": ["odd"]}]}),
                "/rules/0/statuses",
            ),
            (
                json!({"rules": [{"action": "delete", "after_days": 5, "when": ""}]}),
                "/rules/0/when",
            ),
        ] {
            let issues = read(&wrong, &Retention::default()).unwrap_err();
            assert_eq!(issues[0].pointer, pointer, "{wrong}");
        }
        let gone = read(
            &json!({"archive_after_days": null}),
            &retention(&json!({"archive_after_days": 5})),
        );
        assert_eq!(gone.unwrap()["rules"], json!([]));
    }
}
