//! Old and new numbering plans: when two different E.164 numbers are one line.
//!
//! Countries lengthen their numbers; address books and networks go on with the old form for years.

use crate::domain::calling_code;

/// A change of a numbering plan: what was put in front of old national numbers.
struct Change {
    code: &'static str,
    /// Digits of the area code, which stays in front of what was added.
    area_len: usize,
    added: &'static [&'static str],
    /// Lengths of old national numbers.
    old_len: std::ops::RangeInclusive<usize>,
    name: &'static str,
}

const CHANGES: &[Change] = &[
    Change {
        code: "55",
        area_len: 2,
        added: &["9"],
        old_len: 10..=10,
        name: "Brazil's ninth digit",
    },
    Change {
        code: "54",
        area_len: 0,
        added: &["9"],
        old_len: 10..=10,
        name: "Argentina's 9 of mobiles",
    },
    Change {
        code: "52",
        area_len: 0,
        added: &["1"],
        old_len: 10..=10,
        name: "Mexico's 1 of mobiles",
    },
    Change { code: "39", area_len: 0, added: &["0"], old_len: 5..=10, name: "Italy's zero" },
    Change {
        code: "225",
        area_len: 0,
        added: &["01", "05", "07", "21", "25", "27"],
        old_len: 8..=8,
        name: "Ivory Coast's ten digits",
    },
    Change { code: "229", area_len: 0, added: &["01"], old_len: 8..=8, name: "Benin's ten digits" },
    Change {
        code: "237",
        area_len: 0,
        added: &["2", "6"],
        old_len: 8..=8,
        name: "Cameroon's nine digits",
    },
];

/// The change of a numbering plan that makes one line of two numbers, given as E.164 digits.
pub fn same_line(one: &str, other: &str) -> Option<&'static str> {
    let (old, new) = if one.len() < other.len() { (one, other) } else { (other, one) };
    CHANGES.iter().find(|change| change.joins(old, new)).map(|change| change.name)
}

/// Whether two numbers, given as E.164 digits, have the same calling code.
pub fn same_calling_code(one: &str, other: &str) -> bool {
    match (calling_code::split(one), calling_code::split(other)) {
        (Some((len, _)), Some((other_len, _))) => len == other_len && one[..len] == other[..len],
        _ => false,
    }
}

impl Change {
    fn joins(&self, old: &str, new: &str) -> bool {
        let (Some(old), Some(new)) = (old.strip_prefix(self.code), new.strip_prefix(self.code))
        else {
            return false;
        };
        let Some((old_area, old_rest)) = old.split_at_checked(self.area_len) else { return false };
        let Some((area, rest)) = new.split_at_checked(self.area_len) else { return false };
        self.old_len.contains(&old.len())
            && old_area == area
            && self.added.iter().any(|added| rest.strip_prefix(added) == Some(old_rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_by_their_old_and_new_numbers() {
        for (old, new) in [
            ("553187654321", "5531987654321"),
            ("541143211234", "5491143211234"),
            ("525512345678", "5215512345678"),
            ("39669812345", "390669812345"),
            ("22512345678", "2250712345678"),
            ("22997123456", "2290197123456"),
            ("23777123456", "237677123456"),
        ] {
            assert_eq!(same_line(old, new), same_line(new, old), "{old} {new}");
            assert!(same_line(old, new).is_some(), "{old} {new}");
        }
        for (one, other) in [
            ("553187654321", "5532987654321"),
            ("4930901820", "49930901820"),
            ("5531987654321", "5531987654321"),
            ("55", "559"),
        ] {
            assert_eq!(same_line(one, other), None, "{one} {other}");
        }
        assert!(same_calling_code("4930901820", "4989901820"));
        assert!(!same_calling_code("4930901820", "4330901820"));
    }
}
