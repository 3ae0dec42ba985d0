//! Settings, the profile, and bringing a list in.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::card::set;
use super::cdp::Page;
use super::sign_in::{EMAIL, PASSWORD, sign_in};
use super::{api, create, open, unique, visit};
use crate::support::server::TestServer;

#[test]
fn a_user_and_a_token_are_made_and_the_secret_is_shown_once() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings/users?open=new") else { return };
    let (word, _) = unique();
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text(&format!("Jane {word}"));
    set(&mut page, "#field-email", &format!("{word}@example.com").to_lowercase());
    set(&mut page, "#field-role", "manager");
    set(&mut page, "#field-password", "correct horse battery");
    page.click("[data-test=record-form] [type=submit]");
    page.wait(&format!(
        "document.querySelector('[data-test=row]')?.innerText.includes('Jane {word}')"
    ));
    let users = api(&mut page, "GET", "/api/v1/users", &Value::Null);
    assert_eq!(users["users"][0]["role"], json!("manager"), "{users}");

    visit(&mut page, base, "/settings/tokens?open=new");
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text("3CX");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=secret]')?.innerText.startsWith('rdx_')");
    page.reload();
    page.wait("document.querySelector('[data-test=token-use]')");
    assert_eq!(page.eval("document.querySelector('[data-test=secret]')"), Value::Null);
    page.assert_clean(base);
}

#[test]
fn a_custom_field_is_made_moved_and_offered_in_the_form() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings/fields?open=new") else { return };
    page.wait("document.activeElement?.id === 'field-label'");
    page.type_text("Plan of theirs");
    set(&mut page, "#field-type", "dropdown");
    set(&mut page, "#field-options", "Gold, Silver");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("[...document.querySelectorAll('[data-test=field]')].some((one) => one.innerText.includes('Plan of theirs') && one.innerText.includes('Gold, Silver'))");
    page.click("[aria-label='Plan of theirs: up']");
    page.wait_for_text("The order is saved");
    let fields = api(&mut page, "GET", "/api/v1/custom-fields", &Value::Null);
    let keys: Vec<_> =
        fields["custom_fields"].as_array().unwrap().iter().map(|one| one["key"].clone()).collect();
    assert_eq!(keys.iter().rposition(|key| key == "plan_of_theirs"), Some(keys.len() - 2));
    visit(&mut page, base, "/?new=1");
    page.wait("document.querySelector('[data-test=own-form]')");
    page.eval("document.querySelector('[data-test=own-form]').open = true; 0");
    page.wait("[...(document.querySelector('#new-custom-plan_of_theirs')?.options ?? [])].some((one) => one.value === 'Gold')");
    page.assert_clean(base);
}

#[test]
fn a_right_is_given_to_a_role_and_taken_back() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings/roles") else { return };
    let may_merge = |page: &mut Page| {
        api(page, "GET", "/api/v1/me/permissions", &Value::Null)["table"]["merge"]
            .as_array()
            .unwrap()
            .contains(&json!("agent"))
    };
    page.click("[data-test=agent-merge]");
    page.wait("document.querySelector('[data-test=agent-merge].dotted')?.checked");
    assert!(may_merge(&mut page));
    page.click("[data-test=toast] .link");
    page.wait("document.querySelector('[data-test=agent-merge]:not(.dotted)') && !document.querySelector('[data-test=agent-merge]').checked");
    assert!(!may_merge(&mut page));
    page.assert_clean(base);
}

#[test]
fn a_tag_gets_another_name_everywhere() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Zoe {word}"), "phone": number, "tags": [format!("t{word}")] }),
    );
    visit(&mut page, base, &format!("/settings/tags?open=t{word}"));
    set(&mut page, "#tag-name", &format!("n{word}"));
    page.click("[data-test=rename-tag]");
    page.wait_for_text("1 contact changed");
    let saved = api(&mut page, "GET", &format!("/api/v1/contacts/{id}"), &Value::Null);
    assert_eq!(saved["tags"], json!([format!("n{word}")]));
    page.assert_clean(base);
}

#[test]
fn a_setting_is_saved_and_one_that_does_not_fit_is_refused_at_its_field() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings/organisation") else { return };
    set(&mut page, "#field-default_country", "DE");
    page.click("[data-test=record-form] [type=submit]");
    page.wait_for_text("Organisation: saved");
    let settings = api(&mut page, "GET", "/api/v1/settings", &Value::Null);
    assert_eq!(settings["settings"]["default_country"], json!("DE"));
    page.assert_clean(base);
    set(&mut page, "#field-required_fields", "everything there is");
    page.click("[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('#field-required_fields[aria-invalid=true]')");
}

