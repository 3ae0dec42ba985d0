//! Where a walk through results stands: the sort key of the last hit, as opaque text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A place in a sorted result; the next page begins behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Distinguishes the sorts, so that a cursor is only used with its own.
    pub sort: u32,
    /// The sort key of the last hit.
    pub key: [u64; 4],
    /// Its whole keys, where the sort key does not tell it from others; those that it lacks are
    /// missing.
    pub texts: Vec<Option<Vec<u8>>>,
}

/// Most whole keys of a cursor.
const MOST_TEXTS: usize = 3;

impl Cursor {
    /// The cursor as text for a URL.
    pub fn encode(&self) -> String {
        let [a, b, c, d] = self.key;
        let mut out = format!("{:x}.{a:x}.{b:x}.{c:x}.{d:x}", self.sort);
        for text in &self.texts {
            out.push('.');
            match text {
                Some(text) => URL_SAFE_NO_PAD.encode_string(text, &mut out),
                None => out.push('~'),
            }
        }
        out
    }

    /// Reads a cursor; `None` if it is none.
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        let sort = u32::try_from(number()?).ok()?;
        let key = [number()?, number()?, number()?, number()?];
        let text = |part: &str| match part {
            "~" => Some(None),
            _ => URL_SAFE_NO_PAD.decode(part).ok().map(Some),
        };
        let texts: Vec<Option<Vec<u8>>> = parts.map(text).collect::<Option<_>>()?;
        (texts.len() <= MOST_TEXTS).then_some(Self { sort, key, texts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursors_come_back(
            sort: u32,
            key: [u64; 4],
            texts in proptest::collection::vec(proptest::option::of(any::<Vec<u8>>()), 0..4),
        ) {
            let cursor = Cursor { sort, key, texts };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn other_text_is_no_cursor_or_a_valid_one(text in "[0-9a-g.~]{0,60}") {
            if let Some(cursor) = Cursor::decode(&text) {
                prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
            }
        }
    }
}
