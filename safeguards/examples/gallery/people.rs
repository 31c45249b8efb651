//! Pages about the reader: home, signing in, the account, and what is written down about them.

use safeguards::pages::{
    Account, Card, CodeEntry, Compliance, Content, Control, Device, Devices, Enrolment, Home, Listing, Look,
    Notice, Page, RecoveryCodes, SignIn, Standing, Task, Tone, View, WhoLooked,
};
use time::macros::datetime;

pub(crate) fn page(view: &View, name: &str, listing: &Listing) -> Option<Page> {
    let refused = "That email address and password do not match, or the account is locked for now.";
    Some(match name {
        "home" => home(view),
        "home-patient" => patient_home(view),
        "sign-in" => {
            sign_in(view).with(SignIn::new().provider("Riverside ID", "/sign-in").forgotten("/sign-in"))
        }
        "sign-in-refused" => sign_in(view).with(SignIn::new().email("maria@example.com").refused(refused)),
        "code" => view
            .page("Enter your security code")
            .narrow()
            .with(CodeEntry::authenticator("/code").otherwise("/recovery-code")),
        "recovery-code" => view.page("Use a recovery code").narrow().with(
            CodeEntry::recovery("/recovery-code")
                .otherwise("/code")
                .refused("That code is not right, or it was used before."),
        ),
        "enrol" => {
            let link = "otpauth://totp/Riverside%20Clinic:maria%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Riverside%20Clinic";
            view.page("Protect your account").narrow().with(Enrolment::new(
                "/enrol",
                link,
                "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            ))
        }
        "recovery" => {
            let codes = (0..10).map(|place| format!("7K{place}Q-M4WT-9{place}PX"));
            view.page("Save your recovery codes").narrow().with(RecoveryCodes::new(codes, "/home"))
        }
        "devices" => view.page("Where you are signed in").back("your account", "/account").with(devices()),
        "account" => view.page("Your account").narrow().with(account()),
        "who-looked" => who_looked(view, listing),
        "compliance" => compliance(view),
        "notices" => view
            .page("Notices")
            .notice(
                Notice::information("The clinic is closed on Thursday").text("Urgent? Call 617 555 0142."),
            )
            .notice(Notice::success("The note is signed").link("Print it", "/detail"))
            .notice(Notice::warning("Two readings are missing").text("The last one came on 20 Nov 2026."))
            .notice(
                Notice::danger("This allergy was added an hour ago")
                    .text("Check the medicine list before you prescribe."),
            ),
        _ => return None,
    })
}

fn sign_in(view: &View) -> Page {
    view.page("Sign in").narrow()
}

fn home(view: &View) -> Page {
    let empty = [
        Task::new("Sign the visit note", "/detail")
            .about("PT-7F3A4B, knee pain")
            .due(datetime!(2026-11-22 17:00 UTC)),
        Task::new("Call back about a high reading", "/charts")
            .about("Maria Torres")
            .due(datetime!(2026-11-23 17:00 UTC))
            .status("Claimed", Tone::Quiet),
        Task::new("Review the intake form", "/detail").about("فاطمة الزهراء").status("New", Tone::Caution),
    ];
    let cards = [
        Card::new("Patients", "/list").figure(128_i64).about("Assigned to you"),
        Card::new("Today", "/calendar").figure(9_i64).about("Appointments, the next at 16:00"),
        Card::new("Unsigned notes", "/list").figure(Content::from(3_i64)).about("The oldest is 2 days old"),
        Card::new("No reading in 3 days", "/measures").figure("Fewer than 11").about("Patients at home"),
    ];
    view.page("Good afternoon, Amina")
        .with(Home::new().tasks("Waiting for you", empty).cards("Your clinic", cards))
}

fn patient_home(view: &View) -> Page {
    let tasks = [Task::new("Answer your weekly check-in", "/form-patient")
        .about("About 3 minutes")
        .due(datetime!(2026-11-24 17:00 UTC))];
    let cards = [
        Card::new("Your appointments", "/home-patient").about("Next: 24 Nov 2026, 09:00, Dr. Amina Haddad"),
        Card::new("Your readings", "/home-patient").about("Blood pressure and weight"),
        Card::new("Messages", "/home-patient").about("1 new from your clinic"),
        Card::new("What we store about you", "/home-patient").about("And who looked at it"),
    ];
    view.page("Hello, Maria").with(Home::new().tasks("To do", tasks).cards("Your care", cards))
}

fn devices() -> Devices {
    let device = |id: &str, name: &str, this| Device {
        id: id.into(),
        name: name.into(),
        address: "198.51.100.7".into(),
        signed_in: datetime!(2026-11-20 09:00 UTC),
        last_seen: datetime!(2026-11-23 15:10 UTC),
        this,
    };
    Devices(vec![
        device("1", "Firefox on Linux", true),
        device("2", "Safari on iPhone", false),
        device("3", "Chrome on Windows", false),
    ])
}

fn account() -> Account {
    Account {
        name: "Dr. Amina Haddad".into(),
        email: "amina.haddad@riverside.example".into(),
        organisation: "Riverside Clinic, North".into(),
        roles: vec!["Provider".into(), "Privacy officer".into()],
        second_factor: true,
        recovery_codes_left: 2,
    }
}

fn who_looked(view: &View, listing: &Listing) -> Page {
    let look = |who: &str, role: &str, did: &str, what: &str, why: &str, refused: Option<&str>| Look {
        at: datetime!(2026-11-23 14:32 UTC),
        who: Content::from(who),
        role: role.into(),
        did: did.into(),
        what: Content::from(what),
        why: Content::from(why),
        refused: refused.map(Into::into),
    };
    let looks = [
        look("Dr. Amina Haddad", "Provider", "Viewed", "Visit note, weight", "Treatment", None),
        look("Sam Reyes", "Nurse", "Changed", "Blood pressure", "Treatment", None),
        look("Jo Park", "Front desk", "Viewed", "Visit note", "Operations", Some("refused")),
    ];
    view.page("Who looked").back("patient", "/detail").with(WhoLooked::new(looks).listing(listing, 3))
}

fn compliance(view: &View) -> Page {
    let control = |title: &str, source: &str, standing, found: &str| Control {
        title: title.into(),
        source: source.into(),
        standing,
        found: found.into(),
        checked: Some(datetime!(2026-11-23 15:00 UTC)),
        link: None,
    };
    let compliance = Compliance::new()
        .group(
            "Access",
            [
                control(
                    "Every read and change is written down",
                    "45 CFR 164.312(b)",
                    Standing::InForce,
                    "14,208 events, the chain is whole, the last head was witnessed 20 seconds ago.",
                ),
                control(
                    "A security code at sign-in for privileged roles",
                    "45 CFR 164.312(d)",
                    Standing::NeedsAttention,
                    "1 of 4 owners has not set it up yet.",
                ),
            ],
        )
        .group(
            "Keeping",
            [
                control(
                    "Health data is encrypted where it lies",
                    "45 CFR 164.312(a)(2)(iv)",
                    Standing::InForce,
                    "AES-256-GCM, organisation key 3, rotated 12 days ago.",
                ),
                control(
                    "Agreement with the email provider",
                    "45 CFR 164.308(b)",
                    Standing::Missing,
                    "No agreement is on file. Messages outside the app stay off.",
                ),
            ],
        );
    view.page("Compliance").with(compliance)
}
