//! Files of every form with random damage: nothing panics or hangs, what is left is read or refused, and
//! damage inside one row costs no other one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;
use zip::write::SimpleFileOptions;

use super::*;
use crate::domain::access::{FieldRights, OrgSettings, Role};
use crate::domain::custom_field::Definitions;
use crate::domain::draft::Draft;
use crate::import::{
    JsonRow, MapOptions, RawRow, RowContext, RowMap, validate, validate_card, validate_json,
};

/// People of a list.
const PEOPLE: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Table,
    JsonLines,
    JsContact,
    Cards,
}

const FORMS: [Form; 4] = [Form::Table, Form::JsonLines, Form::JsContact, Form::Cards];

fn name(at: usize) -> String {
    format!("Ada Byron{}", char::from(b'a' + u8::try_from(at).unwrap()))
}

fn number(at: usize) -> String {
    format!("+120255501{at:02}")
}

impl Form {
    /// What stands above the rows.
    fn head(self) -> &'static str {
        if self == Self::Table { "name,phone,notes\n" } else { "" }
    }

    fn row(self, at: usize) -> String {
        let (name, number) = (name(at), number(at));
        match self {
            Self::Table => format!("{name},{number},note {at}\n"),
            Self::JsonLines => format!("{{\"name\":\"{name}\",\"phones\":[\"{number}\"]}}\n"),
            Self::JsContact => format!(
                "{{\"@type\":\"Card\",\"version\":\"1.0\",\"name\":{{\"full\":\"{name}\"}},\
                 \"phones\":{{\"p\":{{\"number\":\"{number}\"}}}}}}\n"
            ),
            Self::Cards => {
                format!("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{name}\r\nTEL:{number}\r\nEND:VCARD\r\n")
            }
        }
    }
}

fn context() -> RowContext {
    RowContext {
        settings: OrgSettings::default(),
        default_country: None,
        tags: Vec::new(),
        defaults: Vec::new(),
        definitions: Arc::new(Definitions::default()),
        rights: FieldRights::default(),
        role: Role::Admin,
        today: jiff::civil::date(2025, 1, 31),
    }
}

/// The people of a file by number; nothing if it is refused.
fn people(bytes: &[u8]) -> Result<BTreeMap<String, String>, Error> {
    let context = context();
    let mut drafts: Vec<Draft> = Vec::new();
    match Source::open(Cursor::new(bytes.to_vec()), &ReadOptions::default())? {
        Source::Table(mut reader) => {
            let mut map = RowMap::new(reader.headers(), &MapOptions::default())?;
            let mut rows: Vec<RawRow> = Vec::new();
            loop {
                let mut row = RawRow::default();
                if !reader.read_row(&mut row)? {
                    break;
                }
                rows.push(row);
            }
            map.observe(&rows);
            for row in rows.iter().filter(|row| !row.is_rejected()) {
                let valid = validate(row.line, &map.map_row(row), &context).0;
                drafts.extend(valid.map(|valid| valid.draft));
            }
        }
        Source::Lines(mut lines) => {
            let mut row = JsonRow::default();
            while lines.read_row(&mut row)? {
                drafts.extend(validate_json(&row, &context).0.map(|valid| valid.draft));
            }
        }
        Source::Cards(mut cards) => {
            let mut row = JsonRow::default();
            while cards.read_row(&mut row)? {
                drafts.extend(validate_card(&row, &context).0.map(|valid| valid.draft));
            }
        }
    }
    let mut found = BTreeMap::new();
    for draft in drafts {
        let names = [&draft.display_name, &draft.name];
        let name = names.iter().find_map(|name| name.value().cloned()).unwrap_or_default();
        for phone in &draft.add_phones {
            found.insert(phone.number.clone(), name.clone());
        }
    }
    Ok(found)
}

/// What happens to bytes.
#[derive(Clone, Debug)]
enum Damage {
    Change(Index, u8),
    Cut(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
    End(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let odd = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..12),
        proptest::sample::select(vec![
            "\"",
            "\n",
            "\r",
            ",",
            ";",
            "{",
            "}",
            "[",
            "\0",
            "\u{feff}",
            "END:VCARD",
            ":",
            "\\",
            "BEGIN:VCARD\r\n",
            "=1+1",
            "\u{fffd}",
            "<",
            ">",
            "&#0;",
            "999999999999",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Change(at, byte)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Damage::Cut(at, count)),
        (any::<Index>(), odd).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), 1..200_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
        any::<Index>().prop_map(Damage::End),
    ]
}

impl Damage {
    fn does(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Change(at, byte) => bytes[at.index(length)] = *byte,
            Self::Cut(at, count) => {
                let at = at.index(length);
                bytes.drain(at..(at + count).min(length));
            }
            Self::Insert(at, more) => {
                let at = at.index(length);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Repeat(at, count) => {
                let at = at.index(length);
                let again = bytes[at..(at + count).min(length)].to_vec();
                bytes.splice(at..at, again);
            }
            Self::End(at) => bytes.truncate(at.index(length)),
        }
    }
}

