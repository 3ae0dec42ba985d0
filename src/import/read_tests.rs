//! Tests of the reader: ordinary files, damaged files, limits, and arbitrary bytes.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn open(bytes: &[u8]) -> Result<Reader<&[u8]>, Error> {
    Reader::open(bytes, &ReadOptions::default())
}

fn rows_of(bytes: &[u8]) -> Vec<RawRow> {
    open(bytes).expect("open").rows().map(|row| row.expect("row")).collect()
}

fn cells(row: &RawRow) -> Vec<&str> {
    row.cells.iter().collect()
}

fn codes(row: &RawRow) -> Vec<IssueCode> {
    row.issues.iter().map(|issue| issue.code).collect()
}

#[test]
fn ordinary_files_are_read() {
    let bytes = b"Name,Phone\r\n\"Doe, John\",1\r\n\r\n\"say \"\"hi\"\"\",\"two\r\nlines\"\nlast,3";
    let mut reader = open(bytes).expect("open");
    assert_eq!(reader.headers(), ["Name", "Phone"]);
    assert_eq!((reader.delimiter(), reader.encoding().name()), (Delimiter::Comma, "UTF-8"));
    let rows: Vec<RawRow> = reader.rows().map(|row| row.expect("row")).collect();
    assert_eq!(cells(&rows[0]), ["Doe, John", "1"]);
    assert_eq!(cells(&rows[1]), ["say \"hi\"", "two\nlines"]);
    assert_eq!(cells(&rows[2]), ["last", "3"]);
    let places: Vec<_> = rows.iter().map(|row| (row.line, row.record)).collect();
    assert_eq!(places, [(2, 1), (4, 2), (6, 3)]);
    assert!(rows.iter().all(|row| row.issues.is_empty()));
    assert_eq!(reader.bytes_read(), bytes.len() as u64);
}

#[test]
fn line_ends_of_every_system_count_once() {
    for text in ["a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r"] {
        let rows = rows_of(text.as_bytes());
        let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3], "{text:?}");
    }
}

#[test]
fn the_directive_of_excel_and_overrides_are_honoured() {
    let mut reader = open(b"sep=;\r\na;b,c\r\n1;2\r\n").expect("open");
    assert_eq!(reader.headers(), ["a", "b,c"]);
    assert_eq!(reader.rows().next().expect("a row").expect("row").line, 3);
    let options = ReadOptions { delimiter: Some(Delimiter::Comma), ..ReadOptions::default() };
    let reader = Reader::open(&b"a;b\n1;2\n"[..], &options).expect("open");
    assert_eq!(reader.headers(), ["a;b"]);
    let options = ReadOptions { has_header: false, ..ReadOptions::default() };
    let mut reader = Reader::open(&b"1,2\n3,4\n"[..], &options).expect("open");
    assert_eq!(reader.headers(), ["Column 1", "Column 2"]);
    assert_eq!(reader.rows().count(), 2);
}

#[test]
fn a_title_above_the_header_is_left_out() {
    let mut reader =
        open(b"Notes:\n\"Some, text\nof two lines\"\n\nFirst Name,Last Name,URL\nAnn,Lee,x\n")
            .expect("open");
    assert_eq!(reader.headers(), ["First Name", "Last Name", "URL"]);
    let row = reader.rows().next().expect("a row").expect("row");
    assert_eq!((row.line, cells(&row)), (6, vec!["Ann", "Lee", "x"]));
    // A list of one column stays one, whatever its cells look like.
    for text in ["Name\nAnn\nBob\n", "Name\nAnn,Lee\nBob\n", "Name\n", "Name\n\"x\n"] {
        let mut reader = open(text.as_bytes()).expect("open");
        assert_eq!(reader.headers(), ["Name"], "{text:?}");
        assert_eq!(reader.rows().count(), text.lines().count() - 1);
    }
}

