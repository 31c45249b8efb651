//! Invariant 8, HC-14: killed anywhere on the road of paying and cancelling, an account has one subscription and was
//! charged once.
//!
//! What a person or a webhook begins is killed at each place where it waits (for the database, for Stripe), by dropping it
//! there; another process then takes it up, as a second click or a second delivery would. What an operation does is killed
//! at each boundary of its step.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use control_plane::AccountId;
use control_plane::billing::{Billing, Gatekeeper, PaymentError, SubscriptionStanding};
use control_plane::operations::{Boundary, Engine, StopOnce};
use control_plane::testing::ScriptedHost;
use safeguards::sql;
use serde_json::Value;
use stripe_double::{StripeDouble, cards};

use crate::house::{House, ORIGIN, browse, send};

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// The click that leads to Stripe's page.
    Checkout,
    /// The person comes back from it.
    Return,
    /// Stripe tells what happened.
    Webhook(usize),
    /// The click that cancels.
    Cancel,
}

/// Drops a future when it waits for the so-manieth time; what it answered if it came to that.
async fn killed<T>(waits: Option<usize>, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = waits;
    poll_fn(|context| {
        match future.as_mut().poll(context) {
            Poll::Ready(done) => return Poll::Ready(Some(done)),
            Poll::Pending => {}
        }
        match &mut left {
            Some(0) => Poll::Ready(None),
            Some(more) => {
                *more -= 1;
                Poll::Pending
            }
            None => Poll::Pending,
        }
    })
    .await
}

/// One account's road, and where on it the process is killed.
struct Road<'a> {
    house: &'a House,
    account: AccountId,
    kill: (Act, usize),
    /// Whether the act was over before the kill came.
    over: bool,
}

impl Road<'_> {
    /// How long `act` may go on.
    fn waits(&self, act: Act) -> Option<usize> {
        (self.kill.0 == act).then_some(self.kill.1)
    }

    /// Does it in a process that may be killed, and then in another one.
    async fn twice<T>(&mut self, act: Act, run: impl AsyncFn(Billing) -> T) -> T {
        let first = killed(self.waits(act), run(self.house.again())).await;
        match first {
            Some(done) => {
                self.over |= self.kill.0 == act;
                done
            }
            None => run(self.house.again()).await,
        }
    }

    /// The events that wait, as Stripe would send them.
    async fn told(&self) -> Vec<Value> {
        let mut told = Vec::new();
        self.house.stripe.release(|events| told = std::mem::take(events)).await;
        self.house.stripe.hold();
        told
    }

    async fn pay(&mut self) {
        let (house, account) = (self.house, self.account);
        house.stripe.hold();
        let page = self
            .twice(Act::Checkout, async |billing| billing.checkout(account, None, ORIGIN).await.unwrap())
            .await;
        let form = format!("email=ada@clinic.example&card={}&expiry=12/30&cvc=123", cards::PAYS);
        let to = browse(&page, Some(&form)).await.1.remove("location").unwrap();
        // A second tab on the same page takes no second payment.
        assert_eq!(browse(&page, Some(&form)).await.1.remove("location"), None);
        let paid = to.split_once("page=").unwrap().1.to_owned();
        self.twice(Act::Return, async |billing| billing.confirm(account, &paid).await.unwrap()).await;
        for (number, event) in self.told().await.into_iter().enumerate() {
            let body = event.to_string();
            let signature = StripeDouble::sign(&house.secret, house.now().unix_timestamp(), &body);
            self.twice(Act::Webhook(number), async |billing| {
                billing.receive(&signature, body.as_bytes()).await.unwrap()
            })
            .await;
        }
        let again = house.billing.checkout(account, None, ORIGIN).await;
        assert!(matches!(again, Err(PaymentError::AlreadySubscribed)), "{:?}: {again:?}", self.kill);
    }

    async fn cancel(&mut self) {
        let account = self.account;
        self.twice(Act::Cancel, async |billing| {
            billing.arrange_end(account, true, &format!("cancel:{account}")).await.unwrap()
        })
        .await;
    }

    async fn standing(&self) -> SubscriptionStanding {
        self.house.billing.subscription(self.account).await.unwrap().standing(self.house.now())
    }

    /// Subscriptions and payment pages of the account in our own database.
    async fn ours(&self) -> (i64, i64) {
        let row =
            sql("SELECT (SELECT count(*) FROM billing_subscriptions WHERE account_id = $1) AS subscriptions,
                    (SELECT count(*) FROM billing_checkouts WHERE account_id = $1) AS pages")
            .bind(self.account)
            .fetch_one(&self.house.platform.store)
            .await
            .unwrap();
        (row.integer("subscriptions").unwrap(), row.integer("pages").unwrap())
    }
}

