//! Names that come near to a mistyped one.

use rapidfuzz::distance::osa;

/// The nearest of some names, if one is near enough to have been meant: one letter wrong in short
/// names, two in longer ones.
pub(super) fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = typed.chars().count();
    if !(2..=40).contains(&letters) {
        return None;
    }
    let most = if letters <= 4 { 1 } else { 2 };
    names
        .map(|name| (osa::distance(typed.chars(), name.chars()), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["company", "owner", "tag"];
        assert_eq!(nearest("compny", names.into_iter()), Some("company"));
        assert_eq!(nearest("tga", names.into_iter()), Some("tag"));
        assert_eq!(nearest("industry", names.into_iter()), None);
        assert_eq!(nearest("t", names.into_iter()), None);
    }
}
