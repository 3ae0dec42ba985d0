//! Members of a merged contact that nobody chooses: what protects a person wins, counts add up,
//! of times the latest stays.

use super::plan::Left;
use super::slot::{livelier, stricter, value};
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;

/// Works out what others add to a contact; what of the consent is left behind.
pub(super) fn combine(merged: &mut Contact, contacts: &[&Contact]) -> Vec<Left> {
    let (mut created_at, mut created_by) = (merged.created_at, merged.created_by.clone());
    let fields = &mut merged.fields;
    for other in contacts.iter().skip(1) {
        fields.status.blocked |= other.fields.status.blocked;
        fields.status.do_not_contact |= other.fields.status.do_not_contact;
        fields.status.email = stricter(fields.status.email, other.fields.status.email);
        fields.status.lifecycle = livelier(fields.status.lifecycle, other.fields.status.lifecycle);
        // A refusal wins over consent, consent over not knowing.
        fields.opt_in = match (fields.opt_in, other.opt_in) {
            (Some(one), Some(two)) => Some(one && two),
            (one, two) => one.or(two),
        };
        fields.lead_score = fields.lead_score.max(other.lead_score);
        fields.last_contacted_at = fields.last_contacted_at.max(other.last_contacted_at);
        fields.last_interaction_at = fields.last_interaction_at.max(other.last_interaction_at);
        if other.last_called_at > fields.last_called_at
            || fields.last_called_at.is_none() && fields.last_call_outcome.is_none()
        {
            fields.last_called_at = other.last_called_at;
            fields.last_call_outcome.clone_from(&other.last_call_outcome);
        }
        fields.total_calls = fields.total_calls.saturating_add(other.total_calls);
        fields.system_critical |= other.system_critical;
        fields.in_active_campaign |= other.in_active_campaign;
        if other.created_at < created_at {
            created_at = other.created_at;
            created_by.clone_from(&other.created_by);
        }
    }
    fields.created_by = created_by;
    merged.created_at = created_at;
    let opt_in = merged.opt_in;
    let left = |id: ContactId, given: Option<bool>| Left {
        field: "opt_in".to_owned(),
        id,
        value: value(&given),
    };
    contacts
        .iter()
        .filter(|one| one.opt_in.is_some() && one.opt_in != opt_in)
        .map(|one| left(one.id, one.opt_in))
        .collect()
}
