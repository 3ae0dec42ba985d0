//! Comparison levels of telephone numbers and e-mail addresses.

use super::compare::{Part, Parts, Weigher};
use super::frequency::{Counts, Kind};
use super::level::Level;
use super::record::{Mail, Record};
use super::text_measure::{edits, is_one_edit};

impl<C: Counts> Weigher<'_, C> {
    pub(super) fn compare_phones(&self, a: &Record, b: &Record, parts: &mut Parts) -> Option<Part> {
        if a.phones.is_empty() || b.phones.is_empty() {
            return None;
        }
        let mut common = 0;
        let mut fewest = f64::INFINITY;
        for phone in a.phones.iter().filter(|phone| b.phones.contains(phone)) {
            common += 1;
            fewest = fewest.min(self.strangers(Kind::Phone, u64::from(*phone), a, b));
        }
        let part = if common > 0 {
            let level = if fewest > 0.0 { Level::PhoneShared } else { Level::PhoneSame };
            self.shared(level, (2.0 * fewest).sqrt())
        } else if a.phones.iter().any(|x| b.phones.iter().any(|y| is_phone_typo(*x, *y))) {
            self.shared(Level::PhoneOneEdit, 1.0)
        } else {
            self.fixed(Level::PhoneDifferent)
        };
        parts.push(part);
        if common > 1 {
            parts.push(self.fixed(Level::ManyPhones));
        }
        Some(part)
    }

    pub(super) fn compare_emails(&self, a: &Record, b: &Record, parts: &mut Parts) -> Option<Part> {
        if !self.use_email || a.mails.is_empty() || b.mails.is_empty() {
            return None;
        }
        let mut best: Option<Part> = None;
        let mut common = 0;
        for one in &a.mails {
            for other in &b.mails {
                let part = self.compare_email(a, one, b, other);
                common += u32::from(one.address == other.address);
                if best.is_none_or(|best| best.order(&part).is_lt()) {
                    best = Some(part);
                }
            }
        }
        if let Some(best) = best {
            parts.push(best);
        }
        if common > 1 {
            parts.push(self.fixed(Level::ManyEmails));
        }
        best
    }

    pub(super) fn compare_email(&self, a: &Record, one: &Mail, b: &Record, other: &Mail) -> Part {
        if one.address == other.address {
            let strangers = self.strangers(Kind::Email, one.address, a, b);
            let is_shared = strangers > 0.0 || one.is_role;
            let level = if is_shared { Level::EmailShared } else { Level::EmailSame };
            return self.shared(level, (2.0 * strangers).sqrt());
        }
        if one.is_role || other.is_role {
            return self.fixed(Level::EmailDifferent);
        }
        let named = one.has_name || other.has_name;
        let numbered = named && (one.has_digits || other.has_digits);
        let by_name = |plain: Level, name: Level, number: Level| {
            if numbered {
                number
            } else if named {
                name
            } else {
                plain
            }
        };
        let (x, y) = (a.bytes(one.local.span), b.bytes(other.local.span));
        if one.local.hash == other.local.hash {
            if x.len() < 3 {
                return self.fixed(Level::EmailDifferent);
            }
            if edits(a.bytes(one.domain.span), b.bytes(other.domain.span)).is_some() {
                return self.shared(Level::EmailDomainTypo, 1.0);
            }
            let level =
                by_name(Level::EmailLocal, Level::EmailLocalNamed, Level::EmailLocalNumbered);
            let holders = self.holders(Kind::Local, one.local.hash);
            return self.shared(level, (holders - 1.0).max(1.0));
        }
        let (letters, others) = (one.letters, other.letters);
        let has_same_letters = named && letters.may_be_same(others) && is_same_letters(x, y);
        if !has_same_letters && one.domain.hash != other.domain.hash {
            return self.fixed(Level::EmailDifferent);
        }
        let is_far = x.len().min(y.len()) < 3 || letters.are_many_edits(others);
        let edits = if is_far { None } else { edits(x, y) };
        if has_same_letters {
            let level =
                if edits == Some(1) { Level::EmailOtherDigit } else { Level::EmailOtherDigits };
            return self.fixed(level);
        }
        match edits {
            Some(1) => {
                let level = by_name(
                    Level::EmailOneEdit,
                    Level::EmailOneEditNamed,
                    Level::EmailOneEditNumbered,
                );
                self.shared(level, 1.0)
            }
            Some(2) if x.len().min(y.len()) >= 6 => self.fixed(by_name(
                Level::EmailTwoEdits,
                Level::EmailTwoEditsNamed,
                Level::EmailTwoEditsNumbered,
            )),
            _ => self.fixed(Level::EmailDifferent),
        }
    }
}

/// The decimal digits of a number.
fn digits(mut number: u32, out: &mut [u8; 10]) -> &[u8] {
    let mut at = out.len();
    while number > 0 && at > 0 {
        at -= 1;
        out[at] = u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    &out[at..]
}

/// Whether two numbers differ by a typo.
fn is_phone_typo(one: u32, other: u32) -> bool {
    // The longest numbers have nine digits; short ones differ by a digit too easily.
    if one.min(other) < 1_000_000 {
        return false;
    }
    if one != other && one.ilog10() == other.ilog10() {
        // A wrong digit is 1 to 9 of some place, two that are swapped up to 81.
        let mut apart = one.abs_diff(other);
        while apart.is_multiple_of(10) {
            apart /= 10;
        }
        if apart > 81 {
            return false;
        }
    }
    let (mut x, mut y) = ([0; 10], [0; 10]);
    is_one_edit(digits(one, &mut x), digits(other, &mut y))
}

/// Whether two texts are the same but for digits and punctuation.
fn is_same_letters(one: &[u8], other: &[u8]) -> bool {
    let is_letter = |b: &&u8| b.is_ascii_alphabetic() || !b.is_ascii();
    one.iter().filter(is_letter).eq(other.iter().filter(is_letter))
        && one.iter().filter(is_letter).nth(2).is_some()
}
