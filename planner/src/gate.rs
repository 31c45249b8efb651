//! Is this a prompt for a health product at all?

use crate::{
    catalogue::{EntityKind, RoleKind, catalogue},
    sentences::Sentence,
    words::{is_glue, key_of, verb},
};

/// The longest prompt that is read, in bytes; a product described in more is several products.
pub(crate) const LONGEST: usize = 60_000;

const APP_WORDS: &[&str] = &[
    "app",
    "application",
    "software",
    "platform",
    "system",
    "portal",
    "tool",
    "tracker",
    "scheduler",
    "website",
    "dashboard",
    "product",
    "crm",
    "emr",
    "ehr",
    "register",
    "registry",
    "diary",
    "calendar",
    "assistant",
    "service",
];
const HEALTH_WORDS: &[&str] = &[
    "clinic",
    "practice",
    "hospital",
    "health",
    "healthcare",
    "medical",
    "dental",
    "telehealth",
    "telemedicine",
    "care",
    "therapy",
    "wellness",
    "injury",
    "illness",
    "disability",
    "pharmacy",
    "physiotherapy",
    "pediatric",
    "hospice",
    "rehab",
    "nursing",
    "ward",
    "vaccination",
    "surgery",
    "monitoring",
    "mental",
    "ivf",
    "dialysis",
    "diabetes",
    "lab",
    "laboratory",
];

/// Why this is no prompt for an app, if it is none. Linear in the length, which is bounded first.
pub(crate) fn refuse_text(prompt: &str) -> Option<String> {
    if prompt.trim().is_empty() {
        return Some("the prompt is empty: say who uses the app and what they record".into());
    }
    if prompt.len() > LONGEST {
        return Some(format!(
            "the prompt has {} bytes; at most {LONGEST} are read: describe one product in a page or two",
            prompt.len()
        ));
    }
    None
}

/// As [`refuse_text`], from the sentences.
pub(crate) fn refuse(prompt: &str, sentences: &[Sentence]) -> Option<String> {
    let (mut known, mut all, mut app, mut health) = (0_usize, 0_usize, false, 0_usize);
    let mut of_people = false;
    for sentence in sentences {
        let words: Vec<&str> = sentence
            .head
            .iter()
            .flat_map(|head| head.split(' '))
            .chain(sentence.tokens.iter().filter_map(|token| token.word()))
            .collect();
        for (at, word) in words.iter().enumerate() {
            all += 1;
            let one = key_of(word);
            let two = words.get(at + 1).map(|next| key_of(&format!("{word} {next}"))).unwrap_or_default();
            let term = |said: &str| {
                catalogue().role(said).is_some()
                    || catalogue().entity(said).is_some()
                    || catalogue().field(said).is_some()
            };
            let is_app = APP_WORDS.contains(&one.as_str());
            let is_health = HEALTH_WORDS.contains(&one.as_str());
            let is_term = term(&one) || term(&two);
            app |= is_app;
            health += usize::from(is_health || is_term);
            of_people |= is_health || cares(&one) || cares(&two);
            known += usize::from(is_app || is_health || is_term || is_glue(word) || verb(word).is_some());
        }
    }
    if is_foreign(prompt) && known * 2 < all {
        return Some("this is in a language that the offline planner does not read: write it in English or Spanish, or plan it through a model, which reads others".into());
    }
    let command =
        ["sudo ", "rm -", "curl ", "ls -", "git ", "docker ", "SELECT ", "DROP ", "#!/", "npm ", "cd /"]
            .iter()
            .any(|start| prompt.trim_start().starts_with(start))
            || prompt.contains("&&")
            || prompt.contains("$(");
    if command && !app {
        return Some(
            "this reads as a command, not as a product: say who uses the app and what they record".into(),
        );
    }
    if all > 40 && known * 5 < all {
        return Some("hardly a word of this could be read: say who uses the app and what they record".into());
    }
    let acts = sentences.iter().any(|sentence| {
        sentence.tokens.iter().any(|token| token.word().is_some_and(|word| verb(word).is_some()))
            && sentence
                .tokens
                .iter()
                .any(|token| token.word().is_some_and(|word| catalogue().role(&key_of(word)).is_some()))
    });
    if health == 0 || !of_people || !(app || health >= 2 && acts || health >= 3) {
        return Some("this names no health product: say who uses the app and what they record, as in `nurses log vitals of patients`".into());
    }
    None
}

/// Whether a text is in none of the languages of the grammar, as far as its letters tell.
fn is_foreign(prompt: &str) -> bool {
    let read = |lang| matches!(lang, whatlang::Lang::Eng | whatlang::Lang::Spa);
    whatlang::detect(prompt).is_some_and(|found| {
        !read(found.lang()) && (found.script() != whatlang::Script::Latin || found.is_reliable())
    })
}

/// Whether a noun belongs to health care and to little else: orders, deliveries and customers are anybody's.
fn cares(said: &str) -> bool {
    const ANYBODYS: &[&str] = &[
        "customer",
        "guest",
        "visitor",
        "member",
        "worker",
        "employee",
        "student",
        "tenant",
        "passenger",
        "applicant",
        "trainee",
        "couple",
        "kid",
        "woman",
        "runner",
        "swimmer",
        "player",
        "attendee",
        "consumer",
        "caller",
        "pupil",
        "candidate",
        "wearer",
        "child",
        "participant",
        "note",
        "task",
        "class",
        "session",
        "visit",
        "report",
        "program",
        "coach",
        "trainer",
        "consultant",
        "provider",
        "specialist",
        "practitioner",
        "instructor",
        "photo",
        "comment",
        "question",
        "feedback",
        "complaint",
        "plan",
        "goal",
        "exercise",
        "activity",
        "event",
        "incident",
        "meal",
    ];
    let clinical = |kind: EntityKind| matches!(kind, EntityKind::Clinical | EntityKind::Subject);
    !ANYBODYS.contains(&said)
        && (catalogue()
            .role(said)
            .is_some_and(|(kind, _)| matches!(kind, RoleKind::Panel | RoleKind::Care | RoleKind::Subject))
            || catalogue().entity(said).is_some_and(|(concept, _)| clinical(concept.kind))
            || catalogue().field(said).is_some_and(|(field, _)| {
                let written = field.written.as_deref().unwrap_or_default();
                let plain = matches!(
                    field.name.as_str(),
                    "date"
                        | "time"
                        | "start"
                        | "end"
                        | "status"
                        | "type"
                        | "title"
                        | "duration"
                        | "notes"
                        | "description"
                        | "priority"
                        | "quantity"
                        | "score"
                        | "reason"
                        | "amount"
                        | "location"
                        | "comment"
                        | "name"
                        | "color"
                        | "size"
                        | "category"
                        | "rating"
                        | "level"
                        | "outcome"
                        | "result"
                );
                !plain
                    && written.starts_with("clinical")
                    && !written.contains("money")
                    && !written.contains("moment")
            }))
}
