//! Tests of the lookup rules.

use proptest::prelude::*;

use super::*;
use crate::domain::phone::{ValidationLevel, parse, parse_query};

fn contact(number: u32, phones: &[&str], country: Option<&str>) -> Contact {
    let json = serde_json::json!({
        "id": uuid::Uuid::nil(), "number": number, "version": 1,
        "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
        "display_name": "x",
    });
    let mut contact: Contact = serde_json::from_value(json).expect("contact");
    contact.phones =
        phones.iter().map(|raw| parse(raw, country, ValidationLevel::Shape).expect(raw)).collect();
    contact
}

fn table(contacts: &[Contact]) -> Table {
    let table = Table::default();
    let changes: Vec<_> = contacts
        .iter()
        .map(|c| TableChange { org: OrgNumber(1), before: None, after: Some(c) })
        .collect();
    table.apply(&changes);
    table
}

#[test]
fn every_form_of_a_number_finds_its_contact_by_the_right_rule() {
    let table = table(&[
        contact(1, &["+1 202 555 0123"], None),
        contact(2, &["030 1234567"], None),
        contact(3, &["204"], None),
        contact(4, &["+49 40 7654321"], None),
    ]);
    let check = |raw: &str, country: Option<&str>, expect: Option<(u32, Rule)>| {
        let found = table.find(OrgNumber(1), &parse_query(raw, country), &Sight::Everything);
        let got = found.candidates.first().map(|c| (c.number.0, c.rule));
        assert_eq!(got, expect, "{raw:?} in {country:?}");
        assert_eq!(found.total, usize::from(expect.is_some()), "{raw:?}");
        assert!(
            table
                .find(OrgNumber(2), &parse_query(raw, country), &Sight::Everything)
                .candidates
                .is_empty()
        );
    };
    check("+12025550123", None, Some((1, Rule::Exact)));
    check("001 202 555 0123", None, Some((1, Rule::Exact)));
    check("(202) 555-0123", Some("US"), Some((1, Rule::Exact)));
    check("(202) 555-0123", None, Some((1, Rule::National)));
    check("5550123", None, Some((1, Rule::Suffix)));
    check("912025550123", None, Some((1, Rule::Suffix)));
    check("+442025550123", None, None);
    check("+4912025550123", None, Some((1, Rule::Suffix)));
    check("+49301234567", None, Some((2, Rule::National)));
    check("0301234567", None, Some((2, Rule::National)));
    check("040 7654321", Some("DE"), Some((4, Rule::Exact)));
    check("204", None, Some((3, Rule::Extension)));
    check("555012", None, None);
    check("9995550123", None, None);
    check("anonymous", None, None);
    check("", None, None);
}

#[test]
fn changes_and_deletions_are_seen_at_once() {
    let before = contact(1, &["+12025550123", "+12025550124"], None);
    let after = contact(1, &["+12025550199"], None);
    let table = table(std::slice::from_ref(&before));
    let find =
        |raw: &str| table.find(OrgNumber(1), &parse_query(raw, None), &Sight::Everything).total;
    table.apply(&[TableChange { org: OrgNumber(1), before: Some(&before), after: Some(&after) }]);
    assert_eq!((find("+12025550123"), find("+12025550124"), find("+12025550199")), (0, 0, 1));
    table.apply(&[TableChange { org: OrgNumber(1), before: Some(&after), after: None }]);
    assert_eq!(find("+12025550199"), 0);
}

#[test]
fn a_shared_number_gives_everybody_once() {
    let contacts: Vec<_> =
        (1..=3_000).map(|n| contact(n, &["+12025550123", "+1 202 555 0123 x7"], None)).collect();
    let found =
        table(&contacts).find(OrgNumber(1), &parse_query("+12025550123", None), &Sight::Everything);
    assert_eq!((found.total, found.candidates.len()), (3_000, MAX_CANDIDATES));
    assert_eq!(found.candidates[0].number.0, 3_000, "newest first");
}

#[test]
fn identities_are_found_without_case() {
    let mut one = contact(1, &["+12025550123"], None);
    one.external_crm_id = Some("A-17".to_owned());
    one.emails.push(crate::domain::contact::Email {
        address: "John@Example.com".to_owned(),
        ..Default::default()
    });
    let table = table(&[one]);
    let find = |kind, value| table.find_identity(OrgNumber(1), kind, value).len();
    assert_eq!(find(IdentityKind::Email, "john@example.COM"), 1);
    assert_eq!(find(IdentityKind::ExternalId, "A-17"), 1);
    assert_eq!(find(IdentityKind::Email, "A-17"), 0);
}

proptest! {
    #[test]
    fn exact_matches_agree_with_brute_force(
        numbers in prop::collection::vec("\\+1[2-4][0-1]{9}", 1..20),
        asked in "\\+1[2-4][0-1]{9}",
    ) {
        let contacts: Vec<_> = numbers.iter().enumerate()
            .map(|(i, n)| contact(u32::try_from(i).expect("small") + 1, &[n], None)).collect();
        let found = table(&contacts).find(OrgNumber(1), &parse_query(&asked, None), &Sight::Everything);
        let expect = numbers.iter().filter(|n| **n == asked).count();
        prop_assert_eq!(found.candidates.iter().filter(|c| c.rule == Rule::Exact).count(), expect);
        prop_assert_eq!(found.total, expect);
    }
}
