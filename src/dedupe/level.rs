//! The comparison levels: for every field, in which way two values can agree or differ.
//!
//! Names only; what a level weighs and how it is said stands in `model.toml`.

/// What of two contacts is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Given names.
    FirstName,
    /// Family names.
    LastName,
    /// Telephone numbers.
    Phone,
    /// E-mail addresses.
    Email,
    /// Street and house number.
    Address,
    /// Postal code.
    PostalCode,
    /// Town.
    City,
    /// Employer, or the organisation itself.
    Company,
    /// Date of birth.
    Birthday,
    /// Identity number.
    NationalId,
    /// Country.
    Country,
    /// What follows from several fields together.
    Context,
}

impl Field {
    /// The name of its section in the model table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::Company => "company",
            Self::Birthday => "birthday",
            Self::NationalId => "national_id",
            Self::Country => "country",
            Self::Context => "context",
        }
    }
}

macro_rules! levels {
    ($($name:ident: $field:ident $section:literal $key:literal,)*) => {
        /// A way in which two values of a field agree or differ. What each means and weighs is
        /// said in the model table under its section and key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the model table says in words what each is")]
        pub enum Level { $($name,)* }

        impl Level {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The field that is compared.
            pub fn field(self) -> Field {
                match self { $(Self::$name => Field::$field,)* }
            }

            /// Section and key in the model table.
            pub fn key(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($section, $key),)* }
            }
        }
    };
}

levels! {
    FirstExact: FirstName "first_name" "exact",
    FirstTypo: FirstName "first_name" "typo",
    FirstSubset: FirstName "first_name" "subset",
    FirstNickname: FirstName "first_name" "nickname",
    FirstPrefix: FirstName "first_name" "prefix",
    FirstInitial: FirstName "first_name" "initial",
    FirstOtherInitial: FirstName "first_name" "other_initial",
    FirstNear: FirstName "first_name" "near",
    FirstOneEdit: FirstName "first_name" "one_edit",
    FirstOverlap: FirstName "first_name" "overlap",
    FirstDifferent: FirstName "first_name" "different",
    LastExact: LastName "last_name" "exact",
    LastTypo: LastName "last_name" "typo",
    LastSubset: LastName "last_name" "subset",
    LastPrefix: LastName "last_name" "prefix",
    LastInitial: LastName "last_name" "initial",
    LastOtherInitial: LastName "last_name" "other_initial",
    LastNear: LastName "last_name" "near",
    LastOneEdit: LastName "last_name" "one_edit",
    LastOverlap: LastName "last_name" "overlap",
    LastDifferent: LastName "last_name" "different",
    PhoneSame: Phone "phone" "same",
    PhoneShared: Phone "phone" "shared",
    PhoneOneEdit: Phone "phone" "one_edit",
    PhoneDifferent: Phone "phone" "different",
    EmailSame: Email "email" "same",
    EmailShared: Email "email" "shared",
    EmailOneEdit: Email "email" "one_edit",
    EmailOneEditNumbered: Email "email" "one_edit_numbered_name",
    EmailOneEditNamed: Email "email" "one_edit_name",
    EmailTwoEdits: Email "email" "two_edits",
    EmailTwoEditsNumbered: Email "email" "two_edits_numbered_name",
    EmailTwoEditsNamed: Email "email" "two_edits_name",
    EmailLocal: Email "email" "other_domain",
    EmailLocalNumbered: Email "email" "other_domain_numbered_name",
    EmailLocalNamed: Email "email" "other_domain_name",
    EmailDomainTypo: Email "email" "domain_typo",
    EmailOtherDigit: Email "email" "other_digit",
    EmailOtherDigits: Email "email" "other_digits",
    EmailDifferent: Email "email" "different",
    AddressSame: Address "address" "same",
    AddressShared: Address "address" "shared",
    AddressNear: Address "address" "near",
    AddressNumber: Address "address" "number_typo",
    AddressStreet: Address "address" "street",
    AddressDifferent: Address "address" "different",
    PostalSame: PostalCode "postal_code" "same",
    PostalOuter: PostalCode "postal_code" "district",
    PostalDifferent: PostalCode "postal_code" "different",
    CitySame: City "city" "same",
    CityNear: City "city" "near",
    CityDifferent: City "city" "different",
    CompanySame: Company "company" "same",
    CompanyNear: Company "company" "near",
    CompanySubset: Company "company" "subset",
    CompanyDomain: Company "company" "domain",
    CompanyDifferent: Company "company" "different",
    BirthSame: Birthday "birthday" "same",
    BirthNear: Birthday "birthday" "near",
    BirthTwoParts: Birthday "birthday" "two_parts",
    BirthTwoEdits: Birthday "birthday" "two_edits",
    BirthYear: Birthday "birthday" "year",
    BirthDifferent: Birthday "birthday" "different",
    IdSame: NationalId "national_id" "same",
    IdNear: NationalId "national_id" "near",
    IdDifferent: NationalId "national_id" "different",
    CountryDifferent: Country "country" "different",
    Swapped: Context "context" "swapped",
    OtherPerson: Context "context" "other_person",
    Namesakes: Context "context" "namesakes",
    ManyPhones: Context "context" "two_phones",
    ManyEmails: Context "context" "two_emails",
    PhoneAndEmail: Context "context" "phone_and_email",
    OnlyPlace: Context "context" "only_place",
    OnlyPlaceOtherName: Context "context" "only_place_other_name",
    SameCountry: Context "context" "same_country",
    Organization: Context "context" "organization",
    EitherRival: Context "context" "either_rival",
    OrgCompanySame: Company "organization" "company_same",
    OrgCompanyNear: Company "organization" "company_near",
    OrgCompanySubset: Company "organization" "company_subset",
    OrgCompanyDifferent: Company "organization" "company_different",
    OrgAddressSame: Address "organization" "address_same",
    OrgAddressNear: Address "organization" "address_near",
    OrgAddressStreet: Address "organization" "street",
    OrgAddressNumber: Address "organization" "number_typo",
    OrgAddressDifferent: Address "organization" "address_different",
    OrgPhoneSame: Phone "organization" "phone_same",
    OrgPhoneOneEdit: Phone "organization" "phone_one_edit",
    OrgPhoneDifferent: Phone "organization" "phone_different",
    OrgPostalSame: PostalCode "organization" "postal_code_same",
    OrgPostalDifferent: PostalCode "organization" "postal_code_different",
    OrgEmail: Email "organization" "email_same",
}
