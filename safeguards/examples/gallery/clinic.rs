//! Pages about records: lists, details, forms, the calendar, charts.

use rust_decimal::Decimal;
use safeguards::pages::{
    Allergies, Bars, Booking, Calendar, Choice, Column, Confirm, Content, Count, Detail, Field, Filters,
    Form, FormData, Lines, Listing, Notice, Page, PatientBanner, Row, Series, Shape, Span, Table, Tabs, Tone,
    View,
};
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};

const LONG: &str = "Wolfeschlegelsteinhausenbergerdorff-Papadimitrakopoulou-Hernández";
const ARABIC: &str = "فاطمة الزهراء بنت عبد الرحمن";

pub(crate) fn page(view: &View, name: &str, listing: &Listing) -> Option<Page> {
    Some(match name {
        "list" => list(view, listing),
        "list-empty" => list(view, &Listing::new("/list", "rows=0")),
        "list-found-nothing" => list(view, &Listing::new("/list", "rows=0&status=closed")),
        "detail" => record(view, "Maria Torres", false),
        "detail-locked" => record(view, "Maria Torres", true),
        "long" => record(view, LONG, false),
        "form" => view.page("New patient").back("patients", "/list").with(patient_form(view)),
        "form-wrong" => sent(view, "form", FormData::parse(WRONG.as_bytes()))?,
        "form-patient" => view.page("Weekly check-in").with(check_in(view)),
        "form-patient-wrong" => sent(view, "form-patient", FormData::parse(b"form.step=1&well=no&pain=11"))?,
        "form-checked" => sent(view, "form-patient", FormData::parse(CHECKED.as_bytes()))?,
        "confirm" => view.page("Delete PT-7F3A4B").back("patient", "/detail").with(confirm()),
        "confirm-wrong" => sent(view, "confirm", FormData::parse(b"phrase=yes"))?,
        "calendar" => calendar(view, Span::of(listing, view.today())),
        "calendar-week" => calendar(view, Span::Week(view.today())),
        "charts" => charts(view),
        "charts-empty" => {
            view.page("Readings").with(Lines::new("Blood pressure", "mmHg")).with(Bars::new("Visits", ""))
        }
        "measures" => measures(view),
        _ => return None,
    })
}

const WRONG: &str =
    "name=&born.day=31&born.month=2&born.year=1980&weight=1,200&email=x&codes.0=E11.9&codes.1=zzz&seen.day=3";
const CHECKED: &str = "form.step=5&well=no&pain=4&where=Left+knee%0AWorse+at+night&goal=Walk+to+the+park&meds=ibu&started.day=3&started.month=11&started.year=2026";

pub(crate) fn sent(view: &View, name: &str, data: FormData) -> Option<Page> {
    let (title, form) = match name {
        "form" => ("New patient", patient_form(view)),
        "form-patient" => ("Weekly check-in", check_in(view)),
        "confirm" => {
            let page = view.page("Delete PT-7F3A4B").back("patient", "/detail");
            return Some(match confirm().parse(view, data) {
                Ok(_) => page.notice(Notice::success("The record is deleted")),
                Err(confirm) => page.with(confirm),
            });
        }
        _ => return None,
    };
    Some(match form.parse(view, data) {
        Ok(_) => view.page(title).notice(Notice::success("Saved").link("Go to the patient", "/detail")),
        Err(form) => view.page(title).with(form),
    })
}

fn list(view: &View, listing: &Listing) -> Page {
    let rows = listing.filter("rows").unwrap_or("12");
    let count = if rows == "many" { 50 } else { rows.parse().unwrap_or(12) };
    let names = ["Maria Torres", ARABIC, LONG, "Chidi Okafor", "Ying Li", "Ada Novak"];
    let rows = (0..count).map(|place| {
        let name = names[place % names.len()];
        let (text, tone) =
            [("Signed", Tone::Good), ("Draft", Tone::Quiet), ("Overdue", Tone::Caution)][place % 3];
        let weight =
            if place % 4 == 3 { Content::Hidden } else { Content::from(Decimal::new(725, 1)).unit("kg") };
        Row::new()
            .cell(name)
            .cell(format!("PT-7F3A{place:02}"))
            .cell(date!(1980 - 03 - 13) + Duration::days(i64::try_from(place).unwrap_or(0) * 97))
            .cell(weight)
            .cell(if place % 5 == 4 { None } else { Some(datetime!(2026-11-20 09:40 UTC)) })
            .cell(Content::tag(text, tone))
            .to("/detail")
    });
    let statuses = [
        ("draft", "Draft"),
        ("signed", "Signed"),
        ("overdue", "Overdue"),
        ("closed", "Closed"),
        ("new", "New"),
        ("all", "All"),
    ];
    let filters = Form::new("/list")
        .field(Field::choice("status", "Status", statuses).optional())
        .field(Field::text("ward", "Ward").optional());
    let table = Table::new("Patients in your care")
        .column(Column::new("Name").sort("name"))
        .column("Reference")
        .column(Column::new("Born").sort("born"))
        .column(Column::new("Weight").numeric())
        .column(Column::new("Last seen").sort("seen"))
        .column("Visit note")
        .rows(rows)
        .filters(Filters::open(filters, listing))
        .listing(listing, if count == 50 { 10_234 } else { u64::try_from(count).unwrap_or(0) })
        .empty("No patients yet", "Patients appear here as soon as they are assigned to you.")
        .first("Add a patient", "/form");
    view.page("Patients")
        .about("Everybody who is assigned to you in Riverside Clinic, North.")
        .action("Add a patient", "/form")
        .action("Import", "/form")
        .with(table)
}

