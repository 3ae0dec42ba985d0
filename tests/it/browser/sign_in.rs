//! Signing in, the first user, what somebody may do, and a session that ends at work.

use ringdex::app::SignOnRules;
use ringdex::http::OidcOptions;
use serde_json::json;

use super::access::assert_accessible;
use super::cdp::Page;
use super::{unique, visit};
use crate::support::server::{OPERATOR, TestServer};

pub(super) const PASSWORD: &str = "correct horse battery";
pub(super) const EMAIL: &str = "jane@example.com";

/// Types into the input of a form.
fn fill(page: &mut Page, id: &str, text: &str) {
    page.click(&format!("#{id}"));
    page.eval(&format!("document.getElementById('{id}').select(); 0"));
    page.type_text(text);
}

pub(super) fn sign_in(page: &mut Page) {
    page.wait("document.activeElement.id === 'email'");
    page.type_text(EMAIL);
    page.press("Tab");
    page.type_text(PASSWORD);
    page.press("Enter");
    page.wait(
        "document.querySelector('#search') && !document.querySelector('[data-test=sign-in]')",
    );
    page.wait("document.querySelector('[data-test=user] button')");
}

/// Fails on anything sideways that does not fit.
fn assert_fits(page: &mut Page, what: &str) {
    let wide = page.eval("document.documentElement.scrollWidth > innerWidth + 1");
    assert_eq!(wide, json!(false), "{what} scrolls sideways");
}

#[test]
fn signing_in_never_leads_to_another_server() {
    let server = TestServer::start();
    server.user(EMAIL, "agent", PASSWORD);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/sign-in?return_to=%2F..%2F%2Fevil.example");
    page.wait("document.activeElement.id === 'email'");
    page.type_text(EMAIL);
    page.press("Tab");
    page.type_text(PASSWORD);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=user]')");
    assert_eq!(page.eval("location.href"), json!(format!("{base}/")));
}

#[test]
fn somebody_signs_in_with_the_keyboard_and_out_again() {
    let server = TestServer::start();
    server.user(EMAIL, "agent", PASSWORD);
    server.create(&json!({"name": "Zoe Known", "phone": "+12025550123"}));
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/sign-in?return_to=%2F%3Fq%3Dzoe");
    page.wait("document.activeElement.id === 'email'");
    for scheme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", scheme);
        assert_accessible(&mut page, &format!("signing in, {scheme}"));
    }
    for width in [360, 1920] {
        page.resize(width, 720);
        assert_fits(&mut page, "signing in");
    }
    page.type_text(EMAIL);
    page.press("Tab");
    page.type_text("wrong");
    page.press("Enter");
    page.wait(
        "document.querySelector('[data-test=sign-in] [role=alert]')?.innerText.includes('address or the password')",
    );
    assert_accessible(&mut page, "a refusal");
    fill(&mut page, "password", PASSWORD);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=hit]')");
    assert_eq!(page.eval("location.pathname + location.search"), json!("/?q=zoe"));
    // Scripts cannot read the cookie.
    assert_eq!(page.eval("document.cookie"), json!(""));

    page.click("[data-test=user] button");
    page.wait("!document.querySelector('#user-menu').hidden");
    let menu = page.eval("document.querySelector('#user-menu').innerText");
    let menu = menu.as_str().unwrap_or_default();
    for part in ["Agent", "Change password", "Sign out everywhere"] {
        assert!(menu.contains(part), "the menu says {menu:?}");
    }
    for scheme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", scheme);
        assert_accessible(&mut page, &format!("the menu, {scheme}"));
    }
    page.resize(360, 720);
    assert_fits(&mut page, "the menu");
    page.resize(1280, 800);
    page.press("Escape");
    page.wait("document.querySelector('#user-menu').hidden && document.activeElement.closest('[data-test=user]')");

    // A contact is made with the session, and a new password asks to sign in anew.
    page.press("n");
    page.wait("document.activeElement.id === 'new-name'");
    page.type_text("Made By Jane");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=card] h1')?.innerText.includes('Made By Jane')");
    page.click("[data-test=user] button");
    page.click("#user-menu button:nth-of-type(1)");
    page.wait("document.querySelector('dialog[open] #present')");
    assert_accessible(&mut page, "changing the password");
    fill(&mut page, "present", PASSWORD);
    fill(&mut page, "wanted", "short");
    page.press("Enter");
    page.wait("document.querySelector('#wanted-about')?.innerText.includes('at least 10')");
    assert!(page.eval("!document.querySelector('[data-test=sign-in]')").as_bool().unwrap());
    fill(&mut page, "wanted", "staple of the stable");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=sign-in] [role=status]')?.innerText.includes('password is changed')");
    page.wait("document.activeElement.id === 'email'");
    page.type_text(EMAIL);
    page.press("Tab");
    page.type_text("staple of the stable");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=user] button')");
    page.click("[data-test=user] button");
    page.click("#user-menu button:nth-of-type(2)");
    page.wait("document.querySelector('[data-test=sign-in] [role=status]')?.innerText.includes('signed out')");
    server.sign_in(EMAIL, "staple of the stable");
}

