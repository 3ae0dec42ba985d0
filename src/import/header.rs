//! What the headers of a file mean: aliases in several languages, and the layouts of well-known
//! programs.
//!
//! Headers are compared in a squeezed form, without case, accents, spaces and punctuation, so that
//! `E-mail`, `e_mail` and `EMail` are one. A layout is recognised by the set of its headers and
//! overrules the aliases: `Title` is a salutation in a file of Outlook.

use std::collections::HashSet;
use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use super::map::Origin;
use super::outlook_german;
use super::target::{AddressPart, Label, Target, custom_key};

/// The program that a file comes from, as far as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the programs say it")]
pub enum Layout {
    Google,
    /// Google Contacts before 2024.
    GoogleOld,
    Outlook,
    HubSpot,
    Salesforce,
    Zoho,
    LinkedIn,
    Pipedrive,
    Vicidial,
    Odoo,
    FreePbx,
    ThreeCx,
    Plain,
}

impl Layout {
    /// Recognises a layout by its headers.
    pub fn detect<S: AsRef<str>>(headers: &[S]) -> Self {
        let squeezed: HashSet<String> =
            headers.iter().map(|header| squeeze(header.as_ref())).collect();
        let has = |name: &str| squeezed.contains(name);
        let count = |names: &[&str]| names.iter().filter(|name| has(name)).count();
        let german = squeezed.iter().filter_map(|name| outlook_german::english(name));
        let german = german.filter(|name| OUTLOOK.contains(&name.as_str())).count();
        let google = ["phone1value", "email1value", "address1street", "phone1label", "email1label"];
        if has("givenname") && count(&["groupmembership", "email1value", "phone1value"]) > 0 {
            Self::GoogleOld
        } else if count(&google) > 0 {
            Self::Google
        } else if count(&OUTLOOK) >= 3 || german >= 3 {
            Self::Outlook
        } else if has("recordid") && count(&ZOHO) > 0 && count(&HUBSPOT_ONLY) == 0 {
            Self::Zoho
        } else if has("recordid") && (count(&HUBSPOT_ONLY) > 0 || count(&HUBSPOT) > 1) {
            Self::HubSpot
        } else if count(&["firstname", "lastname"]) == 2 && count(&SALESFORCE) >= 2 {
            Self::Salesforce
        } else if count(&["firstname", "lastname"]) == 2
            && (count(&["connectedon", "position", "url"]) >= 2 || has("primaryemail"))
        {
            Self::LinkedIn
        } else {
            Self::of_telephony(&squeezed)
        }
    }

    /// Sales programs and telephone systems with few headers of their own.
    fn of_telephony(headers: &HashSet<String>) -> Self {
        let count = |names: &[&str]| names.iter().filter(|name| headers.contains(**name)).count();
        let has_prefix = |prefix: &str| headers.iter().any(|one| one.starts_with(prefix));
        if has_prefix("personname") && has_prefix("personphone")
            || has_prefix("personname") && has_prefix("personemail")
        {
            Self::Pipedrive
        } else if count(&["vendorleadcode", "sourceid", "listid", "phonecode", "phonenumber"]) >= 3
        {
            Self::Vicidial
        } else if count(&["displayname", "isacompany", "companytype", "parentid", "parentidname"])
            >= 2
            && count(&["displayname", "isacompany", "companytype"]) >= 1
        {
            Self::Odoo
        } else if count(&[
            "displayname",
            "fname",
            "lname",
            "phone1number",
            "groupname",
            "speeddial",
        ]) >= 3
        {
            Self::FreePbx
        } else if count(&["mobile2", "home2", "business2", "businessfax", "emailaddress"]) >= 2
            && headers.contains("mobile")
            && headers.contains("business")
        {
            Self::ThreeCx
        } else {
            Self::Plain
        }
    }

