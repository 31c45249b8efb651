//! What was wished for, refused and is asked.

use super::{Question, Wished};
use crate::access::Rules;
use crate::catalogue::RoleKind;
use crate::features;
use crate::grants::Grants;
use crate::world::{Parsed, World};

/// Which parts of the plan hold what a sentence could wish for.
pub(crate) struct Planned {
    pub(crate) forms: bool,
    pub(crate) measures: bool,
    pub(crate) lists: bool,
    pub(crate) files: bool,
    pub(crate) signatures: bool,
    pub(crate) calendars: bool,
    /// Roles to which a permission can be given.
    pub(crate) permitted: Vec<String>,
}

impl Planned {
    /// Whether what a sentence wishes for is in the plan: its files and signatures, and what a patient lets others see.
    fn holds(&self, construct: u32, text: &str) -> bool {
        let says = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
        match construct {
            9 => !self.permitted.is_empty(),
            11 => self.signatures,
            19 => self.calendars,
            // What is printed and sent is a document; what is photographed or uploaded is a file.
            21 => {
                self.files
                    && !says(&[
                        "pdf",
                        "pdfs",
                        "packet",
                        "packets",
                        "certificate",
                        "certificates",
                        "printout",
                        "printable",
                        "statements",
                        "letter",
                        "documents",
                    ])
            }
            _ => false,
        }
    }
}

/// What was said and cannot be built yet.
pub(crate) fn wished(parsed: &[Parsed], rules: &Rules, world: &World, planned: &Planned) -> Vec<Wished> {
    let mut out: Vec<Wished> = Vec::new();
    let mut wish = |said: &str, construct: Option<u32>, why: &str| {
        let known = out.iter().any(|known: &Wished| known.construct == construct && known.said == said);
        if !known {
            out.push(Wished { said: said.to_owned(), construct, why: why.to_owned() });
        }
    };
    for one in parsed {
        let said = &one.sentence.text;
        if is_unwanted(&one.sentence.plain()) {
            continue;
        }
        for found in features::wishes(&one.sentence).into_iter().chain(features::wished_by_clauses(one)) {
            match found {
                features::Wish::NotYet(construct, _) if planned.holds(construct, &one.sentence.plain()) => {}
                features::Wish::NotYet(construct, why) => wish(said, Some(construct), why),
                features::Wish::Outside(why) if why.contains("break glass") && !world.breakers.is_empty() => {
                }
                features::Wish::Outside(why) => wish(said, None, why),
                features::Wish::Kept => {}
            }
        }
        let text = one.sentence.plain();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
        let asks = has(&[
            "questionnaire",
            "questionnaires",
            "survey",
            "surveys",
            "intake form",
            "intake forms",
            "an intake",
            "medical intake",
            "health history form",
            "fill in a form",
            "online form",
            "phq 9",
            "gad 7",
        ]);
        if asks && !planned.forms {
            wish(said, Some(12), "its questions were not said, so it cannot be asked yet");
        }
        let counts = has(&[
            "dashboard",
            "average",
            "averages",
            "avg",
            "counts",
            "trend",
            "trends",
            "turnaround",
            "over time",
            "graph",
            "graphs",
            "totals",
            "statistics",
            "stats",
            "monthly report",
            "weekly report",
            "quarterly report",
            "annual report",
            "metrics",
            "kpis",
            "figures",
            "coverage by",
            "coverage per",
            "is counted",
            "are counted",
            "quarterly numbers",
            "monthly numbers",
            "weekly numbers",
            "production by",
            "production per",
            "revenue by",
            "revenue per",
            "count of",
        ]);
        // `visits per week` that somebody looks at are counted; `twice per week` says how often.
        let rates = has(&["per week", "per month", "per day", "per hour"])
            && has(&[
                "see", "sees", "look", "looks", "count", "counts", "number", "numbers", "report", "reports",
                "compare", "compares", "show", "shows", "total", "totals", "want", "wants", "get", "gets",
            ])
            || has(&["rates", "rate of"])
            || [
                " no show rate ",
                " denial rate ",
                " completion rate ",
                " cancellation rate ",
                " response rate ",
                " success rate ",
                " image rate ",
                " infection rate ",
                " occupancy rate ",
                " attendance rate ",
            ]
            .iter()
            .any(|rate| text.contains(rate));
        if (counts || rates || is_drawn(&text)) && !planned.measures {
            wish(said, Some(14), "what is counted was not made out");
        }
        let lists = has(&[
            "list of",
            "on a list",
            "worklist",
            "watch list",
            "waiting longer",
            "missing for",
            "in a row",
            "overdue",
            "my list",
            "queue",
            "everyone with",
            "everybody with",
            "anyone who",
            "who has not",
            "who have not",
            "waiting list",
            "waitlist",
            "has not done",
            "have not done",
        ]) || features::compares(&one.sentence.tokens);
        if lists && !planned.lists {
            wish(said, Some(13), "what is listed was not made out");
        }
        let acts = has(&["alert", "alerts", "notify", "warn", "warning", "told", "flag", "tell"]);
        if acts && features::compares(&one.sentence.tokens) {
            wish(said, Some(15), "which value it waits for, and who is told, was not made out");
        }
    }
    if world.names.is_spanish() {
        wish(
            "la aplicación en español",
            None,
            "names and labels are Spanish; buttons, dates, numbers, messages of errors, legal pages and e-mails are built in English until the library has them in Spanish",
        );
    }
    for (name, role) in &world.roles {
        if role.kind == RoleKind::Proxy && role.acts && !planned.permitted.contains(name) {
            wish(
                &format!("what a {name} may see"),
                Some(9),
                "it takes the permission of a patient who logs in and sees it, so nothing is granted",
            );
        }
    }
    for (said, construct) in &rules.conditional {
        if planned.holds(*construct, said) {
            continue;
        }
        if !out.iter().any(|known| known.construct == Some(*construct)) {
            out.push(Wished {
                said: said.clone(),
                construct: Some(*construct),
                why: match construct {
                    24 => "by a link a form is filled in, and nothing is shown, so nothing is granted: a form is said in app.yaml, under `pages`",
                    9 => {
                        "it takes the permission of a patient who logs in and sees it, so nothing is granted"
                    }
                    _ => "a rule that holds at times is not built yet; the safer side holds always",
                }
                .into(),
            });
        }
    }
    out
}