fn banner(name: &str) -> PatientBanner {
    PatientBanner::new(name)
        .reference("PT-7F3A4B")
        .to("/detail")
        .born(date!(1980 - 03 - 13))
        .sex("Female")
        .allergies(Allergies::Known(vec!["Penicillin".into(), "Latex".into()]))
}

fn record(view: &View, name: &str, locked: bool) -> Page {
    let tabs = Tabs::new()
        .tab("Summary", view_path(locked))
        .counted("Notes", "/list", 12)
        .counted("Readings", "/charts", 148)
        .tab("Appointments", "/calendar")
        .tab("Who looked", "/who-looked");
    let detail = Detail::new()
        .title("Visit note")
        .line("Reason", "Knee pain since the beginning of November")
        .measure("Weight", Decimal::new(725, 1), "kg")
        .measure("Blood pressure", "128/82", "mmHg")
        .line(
            "Medicine",
            Content::list([
                "Ibuprofen 400 mg, by mouth, three times a day with food, for 5 days",
                "Omeprazole 20 mg, by mouth, once a day",
            ]),
        )
        .line("Plan", Content::narrative("Rest for two weeks.\n\nCome back if it swells. ركبة"))
        .line("Follow-up", date!(2026 - 12 - 07))
        .line("Phone", Content::Hidden)
        .line("Insurance", None::<String>)
        .line(
            "Status",
            Content::tag(
                if locked { "Signed" } else { "Draft" },
                if locked { Tone::Good } else { Tone::Quiet },
            ),
        )
        .created("Dr. Amina Haddad", datetime!(2026-11-20 09:40 UTC))
        .changed("Sam Reyes", datetime!(2026-11-21 16:05 UTC));
    let page =
        view.page("Knee pain, 20 Nov 2026").back("patients", "/list").patient(&banner(name)).tabs(&tabs);
    if locked {
        let why = "Signed by Dr. Amina Haddad on 20 Nov 2026. It cannot be changed; add an addendum instead.";
        return page.action("Add an addendum", "/form").with(detail.locked(why));
    }
    page.action("Edit", "/form").command("Sign", "/detail").with(detail)
}

fn view_path(locked: bool) -> &'static str {
    if locked { "/detail-locked" } else { "/detail" }
}

fn codes() -> [(&'static str, &'static str); 3] {
    [
        ("E11.9", "Type 2 diabetes mellitus without complications (E11.9)"),
        ("I10", "Essential (primary) hypertension (I10)"),
        ("M25.562", "Pain in left knee (M25.562)"),
    ]
}

fn patient_form(view: &View) -> Form {
    Form::new("/form")
        .field(Field::text("name", "Full name").section("Person").hint("As on the insurance card"))
        .field(Field::date("born", "Date of birth").not_after(view.today()))
        .field(
            Field::choice(
                "sex",
                "Sex",
                [("f", "Female"), ("m", "Male"), ("x", "Another"), ("u", "Not stated")],
            )
            .optional(),
        )
        .field(Field::shaped(Shape::Email, "email", "Email address").section("Contact").optional())
        .field(Field::shaped(Shape::Phone, "phone", "Phone").optional())
        .field(Field::decimal("weight", "Weight").unit("kg").range(20, 300).places(1).section("Today"))
        .field(Field::moment("seen", "Seen at"))
        .field(
            Field::list("codes", "Diagnoses", Field::code("code", "Diagnosis", codes()).closed()).optional(),
        )
        .field(Field::yes_no("smoker", "Smoker"))
        .field(Field::integer("years", "Years of smoking").range(0, 100).only_when("smoker", "yes"))
        .field(Field::paragraphs("goals", "Goals").optional())
        .field(Field::tick("consent", "The patient agrees to be treated here"))
        .cancel("/list")
        .version(3)
}