#[test]
fn every_section_of_the_settings_is_accessible() {
    let server = TestServer::demo(20);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings") else { return };
    page.wait("document.querySelector('.sections a')");
    let sections =
        page.eval("[...document.querySelectorAll('.sections a')].map((one) => one.pathname)");
    let mut paths: Vec<String> =
        sections.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect();
    assert!(paths.len() >= 12, "{paths:?}");
    paths.push("/profile".to_owned());
    paths.push("/import".to_owned());
    for (at, path) in paths.iter().enumerate() {
        page.prefer("prefers-color-scheme", if at % 2 == 0 { "light" } else { "dark" });
        page.resize(if at % 3 == 0 { 360 } else { 1440 }, 800);
        visit(&mut page, base, path);
        page.wait("document.querySelector('.page-main h1')");
        page.wait("!document.querySelector('[aria-busy=true]')");
        assert_accessible(&mut page, path);
        assert_eq!(
            page.eval("document.documentElement.scrollWidth > innerWidth + 1"),
            json!(false),
            "{path} scrolls sideways"
        );
    }
    page.assert_clean(base);
}

#[test]
fn a_list_is_brought_in_in_three_steps() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/import") else { return };
    let (word, number) = unique();
    page.click("[data-test=import] details summary");
    let text = format!("Name,Phone,Umsatz\nZoe {word},{number},12\nBob {word},abc,3\n");
    set(&mut page, "[data-test=import-text]", &text);
    page.click("[data-test=import-pasted]");
    page.wait("document.querySelector('[data-test=mapping]')");
    // A column that nobody knows is red until somebody decides.
    page.wait("document.querySelector('.undecided')?.innerText === 'Umsatz'");
    set(&mut page, "[data-test='map-Umsatz']", "cf.umsatz");
    // A field of its own is of the type that its values look like.
    page.wait_for_text("The field “Umsatz” is made: a whole number");
    page.wait("!document.querySelector('.undecided') && !document.querySelector('[data-busy]')");
    page.click("[data-test=to-diff]");
    page.wait("document.querySelector('[data-test=count-new]').innerText === '1' && document.querySelector('[data-test=count-invalid]').innerText === '1'");
    page.wait("document.querySelector('[data-test=problem]').innerText.includes('abc')");
    assert_accessible(&mut page, "what an import would change");
    page.click("[data-test=import-now]");
    page.wait(
        "document.querySelector('[data-test=import-done]')?.innerText.includes('1 imported')",
    );
    page.wait("document.querySelector('[data-test=errors-file]')");
    let found =
        api(&mut page, "GET", &format!("/api/v1/contacts?q={word}&refresh=wait"), &Value::Null);
    assert_eq!(found["total"], json!(1), "{found}");
    assert_eq!(found["contacts"][0]["custom_fields"]["umsatz"], json!(12), "{found}");
    visit(&mut page, base, "/import");
    page.wait(
        "document.querySelector('[data-test=import-history]')?.innerText.includes('1 imported')",
    );
    page.assert_clean(base);
}

#[test]
fn an_erasure_is_asked_for_on_the_card_and_decided_in_the_settings() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let id = create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    visit(&mut page, base, &format!("/?c={id}&tab=consent"));
    press(&mut page, "[data-test=ask-erasure]");
    set(&mut page, "[aria-label='Why']", "asked by letter");
    press(&mut page, "[data-test=send-erasure]");
    page.wait_for_text("It is asked for");
    visit(&mut page, base, "/settings/erasures");
    page.wait(&format!(
        "document.querySelector('[data-test=erasure]')?.innerText.includes('Zoe {word}') && document.querySelector('[data-test=erasure]').innerText.includes('asked by letter')"
    ));
    press(&mut page, "[data-test=approve]");
    press(&mut page, "[data-test=erase-now]");
    page.wait_for_text("The person is erased");
    page.wait("document.querySelector('[data-test=erasure] details')");
    assert_accessible(&mut page, "erasures");
    let found =
        api(&mut page, "GET", &format!("/api/v1/contacts?q={word}&refresh=wait"), &Value::Null);
    assert_eq!(found["total"], json!(0), "{found}");
    page.assert_clean(base);
}

#[test]
fn rules_of_retention_say_first_what_they_would_do() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings/retention") else { return };
    press(&mut page, "[data-test=add-rule]");
    page.wait("document.querySelector('[data-test=rule]')");
    page.eval("document.querySelector('[data-test=retention] form').requestSubmit(); 0");
    page.wait_for_text("The rules are saved");
    let settings = api(&mut page, "GET", "/api/v1/settings", &Value::Null);
    assert_eq!(settings["settings"]["retention"]["rules"][0]["after_days"], json!(730));
    press(&mut page, "[data-test=try-rules]");
    page.wait("document.querySelector('[data-test=retention-trial]')?.innerText.includes('Archive after 730 days')");
    assert_accessible(&mut page, "retention");
    page.assert_clean(base);
}

