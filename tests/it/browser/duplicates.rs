//! Reviewing duplicates: side by side, merging and undoing with the keyboard, telling apart, and
//! the warning while somebody types.

use serde_json::{Value, json};

use super::access::assert_accessible;
use super::cdp::Page;
use super::{api, create, open, unique, visit};
use crate::support::server::TestServer;

const PASSWORD: &str = "correct horse battery";

/// Two contacts of one person, with different titles.
fn twins(page: &mut Page, word: &str, number: &str) -> [String; 2] {
    ["Boss", "CEO"].map(|title| {
        create(
            page,
            &json!({ "name": format!("Zoe {word}"), "phone": number, "title": title,
                "email": format!("zoe.{word}@example.com") }),
        )
    })
}

/// Opens the review and goes with the keys to the group of this name.
fn go_to_group(page: &mut Page, base: &str, word: &str) {
    visit(page, base, "/duplicates");
    page.wait(&row(word));
    for _ in 0..20 {
        page.wait("document.querySelector('[data-test=review]')");
        if page.eval(&format!("{}.matches('[aria-current]')", row(word))) == json!(true) {
            return;
        }
        let before =
            page.eval("document.querySelector('[data-test=group][aria-current]').innerText");
        page.press("j");
        page.wait(&format!(
            "document.querySelector('[data-test=group][aria-current]').innerText !== {before}"
        ));
    }
    panic!("the keys do not lead to {word}");
}

/// The row of the queue with this name.
fn row(word: &str) -> String {
    format!(
        "[...document.querySelectorAll('[data-test=group]')].find((one) => one.innerText.includes({}))",
        json!(word)
    )
}

/// The values of a line that are chosen.
fn chosen(page: &mut Page, field: &str) -> Value {
    page.eval(&format!(
        "[...document.querySelectorAll('[data-field={field}] [aria-pressed=true] .own, [data-field={field}] [aria-pressed=true] .value')].map((one) => one.innerText)"
    ))
}

fn status(page: &mut Page, id: &str) -> Value {
    page.eval(&format!(
        "fetch('/api/v1/contacts/{id}', {{ redirect: 'manual' }}).then((answer) => answer.type === 'opaqueredirect' ? 'merged' : answer.status)"
    ))
}

#[test]
fn a_group_is_merged_and_undone_with_the_keyboard() {
    run_merge(TestServer::demo(5).base_url());
}

pub(crate) fn run_merge(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let [one, other] = twins(&mut page, &word, &number);
    let (next, number) = unique();
    twins(&mut page, &next, &number);
    go_to_group(&mut page, base, &word);
    assert_eq!(chosen(&mut page, "title"), json!(["Boss"]));
    // What is the same is calm, what differs is said in words as well.
    let lines =
        page.eval("[...document.querySelectorAll('tr.differs')].map((one) => one.dataset.field)");
    assert_eq!(lines, json!(["title"]));
    assert_eq!(
        page.eval("document.querySelector('tr.differs th').innerText.includes('differs')"),
        json!(true)
    );
    page.wait("document.querySelector('[data-test=preview]')?.innerText.includes('CEO')");
    page.press("2");
    page.wait("document.querySelector('[data-field=title] td:last-child [aria-pressed=true]')");
    assert_eq!(chosen(&mut page, "title"), json!(["CEO"]));
    page.wait("document.querySelector('[data-test=preview]')?.innerText.includes('Boss')");
    // The weights of the waterfall are there as words.
    let why = page.eval("document.querySelector('[data-test=waterfall]').innerText");
    let why = why.as_str().unwrap_or_default();
    assert!(why.contains("same phone number") && why.contains("the same person"), "{why}");

    page.press("Enter");
    page.wait(&format!("!{}", row(&word)));
    // The next one is there at once.
    page.wait("document.querySelector('[data-test=review]')");
    page.wait_for_text("2 contacts are one now");
    assert_eq!(status(&mut page, &other), json!("merged"));
    let merged = api(&mut page, "GET", &format!("/api/v1/contacts/{one}"), &Value::Null);
    assert_eq!(merged["title"], "CEO");
    page.press("u");
    page.wait(&format!("{}?.matches('[aria-current]')", row(&word)));
    assert_eq!(status(&mut page, &other), json!(200));
    let back = api(&mut page, "GET", &format!("/api/v1/contacts/{one}"), &Value::Null);
    assert_eq!(back["title"], "Boss");

    // Undone, it can be merged again, now into the other one; the toast undoes as well.
    page.press("p");
    page.wait("document.querySelector('thead th:last-child [aria-pressed=true]')");
    page.press("Enter");
    page.wait("[...document.querySelectorAll('[data-test=toast]')].some((one) => one.innerText.includes('are one now'))");
    assert_eq!(status(&mut page, &one), json!("merged"));
    page.click("[data-test=toast] .link");
    page.wait(&format!("{}?.matches('[aria-current]')", row(&word)));
    assert_eq!(status(&mut page, &one), json!(200));
    page.assert_clean(base);
}

