//! What the looser rungs count: the more of a word fits, the more it is worth.

use crate::index::Scores;

/// What words count that differ by none, one or two typos from one of so many letters: a typo in a
/// long name leaves less doubt than one in a short name.
pub(super) fn typos(scores: &Scores, exact: f32, letters: usize) -> [f32; 3] {
    let longer = |least: f32| scores.name_edit_length * (1.0 - least / many(letters));
    let one = scores.name_one_edit + longer(4.0);
    // Two in sixteen are about as much as one in eight.
    let two = scores.name_two_edits + 2.0 * longer(8.0);
    [exact, one, two.min(one)]
}

/// What a word counts that sounds alike by a code of so many letters: short codes are those of many
/// different names.
pub(super) fn sound(scores: &Scores, letters: usize) -> f32 {
    scores.name_sound * [0.0, 0.6, 0.75, 0.85].get(letters).copied().unwrap_or(1.0)
}

/// What words count that hold letters somewhere inside: nothing else, little else, more.
pub(super) fn inside(score: f32) -> [f32; 3] {
    [score * 2.25, score * 2.1, score]
}

/// How far a word is from letters that it holds: 0 where it is nothing else, 1 where it is at most
/// half as many letters more, 2 where it is longer.
pub(super) fn surplus(asked: usize, word: usize) -> u8 {
    match word.saturating_sub(asked) {
        0 => 0,
        more if more * 2 <= asked => 1,
        _ => 2,
    }
}

#[allow(clippy::cast_precision_loss, reason = "words have few letters")]
fn many(letters: usize) -> f32 {
    letters.max(4) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_better_counts_more() {
        let scores = crate::index::Schema::load().unwrap().scores;
        let one = |letters| typos(&scores, scores.name, letters)[1];
        let two = |letters| typos(&scores, scores.name, letters)[2];
        assert!(one(4) < one(8) && one(8) < one(16) && one(32) < scores.name_nickname);
        assert!(two(8) < two(16) && two(16) < one(16));
        // One typo in a short name is more than a sound that half the alphabet shares.
        assert!(one(4) > sound(&scores, 2) && sound(&scores, 4) > one(4));
        // Two typos in a very long one are more than that.
        assert!(two(16) > sound(&scores, 12));
        assert_eq!([surplus(3, 3), surplus(3, 4), surplus(3, 5)], [0, 1, 2]);
    }
}
