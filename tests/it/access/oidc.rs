//! Single sign-on against a provider that the test starts itself.

use ringdex::app::SignOnRules;
use ringdex::domain::time::Clock;
use ringdex::http::OidcOptions;
use serde_json::{Value, json};

use super::provider::{CLIENT, Provider, SECRET, base64, new_key, sign};
use super::{OTHER, PASSWORD};
use crate::support::server::{Answer, TestServer, escape};

const PUBLIC: &str = "http://127.0.0.1:7464";
const SESSION: &str = "ringdex-session";
const SIGN_ON: &str = "ringdex-sign-on";

fn server_of(provider: &Provider, rules: SignOnRules) -> TestServer {
    let issuer = provider.issuer();
    TestServer::with(move |options| {
        let made = OidcOptions::new(&issuer, CLIENT, Some(SECRET), PUBLIC, rules);
        options.oidc = Some(made.unwrap());
    })
}

/// A sign-on that waits for the provider.
struct Begun {
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').expect("a query").1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).expect(name).1.to_owned()
}

fn begin(server: &TestServer, return_to: &str) -> Begun {
    let path = format!("/api/v1/oidc/start?return_to={}", escape(return_to));
    let answer = server.without_token().get(&path).expect(303);
    let to = answer.header("location").unwrap();
    assert_eq!(parameter(to, "code_challenge_method"), "S256");
    assert_eq!(parameter(to, "response_type"), "code");
    assert_eq!(parameter(to, "client_id"), CLIENT);
    assert_eq!(parameter(to, "redirect_uri"), escape(&format!("{PUBLIC}/api/v1/oidc/callback")));
    let cookie = answer.cookie(SIGN_ON).unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    Begun {
        cookie: format!("{SIGN_ON}={}", cookie.split(';').next().unwrap()),
        state: parameter(to, "state"),
        nonce: parameter(to, "nonce"),
        challenge: parameter(to, "code_challenge"),
    }
}

fn finish(server: &TestServer, begun: &Begun, code: &str) -> Answer {
    let path = format!("/api/v1/oidc/callback?code={code}&state={}", begun.state);
    server.without_token().send("GET", &path, &[("cookie", &begun.cookie)], None).expect(303)
}

/// Where an answer leads that signs nobody in.
#[track_caller]
fn refused(answer: &Answer) -> &str {
    assert!(answer.cookie(SESSION).is_none(), "somebody is signed in: {:?}", answer.headers);
    answer.header("location").unwrap()
}