fn check_in(view: &View) -> Form {
    let medicines = [
        Choice::new("ibu", "Ibuprofen").hint("For pain"),
        Choice::new("met", "Metformin").hint("For blood sugar"),
        Choice::new("none", "None of these"),
    ];
    Form::new("/form-patient")
        .field(Field::yes_no("well", "Do you feel well today?"))
        .field(
            Field::integer("pain", "How bad is your pain?")
                .range(0, 10)
                .hint("0 is none, 10 is the worst you can think of")
                .only_when("well", "no"),
        )
        .field(Field::paragraphs("where", "Where does it hurt?").only_when("well", "no"))
        .field(Field::date("started", "When did it start?").not_after(view.today()).only_when("well", "no"))
        .field(Field::choices("meds", "Which medicines did you take this week?", medicines))
        .field(Field::text("goal", "What do you want to do again?"))
        .one_at_a_time()
        .check_first()
        .submit("Send to my clinic")
}

fn confirm() -> Confirm {
    Confirm::new("/confirm", "This deletes the record PT-7F3A4B", "PT-7F3A4B")
        .consequence("12 notes and 148 readings are deleted with it.")
        .consequence("Two appointments are cancelled. The patient is told by email.")
        .consequence("Who looked at it stays written down for six years.")
        .button("Delete this record")
        .cancel("/detail")
}

fn calendar(view: &View, span: Span) -> Page {
    let day = span.first().midnight().assume_utc();
    let booking = |resource: &str, hour: i64, minute: i64, minutes: i64, title: &str| Booking {
        resource: resource.into(),
        from: day + Duration::hours(hour) + Duration::minutes(minute),
        to: day + Duration::hours(hour) + Duration::minutes(minute + minutes),
        title: Content::from(title),
        link: Some("/detail".into()),
        status: None,
    };
    let confirmed = |booking| Booking { status: Some(("Confirmed".into(), Tone::Good)), ..booking };
    let bookings = vec![
        confirmed(booking("haddad", 9, 0, 60, "PT-7F3A4B, check-up")),
        booking("haddad", 10, 15, 45, "PT-19C0DE, follow-up"),
        booking("haddad", 10, 45, 30, "PT-55AA01, new patient"),
        booking("reyes", 9, 30, 30, ARABIC),
        Booking { title: Content::Hidden, link: None, ..booking("chair", 13, 0, 120, "") },
        booking("reyes", 18, 0, 30, "PT-0000AB, late visit"),
        booking("haddad", 24 + 11, 0, 30, "PT-7F3A4B, blood test"),
        booking("chair", 48 + 14, 0, 90, "PT-31BEEF, filling"),
    ];
    let calendar = Calendar::new("Appointments", "/calendar", span)
        .resource("haddad", "Dr. Amina Haddad")
        .resource("reyes", "Sam Reyes")
        .resource("chair", "Chair 2")
        .book("/form")
        .bookings(bookings);
    view.page("Calendar").action("Book an appointment", "/form").with(calendar)
}

fn charts(view: &View) -> Page {
    let start: OffsetDateTime = datetime!(2026-10-20 08:00 UTC);
    let values = |base: i64, swing: i64| {
        (0..28_i64).map(move |day| {
            (start + Duration::days(day), Decimal::from(base + (day * day * 7 + day * 13) % swing))
        })
    };
    let pressure =
        Lines::new("Blood pressure", "mmHg").series(Series::new("Systolic", values(122, 26))).band(90, 140);
    let both = Lines::new("Pulse, resting and after a walk", "beats/min")
        .series(Series::new("Resting", values(62, 9)))
        .series(Series::new("After a walk", values(88, 21)));
    let weight = Lines::new("Weight", "kg").series(Series::new("At home", [(start, Decimal::new(725, 1))]));
    view.page("Readings")
        .back("patients", "/list")
        .patient(&banner("Maria Torres"))
        .with(pressure)
        .with(both)
        .with(weight)
}

fn measures(view: &View) -> Page {
    let bars = Bars::new("Missed appointments by weekday, November 2026", "")
        .count("Monday", 48)
        .count("Tuesday", 31)
        .count("Wednesday", 6)
        .count("Thursday", 22)
        .count("Friday", 0);
    let minutes =
        Bars::new("Waiting time by site", "min").value("North", 14).value("South", Decimal::new(225, 1));
    view.page("Reports")
        .with(Count::new("Share of missed appointments", 107).of(1460))
        .with(Count::new("Patients without a reading in 3 days", 7))
        .with(bars)
        .with(minutes)
}
