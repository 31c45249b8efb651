//! HC-14, HC-4: subscribing, failing, recovering, cancelling, coming back.

use control_plane::billing::{PaymentError, SubscriptionStanding};
use control_plane::seams::Gate;
use safeguards::sql;
use stripe_double::cards;
use time::Duration;

use crate::house::{House, ORIGIN, browse};

const DATABASES: [&str; 2] = ["sqlite", "postgres"];

#[tokio::test]
async fn an_account_subscribes_and_is_told_what_comes_next() {
    for database in DATABASES {
        let house = House::on(database).await;
        assert_eq!(house.standing().await, SubscriptionStanding::None);
        let page = house.checkout().await;
        assert_eq!(house.checkout().await, page, "asked again, it is the same page");
        let shown = browse(&page, None).await.2;
        assert!(shown.contains("$399 a month") && shown.contains("ada@clinic.example"), "{shown}");
        assert_eq!(house.pay(&page, cards::DECLINED).await, None);
        assert_eq!(house.standing().await, SubscriptionStanding::None);
        let to = house.pay(&page, cards::PAYS).await.unwrap();
        assert!(to.starts_with(&format!("{ORIGIN}/billing/paid?page=cs_")), "{to}");
        assert_eq!(house.standing().await, SubscriptionStanding::Active, "{database}");
        let standing = house.seams().await;
        assert_eq!((standing.production, standing.plan.as_str()), (Gate::NotStarted, "BAA"));
        assert_eq!(standing.next.unwrap().1, "/agreement");
        let again = house.billing.checkout(house.account, None, ORIGIN).await;
        assert!(matches!(again, Err(PaymentError::AlreadySubscribed)), "{again:?}");
        assert_eq!(house.stripe.count("subscription"), 1);
    }
}

#[tokio::test]
async fn a_person_who_comes_back_before_the_webhook_is_believed_by_stripe_alone() {
    for database in DATABASES {
        let house = House::on(database).await;
        house.stripe.hold();
        let page = house.checkout().await;
        let to = house.pay(&page, cards::PAYS).await.unwrap();
        let id = to.split_once("page=").unwrap().1;
        assert_eq!(house.standing().await, SubscriptionStanding::None, "nothing was told yet");
        let stranger = house.platform.account("Another clinic").await;
        let refused = house.billing.confirm(stranger, id).await;
        assert!(matches!(refused, Err(PaymentError::NotSubscribed)), "another's page: {refused:?}");
        let refused = house.billing.confirm(house.account, "cs_test_made_up").await;
        assert!(matches!(refused, Err(PaymentError::NotSubscribed)), "{refused:?}");
        house.billing.confirm(house.account, id).await.unwrap();
        assert_eq!(house.standing().await, SubscriptionStanding::Active);
        house.stripe.release(|_| {}).await;
        assert_eq!(house.standing().await, SubscriptionStanding::Active, "{database}");
    }
}

#[tokio::test]
async fn a_payment_fails_for_thirty_days_and_recovers() {
    for database in DATABASES {
        let house = House::on(database).await;
        house.subscribe().await;
        let portal = house.billing.portal(house.account, ORIGIN).await.unwrap();
        let card = |card: &str| format!("action=card&card={card}&expiry=12/30&cvc=123");
        browse(&portal, Some(&card(cards::FAILS_LATER))).await;
        house.days(29).await;
        assert_eq!(house.standing().await, SubscriptionStanding::Active);
        // The renewal, one month after the 26th of November.
        house.days(1).await;
        assert_eq!(house.standing().await, SubscriptionStanding::PaymentFailing);
        house.days(29).await;
        assert_eq!(
            house.standing().await,
            SubscriptionStanding::PaymentFailing,
            "a dispute stops nothing for 30 days"
        );
        house.days(1).await;
        assert_eq!(house.standing().await, SubscriptionStanding::PaymentOverdue);
        browse(&portal, Some(&card(cards::PAYS))).await;
        assert_eq!(house.standing().await, SubscriptionStanding::Active, "{database}");
    }
}

