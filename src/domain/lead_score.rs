//! How promising a contact is: points that rules give, from 0 to 100, and where they come from.

#![expect(clippy::wildcard_enum_match_arm, reason = "the kinds of JSON values are a closed set")]

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::contact::Contact;
use super::issue::{FieldIssue, shorten};
use super::text::one_line;
use super::time::Timestamp;

/// Most rules of an organisation.
const MOST_RULES: usize = 100;
/// Most points that a rule gives or takes.
const MOST_POINTS: i64 = 100;
/// Most characters of the name of a rule.
const MOST_NAME: usize = 200;
/// Most days of a decay.
const MOST_DAYS: u64 = 36_500;
const DAY_MS: i64 = 86_400_000;

/// The words under which a rule may say its condition.
const CONDITIONS: [&str; 5] = ["when", "if", "condition", "q", "filter"];

/// A rule: who meets its condition has its points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadRule {
    /// Tells it from the other rules of the organisation; given when it is set.
    pub id: u32,
    /// What it is called in explanations.
    pub name: String,
    /// The condition: query text, or a filter in JSON.
    pub when: Value,
    /// What it gives, or takes.
    pub points: i64,
}

/// What time takes from a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decay {
    /// Days without anything happening after which it begins.
    pub after_days: u64,
    /// Points that each step takes.
    pub points: i64,
    /// Days of a step.
    #[serde(default = "one")]
    pub every_days: u64,
}

fn one() -> u64 {
    1
}

/// The rules of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadScoring {
    /// The rules; without any there are no scores.
    pub rules: Vec<LeadRule>,
    /// What time takes.
    pub decay: Option<Decay>,
}

/// The score of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadScore {
    /// From 0 to 100.
    pub score: u8,
    /// What each rule that is met gives, by its id; 0 is the decay.
    pub parts: Vec<(u32, i64)>,
}

/// A part of a score in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScorePart<'a> {
    /// What the rule is called.
    pub rule: &'a str,
    /// What it gives, or takes.
    pub points: i64,
}

/// What the decay is called in explanations.
const DECAY: &str = "nothing has happened for some time";

impl LeadScoring {
    /// The score of a contact that meets some of the rules.
    pub fn score(
        &self,
        contact: &Contact,
        now: Timestamp,
        meets: impl Fn(usize, &LeadRule) -> bool,
    ) -> Option<LeadScore> {
        if self.rules.is_empty() {
            return None;
        }
        let rules = self.rules.iter().enumerate().filter(|(at, rule)| meets(*at, rule));
        let mut parts: Vec<(u32, i64)> = rules.map(|(_, rule)| (rule.id, rule.points)).collect();
        let taken = self.decay.map_or(0, |decay| decay.points_since(last_sign(contact), now));
        if taken > 0 {
            parts.push((0, -taken));
        }
        let sum: i64 = parts.iter().map(|(_, points)| points).sum();
        let score = u8::try_from(sum.clamp(0, 100)).unwrap_or(100);
        Some(LeadScore { score, parts })
    }

    /// A score in words; what a rule gave that is gone since is left out.
    pub fn explain<'a>(&'a self, score: &LeadScore) -> Vec<ScorePart<'a>> {
        let name = |id: u32| match id {
            0 => Some(DECAY),
            id => self.rules.iter().find(|rule| rule.id == id).map(|rule| rule.name.as_str()),
        };
        let parts = score.parts.iter();
        parts
            .filter_map(|(id, points)| Some(ScorePart { rule: name(*id)?, points: *points }))
            .collect()
    }
}

impl Decay {
    fn points_since(self, last: Timestamp, now: Timestamp) -> i64 {
        let days = u64::try_from((now.0 - last.0).max(0) / DAY_MS).unwrap_or(0);
        let idle = days.saturating_sub(self.after_days);
        let steps = i64::try_from(idle.div_ceil(self.every_days.max(1))).unwrap_or(0);
        steps.saturating_mul(self.points).min(MOST_POINTS)
    }
}

/// When something last happened with a contact; when it was made if nothing ever has.
pub fn last_sign(contact: &Contact) -> Timestamp {
    let signs = [contact.last_called(), contact.last_interaction(), contact.last_contacted()];
    signs.into_iter().flatten().max().unwrap_or(contact.created_at).max(contact.created_at)
}