/// `we do not need billing or messaging`: no wish.
fn is_unwanted(text: &str) -> bool {
    let sees = [" see ", " sees ", " can ", " must ", " but ", " except ", " unless "]
        .iter()
        .any(|word| text.contains(word));
    let unwanted =
        [" do not need ", " do not want ", " no need for ", " not looking for ", " without any need for "];
    !sees && unwanted.iter().any(|said| text.contains(said))
}

/// Whether values are drawn: `a chart of weight`, `the growth chart`; a chart that somebody writes or opens is a record.
fn is_drawn(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    (0..words.len()).filter(|at| matches!(words[*at], "chart" | "charts")).any(|at| {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
        let of =
            words.get(at + 1).is_some_and(|next| matches!(*next, "of" | "showing" | "over" | "by" | "with"));
        of && !crate::words::is_modal(before)
            || matches!(
                before,
                "growth" | "line" | "bar" | "trend" | "weight" | "a" | "as" | "pressure" | "progress"
            )
    })
}

/// What a person should decide: at most five, each with its safe default.
pub(crate) fn questions(world: &World, rules: &Rules, granted: &Grants) -> Vec<Question> {
    const MOST: usize = 5;
    let mut out = Vec::new();
    // What narrows comes first: its safe default may be less than was meant.
    for (sentence, how) in &rules.asked {
        out.push(Question {
            about: sentence.clone(),
            ask: format!("What does “{}” restrict? It was not understood whole. Say it as `only <roles> see <record>` or `<role> must not see <record>`.", sentence.trim()),
            options: vec![how.clone(), "leave it out: it restricts nothing in this app".into()],
            default: how.clone(),
        });
    }
    if let Some(subject) = world.subject()
        && !world.assigned.is_empty()
        && world.assumed.iter().any(|text| text.contains("is assigned to"))
    {
        out.push(Question {
            about: format!("/entities/{subject}/assigned to"),
            ask: format!(
                "Does a {} see only the {subject} records assigned to them, or all?",
                world.assigned.join(" or a ")
            ),
            options: vec!["assigned".into(), "all".into()],
            default: "assigned".into(),
        });
    }
    out.extend(written_by_nobody(world, granted));
    if world.roles.values().any(|role| role.assumed && role.kind != RoleKind::Owner) {
        out.push(Question {
            about: "/roles".into(),
            ask: "Who works with the app?".into(),
            options: world.roles.keys().cloned().collect(),
            default: world.roles.keys().cloned().collect::<Vec<_>>().join(", "),
        });
    }
    if world.roles.values().any(|role| role.assumed && role.kind != RoleKind::Owner)
        && world.self_role().is_none()
    {
        out.push(Question {
            about: "/roles".into(),
            ask: "Do patients log in themselves?".into(),
            options: vec!["no".into(), "yes".into()],
            default: "no".into(),
        });
    }
    // Somebody who is let in and sees nothing is more often a gap than a wish.
    let idle = |role: &String| {
        !granted.values().any(|roles| roles.contains_key(role))
            && !world
                .forms
                .values()
                .any(|form| form.filled_by.iter().chain(&form.read_by).any(|known| known == role))
    };
    for (role, known) in &world.roles {
        // Who only receives messages is told of among the assumptions.
        let receives = known.kind == RoleKind::Subject && known.bounded;
        let works = !receives
            && !matches!(known.kind, RoleKind::Owner | RoleKind::Proxy | RoleKind::Support)
            && (known.kind != RoleKind::Subject || known.acts);
        if works && idle(role) && out.len() < MOST {
            out.push(Question {
                about: format!("/roles/{role}"),
                ask: format!("What does a {role} work with? Nothing was made out, so they see nothing."),
                options: std::iter::once("nothing".to_owned())
                    .chain(world.entities.keys().take(6).cloned())
                    .collect(),
                default: "nothing".into(),
            });
        }
    }
    out.truncate(MOST);
    out
}

