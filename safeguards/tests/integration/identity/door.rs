//! The doors: what a request may bring, and what comes back over HTTP.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::routing::get;
use safeguards::Clock as _;
use safeguards::identity::{self, Credentials, Door, Identity, Session};
use serde_json::{Value, json};
use time::Duration;
use tower::ServiceExt as _;

use super::{Clinic, OWNER, PASSWORD, PATIENT};

fn app(clinic: &Clinic) -> Router {
    let whoami = get(|session: Session| async move { session.principal().person().to_string() });
    let app: Router<Identity> = Router::new().route("/whoami", whoami);
    app.with_state(clinic.identity.clone()).merge(identity::routes(clinic.identity.clone()))
}

async fn ask(clinic: &Clinic, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let response = app(clinic).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

async fn post(clinic: &Clinic, path: &str, body: Value) -> (StatusCode, HeaderMap, Value) {
    send(clinic, Method::POST, path, None, body).await
}

async fn send(
    clinic: &Clinic,
    method: Method,
    path: &str,
    access: Option<&str>,
    body: Value,
) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(access) = access {
        request = request.header("authorization", format!("Bearer {access}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    ask(clinic, request.header("content-type", "application/json").body(body).unwrap()).await
}

/// CF-2: a request is authenticated by the cookie or by a bearer token, by one of them, and by nothing else.
#[tokio::test]
async fn only_a_cookie_or_a_bearer_token_is_taken() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let browser = clinic.open(PATIENT, Door::Browser).await;
        let api = clinic.open(PATIENT, Door::Api).await;
        let Credentials::Browser(cookie) = &browser.credentials else { panic!("a cookie") };
        let Credentials::Api { access, refresh } = &api.credentials else { panic!("tokens") };
        let (cookie, refresh) = (cookie.reveal(), refresh.reveal());
        let request = async |headers: &[(&str, String)]| {
            let mut request = Request::builder().uri("/whoami");
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            ask(&clinic, request.body(Body::empty()).unwrap()).await.0
        };
        let with_cookie = ("cookie", format!("theme=dark; __Host-session={cookie}"));
        let with_bearer = ("authorization", format!("Bearer {access}"));
        assert_eq!(request(&[with_cookie.clone()]).await, StatusCode::OK);
        assert_eq!(request(&[with_bearer.clone()]).await, StatusCode::OK);
        for refused in [
            vec![],
            vec![with_cookie.clone(), with_bearer.clone()],
            vec![("cookie", format!("session={cookie}"))],
            vec![("cookie", format!("__Host-session={cookie}; __Host-session={cookie}"))],
            vec![("cookie", format!("__Host-session={}", cookie.to_uppercase()))],
            vec![("cookie", format!("__Host-session={refresh}"))],
            vec![("authorization", format!("Bearer {cookie}"))],
            vec![("authorization", format!("Bearer {refresh}"))],
            vec![("authorization", format!("Basic {access}"))],
            vec![("authorization", access.clone())],
            vec![with_bearer.clone(), with_bearer.clone()],
            vec![("x-authorization", format!("Bearer {access}"))],
        ] {
            assert_eq!(request(&refused).await, StatusCode::UNAUTHORIZED, "{refused:?}");
        }
        let by_query =
            Request::builder().uri(format!("/whoami?access_token={access}")).body(Body::empty()).unwrap();
        assert_eq!(ask(&clinic, by_query).await.0, StatusCode::UNAUTHORIZED);
    }
}

/// CF-13: a privileged person signs in by JSON, step by step, and nothing secret may be cached.
#[tokio::test]
async fn the_whole_road_by_json() {
    for clinic in Clinic::both().await {
        let link = clinic.identity.create_owner(clinic.id, OWNER, "owner").await.unwrap();
        let welcome = json!({ "token": link.token.reveal(), "password": PASSWORD, "display_name": "Olga" });
        assert_eq!(post(&clinic, "/identity/welcome", welcome.clone()).await.0, StatusCode::NO_CONTENT);
        assert_eq!(post(&clinic, "/identity/welcome", welcome).await.0, StatusCode::NOT_FOUND);

        let (status, headers, step) =
            post(&clinic, "/identity/sign-in", json!({ "email": OWNER, "password": PASSWORD })).await;
        assert_eq!((status, &step["next"]), (StatusCode::OK, &json!("enrol")));
        assert_eq!(headers["cache-control"], "no-store");
        let ticket = step["ticket"].clone();
        let (_, _, offer) =
            post(&clinic, "/identity/sign-in/authenticator", json!({ "ticket": ticket })).await;
        assert!(offer["uri"].as_str().unwrap().starts_with("otpauth://totp/Peptide%20Clinic:"));
        let secret = base32_decoded(offer["secret"].as_str().unwrap());
        let code = secret.code_at(clinic.clock.now()).to_string();
        let confirm = json!({ "ticket": ticket, "code": code });
        let (status, _, step) = post(&clinic, "/identity/sign-in/authenticator/confirm", confirm).await;
        assert_eq!((status, &step["next"]), (StatusCode::OK, &json!("signed_in")));
        assert_eq!(step["recovery_codes"].as_array().unwrap().len(), 10);
        assert_eq!((&step["token_type"], &step["expires_in"]), (&json!("Bearer"), &json!(300)));

        let access = step["access_token"].as_str().unwrap().to_owned();
        let (status, _, me) =
            send(&clinic, Method::GET, "/identity/session", Some(&access), Value::Null).await;
        assert_eq!(
            (status, &me["roles"], &me["second_factor"]),
            (StatusCode::OK, &json!(["owner"]), &json!(true))
        );
        let (_, _, profile) =
            send(&clinic, Method::GET, "/identity/profile", Some(&access), Value::Null).await;
        assert_eq!((&profile["email"], &profile["display_name"]), (&json!(OWNER), &json!("Olga")));

        let invite = json!({ "email": PATIENT, "role": "patient" });
        let (status, _, made) = send(&clinic, Method::POST, "/identity/people", Some(&access), invite).await;
        assert_eq!(status, StatusCode::OK);
        assert!(made["link"].as_str().unwrap().starts_with("/welcome/"));
        let nobody = json!({ "email": PATIENT, "role": "superuser" });
        let (status, _, _) = send(&clinic, Method::POST, "/identity/people", Some(&access), nobody).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

        clinic.clock.advance(Duration::minutes(5));
        assert_eq!(
            send(&clinic, Method::GET, "/identity/session", Some(&access), Value::Null).await.0,
            StatusCode::UNAUTHORIZED
        );
        let refresh = json!({ "refresh_token": step["refresh_token"] });
        let (status, _, step) = post(&clinic, "/identity/refresh", refresh.clone()).await;
        assert_eq!(status, StatusCode::OK);
        let access = step["access_token"].as_str().unwrap().to_owned();
        assert_eq!(
            send(&clinic, Method::POST, "/identity/sign-out", Some(&access), Value::Null).await.0,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            send(&clinic, Method::GET, "/identity/session", Some(&access), Value::Null).await.0,
            StatusCode::UNAUTHORIZED
        );
    }
}

/// CF-15: over HTTP, an account that exists and one that does not answer alike: status, headers, body.
#[tokio::test]
async fn answers_do_not_tell_accounts_apart() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        for round in 0..9 {
            clinic.clock.advance(Duration::seconds(10));
            let mut answers = Vec::new();
            for email in [PATIENT, "nobody@example.org"] {
                answers.push(
                    post(&clinic, "/identity/sign-in", json!({ "email": email, "password": "x" })).await,
                );
            }
            assert_eq!(
                answers[0].0,
                if round < 8 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS }
            );
            // The two were asked at the same moment of the clock, so even Retry-After is the same.
            assert_eq!(answers[0], answers[1], "round {round}");
        }
    }
}

/// A body with a member that is not asked for is refused: a typing error is not ignored.
#[tokio::test]
async fn unknown_members_are_refused() {
    let clinic = &Clinic::both().await[0];
    let body = json!({ "email": PATIENT, "password": PASSWORD, "role": "owner" });
    assert_eq!(post(clinic, "/identity/sign-in", body).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

fn base32_decoded(text: &str) -> identity::totp::TotpSecret {
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let five = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        (word, bits) = ((word << 5) | u32::from(five), bits + 5);
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    identity::totp::TotpSecret::from_bytes(bytes)
}