#[tokio::test]
async fn a_cancelled_plan_ends_with_its_period_and_can_be_bought_again() {
    for database in DATABASES {
        let house = House::on(database).await;
        house.subscribe().await;
        let arranged = house.billing.arrange_end(house.account, true, "cancel:1").await.unwrap();
        assert_eq!(arranged.standing(house.now()), SubscriptionStanding::Cancelling);
        assert_eq!(arranged.window_closes(), Some(house.now() + Duration::days(60)));
        let calls = house.stripe.requests().len();
        house.billing.arrange_end(house.account, true, "cancel:1").await.unwrap();
        assert_eq!(house.stripe.requests().len(), calls + 1);
        house.days(1).await;
        house.billing.arrange_end(house.account, false, "resume:1").await.unwrap();
        assert_eq!(house.standing().await, SubscriptionStanding::Active, "thought better of it");
        house.days(1).await;
        house.billing.arrange_end(house.account, true, "cancel:2").await.unwrap();
        house.days(28).await;
        assert_eq!(house.standing().await, SubscriptionStanding::Cancelled);
        house.days(29).await;
        assert_eq!(house.standing().await, SubscriptionStanding::Cancelled);
        house.subscribe().await;
        assert_eq!(house.standing().await, SubscriptionStanding::Active, "{database}: came back");
        // The same customer at Stripe, so that the portal shows all of it.
        assert_eq!(house.stripe.count("customer"), 1);
    }
}

/// CL-12: a card is typed on Stripe's page, and nothing of it is anywhere in our database.
#[tokio::test]
async fn card_data_are_never_stored() {
    for database in DATABASES {
        let house = House::on(database).await;
        house.subscribe().await;
        house.days(31).await;
        for table in ["billing_events", "billing_subscriptions", "billing_checkouts", "operations"] {
            let text = everything(&house, table).await;
            for secret in [cards::PAYS, "4242", "12/30", "last4", "card", "ada@clinic.example"] {
                assert!(!text.contains(secret), "{database}: {table} holds {secret}: {text}");
            }
        }
    }
}

/// A table's rows as text.
async fn everything(house: &House, table: &str) -> String {
    let statement = match table {
        "billing_events" => {
            sql("SELECT provider, id, subscription_id, fact, status, invoice FROM billing_events")
        }
        "billing_subscriptions" => sql("SELECT id, provider, customer FROM billing_subscriptions"),
        "billing_checkouts" => sql("SELECT provider, state, page, url FROM billing_checkouts"),
        _ => sql("SELECT unique_key, step, failure FROM operations"),
    };
    let rows = statement.fetch_all(&house.platform.store).await.unwrap();
    assert!(!rows.is_empty(), "{table} is empty");
    let cell =
        |row: &safeguards::store::Row, column: &str| row.optional_text(column).unwrap().unwrap_or_default();
    rows.iter()
        .flat_map(|row| row.columns().into_iter().map(|column| cell(row, &column)).collect::<Vec<_>>())
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn an_operator_grants_the_plan_and_takes_it_back() {
    for database in DATABASES {
        let house = House::on(database).await;
        let until = house.now() + Duration::days(90);
        house.billing.grant(house.account, Some(until)).await.unwrap();
        assert_eq!(house.standing().await, SubscriptionStanding::Cancelling);
        house.platform.clock.advance(Duration::seconds(1));
        house.billing.grant(house.account, None).await.unwrap();
        assert_eq!(house.standing().await, SubscriptionStanding::Active);
        let refused = house.billing.portal(house.account, ORIGIN).await;
        assert!(matches!(refused, Err(PaymentError::NotSubscribed)), "nobody pays: {refused:?}");
        house.platform.clock.advance(Duration::seconds(1));
        house.billing.withdraw_grant(house.account).await.unwrap();
        assert_eq!(house.standing().await, SubscriptionStanding::Cancelled);
        let refused = house.billing.withdraw_grant(house.account).await;
        assert!(matches!(refused, Err(PaymentError::NotSubscribed)), "{refused:?}");
        house.subscribe().await;
        assert_eq!(house.standing().await, SubscriptionStanding::Active);
        let refused = house.billing.grant(house.account, None).await;
        assert!(matches!(refused, Err(PaymentError::AlreadySubscribed)), "{database}: {refused:?}");
    }
}
