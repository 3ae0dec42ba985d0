//! International calling codes: which digits are the country code, and whose they are.
//!
//! A small fixed table (ITU-T E.164, list of assigned country codes) instead of full metadata: it
//! is what the fast path of number parsing and every lookup need, without regular expressions.
//! A unit test holds it against the metadata of the `phonenumber` crate.

/// One calling code, and the region to assume where several share it.
const CODES: &str = "\
1US 7RU 20EG 27ZA 30GR 31NL 32BE 33FR 34ES 36HU 39IT 40RO 41CH 43AT 44GB 45DK 46SE 47NO 48PL 49DE \
51PE 52MX 53CU 54AR 55BR 56CL 57CO 58VE 60MY 61AU 62ID 63PH 64NZ 65SG 66TH 81JP 82KR 84VN 86CN 90TR \
91IN 92PK 93AF 94LK 95MM 98IR 211SS 212MA 213DZ 216TN 218LY 220GM 221SN 222MR 223ML 224GN 225CI \
226BF 227NE 228TG 229BJ 230MU 231LR 232SL 233GH 234NG 235TD 236CF 237CM 238CV 239ST 240GQ 241GA \
242CG 243CD 244AO 245GW 246IO 247AC 248SC 249SD 250RW 251ET 252SO 253DJ 254KE 255TZ 256UG 257BI \
258MZ 260ZM 261MG 262RE 263ZW 264NA 265MW 266LS 267BW 268SZ 269KM 290SH 291ER 297AW 298FO 299GL \
350GI 351PT 352LU 353IE 354IS 355AL 356MT 357CY 358FI 359BG 370LT 371LV 372EE 373MD 374AM 375BY \
376AD 377MC 378SM 380UA 381RS 382ME 383XK 385HR 386SI 387BA 389MK 420CZ 421SK 423LI 500FK 501BZ \
502GT 503SV 504HN 505NI 506CR 507PA 508PM 509HT 590GP 591BO 592GY 593EC 594GF 595PY 596MQ 597SR \
598UY 599CW 670TL 672NF 673BN 674NR 675PG 676TO 677SB 678VU 679FJ 680PW 681WF 682CK 683NU 685WS \
686KI 687NC 688TV 689PF 690TK 691FM 692MH 850KP 852HK 853MO 855KH 856LA 880BD 886TW 960MV 961LB \
962JO 963SY 964IQ 965KW 966SA 967YE 968OM 970PS 971AE 972IL 973BH 974QA 975BT 976MN 977NP 992TJ \
993TM 994AZ 995GE 996KG 998UZ";

/// Area codes of the North American plan outside the United States.
const NANP: &[(&str, &str)] = &[
    (
        "CA",
        "204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 387 403 416 418 428 431 437 438 450 \
         460 468 474 506 514 519 537 548 568 579 581 584 587 604 613 639 647 672 683 705 709 742 753 778 780 782 \
         807 819 825 851 867 873 879 902 905 942",
    ),
    ("AG", "268"),
    ("AI", "264"),
    ("AS", "684"),
    ("BB", "246"),
    ("BM", "441"),
    ("BS", "242"),
    ("DM", "767"),
    ("DO", "809 829 849"),
    ("GD", "473"),
    ("GU", "671"),
    ("JM", "658 876"),
    ("KN", "869"),
    ("KY", "345"),
    ("LC", "758"),
    ("MP", "670"),
    ("MS", "664"),
    ("PR", "787 939"),
    ("SX", "721"),
    ("TC", "649"),
    ("TT", "868"),
    ("VC", "784"),
    ("VG", "284"),
    ("VI", "340"),
];

/// Table from the three leading digits to length of the code and its region.
struct Table {
    by_prefix: Vec<Option<(u8, &'static str)>>,
    nanp: Vec<Option<&'static str>>,
}

static TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(|| {
    let mut by_prefix = vec![None; 1000];
    for entry in CODES.split_whitespace() {
        let at = entry.len() - 2;
        let (code, region) = entry.split_at(at);
        let Ok(value) = code.parse::<usize>() else { continue };
        let (from, count) = match code.len() {
            1 => (value * 100, 100),
            2 => (value * 10, 10),
            _ => (value, 1),
        };
        #[expect(clippy::cast_possible_truncation, reason = "a code has at most three digits")]
        let len = code.len() as u8;
        for slot in by_prefix.iter_mut().skip(from).take(count) {
            *slot = Some((len, region));
        }
    }
    let mut nanp = vec![None; 1000];
    for (region, areas) in NANP {
        for area in areas.split_whitespace() {
            if let Some(slot) = area.parse::<usize>().ok().and_then(|a| nanp.get_mut(a)) {
                *slot = Some(*region);
            }
        }
    }
    Table { by_prefix, nanp }
});

/// Splits the digits of an international number into calling code length and main region.
///
/// `None` if no assigned code begins so.
pub fn split(digits: &str) -> Option<(usize, &'static str)> {
    let head: usize = digits.get(..3)?.parse().ok()?;
    TABLE.by_prefix.get(head).copied().flatten().map(|(len, region)| (usize::from(len), region))
}

/// The region of an international number, by calling code, and by area code where several
/// regions share one; the main region where the area says nothing.
pub fn region(digits: &str) -> Option<&'static str> {
    let (len, main) = split(digits)?;
    let national = &digits[len..];
    Some(match main {
        "US" => {
            let area = national.get(..3).and_then(|a| a.parse::<usize>().ok());
            area.and_then(|a| TABLE.nanp.get(a).copied().flatten()).unwrap_or("US")
        }
        "RU" if national.starts_with(['6', '7']) => "KZ",
        "NO" if national.starts_with("79") => "SJ",
        "FI" if national.starts_with("18") => "AX",
        "IT" if national.starts_with("06698") => "VA",
        "GB" => match national.get(..4) {
            Some("1481") => "GG",
            Some("1534") => "JE",
            Some("1624") => "IM",
            _ => "GB",
        },
        main => main,
    })
}

/// The calling code of a region in digits, for example `49` for `DE`.
pub fn code_of(region: &str) -> Option<&'static str> {
    if NANP.iter().any(|(r, _)| *r == region) {
        return Some("1");
    }
    CODES.split_whitespace().find_map(|entry| {
        let (code, of) = entry.split_at(entry.len() - 2);
        (of == region).then_some(code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_regions_agree_with_the_metadata() {
        let mut checked = 0;
        for metadata in phonenumber::metadata::DATABASE.iter() {
            let id = metadata.id();
            if id.len() != 2 {
                continue;
            }
            let Some(example) =
                metadata.descriptors().fixed_line().and_then(|d| d.example().map(str::to_owned))
            else {
                continue;
            };
            let digits = format!("{}{example}", metadata.country_code());
            let (len, main) = split(&digits).unwrap_or_else(|| panic!("no code for {id} {digits}"));
            assert_eq!(digits[..len], metadata.country_code().to_string(), "{id}");
            if metadata.is_main_country_for_code() || metadata.country_code() == 1 {
                assert_eq!(region(&digits), Some(id), "{digits}");
            } else {
                assert_eq!(main.len(), 2);
            }
            checked += 1;
        }
        assert!(checked > 200, "only {checked} regions were compared");
    }

    #[test]
    fn unassigned_and_short_have_no_code() {
        assert_eq!(split("999123456"), None);
        assert_eq!(split("1"), None);
        assert_eq!(region("14165550123"), Some("CA"));
        assert_eq!(code_of("DE"), Some("49"));
        assert_eq!(code_of("CA"), Some("1"));
        assert_eq!(code_of("XX"), None);
    }
}
