//! Phone numbers and e-mail addresses of a row, and what spreadsheets did to them.

use super::super::issue::{IssueCode, RowIssue};
use super::super::map::MappedValue;
use super::super::spreadsheet::{is_fraction, scientific, without_decimals};
use super::Checker;
use crate::domain::contact::Email;
use crate::domain::draft::Draft;
use crate::domain::email;
use crate::domain::phone::{self, Phone, PhoneError, ValidationLevel};

/// Bare digits from this length on that no national number has: they begin with a calling code.
const SURELY_INTERNATIONAL: usize = 12;
/// Bare digits from this length on may begin with a calling code.
const MAYBE_INTERNATIONAL: usize = 11;

impl Checker<'_> {
    pub(super) fn phone(&mut self, value: &MappedValue<'_>, text: &str, draft: &mut Draft) {
        if is_fraction(text) {
            self.unread(
                value,
                IssueCode::SpreadsheetDamage,
                "has decimals, so a spreadsheet has made another number of it",
                "format the column as text in the source and export the list again",
            );
            return;
        }
        let mut digits = match without_decimals(text) {
            Some(digits) => digits.replace(' ', ""),
            None => text.to_owned(),
        };
        if let Some(damage) = scientific(text) {
            if damage.lost_digits > 0 {
                let reason = format!(
                    "a spreadsheet has turned the number into scientific notation, and its last {} digits are lost",
                    damage.lost_digits
                );
                self.unread(
                    value,
                    IssueCode::SpreadsheetDamage,
                    reason,
                    "format the column as text in the source and export the list again",
                );
                return;
            }
            digits = damage.expanded;
        }
        let is_damaged = digits != text;
        match self.read_number(&digits) {
            Ok((mut phone, has_plus)) => {
                if is_damaged || has_plus {
                    let reason = format!(
                        "a spreadsheet changed the number; it is imported as {}",
                        phone.number
                    );
                    self.warn(
                        value,
                        IssueCode::ValueRepaired,
                        reason,
                        "format the column as text before you export it",
                    );
                }
                phone.label = value.label.map(str::to_owned);
                phone.primary = value.preferred;
                draft.add_phones.push(phone);
            }
            Err(error) => {
                let code = if error == PhoneError::ScientificNotation {
                    IssueCode::SpreadsheetDamage
                } else {
                    IssueCode::PhoneInvalid
                };
                self.unread(
                    value,
                    code,
                    error.to_string(),
                    "correct the number, or clear the cell",
                );
            }
        }
    }

    /// Reads a number; also says whether it got the `+` back that a spreadsheet takes from it.
    fn read_number(&self, text: &str) -> Result<(Phone, bool), PhoneError> {
        let level = self.context.settings.phone_validation;
        let read = phone::parse(text, self.country.as_deref(), level);
        let is_bare = text.len() >= MAYBE_INTERNATIONAL
            && !text.starts_with('0')
            && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_bare && read.as_ref().map_or(true, |phone| !phone.is_e164()) {
            let most = if text.len() >= SURELY_INTERNATIONAL {
                ValidationLevel::Possible
            } else {
                ValidationLevel::Valid
            };
            let with_plus = format!("+{text}");
            let is_fine = |level| phone::parse(&with_plus, None, level);
            if let (Ok(mut phone), Ok(_)) = (is_fine(most), is_fine(level)) {
                text.clone_into(&mut phone.raw);
                return Ok((phone, true));
            }
        }
        read.map(|phone| (phone, false))
    }

    pub(super) fn email(&mut self, value: &MappedValue<'_>, text: &str, draft: &mut Draft) {
        // Text that a spreadsheet was told to leave alone.
        let address = text.strip_prefix('\'').map_or(text, |rest| rest.trim_end_matches('\''));
        match email::parse(address) {
            Some(address) => draft.add_emails.push(Email {
                address,
                label: value.label.map(str::to_owned),
                primary: value.preferred,
            }),
            None => self.unread(
                value,
                IssueCode::EmailInvalid,
                "is not an e-mail address",
                "correct the address, or clear the cell",
            ),
        }
    }

    fn unread(
        &mut self,
        value: &MappedValue<'_>,
        code: IssueCode,
        reason: impl Into<String>,
        what: &str,
    ) {
        let issue = RowIssue::error(self.line, code, reason);
        self.unread_channels.push(issue.at(value.header, value.value).suggest(what));
    }
}