#[test]
fn one_of_three_is_left_out_and_stays_in_the_queue() {
    run_left_out(TestServer::demo(5).base_url());
}

pub(crate) fn run_left_out(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let [_, other] = twins(&mut page, &word, &number);
    let third = json!({ "name": format!("Zoe {word}"), "phone": number, "title": "Captain" });
    let third = create(&mut page, &third);
    go_to_group(&mut page, base, &word);
    page.wait("document.querySelectorAll('thead .check').length === 3");
    page.click("thead th:last-child .check input");
    page.wait("document.querySelector('h1').innerText.startsWith('2 contacts')");
    assert_accessible(&mut page, "one left out");
    page.eval("document.getElementById('card-name').focus(); 0");
    page.press("Enter");
    page.wait_for_text("2 contacts are one now");
    assert_eq!(status(&mut page, &other), json!("merged"));
    assert_eq!(status(&mut page, &third), json!(200));
    // What is left over is an entry again, of two.
    page.wait(&row(&word));
    page.eval(&format!("{}.click()", row(&word)));
    page.wait("document.querySelectorAll('[data-test=compare] thead th').length === 3");
    page.press("Enter");
    page.wait(&format!("!{}", row(&word)));
    page.assert_clean(base);
}

#[test]
fn different_people_stay_so_and_others_wait() {
    run_dismiss(TestServer::demo(5).base_url());
}

pub(crate) fn run_dismiss(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let (waiting, other_number) = unique();
    twins(&mut page, &word, &number);
    twins(&mut page, &waiting, &other_number);
    go_to_group(&mut page, base, &word);
    page.press("x");
    page.wait(&format!("!{}", row(&word)));
    page.wait_for_text("They are different people");
    page.press("u");
    page.wait(&format!("{}?.matches('[aria-current]')", row(&word)));
    page.wait_for_text("Taken back");
    page.press("x");
    page.wait_for_text("They are different people");
    go_to_group(&mut page, base, &waiting);
    assert_eq!(page.eval(&row(&word)), Value::Null);
    page.press("l");
    page.wait("document.activeElement.innerText === 'Tomorrow'");
    assert_accessible(&mut page, "until when");
    page.press("Enter");
    page.wait(&format!("!{}", row(&waiting)));
    page.wait_for_text("Put aside");
    let kept = api(&mut page, "GET", "/api/v1/duplicates/dismissals", &Value::Null);
    let verdicts: Vec<_> =
        kept["decisions"].as_array().unwrap().iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["later", "not_duplicate"]);
    assert!(kept["decisions"][0]["until"].is_string(), "{kept}");
    page.reload();
    page.wait("document.querySelector('[data-test=figures]')?.innerText.includes('up to date')");
    assert_eq!(page.eval(&format!("{} || {}", row(&word), row(&waiting))), Value::Null);
    page.assert_clean(base);
}

#[test]
fn what_changed_meanwhile_is_shown_and_nothing_is_merged() {
    run_stale(TestServer::demo(5).base_url());
}

pub(crate) fn run_stale(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let [one, other] = twins(&mut page, &word, &number);
    go_to_group(&mut page, base, &word);
    page.wait("document.querySelector('[data-test=preview]')");
    api(&mut page, "PATCH", &format!("/api/v1/contacts/{other}"), &json!({ "title": "Captain" }));
    page.press("Enter");
    page.wait_for_text("Somebody changed them meanwhile");
    page.wait("document.querySelector('[data-field=title] td:last-child')?.innerText.includes('was: CEO')");
    page.wait(
        "document.querySelector('[data-field=title] td:last-child').innerText.includes('Captain')",
    );
    assert_eq!(status(&mut page, &other), json!(200));
    page.press("Enter");
    page.wait_for_text("2 contacts are one now");
    // Somebody else is quicker: there is nothing left to decide.
    let (word, number) = unique();
    let [first, second] = twins(&mut page, &word, &number);
    go_to_group(&mut page, base, &word);
    api(
        &mut page,
        "POST",
        "/api/v1/contacts/merge",
        &json!({ "primary": first, "others": [second] }),
    );
    page.press("x");
    page.wait_for_text("Somebody else has merged or deleted one of them");
    assert_eq!(page.eval(&row(&word)), Value::Null);
    assert_eq!(status(&mut page, &one), json!(200));
}

