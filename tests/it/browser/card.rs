//! Everything about one contact: all of its fields, its records in tabs, merging, deleting.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::sign_in::{EMAIL, PASSWORD, sign_in};
use super::{api, create, open, unique, visit, wait_for_card};
use crate::support::server::TestServer;
use ringdex::domain::time::{Clock, Timestamp};

/// Puts a value into an input or select as a person does.
pub(super) fn set(page: &mut Page, selector: &str, value: &str) {
    page.wait(&format!("document.querySelector({})", json!(selector)));
    page.eval(&format!(
        "(() => {{ const box = document.querySelector({}); box.value = {};
            box.dispatchEvent(new Event('input', {{ bubbles: true }})); box.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        json!(selector),
        json!(value)
    ));
}

/// Presses a button of a card wherever it is by then: what is loaded above moves it.
fn press_button(page: &mut Page, selector: &str) {
    page.wait(&format!("document.querySelector({})", json!(selector)));
    page.eval(&format!("document.querySelector({}).click()", json!(selector)));
}

/// Opens a card at one of its tabs.
fn open_tab(page: &mut Page, base: &str, id: &str, name: &str, tab: &str) {
    visit(page, base, &format!("/?c={id}&tab={tab}"));
    wait_for_card(page, name);
    page.wait(&format!("document.querySelector('[data-test=tab-{tab}]')"));
}

#[test]
fn every_member_of_a_new_contact_is_set_in_the_form() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    api(
        &mut page,
        "POST",
        "/api/v1/custom-fields",
        &json!({ "label": "Plan of theirs", "type": "dropdown", "options": ["Gold", "Silver"] }),
    );
    let body = json!({"email": format!("{word}@example.com"), "name": word, "role": "agent"});
    let owner = api(&mut page, "POST", "/api/v1/users", &body);
    let owner = owner["id"].as_str().unwrap().to_owned();
    visit(&mut page, base, "/?new=1");
    page.wait("document.activeElement?.id === 'new-name'");
    page.type_text(&format!("Zoe {word}"));
    set(&mut page, "#new-phones-0", &number);
    page.click("[data-test=more-form] summary");
    page.wait(&format!("document.querySelector('#new-assigned_to option[value=\"{owner}\"]')"));
    for (id, value) in [
        ("country", "DE"),
        ("language", "de"),
        ("timezone", "Europe/Berlin"),
        ("birthday", "1980-05-17"),
        ("address-street", "Main St 1"),
        ("address-city", "Berlin"),
        ("channel-channel", "whatsapp"),
        ("channel-identifier", &number),
        ("social-linkedin", "https://linkedin.example/zoe"),
        ("opt_in", "true"),
        ("visibility", "owner"),
        ("assigned_to", &owner),
        ("source", "Referral"),
    ] {
        set(&mut page, &format!("#new-{id}"), value);
    }
    page.wait("document.querySelector('[data-test=own-form]')");
    page.eval("document.querySelector('[data-test=own-form]').open = true; 0");
    set(&mut page, "#new-custom-plan_of_theirs", "Gold");
    assert_accessible(&mut page, "the whole form");
    page.click("[data-test=create-form] [type=submit]");
    wait_for_card(&mut page, &word);
    let id = page.eval("new URL(location).searchParams.get('c')");
    let path = format!("/api/v1/contacts/{}", id.as_str().unwrap());
    let saved = api(&mut page, "GET", &path, &Value::Null);
    let expected = json!({
        "country": "DE", "language": "de", "timezone": "Europe/Berlin", "birthday": "1980-05-17",
        "opt_in": true, "visibility": "owner", "source": "Referral",
        "social_profiles": { "linkedin": "https://linkedin.example/zoe" },
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&saved[member], value, "{member} of {saved}");
    }
    assert_eq!(saved["addresses"][0]["city"], json!("Berlin"));
    assert_eq!(saved["channels"][0]["channel"], json!("whatsapp"));
    assert_eq!(saved["custom_fields"]["plan_of_theirs"], json!("Gold"));
    // And the card shows and changes them.
    for said in ["Germany", "German", "Europe/Berlin", "Opted in", "The owner", "Gold"] {
        page.wait_for_text(said);
    }
    page.click("[data-test='field-country'] button.value");
    set(&mut page, "[data-test='field-country'] select", "AT");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=\"field-country\"] button.value')?.innerText.includes('Austria')");
    assert_eq!(api(&mut page, "GET", &path, &Value::Null)["country"], json!("AT"));
    page.assert_clean(base);
}