#[test]
fn a_user_is_known_by_the_verified_address_and_then_by_the_account() {
    let provider = Provider::start();
    let server = server_of(&provider, SignOnRules::default());
    let id = server.user("jane@example.com", "manager", PASSWORD);
    assert_eq!(server.get("/api/v1/setup").json["single_sign_on"], true);
    let begun = begin(&server, "/pop?number=%2B12025550123");
    let claims = provider.claims(&begun.nonce, "account-1", "Jane@example.com");
    let answer = finish(&server, &begun, &provider.code(&begun.challenge, &claims));
    assert_eq!(answer.header("location"), Some("/pop?number=%2B12025550123"));
    assert!(answer.cookie(SIGN_ON).unwrap().contains("Max-Age=0"));
    let cookie = answer.cookie(SESSION).unwrap();
    assert!(cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly"), "{cookie}");
    let jane = server.with_session(&answer);
    let me = jane.get("/api/v1/me/permissions").expect(200).json;
    assert_eq!((&me["user_id"], &me["role"]), (&json!(id), &json!("manager")));
    assert!(me["session"]["csrf_token"].is_string());
    let path = format!("/api/v1/users/{id}");
    let subject = format!("{} account-1", provider.issuer());
    assert_eq!(server.get(&path).json["subject"], json!(subject));

    // The account counts from now on, whatever address it has.
    let begun = begin(&server, "/");
    let mut claims = provider.claims(&begun.nonce, "account-1", "other@example.com");
    claims["email_verified"] = json!(false);
    let answer = finish(&server, &begun, &provider.code(&begun.challenge, &claims));
    assert_eq!(answer.header("location"), Some("/"));
    assert!(answer.cookie(SESSION).is_some());
    // And another account with her address is somebody else.
    let begun = begin(&server, "/");
    let claims = provider.claims(&begun.nonce, "account-2", "jane@example.com");
    let answer = finish(&server, &begun, &provider.code(&begun.challenge, &claims));
    assert_eq!(refused(&answer), "/sign-in?problem=unknown");

    // The provider takes a new key.
    provider.change_key();
    let begun = begin(&server, "/");
    let claims = provider.claims(&begun.nonce, "account-1", "jane@example.com");
    let answer = finish(&server, &begun, &provider.code(&begun.challenge, &claims));
    assert!(answer.cookie(SESSION).is_some(), "{:?}", answer.headers);

    server.user("ada@example.com", "admin", OTHER);
    server.patch(&path, &json!({"disabled": true})).expect(200);
    let begun = begin(&server, "/");
    let claims = provider.claims(&begun.nonce, "account-1", "jane@example.com");
    let answer = finish(&server, &begun, &provider.code(&begun.challenge, &claims));
    assert_eq!(refused(&answer), "/sign-in?problem=unknown");
}

#[test]
fn what_is_not_proved_is_not_believed() {
    let provider = Provider::start();
    let server = server_of(&provider, SignOnRules::default());
    server.user("jane@example.com", "agent", PASSWORD);
    let now = Clock::system().now().0 / 1_000;
    let cases: [(&str, Value, &str); 10] = [
        ("nonce", json!("another"), "provider"),
        ("nonce", Value::Null, "provider"),
        ("aud", json!("another client"), "provider"),
        ("aud", json!([CLIENT, "another client"]), "provider"),
        ("exp", json!(now - 600), "provider"),
        ("iss", json!("http://127.0.0.1:1"), "provider"),
        ("email_verified", json!(false), "email"),
        ("email_verified", Value::Null, "email"),
        ("email", Value::Null, "email"),
        ("email", json!("nobody@example.com"), "unknown"),
    ];
    for (claim, value, problem) in cases {
        let begun = begin(&server, "/");
        let mut claims = provider.claims(&begun.nonce, "account-1", "jane@example.com");
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(claim);
        } else {
            claims[claim] = value.clone();
        }
        let answer = finish(&server, &begun, &provider.code(&begun.challenge, &claims));
        assert_eq!(refused(&answer), format!("/sign-in?problem={problem}"), "{claim} {value}");
    }

    let forged = |header: &Value, by: &dyn Fn(&Value) -> String| {
        let begun = begin(&server, "/a b");
        let claims = provider.claims(&begun.nonce, "account-1", "jane@example.com");
        let code = provider.code_for(&begun.challenge, by(&claims));
        let answer = finish(&server, &begun, &code);
        assert_eq!(refused(&answer), "/sign-in?problem=provider", "{header}");
    };
    let stranger = new_key();
    for header in [
        json!({"alg": "EdDSA", "kid": "first"}),
        json!({"alg": "EdDSA"}),
        json!({"alg": "EdDSA", "kid": "unknown"}),
        json!({"alg": "HS256", "kid": "first"}),
    ] {
        forged(&header, &|claims| sign(&stranger, &header, claims));
    }
    let none = json!({"alg": "none"});
    forged(&none, &|claims| {
        format!(
            "{}.{}.",
            base64(none.to_string().as_bytes()),
            base64(claims.to_string().as_bytes())
        )
    });
    forged(&none, &|_| "nonsense".to_owned());
}

