//! What keeps an agent from calling, editing or losing what was not meant: whose card is on the
//! screen, letters that are no commands, undo.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::{CARD, api, create, offers, open, unique, visit, wait_for_answer, wait_for_card};
use crate::support::server::TestServer;

/// The name on the card, the preview included; empty without one.
fn name_on_card(page: &mut Page) -> String {
    let name = page.eval("document.querySelector('[data-test=card] h1')?.innerText ?? ''");
    name.as_str().unwrap_or_default().to_owned()
}

fn contact(page: &mut Page, id: &str) -> Value {
    api(page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null)
}

#[test]
fn another_search_shows_who_is_highlighted_and_never_the_card_before() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (first, number) = unique();
    let (second, other) = unique();
    let id = create(&mut page, &json!({ "name": format!("Ada {first}"), "phone": number }));
    create(&mut page, &json!({ "name": format!("Bea {second}"), "phone": other }));
    create(&mut page, &json!({ "name": format!("Cid {second}"), "phone": other }));
    visit(&mut page, base, &format!("/?q={first}&c={id}"));
    wait_for_card(&mut page, &first);
    page.press("/");
    page.type_text(&second);
    wait_for_answer(&mut page, &second);
    page.wait(&format!("!{CARD} && document.querySelector('[data-test=card]')"));
    assert!(name_on_card(&mut page).contains(&second), "{}", name_on_card(&mut page));

    // An open card gives way to whoever the arrows highlight.
    page.press("Enter");
    wait_for_card(&mut page, &second);
    let opened = name_on_card(&mut page);
    page.press("/");
    page.press("ArrowDown");
    page.wait(&format!("!{CARD} && document.querySelector('[data-test=card]')"));
    assert_ne!(name_on_card(&mut page), opened);

    // Over "Nobody found" there is nobody to call.
    page.press("Enter");
    wait_for_card(&mut page, &second);
    page.press("/");
    page.type_text("zzqqxxyyzz");
    page.wait("document.querySelector('[data-test=nobody]')");
    page.wait("!document.querySelector('[data-test=card]')");
    assert!(!offers(&mut page, "Call"), "somebody can be called over an empty list");
    // Back leads to the card that was open.
    page.eval("history.back()");
    wait_for_card(&mut page, &second);
    page.assert_clean(base);
}

#[test]
fn a_pinned_card_stays_while_somebody_else_is_searched_for() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (first, number) = unique();
    let (second, other) = unique();
    let id = create(&mut page, &json!({ "name": format!("Ada {first}"), "phone": number }));
    create(&mut page, &json!({ "name": format!("Bea {second}"), "phone": other }));
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &first);
    page.press("p");
    page.wait("document.querySelector('[data-test=pin][aria-pressed=true]')");
    assert_accessible(&mut page, "a pinned card");
    page.press("/");
    page.type_text(&second);
    wait_for_answer(&mut page, &second);
    page.wait("document.querySelector('[data-test=hit]')");
    wait_for_card(&mut page, &first);
    page.reload();
    wait_for_answer(&mut page, &second);
    wait_for_card(&mut page, &first);
    page.wait("document.querySelector('[data-test=pin][aria-pressed=true]')");
    // Opening somebody else is meant, and so is letting go.
    page.press("/");
    page.press("Enter");
    wait_for_card(&mut page, &second);
    page.wait("document.querySelector('[data-test=pin][aria-pressed=false]')");
    page.click("[data-test=pin]");
    page.wait("document.querySelector('[data-test=pin][aria-pressed=true]')");
    page.click("[data-test=pin]");
    page.press("/");
    page.type_text(&first);
    wait_for_answer(&mut page, &first);
    page.wait(&format!("!{CARD}"));
    page.assert_clean(base);
}

