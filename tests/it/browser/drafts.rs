//! What somebody has typed and not saved is not lost: notes, new contacts, the next caller in
//! between, another person at the same desk.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::{api, create, open, unique, visit, wait_for_card};
use crate::support::server::TestServer;

const PASSWORD: &str = "correct horse battery";
const CHIP: &str = "document.querySelector('[data-test=draft]')";

/// Begins a note on the open card and leaves it unsaved.
fn begin_note(page: &mut Page, text: &str) {
    page.press("a");
    page.wait("document.activeElement.closest('.choices')");
    page.eval("[...document.querySelectorAll('.choices button')].find((one) => one.textContent.includes('Notes')).click()");
    page.wait("document.activeElement.tagName === 'TEXTAREA'");
    page.type_text(text);
}

fn notes(page: &mut Page, id: &str) -> Value {
    api(page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null)["notes"].clone()
}

#[test]
fn a_note_outlives_the_next_caller_a_reload_and_a_closed_page() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let (_, caller) = unique();
    let id = create(&mut page, &json!({ "name": format!("Nan {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    begin_note(&mut page, "wants an invoice");
    assert_eq!(page.eval(&format!("Boolean({CHIP})")), json!(false), "it is on the screen");
    // The telephone system opens the next caller in the same window.
    visit(&mut page, base, &format!("/pop?number={}", caller.replace('+', "%2B")));
    page.wait(&format!(
        "{CHIP}?.innerText.includes({})",
        json!(format!("Unsaved note for Nan {word}"))
    ));
    assert_accessible(&mut page, "a caller, with an unsaved note");
    page.resize(360, 720);
    let wide = page.eval("document.documentElement.scrollWidth > innerWidth + 1");
    assert_eq!(wide, json!(false));
    page.resize(1280, 800);
    page.reload();
    page.wait(CHIP);
    assert_eq!(notes(&mut page, &id), Value::Null);
    page.click("[data-test=draft] .link");
    wait_for_card(&mut page, &word);
    page.wait("document.activeElement.tagName === 'TEXTAREA' && document.activeElement.value === 'wants an invoice'");
    page.type_text(" by mail");
    page.go("about:blank");
    visit(&mut page, base, "/");
    page.wait(CHIP);
    page.click("[data-test=draft] .link");
    page.wait("document.activeElement.tagName === 'TEXTAREA'");
    page.press("Ctrl+Enter");
    page.wait("document.querySelector('[data-test=\"field-notes\"] button.value')");
    page.wait(&format!("!{CHIP}"));
    assert_eq!(notes(&mut page, &id), json!("wants an invoice by mail"));
    let kept = page.eval("Object.keys(localStorage).filter((key) => key.includes('draft'))");
    assert_eq!(kept, json!([]), "the draft is kept after it was saved");
    page.assert_clean(base);
}

#[test]
fn a_note_that_somebody_else_has_overtaken_is_shown_beside_theirs() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Nan {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    begin_note(&mut page, "mine");
    visit(&mut page, base, "/");
    api(&mut page, "PATCH", &format!("/api/v1/contacts/{id}"), &json!({ "notes": "theirs" }));
    page.wait(CHIP);
    page.click("[data-test=draft] .link");
    page.wait("document.querySelector('[data-test=conflict]')");
    let sides = page.eval("[...document.querySelectorAll('[data-test=conflict] strong')].map((one) => one.textContent)");
    assert_eq!(sides, json!(["theirs", "mine"]));
    assert_eq!(notes(&mut page, &id), json!("theirs"));
    page.click("[data-test=conflict] .sides button:last-child");
    page.wait("document.querySelector('[data-test=\"field-notes\"] button.value')?.innerText.includes('mine')");
    assert_eq!(notes(&mut page, &id), json!("mine"));
}

#[test]
fn a_new_contact_is_kept_until_it_is_saved_or_discarded() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/?new=1") else { return };
    let (word, number) = unique();
    page.wait("document.activeElement.id === 'new-name'");
    page.type_text(&format!("Kai {word}"));
    page.press("Tab");
    page.type_text(&number);
    visit(&mut page, base, "/pop?number=%2B493012345678");
    page.wait(&format!(
        "{CHIP}?.innerText.includes({})",
        json!(format!("Unsaved new contact: Kai {word}"))
    ));
    page.click("[data-test=draft] .link");
    page.wait(&format!(
        "document.querySelector('#new-name')?.value === {}",
        json!(format!("Kai {word}"))
    ));
    page.wait(&format!("document.querySelector('#new-phones-0').value === {}", json!(number)));
    page.reload();
    page.wait(&format!(
        "document.querySelector('#new-name')?.value === {}",
        json!(format!("Kai {word}"))
    ));
    page.wait("document.activeElement.id === 'new-name'");
    page.press("Enter");
    wait_for_card(&mut page, &word);
    assert_eq!(page.eval(&format!("Boolean({CHIP})")), json!(false));

    // Discarded it is gone, and comes back with undo.
    visit(&mut page, base, "/?new=1");
    page.wait("document.activeElement.id === 'new-name'");
    page.type_text("Half");
    page.eval("[...document.querySelectorAll('.form-end button')].find((one) => one.innerText === 'Close').click()");
    page.wait(CHIP);
    page.click("[data-test=draft] button:last-child");
    page.wait(&format!("!{CHIP}"));
    page.click("[data-test=toast] .link");
    page.wait(CHIP);
    page.assert_clean(base);
}

fn sign_in(page: &mut Page, email: &str) {
    page.wait("document.activeElement.id === 'email'");
    page.type_text(email);
    page.press("Tab");
    page.type_text(PASSWORD);
    page.press("Enter");
    page.wait(
        "document.querySelector('#search') && document.querySelector('[data-test=user] button')",
    );
}

fn sign_out(page: &mut Page) {
    page.click("[data-test=user] button");
    page.click("#user-menu button:nth-of-type(2)");
    page.wait("document.activeElement.id === 'email'");
}

#[test]
fn what_somebody_typed_is_not_shown_to_who_signs_in_after_them() {
    let server = TestServer::start();
    for email in ["jane@example.com", "omar@example.com"] {
        server.user(email, "agent", PASSWORD);
    }
    let id = server.create_id(&json!({"name": "Zoe Known", "phone": "+12025550123"}));
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, &format!("/?c={id}"));
    sign_in(&mut page, "jane@example.com");
    wait_for_card(&mut page, "Zoe Known");
    begin_note(&mut page, "between us");
    visit(&mut page, base, "/");
    page.wait(CHIP);
    sign_out(&mut page);
    visit(&mut page, base, &format!("/?c={id}"));
    sign_in(&mut page, "omar@example.com");
    wait_for_card(&mut page, "Zoe Known");
    page.wait("document.querySelector('[data-test=card] footer')");
    assert_eq!(page.eval(&format!("Boolean({CHIP})")), json!(false));
    assert_eq!(page.eval("document.body.innerText.includes('between us')"), json!(false));
    sign_out(&mut page);
    visit(&mut page, base, "/");
    sign_in(&mut page, "jane@example.com");
    page.wait(&format!("{CHIP}?.innerText.includes('Zoe Known')"));
}

#[test]
fn a_required_field_is_in_the_form_and_every_refusal_is_said() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/?new=1") else { return };
    let (word, _) = unique();
    page.wait("document.activeElement.id === 'new-name'");
    // Defined while the form is open: the form learns of it from the refusal.
    let plan = json!({ "key": "plan", "label": "Plan", "type": "dropdown", "options": ["Gold", "Silver"], "required": true });
    api(&mut page, "POST", "/api/v1/custom-fields", &plan);
    page.type_text(&format!("Ray {word}"));
    page.press("Enter");
    page.wait(
        "document.querySelector('#new-custom-plan')?.getAttribute('aria-invalid') === 'true'",
    );
    assert_eq!(
        page.eval("document.querySelector('label[for=new-custom-plan]').innerText"),
        json!("Plan")
    );
    assert_accessible(&mut page, "a required field");
    page.eval("const box = document.querySelector('#new-custom-plan'); box.value = 'Silver'; box.dispatchEvent(new Event('input', { bubbles: true })); box.focus(); 0");

    // What no field of the form can say is said on top.
    page.eval(
        "window.real = window.fetch; window.fetch = (url, options) => options?.method !== 'POST' || !String(url).endsWith('/contacts') ? window.real(url, options)
            : Promise.resolve(new Response(JSON.stringify({ code: 'invalid', detail: 'does not fit', errors: [
                { pointer: '/visibility', code: 'queue', detail: 'needs a queue' }, { pointer: '', code: 'more', detail: '2 more values do not fit' }] }), { status: 422 })); 0",
    );
    page.eval("document.querySelector('[data-test=create-form] [type=submit]').click()");
    page.wait("document.querySelector('[data-test=form-trouble]')?.innerText.includes('Visibility: needs a queue')");
    page.wait("document.activeElement.matches('[data-test=form-trouble]')");
    page.eval("window.fetch = window.real; document.querySelector('[data-test=create-form] [type=submit]').click()");
    wait_for_card(&mut page, &word);
    page.wait("document.querySelector('[data-test=\"field-custom_fields/plan\"]')?.innerText.includes('Silver')");
}