#[test]
fn files_that_are_no_lists_are_refused() {
    for (bytes, part) in [
        (&b""[..], "empty"),
        (b"\n\r\n , \n", "empty"),
        (b"\xd0\xcf\x11\xe0", ".xls"),
        (b"%PDF-1.7", "PDF"),
        (b"\n <!DOCTYPE html><html>", "web page"),
        (b"a,\"b\n1,2\n3,4\n", "header in line 1"),
    ] {
        let error = open(bytes).err().expect("refused").to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn too_many_columns_are_refused() {
    let mut text = vec!["h"; 10_000].join(",");
    text.push_str("\n1,2\n");
    let error = open(text.as_bytes()).err().expect("refused").to_string();
    assert!(error.contains("10000") && error.contains("2000"), "{error}");
    // The same in a later row is a matter of that row.
    let text = format!("a,b\n{}\n3,4\n", vec!["x"; 10_000].join(","));
    let rows = rows_of(text.as_bytes());
    assert_eq!(codes(&rows[0]), [IssueCode::CellsExtra]);
    assert!(rows[0].is_rejected() && rows[0].cells.len() <= MAX_COLUMNS);
    assert_eq!(cells(&rows[1]), ["3", "4"]);
}

#[test]
fn rows_of_other_widths_are_reported() {
    let rows = rows_of(b"a,b,c\n1\n1,2,3,,\n1,2,3,4\n");
    assert_eq!(cells(&rows[0]), ["1", "", ""]);
    assert_eq!(codes(&rows[0]), [IssueCode::CellsMissing]);
    assert!(!rows[0].is_rejected());
    assert_eq!(rows[0].issues[0].column.as_deref(), Some("b"));
    assert_eq!((cells(&rows[1]), codes(&rows[1])), (vec!["1", "2", "3"], vec![]));
    assert_eq!(codes(&rows[2]), [IssueCode::CellsExtra]);
    assert_eq!(rows[2].issues[0].value, "4");
    assert!(rows[2].is_rejected());
}

#[test]
fn an_unclosed_quote_costs_one_line() {
    // To the end of the file; and up to the next quoted cell, which is recognised.
    for tail in ["Dora,5\n", "Dora,\"5\"\n", "\"Dora\",5\n", "Dora,\"\"\n"] {
        let text = format!("name,n\nAnn,1\n\"Bob,2\r\nCarl,3\n\"\"\"Cy\"\"\",4\n{tail}");
        let rows = rows_of(text.as_bytes());
        let names: Vec<&str> = rows.iter().map(|row| row.cell(0)).collect();
        assert_eq!(names, ["Ann", "\"Bob", "Carl", "\"Cy\"", "Dora"], "{text}");
        assert_eq!(codes(&rows[1]), [IssueCode::QuoteUnclosed]);
        assert_eq!(rows[1].issues[0].line, 3);
        assert_eq!(rows[1].issues[0].column.as_deref(), Some("name"));
        assert!(rows[1].issues[0].value.starts_with("\"Bob,2"));
        assert_eq!(rows[2].line, 4);
        assert_eq!(rows.iter().filter(|row| row.is_rejected()).count(), 1);
    }
}

#[test]
fn an_unclosed_quote_in_a_large_file_is_found_by_its_size() {
    let mut text = String::from("name,n\n\"Bob,2\n");
    for number in 0..300_000 {
        writeln!(text, "Name{number},{number}").expect("write to memory");
    }
    let mut reader = open(text.as_bytes()).expect("open");
    let (mut rejected, mut rows) = (0, 0_u64);
    let mut row = RawRow::default();
    while reader.read_row(&mut row).expect("row") {
        rejected += u64::from(row.is_rejected());
        rows += 1;
        assert_eq!(row.line, rows + 1);
        assert!(reader.buffer.len() < MAX_ROW_BYTES + 8 * SAMPLE_BYTES, "bounded");
    }
    assert_eq!((rejected, rows), (1, 300_001));
}

#[test]
fn many_unclosed_quotes_are_found_but_not_at_any_price() {
    let text = format!("a\n{}fine\n", "\"x\n".repeat(400));
    let rows = rows_of(text.as_bytes());
    assert_eq!(rows.iter().filter(|row| row.is_rejected()).count(), 400);
    assert_eq!(rows[400].cell(0), "fine");
    let mut reader = open(text.as_bytes()).expect("open");
    reader.patience_bytes = 500;
    let error = reader.rows().find_map(Result::err).expect("given up").to_string();
    assert!(error.contains("not closed") && error.contains("line"), "{error}");
}

#[test]
fn long_cells_and_rows_are_reported_and_left_behind() {
    for quote in ["", "\""] {
        let long = "x".repeat(MAX_CELL_BYTES + 1);
        let text = format!("a,b\n1,{quote}{long}{quote}\n3,4\n");
        let rows = rows_of(text.as_bytes());
        assert_eq!(codes(&rows[0]), [IssueCode::CellTooLong]);
        assert_eq!(rows[0].cell(1).len(), MAX_CELL_BYTES);
        assert_eq!(cells(&rows[1]), ["3", "4"]);
    }
    for cell in ["y".repeat(3_000_000), format!("\"{}\"", "y".repeat(3_000_000))] {
        let text = format!("a,b\n1,{cell}\r\n3,4\n5,{cell}");
        let rows = rows_of(text.as_bytes());
        assert_eq!(codes(&rows[0]), [IssueCode::RowTooLong]);
        assert_eq!((rows[1].line, cells(&rows[1])), (3, vec!["3", "4"]));
        assert_eq!(codes(&rows[2]), [IssueCode::RowTooLong]);
        assert_eq!(rows.len(), 3);
    }
    // A million characters in one cell, below the limit of the row.
    let text = format!("a,b\n1,{}\n3,4\n", "é".repeat(500_000));
    let rows = rows_of(text.as_bytes());
    assert_eq!(codes(&rows[0]), [IssueCode::CellTooLong]);
    assert_eq!(rows.len(), 2);
}

#[test]
fn nul_and_lost_characters_are_reported_with_their_column() {
    let rows = rows_of("name,city\n1\0,2\n3,M\u{fffd}ller\n".as_bytes());
    assert_eq!((cells(&rows[0]), codes(&rows[0])), (vec!["1", "2"], vec![IssueCode::NulRemoved]));
    assert_eq!(codes(&rows[1]), [IssueCode::TextDamaged]);
    assert_eq!(rows[1].issues[0].column.as_deref(), Some("city"));
    assert!(!rows[1].is_rejected());
    let options = ReadOptions { encoding: "utf-8".parse().ok(), ..ReadOptions::default() };
    let mut reader = Reader::open(&b"a\nM\xfcller\n"[..], &options).expect("open");
    let row = reader.rows().next().expect("a row").expect("row");
    assert_eq!(codes(&row), [IssueCode::TextDamaged]);
}

#[test]
fn a_source_that_fails_later_is_an_error_with_the_line() {
    struct Failing(u32);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 20 {
                return Err(std::io::Error::other("connection lost"));
            }
            let count = out.len().min(10_000) / 4 * 4;
            out[..count].copy_from_slice(&b"a,b\n".repeat(count / 4));
            Ok(count)
        }
    }
    let mut reader = Reader::open(Failing(0), &ReadOptions::default()).expect("open");
    let error = reader.rows().find_map(Result::err).expect("fails").to_string();
    assert!(error.contains("connection lost") && error.contains("line"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        check_any(&bytes)?;
    }

    #[test]
    fn any_text_of_special_characters_is_read_or_refused(text in "[a\",;\t|\r\n \u{fc}\0]{0,400}") {
        check_any(text.as_bytes())?;
    }

    #[test]
    fn what_a_writer_of_csv_wrote_comes_back(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a-z\", ;\n|é\t]{0,8}x", 3), 1..20),
        delimiter in proptest::sample::select(Delimiter::ALL.to_vec()),
    ) {
        let mut writer =
            csv::WriterBuilder::new().delimiter(delimiter.byte()).from_writer(Vec::new());
        writer.write_record(["h1", "h2", "h3"]).expect("write");
        for row in &rows {
            writer.write_record(row).expect("write");
        }
        let bytes = writer.into_inner().expect("flush");
        let options = ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
        let mut reader = Reader::open(bytes.as_slice(), &options).expect("open");
        let found: Vec<RawRow> = reader.rows().map(|row| row.expect("row")).collect();
        prop_assert_eq!(found.len(), rows.len());
        for (found, expect) in found.iter().zip(&rows) {
            prop_assert_eq!(cells(found), expect.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert!(found.issues.is_empty());
        }
    }
}