    /// The name of the provider whose ids the file has.
    pub fn external_provider(self) -> Option<&'static str> {
        match self {
            Self::HubSpot => Some("HubSpot"),
            Self::Salesforce => Some("Salesforce"),
            Self::Zoho => Some("Zoho"),
            Self::Pipedrive => Some("Pipedrive"),
            Self::Vicidial => Some("VICIdial"),
            Self::Odoo => Some("Odoo"),
            Self::Google
            | Self::GoogleOld
            | Self::Outlook
            | Self::LinkedIn
            | Self::FreePbx
            | Self::ThreeCx
            | Self::Plain => None,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Google => "Google Contacts",
            Self::GoogleOld => "Google Contacts (older layout)",
            Self::Outlook => "Outlook",
            Self::HubSpot => "HubSpot",
            Self::Salesforce => "Salesforce",
            Self::Zoho => "Zoho",
            Self::LinkedIn => "LinkedIn",
            Self::Pipedrive => "Pipedrive",
            Self::Vicidial => "VICIdial",
            Self::Odoo => "Odoo",
            Self::FreePbx => "FreePBX",
            Self::ThreeCx => "3CX",
            Self::Plain => "plain",
        })
    }
}

/// Headers that hardly any other program has together.
const OUTLOOK: [&str; 12] = [
    "emailaddress",
    "email2address",
    "emaildisplayname",
    "businessphone",
    "businessfax",
    "businessstreet",
    "businesscity",
    "homestreet",
    "homephone2",
    "companymainphone",
    "assistantsphone",
    "ttytddphone",
];

/// Headers that no other program has beside `Record ID`.
const HUBSPOT_ONLY: [&str; 5] = [
    "lifecyclestage",
    "associatedcompany",
    "associatedcompanyids",
    "marketingcontactstatus",
    "unsubscribedfromallemail",
];

/// Headers that others have as well, so that one of them says little.
const HUBSPOT: [&str; 4] = ["leadstatus", "companyname", "createdate", "lastactivitydate"];

/// Headers that Zoho has beside `Record Id`.
const ZOHO: [&str; 14] = [
    "accountname",
    "accountnameid",
    "contactownerid",
    "contactname",
    "createdtime",
    "modifiedtime",
    "lastactivitytime",
    "emailoptout",
    "secondaryemail",
    "skypeid",
    "vendorname",
    "mailingzip",
    "otherzip",
    "reportingto",
];

const SALESFORCE: [&str; 9] = [
    "accountname",
    "accountid",
    "ownerid",
    "mobilephone",
    "mailingstreet",
    "mailingcity",
    "leadsource",
    "reportstoid",
    "accountowner",
];

/// The form in which headers are compared: lowercase letters and digits of any script, without
/// accents on Latin letters.
pub fn squeeze(header: &str) -> String {
    let mut out = String::with_capacity(header.len());
    for letter in header.nfc().flat_map(char::to_lowercase) {
        match letter {
            'ß' => out.push_str("ss"),
            'ł' => out.push('l'),
            'ø' => out.push('o'),
            _ if letter.is_alphanumeric() => {
                let base = std::iter::once(letter).nfkd().next().unwrap_or(letter);
                out.push(if base.is_ascii() { base } else { letter });
            }
            _ => {}
        }
    }
    out
}

/// How a column is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Its cells go to a field; columns of one thing, such as an address, share the group.
    Field(Target, u32),
    /// Its cells are the labels of the values of another kind of column with the same group.
    LabelOf(LabelledKind, u32),
    /// It is known and of no use here.
    Useless,
}

/// Kinds of values whose labels stand in columns of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelledKind {
    Phone,
    Email,
    Address,
}

