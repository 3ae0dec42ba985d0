//! Phone numbers and e-mail addresses of a row, and what spreadsheets did to them.

use super::super::issue::{IssueCode, RowIssue};
use super::super::map::MappedValue;
use super::super::spreadsheet::{is_fraction, scientific, without_decimals, without_group_marks};
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
        match self.read_number(&digits, self.context.settings.phone_validation) {
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
                if self.numbers_beside_text(value, text, draft) {
                    return;
                }
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

    /// Takes the numbers of a cell in which something else stands beside them: a word, quotes, the
    /// formula of a spreadsheet, another number.
    fn numbers_beside_text(
        &mut self,
        value: &MappedValue<'_>,
        text: &str,
        draft: &mut Draft,
    ) -> bool {
        let grouped = without_group_marks(text);
        let numbers = match &grouped {
            Some(digits) => vec![digits.as_str()],
            None => phone::embedded(text),
        };
        let level = self.context.settings.phone_validation;
        let read: Vec<Phone> = numbers
            .iter()
            .filter_map(|number| {
                // Beside words a customer number is as likely, unless it is written as a number.
                let is_dialled = number.starts_with(['+', '\u{ff0b}', '0', '(']);
                let level =
                    if grouped.is_some() || is_dialled { level } else { ValidationLevel::Valid };
                self.read_number(number, level).ok()
            })
            .map(|it| it.0)
            .collect();
        if read.is_empty() || read.len() < numbers.len() {
            return false;
        }
        let shown: Vec<&str> = read.iter().map(|phone| phone.number.as_str()).collect();
        let reason = format!("is not only a number; it is imported as {}", shown.join(" and "));
        self.warn(value, IssueCode::ValueRepaired, reason, "write only the number into the cell");
        for (at, mut phone) in read.into_iter().enumerate() {
            phone.label = value.label.map(str::to_owned);
            phone.primary = value.preferred && at == 0;
            draft.add_phones.push(phone);
        }
        true
    }

    /// Reads a number; also says whether it got the `+` back that a spreadsheet takes from it.
    fn read_number(&self, text: &str, level: ValidationLevel) -> Result<(Phone, bool), PhoneError> {
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
        let beside = || addresses_beside_text(text).map(|all| (all, true));
        match email::parse(address).map(|one| (vec![one], false)).or_else(beside) {
            Some((addresses, is_repaired)) => {
                if is_repaired {
                    let reason = format!(
                        "is not only an address; it is imported as {}",
                        addresses.join(" and ")
                    );
                    let what = "write only the address into the cell";
                    self.warn(value, IssueCode::ValueRepaired, reason, what);
                }
                draft.add_emails.extend((0..).zip(addresses).map(|(at, address)| Email {
                    address,
                    label: value.label.map(str::to_owned),
                    primary: value.preferred && at == 0,
                }));
            }
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

/// The addresses of a cell in which something else stands beside them: a name, brackets, quotes, the
/// formula of a link.
fn addresses_beside_text(text: &str) -> Option<Vec<String>> {
    let is_between = |c: char| c.is_whitespace() || "<>()[]{}\"'\u{201c}\u{201d},;/|=".contains(c);
    let mut found: Vec<String> = Vec::new();
    for word in text.split(is_between).filter(|word| word.contains('@')) {
        // One that cannot be read leaves it open what is meant.
        let address = email::parse(word.trim_end_matches('.'))?;
        let (_, domain) = address.rsplit_once('@')?;
        // `dan@exa mple.com`
        domain.contains('.').then_some(())?;
        if !found.contains(&address) {
            found.push(address);
        }
    }
    (!found.is_empty()).then_some(found)
}
