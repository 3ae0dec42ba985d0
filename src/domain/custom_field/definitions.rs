//! All definitions of one organisation, in order and by key.

use std::collections::HashMap;

use uuid::Uuid;

use super::{CustomType, FieldDefinition};
use crate::domain::access::Role;
use crate::domain::text::fold;

/// The definitions of an organisation at one moment; never changes, so that readers need no lock.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// Counts the changes: equal numbers of one organisation mean equal definitions.
    generation: u64,
    all: Vec<FieldDefinition>,
    by_folded_key: HashMap<String, usize>,
    by_key: HashMap<String, usize>,
    required: Vec<usize>,
}

impl Definitions {
    /// Puts definitions in order.
    pub fn new(generation: u64, mut all: Vec<FieldDefinition>) -> Self {
        all.sort_by_key(|definition| (definition.position, definition.id));
        let by_key = |key: fn(&str) -> String| {
            all.iter().enumerate().map(|(at, one)| (key(&one.key), at)).collect()
        };
        let is_required =
            |one: &FieldDefinition| one.declared && one.required && !one.is_withdrawn();
        let required = (0..all.len()).filter(|at| is_required(&all[*at])).collect();
        let (by_folded_key, by_key) = (by_key(fold), by_key(str::to_owned));
        Self { generation, all, by_folded_key, by_key, required }
    }

    /// Those that every new contact needs.
    pub(super) fn required(&self) -> impl Iterator<Item = &FieldDefinition> {
        self.required.iter().filter_map(|at| self.all.get(*at))
    }

    /// The number of the state.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All of them in order, archived ones and those that are being deleted included.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &FieldDefinition> {
        self.all.iter()
    }

    /// A definition by its folded key.
    pub fn get(&self, folded_key: &str) -> Option<&FieldDefinition> {
        self.all.get(*self.by_folded_key.get(folded_key)?)
    }

    /// Whether a key is that of a definition to the letter.
    pub fn has_key(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// A definition by its id.
    pub fn by_id(&self, id: Uuid) -> Option<&FieldDefinition> {
        self.all.iter().find(|definition| definition.id == id)
    }

    /// A definition by its key in any spelling, or by its id.
    pub fn find(&self, key_or_id: &str) -> Option<&FieldDefinition> {
        let by_key = self.get(&fold(key_or_id.trim()));
        by_key.or_else(|| self.by_id(Uuid::parse_str(key_or_id.trim()).ok()?))
    }

    /// The type of a field that is in use, by its folded key.
    pub fn kind(&self, folded_key: &str) -> Option<CustomType> {
        self.get(folded_key).filter(|one| !one.is_withdrawn()).map(|one| one.kind)
    }

    /// Whether somebody has declared a field, which has one type then.
    pub fn is_declared(&self, folded_key: &str) -> bool {
        self.get(folded_key).is_some_and(|one| one.declared)
    }

    /// The folded keys of what nobody sees.
    pub fn withdrawn(&self) -> impl Iterator<Item = String> {
        self.all.iter().filter(|one| one.is_withdrawn()).map(|one| fold(&one.key))
    }

    /// The folded keys of what a role does not see.
    pub fn hidden_from(&self, role: Role) -> impl Iterator<Item = String> {
        let is_hidden = move |one: &&FieldDefinition| one.is_withdrawn() || !one.is_for(role);
        self.all.iter().filter(is_hidden).map(|one| fold(&one.key))
    }
}
