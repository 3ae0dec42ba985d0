//! More words for the fields of a contact in the headers of lists: languages of which only the most
//! common headers are known.
//!
//! All words are in the form that [`super::header::squeeze`] makes.

use super::target::{AddressPart as Part, Label, Target};

/// The field that a squeezed header means.
#[rustfmt::skip]
pub(super) fn target(name: &str) -> Option<Target> {
    Some(match name {
        // Chinese, Japanese, Korean; Swedish, Danish, Norwegian; Finnish, Czech, Hungarian, Turkish;
        // Greek, Ukrainian, Arabic, Hebrew.
        "姓名" | "全名" | "联系人" | "聯絡人" | "氏名" | "名前" | "お名前" | "이름" | "성명" | "namn" | "navn" | "fuldtnavn" | "fulltnavn"
        | "nimi" | "koknimi" | "celejmeno" | "nev" | "teljesnev" | "adsoyad" | "adısoyadı" | "ονοματεπώνυμο" | "الاسم" | "الاسمالكامل"
        | "שם" | "שםמלא" => Target::Name,
        "名" | "名字" | "fornamn" | "fornavn" | "etunimi" | "jmeno" | "krestnijmeno" | "keresztnev" | "utonev" | "ad" | "adı"
        | "όνομα" | "імя" | "prenume" | "שםפרטי" | "الاسمالأول" => Target::FirstName,
        "姓" | "姓氏" | "성" | "efternamn" | "efternavn" | "etternavn" | "sukunimi" | "prijmeni" | "vezeteknev" | "csaladnev" | "soyad"
        | "soyadı" | "επώνυμο" | "прізвище" | "nume" | "numedefamilie" | "שםמשפחה" | "اسمالعائلة" => Target::LastName,
        "手机" | "手机号" | "手机号码" | "手機" | "手機號碼" | "携帯" | "携帯電話" | "携帯番号" | "휴대폰" | "휴대전화" | "핸드폰" | "mobiltelefonnummer"
        | "matkapuhelin" | "mobilszam" | "ceptelefonu" | "κινητό" | "мобільний" | "جوال" | "موبايل" | "נייד" => Target::Phone(Some(Label::Mobile)),
        "电话" | "电话号码" | "联系电话" | "電話" | "電話號碼" | "電話番号" | "전화" | "전화번호" | "연락처" | "puhelin" | "puhelinnumero" | "telefonszam"
        | "telefonnumarası" | "telefoncislo" | "telefonnicislo" | "τηλέφωνο" | "هاتف" | "الهاتف" | "رقمالهاتف" | "טלפון" | "telefonnr" | "tlf" | "tlfnr" => Target::Phone(None),
        "邮箱" | "电子邮件" | "电子邮箱" | "電子郵件" | "メール" | "メールアドレス" | "이메일" | "epost" | "epostadress" | "epostadresse" | "sahkoposti"
        | "eposta" | "emailcim" | "ηλεκτρονικήδιεύθυνση" | "електроннапошта" | "البريدالإلكتروني" | "דואל" | "אימייל" => Target::Email(None),
        "公司" | "公司名称" | "单位" | "会社" | "会社名" | "회사" | "회사명" | "foretag" | "virksomhed" | "bedrift" | "yritys" | "spolecnost" | "ceg"
        | "cegnev" | "sirket" | "εταιρεία" | "εταιρία" | "компанія" | "companie" | "الشركة" | "חברה" => Target::Company,
        "职位" | "職稱" | "役職" | "직책" | "befattning" | "stilling" | "tehtavanimike" | "pozice" | "beosztas" | "unvan" | "посада" => Target::Title,
        "部门" | "部門" | "部署" | "부서" | "avdelning" | "afdeling" | "avdeling" | "osasto" | "oddeleni" | "osztaly" => Target::Department,
        "地址" | "住所" | "주소" | "gatuadress" | "osoite" | "ulice" | "cim" | "utca" | "διεύθυνση" | "العنوان" | "כתובת" => Target::Address(Part::Street, None),
        "城市" | "市" | "도시" | "postort" | "kaupunki" | "mesto" | "varos" | "sehir" | "πόλη" | "місто" | "المدينة" | "עיר" => Target::Address(Part::City, None),
        "邮编" | "邮政编码" | "郵遞區號" | "郵便番号" | "우편번호" | "postnummer" | "postnr" | "postinumero" | "psc" | "iranyitoszam" | "postakodu" => Target::Address(Part::PostalCode, None),
        "国家" | "國家" | "国" | "국가" | "maa" | "zeme" | "stat" | "orszag" | "ulke" | "χώρα" | "країна" | "tara" | "البلد" | "מדינה" => Target::Address(Part::Country, None),
        "生日" | "出生日期" | "生年月日" | "誕生日" | "생일" | "생년월일" | "fodelsedatum" | "fodelsdag" | "fodselsdato" | "fodselsdag" | "syntymaaika" | "datumnarozeni"
        | "szuletesidatum" | "dogumtarihi" | "ημερομηνίαγέννησης" | "датанародження" => Target::Birthday,
        "备注" | "備註" | "備考" | "メモ" | "메모" | "비고" | "anteckning" | "anteckningar" | "noter" | "bemærkninger" | "merknader" | "muistiinpanot" | "poznamka"
        | "poznamky" | "megjegyzes" | "notlar" | "σημειώσεις" | "примітки" | "ملاحظات" | "הערות" => Target::Notes,
        "标签" | "標籤" | "タグ" | "태그" | "taggar" | "stitky" | "cimkek" | "etiketler" | "мітки" => Target::Tags,
        _ => return None,
    })
}
