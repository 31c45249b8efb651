use proptest::prelude::*;
use serde_json::json;

use super::*;

const AT: i64 = 1_795_683_600;
const ACCOUNT_ID: &str = "0199f0a0-0000-7000-8000-000000000001";

fn prices() -> Vec<String> {
    vec!["price_baa".to_owned(), "price_old".to_owned()]
}

fn event(kind: &str, object: Value) -> Value {
    json!({ "id": "evt_1", "object": "event", "created": AT, "livemode": false, "type": kind,
            "data": { "object": object } })
}

fn subscription_object(status: &str) -> Value {
    json!({
        "id": "sub_1", "object": "subscription", "status": status, "customer": "cus_1",
        "metadata": { ACCOUNT: ACCOUNT_ID }, "cancel_at_period_end": false, "cancel_at": null, "ended_at": null,
        "items": { "data": [{ "price": { "id": "price_baa" }, "current_period_end": AT + 100 }] },
    })
}

fn read(event: &Value) -> Result<Told, WebhookError> {
    told(event.to_string().as_bytes(), false, &prices())
}

fn fact(kind: &str, object: Value) -> Option<(OffsetDateTime, Fact)> {
    match read(&event(kind, object)).unwrap() {
        Told::Subscription { event, .. } => Some((event.at, event.fact)),
        Told::Checkout { paid, .. } => paid.map(|paid| (paid.event.at, paid.event.fact)),
        Told::Other { .. } => None,
    }
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

fn seen(status: SubscriptionStatus, ends: Option<i64>) -> Option<(OffsetDateTime, Fact)> {
    let subscription = SubscriptionId("sub_1".into());
    Some((at(AT), Fact::Seen { subscription, status, ends: ends.map(at) }))
}

/// HC-14: each of Stripe's statuses in our own words.
#[test]
fn each_status_means_one_of_ours() {
    let table = [
        ("incomplete", SubscriptionStatus::Incomplete),
        ("active", SubscriptionStatus::Active),
        ("trialing", SubscriptionStatus::Active),
        ("past_due", SubscriptionStatus::PastDue),
        ("unpaid", SubscriptionStatus::PastDue),
        ("paused", SubscriptionStatus::PastDue),
        ("what Stripe may yet invent", SubscriptionStatus::PastDue),
    ];
    for (status, wanted) in table {
        let read = fact("customer.subscription.updated", subscription_object(status));
        assert_eq!(read, seen(wanted, None), "{status}");
    }
    for status in ["canceled", "incomplete_expired"] {
        let mut object = subscription_object(status);
        object["ended_at"] = (AT - 5).into();
        let ended = Fact::Ended { subscription: SubscriptionId("sub_1".into()) };
        assert_eq!(fact("customer.subscription.deleted", object), Some((at(AT - 5), ended)), "{status}");
    }
}

#[test]
fn an_end_is_read_where_either_version_of_the_api_has_it() {
    let mut object = subscription_object("active");
    object["cancel_at_period_end"] = true.into();
    let wanted = seen(SubscriptionStatus::Active, Some(AT + 100));
    assert_eq!(fact("customer.subscription.updated", object.clone()), wanted);
    // Before 2025 the period stood at the subscription itself.
    object["items"]["data"][0]["current_period_end"] = Value::Null;
    object["current_period_end"] = (AT + 100).into();
    assert_eq!(fact("customer.subscription.updated", object.clone()), wanted);
    object["cancel_at"] = (AT + 50).into();
    let wanted = seen(SubscriptionStatus::Active, Some(AT + 50));
    assert_eq!(fact("customer.subscription.updated", object), wanted);
}

#[test]
fn an_invoice_is_read_where_either_version_of_the_api_has_it() {
    let newer = json!({ "id": "in_1", "customer": "cus_1", "parent": { "subscription_details": {
        "subscription": "sub_1", "metadata": { ACCOUNT: ACCOUNT_ID } } } });
    let older = json!({ "id": "in_1", "customer": { "id": "cus_1" }, "subscription": "sub_1" });
    let (subscription, invoice) = (SubscriptionId("sub_1".into()), InvoiceId("in_1".into()));
    let failed = Fact::PaymentFailed { subscription: subscription.clone(), invoice: invoice.clone() };
    let settled = Fact::Settled { subscription, invoice };
    for object in [newer, older] {
        for (kind, wanted) in [
            ("invoice.payment_failed", &failed),
            ("invoice.payment_action_required", &failed),
            ("invoice.paid", &settled),
            ("invoice.voided", &settled),
            ("invoice.marked_uncollectible", &settled),
        ] {
            assert_eq!(fact(kind, object.clone()).map(|(_, fact)| fact).as_ref(), Some(wanted), "{kind}");
        }
    }
    assert_eq!(
        fact("invoice.paid", json!({ "id": "in_1", "customer": "cus_1" })),
        None,
        "of no subscription"
    );
}

/// HC-14: a paid page is an active subscription; an unpaid or expired one is nothing yet.
#[test]
fn only_a_paid_page_leads_to_a_subscription() {
    let session = |status: &str| json!({ "id": "cs_1", "payment_status": status, "customer": "cus_1", "subscription": "sub_1" });
    let active = seen(SubscriptionStatus::Active, None);
    assert_eq!(fact("checkout.session.completed", session("paid")), active);
    assert_eq!(fact("checkout.session.completed", session("no_payment_required")), active);
    assert_eq!(fact("checkout.session.completed", session("unpaid")), None);
    assert_eq!(fact("checkout.session.async_payment_succeeded", session("paid")), active);
    assert_eq!(fact("checkout.session.expired", session("unpaid")), None);
}

/// HC-14: play money, and a subscription to something else, open nothing.
#[test]
fn what_is_not_our_plan_in_real_money_is_nothing() {
    let mut other = subscription_object("active");
    other["items"]["data"][0]["price"]["id"] = "price_cheap".into();
    assert_eq!(fact("customer.subscription.updated", other), None);
    let mut old = subscription_object("active");
    old["items"]["data"][0]["price"]["id"] = "price_old".into();
    assert!(fact("customer.subscription.updated", old).is_some(), "an older price of ours is ours");
    let play = event("customer.subscription.updated", subscription_object("active"));
    let told = told(play.to_string().as_bytes(), true, &prices()).unwrap();
    assert_eq!(told, Told::Other { id: EventId("evt_1".into()) });
}

#[test]
fn whose_it_is_stands_in_the_metadata() {
    let account_of = |object: Value| match read(&event("customer.subscription.updated", object)).unwrap() {
        Told::Subscription { account, customer, .. } => (account.map(|id| id.to_string()), customer),
        other => panic!("{other:?}"),
    };
    let customer = Some(CustomerId("cus_1".into()));
    let object = subscription_object("active");
    assert_eq!(account_of(object.clone()), (Some(ACCOUNT_ID.to_owned()), customer.clone()));
    for metadata in [json!({}), json!({ ACCOUNT: "' OR 1=1" }), json!({ "account": ACCOUNT_ID })] {
        let mut object = object.clone();
        object["metadata"] = metadata;
        assert_eq!(account_of(object), (None, customer.clone()));
    }
}

#[test]
fn what_does_not_concern_us_is_left_alone() {
    for kind in ["charge.succeeded", "customer.created", "payment_method.attached", "v2.core.event"] {
        let told = read(&event(kind, json!({ "card": { "last4": "4242" } }))).unwrap();
        assert_eq!(told, Told::Other { id: EventId("evt_1".into()) }, "{kind}");
    }
    for body in ["", "[]", "{}", r#"{"id":1}"#, "\u{0}"] {
        assert_eq!(told(body.as_bytes(), false, &prices()), Err(WebhookError::Unreadable), "{body:?}");
    }
    let cut = event("customer.subscription.updated", json!({ "id": "sub_1" }));
    assert_eq!(read(&cut), Err(WebhookError::Unreadable));
}

proptest! {
    /// Signed or not, no body makes us panic.
    #[test]
    fn any_body_is_read_or_refused(text in ".{0,200}", kind in "[a-z.]{0,30}", created in any::<i64>()) {
        let _read = told(text.as_bytes(), false, &prices());
        let mut object = subscription_object(&kind);
        object["ended_at"] = created.into();
        object["cancel_at"] = created.into();
        let mut event = event("customer.subscription.deleted", object);
        event["created"] = created.into();
        let _read = read(&event);
    }
}