/// Reads rules as they are sent; members that are absent stay. Conditions are read elsewhere.
///
/// # Errors
/// Everything that does not fit, by pointer.
pub fn read(value: &Value, known: &LeadScoring) -> Result<Value, Vec<FieldIssue>> {
    let Value::Object(members) = value else {
        return Err(vec![FieldIssue::new("", "type", "must be an object with rules")]);
    };
    let mut issues = Vec::new();
    let mut scoring = known.clone();
    for (member, value) in members {
        match (member.as_str(), value) {
            ("rules", Value::Array(rules)) if rules.len() <= MOST_RULES => {
                scoring.rules = read_rules(rules, known, &mut issues);
            }
            ("rules", Value::Null) => scoring.rules = Vec::new(),
            ("rules", _) => {
                let detail = format!("must be a list of at most {MOST_RULES} rules");
                issues.push(FieldIssue::new("/rules", "type", detail));
            }
            ("decay", Value::Null) => scoring.decay = None,
            ("decay", decay) => match read_decay(decay) {
                Ok(decay) => scoring.decay = Some(decay),
                Err(detail) => issues.push(FieldIssue::new("/decay", "value", detail)),
            },
            (other, _) => {
                let pointer = format!("/{}", other.replace('~', "~0").replace('/', "~1"));
                let detail = "is not known here; known are rules, decay";
                issues.push(FieldIssue::new(pointer, "unknown_member", detail));
            }
        }
    }
    if issues.is_empty() { Ok(json!(scoring)) } else { Err(issues) }
}

fn read_decay(value: &Value) -> Result<Decay, String> {
    let detail = || {
        format!(
            "{} must be as in {{\"after_days\": 30, \"points\": 5, \"every_days\": 7}}, with days up \
             to {MOST_DAYS} and points from 1 to {MOST_POINTS}",
            shorten(&value.to_string())
        )
    };
    let decay: Decay = serde_json::from_value(value.clone()).map_err(|_misfit| detail())?;
    let fits = decay.after_days <= MOST_DAYS
        && (1..=MOST_DAYS).contains(&decay.every_days)
        && (1..=MOST_POINTS).contains(&decay.points);
    if fits { Ok(decay) } else { Err(detail()) }
}

fn read_rules(rules: &[Value], known: &LeadScoring, issues: &mut Vec<FieldIssue>) -> Vec<LeadRule> {
    let mut next = known.rules.iter().map(|rule| rule.id).max().unwrap_or(0);
    let mut read = Vec::with_capacity(rules.len());
    for (at, value) in rules.iter().enumerate() {
        match read_rule(value) {
            Ok((name, when, points)) => {
                // A rule that stays as it is keeps its id, so that what it gave is told on.
                let is_taken = |id: u32| read.iter().any(|one: &LeadRule| one.id == id);
                let same = known
                    .rules
                    .iter()
                    .find(|rule| (&rule.name, &rule.when) == (&name, &when) && !is_taken(rule.id));
                let id = same.map_or_else(
                    || {
                        next += 1;
                        next
                    },
                    |rule| rule.id,
                );
                read.push(LeadRule { id, name, when, points });
            }
            Err((member, code, detail)) => {
                issues.push(FieldIssue::new(format!("/rules/{at}{member}"), code, detail));
            }
        }
    }
    read
}

type Misfit = (&'static str, &'static str, String);

