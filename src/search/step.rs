//! The steps of the ladder.

/// How freely words match. Every step finds what the ones before it find, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Words in any of their spellings, the last one as a prefix.
    Strict,
    /// Also names that are said for each other or sound alike, initials, and words that are written
    /// together or apart.
    Near,
    /// Also words with typos, and words that only begin as those asked for.
    Typos,
    /// Also words that hold those asked for somewhere inside.
    Inside,
}