#[test]
fn a_note_is_written_with_one_key_and_keeps_its_lines() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Zoe {word}"), "phone": number, "notes": "line1\nline2" }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    page.press("o");
    page.wait("document.activeElement?.id === 'new-note'");
    page.type_text("first");
    page.press("Enter");
    page.type_text("second");
    page.press("Ctrl+Enter");
    page.wait("document.querySelector('[data-test=note]')?.innerText.includes('second')");
    let notes = api(&mut page, "GET", &format!("/api/v1/notes?contact_id={id}"), &Value::Null);
    assert_eq!(notes["items"][0]["text"], json!("first\nsecond"));
    page.wait("document.querySelector('[data-tab=notes]').innerText.includes('1')");
    // The one text of the contact keeps its lines as well.
    page.click("[data-tab='']");
    page.wait("document.querySelector('[data-test=\"field-notes\"]')");
    page.click("[data-test='field-notes'] button.value");
    page.wait("document.activeElement?.tagName === 'TEXTAREA'");
    page.type_text("!");
    page.press("Tab");
    page.wait("document.querySelector('[data-test=\"field-notes\"] button.value')?.innerText.includes('!')");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    let text = saved["notes"].as_str().unwrap();
    assert!(text.contains("line1\nline2"), "{text:?}");
    page.assert_clean(base);
}

#[test]
fn calls_deals_tasks_consent_and_lists_are_kept_on_the_card() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    api(&mut page, "POST", "/api/v1/lists", &json!({ "name": word, "kind": "static" }));

    open_tab(&mut page, base, &id, &word, "calls");
    press_button(&mut page, "[data-test=add-call]");
    set(&mut page, "#field-outcome", "voicemail");
    page.eval("document.querySelector('[data-test=record-form] [type=submit]').click()");
    page.wait("document.querySelector('[data-test=call-line] select')?.value === 'voicemail'");
    assert_accessible(&mut page, "calls of a card");

    open_tab(&mut page, base, &id, &word, "deals");
    press_button(&mut page, "[data-test=add-deal]");
    set(&mut page, "#field-title", "200 seats");
    set(&mut page, "#field-amount", "12500");
    set(&mut page, "#field-currency", "EUR");
    page.eval("document.querySelector('[data-test=record-form] [type=submit]').click()");
    page.wait("document.querySelector('[data-test=deal-line]')?.innerText.includes('12,500')");

    open_tab(&mut page, base, &id, &word, "tasks");
    press_button(&mut page, "[data-test=add-task]");
    set(&mut page, "#field-title", "Send the offer");
    page.eval("document.querySelector('[data-test=record-form] [type=submit]').click()");
    page.wait("document.querySelector('[data-test=task-line]')");
    press_button(&mut page, "[data-test=task-line] input");
    page.wait("document.querySelector('[data-test=task-line] s')");

    open_tab(&mut page, base, &id, &word, "consent");
    press_button(&mut page, "[data-test=add-consent]");
    set(&mut page, "#field-channel", "phone");
    set(&mut page, "#field-evidence", "said so on 3 May");
    page.eval("document.querySelector('[data-test=record-form] [type=submit]').click()");
    page.wait(&format!(
        "document.querySelector('[data-test=consent]')?.innerText.includes('Zoe {word} agrees to marketing by phone')"
    ));
    page.wait_for_text("Proof: said so on 3 May");
    assert_accessible(&mut page, "consent of a card");

    open_tab(&mut page, base, &id, &word, "lists");
    page.wait("document.querySelector('[data-test=put-on-list] option:nth-child(2)')");
    let list =
        page.eval("document.querySelector('[data-test=put-on-list] option:nth-child(2)').value");
    set(&mut page, "[data-test=put-on-list]", list.as_str().unwrap());
    page.wait(&format!(
        "document.querySelector('[data-test=list-line]')?.innerText.includes('{word}')"
    ));

    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    assert_eq!(saved["counts"]["calls"], json!(1), "{saved}");
    assert_eq!(saved["counts"]["open_deals"], json!(1));
    assert_eq!(saved["counts"]["tasks_open"], json!(0));
    assert_eq!(saved["lists"][0]["name"], json!(word));
    // Who deletes the contact is told what goes with it.
    page.click("[aria-label='Delete']");
    page.wait("document.querySelector('[data-test=impact]')?.innerText.includes('1 deal') && document.querySelector('[data-test=impact]').innerText.includes('Stays: 1 call')");
    page.click("[data-test=delete-for-good]");
    page.wait_for_text("deleted for good");
    page.assert_clean(base);
}

