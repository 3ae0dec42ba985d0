//! What the README says of the demonstration holds in the demonstration.

use serde_json::json;

use super::{names, open, visit, wait_for_answer, wait_for_card};
use crate::support::process::Bench;

#[test]
fn the_example_of_the_readme_finds_john_doe_in_a_demonstration() {
    let bench = Bench::new();
    let server = bench.serve_with(&["--demo", "300"], None);
    let anyone = server.client.without_token();
    let all = anyone.get("/api/v1/contacts?per_page=1").expect(200);
    assert_eq!(all.json["total"], 300);
    let found = anyone.get("/api/v1/lookup?number=(202)+555-0123").expect(200).json;
    assert_eq!((&found["match"], &found["count"]), (&json!("exact"), &json!(1)), "{found}");
    let john = &found["results"][0];
    for (member, value) in [
        ("display_name", "John Doe"),
        ("company", "Acme Inc"),
        ("phone_label", "mobile"),
        ("why", "same mobile number"),
    ] {
        assert_eq!(john[member], value);
    }

    let Some(mut page) = open(&server.base, "/") else { return };
    page.wait("document.activeElement.id === 'search'");
    page.type_text("doe jo");
    wait_for_answer(&mut page, "doe jo");
    assert_eq!(names(&mut page).first().map(String::as_str), Some("John Doe"));
    page.press("Enter");
    wait_for_card(&mut page, "John Doe");
    // With a history.
    page.wait_for_text("Asked about invoice 2041");
    page.wait("document.querySelector('[data-test=card]').innerText.includes('3 days ago')");
    visit(&mut page, &server.base, "/?q=(202)%20555-0123");
    wait_for_answer(&mut page, "(202) 555-0123");
    assert_eq!(names(&mut page), ["John Doe"]);
    // The switchboard is shared, as switchboards are.
    visit(&mut page, &server.base, "/pop?number=%2B12025550100");
    page.wait_for_text("2 people have this number");
    page.assert_clean(&server.base);
}