#[test]
fn a_locked_name_is_told_how_long() {
    let server = TestServer::start();
    let Some(mut page) = Page::open() else { return };
    for _ in 0..5 {
        server.try_sign_in(EMAIL, "wrong").expect(401);
    }
    visit(&mut page, server.base_url(), "/sign-in");
    page.wait("document.activeElement.id === 'email'");
    page.type_text(EMAIL);
    page.press("Tab");
    page.type_text(PASSWORD);
    page.press("Enter");
    page.wait(
        "document.querySelector('[data-test=sign-in] [role=alert]')?.innerText.includes('Try again in 15 minutes')",
    );
}

#[test]
fn the_first_user_is_made_on_the_page() {
    let server = TestServer::start();
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/sign-in");
    page.wait("document.querySelector('a[href=\"/setup\"]')");
    page.go(&format!("{base}/setup"));
    page.wait("document.activeElement.id === 'token'");
    for scheme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", scheme);
        assert_accessible(&mut page, &format!("setting up, {scheme}"));
    }
    page.resize(360, 640);
    assert_fits(&mut page, "setting up");
    fill(&mut page, "token", "wrong");
    fill(&mut page, "name", "Ada First");
    fill(&mut page, "email", "ada@example.com");
    fill(&mut page, "password", "short");
    page.press("Enter");
    page.wait("document.querySelector('#token-about')?.innerText.includes('not the admin token')");
    // What the browser knows is proposed; the organisation says what holds.
    let proposed =
        page.eval("['default_country', 'language'].map((id) => document.getElementById(id).value)");
    assert_eq!(proposed, json!(["US", "en"]));
    for (id, value) in
        [("default_country", "DE"), ("timezone", "Europe/Berlin"), ("language", "de")]
    {
        page.eval(&format!("document.getElementById('{id}').value = '{value}'; 0"));
    }
    fill(&mut page, "token", OPERATOR);
    page.press("Enter");
    page.wait("document.querySelector('#password-about')?.innerText.includes('at least 10')");
    assert_eq!(page.eval("document.getElementById('default_country').value"), json!("DE"));
    fill(&mut page, "password", PASSWORD);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=user]')?.innerText.includes('Ada First') || document.querySelector('[data-test=user] button')?.title === 'Ada First'");
    // What comes first is a list, in every form that is read.
    let said = page.wait("document.querySelector('[data-test=first-import]') && document.querySelector('[data-test=first-run]').innerText");
    let said = said.as_str().unwrap_or_default();
    assert!(["CSV", "Excel", "vCard"].iter().all(|form| said.contains(form)), "{said}");
    let settings = server.get("/api/v1/settings").expect(200).json["settings"].clone();
    for (name, value) in
        [("default_country", "DE"), ("timezone", "Europe/Berlin"), ("language", "de")]
    {
        assert_eq!(settings[name], value, "{name}");
    }
    // A national number is one of that country, and dates are written in that language.
    let id = server
        .create_id(&json!({"name": "Eva Neu", "phone": "030 901820", "birthday": "1990-03-09"}));
    visit(&mut page, base, &format!("/?c={id}"));
    page.wait_for_text("9. März 1990");
    let saved = server.get(&format!("/api/v1/contacts/{id}")).expect(200).json;
    assert_eq!(saved["phones"][0]["number"], "+4930901820");
    page.go(&format!("{base}/setup"));
    page.wait_for_text("Dieser Server hat schon Benutzer");
}

