//! Headers of columns in which people refuse calls, mails or marketing, by the parts of their
//! words: nobody can list all the names that lists have for them.

use super::header::squeeze;
use super::target::Target;

/// Parts that say that somebody withdrew from something.
const WITHDRAWN: [&str; 21] = [
    "optout",
    "optedout",
    "optingout",
    "unsubscri",
    "abgemeldet",
    "abbestellt",
    "werbewiderspruch",
    "keinewerbung",
    "desinscri",
    "desabonn",
    "dadodebaja",
    "dadadebaja",
    "disiscritt",
    "wypisan",
    "отписан",
    "отписал",
    "afgemeld",
    "uitgeschreven",
    "descadastrad",
    "cancelosuscripcion",
    "canceladosuscripcion",
];

/// Parts that say by themselves that somebody does not want to be called or contacted.
const CALLS: [&str; 26] = [
    "donotcontact",
    "keineanrufe",
    "robinsonlist",
    "listarobinson",
    "listerobinson",
    "sperrvermerk",
    "bloctel",
    "nomolestar",
    "niedzwon",
    "niekontakt",
    "belmeniet",
    "ringinte",
    "ikkering",
    "ringikke",
    "alasoita",
    "aramayın",
    "aramayin",
    "telefonsperre",
    "nixtelefon",
    "excludefromcall",
    "litigator",
    "noncontactable",
    "拒绝来电",
    "请勿致电",
    "電話不可",
    "電話禁止",
];

/// Headers that say so where they are the whole of it, or begin with it.
const LOCKED: [&str; 6] =
    ["suppressed", "suppression", "blacklist", "gesperrt", "tpsregistered", "tpsstatus"];

/// Whole headers that say so, which are too short to be looked for in others.
const WHOLE: [(&str, Target); 12] = [
    ("tps", Target::DoNotContact),
    ("ctps", Target::DoNotContact),
    ("dnd", Target::DoNotContact),
    ("blocked", Target::DoNotContact),
    ("isblocked", Target::DoNotContact),
    ("reservert", Target::DoNotContact),
    ("listerouge", Target::DoNotContact),
    ("opposition", Target::OptOut),
    ("baja", Target::OptOut),
    ("unsub", Target::OptOut),
    ("nosolicitation", Target::OptOut),
    ("removefromlist", Target::OptOut),
];

