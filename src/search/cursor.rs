//! Where a walk through results stands: the sort key of the last hit, as opaque text.

/// A place in a sorted result; the next page begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Distinguishes the sorts, so that a cursor is only used with its own.
    pub sort: u32,
    /// The sort key of the last hit.
    pub key: [u64; 3],
}

impl Cursor {
    /// The cursor as text for a URL.
    pub fn encode(self) -> String {
        format!("{:x}.{:x}.{:x}.{:x}", self.sort, self.key[0], self.key[1], self.key[2])
    }

    /// Reads a cursor; `None` if it is none.
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| u64::from_str_radix(part, 16).ok());
        let sort = u32::try_from(parts.next()??).ok()?;
        let key = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(Self { sort, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursors_come_back(sort: u32, key: [u64; 3]) {
            let cursor = Cursor { sort, key };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn other_text_is_no_cursor_or_a_valid_one(text in "[0-9a-g.]{0,40}") {
            if let Some(cursor) = Cursor::decode(&text) {
                prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
            }
        }
    }
}