fn read_rule(value: &Value) -> Result<(String, Value, i64), Misfit> {
    let Value::Object(members) = value else {
        let detail = "must be an object as in {\"when\": \"tag:VIP\", \"points\": 20}";
        return Err(("", "type", detail.to_owned()));
    };
    let plain = ["field", "op", "value", "all", "any", "not"];
    let known = |name: &str| {
        ["id", "name", "points"].contains(&name)
            || CONDITIONS.contains(&name)
            || plain.contains(&name)
    };
    if let Some(unknown) = members.keys().find(|name| !known(name)) {
        let detail = format!(
            "{} is not known here; known are name, when, points, or field, op and value in the \
             place of when",
            shorten(unknown)
        );
        return Err(("", "unknown_member", detail));
    }
    let points = members.get("points").and_then(Value::as_i64);
    let points = points.filter(|points| (-MOST_POINTS..=MOST_POINTS).contains(points));
    let Some(points) = points else {
        let detail = format!("must be a whole number from -{MOST_POINTS} to {MOST_POINTS}");
        return Err(("/points", "number", detail));
    };
    let said = CONDITIONS.iter().find_map(|name| members.get(*name));
    let said = said.filter(|said| !said.is_null());
    let when = match said {
        Some(Value::String(text)) if !text.trim().is_empty() => json!(text.trim()),
        Some(Value::Object(filter)) if !filter.is_empty() => Value::Object(filter.clone()),
        None if plain.iter().any(|name| members.contains_key(*name)) => {
            let parts = members.iter().filter(|(name, _)| plain.contains(&name.as_str()));
            Value::Object(parts.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        _ => {
            let detail = "must be a query such as \"tag:VIP\", or a filter in JSON";
            return Err(("/when", "required", detail.to_owned()));
        }
    };
    let name = match members.get("name") {
        None | Some(Value::Null) => match &when {
            Value::String(text) => text.chars().take(MOST_NAME).collect(),
            other => other.to_string().chars().take(MOST_NAME).collect(),
        },
        Some(name) => {
            let name = name.as_str().map(|name| one_line(name.trim()).into_owned());
            let fits = |name: &String| !name.is_empty() && name.chars().count() <= MOST_NAME;
            name.filter(fits).ok_or_else(|| {
                ("/name", "text", format!("must have 1 to {MOST_NAME} printable characters"))
            })?
        }
    };
    Ok((name, when, points))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_takes_points_step_by_step_and_never_below_zero() {
        let decay = Decay { after_days: 30, points: 5, every_days: 7 };
        let after = |days: i64| decay.points_since(Timestamp(0), Timestamp(days * DAY_MS));
        assert_eq!((after(30), after(31), after(37), after(38)), (0, 5, 5, 10));
        assert_eq!(after(100_000), 100);
        let scoring = LeadScoring {
            rules: vec![LeadRule { id: 1, name: "A".into(), when: json!("x"), points: 20 }],
            decay: Some(decay),
        };
        let mut contact = Contact::decoy();
        contact.created_at = Timestamp(0);
        let score = scoring.score(&contact, Timestamp(100 * DAY_MS), |_, _| true).unwrap();
        assert_eq!((score.score, score.parts.len()), (0, 2));
        assert_eq!(scoring.explain(&score)[0], ScorePart { rule: "A", points: 20 });
    }

    #[test]
    fn a_rule_takes_text_a_filter_or_a_plain_condition_and_keeps_its_id() {
        let scoring = |value: &Value, known: &LeadScoring| -> LeadScoring {
            serde_json::from_value(read(value, known).unwrap()).unwrap()
        };
        let sent = json!({"rules": [
            {"when": "tag:VIP", "points": 20, "name": "VIP"},
            {"filter": {"field": "source", "op": "is", "value": "Referral"}, "points": 10},
            {"field": "open_deals", "op": "gte", "value": 1, "points": -5},
        ]});
        let first = scoring(&sent, &LeadScoring::default());
        assert_eq!(first.rules.iter().map(|rule| rule.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(first.rules[2].when, json!({"field": "open_deals", "op": "gte", "value": 1}));
        let second =
            scoring(&json!({"rules": [{"when": "x", "points": 1}, sent["rules"][0]]}), &first);
        assert_eq!(second.rules.iter().map(|rule| rule.id).collect::<Vec<_>>(), [4, 1]);
        for (wrong, pointer) in [
            (json!({"rules": "x"}), "/rules"),
            (json!({"rules": [{"when": "x"}]}), "/rules/0/points"),
            (json!({"rules": [{"when": "x", "points": 101}]}), "/rules/0/points"),
            (json!({"rules": [{"points": 1}]}), "/rules/0/when"),
            (json!({"rules": [{"when": "x", "points": 1, "colour": 2}]}), "/rules/0"),
            (json!({"decay": {"after_days": 1}}), "/decay"),
            (json!({"extra": 1}), "/extra"),
        ] {
            assert_eq!(read(&wrong, &first).unwrap_err()[0].pointer, pointer, "{wrong}");
        }
    }
}