/// A record that nobody may write would stay empty: a person says who writes it, and until then nobody does.
fn written_by_nobody(world: &World, granted: &Grants) -> Option<Question> {
    let written = |name: &String| {
        granted.get(name).is_some_and(|roles| {
            roles.iter().any(|(role, clause)| world.roles.contains_key(role) && clause.contains("create"))
        })
    };
    // Who signs up makes their own record by that.
    let open = world.roles.values().any(|role| role.open);
    let signs_up = |name: &String| open && world.subject() == Some(name.as_str());
    let dead: Vec<&String> = world.entities.keys().filter(|name| !written(name) && !signs_up(name)).collect();
    let (first, rest) = dead.split_first()?;
    let works: Vec<String> = world
        .roles
        .iter()
        .filter(|(_, role)| !matches!(role.kind, RoleKind::Proxy | RoleKind::Support))
        .map(|(name, _)| name.clone())
        .take(6)
        .collect();
    let names: Vec<String> = dead.iter().map(|name| format!("`{name}`")).collect();
    Some(Question {
        about: if rest.is_empty() { format!("/entities/{first}/access") } else { "/entities".into() },
        ask: format!(
            "Who writes {}? Nobody was said to, so nobody does, and {} empty until somebody may.",
            names.join(", "),
            if rest.is_empty() { "it stays" } else { "they stay" }
        ),
        options: std::iter::once("nobody".to_owned()).chain(works).collect(),
        default: "nobody".into(),
    })
}
