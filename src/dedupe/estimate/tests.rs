//! Estimating weights: known ones are found again, few decisions move little.

use proptest::prelude::*;
use smallvec::smallvec;

use super::super::level::Level;
use super::super::model::Model;
use super::super::score::Prior;
use super::decisions::fitted;
use super::evidence::{Evidence, Moved, Priors, Reached};
use super::expectation::{Base, Chosen, scattered};
use super::table::rewritten;
use super::*;

/// Numbers from 0 to 1 that are as good as drawn by lot.
struct Lot(u64);

impl Lot {
    fn draw(&mut self) -> f64 {
        self.0 += 1;
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        let share = (scattered(self.0) >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }

    fn pick(&mut self, shares: &[f64]) -> usize {
        let mut rest = self.draw();
        shares
            .iter()
            .position(|share| {
                rest -= share;
                rest < 0.0
            })
            .unwrap_or(shares.len() - 1)
    }
}

/// The levels of a field, and how often matches and others reach each.
type Levels = &'static [(Level, f64, f64)];

const FIELDS: [Levels; 5] = [
    &[(Level::EmailTwoEdits, 0.85, 0.03), (Level::EmailDifferent, 0.15, 0.97)],
    &[(Level::LastInitial, 0.9, 0.02), (Level::LastDifferent, 0.1, 0.98)],
    &[(Level::BirthNear, 0.9, 0.01), (Level::BirthDifferent, 0.1, 0.99)],
    &[(Level::PostalOuter, 0.7, 0.05), (Level::PostalDifferent, 0.3, 0.95)],
    &[
        (Level::FirstInitial, 0.6, 0.04),
        (Level::FirstNear, 0.2, 0.16),
        (Level::FirstDifferent, 0.2, 0.8),
    ],
];

/// A pair of which each field reaches a level by lot, scored by the shipped weights.
fn pair(model: &Model, lot: &mut Lot, fields: &[Levels], is_same: bool) -> Evidence {
    let mut levels = Vec::new();
    for field in fields {
        let shares: Vec<f64> = field.iter().map(|l| if is_same { l.1 } else { l.2 }).collect();
        levels.push(field[lot.pick(&shares)].0);
    }
    evidence(model, &levels)
}

fn evidence(model: &Model, levels: &[Level]) -> Evidence {
    let bits = |level: &Level| f64::from(model.bits(*level, 0.0).stranger);
    let reached = levels.iter().map(|level| Reached {
        level: *level,
        stranger: 1.0,
        household: 0.0,
        bits: Some(bits(level)),
    });
    Evidence::made(levels.iter().map(bits).sum(), reached.collect())
}

fn truth(level: Level) -> f64 {
    let known = FIELDS.iter().flat_map(|field| field.iter()).find(|known| known.0 == level);
    known.map(|known| (known.1 / known.2).log2()).unwrap()
}

fn estimated(model: &Model, moved: &Moved, level: Level) -> f64 {
    model.number(level).bits() + moved.stranger[level as usize]
}

#[test]
fn decisions_find_known_weights_again() {
    let model = Model::shipped().unwrap();
    let mut lot = Lot(1);
    let pairs: Vec<(Evidence, bool)> = (0..20_000)
        .map(|at| (pair(&model, &mut lot, &FIELDS[2..], at % 4 == 0), at % 4 == 0))
        .collect();
    let priors = Priors { stranger: (1.0_f64 / 3.0).log2(), household: 0.0 };
    let moved = fitted(&model, &pairs, priors);
    // Of a field that every pair has, only the differences between levels can be told.
    for field in &FIELDS[2..] {
        let by = |level| estimated(&model, &moved, level) - truth(level);
        for (level, ..) in *field {
            let far = by(*level) - by(field[0].0);
            assert!(far.abs() < 0.5, "{level:?}: {far}");
        }
    }
    // What counts is the score.
    for (evidence, _) in pairs.iter().take(200) {
        let known: f64 = evidence.reached.iter().map(|reached| truth(reached.level)).sum();
        let (found, ..) = evidence.weight(&moved, priors);
        assert!((known + priors.stranger - found).abs() < 0.5, "{evidence:?}");
    }
}

#[test]
fn few_decisions_move_little() {
    let model = Model::shipped().unwrap();
    let priors = Priors { stranger: -10.0, household: 0.0 };
    // Five people with birthdays that differ were one all the same.
    let one = evidence(&model, &[Level::BirthDifferent, Level::PhoneDifferent]);
    let other = evidence(&model, &[Level::BirthNear, Level::PhoneDifferent]);
    let mut pairs = vec![(one, true); 5];
    pairs.push((other, false));
    let moved = fitted(&model, &pairs, priors);
    let by = moved.stranger[Level::BirthDifferent as usize];
    assert!(by > 0.0 && by < 2.0, "{by}");
    let many: Vec<_> = pairs.iter().cycle().take(6_000).cloned().collect();
    assert!(fitted(&model, &many, priors).stranger[Level::BirthDifferent as usize] > by + 1.0);
    assert!(moved.stranger[Level::FirstExact as usize].abs() < f64::EPSILON);
}

#[test]
fn pairs_alone_find_known_weights_again() {
    let model = Model::shipped().unwrap();
    let mut lot = Lot(9);
    let mut chosen = Vec::new();
    for at in 0..12_000 {
        let evidence = pair(&model, &mut lot, &FIELDS, at % 3 == 0);
        chosen.push(Chosen { evidence, by: smallvec![0] });
    }
    // One in three of all pairs is the same, which the prior says of them.
    let random: Vec<Evidence> =
        (0..24_000).map(|at| pair(&model, &mut lot, &FIELDS, at % 3 == 0)).collect();
    let prior = Prior { duplicates: 0.5, household: 1.0, assumed: 0.5 };
    let base = Base { model: &model, total: 1.0, scale: 1.0 / 8_000.0, prior };
    let (moved, reached, expected) = base.estimated(&chosen, &random).unwrap();
    assert!((3_800.0..4_200.0).contains(&expected), "{expected}");
    assert!(reached[Level::BirthNear as usize] > 3_000);
    for level in FIELDS.iter().flat_map(|field| field.iter()).map(|known| known.0) {
        let found = estimated(&model, &moved, level);
        assert!((found - truth(level)).abs() < 0.75, "{level:?}: {found} {}", truth(level));
    }
}

#[test]
fn a_field_by_which_pairs_were_chosen_keeps_its_weights() {
    let model = Model::shipped().unwrap();
    let mut lot = Lot(5);
    let birthday = 1 << super::super::level::Field::Birthday as u16;
    let mut chosen = Vec::new();
    for at in 0..2_000 {
        let evidence = pair(&model, &mut lot, &FIELDS, at % 2 == 0);
        chosen.push(Chosen { evidence, by: smallvec![birthday] });
    }
    let random: Vec<Evidence> =
        (0..4_000).map(|_| pair(&model, &mut lot, &FIELDS, false)).collect();
    let prior = Prior { duplicates: 0.5, household: 1.0, assumed: 0.5 };
    let base = Base { model: &model, total: 1.0, scale: 1.0 / 2_000.0, prior };
    let (moved, ..) = base.estimated(&chosen, &random).unwrap();
    assert!(moved.stranger[Level::BirthNear as usize].abs() < f64::EPSILON);
    assert!(moved.stranger[Level::PostalOuter as usize].abs() > 0.1);
}

#[test]
fn where_there_is_nothing_to_learn_it_is_said() {
    let model = Model::shipped().unwrap();
    let counts = super::super::Frequencies::default();
    let options = super::super::Options::of(&model);
    let prior = Prior::start(&model.settings);
    let none = estimate_from_decisions(&[], &counts, prior, &options).unwrap_err();
    assert_eq!(none, EstimateError::NoDecisions { same: 0, different: 0 });
    assert!(none.to_string().contains("both are needed"));
    let none = estimate_from_pairs(&[], &counts, &options).unwrap_err();
    assert!(none.to_string().contains("nothing to learn from: among 0 pairs"), "{none}");
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(seed in 0_u64..1_000_000) {
        let model = Model::shipped().unwrap();
        let mut lot = Lot(seed);
        let mut moved = Moved::nothing();
        for at in 0..Level::ALL.len() {
            moved.stranger[at] = lot.draw() * 6.0 - 3.0;
            if model.number(Level::ALL[at]).home_times == 0.0 && lot.draw() < 0.5 {
                moved.household[at] = lot.draw() * 2.0 - 1.0;
            }
        }
        let counts = vec![1; Level::ALL.len()];
        let estimate = rewritten(&model, &moved, &counts, "From a lot,\nof two lines.").unwrap();
        prop_assert!(estimate.table.starts_with("# From a lot,\n# of two lines.\n"));
        let read = Model::parse(&estimate.table).unwrap();
        for row in &estimate.rows {
            let level = *Level::ALL.iter().find(|l| l.key() == (row.field, row.level)).unwrap();
            let (was, is) = (model.number(level), read.number(level));
            let (was, is) = match row.weight {
                "home" => (was.home, is.home),
                form => {
                    prop_assert_eq!(form, is.form);
                    let far = is.bits() - was.bits() - moved.stranger[level as usize];
                    prop_assert!(far.abs() < 0.02, "{:?} {}", row, far);
                    (was.value, is.value)
                }
            };
            prop_assert_eq!((row.shipped, row.estimated), (was, is));
        }
        let kept: Vec<_> = Level::ALL.iter().map(|level| read.words(*level)).collect();
        prop_assert_eq!(kept, Level::ALL.iter().map(|l| model.words(*l)).collect::<Vec<_>>());
    }
}

#[test]
fn weights_that_do_not_move_stand_as_they_are_shipped() {
    let model = Model::shipped().unwrap();
    let counts = vec![0; Level::ALL.len()];
    let estimate = rewritten(&model, &Moved::nothing(), &counts, "x").unwrap();
    assert!(estimate.table.ends_with(super::super::TABLE));
    assert!(estimate.rows.iter().all(|row| row.shipped.to_bits() == row.estimated.to_bits()));
}
