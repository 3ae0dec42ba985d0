//! Weights that are learnt from decisions: of contacts as they were before they were merged.

use ringdex::app::{EstimateFailure, EstimateRow, EstimateSource, Precondition};
use serde_json::json;

use crate::support::{TestApp, operator};

#[test]
fn decisions_of_people_move_weights() {
    let test = TestApp::new();
    let (app, caller) = (test.app(), operator(1));
    let estimate =
        || app.estimate_duplicate_weights(&caller, EstimateSource::Decisions, &mut |_| {});
    let refused = estimate().unwrap_err();
    assert!(matches!(refused, EstimateFailure::Estimate(_)), "{refused}");
    // Birthdays say nothing here, and other people have one number.
    let make = |name: &str, at: usize, birthday: &str| {
        let phone = format!("+12025{at:06}");
        test.create(1, &json!({"name": name, "phone": phone, "birthday": birthday})).id
    };
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).unwrap());
    for at in 0..40 {
        let name = format!("Jane Sm{}th{}", letter(at), letter(at / 26 + at));
        let (one, other) = (make(&name, at, "1980-05-17"), make(&name, at, "1971-11-02"));
        let body = json!({"primary": one, "others": [other]});
        app.merge_contacts(&caller, &body, Precondition::None, None).unwrap();
        if at % 4 == 0 {
            let third = make(&name.replace("Jane", "Robert"), at, "1980-05-17");
            app.decide_duplicates(&caller, &json!({"ids": [one, third]})).unwrap();
        }
    }
    let late = [make("Late One", 900, "1990-01-02"), make("Late Two", 900, "1990-01-02")];
    app.decide_duplicates(&caller, &json!({"ids": late, "verdict": "later"})).unwrap();

    let estimate = estimate().unwrap();
    assert!(estimate.table.contains("from 50 decisions: 40 that two contacts are the same person"));
    let row = |field: &str, level: &str| -> EstimateRow {
        let is_it =
            |row: &&EstimateRow| (row.field, row.level, row.weight) == (field, level, "bits");
        estimate.rows.iter().find(is_it).unwrap().clone()
    };
    let birthday = row("birthday", "different");
    assert_eq!(birthday.pairs, 40);
    assert!(birthday.estimated > birthday.shipped, "{birthday:?}");
    let untouched = row("email", "two_edits");
    assert_eq!((untouched.pairs, untouched.estimated), (0, untouched.shipped));
}
