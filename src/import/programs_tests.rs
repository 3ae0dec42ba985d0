//! Lists as well-known programs write them, with all their columns: where each goes is said beside
//! the list, `-` where no field holds it, and nothing may be unknown.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::*;
use crate::import::{ReadOptions, Reader};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/import/programs")
}

/// What becomes of the columns of a list, as `HEADER<tab>FIELD` a line.
fn said(name: &str) -> (Layout, String) {
    let bytes = std::fs::read(folder().join(format!("{name}.csv"))).unwrap();
    let mut reader = Reader::open(&bytes[..], &ReadOptions::default()).unwrap();
    let mut map = RowMap::new(reader.headers(), &MapOptions::default()).unwrap();
    let rows: Vec<_> = reader.rows().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1, "{name}");
    map.observe(&rows);
    let mut said = String::new();
    for column in map.report() {
        let labels = column.target.is_none() && !column.not_imported;
        let target = column.target.as_deref().unwrap_or(if labels { "labels" } else { "-" });
        assert!(!column.why.contains("its header is unknown"), "{name}: {column:?}");
        let _ = writeln!(said, "{}\t{target}", column.name);
    }
    (map.layout(), said)
}

#[test]
fn every_column_of_every_program_goes_where_it_should() {
    for (name, layout) in [
        ("google", Layout::Google),
        ("google_old", Layout::GoogleOld),
        ("outlook", Layout::Outlook),
        ("outlook_german", Layout::Outlook),
        ("hubspot", Layout::HubSpot),
        ("salesforce", Layout::Salesforce),
        ("zoho", Layout::Zoho),
        ("pipedrive", Layout::Pipedrive),
        ("linkedin", Layout::LinkedIn),
        ("vicidial", Layout::Vicidial),
        ("odoo", Layout::Odoo),
        ("odoo_fields", Layout::Odoo),
        ("freepbx", Layout::FreePbx),
        ("3cx", Layout::ThreeCx),
    ] {
        let (found, said) = said(name);
        assert_eq!(found, layout, "{name}");
        let path = folder().join(format!("{name}.columns"));
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        for (said, expected) in said.lines().zip(expected.lines()) {
            assert_eq!(said, expected, "{name}");
        }
        assert_eq!(said, expected, "{name}");
    }
}

#[test]
fn outlook_in_german_is_read_as_outlook_in_english() {
    let rows = |name: &str| {
        let (_, said) = said(name);
        let targets = said.lines().map(|line| line.split_once('\t').unwrap().1.to_owned());
        targets.filter(|target| target != "-").collect::<std::collections::BTreeSet<_>>()
    };
    let (german, english) = (rows("outlook_german"), rows("outlook"));
    assert_eq!(german, english);
}