/// What a header means in a layout, and whether the header or the layout says so; `None` when
/// nobody knows.
pub(super) fn meaning(header: &str, layout: Layout) -> Option<(Meaning, Origin)> {
    if let Some(key) = custom_key(header.trim()) {
        return Some((Meaning::Field(Target::Custom(key.to_owned()), 0), Origin::Header));
    }
    let name = squeeze(header);
    let special = match layout {
        Layout::Google | Layout::GoogleOld => google(&name),
        Layout::Outlook => outlook(&name).or_else(|| {
            let english = outlook_german::english(&name)?;
            outlook(&english).or_else(|| {
                let (stem, group) = numbered(&english);
                super::alias::target(stem).map(|target| Meaning::Field(target, group))
            })
        }),
        Layout::HubSpot => hubspot(&name),
        Layout::Salesforce => salesforce(&name),
        Layout::Zoho => zoho(&name),
        Layout::LinkedIn => linkedin(&name),
        Layout::Pipedrive => pipedrive(&name),
        Layout::Vicidial => vicidial(&name),
        Layout::Odoo => odoo(&name),
        Layout::FreePbx => freepbx(&name),
        Layout::ThreeCx => threecx(&name),
        Layout::Plain => None,
    };
    if let Some(special) = special {
        return Some((special, Origin::Layout));
    }
    // `Phone 2` means what `Phone` means.
    let (stem, group) = numbered(&name);
    let target = super::alias::target(&name).map(|target| (target, 0));
    let (target, group) = target
        .or_else(|| super::alias::target(stem).map(|target| (target, group)))
        .or_else(|| super::alias_world::target(stem).map(|target| (target, group)))
        .or_else(|| super::refusal::target(&name).map(|target| (target, 0)))?;
    Some((Meaning::Field(target, group), Origin::Header))
}

/// Whether a header is one that some list of contacts has.
pub(super) fn is_known(header: &str) -> bool {
    [Layout::Plain, Layout::Google, Layout::Outlook, Layout::HubSpot, Layout::Salesforce]
        .into_iter()
        .any(|layout| meaning(header, layout).is_some())
}

/// Takes a number from the end: `phone2` is `phone`, 2.
fn numbered(name: &str) -> (&str, u32) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem, name[stem.len()..].parse().unwrap_or(0))
}

#[expect(clippy::unnecessary_wraps, reason = "the tables that use it answer None for the rest")]
fn field(target: Target) -> Option<Meaning> {
    Some(Meaning::Field(target, 0))
}

/// `Phone 1 - Value` and its like, squeezed to `phone1value`.
fn google(name: &str) -> Option<Meaning> {
    use AddressPart as Part;
    let kinds = [
        "phone",
        "email",
        "address",
        "organization",
        "customfield",
        "relation",
        "website",
        "event",
        "im",
        "externalid",
        "calendarlink",
        "jot",
    ];
    for kind in kinds {
        let Some(rest) = name.strip_prefix(kind) else { continue };
        let part = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let Ok(group) = rest[..rest.len() - part.len()].parse() else { continue };
        let address = |part| Some(Meaning::Field(Target::Address(part, None), group));
        return match (kind, part) {
            ("phone", "value") => Some(Meaning::Field(Target::Phone(None), group)),
            ("phone", "label" | "type") => Some(Meaning::LabelOf(LabelledKind::Phone, group)),
            ("email", "value") => Some(Meaning::Field(Target::Email(None), group)),
            ("email", "label" | "type") => Some(Meaning::LabelOf(LabelledKind::Email, group)),
            ("address", "label" | "type") => Some(Meaning::LabelOf(LabelledKind::Address, group)),
            ("address", "street") => address(Part::Street),
            ("address", "city") => address(Part::City),
            ("address", "region") => address(Part::Region),
            ("address", "postalcode") => address(Part::PostalCode),
            ("address", "country") => address(Part::Country),
            ("organization", "name") => field(Target::Company),
            ("organization", "title") => field(Target::Title),
            ("organization", "department") => field(Target::Department),
            _ => Some(Meaning::Useless),
        };
    }
    match name {
        "labels" | "groupmembership" => field(Target::Tags),
        "organizationname" => field(Target::Company),
        "organizationtitle" => field(Target::Title),
        "organizationdepartment" => field(Target::Department),
        "additionalname" => field(Target::MiddleName),
        "nameprefix" => field(Target::Salutation),
        "nickname" | "fileas" | "photo" | "initials" | "shortname" | "maidenname" | "yominame"
        | "givennameyomi" | "familynameyomi" | "additionalnameyomi" | "phoneticfirstname"
        | "phoneticmiddlename" | "phoneticlastname" | "gender" | "location"
        | "billinginformation" | "directoryserver" | "mileage" | "hobby" | "sensitivity"
        | "priority" | "subject" => Some(Meaning::Useless),
        _ => None,
    }
}

