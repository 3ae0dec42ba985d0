//! Fields of a card by what they are: owners with names, custom fields by definition, many tags,
//! calls that are asked about.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::{CARD, api, create, offers, open, unique, visit, wait_for_card};
use crate::support::server::TestServer;

const PASSWORD: &str = "correct horse battery";

/// Chooses in a list as a person does.
fn choose(page: &mut Page, selector: &str, value: &str) {
    page.eval(&format!(
        "(() => {{ const box = document.querySelector({}); box.value = {}; box.dispatchEvent(new Event('input', {{ bubbles: true }})); }})(); 0",
        json!(selector),
        json!(value)
    ));
}

fn open_field(page: &mut Page, field: &str) -> String {
    let place = format!("[data-test=\"field-{field}\"]");
    page.click(&format!("{place} button.value"));
    page.wait(&format!("document.activeElement.closest({})", json!(place)));
    place
}

#[test]
fn an_owner_is_chosen_by_name_and_who_changed_it_has_one() {
    let server = TestServer::start();
    let jane = server.user("jane@example.com", "agent", PASSWORD);
    let omar = server.user("omar@example.com", "agent", PASSWORD);
    let name = |id: &str, name: &str| {
        server.patch(&format!("/api/v1/users/{id}"), &json!({ "name": name })).expect(200);
    };
    name(&jane, "Jane Doe");
    name(&omar, "Omar Haddad");
    let queue = server.post("/api/v1/queues", &json!({"name": "Second line"})).expect(201).id();
    let id = server
        .create_id(&json!({"name": "Zoe Known", "phone": "+12025550123", "assigned_to": omar,
        "assigned_queue": queue}));
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, &format!("/?c={id}"));
    page.wait("document.activeElement.id === 'email'");
    page.type_text("jane@example.com");
    page.press("Tab");
    page.type_text(PASSWORD);
    page.press("Enter");
    wait_for_card(&mut page, "Zoe Known");
    page.wait("document.querySelector('[data-test=\"field-assigned_to\"]')?.innerText.includes('Omar Haddad')");
    page.wait("document.querySelector('.foot').innerText.includes('another program')");
    let place = open_field(&mut page, "assigned_to");
    let names = page.eval(&format!(
        "[...document.querySelectorAll('{place} option')].map((one) => one.innerText)"
    ));
    assert_eq!(names, json!(["Nobody", "Jane Doe", "Omar Haddad"]));
    assert_accessible(&mut page, "choosing an owner");
    choose(&mut page, &format!("{place} select"), &jane);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=\"field-assigned_to\"] button.value')?.innerText.includes('Jane Doe')");
    assert_eq!(server.get(&format!("/api/v1/contacts/{id}")).json["assigned_to"], json!(jane));
    page.wait("document.querySelector('.foot').innerText.includes('by Jane Doe')");
    let card = page.eval(&format!("{CARD}.innerText"));
    let card = card.as_str().unwrap_or_default();
    assert!(card.contains("Second line") && !card.contains(&queue), "{card}");
    assert!(!card.contains(&jane) && !card.contains("user:") && !card.contains("token:"), "{card}");
}

#[test]
fn custom_fields_have_the_editors_labels_and_order_of_their_definitions() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    for (key, label, kind, options) in [
        ("renewal", "Renewal", "date", json!([])),
        ("plan", "Plan", "dropdown", json!(["Gold", "Silver"])),
        ("vat", "VAT exempt", "boolean", json!([])),
        ("seats", "Seats", "integer", json!([])),
        ("langs", "Speaks", "multi_select", json!(["German", "English", "Polish"])),
    ] {
        let mut body = json!({ "key": key, "label": label, "type": kind });
        if options != json!([]) {
            body["options"] = options;
        }
        api(&mut page, "POST", "/api/v1/custom-fields", &body);
    }
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Cis {word}"), "phone": number,
            "custom_fields": { "seats": 4, "plan": "Gold", "langs": ["German"], "renewal": "2026-03-01" } }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    page.wait_for_text("Speaks");
    let labels = page.eval("[...document.querySelectorAll('[aria-label=\"Own fields\"] dt')].map((one) => one.innerText)");
    assert_eq!(labels, json!(["Renewal", "Plan", "Seats", "Speaks"]));
    page.wait("document.querySelector('[data-test=\"field-custom_fields/renewal\"]').innerText.includes('March 1, 2026')");

    let place = open_field(&mut page, "custom_fields/plan");
    choose(&mut page, &format!("{place} select"), "Silver");
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('{place} button.value')?.innerText.includes('Silver')"
    ));
    let place = open_field(&mut page, "custom_fields/seats");
    page.wait(&format!("document.querySelector('{place} input').inputMode === 'decimal'"));
    page.type_text("12");
    page.press("Enter");
    page.wait(&format!("document.querySelector('{place} button.value')?.innerText.includes('12')"));
    let place = open_field(&mut page, "custom_fields/renewal");
    page.wait(&format!("document.querySelector('{place} input').type === 'date'"));
    choose(&mut page, &format!("{place} input"), "2027-04-02");
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('{place} button.value')?.innerText.includes('April 2, 2027')"
    ));
    let place = open_field(&mut page, "custom_fields/langs");
    assert_accessible(&mut page, "choosing several options");
    page.click(&format!("{place} label:nth-of-type(3) input"));
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('{place} button.value')?.innerText.includes('German, Polish')"
    ));
    // One that it does not have yet is added by its label.
    page.press("a");
    page.wait("document.activeElement.closest('.choices')");
    page.eval("[...document.querySelectorAll('.choices button')].find((one) => one.textContent.includes('VAT exempt')).click()");
    page.wait("document.activeElement.matches('[data-test=\"field-custom_fields/vat\"] select')");
    choose(&mut page, "[data-test=\"field-custom_fields/vat\"] select", "false");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=\"field-custom_fields/vat\"] button.value')?.innerText.includes('No')");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    assert_eq!(
        saved["custom_fields"],
        json!({ "langs": ["German", "Polish"], "plan": "Silver", "renewal": "2027-04-02", "seats": 12, "vat": false })
    );
    page.assert_clean(base);
}

