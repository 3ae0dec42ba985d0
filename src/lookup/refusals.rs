//! What a contact has refused, as a few bits beside its number.

use crate::domain::consent::MARKETING;
use crate::domain::contact::Contact;

const BLOCKED: u8 = 1;
const DO_NOT_CONTACT: u8 = 2;
const OPTED_OUT: u8 = 4;

/// Why somebody must not be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals(pub(super) u8);

impl Refusals {
    /// Those of a contact.
    pub fn of(contact: &Contact) -> Self {
        let status = contact.fields.status;
        let on_phone = contact.facts.consent.on_channel(MARKETING, "phone");
        // What was said of the telephone counts; what was said on the whole where nothing was.
        let is_out =
            on_phone.map_or(contact.opt_in == Some(false), |state| state.status == "opted_out");
        let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        Self(
            bit(status.blocked, BLOCKED)
                | bit(status.do_not_contact, DO_NOT_CONTACT)
                | bit(is_out, OPTED_OUT),
        )
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The reasons by name.
    pub fn why(self) -> Vec<&'static str> {
        let all =
            [(BLOCKED, "blocked"), (DO_NOT_CONTACT, "do_not_contact"), (OPTED_OUT, "opted_out")];
        all.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, name)| *name).collect()
    }
}