fn outlook(name: &str) -> Option<Meaning> {
    let places = [("business", Label::Work), ("home", Label::Home), ("other", Label::Other)];
    for (prefix, label) in places {
        let Some(rest) = name.strip_prefix(prefix) else { continue };
        let target = match numbered(rest).0 {
            "street" => Target::Address(AddressPart::Street, Some(label)),
            "city" => Target::Address(AddressPart::City, Some(label)),
            "state" => Target::Address(AddressPart::Region, Some(label)),
            "postalcode" => Target::Address(AddressPart::PostalCode, Some(label)),
            "country" | "countryregion" => Target::Address(AddressPart::Country, Some(label)),
            "phone" => Target::Phone(Some(label)),
            "fax" => Target::Phone(Some(Label::Fax)),
            "addresspobox" | "address" => return Some(Meaning::Useless),
            _ => continue,
        };
        // The second line of a street belongs to the first.
        return field(target);
    }
    match name {
        "emailaddress" => Some(Meaning::Field(Target::Email(None), 1)),
        "email2address" => Some(Meaning::Field(Target::Email(None), 2)),
        "email3address" => Some(Meaning::Field(Target::Email(None), 3)),
        "jobtitle" => field(Target::Title),
        "categories" => field(Target::Tags),
        "companymainphone" => field(Target::Phone(Some(Label::Main))),
        "primaryphone" => field(Target::Phone(None)),
        "assistantsphone" => field(Target::Phone(Some(Label::Assistant))),
        "pager" => field(Target::Phone(Some(Label::Pager))),
        "callback" | "carphone" | "radiophone" | "isdn" | "ttytddphone" => {
            field(Target::Phone(Some(Label::Other)))
        }
        "title" => field(Target::Salutation),
        "account"
        | "anniversary"
        | "assistantsname"
        | "billinginformation"
        | "children"
        | "directoryserver"
        | "emailtype"
        | "email2type"
        | "email3type"
        | "emaildisplayname"
        | "email2displayname"
        | "email3displayname"
        | "gender"
        | "governmentidnumber"
        | "hobby"
        | "initials"
        | "keywords"
        | "location"
        | "managersname"
        | "mileage"
        | "officelocation"
        | "organizationalidnumber"
        | "priority"
        | "private"
        | "profession"
        | "referredby"
        | "sensitivity"
        | "spouse"
        | "telex"
        | "user1"
        | "user2"
        | "user3"
        | "user4"
        | "webpage"
        | "internetfreebusy" => Some(Meaning::Useless),
        _ => None,
    }
}

fn hubspot(name: &str) -> Option<Meaning> {
    match name {
        "recordid" | "recordidcontact" => field(Target::ExternalCrmId),
        "contactowner" => field(Target::AssignedTo),
        "companyname" | "associatedcompany" => field(Target::Company),
        "originalsource" => field(Target::Source),
        "phonenumber" => field(Target::Phone(None)),
        "mobilephonenumber" => field(Target::Phone(Some(Label::Mobile))),
        "leadstatus"
        | "lifecyclestage"
        | "createdate"
        | "associatedcompanyids"
        | "lastactivitydate"
        | "lastcontacted"
        | "marketingcontactstatus"
        | "websiteurl" => Some(Meaning::Useless),
        _ => None,
    }
}