/// How a language says "do not", with what must follow for a call or any contact, and for mail.
type Negation = (&'static str, &'static [&'static str], &'static [&'static str]);
const NEGATIONS: [Negation; 8] = [
    ("dont", &["call", "phone", "contact", "disturb", "dial", "ring"], &["mail", "email"]),
    ("nepas", &["appel", "contact", "derang", "demarch"], &["ecrire", "envoyer"]),
    ("no", &["llamar", "contactar", "molestar"], &["enviar"]),
    ("nao", &["ligar", "contat", "contact", "perturb", "incomod"], &["enviar"]),
    ("non", &["chiamare", "contattare", "disturbare"], &["inviare"]),
    ("не", &["звонить", "беспокоить", "контактировать", "связываться"], &["писать"]),
    ("niet", &["bellen", "contact", "storen"], &["mailen"]),
    ("ne", &["volat", "kontaktovat"], &[]),
];

/// Parts of columns that tell something about a refusal and are none: a date is one, a link is not.
const ABOUT: [&str; 8] = ["link", "url", "token", "scrub", "check", "clear", "campaign", "source"];

/// The field of a refusal that a squeezed header means, as far as its parts say so.
pub(super) fn target(name: &str) -> Option<Target> {
    if ABOUT.iter().any(|part| name.contains(part)) {
        return None;
    }
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if let Some((_, target)) = WHOLE.iter().find(|(whole, _)| *whole == name) {
        return Some(target.clone());
    }
    if is_dnc(name) || has(&CALLS) || LOCKED.iter().any(|part| name.starts_with(part)) {
        return Some(Target::DoNotContact);
    }
    let is_mail = has(&["mail", "newsletter", "correo", "courriel"]);
    if has(&WITHDRAWN) {
        let is_call = has(&["call", "phone", "voice", "anruf", "telefon", "dialer"]);
        let is_message = has(&["sms", "fax", "text", "whatsapp"]);
        return Some(match (is_call, is_message, is_mail) {
            (true, ..) => Target::DoNotContact,
            (false, false, true) => Target::EmailOptOut,
            _ => Target::OptOut,
        });
    }
    negated(name)
}

/// What a header with "do not" in front of a verb refuses.
fn negated(name: &str) -> Option<Target> {
    if let Some((_, what)) = name.split_once("donot") {
        // "To-do notes" are no refusal.
        if what.starts_with("es") {
            return None;
        }
        let has = |parts: &[&str]| parts.iter().any(|part| what.contains(part));
        return if has(&["call", "phone", "contact", "disturb", "dial"]) {
            Some(Target::DoNotContact)
        } else if has(&["mail"]) {
            Some(Target::EmailOptOut)
        } else if has(&["text", "sms", "fax", "market", "advert", "promot", "solicit"]) {
            Some(Target::OptOut)
        } else {
            None
        };
    }
    NEGATIONS.iter().find_map(|(negation, calls, mails)| {
        let what = name.strip_prefix(negation)?;
        let begins = |verbs: &[&str]| verbs.iter().any(|verb| what.starts_with(verb));
        if begins(calls) {
            Some(Target::DoNotContact)
        } else if begins(mails) {
            Some(Target::EmailOptOut)
        } else {
            None
        }
    })
}

/// `DNC Status`, `National DNC`, `On DNC list`.
fn is_dnc(name: &str) -> bool {
    name.starts_with("dnc") || name.ends_with("dnc") || name.contains("dnclist")
}

/// Whether a cell says that somebody refused, whatever its column is called.
pub(super) fn is_said(cell: &str) -> bool {
    const WORDS: [&str; 10] = [
        "unsubscribed",
        "optedout",
        "optout",
        "donotcall",
        "donotcontact",
        "donotemail",
        "dontcall",
        "dnc",
        "abgemeldet",
        "nichtanrufen",
    ];
    cell.len() <= 40 && WORDS.contains(&squeeze(cell).as_str())
}

/// Whether a header looks like that of a refusal, whether or not it is known which.
pub(super) fn is_likely(header: &str) -> bool {
    const PARTS: [&str; 9] = [
        "donot",
        "suppress",
        "blacklist",
        "blocklist",
        "robinson",
        "gesperrt",
        "sperrvermerk",
        "widerspruch",
        "werbesperre",
    ];
    let name = squeeze(header);
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    !name.contains("donotes") && (is_dnc(&name) || has(&PARTS) || has(&WITHDRAWN) || has(&CALLS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_header_say_what_is_refused() {
        for (header, expected) in [
            ("Do Not Call Flag", Target::DoNotContact),
            ("Do Not Call (DNC)", Target::DoNotContact),
            ("On DNC list", Target::DoNotContact),
            ("Do not allow Phone Calls", Target::DoNotContact),
            ("Don't call", Target::DoNotContact),
            ("Opt out of calls", Target::DoNotContact),
            ("Telephone & e-mail opt out", Target::DoNotContact),
            ("donotbulkemail", Target::EmailOptOut),
            ("Marketing email opt out", Target::EmailOptOut),
            ("Newsletter abgemeldet", Target::EmailOptOut),
            ("No enviar correo", Target::EmailOptOut),
            ("SMS Opt Out", Target::OptOut),
            ("HasOptedOutOfFax", Target::OptOut),
            ("Global unsubscribe", Target::OptOut),
            ("Désabonné", Target::OptOut),
            ("Не беспокоить", Target::DoNotContact),
            ("Älä soita", Target::DoNotContact),
            ("Telefonsperre", Target::DoNotContact),
            ("Litigator Flag", Target::DoNotContact),
            ("Exclude from calls", Target::DoNotContact),
            ("拒绝来电", Target::DoNotContact),
            ("DND", Target::DoNotContact),
            ("Uitgeschreven", Target::OptOut),
            ("Baja", Target::OptOut),
        ] {
            assert_eq!(target(&squeeze(header)), Some(expected), "{header}");
        }
    }

    #[test]
    fn what_only_sounds_like_a_refusal_is_none() {
        for header in [
            "To-do notes (phone)",
            "Do not export",
            "Unsubscribe link",
            "DNC last checked",
            "Orthodontist phone",
            "Robinson",
            "Note",
            "Nombre",
            "Nonprofit",
            "Notes on calls",
            "Baja California",
            "Blocked time",
        ] {
            assert_eq!(target(&squeeze(header)), None, "{header}");
        }
        assert!(is_likely("DNC last checked") && is_likely("Do not export"));
        assert!(!is_likely("To-do notes") && !is_likely("Phone"));
    }
}
