//! A fault for every call: what happens when Stripe is busy, silent, gone, or did it and could not say so.

use std::sync::Arc;

use control_plane::billing::{
    CustomerId, PaymentError, PaymentProvider, ProviderError, SubscriptionId, SubscriptionStanding,
};
use control_plane::processors::{self, Data};
use control_plane::testing::platform_on;
use control_plane_stripe::{Secret, Settings, SettingsError, Stripe};
use stripe_double::{Fault, cards};

use crate::house::{House, ORIGIN, settings};

/// Passing faults are ridden out, and the page is made once.
#[tokio::test]
async fn a_checkout_survives_what_passes() {
    for fault in [
        Fault::Status(429),
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(409),
        Fault::LostAnswer,
        Fault::Silence,
        Fault::Nonsense,
    ] {
        let house = House::on("sqlite").await;
        house.stripe.fail_next("/v1/checkout/sessions", fault);
        let page = house.checkout().await;
        assert!(page.contains("/c/pay/cs_"), "{fault:?}: {page}");
        assert_eq!(house.stripe.count("checkout.session"), 1, "{fault:?}: one wish, one page");
    }
}

/// When patience ends, nothing was charged, and the next click goes on where this one stopped: same key, same page.
#[tokio::test]
async fn a_checkout_that_was_given_up_goes_on_under_its_key() {
    let house = House::on("postgres").await;
    for _ in 0..3 {
        house.stripe.fail_next("/v1/checkout/sessions", Fault::LostAnswer);
    }
    let given_up = house.billing.checkout(house.account, None, ORIGIN).await;
    assert!(matches!(&given_up, Err(PaymentError::Provider(ProviderError::Unavailable(_)))), "{given_up:?}");
    let words = given_up.unwrap_err().to_string();
    assert_eq!(
        words,
        "the payment provider could not do this; nothing was changed or charged. Try again in a minute"
    );
    assert_eq!(house.stripe.count("checkout.session"), 1, "it was made, and the answer was lost");
    // Another process, after a crash.
    let page = house.again().checkout(house.account, None, ORIGIN).await.unwrap();
    assert_eq!(house.stripe.count("checkout.session"), 1, "and it is that one which is found again");
    house.pay(&page, cards::PAYS).await.unwrap();
    assert_eq!(house.standing().await, SubscriptionStanding::Active);
}

/// Two clicks at once are one page, on both databases.
#[tokio::test]
async fn two_clicks_are_one_page() {
    for database in ["sqlite", "postgres"] {
        let house = House::on(database).await;
        let other = house.again();
        let (one, two) = tokio::join!(
            house.billing.checkout(house.account, None, ORIGIN),
            other.checkout(house.account, None, ORIGIN)
        );
        assert_eq!(one.unwrap(), two.unwrap(), "{database}");
        assert_eq!(house.stripe.count("checkout.session"), 1);
    }
}

/// A page that has run out is replaced.
#[tokio::test]
async fn a_page_that_has_run_out_is_replaced() {
    let house = House::on("sqlite").await;
    let first = house.checkout().await;
    house.days(1).await;
    let second = house.checkout().await;
    assert_ne!(first, second);
    assert_eq!(house.pay(&first, cards::PAYS).await, None, "the old page takes no money");
    house.pay(&second, cards::PAYS).await.unwrap();
    assert_eq!(house.standing().await, SubscriptionStanding::Active);
}