fn salesforce(name: &str) -> Option<Meaning> {
    for (prefix, label) in [("mailing", None), ("other", Some(Label::Other))] {
        let part = match name.strip_prefix(prefix) {
            Some("street") => AddressPart::Street,
            Some("city") => AddressPart::City,
            Some("state" | "stateprovince") => AddressPart::Region,
            Some("postalcode" | "zippostalcode") => AddressPart::PostalCode,
            Some("country") => AddressPart::Country,
            _ => continue,
        };
        return field(Target::Address(part, label));
    }
    match name {
        "id" | "contactid" | "leadid" => field(Target::ExternalCrmId),
        "accountname" => field(Target::Company),
        "contactowner" => field(Target::AssignedTo),
        "leadsource" => field(Target::Source),
        "description" => field(Target::Notes),
        "phone" => field(Target::Phone(Some(Label::Work))),
        "otherphone" => field(Target::Phone(Some(Label::Other))),
        "assistantphone" => field(Target::Phone(Some(Label::Assistant))),
        "ownerid" | "accountid" | "accountowner" | "reportstoid" | "createddate"
        | "lastmodifieddate" | "assistantname" | "isdeleted" | "systemmodstamp" | "createdbyid"
        | "lastmodifiedbyid" | "masterrecordid" | "photourl" => Some(Meaning::Useless),
        _ => None,
    }
}

fn zoho(name: &str) -> Option<Meaning> {
    match name {
        "recordid" => field(Target::ExternalCrmId),
        "contactowner" => field(Target::AssignedTo),
        "accountname" => field(Target::Company),
        "otherphone" => field(Target::Phone(Some(Label::Other))),
        "asstphone" => field(Target::Phone(Some(Label::Assistant))),
        "mailingzip" => field(Target::Address(AddressPart::PostalCode, None)),
        "otherstreet" => field(Target::Address(AddressPart::Street, Some(Label::Other))),
        "othercity" => field(Target::Address(AddressPart::City, Some(Label::Other))),
        "otherstate" => field(Target::Address(AddressPart::Region, Some(Label::Other))),
        "otherzip" => field(Target::Address(AddressPart::PostalCode, Some(Label::Other))),
        "othercountry" => field(Target::Address(AddressPart::Country, Some(Label::Other))),
        "contactname" | "contactownerid" | "accountnameid" | "vendorname" | "reportingto"
        | "createdby" | "createdbyid" | "modifiedby" | "modifiedbyid" | "createdtime"
        | "modifiedtime" | "lastactivitytime" | "skypeid" | "asst" | "assistant" | "layout"
        | "layoutid" | "locked" | "currency" | "exchangerate" => Some(Meaning::Useless),
        _ => None,
    }
}

fn linkedin(name: &str) -> Option<Meaning> {
    match name {
        "primaryemail" => field(Target::Email(None)),
        "position" => field(Target::Title),
        "url" => field(Target::Social("linkedin")),
        "connectedon" => Some(Meaning::Useless),
        _ => None,
    }
}

/// Pipedrive puts `Person - ` in front of its columns, and the kind of a number behind them.
fn pipedrive(name: &str) -> Option<Meaning> {
    match name {
        "personid" => field(Target::ExternalCrmId),
        "personname" => field(Target::Name),
        "personfirstname" => field(Target::FirstName),
        "personlastname" => field(Target::LastName),
        "personorganization" | "personorganizationname" | "organizationname" => {
            field(Target::Company)
        }
        "personowner" => field(Target::AssignedTo),
        "personlabels" | "personlabel" => field(Target::Tags),
        "personnotes" | "personnote" => field(Target::Notes),
        "personjobtitle" => field(Target::Title),
        "personbirthday" => field(Target::Birthday),
        "personpostaladdress" => field(Target::Address(AddressPart::Street, None)),
        "personmarketingstatus" => field(Target::OptIn),
        _ => {
            let kind = |rest: &str| match rest {
                "work" => Some(Label::Work),
                "home" => Some(Label::Home),
                "mobile" => Some(Label::Mobile),
                "other" => Some(Label::Other),
                _ => None,
            };
            if let Some(rest) = name.strip_prefix("personphone") {
                return field(Target::Phone(kind(rest)));
            }
            if let Some(rest) = name.strip_prefix("personemail") {
                return field(Target::Email(kind(rest)));
            }
            name.starts_with("person").then_some(Meaning::Useless)
        }
    }
}

