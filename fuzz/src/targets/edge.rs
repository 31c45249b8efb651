//! The edge of an app around a handler that notes that it was reached: what the targets for cookies and multipart share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use safeguards::axum::Router;
use safeguards::axum::body::Body;
use safeguards::axum::http::{Request, Response};
use safeguards::axum::routing::any;
use safeguards::pages::ENGLISH;
use safeguards::web::{
    Csrf, Hsts, JsonLines, Limits, Rate, RateLimit, RateLimits, SecurityHeaders, Trust, Web,
};
use safeguards::{ManualClock, SystemIds};
use time::OffsetDateTime;
use tokio::runtime::Runtime;
use tower::ServiceExt;

static REACHED: AtomicUsize = AtomicUsize::new(0);
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));

/// Tokens of forms, under the key of the edge.
pub static CSRF: LazyLock<Csrf> = LazyLock::new(|| Csrf::new(&[3; 32]));

static EDGE: LazyLock<Router> = LazyLock::new(|| {
    let rate = Rate { burst: u32::MAX, per_second: u32::MAX };
    let web = Web {
        application: "Fuzzed".into(),
        words: &ENGLISH,
        clock: Arc::new(ManualClock::at(OffsetDateTime::UNIX_EPOCH)),
        ids: Arc::new(SystemIds::new(Arc::new(ManualClock::at(OffsetDateTime::UNIX_EPOCH)))),
        log: Arc::new(JsonLines::new(std::io::sink())),
        csrf: Csrf::new(&[3; 32]),
        rate: RateLimit::new(RateLimits { address: rate, session: rate }),
        limits: Limits { large_routes: &["/upload"], ..Limits::default() },
        headers: SecurityHeaders::new(Hsts::Off),
        trust: Trust::Gateway,
        secure: true,
        cookie: "__Host-session",
        beside: Some("__Host-impersonation"),
        sign_in: Some("/sign-in"),
    };
    let reached = async |_: Request<Body>| {
        REACHED.fetch_add(1, Ordering::Relaxed);
    };
    Arc::new(web).guard(Router::new().route("/", any(reached)).route("/upload", any(reached)))
});

/// The answer, and whether the handler was reached.
pub fn ask(request: Request<Body>) -> (Response<Body>, bool) {
    let before = REACHED.load(Ordering::Relaxed);
    let answer = RUNTIME.block_on(EDGE.clone().oneshot(request));
    let Ok(answer) = answer;
    (answer, REACHED.load(Ordering::Relaxed) > before)
}
