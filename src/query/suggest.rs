//! Names that come near to a mistyped one.

/// The number of letters to insert, remove, replace or swap with a neighbour to get from one word
/// to another. Cost: the product of the lengths.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (above[j + 1] + 1).min(row[j] + 1).min(above[j] + usize::from(x != y));
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// The nearest of some names, if one is near enough to have been meant: one letter wrong in short
/// names, two in longer ones.
pub(super) fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = typed.chars().count();
    if !(2..=40).contains(&letters) {
        return None;
    }
    let most = if letters <= 4 { 1 } else { 2 };
    names
        .map(|name| (distance(typed, name), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(distance("compny", "company"), 1);
        assert_eq!(distance("onwer", "owner"), 1);
        assert_eq!(distance("", "abc"), 3);
        let names = ["company", "owner", "tag"];
        assert_eq!(nearest("compny", names.into_iter()), Some("company"));
        assert_eq!(nearest("tga", names.into_iter()), Some("tag"));
        assert_eq!(nearest("industry", names.into_iter()), None);
        assert_eq!(nearest("t", names.into_iter()), None);
    }
}