fn vicidial(name: &str) -> Option<Meaning> {
    match name {
        "vendorleadcode" => field(Target::ExternalCrmId),
        "phonenumber" => field(Target::Phone(None)),
        "altphone" => field(Target::Phone(Some(Label::Other))),
        // The further lines of a street belong to the first.
        "address1" | "address2" | "address3" => field(Target::Address(AddressPart::Street, None)),
        "middleinitial" => field(Target::MiddleName),
        "state" | "province" => field(Target::Address(AddressPart::Region, None)),
        "comments" => field(Target::Notes),
        "sourceid" => field(Target::Source),
        "title" => field(Target::Salutation),
        "leadid"
        | "listid"
        | "phonecode"
        | "gender"
        | "securityphrase"
        | "rank"
        | "owner"
        | "entrylistid"
        | "entrydate"
        | "modifydate"
        | "user"
        | "gmtoffsetnow"
        | "calledsincelastreset"
        | "calledcount"
        | "lastlocalcalltime" => Some(Meaning::Useless),
        // Of what came of calls only that nobody may call again.
        "status" => field(Target::DoNotContact),
        "dateofbirth" => field(Target::Birthday),
        _ => None,
    }
}

fn odoo(name: &str) -> Option<Meaning> {
    match name {
        "id" | "externalid" => field(Target::ExternalCrmId),
        "displayname" | "name" => field(Target::Name),
        "parentid" | "parentidname" | "parentname" | "companyname" | "relatedcompany" => {
            field(Target::Company)
        }
        "function" | "jobposition" => field(Target::Title),
        "categoryid" | "tags" => field(Target::Tags),
        "userid" | "salesperson" => field(Target::AssignedTo),
        "stateid" | "stateidname" => field(Target::Address(AddressPart::Region, None)),
        "countryid" | "countryidname" | "countryidcode" => {
            field(Target::Address(AddressPart::Country, None))
        }
        "comment" => field(Target::Notes),
        "street2" => field(Target::Address(AddressPart::Street, None)),
        "isacompany" | "iscompany" | "companytype" | "activities" | "vat" | "taxid" | "website" => {
            Some(Meaning::Useless)
        }
        _ => None,
    }
}

/// `Phone 1 Number`, `Phone 1 Type` and so on of the Contact Manager of `FreePBX`.
fn freepbx(name: &str) -> Option<Meaning> {
    let numbered_part = |prefix: &str| {
        let rest = name.strip_prefix(prefix)?;
        let part = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let group: u32 = rest[..rest.len() - part.len()].parse().ok()?;
        Some((group, part))
    };
    if let Some((group, part)) = numbered_part("phone") {
        return Some(match part {
            "number" => Meaning::Field(Target::Phone(None), group),
            "type" => Meaning::LabelOf(LabelledKind::Phone, group),
            _ => Meaning::Useless,
        });
    }
    if let Some((group, _)) = numbered_part("email") {
        return Some(Meaning::Field(Target::Email(None), group));
    }
    match name {
        "displayname" => field(Target::Name),
        "fname" => field(Target::FirstName),
        "lname" => field(Target::LastName),
        "groupname" => field(Target::Tags),
        "address" => field(Target::Address(AddressPart::Street, None)),
        _ if name.starts_with("website") || name.starts_with("im1") => Some(Meaning::Useless),
        "grouptype" | "speeddial" | "locale" | "image" => Some(Meaning::Useless),
        _ => None,
    }
}

