//! What lists do to the truth: a second record of a person with typos, nicknames, swapped names,
//! other phones and addresses, and gaps.
//!
//! Works on an [`Identity`]; formats of numbers and dropped cells come later, in [`super::Person`].

use super::dice::Dice;
use super::fold::without_accents;
use super::name::Name;
use super::world::{Identity, World, private_email};

/// Turns a person into a second record of the same person.
pub(super) fn damage(person: &mut Identity, world: &World, dice: &mut Dice) {
    let mut ties_left = 1;
    for _ in 0..dice.pick(&[1_u8, 1, 2, 2, 3]) {
        match dice.below(100) {
            0..14 => typo_in(&mut person.origin.last, dice),
            14..24 => typo_in(&mut person.origin.first, dice),
            24..38 => nickname(person, world, dice),
            38..42 => initial(&mut person.origin.first),
            42..47 => std::mem::swap(&mut person.origin.first, &mut person.origin.last),
            47..54 => other_script(person),
            54..58 => letter_case(person, dice),
            58..61 => move_house(person, world, dice),
            61..66 => person.address = None,
            66..71 => change_job(person, world, dice),
            71..75 => person.birthday = None,
            75..77 => swap_birthday(person),
            77..82 if ties_left > 0 => {
                ties_left -= 1;
                person.emails.clear();
            }
            82..89 if ties_left > 0 => {
                ties_left -= 1;
                let email = private_email(person.id + 1, &person.origin, dice);
                person.emails = vec![("home", email)];
            }
            89..94 if ties_left > 0 => {
                ties_left -= 1;
                person.mobile = Some(world.mobile(person.origin.country, dice));
            }
            94..97 if ties_left > 0 => {
                ties_left -= 1;
                person.mobile = None;
            }
            97..99 => typo_in_email(person, dice),
            _ => person.landline = None,
        }
    }
    if person.mobile.is_none() && person.landline.is_none() && person.emails.is_empty() {
        let email = private_email(person.id, &person.origin, dice);
        person.emails.push(("home", email));
    }
    // A second record has its own history.
    if dice.percent(60) {
        person.notes.clear();
    }
    if dice.percent(50) {
        person.tags.clear();
    }
}

fn typo_in(name: &mut Name, dice: &mut Dice) {
    let (kind, place) = (dice.below(4), dice.below(1000));
    let same = name.native == name.latin;
    name.native = typo(&name.native, kind, place, dice);
    name.latin = if same { name.native.clone() } else { typo(&name.latin, kind, place, dice) };
}

/// One slip of the fingers: a letter dropped, doubled, swapped with its neighbour or replaced.
fn typo(text: &str, kind: u32, place: u32, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    // The first letter is rarely wrong.
    let inner = u32::try_from(letters.len() - 1).unwrap_or(1);
    let at = 1 + usize::try_from(place % inner).unwrap_or(0);
    match kind {
        0 => {
            letters.remove(at);
        }
        1 => letters.insert(at, letters[at]),
        2 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => {
            let vowel = "aeiou".contains(letters[at]);
            let others = if vowel { &b"aeiou"[..] } else { &b"bcdfghklmnprstvz"[..] };
            let other = char::from(dice.pick(others));
            if letters[at].is_ascii_lowercase() {
                letters[at] = other;
            } else {
                letters.remove(at);
            }
        }
    }
    letters.into_iter().collect()
}

fn nickname(person: &mut Identity, world: &World, dice: &mut Dice) {
    let first = &mut person.origin.first;
    let form = dice.pick(world.tables.nicknames(&first.native));
    if form.native.is_empty() {
        typo_in(first, dice);
        return;
    }
    let cyrillic = person.origin.culture.is_cyrillic();
    form.native.clone_into(&mut first.native);
    first.latin =
        if cyrillic { super::fold::romanise(form.native, false) } else { form.native.to_owned() };
}

fn initial(name: &mut Name) {
    for text in [&mut name.native, &mut name.latin] {
        if let Some(letter) = text.chars().next() {
            *text = format!("{letter}.");
        }
    }
}

fn other_script(person: &mut Identity) {
    let origin = &mut person.origin;
    if origin.native {
        origin.native = false;
        return;
    }
    for name in [&mut origin.first, &mut origin.last] {
        let same = name.native == name.latin;
        name.latin = without_accents(&name.latin);
        if same {
            name.native.clone_from(&name.latin);
        }
    }
}

fn letter_case(person: &mut Identity, dice: &mut Dice) {
    let upper = dice.percent(50);
    for name in [&mut person.origin.first, &mut person.origin.last] {
        for text in [&mut name.native, &mut name.latin] {
            *text = if upper { text.to_uppercase() } else { text.to_lowercase() };
        }
    }
}

fn move_house(person: &mut Identity, world: &World, dice: &mut Dice) {
    person.address = Some(world.address(person.origin.country, person.origin.native, dice).0);
}

fn change_job(person: &mut Identity, world: &World, dice: &mut Dice) {
    if person.company.is_none() {
        return;
    }
    person.company =
        dice.percent(60).then(|| world.other_employer(person.id, person.origin.country, dice));
    if let Some(("work", _)) = person.landline
        && person.mobile.is_some()
    {
        person.landline = None;
    }
}

fn swap_birthday(person: &mut Identity) {
    if let Some((_, month, day)) = &mut person.birthday
        && *day <= 12
    {
        std::mem::swap(month, day);
    }
}

fn typo_in_email(person: &mut Identity, dice: &mut Dice) {
    if let Some((_, email)) = person.emails.first_mut()
        && let Some((local, domain)) = email.split_once('@')
    {
        let (kind, place) = (dice.below(4), dice.below(1000));
        *email = format!("{}@{domain}", typo(local, kind, place, dice));
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_typo_changes_little_and_never_the_first_letter() {
        let base = ChaCha8Rng::seed_from_u64(1);
        for stream in 0..500 {
            let mut dice = Dice::new(&base, stream);
            let (kind, place) = (dice.below(4), dice.below(1000));
            let text = typo("Müller", kind, place, &mut dice);
            assert!(text.starts_with('M'), "{text}");
            assert!((5..=7).contains(&text.chars().count()), "{text}");
        }
        let mut dice = Dice::new(&base, 0);
        assert_eq!(typo("Ng", 0, 0, &mut dice), "Ng");
    }
}