#[test]
fn a_contact_is_merged_with_any_other_that_is_found() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let (other, second) = unique();
    let id = create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    create(&mut page, &json!({ "name": format!("Bob {other}"), "phone": second }));
    visit(&mut page, base, &format!("/?c={id}&tab=duplicates"));
    wait_for_card(&mut page, &word);
    page.wait("document.querySelector('[data-test=card-duplicates]')");
    page.click("#merge-with");
    page.wait("document.activeElement?.id === 'merge-with'");
    page.type_text(&other);
    page.wait("document.querySelector('[data-test=found]')");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=merge-now]:not([disabled])')");
    page.click("[data-test=merge-now]");
    page.wait_for_text("are one now");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    assert_eq!(saved["phones"].as_array().unwrap().len(), 2, "{saved}");
    page.assert_clean(base);
}

#[test]
fn home_shows_who_called_and_what_is_to_be_done() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    api(
        &mut page,
        "POST",
        "/api/v1/tasks",
        &json!({ "contact_id": id, "title": format!("Task {word}") }),
    );
    let known = json!({ "call_id": word, "number": number, "direction": "in", "status": "MISSED" });
    api(&mut page, "POST", "/api/v1/calls", &known);
    let stranger = unique().1;
    let call = json!({ "call_id": format!("{word}2"), "number": stranger, "direction": "in", "status": "COMPLETED" });
    api(&mut page, "POST", "/api/v1/calls", &call);
    visit(&mut page, base, "/");
    page.wait("document.querySelector('[data-test=home-unknown]')");
    page.wait(&format!(
        "document.querySelector('[data-test=home-callbacks]')?.innerText.includes('Zoe {word}')"
    ));
    page.wait(&format!(
        "document.querySelector('[data-test=home-tasks]')?.innerText.includes('Task {word}')"
    ));
    page.wait(&format!(
        "document.querySelector('[data-test=home-recent]')?.innerText.includes('Zoe {word}')"
    ));
    assert_accessible(&mut page, "home");
    page.eval("[...document.querySelectorAll('[data-test=home-unknown] button')].find((one) => one.innerText === 'Spam').click()");
    page.wait("!document.querySelector('[data-test=home-unknown]')");
    let found = api(
        &mut page,
        "GET",
        &format!("/api/v1/lookup?number={}", stranger.replace('+', "%2B")),
        &Value::Null,
    );
    assert_eq!(found["results"][0]["blocked"], json!(true), "{found}");
    page.assert_clean(base);
}

