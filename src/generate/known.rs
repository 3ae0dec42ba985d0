//! The people of a demonstration who are known by name: those of the examples in the README.

use serde_json::{Value, json};

use crate::domain::time::Timestamp;

const DAY_MS: i64 = 24 * 3_600_000;

/// Who they are, as contacts that can be created, with a history that ends shortly before `now`.
pub fn known_people(now: Timestamp) -> Vec<Value> {
    let ago = |days: i64| now.plus_ms(-days * DAY_MS);
    let day = |days: i64| ago(days).to_string()[..10].to_owned();
    let address = json!({"street": "1 Main St", "city": "Washington", "region": "DC",
        "postal_code": "20001", "country": "US", "label": "work"});
    let notes = [
        (3, "Asked about invoice 2041. Sent again by e-mail."),
        (24, "Renewed for two years, 40 seats."),
        (190, "First call: looks for a replacement of three lists."),
    ];
    let notes: Vec<String> =
        notes.iter().map(|(days, text)| format!("{}: {text}", day(*days))).collect();
    vec![
        json!({
            "first_name": "John", "last_name": "Doe", "company": "Acme Inc", "title": "Head of Purchasing",
            "phones": [
                {"number": "+12025550123", "label": "mobile", "primary": true},
                {"number": "+12025550100", "label": "work"},
            ],
            "emails": [{"address": "john.doe@acme.example", "label": "work", "primary": true}],
            "addresses": [address], "birthday": "1981-05-21", "language": "en",
            "timezone": "America/New_York", "tags": ["Customer", "VIP"],
            "custom_fields": {"industry": "Technology", "account_value": 50_000},
            "notes": notes.join("\n"), "source": "referral",
            "last_contacted_at": ago(3).to_string(), "last_interaction_at": ago(3).to_string(),
        }),
        json!({
            "first_name": "Jane", "last_name": "Roe", "company": "Acme Inc", "title": "Accountant",
            "phones": [{"number": "+12025550100", "label": "work", "primary": true}],
            "emails": [{"address": "jane.roe@acme.example", "label": "work", "primary": true}],
            "addresses": [address], "timezone": "America/New_York", "tags": ["Customer"],
            "notes": format!("{}: Prefers e-mail. Pays invoices on Fridays.", day(24)),
            "preferred_channel": "email", "source": "referral", "last_contacted_at": ago(24).to_string(),
        }),
        json!({
            "first_name": "Robert", "last_name": "Kowalski", "company": "Kowalski Logistics",
            "phones": [{"number": "+12345678901", "label": "work", "primary": true}],
            "tags": ["Lead"], "source": "web form",
        }),
        json!({
            "first_name": "Maryann", "last_name": "Napoli", "company": "Napoli Pizza",
            "phones": [{"number": "+18555749921", "label": "work", "primary": true}],
            "tags": ["Supplier"], "source": "referral",
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn john_doe_is_as_the_readme_has_him() {
        let people = known_people(Timestamp(1_780_000_000_000));
        let john = &people[0];
        assert_eq!((&john["first_name"], &john["last_name"]), (&json!("John"), &json!("Doe")));
        assert_eq!(john["phones"][0]["number"], "+12025550123");
        assert_eq!(john["notes"].as_str().unwrap().lines().count(), 3);
        assert!(john["notes"].as_str().unwrap().starts_with("2026-05-25: "), "{}", john["notes"]);
    }
}
