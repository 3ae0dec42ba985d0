//! The words for the fields of a contact in the headers of lists, in several languages.
//!
//! All words are in the form that [`super::header::squeeze`] makes.

use super::target::{AddressPart, ConsentPart, Label, Target};

/// The field that a squeezed header means.
#[rustfmt::skip]
pub(super) fn target(name: &str) -> Option<Target> {
    use AddressPart as Part;
    Some(match name {
        "id" => Target::Id,
        "name" | "fullname" | "displayname" | "contactname" | "contact" | "completename"
        | "nomcomplet" | "nombrecompleto" | "vollername" | "ganzername" | "imieinazwisko"
        | "фио" | "полноеимя" | "имяифамилия" | "nomecompleto" | "volledigenaam" | "nominativo" | "nomeesobrenome" | "nomeecognome" | "nombreyapellidos" | "nometprenom" | "naam" | "контакт" => Target::Name,
        "firstname" | "fname" | "first" | "givenname" | "given" | "forename" | "forenames" | "christianname"
        | "vorname" | "prenom" | "nombre" | "nombres" | "nombredepila" | "imie" | "имя" | "имена" | "nome" | "voornaam" | "primeironome" => Target::FirstName,
        "middlename" | "middle" | "secondname" | "zweitername" | "deuxiemeprenom" | "segundonombre"
        | "drugieimie" | "отчество" | "secondonome" | "tweedenaam" | "nomedomeio" => Target::MiddleName,
        "lastname" | "lname" | "last" | "surname" | "familyname" | "family" | "nachname" | "familienname"
        | "zuname" | "nomdefamille" | "nom" | "apellido" | "apellidos" | "nazwisko" | "фамилия" | "cognome" | "achternaam" | "familienaam" | "sobrenome" | "apelido" | "ultimonome" => Target::LastName,
        "salutation" | "nameprefix" | "honorific" | "honorificprefix" | "courtesytitle" | "anrede" | "civilite"
        | "tratamiento" | "tratamento" | "aanhef" | "formofaddress" | "обращение" => Target::Salutation,
        "suffix" | "namesuffix" | "generation" | "namenszusatz" | "suffixe" | "sufijo" => Target::Suffix,
        "mobile" | "mobilephone" | "mobilenumber" | "mobilephonenumber" | "mobileno" | "cell" | "cellphone"
        | "cellnumber" | "cellular" | "handy" | "handynummer" | "mobil" | "mobiltelefon" | "mobilnummer" | "mobilfunk"
        | "portable" | "telephoneportable" | "telportable" | "telephonemobile" | "movil" | "telefonomovil" | "celular"
        | "komorka" | "telefonkomorkowy" | "komorkowy" | "мобильный" | "мобильныйтелефон" | "сотовый" | "cellulare" | "telefonocellulare" | "mobiel" | "mobielnummer" | "gsm" | "celulares" | "telemovel" | "mobiletelefoon" | "mobieletelefoon" | "telefonecelular" | "telefonomobile" | "сотовыйтелефон" | "мобтелефон" | "моб" => Target::Phone(Some(Label::Mobile)),
        "phone" | "phonenumber" | "phoneno" | "tel" | "telno" | "telephone" | "telephonenumber"
        | "callernumber" | "contactnumber" | "primaryphone" | "telefon" | "telefonnummer" | "rufnummer"
        | "numerodetelephone" | "telefono" | "numerodetelefono" | "numertelefonu" | "nrtelefonu" | "altphone"
        | "alternatephone" | "otherphone" | "phoneother" | "телефон" | "номертелефона" | "telefoonnummer" | "telefoon" | "telefone" | "numerodetelefone" | "numeroditelefono" | "контактныйтелефон" => Target::Phone(None),
        "workphone" | "businessphone" | "officephone" | "phonework" | "phonebusiness" | "directphone" | "directdial"
        | "telefongeschaftlich" | "telefonarbeit" | "geschaftlich" | "telephoneprofessionnel" | "telephonebureau"
        | "telefonotrabajo" | "telefonodeltrabajo" | "telefonsluzbowy" | "рабочийтелефон" | "telefonoufficio" | "telefonolavoro" | "telefoonwerk" | "werktelefoon" | "zakelijketelefoon" | "telefonecomercial" | "telefonetrabalho" | "telefonedotrabalho" | "telefonodetrabajo" | "telefonooficina" | "telefondienstlich" | "dienstlich" => Target::Phone(Some(Label::Work)),
        "homephone" | "phonehome" | "privatephone" | "telefonprivat" | "telephonedomicile" | "telephonefixe"
        | "telefonocasa" | "telefonodomowy" | "telefondomowy" | "домашнийтелефон" | "festnetz" | "telefonofijo" | "telefonodicasa" | "telefonofisso" | "telefoonthuis" | "telefoonprive" | "thuistelefoon" | "vastetelefoon" | "telefoneresidencial" | "telefonecasa" | "telefonefixo" | "telefonstacjonarny" => Target::Phone(Some(Label::Home)),
        "mainphone" | "companyphone" | "switchboard" | "zentrale" => Target::Phone(Some(Label::Main)),
        "fax" | "faxnumber" | "workfax" | "businessfax" | "homefax" | "telefax" | "факс" => Target::Phone(Some(Label::Fax)),
        "pager" => Target::Phone(Some(Label::Pager)),
        "phones" | "phonenumbers" | "telephones" | "numbers" | "telefonnummern" | "telefonos" | "telefony" | "телефоны" => Target::Phones,
        "email" | "mail" | "emailaddress" | "emailid" | "mailaddress" | "primaryemail" | "emailadresse" | "mailadresse"
        | "adresseemail" | "adressemail" | "courriel" | "correo" | "correoelectronico" | "adresemail" | "эпочта"
        | "электроннаяпочта" | "почта" | "емейл" | "postaelettronica" | "emailadres" | "mailadres" | "correioeletronico" | "indirizzoemail" | "direcciondecorreo" | "direcciondecorreoelectronico" | "enderecodeemail" | "элпочта" | "адресэлектроннойпочты" => Target::Email(None),
        "workemail" | "businessemail" | "emailwork" | "emailgeschaftlich" => Target::Email(Some(Label::Work)),
        "homeemail" | "privateemail" | "personalemail" | "emailhome" | "emailprivat" => Target::Email(Some(Label::Home)),
        "otheremail" | "secondaryemail" | "alternateemail" => Target::Email(Some(Label::Other)),
        "emails" | "emailaddresses" | "mails" => Target::Emails,
        "company" | "companyname" | "organisation" | "organization" | "organisationname" | "organizationname" | "org"
        | "account" | "accountname" | "employer" | "business" | "firma" | "firmenname" | "unternehmen" | "arbeitgeber"
        | "societe" | "entreprise" | "empresa" | "compania" | "przedsiebiorstwo" | "компания" | "организация" | "фирма" | "azienda" | "societa" | "ditta" | "bedrijf" | "bedrijfsnaam" | "organisatie" | "nazwafirmy" | "nomedaempresa" | "nombredelaempresa" | "nomdelentreprise" | "nomeazienda" | "ragionesociale" | "названиекомпании" => Target::Company,
        "title" | "jobtitle" | "position" | "occupation" | "beruf" | "funktion" | "stellung" | "fonction" | "poste"
        | "cargo" | "puesto" | "stanowisko" | "должность" | "qualifica" | "ruolo" | "functie" | "functietitel" | "posizione" | "mansione" | "funcao" | "puestodetrabajo" => Target::Title,
        "role" | "jobrole" | "rolle" => Target::Role,
        "department" | "dept" | "division" | "abteilung" | "departement" | "departamento" | "dzial" | "отдел" | "reparto" | "afdeling" => Target::Department,
        "street" | "streetaddress" | "address" | "address1" | "addressline1" | "address2" | "addressline2" | "mailingstreet"
        | "strasse" | "str" | "anschrift" | "adresse" | "rue" | "calle" | "direccion" | "domicilio" | "ulica" | "adres"
        | "улица" | "адрес" | "indirizzo" | "via" | "straat" | "endereco" | "morada" | "rua" => Target::Address(Part::Street, None),
        "city" | "town" | "locality" | "mailingcity" | "stadt" | "ort" | "wohnort" | "ville" | "ciudad" | "localidad"
        | "poblacion" | "miasto" | "miejscowosc" | "город" | "citta" | "comune" | "plaats" | "stad" | "woonplaats" | "cidade" | "localidade" => Target::Address(Part::City, None),
        "region" | "state" | "stateregion" | "stateprovince" | "province" | "county" | "mailingstate" | "bundesland" | "kanton"
        | "provincia" | "estado" | "wojewodztwo" | "область" | "регион" | "regione" | "provincie" | "distrito" => Target::Address(Part::Region, None),
        "postalcode" | "postcode" | "zip" | "zipcode" | "zippostalcode" | "mailingpostalcode" | "plz" | "postleitzahl"
        | "codepostal" | "cp" | "codigopostal" | "kodpocztowy" | "индекс" | "почтовыйиндекс" | "cap" | "codicepostale" | "cep" => Target::Address(Part::PostalCode, None),
        "country" | "countryregion" | "countrycode" | "nation" | "mailingcountry" | "land" | "staat" | "pays" | "pais"
        | "kraj" | "страна" | "paese" | "nazione" => Target::Address(Part::Country, None),
        "birthday" | "birthdate" | "dateofbirth" | "dob" | "geburtstag" | "geburtsdatum" | "datedenaissance" | "anniversaire"
        | "fechadenacimiento" | "cumpleanos" | "dataurodzenia" | "urodziny" | "датарождения" | "деньрождения" | "datadinascita" | "compleanno" | "geboortedatum" | "verjaardag" | "datadenascimento" | "aniversario" => Target::Birthday,
        "tag" | "tags" | "label" | "labels" | "category" | "categories" | "group" | "groups" | "kategorie" | "kategorien"
        | "schlagworte" | "gruppe" | "etiquettes" | "etiquetas" | "etykiety" | "теги" | "метки" | "etichette" | "schlagworter" | "tagi" | "trefwoorden" | "marcadores" | "motscles" | "palabrasclave" => Target::Tags,
        "note" | "notes" | "comment" | "comments" | "remark" | "remarks" | "description" | "memo" | "notiz" | "notizen"
        | "bemerkung" | "bemerkungen" | "kommentar" | "remarques" | "commentaire" | "commentaires" | "notas"
        | "observaciones" | "uwagi" | "notatki" | "заметки" | "примечание" | "комментарий" | "opmerking" | "opmerkingen" | "notities" | "observacoes" | "anotacoes" | "notatka" | "appunti" | "osservazioni" | "примечания" | "комментарии" => Target::Notes,
        "status" | "contactstatus" | "statut" | "статус" => Target::Status,
        "donotcontact" | "dnc" | "donotcall" | "dncflag" | "isdnc" | "nocall" | "nocalls" | "donotphone" | "dontcall"
        | "dontcontact" | "callblocked" | "donotcallregistry" | "nichtanrufen" | "nichtkontaktieren" | "anrufsperre"
        | "kontaktsperre" | "werbesperre" | "nepasappeler" | "nepascontacter" | "nollamar" | "nocontactar" | "nonchiamare"
        | "noncontattare" | "niedzwonic" | "niekontaktowac" | "naoligar" | "naocontatar" | "незвонить"
        | "nietbellen" => Target::DoNotContact,
        "maycontact" | "maycall" | "oktocall" | "oktocontact" | "callallowed" | "contactallowed" | "callable" | "contactable"
        | "allowcalls" | "allowcontact" | "cancontact" | "cancall" | "darfkontaktiertwerden" | "anruferlaubt"
        | "darfangerufenwerden" | "anrufeerlaubt" | "permissiontocall" | "callpermission" | "callconsent" | "phoneconsent"
        | "voiceconsent" | "telefonerlaubnis" => Target::MayContact,
        "optin" | "optedin" | "marketingoptin" | "marketingconsent" | "marketingpermission" | "consent" | "emailoptin"
        | "hasoptedin" | "acceptsmarketing" | "acceptsemailmarketing" | "newsletter" | "newslettersubscribed"
        | "subscribed" | "subscribedtonewsletter" | "gdprconsent" | "optinmarketing" | "einwilligung" | "zustimmung"
        | "emailoptedin" | "optedintoemail" | "emailconsent" | "emailpermission" | "mailingconsent" | "werbeeinwilligung" | "werbungerlaubt" | "consentement" | "consentimiento" | "consenso" | "zgoda"
        | "consentimento" | "согласие" => Target::OptIn,
        "optout" | "optedout" | "hasoptedout" | "marketingoptout" | "donotmarket" | "nomarketing" | "unsubscribed"
        | "unsubscribe" | "donotsolicit" | "abgemeldet" => Target::OptOut,
        "emailoptout" | "emailoptedout" | "optedoutofemail" | "hasoptedoutofemail" | "donotemail" | "noemail" | "noemails"
        | "dontemail" | "emailunsubscribed" | "unsubscribedfromallemail" | "unsubscribedfromallemails"
        | "unsubscribedfromemail" | "unsubscribedemail" | "unsubscribedfromnewsletter" | "donotmail" | "donotsendemail" | "donotallowbulkemails"
        | "donotallowemails" | "keineemail" | "keineemails" | "emailabgemeldet" | "pasdemail" => Target::EmailOptOut,
        "source" | "leadsource" | "origin" | "quelle" | "herkunft" | "origine" | "fuente" | "origen" | "zrodlo" | "источник" | "fonte" | "bron" | "origem" => Target::Source,
        "externalcrmid" | "externalid" | "crmid" | "recordid" | "vendorleadcode" => Target::ExternalCrmId,
        "externalcrmprovider" | "crmprovider" | "crm" => Target::ExternalCrmProvider,
        "language" | "lang" | "locale" | "preferredlanguage" | "sprache" | "langue" | "idioma" | "jezyk" | "язык" | "lingua" | "taal" => Target::Language,
        "timezone" | "tz" | "zeitzone" | "fuseauhoraire" | "zonahoraria" | "strefaczasowa" | "часовойпояс" | "fusoorario" | "fusohorario" | "tijdzone" => Target::Timezone,
        "preferredchannel" | "channel" | "preferredcontactmethod" => Target::PreferredChannel,
        "assignedto" | "owner" | "contactowner" | "assignee" | "agent" | "assignedagent" | "zustandig" | "ответственный" => Target::AssignedTo,
        "visibility" | "sichtbarkeit" => Target::Visibility,
        "assignedqueue" | "queue" => Target::AssignedQueue,
        "consentstatus" | "marketingconsentstatus" | "optinstatus" | "subscriptionstatus" | "subscriberstatus" | "marketingstatus"
        | "emailmarketingstatus" | "emailsubscriptionstatus" | "newsletterstatus" | "einwilligungsstatus" => Target::Consent(ConsentPart::Status),
        "consenttype" | "typeofconsent" | "optintype" => Target::Consent(ConsentPart::Type),
        "consentdate" | "dateofconsent" | "optindate" | "optintimestamp" | "consenttimestamp" | "consentgivenon"
        | "einwilligungsdatum" | "einwilligungam" | "dateconsentement" | "fechaconsentimiento" => Target::Consent(ConsentPart::Date),
        "consentsource" | "sourceofconsent" | "optinsource" | "einwilligungsquelle" => Target::Consent(ConsentPart::Source),
        "gdprbasis" | "legalbasis" | "lawfulbasis" | "gdprlegalbasis" | "legalbasisforprocessing"
        | "legalbasisforprocessingcontactsdata" | "rechtsgrundlage" => Target::Consent(ConsentPart::Basis),
        "linkedin" | "linkedinurl" | "linkedinprofile" | "linkedinprofileurl" | "personlinkedinurl" => Target::Social("linkedin"),
        "twitter" | "twitterhandle" | "twitterurl" | "twitterusername" => Target::Social("twitter"),
        "facebook" | "facebookurl" | "facebookprofile" => Target::Social("facebook"),
        "whatsapp" | "whatsappnumber" | "whatsappphonenumber" | "whatsappphone" => Target::Channel("whatsapp"),
        "list" | "listname" | "liste" | "lista" | "список" => Target::List,
        _ => return None,
    })
}

#[cfg(test)]
#[path = "alias_tests.rs"]
mod tests;