#[test]
fn the_card_says_who_else_it_may_be_and_undoes_merges() {
    run_card(TestServer::demo(5).base_url());
}

pub(crate) fn run_card(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let [one, other] = twins(&mut page, &word, &number);
    let company = json!({ "company": "Brought In" });
    api(&mut page, "PATCH", &format!("/api/v1/contacts/{other}"), &company);
    visit(&mut page, base, &format!("/?c={one}"));
    page.wait("document.querySelector('[data-test=card] .tabs')");
    page.click(".tabs button:last-child");
    page.wait("document.querySelector('[data-test=likeness]')");
    assert!(page.eval("location.search").as_str().unwrap_or_default().contains("tab=duplicates"));
    let said = page.eval("document.querySelector('[data-test=likeness]').innerText");
    let said = said.as_str().unwrap_or_default();
    assert!(said.contains('%') && said.contains("same phone number"), "{said}");
    assert_accessible(&mut page, "the tab");

    page.eval("document.getElementById('card-name').focus(); 0");
    page.press("m");
    page.wait(
        "location.pathname === '/duplicates' && document.querySelector('[data-test=review]')",
    );
    page.wait(&format!(
        "document.querySelector('[data-test=figures]').innerText.includes({})",
        json!(word)
    ));
    page.press("Enter");
    page.wait_for_text("2 contacts are one now");
    page.wait("document.querySelector('[data-test=nothing]')");
    page.eval("history.back()");
    page.wait("document.querySelector('[data-test=merge]')?.innerText.includes('1 contact went into this one')");

    // Changed since what the other one brought in: it is asked whose the change is.
    let changed = json!({ "company": "Changed Since" });
    api(&mut page, "PATCH", &format!("/api/v1/contacts/{one}"), &changed);
    page.reload();
    page.wait("document.querySelector('[data-test=merge] button')");
    page.click("[data-test=merge] button");
    page.wait("document.querySelector('[data-test=merge] fieldset')?.innerText.includes('Brought In → Changed Since')");
    assert_accessible(&mut page, "whose the change is");
    page.wait("document.querySelector('[data-test=merge] button').disabled");
    page.click("[data-test=merge] fieldset label:nth-of-type(1) input");
    page.wait("!document.querySelector('[data-test=merge] button').disabled");
    page.click("[data-test=merge] button");
    page.wait("document.querySelector('[data-test=merge]').innerText.includes('undone')");
    assert_eq!(status(&mut page, &other), json!(200));
    page.wait("document.querySelector('[data-test=likeness]')");
}

#[test]
fn a_form_warns_while_somebody_types() {
    run_warning(TestServer::demo(5).base_url());
}

pub(crate) fn run_warning(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let [one, _] = twins(&mut page, &word, &number);
    visit(&mut page, base, "/?new=1");
    page.wait("document.activeElement.id === 'new-name'");
    page.type_text(&format!("Zoe {word}"));
    page.press("Tab");
    page.type_text(&number);
    page.wait(&format!(
        "document.querySelector('[data-test=likely]')?.innerText.includes({}) && document.querySelector('[data-test=likely]').innerText.includes('same phone number')",
        json!(format!("Zoe {word}"))
    ));
    assert_eq!(page.eval("document.activeElement.id"), json!("new-phones-0"));
    assert_accessible(&mut page, "the warning");
    // Another number and name are somebody else.
    page.eval("document.querySelector('#new-phones-0').select(); 0");
    page.type_text("+4930");
    page.eval("document.querySelector('#new-name').focus(); document.querySelector('#new-name').select(); 0");
    page.type_text("Max Quite Different");
    page.wait("!document.querySelector('[data-test=likely]')");

    // The same while a card is edited; it does not warn of itself.
    let (single, _) = unique();
    let id = create(
        &mut page,
        &json!({ "name": format!("Zoe {single}"), "email": format!("zoe.{word}@example.com") }),
    );
    visit(&mut page, base, &format!("/?c={id}"));
    page.wait("document.querySelector('[data-test=card] footer')");
    page.press("e");
    page.wait("document.activeElement.matches('[data-test=\"field-name\"] input')");
    page.press("Tab");
    page.type_text(&word);
    page.wait(&format!("document.querySelector('[data-test=likely] a[href*=\"{one}\"]')"));
    assert_accessible(&mut page, "the warning in a card");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=asks]')");
    assert_accessible(&mut page, "the question whether to change a name");
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('[data-test=card] h1 button.value')?.innerText.includes({})",
        json!(word)
    ));
    page.assert_clean(base);
}