/// How a text becomes bytes.
#[derive(Clone, Copy, Debug)]
enum Form {
    Utf8,
    Utf8WithMark,
    Utf16Little,
    Utf16Big,
    Latin1,
}

const FORMS: [Form; 5] =
    [Form::Utf8, Form::Utf8WithMark, Form::Utf16Little, Form::Utf16Big, Form::Latin1];

impl Form {
    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8WithMark => format!("\u{feff}{text}").into_bytes(),
            Self::Utf16Little => {
                format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
            }
            Self::Utf16Big => {
                format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
            }
            Self::Latin1 => text.chars().map(|letter| letter as u8).collect(),
        }
    }
}

/// A table as some program writes it.
fn written(
    rows: &[Vec<String>],
    delimiter: Delimiter,
    quotes: csv::QuoteStyle,
    terminator: csv::Terminator,
) -> String {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter.byte())
        .quote_style(quotes)
        .terminator(terminator)
        .from_writer(Vec::new());
    writer.write_record(["Name", "Phone", "City"]).expect("write");
    for row in rows {
        writer.write_record(row).expect("write");
    }
    String::from_utf8(writer.into_inner().expect("flush")).expect("text")
}

fn quotes() -> impl Strategy<Value = csv::QuoteStyle> {
    proptest::sample::select(vec![csv::QuoteStyle::Necessary, csv::QuoteStyle::Always])
}

