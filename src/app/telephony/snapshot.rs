//! All numbers and names that somebody sees, for a telephone system to keep.

use std::sync::Arc;

use super::super::error::Error;
use super::super::{App, authorize};
use super::names::{NameStyle, caller_name};
use crate::domain::access::{Caller, Permission};
use crate::engine::Cancel;

/// Numbers, without their plus, and names.
#[derive(Clone, Debug, Default)]
pub struct NumberBook {
    /// The country of national numbers.
    pub country: Option<String>,
    /// Who has which number.
    pub named: Vec<(String, String)>,
}

impl App {
    /// Reads all numbers that the caller sees.
    ///
    /// Cost: reads every contact once; memory is that of all numbers and names.
    ///
    /// # Errors
    /// If the caller may not read phone books, or nobody waits for it any more.
    pub fn number_book(
        &self,
        caller: &Caller,
        style: &NameStyle,
        cancel: &Cancel,
    ) -> Result<NumberBook, Error> {
        authorize(caller, Permission::Phonebook)?;
        let country = self.organization_of(caller)?.settings.default_country.clone();
        let mut named = Vec::new();
        self.partition.for_each_contact(caller.organization, cancel, |batch| {
            for contact in batch.into_iter().filter(|contact| caller.sees(contact)) {
                let contact = caller.shown(Arc::new(contact));
                let name = caller_name(&contact, style);
                for phone in &contact.phones {
                    let digits = phone.digits();
                    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                        named.push((digits.to_owned(), name.clone()));
                    }
                }
            }
            true
        })?;
        Ok(NumberBook { country, named })
    }
}