#[test]
fn nobody_is_shown_or_opened_while_the_answer_is_late() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    page.before_scripts(
        "const real = window.fetch; window.fetch = (url, options) => {
            if (!String(url).includes('q=late')) return real(url, options);
            window.isLate = true;
            return new Promise((resolve) => { window.release = () => real(url).then(resolve); });
        };",
    );
    visit(&mut page, base, "/");
    let (word, number) = unique();
    create(&mut page, &json!({ "name": format!("Ada {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?q={word}"));
    page.wait("document.querySelector('[data-test=card].preview')");
    page.wait("document.activeElement.id === 'search'");
    page.eval("document.getElementById('search').select(); 0");
    page.type_text("late");
    page.wait("window.isLate && document.querySelector('.progress.on')");
    page.wait("!document.querySelector('[data-test=card]')");
    page.press("Enter");
    page.eval("window.release().then(() => 0)");
    wait_for_answer(&mut page, "late");
    page.wait("!document.querySelector('.progress.on')");
    assert!(!name_on_card(&mut page).contains(&word));
    page.assert_clean(base);
}

#[test]
fn typed_words_are_no_commands_and_a_name_changes_only_when_it_is_said_twice() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "first_name": "Pat", "last_name": word, "phone": number, "tags": ["Old"] }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    page.wait("document.activeElement.id === 'card-name'");
    page.type_text("lease at once");
    page.press("Enter");
    let before = contact(&mut page, &id);
    assert_eq!(before["first_name"], "Pat");
    assert_eq!(before["version"], 1);
    assert_eq!(page.eval("document.querySelectorAll('input.editor, textarea').length"), json!(0));

    // A word that begins with the letter of a command opens the field, and still changes nothing.
    page.press("e");
    page.wait("document.activeElement.matches('[data-test=\"field-name\"] input')");
    page.type_text("very");
    page.wait("document.querySelector('[data-test=\"field-name\"] input')?.value === 'very'");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=asks]')?.innerText.includes('very')");
    let asked = page.eval("document.querySelector('[data-test=asks]').innerText");
    assert!(asked.as_str().unwrap_or_default().contains(&format!("Pat {word}")), "{asked}");
    page.press("Escape");
    page.wait("document.querySelector('[data-test=\"field-name\"] button.value')");
    // Going elsewhere does not save it either.
    page.press("e");
    page.wait("document.activeElement.matches('[data-test=\"field-name\"] input')");
    page.type_text("very");
    page.click("#search");
    page.wait("document.querySelector('[data-test=asks]')");
    assert_eq!(contact(&mut page, &id)["version"], 1);

    page.eval("document.querySelector('[data-test=\"field-name\"] input').focus(); 0");
    page.press("Enter");
    wait_for_card(&mut page, &format!("very {word}"));
    page.wait("document.querySelector('[data-test=\"field-name\"] button.value')");
    assert_eq!(contact(&mut page, &id)["first_name"], "very");
    // Undo brings it back.
    page.press("Ctrl+z");
    page.wait(&format!(
        "document.querySelector('[data-test=\"field-name\"] button.value')?.innerText.includes({})",
        json!(format!("Pat {word}"))
    ));
    assert_eq!(contact(&mut page, &id)["first_name"], "Pat");
    page.assert_clean(base);
}

#[test]
fn words_typed_beside_the_fields_make_and_change_nothing() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Tom {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    page.wait("document.activeElement.id === 'card-name'");
    for typed in ["nothing", "no", "never mind", "test", "tom", "escalate", "at once", "please"] {
        page.type_text(typed);
        page.press("Enter");
        let open = "document.querySelectorAll('input.editor, textarea, .tag-input, [data-test=create-form], [data-test=asks]').length";
        assert_eq!(page.eval(open), json!(0), "{typed}");
    }
    assert_eq!(contact(&mut page, &id)["version"], 1);
    let listed = api(&mut page, "GET", "/api/v1/contacts?per_page=0", &Value::Null);
    assert_eq!(listed["total"], 51);
    // A letter by itself still acts.
    page.press("t");
    page.wait("document.activeElement.matches('.tag-input')");
    page.assert_clean(base);
}