fn line_ends() -> impl Strategy<Value = csv::Terminator> {
    proptest::sample::select(vec![
        csv::Terminator::CRLF,
        csv::Terminator::Any(b'\n'),
        csv::Terminator::Any(b'\r'),
    ])
}

proptest! {
    /// Nothing is said of the dialect: it is found out.
    #[test]
    fn a_table_in_any_dialect_is_read_as_its_rows(
        rows in proptest::collection::vec(
            ("[A-Zé][a-zü]{1,8} [A-Z][a-zß]{1,8}", "[+][1-9][0-9]{7,11}", "[A-Zé][a-zö]{2,9}")
                .prop_map(|(name, phone, city)| vec![name, phone, city]), 1..20),
        delimiter in proptest::sample::select(Delimiter::ALL.to_vec()),
        quotes in quotes(),
        line_end in line_ends(),
        form in proptest::sample::select(FORMS.to_vec()),
    ) {
        let text = written(&rows, delimiter, quotes, line_end);
        let bytes = form.bytes(&text);
        let mut reader = open(&bytes).expect("open");
        prop_assert_eq!(reader.headers(), &["Name", "Phone", "City"][..]);
        prop_assert_eq!(reader.delimiter(), delimiter);
        let found: Vec<RawRow> = reader.rows().map(|row| row.expect("row")).collect();
        let found: Vec<Vec<&str>> = found.iter().map(cells).collect();
        prop_assert_eq!(found, rows);
    }

    /// With the worst of cells, where the delimiter is said.
    #[test]
    fn any_cells_come_back_from_any_dialect(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a-z\", ;\n|é\t']{0,8}x", 3), 1..20),
        delimiter in proptest::sample::select(Delimiter::ALL.to_vec()),
        quotes in quotes(),
        crlf in any::<bool>(),
        form in proptest::sample::select(vec![
            Form::Utf8, Form::Utf8WithMark, Form::Utf16Little, Form::Utf16Big]),
    ) {
        let line_end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let bytes = form.bytes(&written(&rows, delimiter, quotes, line_end));
        let options = ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
        let mut reader = Reader::open(bytes.as_slice(), &options).expect("open");
        let found: Vec<RawRow> = reader.rows().map(|row| row.expect("row")).collect();
        let found: Vec<Vec<&str>> = found.iter().map(cells).collect();
        prop_assert_eq!(found, rows);
    }
}

fn check_any(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(mut reader) = open(bytes) else { return Ok(()) };
    let width = reader.headers().len();
    let mut row = RawRow::default();
    let (mut last_line, mut rows) = (0, 0);
    loop {
        match reader.read_row(&mut row) {
            Ok(false) | Err(Error::TooDamaged { .. }) => break,
            Ok(true) => {
                rows += 1;
                prop_assert!(row.line > last_line, "lines grow");
                last_line = row.line;
                prop_assert!(row.is_rejected() || row.cells.len() == width);
                prop_assert_eq!(row.record, rows);
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
    prop_assert!(rows <= bytes.len() as u64);
    Ok(())
}
