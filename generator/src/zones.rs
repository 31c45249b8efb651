//! The time zones that apps can have, by the rules in force (IANA tz database, 2026).
//!
//! An app needs no table of zones at run time: its zone is an offset and, where clocks change, two rules.

/// North America: second Sunday of March to first Sunday of November, at two o'clock.
const AMERICA: Rule = Rule { begins: (3, 2, 2), ends: (11, 1, 1), local: true };
/// Europe: last Sunday of March to last Sunday of October, at one o'clock UTC.
const EUROPE: Rule = Rule { begins: (3, 5, 1), ends: (10, 5, 1), local: false };
/// South-eastern Australia: first Sunday of October to first Sunday of April, at two o'clock standard time.
const AUSTRALIA: Rule = Rule { begins: (10, 1, 2), ends: (4, 1, 2), local: true };
/// New Zealand: last Sunday of September to first Sunday of April, at two o'clock standard time.
const NEW_ZEALAND: Rule = Rule { begins: (9, 5, 2), ends: (4, 1, 2), local: true };

struct Rule {
    /// Month, which Sunday (5 is the last), hour in standard time where `local`, else in UTC.
    begins: (u8, u8, i32),
    ends: (u8, u8, i32),
    local: bool,
}

struct Known {
    name: &'static str,
    shown: &'static str,
    minutes: i32,
    rule: Option<&'static Rule>,
}

const fn zone(name: &'static str, shown: &'static str, minutes: i32, rule: Option<&'static Rule>) -> Known {
    Known { name, shown, minutes, rule }
}