#[test]
fn every_save_can_be_undone_by_toast_and_by_key() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Uma {word}"), "phone": number, "company": "Before Ltd", "tags": ["Old"],
            "custom_fields": { "seats": 4 } }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    let fields =
        [("company", "After GmbH"), ("custom_fields/seats", "12"), ("phones/0", "+4930777777")];
    for (field, text) in fields {
        let place = format!("[data-test=\"field-{field}\"]");
        page.click(&format!("{place} button.value"));
        page.wait(&format!("document.activeElement.matches('{place} input')"));
        page.type_text(text);
        page.press("Enter");
        page.wait(&format!(
            "document.querySelector('{place} .state').textContent.includes('Saved')"
        ));
        page.wait("document.querySelector('[data-test=toast] .link')?.innerText === 'Undo'");
    }
    page.press("t");
    page.wait("document.activeElement.matches('.tag-input')");
    page.type_text("New");
    page.press("Enter");
    page.wait("[...document.querySelectorAll('.tags .own')].length === 2");
    page.press("Escape");
    page.wait("!document.querySelector('.tag-input')");
    let saved = contact(&mut page, &id);
    assert_eq!(saved["company"], "After GmbH");
    assert_eq!(saved["custom_fields"]["seats"], 12);
    assert_eq!(saved["tags"], json!(["Old", "New"]));

    // The toast takes the last one back, the key those before, one by one.
    page.click("[data-test=toast] .link");
    page.wait("[...document.querySelectorAll('.tags .own')].length === 1");
    for _ in 0..fields.len() {
        let version = page.eval(&format!("{CARD}.dataset.version"));
        page.press("Ctrl+z");
        page.wait(&format!("{CARD}.dataset.version !== {version}"));
    }
    let back = contact(&mut page, &id);
    for field in ["display_name", "company", "tags", "custom_fields", "phones"] {
        assert_eq!(back[field], contact_as_made(field, &word, &number), "{field}");
    }

    // What somebody else has changed since is left alone.
    page.click("[data-test='field-company'] button.value");
    page.type_text("Mine");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=\"field-company\"] .state').textContent.includes('Saved')");
    api(&mut page, "PATCH", &format!("/api/v1/contacts/{id}"), &json!({ "company": "Theirs" }));
    page.press("Ctrl+z");
    page.wait_for_text("was changed again since");
    assert_eq!(contact(&mut page, &id)["company"], "Theirs");
    page.assert_clean(base);
}

fn contact_as_made(field: &str, word: &str, number: &str) -> Value {
    match field {
        "display_name" => json!(format!("Uma {word}")),
        "company" => json!("Before Ltd"),
        "tags" => json!(["Old"]),
        "custom_fields" => json!({ "seats": 4 }),
        _ => {
            json!([{ "number": number, "raw": number, "label": null, "primary": true, "country": "DE", "extension": null }])
        }
    }
}

#[test]
fn a_new_contact_can_be_taken_back() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/?new=1") else { return };
    let (word, _) = unique();
    page.wait("document.activeElement.id === 'new-name'");
    page.type_text(&format!("Nia {word}"));
    page.press("Enter");
    wait_for_card(&mut page, &word);
    page.press("Ctrl+z");
    page.wait(&format!("!{CARD}"));
    page.wait_for_text("is not kept");
    let found =
        api(&mut page, "GET", &format!("/api/v1/contacts?q={word}&refresh=wait"), &Value::Null);
    assert_eq!(found["total"], 0);
}

#[test]
fn escape_discards_what_is_half_typed() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Eli {word}"), "phone": number, "company": "Kept Ltd", "tags": ["Kept"] }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    page.press("t");
    page.wait("document.activeElement.matches('.tag-input')");
    page.type_text("Half");
    page.press("Escape");
    page.wait("!document.querySelector('.tag-input') && document.activeElement.id === 'card-name'");
    page.click("[data-test='field-company'] button.value");
    page.wait("document.activeElement.matches('[data-test=\"field-company\"] input')");
    page.type_text("Half");
    page.press("Escape");
    page.wait("document.querySelector('[data-test=\"field-company\"] button.value')?.innerText.includes('Kept Ltd')");
    page.click("#search");
    page.wait("document.activeElement.id === 'search'");
    let now = contact(&mut page, &id);
    assert_eq!((&now["version"], &now["tags"]), (&json!(1), &json!(["Kept"])));
    assert_eq!(page.eval("document.querySelectorAll('[data-test=draft]').length"), json!(0));
    page.assert_clean(base);
}

