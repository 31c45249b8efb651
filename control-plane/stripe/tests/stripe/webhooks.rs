//! HC-14: webhooks that are repeated, late, reordered, forged, and told while the database is away.

use control_plane::billing::{Receipt, SubscriptionStanding};
use safeguards::sql;
use stripe_double::{StripeDouble, cards};

use crate::house::{House, send};

async fn events(house: &House) -> i64 {
    let row = sql("SELECT count(*) AS n FROM billing_events").fetch_one(&house.platform.store).await.unwrap();
    row.integer("n").unwrap()
}

/// Whatever the order, with repetitions, the end is the same; and each event is kept once.
#[tokio::test]
async fn any_order_and_repetition_end_in_one_state() {
    for database in ["sqlite", "postgres"] {
        let mut ends = Vec::new();
        for order in 0..6usize {
            let house = House::on(database).await;
            house.stripe.hold();
            let page = house.checkout().await;
            house.pay(&page, cards::PAYS).await.unwrap();
            let held = house.stripe.waiting().len();
            let delivered = house
                .stripe
                .release(|events| {
                    match order {
                        0 => {}
                        1 => events.reverse(),
                        _ => events.rotate_left(order),
                    }
                    let again = events.clone();
                    events.extend(again);
                })
                .await;
            assert_eq!(delivered.len(), 2 * held);
            assert!(delivered.iter().all(|one| one.status == Some(200)), "{delivered:?}");
            ends.push((house.standing().await, events(&house).await));
            house.stripe.deliver_all_again().await;
            assert_eq!((house.standing().await, events(&house).await), ends[order]);
        }
        assert_eq!(ends[0].0, SubscriptionStanding::Active);
        assert!(ends.iter().all(|end| *end == ends[0]), "{database}: {ends:?}");
    }
}

/// A whole life, told backwards after its end.
#[tokio::test]
async fn a_life_that_is_told_backwards_ends_where_it_ended() {
    let house = House::on("sqlite").await;
    house.stripe.hold();
    let page = house.checkout().await;
    house.pay(&page, cards::PAYS).await.unwrap();
    house.days(40).await;
    let portal = send_cancel(&house).await;
    assert_eq!(portal, 200);
    house.days(31).await;
    assert_eq!(house.standing().await, SubscriptionStanding::None);
    house.stripe.release(|events| events.reverse()).await;
    assert_eq!(house.standing().await, SubscriptionStanding::Cancelled);
}

/// Cancels at the period's end, as Stripe's own dashboard would.
async fn send_cancel(house: &House) -> u16 {
    let key = format!("Bearer {}", house.stripe.secret_key());
    let list =
        send(&format!("{}/v1/subscriptions", house.stripe.url()), None, &[("authorization", &key)]).await;
    let list: serde_json::Value = serde_json::from_str(&list.2).unwrap();
    let id = list["data"][0]["id"].as_str().unwrap();
    let url = format!("{}/v1/subscriptions/{id}", house.stripe.url());
    send(&url, Some("cancel_at_period_end=true"), &[("authorization", &key)]).await.0
}

/// Nothing that is not signed by Stripe, and lately, changes anything or is kept.
#[tokio::test]
async fn a_forged_webhook_is_refused_and_leaves_nothing() {
    let house = House::on("sqlite").await;
    let now = house.now().unix_timestamp();
    let account = house.account;
    let body = format!(
        r#"{{"id":"evt_forged","object":"event","created":{now},"livemode":false,"type":"customer.subscription.created",
        "data":{{"object":{{"id":"sub_forged","status":"active","customer":"cus_1",
        "metadata":{{"health_coder_account":"{account}"}},"items":{{"data":[{{"price":{{"id":"{}"}}}}]}}}}}}}}"#,
        house.price
    );
    let good = StripeDouble::sign(&house.secret, now, &body);
    let table = [
        ("unsigned", None, 400),
        ("by another secret", Some(StripeDouble::sign("whsec_other", now, &body)), 400),
        ("over another body", Some(StripeDouble::sign(&house.secret, now, "{}")), 400),
        ("six minutes old", Some(StripeDouble::sign(&house.secret, now - 360, &body)), 400),
    ];
    for (what, signature, wanted) in table {
        let headers: Vec<(&str, &str)> =
            signature.iter().map(|signature| ("stripe-signature", signature.as_str())).collect();
        assert_eq!(send(&house.hook, Some(&body), &headers).await.0, wanted, "{what}");
        assert_eq!((house.standing().await, events(&house).await), (SubscriptionStanding::None, 0), "{what}");
    }
    // The same body, truly signed, is believed: the test above can fail.
    assert_eq!(send(&house.hook, Some(&body), &[("stripe-signature", &good)]).await.0, 200);
    assert_eq!(house.standing().await, SubscriptionStanding::Active);
    let huge = "x".repeat(600 << 10);
    let signed = StripeDouble::sign(&house.secret, now, &huge);
    assert_eq!(send(&house.hook, Some(&huge), &[("stripe-signature", &signed)]).await.0, 413);
}

