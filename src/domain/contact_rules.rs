//! Whether somebody may be called or written to now: wishes, consent, and the rules of the country
//! of the number, as a table.
//!
//! A table for orientation, not legal advice; docs/consent.md shows it.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::calling_code;
use super::consent::MARKETING;
use super::contact::Contact;
use super::place::country;
use super::status::EmailState;
use super::time::Timestamp;

/// The rules of a country.
struct Rules {
    /// The countries, by ISO 3166 code.
    countries: &'static [&'static str],
    /// The hours in which marketing calls are allowed, local time: from and until.
    hours: (i8, i8),
    /// Whether calls are allowed on Sundays.
    on_sundays: bool,
    /// Whether calls need consent.
    call_consent: bool,
    /// Whether e-mails need consent, or another legal basis.
    email_consent: bool,
    /// The law, in a few words.
    law: &'static str,
}

/// The first that names a country counts; the last one names none and holds for all others.
const TABLE: &[Rules] = &[
    Rules {
        countries: &["US", "PR", "GU", "VI", "AS", "MP"],
        hours: (8, 21),
        on_sundays: true,
        call_consent: false,
        email_consent: false,
        law: "TCPA",
    },
    Rules {
        countries: &["CA"],
        hours: (9, 21),
        on_sundays: true,
        call_consent: false,
        email_consent: true,
        law: "CRTC rules and CASL",
    },
    Rules {
        countries: &["DE", "AT"],
        hours: (8, 20),
        on_sundays: false,
        call_consent: true,
        email_consent: true,
        law: "GDPR, UWG and TKG",
    },
    Rules {
        countries: &["FR"],
        hours: (10, 20),
        on_sundays: false,
        call_consent: false,
        email_consent: true,
        law: "GDPR and Code de la consommation",
    },
    Rules {
        countries: &["GB"],
        hours: (8, 21),
        on_sundays: true,
        call_consent: false,
        email_consent: true,
        law: "UK GDPR and PECR",
    },
    Rules {
        countries: &[
            "BE", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IS", "IT",
            "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
        ],
        hours: (9, 20),
        on_sundays: false,
        call_consent: false,
        email_consent: true,
        law: "GDPR and ePrivacy",
    },
    Rules {
        countries: &[],
        hours: (8, 21),
        on_sundays: true,
        call_consent: false,
        email_consent: false,
        law: "no rules of the country are known",
    },
];

/// The zones of countries that have several, the first and the last of the day; of these all must
/// be in the hours unless the zone of the contact is known.
const ZONES: &[(&str, &[&str])] = &[
    ("US", &["America/New_York", "America/Los_Angeles"]),
    ("CA", &["America/Halifax", "America/Vancouver"]),
    ("AU", &["Australia/Sydney", "Australia/Perth"]),
    ("BR", &["America/Sao_Paulo", "America/Manaus"]),
    ("MX", &["America/Mexico_City", "America/Tijuana"]),
    ("DE", &["Europe/Berlin"]),
    ("AT", &["Europe/Vienna"]),
    ("CH", &["Europe/Zurich"]),
    ("FR", &["Europe/Paris"]),
    ("GB", &["Europe/London"]),
    ("IE", &["Europe/Dublin"]),
    ("ES", &["Europe/Madrid"]),
    ("PT", &["Europe/Lisbon"]),
    ("IT", &["Europe/Rome"]),
    ("NL", &["Europe/Amsterdam"]),
    ("BE", &["Europe/Brussels"]),
    ("LU", &["Europe/Luxembourg"]),
    ("DK", &["Europe/Copenhagen"]),
    ("SE", &["Europe/Stockholm"]),
    ("NO", &["Europe/Oslo"]),
    ("FI", &["Europe/Helsinki"]),
    ("PL", &["Europe/Warsaw"]),
    ("CZ", &["Europe/Prague"]),
    ("SK", &["Europe/Bratislava"]),
    ("HU", &["Europe/Budapest"]),
    ("GR", &["Europe/Athens"]),
    ("RO", &["Europe/Bucharest"]),
    ("BG", &["Europe/Sofia"]),
    ("HR", &["Europe/Zagreb"]),
    ("IN", &["Asia/Kolkata"]),
    ("JP", &["Asia/Tokyo"]),
    ("SG", &["Asia/Singapore"]),
    ("AE", &["Asia/Dubai"]),
    ("IL", &["Asia/Jerusalem"]),
    ("ZA", &["Africa/Johannesburg"]),
    ("NZ", &["Pacific/Auckland"]),
];

