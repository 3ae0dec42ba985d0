//! Tests of the mapping with small files in the layouts of well-known programs.

use proptest::prelude::*;

use super::*;
use crate::import::{ReadOptions, Reader};

const GOOGLE: &[u8] = include_bytes!("../../tests/data/import/google.csv");
const GOOGLE_OLD: &[u8] = include_bytes!("../../tests/data/import/google_old.csv");
const OUTLOOK: &[u8] = include_bytes!("../../tests/data/import/outlook.csv");
const HUBSPOT: &[u8] = include_bytes!("../../tests/data/import/hubspot.csv");
const SALESFORCE: &[u8] = include_bytes!("../../tests/data/import/salesforce.csv");
const SEMICOLON: &[u8] = include_bytes!("../../tests/data/import/semicolon_latin1.csv");
const UTF16: &[u8] = include_bytes!("../../tests/data/import/utf16.csv");

/// The layout of a file and the values of each row as `field[label]=value`.
fn mapped(bytes: &[u8], options: &MapOptions) -> (Layout, Vec<Vec<String>>) {
    let mut reader = Reader::open(bytes, &ReadOptions::default()).expect("open");
    let map = RowMap::new(reader.headers(), options).expect("map");
    let mut rows = Vec::new();
    for row in reader.rows() {
        let row = row.expect("row");
        assert!(row.issues.is_empty(), "{:?}", row.issues);
        let values = map.map_row(&row).values;
        rows.push(
            values
                .iter()
                .map(|value| {
                    let mark = if value.preferred { "!" } else { "" };
                    match value.label {
                        Some(label) if value.target.label().is_none() => {
                            format!("{}[{label}{mark}]={}", value.target, value.value)
                        }
                        _ => format!("{}{mark}={}", value.target, value.value),
                    }
                })
                .collect(),
        );
    }
    (map.layout(), rows)
}

fn plain(bytes: &[u8]) -> (Layout, Vec<Vec<String>>) {
    mapped(bytes, &MapOptions::default())
}

#[test]
fn google_contacts_are_mapped_with_labels_and_several_values() {
    let (layout, rows) = plain(GOOGLE);
    assert_eq!(layout, Layout::Google);
    assert_eq!(
        rows[0],
        [
            "first_name=Ann",
            "middle_name=Marie",
            "last_name=Lee",
            "salutation=Dr.",
            "company=Acme Inc",
            "title=Buyer",
            "department=Purchasing",
            "birthday=1980-12-31",
            "notes=Prefers mail,\nnever call",
            "tags=Friends",
            "tags=VIP",
            "email[work!]=ann@acme.example",
            "email[work!]=ann.lee@acme.example",
            "email[home]=ann@home.example",
            "phone[mobile!]=+1 202-555-0143",
            "phone[mobile!]=+1 202-555-0144",
            "phone[fax]=+1 202-555-0145",
            "street[home]=1 Main St",
            "city[home]=Springfield",
            "region[home]=IL",
            "postal_code[home]=62701",
            "country[home]=US",
            "street[work]=2 Oak Ave",
            "city[work]=Chicago",
        ]
    );
    assert_eq!(rows[1], ["first_name=Bo", "last_name=Öst", "phone[Ferienhaus]=+46 8 123 456"]);
    let (layout, rows) = plain(GOOGLE_OLD);
    assert_eq!(layout, Layout::GoogleOld);
    assert_eq!(
        rows[0],
        [
            "name=Carla Rossi",
            "first_name=Carla",
            "last_name=Rossi",
            "tags=Clienti",
            "email[home!]=carla@example.it",
            "phone[mobile]=+39 333 1234567",
            "company=Rossi S.r.l.",
            "title=Titolare",
            "department=Vendite",
        ]
    );
}

#[test]
fn outlook_s_title_is_a_salutation() {
    let (layout, rows) = plain(OUTLOOK);
    assert_eq!(layout, Layout::Outlook);
    assert_eq!(
        rows[0],
        [
            "salutation=Dr.",
            "first_name=Jürgen",
            "last_name=Müller",
            "company=Müller GmbH",
            "department=Vertrieb",
            "title=Leiter, Vertrieb",
            "street.work=Hauptstraße 1",
            "street.work=2. Stock",
            "city.work=Köln",
            "region.work=NRW",
            "postal_code.work=50667",
            "country.work=Germany",
            "street.home=Lindenweg 2",
            "city.home=Bonn",
            "phone.assistant=+49 221 9000",
            "phone.fax=+49 221 9001",
            "phone.work=+49 221 9002",
            "phone.work=+49 221 9003",
            "phone.main=+49 221 9",
            "phone.home=+49 228 77",
            "mobile=+49 170 1234567",
            "birthday=0/0/00",
            "tags=Kunde",
            "tags=Messe, Köln",
            "email=j@mueller.example",
            "email=jm@home.example",
        ]
    );
}

