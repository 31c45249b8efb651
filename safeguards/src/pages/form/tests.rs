//! What a form promises, as tables.

use rust_decimal::Decimal;
use time::macros::{date, datetime};

use super::*;
use crate::pages::{Show, View};

fn view() -> View {
    View::sample()
}

fn data(body: &str) -> FormData {
    FormData::parse(body.as_bytes())
}

fn patient() -> Form {
    Form::new("/patients")
        .field(Field::text("name", "Full name").longest(10))
        .field(Field::date("born", "Date of birth").not_after(date!(2026 - 11 - 23)))
        .field(Field::decimal("weight", "Weight").unit("kg").range(20, 300).places(1).optional())
        .field(Field::choice("sex", "Sex", [("f", "Female"), ("m", "Male")]).optional())
        .field(Field::list("codes", "Diagnoses", Field::text("code", "Diagnosis")).items(0, 3).optional())
}

#[test]
fn what_was_typed_becomes_typed_answers() {
    let sent = "name=+Ada+&born.day=3&born.month=mar&born.year=1980&weight=72.5&sex=f&codes.0=E11&codes.1=";
    let answers = patient().version(7).parse(&view(), data(sent)).expect("all answers are good");
    assert_eq!(answers.text("name"), Some("Ada"));
    assert_eq!(answers.date("born"), Some(date!(1980 - 03 - 03)));
    assert_eq!(answers.decimal("weight"), Some(Decimal::new(725, 1)));
    assert_eq!(answers.texts("codes"), ["E11"]);
    assert_eq!(answers.version(), Some(7));
    let json = r#"{"born":"1980-03-03","codes":["E11"],"name":"Ada","sex":"f","weight":"72.5"}"#;
    assert_eq!(serde_json::from_str::<serde_json::Value>(json).ok(), Some(answers.json()));
}