#[test]
fn a_long_text_keeps_its_lines() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let definition = json!({ "key": "history", "label": "History", "type": "long_text" });
    api(&mut page, "POST", "/api/v1/custom-fields", &definition);
    let id = create(
        &mut page,
        &json!({ "name": format!("Lou {word}"), "phone": number, "notes": "one\ntwo",
            "custom_fields": { "history": "first\nsecond", "loose": "this\nthat" } }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    page.wait("document.querySelector('[data-test=\"field-custom_fields/history\"] dt').innerText === 'History'");
    for (field, lines) in [
        ("notes", "one\ntwo"),
        ("custom_fields/history", "first\nsecond"),
        ("custom_fields/loose", "this\nthat"),
    ] {
        let place = format!("[data-test=\"field-{field}\"]");
        page.click(&format!("{place} button.value"));
        page.wait(&format!("document.activeElement.matches('{place} textarea')"));
        page.press("Enter");
        page.type_text("last");
        page.press("Ctrl+Enter");
        page.wait(&format!(
            "document.querySelector('{place} .state').textContent.includes('Saved')"
        ));
        let saved = contact(&mut page, &id);
        let pointer = format!("/{field}");
        assert_eq!(saved.pointer(&pointer), Some(&json!(format!("{lines}\nlast"))), "{field}");
    }
    page.assert_clean(base);
}

#[test]
fn a_guess_is_never_opened_by_enter_alone() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    create(&mut page, &json!({ "first_name": "Jonathan", "last_name": word, "phone": number }));
    visit(&mut page, base, "/");
    page.wait("document.activeElement.id === 'search'");
    // One letter too much in a name that is no other word.
    let query = format!("{word}q jonathan");
    page.type_text(&query);
    wait_for_answer(&mut page, &query);
    page.wait_for_text("Nobody found as typed. Perhaps one of these?");
    let shown = "document.querySelectorAll('[data-test=card], [aria-selected=true]').length";
    assert_eq!(page.eval(shown), json!(0));
    assert!(!offers(&mut page, "Call"));
    assert_accessible(&mut page, "guesses");
    page.press("Enter");
    page.eval(
        "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
    );
    assert_eq!(page.eval(shown), json!(0), "a guess is opened");
    assert_eq!(page.eval("document.querySelectorAll('[data-test=create-form]').length"), json!(0));
    // Who goes to one of them means it.
    page.press("ArrowDown");
    page.wait("document.querySelector('[data-test=card].preview')");
    page.press("Enter");
    wait_for_card(&mut page, &word);
    page.assert_clean(base);
}

#[test]
fn who_has_opted_out_is_not_said_to_be_callable_and_calling_asks_first() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (name, number) = unique();
    let body = json!({ "name": format!("Ada {name}"), "phone": number, "opt_in": false });
    let id = create(&mut page, &body);
    visit(&mut page, base, &format!("/?q={name}&c={id}"));
    wait_for_card(&mut page, &name);
    let facts = "[...document.querySelectorAll('[data-test=card] [data-test=fact]')]";
    let told = page.eval(&format!("{facts}.map((fact) => fact.innerText).join()"));
    assert!(told.as_str().unwrap().contains("Opted out"), "{told}");
    assert!(!told.as_str().unwrap().contains("May call"), "{told}");
    page.press("c");
    page.wait("[...document.querySelectorAll('dialog[open] h2')].some((one) => one.innerText.includes('opted out'))");
    page.assert_clean(base);
}