#[test]
fn exports_of_other_crms_keep_their_ids() {
    let (layout, rows) = plain(HUBSPOT);
    assert_eq!(layout, Layout::HubSpot);
    assert_eq!(
        rows[0],
        [
            "external_crm_id=901",
            "first_name=Dana",
            "last_name=Scott",
            "email=dana@example.com",
            "phone=(202) 555-0160",
            "title=Analyst",
            "company=Globex",
            "assigned_to=Sam Seller",
            "country=United States",
            "region=NY",
            "postal_code=10001",
            "city=New York",
            "source=Organic Search",
        ]
    );
    let (layout, rows) = plain(SALESFORCE);
    assert_eq!(layout, Layout::Salesforce);
    assert_eq!(
        rows[0],
        [
            "external_crm_id=0035g00000ABCDE",
            "first_name=Eva",
            "last_name=Novák",
            "company=Umbra s.r.o.",
            "title=CEO",
            "phone.work=+420 224 111 222",
            "mobile=+420 602 333 444",
            "email=eva@umbra.example",
            "source=Web",
            "street=Dlouhá 5",
            "city=Praha",
            "postal_code=110 00",
            "country=CZ",
        ]
    );
    for (bytes, expect) in [(HUBSPOT, "HubSpot"), (SALESFORCE, "Salesforce")] {
        let mut reader = Reader::open(bytes, &ReadOptions::default()).expect("open");
        let map = RowMap::new(reader.headers(), &MapOptions::default()).expect("map");
        let row = reader.rows().next().expect("a row").expect("row");
        assert_eq!(map.map_row(&row).external_provider, Some(expect));
        assert_eq!(map.map_cells(&StringRecord::from(vec![""; 14])).external_provider, None);
    }
}

#[test]
fn other_languages_and_encodings_are_mapped() {
    let (layout, rows) = plain(SEMICOLON);
    assert_eq!(layout, Layout::Plain);
    assert_eq!(
        rows[0],
        [
            "first_name=Jürgen",
            "last_name=Groß",
            "street=Hauptstraße 1",
            "postal_code=01067",
            "city=Dresden",
            "phone=0351/123456",
            "email=juergen@example.de",
            "birthday=31.12.1980",
            "tags=Kunde",
            "tags=Messe",
        ]
    );
    assert_eq!(rows[1][2], "street=Am Hang 2; Hinterhaus");
    let (_, rows) = plain(UTF16);
    assert_eq!(
        rows[0],
        ["first_name=Иван", "last_name=Петров", "phone=+7 903 123-45-67", "city=Москва"]
    );
    assert_eq!(rows[1][3], "city=Łódź");
}

#[test]
fn cells_with_several_values_are_taken_apart() {
    let bytes = "Phones\tEmail\tTags\t_tag\t_list\tName\n\
        +1 202 555 0143|030/123;12\ta@x.example; b@x.example,c@x.example\tVIP, Q4;New | Old\tHot, new;Cold\tA;B\tA|B\n\
        +12025550143,+12025550144 ::: 030 1234,5\t\t ::: \t;\t\t\n";
    let (_, rows) = plain(bytes.as_bytes());
    assert_eq!(
        rows[0],
        [
            "phones=+1 202 555 0143",
            "phones=030/123",
            "phones=12",
            "email=a@x.example",
            "email=b@x.example",
            "email=c@x.example",
            "tags=VIP",
            "tags=Q4",
            "tags=New",
            "tags=Old",
            "tags=Hot, new",
            "tags=Cold",
            "name=A|B",
        ]
    );
    assert_eq!(rows[1], ["phones=+12025550143", "phones=+12025550144", "phones=030 1234,5"]);
    let options = MapOptions { tag_separator: Some('/'), ..MapOptions::default() };
    let (_, rows) = mapped(b"Tags;Name\na,b/c;x\n", &options);
    assert_eq!(rows[0], ["tags=a,b", "tags=c", "name=x"]);
}