/// What Stripe has charged: each invoice with its amount in cents.
async fn charged(house: &House) -> Vec<i64> {
    let url = format!("{}/v1/invoices", house.stripe.url());
    let key = format!("Bearer {}", house.stripe.secret_key());
    let (status, _, body) = send(&url, None, &[("authorization", &key)]).await;
    assert_eq!(status, 200, "{body}");
    let listed: Value = serde_json::from_str(&body).unwrap();
    listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|invoice| invoice["amount_paid"].as_i64().unwrap())
        .collect()
}

async fn one_charge_each(house: &House, accounts: usize, at: &str) {
    assert_eq!(house.stripe.count("subscription"), accounts, "{at}: one subscription");
    assert_eq!(house.stripe.count("checkout.session"), accounts, "{at}: one page");
    assert_eq!(charged(house).await, vec![39_900; accounts], "{at}: one charge");
}

/// HC-14: killed at each place where anything of paying and cancelling waits.
async fn killed_wherever_it_waits(database: &'static str) {
    let house = House::on(database).await;
    let mut accounts = 0;
    let acts = [Act::Checkout, Act::Return, Act::Cancel].into_iter().chain((0..4).map(Act::Webhook));
    for act in acts {
        for waits in 0.. {
            let account = house.platform.account("Main St Clinic").await;
            let mut road = Road { house: &house, account, kill: (act, waits), over: false };
            road.pay().await;
            assert_eq!(road.standing().await, SubscriptionStanding::Active, "{database}: {act:?} {waits}");
            road.cancel().await;
            accounts += 1;
            let at = format!("{database}: {act:?}, killed at wait {waits}");
            assert_eq!(road.standing().await, SubscriptionStanding::Cancelling, "{at}");
            assert_eq!(road.ours().await, (1, 1), "{at}");
            one_charge_each(&house, accounts, &at).await;
            if road.over {
                assert!(waits > 0, "{at}: it waits for nothing, so nothing was killed");
                break;
            }
        }
    }
    // What is cancelled is not charged again, and what was told late changes nothing.
    house.days(40).await;
    house.stripe.release(|_| {}).await;
    one_charge_each(&house, accounts, database).await;
    let living =
        sql("SELECT count(DISTINCT subscription_id) AS ended FROM billing_events WHERE fact = 'ended'")
            .fetch_one(&house.platform.store)
            .await
            .unwrap();
    assert_eq!(living.integer("ended").unwrap(), i64::try_from(accounts).unwrap(), "{database}: all ended");
}

#[tokio::test]
async fn killed_wherever_paying_waits_it_is_one_charge_on_sqlite() {
    killed_wherever_it_waits("sqlite").await;
}

#[tokio::test]
async fn killed_wherever_paying_waits_it_is_one_charge_on_postgres() {
    killed_wherever_it_waits("postgres").await;
}

/// The keeper of gates asks Stripe daily: killed at any boundary, asking changes and charges nothing.
#[tokio::test]
async fn killed_at_every_boundary_the_keeper_of_gates_charges_nothing() {
    for database in ["sqlite", "postgres"] {
        for boundary in Boundary::ALL {
            let house = House::on(database).await;
            house.subscribe().await;
            let host = Arc::new(ScriptedHost::default());
            let kill = Arc::new(StopOnce::at("gate", "apply", boundary));
            let engine = || {
                let gates = Gatekeeper::new(house.platform.platform.clone(), house.again(), host.clone());
                Engine::new(house.platform.operations.clone(), house.platform.log.clone())
                    .work(Arc::new(gates))
            };
            assert!(engine().drain().await.unwrap());
            house.days(2).await;
            assert!(!engine().faults(kill.clone()).drain().await.unwrap(), "it was killed");
            assert!(kill.stopped());
            house.platform.operations.end_leases().await.unwrap();
            assert!(engine().drain().await.unwrap());
            let at = format!("{database}: {boundary:?}");
            assert_eq!(house.standing().await, SubscriptionStanding::Active, "{at}");
            one_charge_each(&house, 1, &at).await;
        }
    }
}