fn threecx(name: &str) -> Option<Meaning> {
    match name {
        "mobile" | "mobile2" => field(Target::Phone(Some(Label::Mobile))),
        "home" | "home2" => field(Target::Phone(Some(Label::Home))),
        "business" | "business2" => field(Target::Phone(Some(Label::Work))),
        "businessfax" | "homefax" => field(Target::Phone(Some(Label::Fax))),
        "other" => field(Target::Phone(Some(Label::Other))),
        "pager" => field(Target::Phone(Some(Label::Pager))),
        "company" => field(Target::Company),
        "department" => field(Target::Department),
        "email" | "emailaddress" => field(Target::Email(None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_squeezed() {
        for (header, expect) in [
            ("\u{feff} E-mail 1 - Value ", "email1value"),
            ("first_name", "firstname"),
            ("Straße", "strasse"),
            ("Prénom", "prenom"),
            ("Город", "город"),
            ("Мобильный", "мобильный"),
            ("Imię*", "imie"),
            ("Assistant's Phone", "assistantsphone"),
        ] {
            assert_eq!(squeeze(header), expect);
        }
    }

    #[test]
    fn layouts_are_recognised_by_several_headers() {
        for (headers, expect) in [
            ("First Name,Last Name,Phone,Title", Layout::Plain),
            ("First Name,Labels,E-mail 1 - Label,E-mail 1 - Value", Layout::Google),
            ("Name,Given Name,Family Name,Group Membership,Phone 1 - Type", Layout::GoogleOld),
            ("Title,First Name,Business Phone,E-mail Address,Business City", Layout::Outlook),
            ("Record ID,First Name,Lifecycle Stage", Layout::HubSpot),
            ("Record ID,First Name,Last Name,Lead Status,Create Date", Layout::HubSpot),
            ("Record Id,First Name,Last Name,Account Name,Contact Owner,Email", Layout::Zoho),
            ("Record Id,First Name,Last Name,Contact Owner,Email", Layout::Plain),
            ("Record ID,Name,Phone", Layout::Plain),
            ("Id,FirstName,LastName,AccountName,MobilePhone", Layout::Salesforce),
            (
                "First Name,Last Name,URL,Email Address,Company,Position,Connected On",
                Layout::LinkedIn,
            ),
            ("Person - Name,Person - Phone - Work,Person - Email - Home", Layout::Pipedrive),
            (
                "lead_id,vendor_lead_code,source_id,list_id,phone_code,phone_number",
                Layout::Vicidial,
            ),
            ("Display Name,Is a Company,Phone,Email", Layout::Odoo),
            ("displayname,fname,lname,company,phone_1_number,phone_1_type", Layout::FreePbx),
            (
                "FirstName,LastName,Company,Mobile,Mobile2,Home,Home2,Business,Business2",
                Layout::ThreeCx,
            ),
            ("Name,Email Address,Business Phone", Layout::Plain),
            ("", Layout::Plain),
        ] {
            let headers: Vec<&str> = headers.split(',').collect();
            assert_eq!(Layout::detect(&headers), expect, "{headers:?}");
        }
    }

    #[test]
    fn the_layout_decides_what_a_header_means() {
        let meaning = |header, layout| meaning(header, layout).map(|(meaning, _)| meaning);
        let title = |layout| meaning("Title", layout);
        assert_eq!(title(Layout::Outlook), field(Target::Salutation));
        assert_eq!(title(Layout::Plain), field(Target::Title));
        assert_eq!(
            meaning("Address 2 - Postal Code", Layout::Google),
            Some(Meaning::Field(Target::Address(AddressPart::PostalCode, None), 2))
        );
        assert_eq!(meaning("Phone 3", Layout::Plain), Some(Meaning::Field(Target::Phone(None), 3)));
        assert_eq!(meaning("Shoe size", Layout::Plain), None);
        assert_eq!(
            meaning("CF.Shoe Size", Layout::Plain),
            field(Target::Custom("Shoe Size".to_owned()))
        );
    }
}
