//! Phone books in the formats of telephone makers, each within what its phones take.

mod formats;

use super::entry::Entry;

/// Whose phones read a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// Yealink's remote phone book.
    Yealink,
    /// Snom's minibrowser.
    Snom,
    /// Snom's directory file of newer firmware.
    SnomFile,
    /// Grandstream's older phones.
    Grandstream,
    /// Grandstream's newer phones.
    GrandstreamTwo,
    /// Cisco's XML services.
    Cisco,
    /// Fanvil's remote phone book.
    Fanvil,
    /// Polycom's directory file.
    Polycom,
}

impl Maker {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Yealink,
        Self::Snom,
        Self::SnomFile,
        Self::Grandstream,
        Self::GrandstreamTwo,
        Self::Cisco,
        Self::Fanvil,
        Self::Polycom,
    ];

    /// The name in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yealink => "yealink",
            Self::Snom => "snom",
            Self::SnomFile => "snom-tbook",
            Self::Grandstream => "grandstream",
            Self::GrandstreamTwo => "grandstream-v2",
            Self::Cisco => "cisco",
            Self::Fanvil => "fanvil",
            Self::Polycom => "polycom",
        }
    }

    /// Reads a maker by its name in paths.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|maker| maker.as_str() == text)
    }

    /// What its phones take.
    pub fn limits(self) -> Limits {
        let of = |usual, most, bytes| Limits { usual, most, bytes };
        match self {
            // Objects of the XML browser have at most 10,000 bytes.
            Self::Yealink | Self::Fanvil => of(32, 32, 10_000),
            Self::Snom => of(32, 100, 64_000),
            Self::SnomFile => of(1_000, 2_000, 2_000_000),
            Self::Grandstream => of(500, 500, 500_000),
            Self::GrandstreamTwo => of(2_000, 2_000, 2_000_000),
            Self::Cisco => of(32, 32, 32_000),
            Self::Polycom => of(500, 1_000, 500_000),
        }
    }

    /// How many entries a phone shows for somebody: some show one for each number.
    fn rows_of(self, entry: &Entry) -> usize {
        match self {
            Self::Snom | Self::Cisco | Self::Polycom => entry.lines.len(),
            Self::Yealink
            | Self::SnomFile
            | Self::Grandstream
            | Self::GrandstreamTwo
            | Self::Fanvil => 1,
        }
    }
}

/// What the phones of a maker take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries if nothing is said.
    pub usual: usize,
    /// Most entries.
    pub most: usize,
    /// Most bytes.
    pub bytes: usize,
}

/// A part of a phone book.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// Who is in it.
    pub entries: &'a [Entry],
}

/// A book as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The document.
    pub bytes: Vec<u8>,
    /// How many of the entries are in it.
    pub entries: usize,
    /// Where the next part is, if there is one.
    pub next: Option<String>,
}

/// Writes as many entries as the phones of a maker take. `next` says where the part behind so many
/// of them is, if there is one.
pub fn write(maker: Maker, book: Book<'_>, next: impl Fn(usize) -> Option<String>) -> Written {
    let limits = maker.limits();
    let mut rows = 0;
    let fitting = book.entries.iter().take_while(|entry| {
        rows += maker.rows_of(entry);
        rows <= limits.most
    });
    let mut count = fitting.count();
    loop {
        let next = next(count);
        let entries = book.entries.get(..count).unwrap_or_default();
        let bytes = formats::write(maker, book.title, entries, next.as_deref());
        if bytes.len() <= limits.bytes || count == 0 {
            return Written { bytes, entries: count, next };
        }
        // Closer with each step, and never none at once.
        let fitting = count * limits.bytes / bytes.len();
        count = fitting.min(count - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::{Line, LineKind};
    use super::*;

    fn entry(at: usize, lines: usize, name: &str) -> Entry {
        let line = |line| Line { number: format!("+1202555{at:04}{line}"), kind: LineKind::Work };
        Entry {
            name: name.to_owned(),
            last_name: name.to_owned(),
            lines: (0..lines).map(line).collect(),
            ..Entry::default()
        }
    }

    #[test]
    fn a_book_is_never_larger_than_its_phones_take_and_goes_on_where_it_ends() {
        for maker in Maker::ALL {
            let limits = maker.limits();
            for (lines, name) in [(1, "Ann"), (3, "Ann & <Bob>"), (5, &"ü".repeat(300))] {
                let all: Vec<Entry> = (0..2_500).map(|at| entry(at, lines, name)).collect();
                let (mut at, mut parts) = (0, 0);
                while at < all.len() {
                    let book = Book { title: "Contacts", entries: &all[at..] };
                    let next = |count: usize| {
                        (at + count < all.len())
                            .then(|| format!("http://x/?offset={}&a=b", at + count))
                    };
                    let written = write(maker, book, next);
                    assert!(
                        written.entries > 0 && written.bytes.len() <= limits.bytes,
                        "{maker:?}"
                    );
                    let text = String::from_utf8(written.bytes).unwrap();
                    let read = roxmltree::Document::parse(&text).unwrap();
                    let numbers = read.descendants().filter(|node| {
                        let is_text = |text: &str| text.starts_with("+1202555");
                        node.is_text() && node.text().is_some_and(is_text)
                            || node.attributes().any(|one| is_text(one.value()))
                    });
                    assert_eq!(numbers.count(), written.entries * lines, "{maker:?}");
                    at += written.entries;
                    parts += 1;
                }
                assert!(parts >= 2_500usize.div_ceil(limits.most), "{maker:?}");
            }
        }
    }

    #[test]
    fn a_book_of_nobody_can_be_read() {
        for maker in Maker::ALL {
            let book = Book { title: "None <&>", entries: &[] };
            let written = write(maker, book, |_| None);
            let text = String::from_utf8(written.bytes).unwrap();
            assert!(roxmltree::Document::parse(&text).is_ok(), "{maker:?}: {text}");
            assert_eq!(Maker::parse(maker.as_str()), Some(maker));
        }
    }
}