/// An account that is not ours, and a subscription to another price, are nobody's.
#[tokio::test]
async fn what_is_signed_but_not_ours_opens_nothing() {
    let house = House::on("postgres").await;
    let now = house.now().unix_timestamp();
    let ours = house.account.to_string();
    for (account, price) in [
        ("0199f0a0-0000-7000-8000-000000000001", house.price.as_str()),
        ("not an id", house.price.as_str()),
        (ours.as_str(), "price_of_another_product"),
    ] {
        let body = serde_json::json!({
            "id": format!("evt_{account}_{price}"), "created": now, "livemode": false,
            "type": "customer.subscription.created",
            "data": { "object": { "id": format!("sub_{account}"), "status": "active", "customer": "cus_1",
                "metadata": { "health_coder_account": account },
                "items": { "data": [{ "price": { "id": price } }] } } },
        })
        .to_string();
        let signature = StripeDouble::sign(&house.secret, now, &body);
        house.billing.receive(&signature, body.as_bytes()).await.unwrap();
        assert_eq!(house.standing().await, SubscriptionStanding::None, "{account} {price}");
    }
}

/// Stored before it is answered: while the database is away the answer is "later", and it is sent again.
#[tokio::test]
async fn a_webhook_that_cannot_be_stored_is_not_answered_as_taken() {
    let house = House::on("sqlite").await;
    house.stripe.hold();
    let page = house.checkout().await;
    house.pay(&page, cards::PAYS).await.unwrap();
    house.platform.store.close().await;
    let delivered = house.stripe.release(|_| {}).await;
    let wanted = delivered.iter().filter(|one| one.status == Some(503)).count();
    assert!(wanted > 0 && delivered.iter().all(|one| matches!(one.status, Some(200 | 503))), "{delivered:?}");
    let told = |kind: &str| delivered.iter().find(|one| one.kind == kind).unwrap().status;
    assert_eq!(told("customer.subscription.updated"), Some(503));
    assert_eq!(told("checkout.session.completed"), Some(503));
}

#[tokio::test]
async fn a_second_delivery_is_known() {
    let house = House::on("postgres").await;
    let now = house.now().unix_timestamp();
    let body = serde_json::json!({
        "id": "evt_1", "created": now, "livemode": false, "type": "invoice.paid",
        "data": { "object": { "id": "in_1", "customer": "cus_1", "subscription": "sub_1" } },
    })
    .to_string();
    let signature = StripeDouble::sign(&house.secret, now, &body);
    let receive = || house.billing.receive(&signature, body.as_bytes());
    assert_eq!(receive().await.unwrap(), Receipt::Stored);
    assert_eq!(receive().await.unwrap(), Receipt::Known);
    // At once, twice.
    let other = body.replace("evt_1", "evt_2");
    let signature = StripeDouble::sign(&house.secret, now, &other);
    let (one, two) = tokio::join!(
        house.billing.receive(&signature, other.as_bytes()),
        house.billing.receive(&signature, other.as_bytes())
    );
    let mut receipts = [one.unwrap(), two.unwrap()].map(|receipt| receipt == Receipt::Stored);
    receipts.sort_unstable();
    assert_eq!(receipts, [false, true]);
}
