//! Which character separates the cells of a file.
//!
//! Counts the columns that each candidate would give over the first rows, quotes honoured, and
//! takes the one that gives the same number again and again. Pure; reads a sample only.

use std::fmt;
use std::str::FromStr;

use super::Error;

/// How many rows of the sample are counted.
const ROWS: usize = 200;

/// How many rows of one cell may stand above the header.
pub(super) const MAX_PREAMBLE_ROWS: usize = 5;

/// A character between cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tab stop.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// All of them, the most likely first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The byte.
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The delimiter of a byte, if it is one.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|delimiter| delimiter.byte() == byte)
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        })
    }
}

impl FromStr for Delimiter {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = match name {
            "\\t" => Some(Self::Tab),
            _ if name.len() == 1 => Self::from_byte(name.as_bytes()[0]),
            _ => {
                Self::ALL.into_iter().find(|one| one.to_string().eq_ignore_ascii_case(name.trim()))
            }
        };
        found.ok_or_else(|| Error::UnknownDelimiter { name: name.to_owned() })
    }
}

/// The delimiter that fits a sample best; comma when the file has one column only.
///
/// `complete` says that the sample is the whole file; else its last row may be cut and is left out.
pub fn detect(sample: &[u8], complete: bool) -> Delimiter {
    let mut best = (0, 0, Delimiter::Comma);
    for delimiter in Delimiter::ALL {
        let (steady, columns) = fit(&column_counts(sample, delimiter.byte(), complete));
        if columns > 1 && (steady, columns) > (best.0, best.1) {
            best = (steady, columns, delimiter);
        }
    }
    best.2
}

/// The line `sep=;` that Excel understands: its delimiter and its length with the line end.
pub fn excel_directive(sample: &[u8]) -> Option<(Delimiter, usize)> {
    let rest = sample.strip_prefix(b"sep=").or_else(|| sample.strip_prefix(b"SEP="))?;
    let delimiter = Delimiter::from_byte(*rest.first()?)?;
    match rest.get(1..) {
        Some([b'\r', b'\n', ..]) => Some((delimiter, 7)),
        Some([b'\r' | b'\n', ..]) => Some((delimiter, 6)),
        _ => None,
    }
}

/// How steady the counts are, in per cent of the rows, and how many columns there are.
///
/// The header counts more than other rows: a delimiter that it does not contain is hardly one, and
/// one for which the first row must be a title is less likely.
fn fit(counts: &[(usize, bool)]) -> (usize, usize) {
    // Some programs put a title or a note of one cell above the header.
    let above =
        counts.iter().take(MAX_PREAMBLE_ROWS + 1).take_while(|(count, _)| *count == 1).count();
    let Some(&(header, _)) = counts.get(above) else { return (0, 0) };
    // Some programs end every row, but not the header, with a delimiter.
    let is_equal =
        |&&(count, is_open): &&(usize, bool)| count == header || is_open && count == header + 1;
    let equal = counts.iter().filter(is_equal).count();
    // Lists from spreadsheets leave out empty cells at the end of a row.
    let shorter = counts.iter().filter(|(count, _)| *count > 1 && *count < header).count();
    let steady = (equal * 2 + shorter) * 50 / counts.len();
    (if above == 0 { steady } else { steady * 3 / 4 }, header)
}

/// The cells of each row, and whether the last one is empty.
fn column_counts(sample: &[u8], delimiter: u8, complete: bool) -> Vec<(usize, bool)> {
    let mut counts = Vec::new();
    let (mut columns, mut blank) = (1, true);
    let (mut quoted, mut at_start) = (false, true);
    for &byte in sample {
        if quoted {
            // What follows a closing quote is like the start of a cell: a doubled quote opens again.
            quoted = byte != b'"';
            at_start = !quoted;
            continue;
        }
        match byte {
            b'"' if at_start => (quoted, blank) = (true, false),
            b'\n' | b'\r' => {
                if !blank {
                    counts.push((columns, at_start));
                    if counts.len() == ROWS {
                        return counts;
                    }
                }
                (columns, blank, at_start) = (1, true, true);
                continue;
            }
            _ if byte == delimiter => {
                columns += 1;
                (blank, at_start) = (false, true);
                continue;
            }
            _ => blank = false,
        }
        at_start = false;
    }
    if !blank && (complete || counts.is_empty()) {
        counts.push((columns, at_start));
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_steady_delimiter_wins() {
        for (sample, expect) in [
            ("a,b,c\n1,2,3\n", Delimiter::Comma),
            ("name;amount\nAnn;1,5\nBob;2,7\n", Delimiter::Semicolon),
            ("name\tnote\nAnn\thi, there; you\n", Delimiter::Tab),
            ("a|b\n1|2\n", Delimiter::Pipe),
            ("name,tags\n\"Doe; John\",a;b\n\"Roe; Jane\",a;b\n", Delimiter::Comma),
            ("\"Last, First\";City\n\"Doe, John\";Rome\n", Delimiter::Semicolon),
            ("\"a\nb;c\",d\n1,2\n", Delimiter::Comma),
            ("name,phones\nAnn,1|2|3\nBob,1|2|3\n", Delimiter::Comma),
            ("only\none\n", Delimiter::Comma),
            ("", Delimiter::Comma),
            ("a;b;c;d\nx;y\nz\n", Delimiter::Semicolon),
            ("name,tags\nAnn,a;b;c\nBob,a;b;c\n", Delimiter::Comma),
            ("a;b;c\nx, y;1;2;\nz, w;3;4;\n", Delimiter::Semicolon),
            ("a;b\nx, y & z, w;1;\nx, y & z, w;3;\n", Delimiter::Semicolon),
            ("Contacts\n\nname;city;zip\nAnn;Rome;1\nBob;Bonn;2\n", Delimiter::Semicolon),
        ] {
            assert_eq!(detect(sample.as_bytes(), true), expect, "{sample:?}");
        }
    }

    #[test]
    fn a_cut_last_row_does_not_count() {
        let counts = |sample: &[u8], complete| -> Vec<usize> {
            column_counts(sample, b',', complete).iter().map(|(count, _)| *count).collect()
        };
        assert_eq!(counts(b"a,b\n1,2\n3", false), [2, 2]);
        assert_eq!(counts(b"a,b\n1,2\n3", true), [2, 2, 1]);
        assert_eq!(counts(b"a,b", false), [2]);
        assert_eq!(column_counts(b"a,b\n1,2,\n", b',', true), [(2, false), (3, true)]);
    }

    #[test]
    fn the_directive_of_excel_is_understood() {
        assert_eq!(excel_directive(b"sep=;\r\na;b"), Some((Delimiter::Semicolon, 7)));
        assert_eq!(excel_directive(b"sep=\t\na"), Some((Delimiter::Tab, 6)));
        assert_eq!(excel_directive(b"sep=;"), None);
        assert_eq!(excel_directive(b"separator,b\n"), None);
    }

    #[test]
    fn names_are_parsed() {
        for delimiter in Delimiter::ALL {
            assert_eq!(delimiter.to_string().parse::<Delimiter>().expect("known"), delimiter);
        }
        assert_eq!("\\t".parse::<Delimiter>().expect("known"), Delimiter::Tab);
        assert_eq!(";".parse::<Delimiter>().expect("known"), Delimiter::Semicolon);
        assert!("".parse::<Delimiter>().is_err());
        assert!("colon".parse::<Delimiter>().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_delimiter(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let _ = excel_directive(&bytes);
            prop_assert!(Delimiter::ALL.contains(&detect(&bytes, false)));
        }
    }
}