const ZONES: &[Known] = &[
    zone("UTC", "UTC", 0, None),
    zone("Etc/UTC", "UTC", 0, None),
    zone("America/New_York", "ET", -300, Some(&AMERICA)),
    zone("America/Detroit", "ET", -300, Some(&AMERICA)),
    zone("America/Indiana/Indianapolis", "ET", -300, Some(&AMERICA)),
    zone("America/Kentucky/Louisville", "ET", -300, Some(&AMERICA)),
    zone("America/Toronto", "ET", -300, Some(&AMERICA)),
    zone("America/Chicago", "CT", -360, Some(&AMERICA)),
    zone("America/Winnipeg", "CT", -360, Some(&AMERICA)),
    zone("America/Denver", "MT", -420, Some(&AMERICA)),
    zone("America/Boise", "MT", -420, Some(&AMERICA)),
    zone("America/Edmonton", "MT", -420, Some(&AMERICA)),
    zone("America/Phoenix", "MST", -420, None),
    zone("America/Los_Angeles", "PT", -480, Some(&AMERICA)),
    zone("America/Vancouver", "PT", -480, Some(&AMERICA)),
    zone("America/Anchorage", "AKT", -540, Some(&AMERICA)),
    zone("America/Halifax", "AT", -240, Some(&AMERICA)),
    zone("America/Puerto_Rico", "AST", -240, None),
    zone("Pacific/Honolulu", "HST", -600, None),
    zone("Pacific/Guam", "ChST", 600, None),
    zone("America/Mexico_City", "CST", -360, None),
    zone("America/Monterrey", "CST", -360, None),
    zone("America/Guatemala", "CST", -360, None),
    zone("America/Costa_Rica", "CST", -360, None),
    zone("America/Panama", "EST", -300, None),
    zone("America/Bogota", "COT", -300, None),
    zone("America/Lima", "PET", -300, None),
    zone("America/Caracas", "VET", -240, None),
    zone("America/La_Paz", "BOT", -240, None),
    zone("America/Santo_Domingo", "AST", -240, None),
    zone("America/Argentina/Buenos_Aires", "ART", -180, None),
    zone("America/Montevideo", "UYT", -180, None),
    zone("America/Sao_Paulo", "BRT", -180, None),
    zone("Europe/London", "UK", 0, Some(&EUROPE)),
    zone("Europe/Dublin", "IE", 0, Some(&EUROPE)),
    zone("Europe/Lisbon", "WET", 0, Some(&EUROPE)),
    zone("Europe/Madrid", "CET", 60, Some(&EUROPE)),
    zone("Europe/Paris", "CET", 60, Some(&EUROPE)),
    zone("Europe/Brussels", "CET", 60, Some(&EUROPE)),
    zone("Europe/Amsterdam", "CET", 60, Some(&EUROPE)),
    zone("Europe/Berlin", "CET", 60, Some(&EUROPE)),
    zone("Europe/Zurich", "CET", 60, Some(&EUROPE)),
    zone("Europe/Vienna", "CET", 60, Some(&EUROPE)),
    zone("Europe/Rome", "CET", 60, Some(&EUROPE)),
    zone("Europe/Copenhagen", "CET", 60, Some(&EUROPE)),
    zone("Europe/Stockholm", "CET", 60, Some(&EUROPE)),
    zone("Europe/Oslo", "CET", 60, Some(&EUROPE)),
    zone("Europe/Prague", "CET", 60, Some(&EUROPE)),
    zone("Europe/Warsaw", "CET", 60, Some(&EUROPE)),
    zone("Europe/Budapest", "CET", 60, Some(&EUROPE)),
    zone("Europe/Helsinki", "EET", 120, Some(&EUROPE)),
    zone("Europe/Athens", "EET", 120, Some(&EUROPE)),
    zone("Europe/Bucharest", "EET", 120, Some(&EUROPE)),
    zone("Europe/Istanbul", "TRT", 180, None),
    zone("Africa/Lagos", "WAT", 60, None),
    zone("Africa/Johannesburg", "SAST", 120, None),
    zone("Africa/Nairobi", "EAT", 180, None),
    zone("Asia/Dubai", "GST", 240, None),
    zone("Asia/Karachi", "PKT", 300, None),
    zone("Asia/Kolkata", "IST", 330, None),
    zone("Asia/Dhaka", "BST", 360, None),
    zone("Asia/Bangkok", "ICT", 420, None),
    zone("Asia/Singapore", "SGT", 480, None),
    zone("Asia/Manila", "PHT", 480, None),
    zone("Asia/Hong_Kong", "HKT", 480, None),
    zone("Asia/Tokyo", "JST", 540, None),
    zone("Asia/Seoul", "KST", 540, None),
    zone("Australia/Perth", "AWST", 480, None),
    zone("Australia/Brisbane", "AEST", 600, None),
    zone("Australia/Sydney", "AET", 600, Some(&AUSTRALIA)),
    zone("Australia/Melbourne", "AET", 600, Some(&AUSTRALIA)),
    zone("Pacific/Auckland", "NZT", 720, Some(&NEW_ZEALAND)),
];

/// A zone as a Rust expression, or nothing for one that we have no rule for.
pub(crate) fn expression(name: &str) -> Option<String> {
    let known = ZONES.iter().find(|zone| zone.name == name)?;
    let minutes = known.minutes;
    let offset = match known.rule {
        None if minutes == 0 => return Some("Zone::UTC".to_owned()),
        None => format!("|_| zone::fixed({minutes})"),
        Some(rule) => {
            let change = |(month, sunday, hour): (u8, u8, i32)| {
                let hour = if rule.local { hour - minutes / 60 } else { hour };
                format!("Change {{ month: {month}, sunday: {sunday}, hour: {hour} }}")
            };
            format!(
                "|moment| zone::daylight(moment, {minutes}, {}, {})",
                change(rule.begins),
                change(rule.ends)
            )
        }
    };
    Some(format!("Zone {{ name: {:?}, offset_at: {offset} }}", known.shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_clocks_are_said_in_hours_of_utc() {
        let new_york = expression("America/New_York").unwrap();
        assert!(new_york.contains("month: 3, sunday: 2, hour: 7"), "{new_york}");
        assert!(new_york.contains("month: 11, sunday: 1, hour: 6"), "{new_york}");
        assert_eq!(expression("UTC").as_deref(), Some("Zone::UTC"));
        assert_eq!(expression("Mars/Olympus_Mons"), None);
    }
}