#[test]
fn hundreds_of_tags_take_two_lines() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let tags: Vec<String> = (0..300).map(|at| format!("Campaign {at}")).collect();
    let id =
        create(&mut page, &json!({ "name": format!("Tag {word}"), "phone": number, "tags": tags }));
    let lines =
        "new Set([...document.querySelectorAll('.tags > li')].map((one) => one.offsetTop)).size";
    for (width, height) in [(1280, 800), (1920, 1000), (360, 720)] {
        page.resize(width, height);
        visit(&mut page, base, &format!("/?c={id}"));
        wait_for_card(&mut page, &word);
        page.wait(&format!("{lines} === 2"));
        let shown = page.eval("document.querySelectorAll('.tags .own').length").as_u64().unwrap();
        let more =
            page.eval("document.querySelector('[data-test=more-tags]').innerText.match(/\\d+/)[0]");
        assert_eq!(more, json!((300 - shown).to_string()));
        let phone = "document.querySelector('[data-test=\"field-phones/0\"]').getBoundingClientRect().bottom < innerHeight";
        assert_eq!(page.eval(phone), json!(true), "the number is out of sight at {width} px");
    }
    page.resize(1280, 800);
    page.wait(&format!("{lines} === 2"));
    assert_accessible(&mut page, "some of 300 tags");
    page.click("[data-test=more-tags]");
    page.wait("document.querySelectorAll('.tags .own').length === 300");
    page.eval("document.querySelector('[data-test=more-tags]').scrollIntoView(); 0");
    page.click("[data-test=more-tags]");
    page.wait(&format!("{lines} === 2"));
    page.assert_clean(base);
}

#[test]
fn nobody_is_called_without_a_number_or_against_their_will() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    // What would be dialled is noted instead.
    page.before_scripts(
        "window.dialled = []; addEventListener('click', (event) => {
            const link = event.target.closest?.('a[href^=\"tel:\"]');
            if (link) { window.dialled.push(link.href); event.preventDefault(); }
        }, true);
        const click = HTMLAnchorElement.prototype.click;
        HTMLAnchorElement.prototype.click = function () { if (this.href.startsWith('tel:')) window.dialled.push(this.href); else click.call(this); };",
    );
    visit(&mut page, base, "/");
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Nina {word}"), "email": format!("nina@{word}.example") }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    assert!(!offers(&mut page, "Call") && !offers(&mut page, "Copy"), "there is no number");

    let body = json!({ "name": format!("Dan {word}"), "phone": number, "do_not_contact": true });
    let id = create(&mut page, &body);
    visit(&mut page, base, &format!("/?c={id}"));
    wait_for_card(&mut page, &word);
    let ask = "document.querySelector('dialog[open]')?.innerText.includes('do not call')";
    for press in ["[data-test=call]", "[data-test=\"field-phones/0\"] .act"] {
        page.click(press);
        page.wait(ask);
        assert_accessible(&mut page, "the question whether to call");
        // The first answer is the safe one.
        page.press("Enter");
        page.wait("!document.querySelector('dialog')");
        assert_eq!(page.eval("window.dialled"), json!([]));
    }
    // Twice the key is no answer.
    page.eval("document.getElementById('card-name').focus(); 0");
    page.press("c");
    page.press("c");
    page.wait(ask);
    assert_eq!(page.eval("window.dialled"), json!([]));
    page.click("dialog .danger");
    page.wait("!document.querySelector('dialog')");
    assert_eq!(page.eval("window.dialled"), json!([format!("tel:{number}")]));
    page.assert_clean(base);
}