#[test]
fn wishes_overrule_the_headers() {
    let wishes = |list: &[&str]| MapOptions {
        columns: list
            .iter()
            .map(|text| crate::import::parse_mapping(text).expect("a mapping"))
            .collect(),
        takes_lists: false,
        tag_separator: None,
        ..MapOptions::default()
    };
    let options = wishes(&["customer no=external_crm_id", "Title=cf.salutation", "Phone=ignore"]);
    let (_, rows) = mapped(b"Customer_No,Title,Phone,Name\n7,Dr,1234567,Ann\n", &options);
    assert_eq!(rows[0], ["external_crm_id=7", "cf.salutation=Dr", "name=Ann"]);

    let headers = ["First Name".to_owned(), "Phone".to_owned()];
    let error = RowMap::new(&headers, &wishes(&["Fist Name=name"])).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "the file has no column \"Fist Name\", did you mean \"First Name\"?; \
         columns are \"First Name\", \"Phone\""
    );
}

#[test]
fn a_preview_shows_what_happens_and_why() {
    let headers: Vec<String> = ["Phone 2", "Shoe size", "cf.size"].map(str::to_owned).to_vec();
    let map = RowMap::new(&headers, &MapOptions::default()).expect("map");
    let plan: Vec<_> = map
        .columns()
        .iter()
        .map(|plan| (plan.target.to_string(), plan.origin, plan.group))
        .collect();
    assert_eq!(
        plan,
        [
            ("phone".to_owned(), Origin::Header, 2),
            ("ignore".to_owned(), Origin::Unknown, 0),
            ("cf.size".to_owned(), Origin::Header, 0),
        ]
    );
    assert!(map.has_identity());
    let map = RowMap::new(&headers[1..], &MapOptions::default()).expect("map");
    assert!(!map.has_identity());
}

proptest! {
    #[test]
    fn any_headers_and_cells_are_mapped(
        headers in proptest::collection::vec(".{0,20}", 1..6),
        cells in proptest::collection::vec(".{0,30}", 0..8),
    ) {
        let map = RowMap::new(&headers, &MapOptions::default()).expect("no wishes");
        let cells = StringRecord::from(cells);
        for value in map.map_cells(&cells).values {
            prop_assert!(!value.value.is_empty() && value.value == value.value.trim());
            prop_assert!(cells.get(value.column).is_some_and(|cell| cell.contains(value.value)));
        }
    }

    #[test]
    fn no_column_vanishes_unnamed(
        headers in proptest::collection::vec(
            prop_oneof![
                ".{0,12}",
                "(Phone|E-mail|Address) [12] - (Value|Label|City)",
                "Name|Notes|Notes|Title|Company|Tags|_list|DNC|id|Birthday|Record Id|Suffix|cf.x",
            ],
            1..12,
        ),
        asked in 1..12_usize,
    ) {
        let columns = vec![(format!("#{asked}"), Target::Company)];
        let options = MapOptions { columns, ..MapOptions::default() };
        let map = RowMap::new(&headers, &options);
        let Ok(mut map) = map else {
            let is_there = asked <= headers.len();
            prop_assert!(!is_there);
            return Ok(());
        };
        let cells: StringRecord = (0..headers.len()).map(|at| format!("cell {at}")).collect();
        let row = RawRow { cells, ..RawRow::default() };
        map.observe(std::slice::from_ref(&row));
        let report = map.report();
        let names: Vec<&String> = report.iter().map(|one| &one.name).collect();
        prop_assert_eq!(names, headers.iter().collect::<Vec<_>>());
        let values = map.map_row(&row).values;
        for one in report {
            prop_assert!(!one.why.is_empty());
            let sample = format!("cell {}", one.index);
            prop_assert_eq!(&one.samples, &[sample]);
            let is_read = values.iter().any(|value| value.column == one.index);
            prop_assert_eq!(is_read, one.target.is_some());
            prop_assert_eq!(one.not_imported, !is_read && !one.why.starts_with("labels of"));
        }
    }

    #[test]
    fn any_bytes_go_through_all_stages(text in "[NamePhoeTgs,;|\n\":* 0-9]{1,300}") {
        if let Ok(mut reader) = Reader::open(text.as_bytes(), &ReadOptions::default()) {
            let map = RowMap::new(reader.headers(), &MapOptions::default()).expect("no wishes");
            for row in reader.rows().map_while(Result::ok) {
                prop_assert!(map.map_row(&row).values.len() <= text.len());
            }
        }
    }
}
