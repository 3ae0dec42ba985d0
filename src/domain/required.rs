//! Which fields every new contact must have, by profile.

use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::issue::FieldIssue;

/// What an organisation demands of every contact beside what all demand: something to find it by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequiredFields {
    /// Nothing more.
    #[default]
    Minimal,
    /// A name and a phone number, as for dialling.
    S1,
    /// A name and something to reach the person by: a phone, an e-mail or an identifier on a
    /// channel.
    S2,
    /// A first and a last name, as in a customer base.
    S4,
}

impl RequiredFields {
    /// Names what a contact lacks.
    pub fn lacking(self, contact: &Contact) -> Vec<FieldIssue> {
        let is_named = !contact.is_named_by_channel();
        let is_reached = !contact.phones.is_empty()
            || !contact.emails.is_empty()
            || !contact.channels.is_empty();
        let asked: &[(&str, &str, bool)] = match self {
            Self::Minimal => &[],
            Self::S1 => &[
                ("/name", "a name", is_named),
                ("/phone", "a phone number", !contact.phones.is_empty()),
            ],
            Self::S2 => &[
                ("/name", "a name", is_named),
                ("/channels", "a phone, an e-mail or an identifier on a channel", is_reached),
            ],
            Self::S4 => &[
                ("/first_name", "a first name", contact.first_name.is_some()),
                ("/last_name", "a last name", contact.last_name.is_some()),
            ],
        };
        let lacking = asked.iter().filter(|(_, _, is_there)| !is_there);
        lacking
            .map(|(pointer, what, _)| {
                let detail = format!("every contact of this organisation needs {what}");
                FieldIssue::new(*pointer, "required", detail)
            })
            .collect()
    }
}
