//! Made-up values for the slots of the corpus. Numbers with a checksum have a right one; none was given out: phones
//! are of the ranges kept for fiction, addresses and hosts of those kept for documentation.

use deidentify::Kind;

pub(crate) struct Fill {
    pub(crate) slot: &'static str,
    pub(crate) kind: Kind,
    pub(crate) values: &'static [&'static str],
}

impl Fill {
    pub(crate) fn named(slot: &str) -> Option<&'static Self> {
        VALUES.iter().find(|fill| fill.slot == slot)
    }
}

const fn fill(slot: &'static str, kind: Kind, values: &'static [&'static str]) -> Fill {
    Fill { slot, kind, values }
}

pub(crate) const VALUES: &[Fill] = &[
    fill(
        "name",
        Kind::Name,
        &[
            "Maria Garcia",
            "John Smith",
            "Oluwaseun Adeyemi",
            "Linda Kowalczyk",
            "Xochitl Quetzalli",
            "James O'Brien",
            "Thuy Nguyen",
            "Aarav Chaudhry",
            "Patricia Johnson",
            "Bjørn Håkonsen",
            "Mary Ann Walsh",
            "Ngozi Okonjo",
            "Robert J. Miller",
            "Fatima al-Rashidi",
            "Anna-Lena Fischer",
            "Wei Zhang",
            "Dolores de la Cruz",
            "Ikaika Kealoha",
        ],
    ),
    fill("NAME", Kind::Name, &["MARIA GARCIA", "JOHN SMITH", "SMITH, LINDA", "ROBERT MILLER"]),
    fill(
        "surname",
        Kind::Name,
        &["Garcia", "Kowalczyk", "Okonjo", "Smith", "Håkonsen", "Chaudhry", "May", "Young"],
    ),
    fill("surname_dr", Kind::Name, &["Dr. Garcia", "Dr Okonjo", "Dr. Young"]),
    fill(
        "last_first",
        Kind::Name,
        &["Garcia, Maria", "Smith, John", "Johnson, Patricia", "Nguyen, Linda", "Miller, Robert J."],
    ),
    fill(
        "date",
        Kind::Date,
        &[
            "03/14/2026",
            "2026-03-14",
            "March 14, 2026",
            "14 March 2026",
            "Mar 14",
            "3/14/26",
            "14th of March 2026",
            "March 2026",
            "14.03.2026",
            "2026/3/4",
            "4 Feb 2025",
            "Sept. 9th, 2024",
        ],
    ),
    fill("date_es", Kind::Date, &["14 de marzo de 2026", "3 de enero", "14/03/2026"]),
    fill(
        "dob",
        Kind::Date,
        &["04/09/1951", "1951-04-09", "April 9, 1951", "9 Apr 1951", "4/9/51", "Nov 30 1948"],
    ),
    fill("old", Kind::Date, &["91", "94", "90", "102"]),
    fill(
        "phone",
        Kind::Phone,
        &[
            "(212) 555-0143",
            "212-555-0143",
            "212.555.0143",
            "+1 212 555 0143",
            "1-212-555-0143",
            "+44 20 7946 0958",
            "212 555 0143",
            "+34 612 345 678",
            "(212) 555-0143 ext. 12",
        ],
    ),
    fill(
        "email",
        Kind::Email,
        &[
            "maria.garcia@example.org",
            "jsmith+clinic@mail.example.com",
            "o_adeyemi@hospital.example.net",
            "linda (at) example (dot) com",
        ],
    ),
    fill("ssn", Kind::SocialSecurity, &["219-09-9999", "219 09 9999", "219099999", "457-55-5462"]),
    fill("mrn", Kind::MedicalRecord, &["00482913", "H-448291", "A1029384", "7731902", "MR-2026-0412"]),
    fill("member", Kind::HealthPlan, &["XYZ123456789", "W2284 51 779", "80840-112233", "H55512345"]),
    fill("group", Kind::HealthPlan, &["0098765", "G-44810", "GRP10023"]),
    fill("mbi", Kind::HealthPlan, &["1EG4-TE5-MK72", "1EG4TE5MK73", "2AC7-RT3-YH11"]),
    fill("account", Kind::Account, &["0012-4458-91", "88123001", "AC-449120"]),
    fill("card", Kind::Account, &["4242 4242 4242 4242", "5555-5555-5555-4444", "378282246310005"]),
    fill("iban", Kind::Account, &["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"]),
    fill("license", Kind::License, &["D123-4567-8901", "RN448812", "B9920117"]),
    fill("dea", Kind::License, &["AB1234563", "MG1234563"]),
    fill("npi", Kind::License, &["1234567893", "1679576722"]),
    fill("passport", Kind::License, &["X1234567", "530112233"]),
    fill("vin", Kind::Vehicle, &["1M8GDM9AXKP042788", "1HGCM82633A004352"]),
    fill("plate", Kind::Vehicle, &["7ABC123", "KXR-4821", "AB 12345"]),
    fill("serial", Kind::Device, &["PJN448812", "SN-00219-X", "4410098231", "G7X22-0091"]),
    fill("udi", Kind::Device, &["(01)00884838058477(17)271231(10)A213B1", "(01)10887488125541(21)41A99"]),
    fill("imei", Kind::Device, &["490154203237518", "356938035643809"]),
    fill("mac", Kind::Device, &["00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7"]),
    fill(
        "url",
        Kind::Url,
        &[
            "https://photos.example.com/album/maria",
            "http://example.org/u?id=4412",
            "www.example.net/jsmith",
            "social.example.com/maria.garcia",
        ],
    ),
    fill("ip", Kind::IpAddress, &["203.0.113.42", "198.51.100.7", "192.0.2.199"]),
    fill("ip6", Kind::IpAddress, &["2001:db8:85a3::8a2e:370:7334", "2001:db8::1"]),
    fill(
        "street",
        Kind::Place,
        &[
            "742 Evergreen Terrace",
            "1600 Maple Street, Apt 4B",
            "12 N. Oak Ave",
            "55 West 5th Street",
            "9041 Old Mill Road",
            "3 Saint James Court",
        ],
    ),
    fill("street_es", Kind::Place, &["Calle Mayor 12", "Avenida de la Paz, 45", "calle del Sol nº 3"]),
    fill("city", Kind::Place, &["Springfield", "Baton Rouge", "San Luis Obispo", "Tucson"]),
    fill(
        "cityzip",
        Kind::Place,
        &["Springfield, IL 62704", "Tucson, AZ 85701-1234", "Baton Rouge, LA 70802"],
    ),
    fill("zip", Kind::Place, &["62704", "85701-1234", "70802"]),
    fill("pobox", Kind::Place, &["P.O. Box 441", "PO Box 9912"]),
    fill("county", Kind::Place, &["Pima County", "Saint Landry Parish", "Cook County"]),
    fill(
        "hospital",
        Kind::Place,
        &["Springfield General Hospital", "St. Mary Medical Center", "Tucson Memorial Hospital"],
    ),
    fill("photo", Kind::Photo, &["IMG_4412.jpg", "maria-face.png", "wound_0412.HEIC"]),
    fill("code", Kind::Other, &["PX-88213", "KD7741-02", "99120-A"]),
];