#[test]
fn an_answer_belongs_to_the_browser_and_the_moment() {
    let provider = Provider::start();
    let server = server_of(&provider, SignOnRules::default());
    server.user("jane@example.com", "agent", PASSWORD);
    let code_of = |begun: &Begun| {
        let claims = provider.claims(&begun.nonce, "account-1", "jane@example.com");
        provider.code(&begun.challenge, &claims)
    };
    let (mine, theirs) = (begin(&server, "/"), begin(&server, "/"));
    assert_ne!((&mine.state, &mine.nonce), (&theirs.state, &theirs.nonce));
    let code = code_of(&mine);
    for (cookie, state) in [
        (mine.cookie.as_str(), theirs.state.as_str()),
        (theirs.cookie.as_str(), mine.state.as_str()),
        (mine.cookie.as_str(), ""),
        ("x=y", mine.state.as_str()),
        (&mine.cookie[..mine.cookie.len() - 1], mine.state.as_str()),
    ] {
        let path = format!("/api/v1/oidc/callback?code={code}&state={state}");
        let answer = server.without_token().send("GET", &path, &[("cookie", cookie)], None);
        assert_eq!(refused(&answer.expect(303)), "/sign-in?problem=expired");
    }
    // Somebody else's code in one's own sign-on: the proof of the code does not fit.
    let answer = finish(&server, &theirs, &code);
    assert_eq!(refused(&answer), "/sign-in?problem=provider");
    let code = code_of(&mine);
    assert!(finish(&server, &mine, &code).cookie(SESSION).is_some());
    assert_eq!(refused(&finish(&server, &mine, &code)), "/sign-in?problem=expired");
    let fresh = begin(&server, "/");
    assert_eq!(refused(&finish(&server, &fresh, &code)), "/sign-in?problem=provider");

    let begun = begin(&server, "/contacts?q=a");
    let path = format!("/api/v1/oidc/callback?error=access_denied&state={}", begun.state);
    let answer = server.without_token().send("GET", &path, &[("cookie", &begun.cookie)], None);
    let to = "/sign-in?problem=refused&return_to=%2Fcontacts%3Fq%3Da";
    assert_eq!(refused(&answer.expect(303)), to);
    for foreign in ["https://evil.example", "//evil.example", "/\\evil.example", "/api/v1/users"] {
        let begun = begin(&server, foreign);
        let answer = finish(&server, &begun, &code_of(&begun));
        assert_eq!(answer.header("location"), Some("/"), "{foreign}");
    }
}

#[test]
fn strangers_become_agents_only_if_that_is_wanted() {
    let provider = Provider::start();
    let rules = SignOnRules { organization: Some("second".to_owned()), creates_users: true };
    let server = server_of(&provider, rules);
    let second = server.organization("second");
    server.user("elsewhere@example.com", "agent", PASSWORD);
    let sign_on = |subject: &str, email: &str, verified: bool| {
        let begun = begin(&server, "/");
        let mut claims = provider.claims(&begun.nonce, subject, email);
        claims["email_verified"] = json!(verified);
        finish(&server, &begun, &provider.code(&begun.challenge, &claims))
    };
    let answer = sign_on("account-9", "new@example.com", true);
    let me = server.with_session(&answer).get("/api/v1/me/permissions").expect(200).json;
    assert_eq!((&me["role"], &me["organization"]), (&json!("agent"), &json!("second")));
    assert_eq!(me["user_name"], "Jane Doe");
    assert_eq!(second.get("/api/v1/users").json["total"], 1);
    assert!(sign_on("account-9", "new@example.com", true).cookie(SESSION).is_some());
    assert_eq!(second.get("/api/v1/users").json["total"], 1);
    assert_eq!(refused(&sign_on("a-10", "more@example.com", false)), "/sign-in?problem=email");
    // Somebody of another organisation is not let in, and not taken over.
    let answer = sign_on("a-11", "elsewhere@example.com", true);
    assert_eq!(refused(&answer), "/sign-in?problem=unknown");
}

#[test]
fn the_server_does_not_need_the_provider() {
    let gone = Provider::start();
    let server = server_of(&gone, SignOnRules::default());
    drop(gone);
    let answer = server.without_token().get("/api/v1/oidc/start?return_to=%2Fpop").expect(303);
    assert_eq!(refused(&answer), "/sign-in?problem=provider&return_to=%2Fpop");
    server.get("/api/v1/contacts").expect(200);
    let plain = TestServer::start();
    for path in ["/api/v1/oidc/start", "/api/v1/oidc/callback"] {
        assert_eq!(plain.without_token().get(path).expect(404).code(), "not_found");
    }
    assert_eq!(plain.get("/api/v1/setup").json["single_sign_on"], false);
}
