//! The hosted pages, on which a person pays with a test card, cancels, and changes the card. They work without a script.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;
use std::collections::HashMap;

use crate::server::Server;
use crate::{checkout, form, portal, subscriptions};

const STYLE: &str = "body { max-width: 26rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
label { display: block; margin-top: 1rem; } input { width: 100%; box-sizing: border-box; padding: .5rem; font: inherit; }
button { margin-top: 1.25rem; padding: .6rem 1rem; font: inherit; } .error { color: #b00020; } ";

type Fields = HashMap<String, String>;

fn page(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (STYLE) }
            }
            body { main { h1 { (title) } (body) } }
        }
    }
}

fn card_fields() -> Markup {
    html! {
        label for="card" { "Card number" }
        input id="card" name="card" inputmode="numeric" autocomplete="cc-number" required;
        label for="expiry" { "Expiry (MM / YY)" }
        input id="expiry" name="expiry" inputmode="numeric" autocomplete="cc-exp" required;
        label for="cvc" { "CVC" }
        input id="cvc" name="cvc" inputmode="numeric" autocomplete="cc-csc" required;
    }
}

/// The digits of a card number that could be one (ISO/IEC 7812-1, annex B).
fn card_number(fields: &Fields) -> Option<String> {
    let digits: String = fields.get("card")?.chars().filter(char::is_ascii_digit).collect();
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0') * if at % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    ((13..=19).contains(&digits.len()) && sum.is_multiple_of(10)).then_some(digits)
}

/// `GET /c/pay/{session}`.
pub(crate) async fn show_checkout(State(server): State<Server>, Path(id): Path<String>) -> Response {
    let world = server.world();
    match world.find("checkout.session", &id, "session") {
        Ok(session) if session["status"] == "open" => checkout_page(session, None).into_response(),
        _ => gone(),
    }
}

fn checkout_page(session: &Value, error: Option<&str>) -> Html<String> {
    let dollars = session["amount_total"].as_i64().unwrap_or(0) / 100;
    let email = session["customer_email"].as_str().unwrap_or_default();
    let body = html! {
        p { "$" (dollars) " a month" }
        @if let Some(error) = error { p.error role="alert" { (error) } }
        form method="post" {
            label for="email" { "Email" }
            input id="email" name="email" type="email" value=(email) autocomplete="email" required;
            (card_fields())
            button type="submit" { "Subscribe" }
        }
        @if let Some(back) = session["cancel_url"].as_str() { p { a href=(back) { "Back" } } }
    };
    Html(page("Subscribe", body).into_string())
}

/// `POST /c/pay/{session}`.
pub(crate) async fn pay(
    State(server): State<Server>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    let answer = {
        let mut world = server.world();
        let Ok(session) = world.find("checkout.session", &id, "session").cloned() else { return gone() };
        let email = fields.get("email").map_or("", String::as_str);
        match card_number(&fields) {
            None => checkout_page(&session, Some("Your card number is invalid.")).into_response(),
            Some(card) => match checkout::complete(&mut world, &id, email, &card) {
                Ok(to) => Redirect::to(&to).into_response(),
                Err(error) => checkout_page(&session, Some(error.message())).into_response(),
            },
        }
    };
    server.deliver_unless_held().await;
    answer
}

/// `GET /p/session/{session}`.
pub(crate) async fn show_portal(State(server): State<Server>, Path(id): Path<String>) -> Response {
    let world = server.world();
    match world.find("billing_portal.session", &id, "session") {
        Ok(session) => {
            let customer = session["customer"].as_str().unwrap_or_default();
            portal_page(session, &portal::subscriptions_of(&world, customer), None).into_response()
        }
        Err(_) => gone(),
    }
}

fn portal_page(session: &Value, subscriptions: &[Value], error: Option<&str>) -> Html<String> {
    let body = html! {
        @if let Some(error) = error { p.error role="alert" { (error) } }
        @for subscription in subscriptions {
            @let id = subscription["id"].as_str().unwrap_or_default();
            @let status = subscription["status"].as_str().unwrap_or_default();
            p { "Subscription: " strong { (status) } }
            @if status != "canceled" {
                form method="post" {
                    input type="hidden" name="subscription" value=(id);
                    @if subscription["cancel_at_period_end"] == true {
                        button name="action" value="resume" { "Don't cancel subscription" }
                    } @else {
                        button name="action" value="cancel" { "Cancel subscription" }
                    }
                }
            }
        }
        form method="post" {
            h2 { "Payment method" }
            (card_fields())
            button name="action" value="card" { "Change card" }
        }
        @if let Some(back) = session["return_url"].as_str() { p { a href=(back) { "Return" } } }
    };
    Html(page("Billing", body).into_string())
}

/// `POST /p/session/{session}`.
pub(crate) async fn use_portal(
    State(server): State<Server>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    let answer = {
        let mut world = server.world();
        let Ok(session) = world.find("billing_portal.session", &id, "session").cloned() else {
            return gone();
        };
        let customer = session["customer"].as_str().unwrap_or_default().to_owned();
        let subscription = fields.get("subscription").cloned().unwrap_or_default();
        let theirs = portal::subscriptions_of(&world, &customer)
            .iter()
            .any(|known| known["id"] == subscription.as_str());
        let error = match fields.get("action").map(String::as_str) {
            Some("cancel") if theirs => {
                drop_answer(subscriptions::arrange_end(&mut world, &subscription, true))
            }
            Some("resume") if theirs => {
                drop_answer(subscriptions::arrange_end(&mut world, &subscription, false))
            }
            Some("card") => match card_number(&fields) {
                None => Some("Your card number is invalid.".to_owned()),
                Some(card) => subscriptions::change_card(&mut world, &customer, &card)
                    .err()
                    .map(|error| error.message().to_owned()),
            },
            _ => Some("Choose what to do.".to_owned()),
        };
        portal_page(&session, &portal::subscriptions_of(&world, &customer), error.as_deref()).into_response()
    };
    server.deliver_unless_held().await;
    answer
}

fn drop_answer(_changed: Value) -> Option<String> {
    None
}

fn gone() -> Response {
    let body =
        html! { p { "This link has expired. Go back to the site that sent you here, and try again." } };
    (StatusCode::NOT_FOUND, Html(page("Not available", body).into_string())).into_response()
}

/// `POST /_double/clock`: `to` is the wall clock's new time, in seconds since 1970. For tests that run elsewhere.
pub(crate) async fn move_clock(State(server): State<Server>, body: axum::body::Bytes) -> Response {
    let params = form::parse(&body);
    let Some(to) = form::text(&params, &["to"]).and_then(|text| text.parse().ok()) else {
        return (StatusCode::BAD_REQUEST, "`to` is seconds since 1970").into_response();
    };
    crate::clocks::pass(&mut server.world(), None, to);
    server.deliver_unless_held().await;
    StatusCode::NO_CONTENT.into_response()
}