/// A packed file taken apart.
fn parts_of(packed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
    let mut parts = Vec::new();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        parts.push((name, bytes));
    }
    parts
}

fn packed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xlsx() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in (0..).zip(["Name", "Phone", "Revenue"]) {
        sheet.write_string(0, column, header).unwrap();
    }
    for at in 0..PEOPLE {
        let row = u32::try_from(at).unwrap() + 1;
        sheet.write_string(row, 0, name(at)).unwrap();
        sheet.write_string(row, 1, number(at)).unwrap();
        sheet.write_number(row, 2, 12.5).unwrap();
    }
    book.save_to_buffer().unwrap()
}

fn ods() -> Vec<u8> {
    let cell = |text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let mut rows = format!("<table:table-row>{}{}</table:table-row>", cell("Name"), cell("Phone"));
    for at in 0..PEOPLE {
        let (name, number) = (cell(&name(at)), cell(&number(at)));
        write!(rows, "<table:table-row>{name}{number}</table:table-row>").unwrap();
    }
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content \
         xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body>\
         <office:spreadsheet><table:table table:name=\"A\">{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    let manifest = "<?xml version=\"1.0\"?><manifest:manifest \
         xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>";
    let mimetype = "application/vnd.oasis.opendocument.spreadsheet";
    let parts = [
        ("mimetype", mimetype.to_owned()),
        ("META-INF/manifest.xml", manifest.to_owned()),
        ("content.xml", content),
    ];
    packed(&parts.map(|(name, text)| (name.to_owned(), text.into_bytes())))
}

fn all_people() -> BTreeMap<String, String> {
    (0..PEOPLE).map(|at| (number(at), name(at))).collect()
}

fn whole(form: Form) -> Vec<u8> {
    let rows = (0..PEOPLE).map(|at| form.row(at));
    std::iter::once(form.head().to_owned()).chain(rows).collect::<String>().into_bytes()
}

#[test]
fn whole_files_of_every_form_are_read() {
    for form in FORMS {
        assert_eq!(people(&whole(form)).unwrap(), all_people(), "{form:?}");
        assert_eq!(people(&gzipped(&whole(form))).unwrap(), all_people(), "{form:?}");
    }
    for book in [xlsx(), gzipped(&xlsx())] {
        assert_eq!(people(&book).unwrap(), all_people());
    }
    assert_eq!(people(&ods()).unwrap(), all_people());
}

proptest! {
    #[test]
    fn any_damage_is_read_or_refused(
        form in proptest::sample::select(FORMS.to_vec()),
        is_packed in any::<bool>(),
        damages in proptest::collection::vec(damage(), 1..6),
    ) {
        let mut bytes = if is_packed { gzipped(&whole(form)) } else { whole(form) };
        for damage in &damages {
            damage.does(&mut bytes);
        }
        if let Ok(found) = people(&bytes) {
            prop_assert!(found.len() <= bytes.len());
        }
    }

    /// The first row is left alone: by it is known what a file is.
    #[test]
    fn damage_of_a_row_costs_no_other_one(
        form in proptest::sample::select(FORMS.to_vec()),
        at in 1..PEOPLE,
        damage in damage(),
    ) {
        let mut bytes = form.head().to_owned().into_bytes();
        for row in 0..PEOPLE {
            let text = form.row(row);
            if row != at {
                bytes.extend_from_slice(text.as_bytes());
                continue;
            }
            let line = text.trim_end();
            let mut damaged = line.as_bytes().to_vec();
            damage.does(&mut damaged);
            bytes.extend_from_slice(&damaged);
            bytes.extend_from_slice(&text.as_bytes()[line.len()..]);
        }
        let found = people(&bytes).unwrap();
        for row in (0..PEOPLE).filter(|row| *row != at) {
            prop_assert_eq!(found.get(&number(row)), Some(&name(row)), "{:?}", damage);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn damaged_workbooks_are_read_or_refused(
        is_xlsx in any::<bool>(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let mut bytes = if is_xlsx { xlsx() } else { ods() };
        for damage in &damages {
            damage.does(&mut bytes);
        }
        if let Ok(found) = people(&bytes) {
            prop_assert!(found.len() <= PEOPLE);
        }
    }

    /// Behind the checksums of the archive.
    #[test]
    fn damaged_parts_of_workbooks_are_read_or_refused(
        is_xlsx in any::<bool>(),
        part in any::<Index>(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let mut parts = parts_of(&if is_xlsx { xlsx() } else { ods() });
        let part = part.index(parts.len());
        for damage in &damages {
            damage.does(&mut parts[part].1);
        }
        let _either = people(&packed(&parts)).map(|found| found.len());
    }
}