#[test]
fn all_mistakes_come_at_once_and_what_was_typed_is_kept() {
    let sent = "name=&born.day=31&born.month=2&born.year=1980&weight=1,200&sex=x";
    let form = patient().parse(&view(), data(sent)).expect_err("nearly all is wrong");
    let texts: Vec<&str> = form.mistakes().iter().map(|mistake| mistake.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "Enter full name",
            "Date of birth must be a real date, like 13 3 1980",
            "Weight must be a number, like 72.5",
            "Choose sex from the list",
        ]
    );
    let page = form.show(&view()).into_string();
    assert!(page.contains(r#"value="1,200""#) && page.contains(r#"name="born.day" value="31""#));
    let summary = form.summary(&view()).expect("there are mistakes").into_string();
    for mistake in form.mistakes() {
        let target = render::input_id(&mistake.at);
        assert!(summary.contains(&format!("href=\"#{target}\"")), "{target}");
        assert!(page.contains(&format!(" id=\"{target}\"")), "{target}");
    }
}

#[test]
fn each_value_is_judged_by_its_limits() {
    let cases: [(&str, &str); 14] = [
        ("name=12345678901", "Full name must be 10 characters or fewer"),
        ("weight=19.9", "Weight must be between 20 and 300\u{a0}kg"),
        ("weight=301", "Weight must be between 20 and 300\u{a0}kg"),
        ("weight=72.55", "Weight can have at most 1 digits after the point"),
        ("weight=1e2", "Weight must be a number, like 72.5"),
        ("weight=72.", "Weight must be a number, like 72.5"),
        ("weight=%2B72", "Weight must be a number, like 72.5"),
        ("weight=99999999999999999999999999999999", "Weight must be a number, like 72.5"),
        ("born.day=1&born.year=1980", "Date of birth must include a month"),
        ("born.day=1&born.month=1&born.year=80", "Date of birth needs a year with four digits, like 1980"),
        ("born.day=1&born.month=13&born.year=1980", "Date of birth must be a real date, like 13 3 1980"),
        (
            "born.day=24&born.month=11&born.year=2026",
            "Date of birth must be on or before 23\u{a0}Nov\u{a0}2026",
        ),
        ("codes.0=a&codes.1=b&codes.2=c&codes.3=d", "Diagnoses can have at most 3"),
        ("sex=%00", "Enter full name"),
    ];
    for (sent, expected) in cases {
        let form = patient().parse(&view(), data(sent)).expect_err(sent);
        let texts: Vec<&str> = form.mistakes().iter().map(|mistake| mistake.text.as_str()).collect();
        assert!(texts.contains(&expected), "{sent}: {texts:?}");
    }
}

#[test]
fn a_line_of_a_list_is_added_and_removed_without_blame() {
    let form =
        patient().parse(&view(), data("codes.0=a&codes.1=b&form.remove=codes.0")).expect_err("not sent yet");
    assert!(form.mistakes().is_empty() && form.summary(&view()).is_none());
    assert!(form.show(&view()).into_string().contains(r#"name="codes.0" value="b""#));
    let form = patient().parse(&view(), data("codes.0=a&form.add=codes")).expect_err("not sent yet");
    assert!(form.show(&view()).into_string().contains(r#"name="codes.1""#));
}

#[test]
fn a_moment_is_read_on_the_clocks_of_the_view() {
    let zone = crate::pages::Zone { name: "EST", offset_at: |_| time::macros::offset!(-5) };
    let form = || Form::new("/").field(Field::moment("at", "Taken at"));
    let sent = data("at.day=22&at.month=11&at.year=2026&at.time=9:30+pm");
    let answers = form().parse(&view().zone(zone), sent).expect("a moment");
    assert_eq!(answers.moment("at"), Some(datetime!(2026-11-23 02:30 UTC)));
    let shown =
        form().with_moment(&view().zone(zone), "at", answers.moment("at")).show(&view()).into_string();
    assert!(
        shown.contains(r#"name="at.time" value="21:30""#) && shown.contains(r#"name="at.day" value="22""#)
    );
}

#[test]
fn answers_are_checked_before_they_are_sent() {
    let form = || Form::new("/").field(Field::text("goal", "Your goal")).check_first();
    let review = form().parse(&view(), data("goal=Walk")).expect_err("to be checked");
    let page = review.show(&view()).into_string();
    assert!(review.mistakes().is_empty() && page.contains("Check your answers"));
    assert!(page.contains(r#"<input type="hidden" name="goal" value="Walk">"#));
    let asked = form().parse(&view(), data("goal=Walk&form.change=goal")).expect_err("to be changed");
    assert!(asked.show(&view()).into_string().contains(r#"name="goal" value="Walk""#));
    let sent = form().parse(&view(), data("goal=Walk&form.confirmed=yes")).expect("confirmed");
    assert_eq!(sent.text("goal"), Some("Walk"));
    // A confirmation does not carry a wrong answer through.
    assert!(form().parse(&view(), data("goal=&form.confirmed=yes")).is_err());
}

fn intake() -> Form {
    Form::new("/intake")
        .field(Field::yes_no("smoker", "Do you smoke?"))
        .field(Field::integer("years", "Years of smoking").range(0, 100).only_when("smoker", "yes"))
        .field(Field::text("goal", "Your goal"))
        .one_at_a_time()
        .check_first()
}

fn step(sent: &str) -> Stage {
    intake().parse(&view(), data(sent)).expect_err(sent).stage
}

#[test]
fn a_questionnaire_asks_one_question_at_a_time_and_skips_what_does_not_apply() {
    assert_eq!(step("smoker=yes&form.step=0"), Stage::Ask(1));
    assert_eq!(step("smoker=no&form.step=0"), Stage::Ask(2));
    assert_eq!(step("smoker=no&form.step=2&form.back=yes"), Stage::Ask(0));
    assert_eq!(step("smoker=yes&years=x&form.step=1"), Stage::Ask(1));
    assert_eq!(step("smoker=no&goal=Walk&form.step=2"), Stage::Review);
    // A step that is claimed but was never answered is asked.
    assert_eq!(step("goal=Walk&form.step=2&form.confirmed=yes"), Stage::Ask(0));
    // A change that opens a branch asks it, then returns to the answers.
    assert_eq!(step("smoker=yes&goal=Walk&form.step=0&form.checking=yes"), Stage::Ask(1));
    assert_eq!(step("smoker=yes&years=3&goal=Walk&form.step=1&form.checking=yes"), Stage::Review);
    assert_eq!(step("smoker=no&form.step=99999"), Stage::Ask(2));
}

#[test]
fn what_does_not_apply_is_empty_even_if_it_was_sent() {
    // The page of all answers sends no step: it is the end of all of them.
    for sent in [
        "smoker=no&years=40&goal=Walk&form.step=2&form.confirmed=yes",
        "smoker=no&years=40&goal=Walk&form.confirmed=yes",
    ] {
        let answers = intake().parse(&view(), data(sent)).expect("complete");
        assert_eq!(answers.answer("years"), &Answer::Empty);
    }
}

#[test]
fn a_mistake_never_reads_a_question_back_as_a_name() {
    let sentence = |field: Field, sent: &str| {
        let form = Form::new("/").field(field).parse(&view(), data(sent)).expect_err("wrong");
        form.mistakes()[0].text.clone()
    };
    let pain = || Field::integer("pain", "How bad is your pain?").range(0, 10);
    assert_eq!(sentence(pain(), "pain=11"), "Your answer must be between 0 and 10");
    assert_eq!(sentence(pain(), ""), "Enter your answer");
    assert_eq!(sentence(pain().called("Pain"), "pain=11"), "Pain must be between 0 and 10");
    assert_eq!(
        sentence(Field::yes_no("well", "Do you feel well?"), ""),
        "Choose yes or no: Do you feel well?"
    );
}

#[test]
fn danger_is_typed() {
    let confirm = || Confirm::new("/p/1/delete", "This deletes PT-7F3A4B", "PT-7F3A4B").version(4);
    assert!(confirm().parse(&view(), data("phrase=yes")).is_err());
    let confirmed = confirm().parse(&view(), data("phrase=+PT-7F3A4B&form.version=4"));
    assert_eq!(confirmed.ok(), Some(Some(4)));
}

#[test]
fn a_password_never_travels_back() {
    let form = Form::new("/")
        .field(Field::shaped(Shape::NewPassword, "password", "Password"))
        .field(Field::text("x", "X"));
    let again = form.parse(&view(), data("password=correct+horse&x=")).expect_err("x is missing");
    assert!(!again.show(&view()).into_string().contains("correct"));
}
