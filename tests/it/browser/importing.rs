//! The steps of an import in the browser: rows before and after, templates, limits, rows to decide;
//! and what becomes of work in the background.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::card::set;
use super::cdp::Page;
use super::{api, create, open, unique, visit};
use crate::support::server::TestServer;

/// Pastes rows into the wizard, as far as its second step.
fn paste(page: &mut Page, base: &str, text: &str) {
    visit(page, base, "/import");
    page.click("[data-test=import] details summary");
    set(page, "[data-test=import-text]", text);
    page.click("[data-test=import-pasted]");
    page.wait(
        "document.querySelector('[data-test=mapping]') && !document.querySelector('[data-busy]')",
    );
}

/// Presses a button wherever it is by then.
fn press(page: &mut Page, selector: &str) {
    page.wait(&format!("document.querySelector({})", json!(selector)));
    page.eval(&format!("document.querySelector({}).click()", json!(selector)));
}

/// Waits until some element of a selector has a text.
fn wait_in(page: &mut Page, selector: &str, text: &str) {
    page.wait(&format!(
        "[...document.querySelectorAll({})].some((one) => one.innerText.includes({}))",
        json!(selector),
        json!(text)
    ));
}

#[test]
fn a_preview_shows_the_rows_of_each_group_before_and_after() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let ((word, number), (_, other)) = (unique(), unique());
    create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number, "title": "Buyer" }));
    let text = format!(
        "Name,Phone,Title\nZoe {word},{number},Director\nBob {word},{other},Clerk\nBad {word},abc,x\n"
    );
    paste(&mut page, base, &text);
    press(&mut page, "[data-test=to-diff]");
    press(&mut page, "[data-test=show-updated]");
    wait_in(&mut page, "[data-test=preview-row]", "Buyer");
    wait_in(&mut page, "[data-test=preview-row]", "Director");
    assert_accessible(&mut page, "rows that would change");
    press(&mut page, "[data-test=show-new]");
    wait_in(&mut page, "[data-test=preview-row]", "Clerk");
    press(&mut page, "[data-test=show-invalid]");
    wait_in(&mut page, "[data-test=preview-row]", "abc");
    // Pressed again it closes.
    press(&mut page, "[data-test=show-invalid]");
    page.wait("!document.querySelector('[data-test=preview-rows]')");
    page.resize(360, 800);
    press(&mut page, "[data-test=show-updated]");
    wait_in(&mut page, "[data-test=preview-row]", "Director");
    assert_eq!(page.eval("document.documentElement.scrollWidth > innerWidth + 1"), json!(false));
    page.assert_clean(base);
}

#[test]
fn a_mapping_is_kept_as_a_template_and_offered_for_the_next_list_of_its_kind() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let ((word, number), (_, other)) = (unique(), unique());
    // No column of it is known: it is shown with what is in it, and can be mapped.
    paste(&mut page, base, &format!("Xa,Xb\nZoe {word},{number}\n"));
    wait_in(&mut page, "[data-test=mapping] td", &format!("Zoe {word}"));
    set(&mut page, "[data-test='map-Xa']", "name");
    page.wait("document.querySelectorAll('.undecided').length === 1");
    set(&mut page, "[data-test='map-Xb']", "phone");
    page.wait("!document.querySelector('.undecided') && !document.querySelector('[data-busy]')");
    press(&mut page, "[data-test=to-diff]");
    set(&mut page, "[data-test=import-keep]", &format!("Fair {word}"));
    press(&mut page, "[data-test=import-now]");
    page.wait("document.querySelector('[data-test=import-done]')");
    let kept = api(&mut page, "GET", "/api/v1/import-templates", &Value::Null);
    assert_eq!(kept["items"][0]["options"]["mapping"]["Xa"], json!("name"), "{kept}");

    paste(&mut page, base, &format!("Xa,Xb\nBob {word},{other}\n"));
    page.wait("document.querySelectorAll('.undecided').length === 2");
    wait_in(&mut page, "[data-test=import] .note", "was made for a list with these columns");
    set(&mut page, "[data-test=import-template]", kept["items"][0]["id"].as_str().unwrap());
    page.wait("!document.querySelector('.undecided') && !document.querySelector('[data-busy]')");
    assert_eq!(page.eval("document.querySelector(\"[data-test='map-Xb']\").value"), json!("phone"));
    press(&mut page, "[data-test=to-diff]");
    page.wait("document.querySelector('[data-test=count-new]').innerText === '1'");
    page.assert_clean(base);
}

