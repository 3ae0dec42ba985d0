//! LDAP: what desk phones and address books search.

#![expect(clippy::wildcard_enum_match_arm, reason = "of many messages a few are waited for")]

use std::process::Command;
use std::time::Duration;

use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapAddRequest, LdapBindCred, LdapBindRequest, LdapCompareRequest, LdapExtendedRequest,
    LdapModifyDNRequest, LdapModifyRequest, LdapOp, LdapResultCode as Code, LdapSearchScope,
    SaslCredentials,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ringdex::domain::access::Caller;
use ringdex::domain::ids::OrgNumber;
use ringdex::http::Rate;
use serde_json::json;

use super::bearer;
use super::ldap_client::{Phone, search, value};
use crate::edge::tls::{Files, make};
use crate::support::server::{Client, OPERATOR, TestServer};

fn start() -> TestServer {
    TestServer::with(|options| options.ldap_listen = Some(([127, 0, 0, 1], 0).into()))
}

fn world() -> (TestServer, Client) {
    let server = start();
    let token = fill(&server);
    (server, token)
}

fn fill(server: &TestServer) -> Client {
    server.create(&json!({"first_name": "Zoë", "last_name": "Müller-Doe", "company": "Acme Inc",
        "department": "Sales", "title": "CFO", "email": "zoe@example.com", "phones": [
        {"number": "+4930123456", "label": "work"}, {"number": "+491701234567", "label": "mobile"}]}));
    server.create(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    server.create(&json!({"name": "John Adams", "phone": "+12025550124"}));
    server.create(&json!({"company": "Nowhere Ltd", "phone": "+12025550199"}));
    server.search("", "&refresh=wait");
    bearer(server, &json!({"role": "lookup"}))
}

fn phone_of(server: &TestServer, token: &Client) -> Phone {
    Phone::bound(server.devices().ldap.unwrap(), token.token())
}

#[test]
fn phones_find_people_by_name_and_number_as_they_ask() {
    let (server, token) = world();
    let mut phone = phone_of(&server, &token);
    for (filter, names) in [
        // Yealink, Snom, Grandstream.
        ("(|(cn=*doe*)(telephoneNumber=*doe*))", vec!["Jane Doe", "Zoë Müller-Doe"]),
        ("(|(cn=doe*)(sn=doe*))", vec!["Jane Doe", "Zoë Müller-Doe"]),
        ("(telephoneNumber=*5550123*)", vec!["Jane Doe"]),
        (
            "(|(telephoneNumber=*0123*)(mobile=*0123*)(ipPhone=*0123*))",
            vec!["Jane Doe", "Zoë Müller-Doe"],
        ),
        ("(|(telephoneNumber=+12025550124)(mobile=+12025550124))", vec!["John Adams"]),
        ("(&(telephoneNumber=*)(sn=adams*))", vec!["John Adams"]),
        ("(cn=muller*)", vec!["Zoë Müller-Doe"]),
        ("(cn=*ulle*)", vec!["Zoë Müller-Doe"]),
        ("(gn=Zoe)", vec!["Zoë Müller-Doe"]),
        ("(&(objectClass=inetOrgPerson)(o=*acme*)(!(cn=jane*)))", vec!["Zoë Müller-Doe"]),
        ("(mail=zoe@example.com)", vec!["Zoë Müller-Doe"]),
        ("(&(title=*)(ou=sales))", vec!["Zoë Müller-Doe"]),
        ("(objectClass=groupOfNames)", vec![]),
        ("(!(shoeSize=44))", vec![]),
        ("(cn=nobody*)", vec![]),
        // Where nobody is called so, who may be meant, as the search of the page has it.
        ("(|(cn=*jonh*)(telephoneNumber=*jonh*))", vec!["Jane Doe", "John Adams"]),
        ("(sn=mueler*)", vec!["Zoë Müller-Doe"]),
        ("(&(sn=mueler*)(o=acme))", vec![]),
        ("(objectClass=*)", vec!["Jane Doe", "John Adams", "Nowhere Ltd", "Zoë Müller-Doe"]),
    ] {
        assert_eq!(phone.names(filter), names, "{filter}");
    }
    let found = phone.search(search("ou=contacts,dc=default", "(mobile=*1701234567*)"));
    let entry = &found.entries[0];
    for (name, expected) in [
        ("cn", "Zoë Müller-Doe"),
        ("sn", "Müller-Doe"),
        ("givenName", "Zoë"),
        ("o", "Acme Inc"),
        ("ou", "Sales"),
        ("title", "CFO"),
        ("mail", "zoe@example.com"),
        ("telephoneNumber", "+4930123456"),
        ("mobile", "+491701234567"),
    ] {
        assert_eq!(value(entry, name).as_deref(), Some(expected), "{name}");
    }
    let mut asked = search("dc=default", "(cn=jane*)");
    asked.attrs = vec!["gn".to_owned(), "TelephoneNumber".to_owned()];
    let some = phone.search(asked.clone());
    let names: Vec<&str> = some.entries[0].attributes.iter().map(|a| a.atype.as_str()).collect();
    assert_eq!(names, ["gn", "TelephoneNumber"]);
    asked.typesonly = true;
    assert!(phone.search(asked).entries[0].attributes.iter().all(|a| a.vals.is_empty()));
    phone.send(LdapOp::UnbindRequest, Vec::new());
    assert!(phone.receive().is_none());
}

#[test]
fn entries_stand_in_a_tree_that_can_be_walked() {
    use LdapSearchScope::{Base, OneLevel, Subtree};
    let (server, token) = world();
    let mut phone = Phone::connect(server.devices().ldap.unwrap());
    let walk = |phone: &mut Phone, base: &str, scope, filter: &str| {
        let mut asked = search(base, filter);
        asked.scope = scope;
        phone.search(asked)
    };
    // Before somebody has said who it is the server says what it speaks, and nothing of anybody.
    let root = walk(&mut phone, "", Base, "(objectClass=*)");
    assert_eq!(root.values("supportedLDAPVersion"), ["3"]);
    assert!(root.values("namingContexts").is_empty());
    let refused = walk(&mut phone, "dc=default", Subtree, "(objectClass=*)");
    assert_eq!((refused.done.code, refused.entries.len()), (Code::InsufficentAccessRights, 0));
    assert_eq!(phone.bind("cn=x", token.token()).code, Code::Success);
    assert_eq!(
        walk(&mut phone, "", Base, "(objectClass=*)").values("namingContexts"),
        ["dc=default"]
    );
    let dn = |found: &super::ldap_client::Found| {
        found.entries.iter().map(|entry| entry.dn.clone()).collect::<Vec<_>>()
    };
    assert_eq!(dn(&walk(&mut phone, "", OneLevel, "(objectClass=*)")), ["dc=default"]);
    let below = walk(&mut phone, "DC=default", OneLevel, "(objectClass=*)");
    assert_eq!(dn(&below), ["ou=contacts,dc=default"]);
    let below = walk(&mut phone, "ou=contacts, dc=Default", OneLevel, "(cn=jane*)");
    let [jane] = dn(&below).try_into().unwrap();
    assert!(jane.starts_with("uid=") && jane.ends_with(",ou=contacts,dc=default"), "{jane}");
    assert_eq!(walk(&mut phone, &jane, Base, "(objectClass=*)").values("cn"), ["Jane Doe"]);
    assert_eq!(walk(&mut phone, &jane, Base, "(cn=jane*)").values("cn"), ["Jane Doe"]);
    assert!(walk(&mut phone, &jane, Base, "(cn=john*)").entries.is_empty());
    assert!(walk(&mut phone, &jane, OneLevel, "(objectClass=*)").entries.is_empty());
    let id = jane.split([',', '=']).nth(1).unwrap();
    assert_eq!(phone.names(&format!("(&(objectClass=person)(uid={id}))")), ["Jane Doe"]);
    for base in
        ["dc=other", "cn=x", "uid=00000000-0000-7000-8000-000000000000,ou=contacts,dc=default"]
    {
        let nothing = walk(&mut phone, base, Base, "(objectClass=*)");
        assert_eq!(nothing.done.code, Code::NoSuchObject, "{base}");
    }
}

#[test]
fn long_answers_end_at_the_limit_or_come_in_pages() {
    let (server, token) = world();
    let mut phone = phone_of(&server, &token);
    let mut asked = search("", "(telephoneNumber=*)");
    asked.sizelimit = 3;
    let some = phone.search(asked.clone());
    assert_eq!((some.done.code, some.entries.len()), (Code::SizeLimitExceeded, 3));
    asked.sizelimit = 4;
    let all = phone.search(asked.clone());
    assert_eq!((all.done.code, all.entries.len()), (Code::Success, 4));
    asked.sizelimit = 0;
    let (mut names, mut cookie, mut pages) = (Vec::new(), Vec::new(), 0);
    loop {
        let page = LdapControl::SimplePagedResults { size: 3, cookie };
        let found = phone.search_with(asked.clone(), vec![page]);
        assert_eq!(found.done.code, Code::Success);
        names.extend(found.values("cn"));
        pages += 1;
        cookie = found.cookie.unwrap();
        if cookie.is_empty() {
            break;
        }
    }
    assert_eq!((names.len(), pages), (4, 2));
    names.dedup();
    assert_eq!(names.len(), 4);
    let made_up = LdapControl::SimplePagedResults { size: 3, cookie: b"made up".to_vec() };
    let refused = phone.search_with(asked.clone(), vec![made_up]);
    assert_eq!(refused.done.code, Code::UnwillingToPerform);
    let unknown = LdapControl::Unknown { oid: "1.2.3".to_owned(), criticality: true, value: None };
    let refused = phone.search_with(asked, vec![unknown]);
    assert_eq!(refused.done.code, Code::UnavailableCriticalExtension);
}

#[test]
fn nothing_can_be_changed_by_it() {
    let (server, token) = world();
    let mut phone = phone_of(&server, &token);
    let dn = "uid=x,ou=contacts,dc=default".to_owned();
    let code = |op: LdapOp| match op {
        LdapOp::AddResponse(done)
        | LdapOp::ModifyResponse(done)
        | LdapOp::DelResponse(done)
        | LdapOp::ModifyDNResponse(done)
        | LdapOp::CompareResult(done) => done.code,
        other => panic!("{other:?}"),
    };
    for op in [
        LdapOp::AddRequest(LdapAddRequest { dn: dn.clone(), attributes: Vec::new() }),
        LdapOp::ModifyRequest(LdapModifyRequest { dn: dn.clone(), changes: Vec::new() }),
        LdapOp::DelRequest(dn.clone()),
        LdapOp::ModifyDNRequest(LdapModifyDNRequest {
            dn: dn.clone(),
            newrdn: "uid=y".to_owned(),
            deleteoldrdn: true,
            new_superior: None,
        }),
        LdapOp::CompareRequest(LdapCompareRequest {
            dn,
            atype: "cn".to_owned(),
            val: b"x".to_vec(),
        }),
    ] {
        assert_eq!(code(phone.ask(op)), Code::UnwillingToPerform);
    }
    // The connection goes on.
    assert_eq!(phone.names("(cn=jane*)"), ["Jane Doe"]);
    let who = LdapExtendedRequest { name: "1.3.6.1.4.1.4203.1.11.3".to_owned(), value: None };
    let LdapOp::ExtendedResponse(who) = phone.ask(LdapOp::ExtendedRequest(who)) else { panic!() };
    assert!(who.value.unwrap().starts_with(b"u:token:"));
    let tls = LdapExtendedRequest { name: "1.3.6.1.4.1.1466.20037".to_owned(), value: None };
    let LdapOp::ExtendedResponse(tls) = phone.ask(LdapOp::ExtendedRequest(tls)) else { panic!() };
    assert_eq!(tls.res.code, Code::ProtocolError);
}

#[test]
fn only_tokens_are_let_in_and_each_sees_its_own() {
    let (server, token) = world();
    let address = server.devices().ldap.unwrap();
    let calls = bearer(&server, &json!({"role": "machine", "scopes": ["calls"]}));
    let other = bearer(&server.organization("Second & Söhne"), &json!({"role": "lookup"}));
    let mut phone = Phone::connect(address);
    for (dn, password, code) in [
        ("", "", Code::Success),
        ("cn=x", "", Code::UnwillingToPerform),
        ("cn=x", "wrong", Code::InvalidCredentials),
        ("whatever", token.token(), Code::Success),
    ] {
        assert_eq!(phone.bind(dn, password).code, code, "{dn} {password}");
    }
    let cred = LdapBindCred::SASL(SaslCredentials {
        mechanism: "PLAIN".to_owned(),
        credentials: b"x".to_vec(),
    });
    let sasl = LdapBindRequest { version: 3, dn: String::new(), cred };
    let old = LdapBindRequest {
        version: 2,
        dn: String::new(),
        cred: LdapBindCred::Simple("x".to_owned()),
    };
    let mut strange = Phone::connect(address);
    for (bind, code) in [(sasl, Code::AuthMethodNotSupported), (old, Code::ProtocolError)] {
        let LdapOp::BindResponse(answer) = strange.ask(LdapOp::BindRequest(bind)) else { panic!() };
        assert_eq!(answer.res.code, code);
    }
    // A bind that fails undoes the one before.
    assert_eq!(phone.bind("cn=x", "wrong").code, Code::InvalidCredentials);
    let refused = phone.search(search("", "(cn=*)"));
    assert_eq!(refused.done.code, Code::InsufficentAccessRights);
    let mut pbx = Phone::bound(address, calls.token());
    let refused = pbx.search(search("", "(cn=*)"));
    assert_eq!((refused.done.code, refused.entries.len()), (Code::InsufficentAccessRights, 0));
    let mut foreign = Phone::bound(address, other.token());
    assert!(foreign.names("(cn=*)").is_empty());
    let jane = server.search("jane", "").json["contacts"][0]["id"].as_str().unwrap().to_owned();
    assert!(foreign.names(&format!("(uid={jane})")).is_empty());
    let refused = foreign.search(search("dc=default", "(cn=*)"));
    assert_eq!(refused.done.code, Code::NoSuchObject);
    assert_eq!(
        foreign.search(search("ou=contacts,dc=second-sohne", "(cn=*)")).done.code,
        Code::Success
    );
    // Digits that somebody may not see are neither shown nor found.
    let settings = json!({"field_visibility": {"phones": {"lookup": "masked"}}});
    assert_eq!(server.patch("/api/v1/settings", &settings).status, 200);
    let mut masked = Phone::bound(address, token.token());
    assert!(masked.names("(telephoneNumber=*5550123*)").is_empty());
    let found = masked.search(search("", "(cn=jane*)"));
    assert_eq!(found.values("cn"), ["Jane Doe"]);
    assert!(found.values("telephoneNumber").is_empty());
    // A token that is revoked ends at once, also on connections that are open.
    let tokens = server.get("/api/v1/tokens").expect(200).json;
    for known in tokens["tokens"].as_array().unwrap().iter().filter(|t| t["role"] == "lookup") {
        server.delete(&format!("/api/v1/tokens/{}", known["id"].as_str().unwrap())).expect(204);
    }
    assert_eq!(masked.search(search("", "(cn=*)")).done.code, Code::InvalidCredentials);
}

#[test]
fn who_does_not_say_who_it_is_is_answered_where_that_is_wanted() {
    let server = start();
    server.create(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    server.search("", "&refresh=wait");
    let mut phone = Phone::connect(server.devices().ldap.unwrap());
    // Whoever begins so reads what the server is, and nothing of anybody.
    assert_eq!(phone.bind("", "").code, Code::Success);
    let mut root = search("", "(objectClass=*)");
    root.scope = LdapSearchScope::Base;
    let root = phone.search(root);
    assert_eq!(root.values("supportedLDAPVersion"), ["3"]);
    assert!(root.values("namingContexts").is_empty());
    let refused = phone.search(search("", "(cn=*)"));
    assert_eq!((refused.done.code, refused.entries.len()), (Code::InsufficentAccessRights, 0));
    drop((phone, server));
    // The operator's token stands for any here; it is known before the server starts.
    let server = TestServer::with(|options| {
        options.ldap_listen = Some(([127, 0, 0, 1], 0).into());
        options.ldap_anonymous = Some(OPERATOR.to_owned());
    });
    server.create(&json!({"name": "Jane Doe", "phone": "+12025550123"}));
    server.search("", "&refresh=wait");
    let mut phone = Phone::connect(server.devices().ldap.unwrap());
    assert_eq!(phone.names("(cn=*)"), ["Jane Doe"]);
    assert_eq!(phone.bind("", "").code, Code::Success);
    assert_eq!(phone.names("(telephoneNumber=*0123)"), ["Jane Doe"]);
}

#[test]
fn silent_strange_and_greedy_clients_are_let_go() {
    let server = TestServer::with(|options| {
        options.ldap_listen = Some(([127, 0, 0, 1], 0).into());
        options.head_patience = Duration::from_millis(200);
        options.failure_rate = Rate::new(3, Duration::from_secs(3_600));
    });
    let token = bearer(&server, &json!({"role": "lookup"}));
    let address = server.devices().ldap.unwrap();
    let ends = |bytes: &[u8]| {
        let mut phone = Phone::connect(address);
        phone.send_bytes(bytes);
        while let Some(message) = phone.receive() {
            let LdapOp::ExtendedResponse(notice) = message.op else { panic!() };
            assert_eq!(notice.name.as_deref(), Some("1.3.6.1.4.1.1466.20036"));
        }
    };
    // Nothing, HTTP, half a message, a length without end, and depth without end.
    ends(b"");
    ends(b"GET / HTTP/1.1\r\n\r\n");
    ends(&[0x30, 0x0c, 0x02]);
    ends(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02]);
    ends(&[0x30, 0x80].repeat(40_000));
    ends(&vec![0x30; 200_000]);
    // Not not not ... of something, as deep as fits into a message.
    let long = |bytes: &[u8]| {
        let [.., high, low] = u64::try_from(bytes.len()).unwrap().to_be_bytes();
        [&[0x82, high, low][..], bytes].concat()
    };
    let mut filter = b"\x87\x02cn".to_vec();
    for _ in 0..5_000 {
        filter = [&[0xa2][..], &long(&filter)].concat();
    }
    let head = b"\x04\x00\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00";
    let asked = [&head[..], &filter, b"\x30\x00"].concat();
    let message = [&b"\x02\x01\x01\x63"[..], &long(&asked)].concat();
    ends(&[&[0x30][..], &long(&message)].concat());
    // Guessing ends soon, also for tokens that are right.
    let mut guesser = Phone::connect(address);
    for _ in 0..3 {
        assert_eq!(guesser.bind("cn=x", "wrong").code, Code::InvalidCredentials);
    }
    assert_eq!(guesser.bind("cn=x", "wrong").code, Code::Busy);
    assert_eq!(guesser.bind("cn=x", token.token()).code, Code::Busy);
    assert!(guesser.receive().is_none());
    // Whoever is bound may be silent for longer.
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn whatever_bytes_come_the_server_goes_on() {
    let (server, token) = world();
    let address = server.devices().ldap.unwrap();
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        // What looks like a message: a sequence with an id and an operation.
        (any::<u8>(), prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(op, inside)| {
            let mut message = vec![0x02, 0x01, 0x01, op, u8::try_from(inside.len()).unwrap()];
            message.extend(inside);
            let mut whole = vec![0x30, u8::try_from(message.len()).unwrap()];
            whole.extend(message);
            whole
        }),
    ];
    let outcome = TestRunner::new(config).run(&bytes, |bytes| {
        let mut phone = Phone::connect(address);
        phone.send_bytes(&bytes);
        drop(phone);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    let any_text = prop_oneof!["[a-z0-9*+() ]{0,12}", any::<String>()];
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let phone = std::cell::RefCell::new(phone_of(&server, &token));
    let outcome = TestRunner::new(config).run(&(any_text.clone(), any_text), |(base, text)| {
        let mut asked = search(&base, "(cn=x)");
        asked.filter = ldap3_proto::proto::LdapFilter::Or(vec![
            ldap3_proto::proto::LdapFilter::Substring("cn".to_owned(), text.as_str().into()),
            ldap3_proto::proto::LdapFilter::Equality("telephoneNumber".to_owned(), text.clone()),
        ]);
        let done = phone.borrow_mut().search(asked).done;
        let is_known =
            matches!(done.code, Code::Success | Code::NoSuchObject | Code::UnwillingToPerform);
        assert!(is_known, "{base:?} {text:?}: {done:?}");
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// Whether there is a client: `apt-get install ldap-utils`, which `scripts/test` does.
fn has_ldapsearch() -> bool {
    let has = Command::new("ldapsearch").arg("-VV").output().is_ok();
    assert!(has || std::env::var_os("REQUIRE_LDAPSEARCH").is_none(), "ldapsearch is not installed");
    if !has {
        let said = b"SKIPPED: ldapsearch is not installed (apt-get install ldap-utils)\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), said);
    }
    has
}

#[test]
fn ldapsearch_asks_over_tls() {
    if !has_ldapsearch() {
        return;
    }
    let files = Files::with(&make());
    let tls = files.options();
    let server = TestServer::with(|options| {
        options.tls = Some(tls);
        options.ldaps_listen = Some(([127, 0, 0, 1], 0).into());
    });
    let by = Caller::operator(OrgNumber(1), "test");
    server.app().create_contact(&by, &json!({"name": "Jane Doe"}), None).unwrap();
    let partition = server.app().partition();
    assert!(partition.wait_visible(partition.applied_seq(), Duration::from_secs(20)));
    let output = Command::new("ldapsearch")
        .env("LDAPTLS_REQCERT", "never")
        .args(["-LLL", "-x", "-H", &format!("ldaps://{}", server.devices().ldaps.unwrap())])
        .args([
            "-D",
            "cn=phone",
            "-w",
            OPERATOR,
            "-b",
            "ou=contacts,dc=default",
            "(cn=jane*)",
            "cn",
        ])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("cn: Jane Doe\n"), "{output:?}");
}

#[test]
fn ldapsearch_finds_people() {
    if !has_ldapsearch() {
        return;
    }
    let (server, token) = world();
    let url = format!("ldap://{}", server.devices().ldap.unwrap());
    let run = |more: &[&str]| {
        let mut command = Command::new("ldapsearch");
        command.args(["-LLL", "-x", "-H", &url]).args(more);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let bound = ["-D", "cn=phone", "-w", token.token(), "-b", "ou=contacts,dc=default"];
    let (code, said) =
        run(&[&bound[..], &["(telephoneNumber=*5550123*)", "cn", "telephoneNumber"]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("cn: Jane Doe\n") && said.contains("telephoneNumber: +12025550123\n"),
        "{said}"
    );
    let (code, said) = run(&[&bound[..], &["(cn=*doe jane*)", "cn"]].concat());
    assert_eq!((code, said.contains("cn: Jane Doe\n")), (Some(0), true), "{said}");
    let paged = ["-E", "pr=2/noprompt", "(cn=*)", "cn"];
    let (code, said) = run(&[&bound[..], &paged].concat());
    assert_eq!((code, said.matches("dn: uid=").count()), (Some(0), 4), "{said}");
    let (code, said) = run(&[&bound[..], &["-z", "2", "(cn=*)", "cn"]].concat());
    assert_eq!((code, said.matches("dn: uid=").count()), (Some(4), 2), "{said}");
    let wrong = ["-D", "cn=phone", "-w", "wrong", "-b", "ou=contacts,dc=default"];
    assert_eq!(run(&wrong).0, Some(49));
    // An anonymous bind reads what the server is, and nothing else.
    let (code, said) = run(&["-b", "", "-s", "base", "supportedLDAPVersion"]);
    assert_eq!((code, said.contains("supportedLDAPVersion: 3")), (Some(0), true), "{said}");
    assert_eq!(run(&["-b", "ou=contacts,dc=default", "(cn=*)"]).0, Some(50));
}

/// All values of an attribute of the first entry.
fn all_values(found: &super::ldap_client::Found, name: &str) -> Vec<String> {
    let mut attributes = found.entries[0].attributes.iter();
    let values = attributes.find(|attribute| attribute.atype == name).unwrap().vals.iter();
    values.map(|value| String::from_utf8(value.clone()).unwrap()).collect()
}

#[test]
fn the_schema_of_the_directory_can_be_read() {
    use LdapSearchScope::Base;
    let (server, _token) = world();
    let mut phone = Phone::connect(server.devices().ldap.unwrap());
    let read = |phone: &mut Phone, base: &str, filter: &str, attribute: &str| {
        let mut asked = search(base, filter);
        asked.scope = Base;
        asked.attrs = vec![attribute.to_owned()];
        phone.search(asked)
    };
    // As clients ask: the root says where it is, and there it is.
    let place = read(&mut phone, "", "(objectClass=*)", "subschemaSubentry");
    let place = place.values("subschemaSubentry");
    assert_eq!(place, ["cn=subschema"]);
    let all = read(&mut phone, "", "(objectClass=*)", "+");
    assert_eq!(all.values("supportedLDAPVersion"), ["3"]);
    // Without a certificate there is no TLS.
    assert!(!all_values(&all, "supportedExtension").contains(&"1.3.6.1.4.1.1466.20037".into()));
    for filter in ["(objectClass=subschema)", "(objectClass=*)"] {
        let types = read(&mut phone, "CN=Subschema", filter, "attributeTypes");
        let types = all_values(&types, "attributeTypes");
        assert!(types.iter().any(|one| one.contains("NAME 'telephoneNumber'")), "{types:?}");
        assert!(types.iter().all(|one| one.starts_with("( ") && one.ends_with(" )")));
    }
    let classes = read(&mut phone, "cn=subschema", "(objectClass=subschema)", "+");
    let classes = all_values(&classes, "objectClasses");
    assert!(classes.iter().any(|one| one.contains("NAME 'inetOrgPerson'")), "{classes:?}");
    let none = read(&mut phone, "cn=subschema", "(objectClass=person)", "*");
    assert!(none.entries.is_empty());
}

#[test]
fn a_connection_goes_on_under_tls() {
    if !has_ldapsearch() {
        return;
    }
    let files = Files::with(&make());
    let tls = files.options();
    let server = TestServer::with(|options| {
        options.tls = Some(tls);
        options.ldap_listen = Some(([127, 0, 0, 1], 0).into());
        options.ldaps_listen = Some(([127, 0, 0, 1], 0).into());
    });
    let by = Caller::operator(OrgNumber(1), "test");
    server.app().create_contact(&by, &json!({"name": "Jane Doe"}), None).unwrap();
    let partition = server.app().partition();
    assert!(partition.wait_visible(partition.applied_seq(), Duration::from_secs(20)));
    let ask = |url: &str| {
        let output = Command::new("ldapsearch")
            .env("LDAPTLS_REQCERT", "never")
            .args(["-LLL", "-x", "-ZZ", "-H", url, "-D", "cn=phone", "-w", OPERATOR])
            .args(["-b", "ou=contacts,dc=default", "(cn=jane*)", "cn"])
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (is_well, said) = ask(&format!("ldap://{}", server.devices().ldap.unwrap()));
    assert!(is_well && said.contains("cn: Jane Doe\n"), "{said}");
    // Twice is once too often.
    assert!(!ask(&format!("ldaps://{}", server.devices().ldaps.unwrap())).0);
}
