//! Everything that the stand-in knows: objects by id, clocks, and the events that their changes made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::errors::ApiError;
use crate::webhooks::Outbox;

/// Card numbers that Stripe documents for tests.
pub mod cards {
    /// Always pays.
    pub const PAYS: &str = "4242424242424242";
    /// Is always declined.
    pub const DECLINED: &str = "4000000000000002";
    /// Is declined for want of money.
    pub const POOR: &str = "4000000000009995";
    /// May be kept, and fails when it is charged.
    pub const FAILS_LATER: &str = "4000000000000341";
}

/// The secret key that is taken; any other is refused.
pub(crate) const SECRET_KEY: &str = "sk_test_double";

/// All objects, and the events about them.
#[derive(Debug)]
pub(crate) struct World {
    /// The wall clock, in seconds since 1970.
    pub(crate) wall: i64,
    /// Where its own hosted pages are reached.
    pub(crate) url: String,
    pub(crate) objects: BTreeMap<String, Value>,
    /// What a card on file does when it is charged, by its payment method.
    pub(crate) cards: BTreeMap<String, String>,
    pub(crate) outbox: Outbox,
    next: u64,
}

impl World {
    pub(crate) fn new(wall: i64, url: String) -> Self {
        Self {
            wall,
            url,
            objects: BTreeMap::new(),
            cards: BTreeMap::new(),
            outbox: Outbox::default(),
            next: 0,
        }
    }

    /// A new id; ids of one kind ascend.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_double{:08}", self.next)
    }

    /// Puts an object under its own id.
    pub(crate) fn put(&mut self, object: Value) -> Value {
        let id = object["id"].as_str().expect("an object has an id").to_owned();
        self.objects.insert(id, object.clone());
        object
    }

    /// An object of a kind, or the error that it is missing.
    pub(crate) fn find(&self, kind: &str, id: &str, parameter: &str) -> Result<&Value, ApiError> {
        let found = self.objects.get(id).filter(|object| object["object"] == kind);
        found.ok_or_else(|| ApiError::missing(kind_in_words(kind), id, parameter))
    }

    /// Changes an object that is known to be there.
    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> Value {
        let object = self.objects.get_mut(id).expect("the caller found it");
        change(object);
        object.clone()
    }

    /// Those of a kind, the newest first as Stripe lists them.
    pub(crate) fn list(&self, kind: &str, matches: impl Fn(&Value) -> bool, url: &str) -> Value {
        let mut data: Vec<_> = self
            .objects
            .values()
            .filter(|object| object["object"] == kind && matches(object))
            .cloned()
            .collect();
        data.reverse();
        json!({ "object": "list", "data": data, "has_more": false, "url": url })
    }

    /// The time that an object lives in: its customer's test clock, or the wall.
    pub(crate) fn now(&self, test_clock: Option<&str>) -> i64 {
        let frozen = test_clock
            .and_then(|clock| self.objects.get(clock))
            .and_then(|clock| clock["frozen_time"].as_i64());
        frozen.unwrap_or(self.wall)
    }

    /// The test clock of a customer, if it has one.
    pub(crate) fn clock_of(&self, customer: &str) -> Option<String> {
        self.objects.get(customer)?["test_clock"].as_str().map(str::to_owned)
    }

    /// Makes an event about an object as it is now, to be delivered.
    pub(crate) fn tell(&mut self, kind: &str, object: &Value, at: i64, before: Option<Value>) {
        let id = self.id("evt");
        let mut data = json!({ "object": object });
        if let Some(before) = before {
            data["previous_attributes"] = before;
        }
        let event = json!({
            "id": id, "object": "event", "api_version": API_VERSION, "created": at, "data": data,
            "livemode": false, "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null },
            "type": kind,
        });
        self.put(event.clone());
        self.outbox.push(event);
    }
}

/// The version of the API whose shapes are answered.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

fn kind_in_words(kind: &str) -> &str {
    match kind {
        "checkout.session" => "checkout.session",
        "billing_portal.session" => "portal session",
        "test_helpers.test_clock" => "test clock",
        other => other,
    }
}