#[test]
fn every_group_has_an_address_and_every_width_does() {
    run_addresses(TestServer::demo(5).base_url());
}

pub(crate) fn run_addresses(base: &str) {
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let (other, other_number) = unique();
    twins(&mut page, &word, &number);
    twins(&mut page, &other, &other_number);
    page.wait("document.querySelector('a[href=\"/duplicates\"]')");
    page.click("a[href=\"/duplicates\"]");
    page.wait(&row(&word));
    page.wait(&row(&other));
    page.eval(&format!("{}.click()", row(&word)));
    page.wait("location.search.includes('group=')");
    page.eval(&format!("{}.click()", row(&other)));
    page.wait(&format!("{}.matches('[aria-current]')", row(&other)));
    page.eval("history.back()");
    page.wait(&format!("{}.matches('[aria-current]')", row(&word)));
    page.reload();
    page.wait(&format!("{}?.matches('[aria-current]')", row(&word)));
    page.click(".switch button:last-child");
    page.wait("location.search.includes('by=pairs')");
    page.wait("document.querySelector('[data-test=figures]')?.innerText.includes('pair')");
    page.wait("document.querySelector('[data-test=review]')");
    for scheme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", scheme);
        assert_accessible(&mut page, &format!("side by side, {scheme}"));
    }
    let fits = "[document.documentElement, ...document.querySelectorAll('.card, .list-pane, .bar')]
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.className || one.tagName)";
    page.resize(1920, 1000);
    assert_eq!(page.eval(fits), json!([]));
    page.resize(360, 720);
    page.wait(
        "!document.querySelector('[data-test=review]') || location.search.includes('group=')",
    );
    assert_eq!(page.eval(fits), json!([]));
    page.eval(&format!("{}.click()", row(&word)));
    page.wait("getComputedStyle(document.querySelector('.list-pane')).visibility === 'hidden'");
    page.wait("document.querySelector('[data-test=preview]')");
    assert_eq!(page.eval(fits), json!([]));
    assert_accessible(&mut page, "side by side, narrow");
    page.click(".review .back");
    page.wait("getComputedStyle(document.querySelector('.list-pane')).visibility === 'visible'");
    page.assert_clean(base);
}

#[test]
fn who_may_not_merge_is_not_offered_it() {
    let server = TestServer::start();
    server.user("jane@example.com", "agent", PASSWORD);
    let contact = json!({"name": "Zoe Known", "phone": "+12025550123"});
    let id = server.create_id(&contact);
    server.create_id(&contact);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, &format!("/?c={id}&tab=duplicates"));
    page.wait("document.activeElement.id === 'email'");
    page.type_text("jane@example.com");
    page.press("Tab");
    page.type_text(PASSWORD);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=card] footer') && document.querySelector('[data-test=user] button')");
    let offered = "document.querySelectorAll('a[href=\"/duplicates\"], [data-tab=duplicates], [data-test=card-duplicates]').length";
    assert_eq!(page.eval(offered), json!(0));
    page.press("m");
    page.press("?");
    page.wait("document.querySelector('dialog[open]')");
    assert_eq!(page.eval("location.pathname"), json!("/"));
    assert_eq!(
        page.eval("document.querySelector('dialog').innerText.includes('Duplicates')"),
        json!(false)
    );
    visit(&mut page, base, "/duplicates");
    page.wait("document.querySelector('[data-test=may-not]')");
    assert_eq!(page.eval("document.querySelectorAll('[data-test=group]').length"), json!(0));
    assert_accessible(&mut page, "who may not");
    // Who makes contacts is warned all the same.
    visit(&mut page, base, "/?new=1");
    page.wait("document.activeElement.id === 'new-name'");
    page.type_text("Zoe Known");
    page.press("Tab");
    page.type_text("+12025550123");
    page.wait("document.querySelector('[data-test=likely]')");
}