static KNOWN_ZONES: LazyLock<Vec<(&'static str, Vec<TimeZone>)>> = LazyLock::new(|| {
    let zones = |names: &&'static [&'static str]| {
        names.iter().filter_map(|name| TimeZone::get(name).ok()).collect()
    };
    ZONES.iter().map(|(country, names)| (*country, zones(names))).collect()
});

/// Whether something may be done, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Allowance {
    /// Whether nothing speaks against it.
    pub allowed: bool,
    /// What speaks against it: a code, and words behind a colon.
    pub why: Vec<String>,
}

impl Allowance {
    fn of(why: Vec<String>) -> Self {
        Self { allowed: why.is_empty(), why }
    }
}

fn rules_of(country: Option<&str>) -> &'static Rules {
    let named = |rules: &&Rules| {
        rules.countries.is_empty() || country.is_some_and(|code| rules.countries.contains(&code))
    };
    TABLE.iter().find(named).unwrap_or(&TABLE[TABLE.len() - 1])
}

/// The country of a contact: of its number, else the one that it names.
fn country_of(contact: &Contact) -> Option<&'static str> {
    let of_number = contact.primary_phone().and_then(|phone| {
        let code = phone.country.as_deref().and_then(country::code);
        code.or_else(|| calling_code::region(phone.number.strip_prefix('+')?))
    });
    of_number.or_else(|| contact.country.as_deref().and_then(country::code))
}

/// Under whose rules a contact is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Jurisdiction {
    /// The country, as ISO 3166 has it: the one that it names, else that of its number.
    pub country: &'static str,
    /// The law, in a few words; nothing where no rules are known.
    pub law: Option<&'static str>,
}

/// Under whose rules a contact is reached; nothing where its country is not known.
pub fn jurisdiction(contact: &Contact) -> Option<Jurisdiction> {
    // Where a person says to live counts before where the number is from.
    let own = contact.country.as_deref().and_then(country::code);
    let country = own.or_else(|| country_of(contact))?;
    let rules = rules_of(Some(country));
    Some(Jurisdiction { country, law: (!rules.countries.is_empty()).then_some(rules.law) })
}

/// Wishes that hold for every way to reach somebody.
fn wishes(contact: &Contact) -> Vec<String> {
    let mut why = Vec::new();
    if contact.fields.status.blocked {
        why.push("blocked".to_owned());
    }
    if contact.fields.status.do_not_contact {
        why.push("do_not_contact".to_owned());
    }
    why
}

/// What consent for marketing on a channel speaks against, if anything.
fn consent(contact: &Contact, channel: &str, needs: bool, law: &str) -> Option<String> {
    let state = contact.facts.consent.on_channel(MARKETING, channel);
    let status = state.map(|state| state.status.as_str());
    let known = contact.opt_in.filter(|_| state.is_none());
    if status == Some("opted_out") || known == Some(false) {
        return Some("opted_out".to_owned());
    }
    let agreed = status == Some("opted_in") || known == Some(true);
    let other_basis =
        state.is_some_and(|state| state.basis.as_deref().is_some_and(|basis| basis != "consent"));
    (needs && !agreed && !other_basis).then(|| format!("no_consent: {law} asks for it"))
}

