//! The usual headers of lists in nine languages, and where each goes.

use crate::import::RowMap;
use crate::import::map::MapOptions;

/// Fields in the order of the columns of each language.
const FIELDS: [&str; 19] = [
    "first_name",
    "last_name",
    "phone",
    "mobile",
    "phone.work",
    "phone.home",
    "email",
    "company",
    "title",
    "department",
    "street",
    "postal_code",
    "city",
    "region",
    "country",
    "birthday",
    "notes",
    "tags",
    "language",
];

const LISTS: [(&str, &str); 9] = [
    (
        "English",
        "First name|Last name|Phone|Mobile|Work phone|Home phone|E-mail address|Company|Job title|\
         Department|Street|ZIP code|City|State|Country|Date of birth|Notes|Tags|Language",
    ),
    (
        "German",
        "Vorname|Nachname|Telefon|Handy|Telefon geschäftlich|Telefon privat|E-Mail-Adresse|Firma|\
         Position|Abteilung|Straße|PLZ|Ort|Bundesland|Land|Geburtsdatum|Bemerkungen|Schlagwörter|Sprache",
    ),
    (
        "French",
        "Prénom|Nom|Téléphone|Portable|Téléphone professionnel|Téléphone domicile|Adresse e-mail|\
         Société|Fonction|Département|Rue|Code postal|Ville|Région|Pays|Date de naissance|Remarques|\
         Étiquettes|Langue",
    ),
    (
        "Spanish",
        "Nombre|Apellidos|Teléfono|Móvil|Teléfono del trabajo|Teléfono fijo|Correo electrónico|\
         Empresa|Cargo|Departamento|Dirección|Código postal|Ciudad|Provincia|País|\
         Fecha de nacimiento|Notas|Etiquetas|Idioma",
    ),
    (
        "Italian",
        "Nome|Cognome|Telefono|Cellulare|Telefono ufficio|Telefono di casa|Indirizzo e-mail|Azienda|\
         Qualifica|Reparto|Via|CAP|Città|Regione|Paese|Data di nascita|Note|Etichette|Lingua",
    ),
    (
        "Dutch",
        "Voornaam|Achternaam|Telefoonnummer|Mobiel|Telefoon werk|Telefoon thuis|E-mailadres|Bedrijf|\
         Functie|Afdeling|Straat|Postcode|Woonplaats|Provincie|Land|Geboortedatum|Opmerkingen|\
         Trefwoorden|Taal",
    ),
    (
        "Polish",
        "Imię|Nazwisko|Numer telefonu|Telefon komórkowy|Telefon służbowy|Telefon domowy|Adres e-mail|\
         Nazwa firmy|Stanowisko|Dział|Ulica|Kod pocztowy|Miejscowość|Województwo|Kraj|\
         Data urodzenia|Uwagi|Etykiety|Język",
    ),
    (
        "Portuguese",
        "Nome|Sobrenome|Telefone|Celular|Telefone comercial|Telefone residencial|Correio eletrónico|\
         Empresa|Cargo|Departamento|Endereço|CEP|Cidade|Estado|País|Data de nascimento|Observações|\
         Marcadores|Idioma",
    ),
    (
        "Russian",
        "Имя|Фамилия|Телефон|Мобильный телефон|Рабочий телефон|Домашний телефон|Электронная почта|\
         Компания|Должность|Отдел|Улица|Индекс|Город|Область|Страна|Дата рождения|Заметки|Метки|Язык",
    ),
];

fn targets(headers: &[&str]) -> Vec<String> {
    let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
    let map = RowMap::new(&headers, &MapOptions::default()).unwrap();
    let target = |column: crate::import::ColumnReport| {
        column.target.unwrap_or_else(|| format!("{} is unknown", column.name))
    };
    map.report().into_iter().map(target).collect()
}

#[test]
fn the_usual_headers_of_nine_languages_are_known() {
    for (language, headers) in LISTS {
        let headers: Vec<&str> = headers.split('|').collect();
        assert_eq!(targets(&headers), FIELDS, "{language}");
        // Without accents, in capitals and with underscores, as programs write them.
        let plain: Vec<String> =
            headers.iter().map(|header| header.to_uppercase().replace([' ', '-'], "_")).collect();
        let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
        assert_eq!(targets(&plain), FIELDS, "{language}");
    }
}

#[test]
fn other_words_for_the_same_are_known_as_well() {
    for (headers, field) in [
        ("FName|given_name|Prénom|Nome|Imię|Voornaam|Имя", "first_name"),
        ("Surname|Familienname|Cognome|Apelido|Sobrenome|Achternaam|Nazwisko", "last_name"),
        ("Handynummer|Telemóvel|Telefone celular|Cellulare|GSM|Komórka|Сотовый", "mobile"),
        ("Correo|Courriel|Posta elettronica|Эл. почта|E-Mail", "email"),
        ("Entreprise|Ragione sociale|Nome da empresa|Bedrijfsnaam|Организация", "company"),
        ("Poste|Puesto|Posizione|Função|Functietitel", "title"),
        ("Indirizzo|Morada|Rua|Calle|Adres|Адрес", "street"),
        ("Localidade|Comune|Plaats|Wohnort|Miasto", "city"),
        ("Quelle|Fuente|Fonte|Bron|Origem|Źródło|Источник", "source"),
        ("Zeitzone|Fuso orario|Tijdzone|Часовой пояс", "timezone"),
    ] {
        for header in headers.split('|') {
            assert_eq!(targets(&["Name", header]), ["name", field], "{header}");
        }
    }
}

#[test]
fn a_word_for_a_part_of_a_name_is_the_whole_one_where_there_is_no_other() {
    for name in ["Nom", "Nombre", "Nome", "Имя"] {
        assert_eq!(targets(&[name, "Email"]), ["name", "email"]);
    }
    assert_eq!(targets(&["Vorname", "Email"]), ["first_name", "email"]);
    assert_eq!(targets(&["Nom", "Prénom"]), ["last_name", "first_name"]);
    assert_eq!(targets(&["Nombre", "Apellidos"]), ["first_name", "last_name"]);
}

#[test]
fn no_word_stands_for_two_things() {
    // The table is one match, in which the first arm would win unseen.
    let source = include_str!("alias.rs");
    let table = source.split("Some(match name {").nth(1).unwrap();
    let mut seen = std::collections::HashSet::new();
    for line in table.lines().take_while(|line| !line.contains("_ =>")) {
        let words = line.split("=>").next().unwrap_or_default();
        for word in words.split('"').skip(1).step_by(2) {
            assert!(seen.insert(word), "{word} is there twice");
            assert_eq!(crate::import::header::squeeze(word), word);
        }
    }
    assert!(seen.len() > 500);
}