#[test]
fn merging_a_card_away_leads_to_the_contact_it_went_into() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let [one, other] = twins(&mut page, &word, &number);
    visit(&mut page, base, &format!("/?c={one}"));
    page.wait("document.activeElement.id === 'card-name'");
    page.press("m");
    page.wait("document.querySelector('[data-test=preview]')");
    // The other one stays, so the card that was open is gone.
    page.press("p");
    page.wait("document.querySelector('thead th:last-child [aria-pressed=true]')");
    page.press("Enter");
    page.wait_for_text("2 contacts are one now");
    page.wait(&format!("new URL(location).searchParams.get('c') === {}", json!(other)));
    page.wait("document.querySelector('[data-test=nothing]')?.innerText.includes('Nobody else looks like this person')");
    assert_eq!(page.eval("document.querySelectorAll('.trouble, .toast.bad').length"), json!(0));
    page.click("[data-test=nothing] .button");
    page.wait(&format!(
        "document.querySelector('[data-test=card]')?.dataset.id === {}",
        json!(other)
    ));

    // An address of the one that is gone leads there as well, and so does a change of it.
    visit(&mut page, base, &format!("/contacts/{one}"));
    page.wait(&format!(
        "document.querySelector('[data-test=card]')?.dataset.id === {}",
        json!(other)
    ));
    page.wait(&format!("new URL(location).searchParams.get('c') === {}", json!(other)));
    // Undo brings both back.
    let merges = api(&mut page, "GET", &format!("/api/v1/merges?contact={other}"), &Value::Null);
    let merge = merges["merges"][0]["id"].as_str().unwrap().to_owned();
    api(&mut page, "POST", &format!("/api/v1/merges/{merge}/undo"), &json!({}));
    visit(&mut page, base, &format!("/?c={one}"));
    page.wait(&format!(
        "document.querySelector('[data-test=card]')?.dataset.id === {}",
        json!(one)
    ));
    page.wait("document.querySelector('[data-test=\"field-title\"] button.value')");
    // Somebody else merges it while it is being edited.
    page.click("[data-test='field-title'] button.value");
    page.wait("document.activeElement.matches('[data-test=\"field-title\"] input')");
    api(&mut page, "POST", "/api/v1/contacts/merge", &json!({ "primary": other, "others": [one] }));
    page.type_text("Half");
    page.press("Enter");
    page.wait(&format!(
        "document.querySelector('[data-test=card]')?.dataset.id === {}",
        json!(other)
    ));
}

#[test]
fn a_merge_from_a_card_is_undone_where_it_went_to() {
    let server = TestServer::demo(5);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let [one, other] = twins(&mut page, &word, &number);
    visit(&mut page, base, &format!("/?c={one}"));
    page.wait("document.activeElement.id === 'card-name'");
    page.press("m");
    page.wait("document.querySelector('[data-test=preview]')");
    page.press("p");
    page.wait("document.querySelector('thead th:last-child [aria-pressed=true]')");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=nothing]')");
    page.wait_for_text("2 contacts are one now");
    page.press("Ctrl+z");
    page.wait("document.querySelector('[data-test=review]')");
    assert_eq!(status(&mut page, &one), json!(200));
    assert_eq!(status(&mut page, &other), json!(200));
}

#[test]
fn no_value_of_a_comparison_is_shown_as_code() {
    let server = TestServer::demo(50);
    let base = server.base_url();
    let Some(mut page) = open(base, "/") else { return };
    let (word, number) = unique();
    let ids = twins(&mut page, &word, &number);
    let call = json!({ "contact_id": ids[0], "number": number, "status": "COMPLETED" });
    api(&mut page, "POST", "/api/v1/calls", &call);
    go_to_group(&mut page, base, &word);
    let text = page.wait("document.querySelector('[data-test=compare]')?.innerText");
    let text = text.as_str().unwrap_or_default();
    assert!(text.contains(&word) && text.contains("CEO"), "{text}");
    assert!(!text.contains('{') && !text.contains("null"), "{text}");
    page.assert_clean(base);
}
