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
        assert_eq!(request(std::slice::from_ref(&with_cookie)).await, StatusCode::OK);
        assert_eq!(request(std::slice::from_ref(&with_bearer)).await, StatusCode::OK);
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
        assert_eq!(status, StatusCode::CREATED);
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

/// A browser: it keeps cookies, sends forms, and follows nothing by itself.
#[derive(Default)]
struct Browser(std::collections::BTreeMap<String, String>);

impl Browser {
    async fn ask(
        &mut self,
        clinic: &Clinic,
        method: Method,
        path: &str,
        form: &str,
    ) -> (StatusCode, String, String) {
        let cookies: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let response = app(clinic).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("; Path=/; HttpOnly; SameSite=Lax") && cookie.ends_with("; Secure"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            assert!(name.starts_with("__Host-"));
            if value.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let to = parts.headers.get("location").map_or("", |to| to.to_str().unwrap()).to_owned();
        (parts.status, to, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&mut self, clinic: &Clinic, path: &str) -> (StatusCode, String) {
        let (status, _, body) = self.ask(clinic, Method::GET, path, "").await;
        (status, body)
    }

    async fn send(&mut self, clinic: &Clinic, path: &str, form: &str) -> (StatusCode, String, String) {
        self.ask(clinic, Method::POST, path, form).await
    }
}

/// CF-13, CC-11: an owner comes by a link, enrols, works, signs out and in again, all by pages and without a script.
#[tokio::test]
async fn the_whole_road_by_pages() {
    for clinic in Clinic::both().await {
        let link = clinic.identity.create_owner(clinic.id, OWNER, "owner").await.unwrap();
        let welcome = format!("/welcome/{}", link.token.reveal());
        let mut browser = Browser::default();
        let (status, body) = browser.get(&clinic, &welcome).await;
        assert!(status == StatusCode::OK && body.contains(OWNER));
        let (status, _, body) = browser.send(&clinic, &welcome, "password=short&display_name=Olga").await;
        assert!(
            status == StatusCode::UNPROCESSABLE_ENTITY && body.contains("at least 12 characters"),
            "{body}"
        );
        let (status, to, _) =
            browser.send(&clinic, &welcome, &format!("password={PASSWORD}&display_name=Olga")).await;
        assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/sign-in"));

        let (status, _, body) =
            browser.send(&clinic, "/sign-in", &format!("email={OWNER}&password=Rook-tent-9")).await;
        assert!(
            status == StatusCode::UNPROCESSABLE_ENTITY
                && !body.contains("Rook-tent-9")
                && body.contains(OWNER),
            "the password is not sent back"
        );
        assert!(browser.0.is_empty());
        let form = format!("email={OWNER}&password={PASSWORD}");
        let (_, to, _) = browser.send(&clinic, "/sign-in?to=%2Fpatients%2F1", &form).await;
        assert_eq!(to, "/sign-in/enrol?to=%2Fpatients%2F1");
        assert_eq!(browser.0.keys().collect::<Vec<_>>(), ["__Host-sign-in"], "no session yet");
        assert_eq!(browser.get(&clinic, "/account").await.0, StatusCode::UNAUTHORIZED);
        let (_, body) = browser.get(&clinic, &to).await;
        assert!(body.contains("<svg") && !body.contains("style="));
        let text = body.replace(' ', "");
        let key =
            text.split('>').find_map(|part| part.split('<').next().filter(|key| key.len() == 32)).unwrap();
        let secret = base32_decoded(key);
        let (status, _, _) = browser.send(&clinic, &to, "code=000000").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let code = secret.code_at(clinic.clock.now());
        let (status, _, body) = browser.send(&clinic, &to, &format!("code={}", code.as_str())).await;
        assert!(status == StatusCode::OK && body.contains("/patients/1"), "{body}");
        assert_eq!(browser.0.keys().collect::<Vec<_>>(), ["__Host-session"], "the ticket is gone");

        let (status, body) = browser.get(&clinic, "/account").await;
        assert!(status == StatusCode::OK && body.contains(OWNER) && body.contains("Olga"));
        let (status, _, body) =
            browser.send(&clinic, "/account/people/invite/patient", &format!("email={PATIENT}")).await;
        assert!(
            status == StatusCode::OK && body.contains("https://clinic.example/welcome/"),
            "it is whole: {body}"
        );
        for page in [
            "/account/people",
            "/account/people/invite",
            "/account/people/invite/owner",
            "/account/devices",
            "/account/second-factor",
            "/account/work",
            "/account/password",
        ] {
            assert_eq!(browser.get(&clinic, page).await.0, StatusCode::OK, "{page}");
        }
        // HC-4: a privileged role is given by who showed a moment ago who they are.
        clinic.clock.advance(Duration::minutes(11));
        let (status, to, _) = browser.ask(&clinic, Method::GET, "/account/people/invite/owner", "").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(to, "/account/proof?to=%2Faccount%2Fpeople%2Finvite%2Fowner");
        let (status, sent, _) =
            browser.send(&clinic, "/account/people/invite/owner", "email=x@example.org").await;
        assert_eq!((status, sent.as_str()), (StatusCode::SEE_OTHER, to.as_str()));
        let (status, _, _) = browser.send(&clinic, &to, "password=wrong&code=000000").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let code = secret.code_at(clinic.clock.now());
        let proof = format!("password={PASSWORD}&code={}", code.as_str());
        let (_, back, _) = browser.send(&clinic, &to, &proof).await;
        assert_eq!(back, "/account/people/invite/owner");
        let (_, _, body) = browser.send(&clinic, &back, "email=x@example.org").await;
        assert!(body.contains("/welcome/"));

        let (_, to, _) = browser
            .send(&clinic, "/account/work", &format!("organisation={}&purpose=payment", clinic.id))
            .await;
        assert_eq!(to, "/");
        assert!(browser.get(&clinic, "/account").await.1.contains("payment"));
        let (_, to, _) = browser.send(&clinic, "/sign-out", "").await;
        assert_eq!(to, "/sign-in");
        assert!(browser.0.is_empty());

        clinic.clock.advance(Duration::seconds(30));
        let (_, to, _) = browser.send(&clinic, "/sign-in?to=%2F%2Fevil.example", &form).await;
        assert_eq!(to, "/sign-in/code", "nobody is sent elsewhere");
        let code = secret.code_at(clinic.clock.now());
        let (_, to, _) = browser.send(&clinic, &to, &format!("code={}", code.as_str())).await;
        assert_eq!(to, "/");
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