#[test]
fn nothing_is_offered_that_is_not_allowed() {
    let server = TestServer::start();
    server.user(EMAIL, "agent", PASSWORD);
    let settings = json!({"permissions": {"preset": "s1-strict"},
        "field_visibility": {"phones": {"agent": "masked"}, "emails": {"agent": "masked"}}});
    server.patch("/api/v1/settings", &settings).expect(200);
    let (word, number) = unique();
    let body = json!({"name": format!("Zoe {word}"), "phone": number, "email": "zoe@example.com"});
    let id = server.create_id(&body);
    server.search(&word, "&refresh=wait");
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, &format!("/?q={word}&c={id}"));
    sign_in(&mut page);
    page.wait("document.querySelector('[data-test=card] footer')");
    page.wait("document.querySelector('.reach')?.innerText.includes('hidden in part')");
    let shown = page.eval("document.querySelector('[data-test=card]').innerText");
    assert!(shown.as_str().unwrap().contains('•'), "{shown}");
    let offered = page.eval(
        "[...document.querySelectorAll('[href^=\"tel:\"], [href^=\"mailto:\"], .actions button, button.value, .tag.add, .add-field, [title^=\"New contact\"]')].map((one) => one.outerHTML)",
    );
    assert_eq!(offered, json!([]));
    for key in ["n", "e", "t", "a"] {
        page.press(key);
    }
    page.press("c");
    page.wait_for_text("You do not see the whole number");
    assert_eq!(
        page.eval("document.querySelectorAll('.editor, [data-test=create-form]').length"),
        json!(0)
    );
    assert_accessible(&mut page, "a card to look at");
}

#[test]
fn a_session_that_ends_at_work_loses_no_draft() {
    let server = TestServer::start();
    server.user(EMAIL, "agent", PASSWORD);
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/?new=1");
    sign_in(&mut page);
    page.wait("document.querySelector('#new-name')");
    fill(&mut page, "new-name", "Typed Before");
    server.sign_in(EMAIL, PASSWORD).delete("/api/v1/sessions").expect(204);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=sign-in] [role=status]')?.innerText.includes('session has ended') || document.querySelector('[data-test=sign-in]')?.innerText.includes('session has ended')");
    page.press("Escape");
    assert_accessible(&mut page, "signing in again");
    sign_in(&mut page);
    assert_eq!(page.eval("document.querySelector('#new-name').value"), json!("Typed Before"));
    page.eval("document.querySelector('#new-name').focus(); 0");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=card] h1')?.innerText.includes('Typed Before')");
    assert_eq!(server.search("typed before", "&refresh=wait").json["total"], 1);
}

#[test]
fn a_token_still_does_for_this_tab() {
    let server = TestServer::start();
    server.create(&json!({"name": "Zoe Known"}));
    let base = server.base_url();
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, base, "/");
    page.wait("document.activeElement.id === 'email'");
    page.click(".sheet > .link");
    page.wait("document.activeElement.id === 'token'");
    page.type_text("wrong");
    page.press("Enter");
    page.wait("document.querySelector('[data-test=sign-in] [role=alert]')?.innerText.includes('not valid')");
    assert_accessible(&mut page, "a token");
    fill(&mut page, "token", OPERATOR);
    page.press("Enter");
    page.wait("document.querySelector('[data-test=hit]') && !document.querySelector('[data-test=sign-in]')");
    page.reload();
    page.wait("document.querySelector('[data-test=hit]')");
}

#[test]
fn single_sign_on_is_offered_where_it_is_set_up() {
    let server = TestServer::with(|options| {
        // Nobody answers there.
        let rules = SignOnRules::default();
        let made =
            OidcOptions::new("http://127.0.0.1:9", "ringdex", None, "https://a.example", rules);
        options.oidc = Some(made.unwrap());
    });
    let Some(mut page) = Page::open() else { return };
    visit(&mut page, server.base_url(), "/pop?number=%2B12025550123");
    page.wait("document.querySelector('a[href^=\"/api/v1/oidc/start\"]')");
    assert_accessible(&mut page, "signing in with single sign-on");
    page.click("a[href^=\"/api/v1/oidc/start\"]");
    page.wait("document.querySelector('[data-test=sign-in] [role=status]')?.innerText.includes('does not work at the moment')");
    let there = page.eval("location.pathname + location.search");
    let wanted = "/sign-in?problem=provider&return_to=%2Fpop%3Fnumber%3D%252B12025550123";
    assert_eq!(there, json!(wanted));
}
