//! The words of names, their other spellings, their sounds and the names that are said for them.

use super::super::cutter::{EDGE, Place, Terms, apart};
use super::Draft;
use crate::domain::contact::Contact;
use crate::domain::name::{Generation, Identity};
use crate::domain::names::{joined, latin, sounds, sounds_together, spellings};
use crate::domain::text::{composed, for_each_word};

/// Most words of one name that are looked at; a longer one is a mistake or an attack.
const MOST_WORDS: usize = 64;

pub(super) fn add(draft: &mut Draft<'_>, words: &mut Terms<'_>) {
    let contact = draft.contact;
    let names = [
        contact.first_name.as_deref(),
        contact.last_name.as_deref(),
        contact.suffix.as_deref(),
        // Where a number or address stands in for a name it is found as what it is, by those who
        // may see it.
        Some(contact.display_name.as_str()).filter(|_| !contact.is_named_by_channel()),
    ];
    let mut seen: Vec<String> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    let mut together: Vec<String> = Vec::new();
    let mut like = draft.terms();
    for name in names.into_iter().flatten() {
        let mut part: Vec<String> = Vec::new();
        for_each_word(name, |word, start, end| {
            if part.len() == MOST_WORDS {
                return;
            }
            part.push(word.to_owned());
            if seen.iter().any(|known| known == word) {
                return;
            }
            seen.push(word.to_owned());
            words.edges(word, EDGE, Place::NameEdge);
            let written = &name[start..end];
            let is_accented = word.is_ascii() && !written.is_ascii();
            words.word(word, if is_accented { Place::Folded } else { Place::Name });
            spellings(written, word, |other| others.push(other.to_owned()));
            if is_accented {
                words.word(&composed(written), Place::Written);
            }
            for code in sounds(word).iter() {
                like.whole(&format!("s{code}"));
            }
            for (class, is_formal) in draft.schema.names.all_classes(word) {
                let kind = if is_formal { 'f' } else { 'n' };
                like.whole(&format!("{kind}{class:x}"));
            }
        });
        draft.schema.names.readings(name, |reading| others.push(reading.to_owned()));
        for pair in part.windows(2) {
            for code in sounds_together(&pair[0], &pair[1]).iter() {
                like.whole(&format!("s{code}"));
            }
        }
        joined(&part, |both| together.push(both.to_owned()));
        if part.iter().any(|word| !word.is_ascii()) {
            let written: Vec<String> = part.iter().map(|word| latin(word)).collect();
            joined(&written, |both| together.push(both.to_owned()));
        }
    }
    others.extend(generation_words(contact));
    let mut initials: Vec<char> = Vec::new();
    for_each_word(contact.first_name.as_deref().unwrap_or_default(), |word, _, _| {
        initials.extend(word.chars().next().filter(|initial| !initials.contains(initial)));
    });
    for initial in initials {
        words.word(initial.encode_utf8(&mut [0; 4]), Place::GivenInitial);
    }
    others.sort_unstable();
    others.dedup();
    for other in others.iter().filter(|other| !seen.contains(other)) {
        words.word(other, Place::Spelling);
    }
    together.sort_unstable();
    together.dedup();
    for both in &together {
        words.word(&apart(both), Place::Joined);
    }
    draft.put(draft.schema.fields.like, &like);
}

/// What the generation of a person is also called: `Jr.` is found by `junior`, `III` by `3rd`.
fn generation_words(contact: &Contact) -> impl Iterator<Item = String> {
    let identity = || {
        Identity::of(
            Some(&contact.display_name),
            contact.first_name.as_deref(),
            contact.last_name.as_deref(),
            contact.suffix.as_deref(),
        )
    };
    let may_have_one = contact.suffix.is_some() || contact.display_name.contains(' ');
    let generation = may_have_one.then(identity).and_then(|identity| identity.generation);
    generation.map_or(&[][..], Generation::words).iter().map(|word| (*word).to_owned())
}
