//! Buying, renewing, failing, recovering, cancelling; keys, errors and webhooks.

use hyper::Method;
use serde_json::Value;
use stripe_double::{Fault, StripeDouble, cards};

use crate::client::{Client, DAY, Inbox, NOW};

async fn begin() -> (StripeDouble, Client, String) {
    let double = StripeDouble::start(NOW).await.unwrap();
    let client = Client::of(&double);
    let price = client.price().await;
    (double, client, price)
}

async fn hook(client: &Client, address: &str) -> String {
    let endpoint = client.post("/v1/webhook_endpoints", &[("url", address), ("enabled_events[]", "*")]).await;
    endpoint["secret"].as_str().unwrap().to_owned()
}

async fn status(client: &Client, session: &Value) -> Value {
    let id = session["subscription"].as_str().unwrap();
    client.get(&format!("/v1/subscriptions/{id}")).await["status"].clone()
}

#[tokio::test]
async fn a_card_that_pays_becomes_a_subscription() {
    let (_double, client, price) = begin().await;
    let (inbox, address) = Inbox::open().await;
    let secret = hook(&client, &address).await;
    let session = client.subscribe(&price, cards::PAYS).await;
    assert_eq!((&session["status"], &session["payment_status"]), (&"complete".into(), &"paid".into()));
    let subscription =
        client.get(&format!("/v1/subscriptions/{}", session["subscription"].as_str().unwrap())).await;
    assert_eq!(subscription["status"], "active");
    assert_eq!(subscription["metadata"]["account"], "account");
    assert_eq!(subscription["items"]["data"][0]["current_period_end"], NOW + 30 * DAY);
    assert_eq!(
        inbox.kinds(),
        [
            "customer.created",
            "customer.subscription.created",
            "invoice.created",
            "invoice.finalized",
            "invoice.paid",
            "invoice.payment_succeeded",
            "customer.subscription.updated",
            "checkout.session.completed",
        ]
    );
    for (signature, body) in inbox.all() {
        assert_eq!(signature, StripeDouble::sign(&secret, NOW, &body));
        assert!(!body.contains(cards::PAYS), "a card number is in a webhook");
    }
}

#[tokio::test]
async fn a_declined_card_is_told_on_the_page_and_nothing_is_made() {
    let (double, client, price) = begin().await;
    for card in [cards::DECLINED, cards::POOR, cards::FAILS_LATER, "4242424242424241", "1"] {
        let session = client.subscribe(&price, card).await;
        assert_eq!(
            (&session["status"], &session["payment_status"]),
            (&"open".into(), &"unpaid".into()),
            "{card}"
        );
    }
    assert_eq!(double.count("subscription"), 0);
}

#[tokio::test]
async fn a_payment_fails_is_tried_again_and_recovers_with_another_card() {
    let (double, client, price) = begin().await;
    let session = client.subscribe(&price, cards::PAYS).await;
    let customer = session["customer"].as_str().unwrap();
    let portal = client.post("/v1/billing_portal/sessions", &[("customer", customer)]).await;
    let page = portal["url"].as_str().unwrap().replace(double.url(), "");
    let change = |card| [("action", "card"), ("card", card), ("expiry", "12/30"), ("cvc", "123")];
    client.ask(Method::POST, &page, &change(cards::FAILS_LATER), None).await;
    let (inbox, address) = Inbox::open().await;
    hook(&client, &address).await;

    double.pass_to(NOW + 30 * DAY).await;
    assert_eq!(status(&client, &session).await, "past_due");
    double.pass_to(NOW + 60 * DAY - 1).await;
    let failures = inbox.kinds().iter().filter(|kind| *kind == "invoice.payment_failed").count();
    assert_eq!(failures, 4, "at once, and after 3, 5 and 7 days");

    let answer = client.ask(Method::POST, &page, &change(cards::POOR), None).await;
    assert!(answer.text.contains("insufficient funds"), "{}", answer.text);
    assert_eq!(status(&client, &session).await, "past_due");
    client.ask(Method::POST, &page, &change(cards::PAYS), None).await;
    assert_eq!(status(&client, &session).await, "active");
    assert_eq!(inbox.kinds().last().unwrap(), "customer.subscription.updated");
}

