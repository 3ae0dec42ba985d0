//! Members of a query string that are named like fields: `created=2025-01..2025-06`.

use super::expr::Expr;
use super::field::Kind;
use super::language::Language;
use super::lex::Mark;
use super::names::{self, Named, Target};
use super::parse::value_of;
use super::suggest::nearest;
use super::value;

/// What a member stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    /// A condition.
    Condition(Expr),
    /// Nothing that is known; perhaps this one was meant.
    Unknown(Option<String>),
}

/// Reads a member: the value is what may stand behind `field:`, or `none` for contacts without one.
/// `NAME_from` and `NAME_to` are the ends of a range of numbers or dates.
///
/// # Errors
/// Why the field cannot be asked this.
pub fn read_member(name: &str, text: &str, language: &Language<'_>) -> Result<Member, String> {
    let found = match field_of(name, language) {
        Ok(target) => condition(&target, text, language)?,
        Err(near) => {
            let end = [("_from", ">="), ("_to", "<=")].into_iter().find_map(|(suffix, sign)| {
                let target = field_of(name.strip_suffix(suffix)?, language).ok()?;
                is_range(&target).then(|| condition(&target, &format!("{sign}{text}"), language))
            });
            match end {
                Some(end) => end?,
                None => return Ok(Member::Unknown(near)),
            }
        }
    };
    Ok(Member::Condition(found))
}

/// The nearest of the members that are no fields, and of fields.
pub fn nearest_member<'a>(
    name: &str,
    others: impl Iterator<Item = &'a str>,
    field: Option<String>,
) -> Option<String> {
    nearest(&name.to_lowercase(), others).map(str::to_owned).or(field)
}

fn is_range(target: &Target) -> bool {
    match target {
        Target::Field(field) => {
            matches!(field.kind(), Kind::Number | Kind::Day | Kind::Instant | Kind::Custom)
        }
        Target::Has | Target::Without | Target::Keypad | Target::TagPart => false,
    }
}

pub(super) fn field_of(name: &str, language: &Language<'_>) -> Result<Target, Option<String>> {
    match names::find(name, language) {
        (_, Some(near)) => Err((!near.is_empty()).then_some(near)),
        (Named::Known(Target::Keypad | Target::TagPart) | Named::NotYet, None) => Err(None),
        (Named::Known(target), None) => Ok(target),
        (Named::Unknown(near), None) => Err(near),
    }
}

fn condition(target: &Target, text: &str, language: &Language<'_>) -> value::Answer {
    let field = match target {
        Target::Field(field) => field,
        Target::Has | Target::Without | Target::Keypad | Target::TagPart => {
            let is_there = *target == Target::Has;
            let presence = |name: &str| match field_of(name.trim(), language) {
                Ok(Target::Field(field)) if is_there => Ok(value::has(&field)),
                Ok(Target::Field(field)) => Ok(value::has(&field).negate()),
                Ok(_) | Err(_) => Err(format!("there is no field {name}")),
            };
            return text.split(',').map(presence).collect::<Result<_, _>>().map(Expr::all);
        }
    };
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(value::has(field).negate());
    }
    match field.kind() {
        Kind::Value => {
            let values = text.split(',').filter(|one| !one.trim().is_empty());
            let any = values.map(|one| value_of(field, one, Mark::Plain, language));
            any.collect::<Result<Vec<_>, _>>().map(Expr::any)
        }
        Kind::Words => value_of(field, text, Mark::Whole, language),
        Kind::Digits | Kind::Number | Kind::Day | Kind::Instant | Kind::Presence | Kind::Custom => {
            value_of(field, text, Mark::Plain, language)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::print;
    use super::super::test_language::language;
    use super::*;

    #[test]
    fn members_are_conditions() {
        for (name, text, expect) in [
            ("created", "2025-01-01..2025-03", "created:2025-01-01..2025-03-31"),
            ("created_at", ">=2025-01", "created:>=2025-01-01"),
            ("created_from", "2025-01", "created:>=2025-01-01"),
            ("created_to", "2025-01-31", "created:<2025-02-01"),
            ("lead_score", "10..20", "lead_score:10..20"),
            ("lead_score_from", "10", "lead_score:>=10"),
            ("last_called", "none", "-has:last_called"),
            ("language", "de,en", "language:de,en"),
            ("title", "head buyer", "title:head title:buyer~"),
            ("has", "phone,email", "has:phone has:email"),
            ("no", "owner", "-has:owner"),
            ("has_activities", "x", "?"),
            ("compny", "acme", "? company"),
            ("t9", "5", "?"),
            ("deal", "5", "deals:5"),
            ("campaign", "5", "?"),
            ("created", "soon", "! needs a date"),
            ("lead_score", "many", "! needs a number"),
            ("has", "nothing", "! there is no field"),
        ] {
            let language = language();
            let got = match read_member(name, text, &language) {
                Ok(Member::Condition(expr)) => print(&expr, &language),
                Ok(Member::Unknown(near)) => {
                    near.map_or("?".to_owned(), |near| format!("? {near}"))
                }
                Err(why) => format!("! {why}"),
            };
            let fits = if expect.starts_with('!') {
                got.starts_with('!') && got.contains(expect.trim_start_matches("! "))
            } else {
                got == expect
            };
            assert!(fits, "{name}={text}: {got}, not {expect}");
        }
        let near = nearest_member("per_pgae", ["per_page", "page"].into_iter(), None);
        assert_eq!(near.as_deref(), Some("per_page"));
    }
}
