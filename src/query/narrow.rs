//! Plain words that are to look only into some fields.

use super::expr::{Condition, Expr, Shape};
use super::field::{Field, Kind};
use super::language::Language;
use super::lex::Mark;
use super::member::field_of;
use super::names::Target;
use super::number;
use super::parse::value_of;

/// Lets the plain words and numbers of a query look only into some fields. What names its field
/// stays as it is.
///
/// # Errors
/// Names a field that there is not, with the nearest one that there is.
pub fn narrow(
    expr: Expr,
    names: &[String],
    language: &Language<'_>,
) -> Result<Expr, (String, Option<String>)> {
    let mut fields = Vec::with_capacity(names.len());
    for name in names {
        match field_of(name, language) {
            Ok(Target::Field(field)) => fields.push(field),
            Ok(Target::Has | Target::Without | Target::Keypad | Target::TagPart) => {
                return Err((name.clone(), None));
            }
            Err(near) => return Err((name.clone(), near)),
        }
    }
    Ok(if fields.is_empty() { expr } else { within(expr, &fields, language) })
}

fn within(expr: Expr, fields: &[Field], language: &Language<'_>) -> Expr {
    let each = |all: Vec<Expr>| all.into_iter().map(|one| within(one, fields, language)).collect();
    let ask = |text: &str, shape: Shape| {
        Expr::any(fields.iter().filter_map(|field| asked(field, text, shape, language)).collect())
    };
    match expr {
        Expr::All(all) => Expr::All(each(all)),
        Expr::Any(any) => Expr::Any(each(any)),
        Expr::Not(not) => within(*not, fields, language).negate(),
        Expr::Is(Condition::Word { field: None, text, shape }) => ask(&text, shape),
        Expr::Is(Condition::Dotted { whole, is_prefix, .. }) => {
            ask(&whole, if is_prefix { Shape::Prefix } else { Shape::Word })
        }
        Expr::Is(Condition::Address { address }) => ask(&address, Shape::Prefix),
        Expr::Is(Condition::Digits { anywhere: false, .. }) => expr,
        Expr::Is(condition @ Condition::Digits { .. }) => digits_in(condition, fields, language),
        Expr::Is(Condition::Keypad { .. }) if !fields.contains(&Field::Name) => {
            Expr::Any(Vec::new())
        }
        Expr::Is(_) => expr,
    }
}

/// Digits of numbers, and what else they may be in the fields that are named.
fn digits_in(condition: Condition, fields: &[Field], language: &Language<'_>) -> Expr {
    let Condition::Digits { digits, .. } = &condition else { return Expr::Is(condition) };
    let others = fields.iter().filter(|field| **field != Field::Phone);
    let mut ways: Vec<Expr> =
        others.filter_map(|field| asked(field, digits, Shape::Prefix, language)).collect();
    if fields.contains(&Field::Phone) {
        ways.insert(0, number::of_phones(vec![condition]));
    }
    Expr::any(ways)
}

/// One field asked for a word; nothing if it cannot hold one.
fn asked(field: &Field, text: &str, shape: Shape, language: &Language<'_>) -> Option<Expr> {
    if field.kind() == Kind::Words {
        let field = Some(field.clone());
        return Some(Expr::Is(Condition::Word { field, text: text.to_owned(), shape }));
    }
    let star = if shape == Shape::Prefix { "*" } else { "" };
    value_of(field, &format!("{text}{star}"), Mark::Plain, language).ok()
}

#[cfg(test)]
mod tests {
    use super::super::test_language::language;
    use super::super::{parse, print};
    use super::*;

    #[test]
    fn plain_words_look_into_the_fields_that_are_named() {
        let narrowed = |q: &str, fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|name| (*name).to_owned()).collect();
            narrow(parse(q, &language()).expr, &fields, &language())
                .map(|expr| print(&expr, &language()))
        };
        for (q, fields, expect) in [
            ("acme ", &["company"][..], "company:acme*"),
            ("acme ", &["company", "name"], "company:acme* OR name:acme*"),
            ("vip title:ceo ", &["tag"], "tag:vip title:ceo*"),
            ("-acme ", &["company"], "-company:acme*"),
            ("2025550123", &["phone"], "phone:2025550123"),
            ("acme ", &[], "acme*"),
        ] {
            assert_eq!(narrowed(q, fields).as_deref().map(str::trim), Ok(expect), "{q} {fields:?}");
        }
        assert_eq!(
            narrowed("x", &["compny"]),
            Err(("compny".to_owned(), Some("company".to_owned())))
        );
    }
}
