//! Why a name is not offered, and what to do instead.

/// What is wrong with a name, and what to do instead.
pub(super) type Why = (String, &'static str);

/// Methods and functions behind which the audited doors end, or time and ids are not the app's, and why.
const MEMBERS: &[(&str, &str, &str)] = &[
    ("session", "it leads past the audited doors, to the session's own store", "Ask the slices for records"),
    (
        "identity",
        "it leads past the audited doors, to people's accounts",
        "Ask the viewer: `viewer.colleagues(role)`",
    ),
    ("looks", "it tells of any record, whether the viewer may see it or not", RECORD_PAGE),
    ("who_looked", "it tells of any record, whether the viewer may see it or not", RECORD_PAGE),
    ("fingerprint", "it is how the app signs", "Say `signed by` in app.yaml"),
    ("signing", "it is how the app signs", "Say `signed by` in app.yaml"),
    ("still_as_signed", "it is how the app signs", "Say `signed by` in app.yaml"),
    ("counted", "it makes a statement", "Say `limits` in app.yaml"),
    ("draft_invitation", "it makes a statement", "Invite by the slice: `crate::patients::invite`"),
    ("draft_delegation", "it makes a statement", "Say `permissions` in app.yaml, and give by the slice"),
    ("layer", "it would stand around requests", "Add routes by `.route` and `.merge`"),
    ("route_layer", "it would stand around requests", "Add routes by `.route` and `.merge`"),
    (
        "route_service",
        "it would take requests that nobody signed in for",
        "Add routes by `.route` and `.merge`",
    ),
    (
        "nest_service",
        "it would take requests that nobody signed in for",
        "Add routes by `.route` and `.merge`",
    ),
    ("fallback", "it would answer for routes that are not its own", "Add routes by `.route` and `.merge`"),
    (
        "fallback_service",
        "it would answer for routes that are not its own",
        "Add routes by `.route` and `.merge`",
    ),
    ("with_state", "it would give the routes another app", "Add routes by `.route` and `.merge`"),
    (
        "leak",
        "it makes text that lives for ever, as only what stands in the source may",
        "Keep it in a variable",
    ),
    ("now_utc", "it reads the machine's clock, which no test can set", "Ask `viewer.clock.now()`"),
    ("now_local", "it reads the machine's clock, which no test can set", "Ask `viewer.clock.now()`"),
    ("current_local_offset", "it reads the machine's time zone", "Ask `viewer.view.local(moment)`"),
    ("local_offset_at", "it reads the machine's time zone", "Ask `viewer.view.local(moment)`"),
    ("new_v4", "it makes an id that no test can foretell", "Ask `viewer.ids.next()`"),
    ("now_v7", "it makes an id that no test can foretell", "Ask `viewer.ids.next()`"),
];

/// Fields of whoever acts, behind which the audited doors end.
const FIELDS: &[(&str, &str)] = &[
    ("store", "the database itself"),
    ("keys", "the keys"),
    ("audit", "the audit log itself"),
    ("circumstances", "what the audit log is told"),
];

/// Why a name is not offered, and what to do instead: the first that fits.
const REASONS: &[(&str, &str, &str)] = &[
    ("std::fs", "reaches files", DATA),
    ("std::path", "reaches files", DATA),
    ("std::io", "reads or prints outside of answers", "Answer with a page or with JSON"),
    ("std::net", "reaches the network", NETWORK),
    ("std::os", "reaches the machine", DATA),
    ("std::process", "starts or ends processes", "Answer with a `Problem`"),
    ("std::env", "reads the environment", "Write it as a constant, or as a field of a record"),
    ("std::thread", "outlives the request that began it", "Do it in the handler, which may wait"),
    ("std::task", "runs what nobody waits for", "Use `async` and `.await`"),
    (
        "std::sync",
        "keeps what one request left for another",
        "Keep it in a record, where policy and log apply",
    ),
    ("std::time", "reads the machine's clock, which no test can set", "Ask `viewer.clock.now()`"),
    ("std::hint", "is for the machine, not for people", "Leave it out"),
    ("std::panic", "catches or changes what a fault is", "Answer with a `Problem`"),
    ("std::ptr", "reaches memory", "Use references"),
    ("std::mem", "reaches memory", "Use references"),
    ("std::alloc", "reaches memory", "Use `Vec` and `String`"),
    ("std::any", "hides what a value is from who reads the code", "Use an enum or a generic"),
    ("std::arch", "reaches the machine", "Leave it to the compiler"),
    ("std::backtrace", "tells of the machine", "Leave it out"),
    ("std::ffi", "reaches code that is not Rust", "Leave it out"),
    ("safeguards::sql", "is SQL past the policy and the audit log", SLICES),
    ("safeguards::tenant", "is SQL of its own", SLICES),
    ("safeguards::store", "is the database itself", SLICES),
    ("safeguards::slice::prelude::sql", "is SQL past the policy and the audit log", SLICES),
    ("safeguards::slice::prelude", "is how a slice makes statements and reads rows", SLICES),
    ("safeguards::slice::Assignments", "is how a slice makes statements and reads rows", SLICES),
    ("safeguards::slice::WriteAnswers", "is how a slice makes statements and reads rows", SLICES),
    ("safeguards::access", "is how the policy is made", "Say in app.yaml who may do what"),
    ("safeguards::audit", "is the audit log itself", "What the slices do is in the log already"),
    ("safeguards::identity", "is how people sign in, and who they are", "Take a `Viewer`"),
    ("safeguards::crypto", "is how records are sealed", "The slices seal and open"),
    (
        "safeguards::axum",
        "is the server below the app's own doors",
        "Take what `safeguards::slice::prelude` offers",
    ),
    ("maud::PreEscaped", "lets text be read as markup", "Let `html!` escape it"),
    ("maud::Render", "lets text be read as markup", "Answer with `Markup` from a function"),
    ("serde_json", "reads or writes outside of answers", "Use `serde_json::from_str` or `to_string`"),
];

/// Crates of other people that are asked for most.
const STRANGERS: &[(&str, &str, &str)] = &[
    ("sqlx", "is the database itself", SLICES),
    ("rusqlite", "is the database itself", SLICES),
    ("tokio", "runs what outlives a request, files and network", "Use `async` and `.await` alone"),
    ("hyper", "reaches the network", NETWORK),
    ("reqwest", "reaches the network", NETWORK),
    ("axum", "is the server below the app's own doors", "Take what `safeguards::slice::prelude` offers"),
    ("tracing", "writes to the log, which holds no values", "What the slices do is in the audit log already"),
    ("log", "writes to the log, which holds no values", "What the slices do is in the audit log already"),
    ("libc", "reaches the machine", DATA),
    ("rustix", "reaches the machine", DATA),
];

const RECORD_PAGE: &str =
    "Link to the record's own page, which asks for the record first: `/patients/ID/who-looked`";
const DATA: &str = "What the app knows stands in its records, and what the code knows in its constants";
const NETWORK: &str = "Declare a feed or an AI action in app.yaml: it passes the attested door";
const SLICES: &str =
    "Ask a slice, such as `crate::patients::find`: its statements pass the policy and the audit log";

/// A method or an associated function that is refused wherever it is called.
pub(super) fn member(name: &str) -> Option<(&'static str, &'static str)> {
    MEMBERS.iter().find(|(member, ..)| *member == name).map(|(_, why, instead)| (*why, *instead))
}

/// A field that is refused wherever it is read.
pub(super) fn field(name: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(field, _)| *field == name).map(|(_, what)| *what)
}

/// Whether this is a crate that code of other projects asks for.
pub(super) fn is_stranger(name: &str) -> bool {
    STRANGERS.iter().any(|(stranger, ..)| *stranger == name)
}

/// Why a name of another crate is not offered.
pub(super) fn reason(text: &str) -> Why {
    let fits = |(root, ..): &&(&str, &str, &str)| {
        text == *root || text.strip_prefix(root).is_some_and(|rest| rest.starts_with("::"))
    };
    match REASONS.iter().chain(STRANGERS).find(fits) {
        Some((_, why, instead)) => (format!("`{text}` {why}"), *instead),
        None => (
            format!("`{text}` is not offered to custom code"),
            "Take what is offered: the standard library's values, serde, and `safeguards::slice::prelude`",
        ),
    }
}
