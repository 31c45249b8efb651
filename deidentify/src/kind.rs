//! The eighteen kinds of 45 CFR 164.514(b)(2)(i), in the order of its letters.

use std::fmt;

/// A kind of identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// (A) Names.
    Name,
    /// (B) Geographic subdivisions smaller than a state: street, city, county, ZIP code.
    Place,
    /// (C) All elements of dates but the year, and ages over 89.
    Date,
    /// (D) Telephone numbers.
    Phone,
    /// (E) Fax numbers.
    Fax,
    /// (F) Electronic mail addresses.
    Email,
    /// (G) Social security numbers.
    SocialSecurity,
    /// (H) Medical record numbers.
    MedicalRecord,
    /// (I) Health plan beneficiary numbers.
    HealthPlan,
    /// (J) Account numbers, payment cards among them.
    Account,
    /// (K) Certificate and license numbers.
    License,
    /// (L) Vehicle identifiers and serial numbers, license plates among them.
    Vehicle,
    /// (M) Device identifiers and serial numbers.
    Device,
    /// (N) Web Universal Resource Locators.
    Url,
    /// (O) Internet Protocol addresses.
    IpAddress,
    /// (P) Biometric identifiers.
    Biometric,
    /// (Q) Full-face photographs and comparable images.
    Photo,
    /// (R) Any other unique identifying number, characteristic, or code.
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Name,
        Self::Place,
        Self::Date,
        Self::Phone,
        Self::Fax,
        Self::Email,
        Self::SocialSecurity,
        Self::MedicalRecord,
        Self::HealthPlan,
        Self::Account,
        Self::License,
        Self::Vehicle,
        Self::Device,
        Self::Url,
        Self::IpAddress,
        Self::Biometric,
        Self::Photo,
        Self::Other,
    ];

    /// The word in answers of programs, in placeholders and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Place => "place",
            Self::Date => "date",
            Self::Phone => "phone",
            Self::Fax => "fax",
            Self::Email => "email",
            Self::SocialSecurity => "social-security-number",
            Self::MedicalRecord => "medical-record-number",
            Self::HealthPlan => "health-plan-number",
            Self::Account => "account-number",
            Self::License => "license-number",
            Self::Vehicle => "vehicle-identifier",
            Self::Device => "device-identifier",
            Self::Url => "url",
            Self::IpAddress => "ip-address",
            Self::Biometric => "biometric-identifier",
            Self::Photo => "photograph",
            Self::Other => "other-identifier",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
