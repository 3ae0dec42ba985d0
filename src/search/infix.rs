//! Digits anywhere in a number: windows of the index find candidates, arithmetic on the numbers
//! themselves confirms them.

use std::ops::Bound;

use tantivy::columnar::Column;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, DocPredicateQuery, SegmentDocPredicate,
};
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, EnableScoring, InvertedIndexRangeQuery, Occur, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, SegmentReader, Term};

use crate::index::{Schema, WINDOW};

/// A query for all numbers that hold these digits in a row.
pub(super) fn digits_anywhere(schema: &Schema, prefix: &str, digits: &str) -> Box<dyn Query> {
    let field = schema.fields.phone;
    if digits.len() < WINDOW {
        return Box::new(ConstScoreQuery::new(prefix_query(field, prefix, digits), 1.0));
    }
    let window = |at: usize| -> Box<dyn Query> {
        let text = format!("{prefix}{}", &digits[at..at + WINDOW]);
        Box::new(TermQuery::new(Term::from_field_text(field, &text), IndexRecordOption::Basic))
    };
    if digits.len() == WINDOW {
        return Box::new(ConstScoreQuery::new(window(0), 1.0));
    }
    // Windows side by side, and the last one; overlap costs nothing.
    let mut starts: Vec<usize> = (0..=digits.len() - WINDOW).step_by(WINDOW).collect();
    if starts.last() != Some(&(digits.len() - WINDOW)) {
        starts.push(digits.len() - WINDOW);
    }
    let windows =
        BooleanQuery::new(starts.into_iter().map(|at| (Occur::Must, window(at))).collect());
    let Some(infix) = Infix::new(digits) else {
        return Box::new(tantivy::query::EmptyQuery);
    };
    Box::new(DocPredicateQuery::from(HasInfix {
        schema: schema.tantivy.clone(),
        windows: std::sync::Arc::new(windows),
        infix,
    }))
}

/// A query for all terms of a field that begin so.
pub(super) fn prefix_query(field: Field, prefix: &str, start: &str) -> Box<dyn Query> {
    let from = format!("{prefix}{start}");
    // No term holds U+10FFFF, and nothing sorts behind it.
    let to = format!("{from}\u{10ffff}");
    Box::new(InvertedIndexRangeQuery::new(
        Bound::Included(Term::from_field_text(field, &from)),
        Bound::Excluded(Term::from_field_text(field, &to)),
    ))
}

/// Digits to be found inside a number that is written behind a leading 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Infix {
    value: u64,
    modulus: u64,
}

impl Infix {
    /// `None` for more digits than any indexed number has.
    pub(super) fn new(digits: &str) -> Option<Self> {
        let len = u32::try_from(digits.len()).ok()?;
        Some(Self { value: digits.parse().ok()?, modulus: 10_u64.checked_pow(len)? })
    }

    /// Whether the digits stand in a row somewhere behind the leading 1.
    pub(super) fn is_in(self, mut number: u64) -> bool {
        while number >= self.modulus {
            if number % self.modulus == self.value {
                return true;
            }
            number /= 10;
        }
        false
    }
}

#[derive(Debug)]
struct HasInfix {
    schema: tantivy::schema::Schema,
    windows: std::sync::Arc<BooleanQuery>,
    infix: Infix,
}

impl DocPredicate for HasInfix {
    type SegmentDocPredicate = SegmentHasInfix;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<SegmentHasInfix>> {
        let weight = self.windows.weight(EnableScoring::disabled_from_schema(&self.schema))?;
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate: SegmentHasInfix {
                numbers: reader.fast_fields().u64("phone_num")?,
                infix: self.infix,
            },
            necessary_condition: Box::new(weight.scorer(reader, 1.0)?),
        })
    }
}

struct SegmentHasInfix {
    numbers: Column<u64>,
    infix: Infix,
}

impl SegmentDocPredicate for SegmentHasInfix {
    fn eval(&mut self, doc: DocId) -> bool {
        self.numbers.values_for_doc(doc).any(|number| self.infix.is_in(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arithmetic_agrees_with_text(number in "[0-2]{1,18}", digits in "[0-2]{1,6}") {
            let value: u64 = format!("1{number}").parse().expect("fits");
            let infix = Infix::new(&digits).expect("short");
            prop_assert_eq!(infix.is_in(value), number.contains(&digits));
        }
    }

    #[test]
    fn absurd_lengths_are_refused() {
        assert!(Infix::new(&"9".repeat(25)).is_none());
    }
}