/// Whether a contact may be called at a time.
pub fn may_call(contact: &Contact, now: Timestamp) -> Allowance {
    let mut why = wishes(contact);
    if contact.phones.is_empty() {
        why.push("no_number".to_owned());
    }
    let country = country_of(contact);
    let rules = rules_of(country);
    why.extend(consent(contact, "phone", rules.call_consent, rules.law));
    let own = contact.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
    let of_country = || {
        let known = KNOWN_ZONES.iter().find(|(code, _)| country == Some(*code));
        known.map(|(_, zones)| zones.as_slice()).unwrap_or_default()
    };
    let zones = own.as_ref().map_or_else(of_country, std::slice::from_ref);
    if !contact.phones.is_empty() {
        why.extend(outside_hours(rules, zones, now));
    }
    Allowance::of(why)
}

fn outside_hours(rules: &Rules, zones: &[TimeZone], now: Timestamp) -> Option<String> {
    let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
    for zone in zones {
        let local = now.to_zoned(zone.clone());
        let is_sunday = local.weekday() == jiff::civil::Weekday::Sunday;
        let (from, until) = rules.hours;
        if (from..until).contains(&local.hour()) && (rules.on_sundays || !is_sunday) {
            continue;
        }
        let days = if rules.on_sundays { "" } else { ", not on Sundays" };
        return Some(format!(
            "calling_hours: it is {:02}:{:02} in {}; calls are allowed from {from}:00 to {until}:00{days} ({})",
            local.hour(),
            local.minute(),
            zone.iana_name().unwrap_or("the zone of the contact"),
            rules.law
        ));
    }
    None
}

/// Whether a contact may be written to by e-mail.
pub fn may_email(contact: &Contact) -> Allowance {
    let mut why = wishes(contact);
    if contact.emails.is_empty() {
        why.push("no_email".to_owned());
    }
    match contact.fields.status.email {
        EmailState::Bounced => why.push("bounced".to_owned()),
        EmailState::Unsubscribed => why.push("unsubscribed".to_owned()),
        EmailState::Ok => {}
    }
    let rules = rules_of(country_of(contact));
    why.extend(consent(contact, "email", rules.email_consent, rules.law));
    Allowance::of(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::phone::Phone;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn of_number(number: &str) -> Contact {
        let mut contact = Contact::decoy();
        contact.fields.phones = vec![Phone { number: number.to_owned(), ..Phone::default() }];
        contact.fields.emails.clear();
        contact
    }

    #[test]
    fn calls_are_allowed_in_the_hours_at_the_caller() {
        // 15 July 2026 is a Wednesday; New York is 4 hours behind, Los Angeles 7.
        let us = of_number("+12025550123");
        for (time, allowed) in [
            ("2026-07-15T14:59:00Z", false),
            ("2026-07-15T15:00:00Z", true),
            ("2026-07-16T00:59:00Z", true),
            ("2026-07-16T01:00:00Z", false),
        ] {
            assert_eq!(may_call(&us, at(time)).allowed, allowed, "{time}");
        }
        let mut known = us.clone();
        known.fields.timezone = Some("America/New_York".to_owned());
        assert!(may_call(&known, at("2026-07-15T12:00:00Z")).allowed);
        let why = may_call(&known, at("2026-07-15T11:00:00Z")).why;
        assert!(why[0].starts_with("calling_hours: it is 07:00 in America/New_York"), "{why:?}");
        let french = of_number("+33142685300");
        assert!(may_call(&french, at("2026-07-15T12:00:00Z")).allowed);
        assert!(!may_call(&french, at("2026-07-19T12:00:00Z")).allowed, "a Sunday");
    }

    #[test]
    fn wishes_and_missing_consent_are_named() {
        let noon = at("2026-07-15T12:00:00Z");
        let mut german = of_number("+4930901820");
        assert!(may_call(&german, noon).why[0].starts_with("no_consent"));
        german.fields.opt_in = Some(true);
        assert!(may_call(&german, noon).allowed);
        german.fields.opt_in = Some(false);
        german.fields.status.blocked = true;
        german.fields.status.do_not_contact = true;
        assert_eq!(may_call(&german, noon).why, ["blocked", "do_not_contact", "opted_out"]);
        german.fields.status.email = EmailState::Bounced;
        let why = may_email(&german).why;
        assert_eq!(why, ["blocked", "do_not_contact", "no_email", "bounced", "opted_out"]);
    }
}