#[test]
fn a_webhook_is_made_its_secret_shown_once_and_a_delivery_sent_again() {
    let server = TestServer::start();
    server.user(EMAIL, "admin", PASSWORD);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/sign-in?return_to=%2Fsettings%2Fwebhooks%3Fopen%3Dnew");
    sign_in(&mut page);
    page.wait("document.activeElement?.id === 'field-name'");
    page.type_text("CRM");
    set(&mut page, "#field-url", "https://crm.invalid/hooks");
    set(&mut page, "#field-events", "not an event");
    press(&mut page, "[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('#field-events[aria-invalid=true]')");
    set(&mut page, "#field-events", "contact.*");
    press(&mut page, "[data-test=record-form] [type=submit]");
    page.wait("document.querySelector('[data-test=secret]')?.innerText.startsWith('whsec_')");
    page.wait("document.querySelector('[data-test=no-deliveries]')");
    server.create(&json!({ "name": "Zoe Known", "phone": "+12025550123" }));
    // The next look has it, once it is noted.
    page.wait(
        "(() => { const one = document.querySelector('[data-test=delivery]');
            const again = document.querySelector('[data-test=look-again]');
            if (!one && !document.querySelector('[data-test=deliveries][aria-busy=true]')) again.click();
            return one?.innerText.includes('contact.created'); })()",
    );
    page.reload();
    page.wait("document.querySelector('[data-test=delivery]')");
    assert_eq!(page.eval("document.querySelector('[data-test=secret]')"), Value::Null);
    press(&mut page, "[data-test=replay]");
    page.wait_for_text("It is sent again");
    set(&mut page, "[data-test=delivery-state]", "delivered");
    page.wait("document.querySelector('[data-test=no-deliveries]')");
    assert_accessible(&mut page, "a webhook");
}

#[test]
fn the_server_says_that_no_backup_was_taken_and_is_compacted() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings/health") else { return };
    page.wait("document.querySelector('[data-test=last-backup]')?.innerText.includes('No backup has been taken yet')");
    press(&mut page, "[data-test=compact]");
    page.wait_for_text("as small as they can be");
    let taken = page.eval("fetch('/api/v1/admin/backup').then(async (answer) => { await answer.arrayBuffer(); return answer.status; })");
    assert_eq!(taken, json!(200));
    page.reload();
    page.wait("document.querySelector('[data-test=last-backup] time')");
    page.wait("[...document.querySelectorAll('.figures dt')].some((one) => one.innerText === 'Last snapshot')");
    page.assert_clean(base);
}

#[test]
fn telephones_are_given_addresses_to_copy_and_tried_with_a_call() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/settings/telephony") else { return };
    let (word, number) = unique();
    create(&mut page, &json!({ "name": format!("Zoe {word}"), "phone": number }));
    set(&mut page, "[data-test=maker]", "snom-tbook");
    page.wait(&format!("[...document.querySelectorAll('[data-test=telephones] code')].some((one) => one.innerText === '{base}/phonebook/snom-tbook.xml?token=TOKEN')"));
    page.wait("document.querySelector('[data-test=try-call]').disabled");
    set(&mut page, "[data-test=try-number]", &number);
    press(&mut page, "[data-test=try-call]");
    page.wait("location.pathname === '/pop'");
    page.wait_for_text(&format!("Zoe {word}"));
    visit(&mut page, base, "/settings/telephony");
    press(&mut page, "[data-test=to-token]");
    page.wait("location.pathname === '/settings/tokens' && document.querySelector('#field-name')");
    page.assert_clean(base);
}

/// Presses a button wherever it is by then.
fn press(page: &mut Page, selector: &str) {
    page.wait(&format!("document.querySelector({})", json!(selector)));
    page.eval(&format!("document.querySelector({}).click()", json!(selector)));
}

#[test]
fn what_one_user_may_do_and_sees_is_said_plainly() {
    let server = TestServer::start();
    server.user(EMAIL, "admin", PASSWORD);
    let agent = server.user("omar@example.com", "agent", PASSWORD);
    let queue = server.post("/api/v1/queues", &json!({ "name": "Night desk" })).expect(201).id();
    server.json("PUT", &format!("/api/v1/queues/{queue}/members/{agent}"), &[], &json!({}));
    let hidden = json!({ "field_visibility": { "phones": { "agent": "masked" } } });
    server.patch("/api/v1/settings", &hidden).expect(200);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/settings/roles");
    sign_in(&mut page);
    page.wait("document.querySelector('#see-as')");
    page.eval(&format!(
        "(() => {{ const box = document.querySelector('#see-as'); box.value = '{agent}';
            box.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
    ));
    page.wait("document.querySelector('[data-test=sees-as]')?.innerText.includes('Night desk')");
    page.wait(
        "document.querySelector('[data-test=sees-as]').innerText.includes('only a part is shown')",
    );
    let has = |page: &mut Page, what: &str| {
        page.eval(&format!("Boolean(document.querySelector('[data-test=sees-as] [{what}]'))"))
    };
    assert_eq!(has(&mut page, "data-right=edit"), json!(true));
    assert_eq!(has(&mut page, "data-lacks=manage_users"), json!(true));
    assert_accessible(&mut page, "what a user sees");
    // The same beside the user.
    visit(&mut page, base, &format!("/settings/users?open={agent}"));
    page.wait("document.querySelector('[data-test=sees-as] [data-right=lookup]')");
}