#[test]
fn a_list_that_is_too_long_is_refused_with_the_way_to_the_limit() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, _) = unique();
    api(&mut page, "PATCH", "/api/v1/settings", &json!({ "import_max_rows": 1 }));
    visit(&mut page, base, "/import");
    page.click("[data-test=import] details summary");
    set(
        &mut page,
        "[data-test=import-text]",
        &format!("Name,Phone\nZoe {word},{}\nBob {word},{}\n", unique().1, unique().1),
    );
    page.click("[data-test=import-pasted]");
    wait_in(&mut page, "[data-test=import-trouble]", "import_max_rows");
    // What was pasted is still there.
    page.wait("document.querySelector('[data-test=import-text]').value.includes('Zoe')");
    press(&mut page, "[data-test=to-limits]");
    page.wait("location.pathname === '/settings/imports'");
    page.wait("document.querySelector('#field-import_max_rows')?.value === '1'");
    set(&mut page, "#field-import_max_rows", "0");
    press(&mut page, "[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('#field-import_max_rows[aria-invalid=true]')");
    set(&mut page, "#field-import_max_rows", "500");
    set(&mut page, "#field-import_on_duplicate", "ask");
    press(&mut page, "[data-test=record-form] [type=submit]");
    page.wait_for_text("Imports: saved");
    let settings = api(&mut page, "GET", "/api/v1/settings", &Value::Null)["settings"].clone();
    assert_eq!(
        (&settings["import_max_rows"], &settings["import_on_duplicate"]),
        (&json!(500), &json!("ask"))
    );
}

#[test]
fn rows_that_an_import_asks_about_are_decided_with_keys_and_all_at_once() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, _) = unique();
    let mut text = "Name,Phone,Title\n".to_owned();
    let mut ids = Vec::new();
    for name in ["Ada", "Ben", "Cleo", "Dora"] {
        let number = unique().1;
        let contact = json!({ "name": format!("{name} {word}"), "phone": number, "title": "CTO" });
        ids.push(create(&mut page, &contact));
        text.push_str(&[name, " ", &word, ",", &number, ",CEO\n"].concat());
    }
    paste(&mut page, base, &text);
    set(&mut page, "[data-test=import-on_duplicate]", "ask");
    page.wait("!document.querySelector('[data-busy]')");
    press(&mut page, "[data-test=to-diff]");
    page.wait("document.querySelector('[data-test=count-conflicts]').innerText === '4'");
    press(&mut page, "[data-test=import-now]");
    page.wait("document.querySelector('[data-test=import-done]')");
    // It is found again among the jobs.
    visit(&mut page, base, "/jobs");
    press(&mut page, "[data-kind=import] [data-test=to-questions]");
    page.wait("document.querySelectorAll('[data-test=question]').length === 4");
    wait_in(&mut page, "[data-test=known] mark", "CTO");
    wait_in(&mut page, "[data-test=known]", "the same");
    assert_accessible(&mut page, "rows to decide");
    page.wait("document.activeElement?.dataset.row === '2'");
    page.press("u");
    page.wait(
        "document.activeElement?.dataset.row === '3' && !document.querySelector('[data-busy]')",
    );
    page.press("s");
    page.wait(
        "document.activeElement?.dataset.row === '4' && !document.querySelector('[data-busy]')",
    );
    let title = |page: &mut Page, id: &str| {
        api(page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null)["title"].clone()
    };
    assert_eq!(
        (title(&mut page, &ids[0]), title(&mut page, &ids[1])),
        (json!("CEO"), json!("CTO"))
    );
    // Going to a page by its letters answers nothing.
    page.press("g");
    page.press("c");
    page.wait("location.pathname === '/contacts'");
    page.eval("history.back(); 0");
    page.wait("document.querySelectorAll('[data-test=question]').length === 2");
    press(&mut page, "[data-test=all-update]");
    press(&mut page, "[data-test=all-yes]");
    page.wait("document.querySelector('[data-test=questions] [data-test=nothing]')");
    page.wait_for_text("2 rows decided");
    assert_eq!(
        (title(&mut page, &ids[2]), title(&mut page, &ids[3])),
        (json!("CEO"), json!("CEO"))
    );
    // The whole import is taken back from the list of jobs.
    visit(&mut page, base, "/jobs");
    page.wait("!document.querySelector('[data-test=to-questions]')");
    press(&mut page, "[data-kind=import] [data-test=undo-job]");
    page.wait("document.querySelector('[data-kind=import_undo]')");
    page.assert_clean(base);
}

#[test]
fn an_import_that_is_not_there_says_so_instead_of_its_rows() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/import/00000000-0000-7000-8000-000000000000") else { return };
    wait_in(&mut page, "[data-test=questions] [role=alert]", "not there any more");
}

#[test]
fn an_export_is_made_in_the_background_and_its_file_waits_among_the_jobs() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/contacts") else { return };
    page.wait("document.querySelector('[data-test=table]')?.dataset.total === '5'");
    press(&mut page, "[data-test=open-export]");
    set(&mut page, "[data-test=export-format]", "xlsx");
    press(&mut page, "[data-test=export-later]");
    page.wait_for_text("The file is there");
    visit(&mut page, base, "/jobs");
    wait_in(&mut page, "[data-kind=export]", "Export as XLSX: 5 exported");
    let file = page.eval(
        "fetch(document.querySelector('[data-test=job-file]').href).then(async (answer) => [answer.status, (await answer.arrayBuffer()).byteLength > 1000])",
    );
    assert_eq!(file, json!([200, true]));
    assert_accessible(&mut page, "jobs with a file");
    page.assert_clean(base);
}