/// Every other call: passing faults are ridden out, lasting ones are said, and nothing is done twice.
#[tokio::test]
async fn every_call_rides_out_what_passes_and_says_what_lasts() {
    let house = House::on("sqlite").await;
    house.subscribe().await;
    let faults = [Fault::Status(429), Fault::Status(502), Fault::LostAnswer, Fault::Silence, Fault::Nonsense];
    for (number, fault) in faults.into_iter().enumerate() {
        house.stripe.fail_next("/v1/billing_portal/sessions", fault);
        assert!(house.billing.portal(house.account, ORIGIN).await.is_ok(), "portal, {fault:?}");
        house.stripe.fail_next("/v1/subscriptions", fault);
        let ends = number % 2 == 0;
        house.billing.arrange_end(house.account, ends, &format!("wish:{number}")).await.unwrap();
        house.platform.clock.advance(time::Duration::seconds(1));
        house.stripe.fail_next("/v1/subscriptions", fault);
        house.billing.refresh(house.account).await.unwrap();
        house.platform.clock.advance(time::Duration::seconds(1));
        let wanted = if ends { SubscriptionStanding::Cancelling } else { SubscriptionStanding::Active };
        assert_eq!(house.standing().await, wanted, "{fault:?}");
    }
    for _ in 0..3 {
        house.stripe.fail_next("/v1/billing_portal/sessions", Fault::Status(500));
    }
    let lasting = house.billing.portal(house.account, ORIGIN).await;
    assert!(matches!(lasting, Err(PaymentError::Provider(ProviderError::Unavailable(_)))), "{lasting:?}");
}

/// What is refused is refused at once, in words for the operator that quote nothing of a person.
#[tokio::test]
async fn what_is_refused_is_not_tried_again() {
    let house = House::on("sqlite").await;
    let mut wrong = settings(&house.stripe, &house.secret, "price_gone");
    let provider = Stripe::new(wrong.clone(), &house.permit).unwrap();
    let before = house.stripe.requests().len();
    let billing =
        control_plane::billing::Billing::new(house.platform.platform.clone(), Some(Arc::new(provider)));
    let refused = billing.checkout(house.account, Some("ada@clinic.example".into()), ORIGIN).await;
    assert!(matches!(&refused, Err(PaymentError::Provider(ProviderError::Missing))), "{refused:?}");
    assert_eq!(house.stripe.requests().len(), before + 1, "once");
    // Mended by the operator, the next click begins anew.
    assert!(house.billing.checkout(house.account, None, ORIGIN).await.is_ok());

    wrong.secret_key = Secret::new("sk_test_wrong");
    let stranger = Stripe::new(wrong, &house.permit).unwrap();
    let refused = stranger.portal(&CustomerId("cus_1".into()), ORIGIN).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the payment provider refused: status 401, without a code, parameter: none named"
    );
    let missing = Stripe::new(settings(&house.stripe, &house.secret, &house.price), &house.permit).unwrap();
    let looked = missing.look(&SubscriptionId("sub_none".into()), house.now()).await;
    assert_eq!(looked.unwrap_err(), ProviderError::Missing);
}

/// Settings that could not work are refused before anybody pays, and print no secret.
#[tokio::test]
async fn settings_are_judged_at_the_start() {
    let platform = platform_on("sqlite").await;
    let permit = processors::permit(&platform.platform, "stripe", Data::Account).await.unwrap();
    let make = |key: &str, hook: &str, price: &str| {
        Stripe::new(Settings::new(Secret::new(key), Secret::new(hook), price), &permit).map(drop)
    };
    assert_eq!(make("sk_test_1", "whsec_1", "price_1"), Ok(()));
    assert_eq!(make("rk_live_1\n", "whsec_1", "price_1"), Ok(()));
    assert_eq!(make("pk_test_1", "whsec_1", "price_1"), Err(SettingsError::SecretKey));
    assert_eq!(make("sk_test_1", "", "price_1"), Err(SettingsError::WebhookSecret));
    assert_eq!(make("sk_test_1", "whsec_1", "prod_1"), Err(SettingsError::Price));
    let stripe =
        Stripe::new(Settings::new(Secret::new("sk_live_x"), Secret::new("whsec_y"), "price_1"), &permit)
            .unwrap();
    let shown = format!("{stripe:?}");
    assert!(!shown.contains("sk_live") && !shown.contains("whsec"), "{shown}");

    // HC-13: another company's permit opens nothing here.
    processors::attest(&platform.platform, "aws", "BAA 4711", false).await.unwrap();
    let other = processors::permit(&platform.platform, "aws", Data::Health).await.unwrap();
    let settings = Settings::new(Secret::new("sk_test_1"), Secret::new("whsec_1"), "price_1");
    assert_eq!(Stripe::new(settings, &other).map(drop), Err(SettingsError::Permit));
}
