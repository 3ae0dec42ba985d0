//! The shipped table with other numbers in its lines.

use std::fmt::Write;

use super::super::level::{Field, Level};
use super::super::model::{Model, TABLE};
use super::evidence::Moved;
use super::{Estimate, EstimateError, EstimateRow};

/// Writes the shipped table with moved weights, every number as it will be read again.
pub(super) fn rewritten(
    model: &Model,
    moved: &Moved,
    pairs: &[u64],
    heading: &str,
) -> Result<Estimate, EstimateError> {
    let mut rows = Vec::new();
    let mut table = String::with_capacity(TABLE.len() + 1024);
    for line in heading.lines() {
        let _ = writeln!(table, "# {line}");
    }
    table.push_str(
        "# It counts only where it is put, as duplicate-model.toml in a data directory.\n#\n",
    );
    let mut section = "";
    for line in TABLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        let key = line.split_once('=').map_or("", |(key, _)| key.trim());
        let level = Level::ALL.iter().find(|level| level.key() == (section, key));
        let level = level.filter(|level| level.field() != Field::Context);
        let Some(level) = level else {
            table.push_str(line);
            table.push('\n');
            continue;
        };
        let at = *level as usize;
        let number = model.number(*level);
        let mut line = line.to_owned();
        let mut put = |form: &'static str, shipped: f64, estimated: f64| -> Option<()> {
            let row = EstimateRow {
                field: section_of(*level),
                level: level.key().1,
                weight: form,
                shipped,
                estimated,
                pairs: pairs[at],
            };
            rows.push(row);
            if shipped.to_bits() != estimated.to_bits() {
                line = replaced(&line, form, estimated)?;
            }
            Some(())
        };
        let estimated = match number.form {
            "share" => significant(number.value * moved.stranger[at].exp2()),
            _ => rounded(number.value + moved.stranger[at]),
        };
        let is_moved = moved.stranger[at] != 0.0;
        let written =
            put(number.form, number.value, if is_moved { estimated } else { number.value });
        let home = (moved.household[at] != 0.0)
            .then(|| rounded(number.home + moved.household[at]))
            .and_then(|home| put("home", number.home, home));
        if written.is_none() || (moved.household[at] != 0.0 && home.is_none()) {
            return Err(EstimateError::Defect(format!("the shipped table: {section}.{key}")));
        }
        table.push_str(&line);
        table.push('\n');
    }
    Model::parse(&table).map_err(|error| EstimateError::Defect(error.to_string()))?;
    Ok(Estimate { table, rows })
}

fn section_of(level: Level) -> &'static str {
    level.key().0
}

/// A line with another number; without one it gets it before its words.
fn replaced(line: &str, form: &str, number: f64) -> Option<String> {
    let named = format!(" {form} = ");
    if let Some(at) = line.find(&named) {
        let from = at + named.len();
        let to = from + line[from..].find([',', ' '])?;
        return Some(format!("{}{number:?}{}", &line[..from], &line[to..]));
    }
    let at = line.find(" words = ")?;
    Some(format!("{} {form} = {number:?},{}", &line[..at], &line[at..]))
}

/// Two digits behind the point are more than any base can tell.
fn rounded(bits: f64) -> f64 {
    // No negative zero.
    (bits * 100.0).round() / 100.0 + 0.0
}

/// Three digits of a share.
fn significant(share: f64) -> f64 {
    format!("{share:.2e}").parse().unwrap_or(share)
}