#[tokio::test]
async fn a_cancelled_subscription_ends_with_its_period() {
    let (double, client, price) = begin().await;
    let session = client.subscribe(&price, cards::PAYS).await;
    let path = format!("/v1/subscriptions/{}", session["subscription"].as_str().unwrap());
    let arranged = client.post(&path, &[("cancel_at_period_end", "true")]).await;
    assert_eq!(arranged["cancel_at"], NOW + 30 * DAY);
    let taken_back = client.post(&path, &[("cancel_at_period_end", "false")]).await;
    assert!(taken_back["cancel_at"].is_null());
    client.post(&path, &[("cancel_at_period_end", "true")]).await;
    double.pass_to(NOW + 30 * DAY - 1).await;
    assert_eq!(client.get(&path).await["status"], "active");
    double.pass_to(NOW + 30 * DAY).await;
    let ended = client.get(&path).await;
    assert_eq!((&ended["status"], &ended["ended_at"]), (&"canceled".into(), &(NOW + 30 * DAY).into()));
    let refused = client.ask(Method::POST, &path, &[("cancel_at_period_end", "false")], None).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_test_clock_moves_its_own_customers_only() {
    let (_double, client, price) = begin().await;
    let clock = client.post("/v1/test_helpers/test_clocks", &[("frozen_time", &NOW.to_string())]).await;
    let clock = clock["id"].as_str().unwrap();
    let customer =
        client.post("/v1/customers", &[("email", "b@clinic.example"), ("test_clock", clock)]).await;
    let form = [
        ("mode", "subscription"),
        ("line_items[0][price]", price.as_str()),
        ("success_url", "http://127.0.0.1/"),
        ("customer", customer["id"].as_str().unwrap()),
    ];
    let session = client.post("/v1/checkout/sessions", &form).await;
    let path = format!("/c/pay/{}", session["id"].as_str().unwrap());
    client.ask(Method::POST, &path, &[("email", "b"), ("card", cards::PAYS)], None).await;
    let on_the_wall = client.subscribe(&price, cards::PAYS).await;
    let later = (NOW + 31 * DAY).to_string();
    client.post(&format!("/v1/test_helpers/test_clocks/{clock}/advance"), &[("frozen_time", &later)]).await;
    let period = |subscription: &Value| subscription["items"]["data"][0]["current_period_start"].clone();
    let moved = client.get(&format!("/v1/subscriptions?customer={}", customer["id"].as_str().unwrap())).await;
    assert_eq!(period(&moved["data"][0]), NOW + 30 * DAY);
    let path = format!("/v1/subscriptions/{}", on_the_wall["subscription"].as_str().unwrap());
    assert_eq!(period(&client.get(&path).await), NOW);
    let back = client
        .ask(
            Method::POST,
            &format!("/v1/test_helpers/test_clocks/{clock}/advance"),
            &[("frozen_time", "1")],
            None,
        )
        .await;
    assert_eq!(back.status, 400);
}

#[tokio::test]
async fn an_idempotency_key_is_one_request() {
    let (double, client, _price) = begin().await;
    let client = &client;
    let create = |email: &'static str| async move {
        client.ask(Method::POST, "/v1/customers", &[("email", email)], Some("key-1")).await
    };
    let first = create("a@clinic.example").await;
    let again = create("a@clinic.example").await;
    assert_eq!(first.json(), again.json());
    assert_eq!(again.headers.get("idempotent-replayed").unwrap(), "true");
    assert!(first.headers.get("idempotent-replayed").is_none());
    let other = create("b@clinic.example").await;
    assert_eq!((other.status, &other.json()["error"]["type"]), (400, &"idempotency_error".into()));
    assert_eq!(double.count("customer"), 1);
    // What was refused before it began may be tried again under its key.
    double.fail_next("/v1/customers", Fault::Status(429));
    let ask = |key| client.ask(Method::POST, "/v1/customers", &[], Some(key));
    assert_eq!(ask("key-2").await.status, 429);
    assert_eq!(ask("key-2").await.status, 200);
}

#[tokio::test]
async fn errors_say_kind_code_and_parameter() {
    let (_double, client, price) = begin().await;
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let table: [(Method, &str, Fields<'_>, u16, &str, &str); 7] = [
        (Method::GET, "/v1/customers/cus_none", &[], 404, "resource_missing", "id"),
        (Method::POST, "/v1/checkout/sessions", &[], 400, "parameter_missing", "mode"),
        (
            Method::POST,
            "/v1/checkout/sessions",
            &[("mode", "subscription")],
            400,
            "parameter_missing",
            "line_items[0][price]",
        ),
        (
            Method::POST,
            "/v1/checkout/sessions",
            &[("mode", "subscription"), ("line_items[0][price]", "price_x")],
            404,
            "resource_missing",
            "line_items[0][price]",
        ),
        (Method::POST, "/v1/checkout/sessions", &[("typo", "x")], 400, "parameter_unknown", "typo"),
        (
            Method::POST,
            "/v1/checkout/sessions",
            &[("mode", "subscription"), ("line_items[0][price]", &price)],
            400,
            "parameter_missing",
            "success_url",
        ),
        (
            Method::POST,
            "/v1/billing_portal/sessions",
            &[("customer", "cus_none")],
            404,
            "resource_missing",
            "customer",
        ),
    ];
    for (method, path, form, status, code, parameter) in table {
        let reply = client.ask(method, path, form, None).await;
        let error = &reply.json()["error"];
        assert_eq!(
            (reply.status, &error["code"], &error["param"]),
            (status, &code.into(), &parameter.into()),
            "{path} {form:?}"
        );
        assert_eq!(error["type"], "invalid_request_error");
    }
    let stranger = Client {
        key: "sk_test_other".into(),
        ..Client { address: client.address.clone(), key: String::new() }
    };
    assert_eq!(stranger.ask(Method::GET, "/v1/customers", &[], None).await.status, 401);
    assert_eq!(client.ask(Method::GET, "/v1/nothing", &[], None).await.status, 404);
}

#[tokio::test]
async fn webhooks_may_be_held_reordered_and_repeated() {
    let (double, client, price) = begin().await;
    let (inbox, address) = Inbox::open().await;
    hook(&client, &address).await;
    double.hold();
    client.subscribe(&price, cards::PAYS).await;
    assert_eq!(inbox.kinds(), Vec::<String>::new());
    assert_eq!(double.waiting().len(), 8);
    let delivered = double
        .release(|events| {
            events.reverse();
            events.push(events[0].clone());
            events.retain(|event| event["type"] != "invoice.created");
        })
        .await;
    assert_eq!(delivered.len(), 8);
    assert!(delivered.iter().all(|one| one.status == Some(200)));
    assert_eq!(inbox.kinds().first().unwrap(), "checkout.session.completed");
    assert_eq!(inbox.kinds().last().unwrap(), "checkout.session.completed");
    assert_eq!(double.deliver_all_again().await.len(), 8);
}