#[test]
fn a_contact_is_shown_as_it_was_on_a_day() {
    const DAY_MS: i64 = 86_400_000;
    let clock = Clock::fixed(Timestamp(Clock::system().now().0 - 5 * DAY_MS));
    let server = TestServer::at(&clock);
    server.user(EMAIL, "agent", PASSWORD);
    let (word, number) = unique();
    let body = json!({ "name": format!("Lea {word}"), "phone": number, "company": "First Ltd" });
    let id = server.create_id(&body);
    clock.advance_ms(3 * DAY_MS);
    let path = format!("/api/v1/contacts/{id}");
    server.patch(&path, &json!({ "company": "Second Ltd", "tags": ["VIP"] })).expect(200);
    clock.advance_ms(2 * DAY_MS);
    server.patch(&path, &json!({ "company": "Third Ltd" })).expect(200);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, &format!("/?c={id}&tab=timeline"));
    sign_in(&mut page);
    page.click("[data-test=as-it-was] summary");
    let choose = |page: &mut Page, days: i32| {
        page.eval(&format!(
            "(() => {{ const box = document.querySelector('[data-test=as-it-was] input');
                const day = new Date(Date.now() - {days} * 86400000);
                box.value = new Date(day - day.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
                box.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
        ));
    };
    let lines = |page: &mut Page| {
        page.eval("[...document.querySelectorAll('[data-test=as-it-was] tbody tr')].map((line) => line.innerText.replace(/\\s+/g, ' ').trim())")
    };
    choose(&mut page, 0);
    page.wait_for_text("It was as it is now.");
    choose(&mut page, 1);
    page.wait("document.querySelector('[data-test=as-it-was] td')?.innerText === 'Second Ltd'");
    assert_eq!(lines(&mut page), json!(["Company Second Ltd Third Ltd"]));
    choose(&mut page, 3);
    page.wait("document.querySelectorAll('[data-test=as-it-was] tbody tr').length === 2");
    assert_eq!(lines(&mut page), json!(["Company First Ltd Third Ltd", "Tags nothing VIP"]));
    assert_accessible(&mut page, "a contact as it was");
    choose(&mut page, 9);
    page.wait_for_text("It was not there yet.");
}

#[test]
fn a_new_contact_is_linked_to_a_company_that_there_is() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, _) = unique();
    let made = api(
        &mut page,
        "POST",
        "/api/v1/companies",
        &json!({ "name": format!("{word} GmbH"), "domain": format!("{}.example", word.to_lowercase()) }),
    );
    visit(&mut page, base, "/?new=1");
    page.wait("document.activeElement.id === 'new-name'");
    page.type_text("Zoe Linked");
    page.click("#new-company");
    page.type_text(&word);
    page.click("[data-test=company-offer]");
    page.wait("document.querySelector('[data-test=company-linked]')");
    let typed = page.eval("document.querySelector('#new-company').value");
    assert_eq!(typed, json!(format!("{word} GmbH")));
    assert_accessible(&mut page, "a form with a linked company");
    page.eval("document.querySelector('#new-name').focus(); 0");
    page.press("Enter");
    wait_for_card(&mut page, "Zoe Linked");
    let id = page.eval("new URL(location).searchParams.get('c')");
    let path = format!("/api/v1/contacts/{}", id.as_str().expect("an id"));
    let saved = api(&mut page, "GET", &path, &Value::Null);
    assert_eq!(saved["company_id"], made["id"]);
    // The domain of an address is enough; another name is no link any more.
    visit(&mut page, base, "/?new=1");
    page.wait("document.activeElement.id === 'new-name'");
    page.click("#new-emails-0");
    page.type_text(&format!("ann@{}.example", word.to_lowercase()));
    page.click("[data-test=company-offer]");
    page.wait("document.querySelector('[data-test=company-linked]')");
    page.click("#new-company");
    page.press("End");
    page.type_text("x");
    page.wait("!document.querySelector('[data-test=company-linked]')");
    page.assert_clean(base);
}
