//! Subscriptions and their invoices: bought, renewed, failing, tried again, cancelled.

use serde_json::{Value, json};

use crate::api::Answer;
use crate::errors::ApiError;
use crate::form;
use crate::world::{World, cards};

/// When a failed payment is tried again, in days after it failed. After the last the subscription stays past due, which
/// is one of the choices that an account has.
const TRIES: [i64; 3] = [3, 5, 7];
const DAY: i64 = 86_400;

/// Makes a subscription whose first invoice is paid: what Checkout does once a card was good.
pub(crate) fn buy(world: &mut World, customer: &str, price: &Value, method: &str, metadata: Value) -> Value {
    let clock = world.clock_of(customer);
    let now = world.now(clock.as_deref());
    let (id, item) = (world.id("sub"), world.id("si"));
    let end = next_month(now, now);
    let subscription = world.put(json!({
        "id": id, "object": "subscription", "application": null, "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": now, "billing_cycle_anchor_config": null,
        "billing_mode": { "type": "flexible", "flexible": null, "updated_at": null },
        "billing_schedules": [], "billing_thresholds": null, "cancel_at": null, "cancel_at_period_end": false,
        "canceled_at": null, "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically", "created": now, "currency": price["currency"],
        "customer": customer, "customer_account": null, "days_until_due": null, "default_payment_method": method,
        "default_source": null, "default_tax_rates": [], "description": null, "discounts": [], "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": { "object": "list", "has_more": false, "url": format!("/v1/subscription_items?subscription={id}"),
            "data": [{
                "id": item, "object": "subscription_item", "billing_thresholds": null, "created": now,
                "current_period_start": now, "current_period_end": end, "discounts": [], "metadata": {},
                "price": price, "quantity": 1, "subscription": id, "tax_rates": [],
            }] },
        "latest_invoice": null, "livemode": false, "metadata": metadata, "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null, "pause_collection": null, "payment_settings": null,
        "pending_invoice_item_interval": null, "pending_setup_intent": null, "pending_update": null,
        "schedule": null, "start_date": now, "status": "incomplete", "test_clock": clock, "transfer_data": null,
        "trial_end": null, "trial_settings": null, "trial_start": null,
    }));
    world.tell("customer.subscription.created", &subscription, now, None);
    let invoice = bill(world, &id, "subscription_create", now);
    settle(world, &invoice, now);
    world.objects[&id].clone()
}

/// An invoice for the period that begins; it is open.
fn bill(world: &mut World, subscription: &str, reason: &str, now: i64) -> String {
    let id = world.id("in");
    let of = world.objects[subscription].clone();
    let amount = of["items"]["data"][0]["price"]["unit_amount"].clone();
    let invoice = world.put(json!({
        "id": id, "object": "invoice", "amount_due": amount, "amount_paid": 0, "amount_remaining": amount,
        "attempt_count": 0, "attempted": false, "billing_reason": reason,
        "collection_method": "charge_automatically", "created": now, "currency": of["currency"],
        "customer": of["customer"], "livemode": false, "metadata": {}, "next_payment_attempt": null,
        "parent": { "type": "subscription_details", "quote_details": null,
            "subscription_details": { "subscription": subscription, "metadata": of["metadata"] } },
        "period_start": now, "period_end": now, "status": "open", "subtotal": amount, "total": amount,
        "test_clock": of["test_clock"],
        "status_transitions": { "finalized_at": now, "marked_uncollectible_at": null, "paid_at": null,
                                "voided_at": null },
    }));
    world.change(subscription, |subscription| subscription["latest_invoice"] = id.as_str().into());
    world.tell("invoice.created", &invoice, now, None);
    world.tell("invoice.finalized", &invoice, now, None);
    id
}

/// Charges the card on file for an open invoice.
fn charge(world: &mut World, invoice: &str, now: i64) -> Result<(), ApiError> {
    let subscription = subscription_of(&world.objects[invoice]);
    let method = world.objects[&subscription]["default_payment_method"].as_str().unwrap_or_default();
    match verdict(world.cards.get(method).map_or("", String::as_str), true) {
        Ok(()) => {
            settle(world, invoice, now);
            Ok(())
        }
        Err(error) => {
            fail(world, invoice, now);
            Err(error)
        }
    }
}

/// What a bank says to a card: when it is first given, and when it is charged later.
pub(crate) fn verdict(card: &str, later: bool) -> Result<(), ApiError> {
    match card {
        cards::DECLINED => Err(ApiError::card("generic_decline", "Your card was declined.")),
        cards::POOR => Err(ApiError::card("insufficient_funds", "Your card has insufficient funds.")),
        cards::FAILS_LATER if later => Err(ApiError::card("generic_decline", "Your card was declined.")),
        _ => Ok(()),
    }
}

fn settle(world: &mut World, invoice: &str, now: i64) {
    let paid = world.change(invoice, |invoice| {
        invoice["status"] = "paid".into();
        invoice["amount_paid"] = invoice["amount_due"].clone();
        invoice["amount_remaining"] = 0.into();
        invoice["attempted"] = true.into();
        invoice["attempt_count"] = (invoice["attempt_count"].as_i64().unwrap_or(0) + 1).into();
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"]["paid_at"] = now.into();
    });
    world.tell("invoice.paid", &paid, now, None);
    world.tell("invoice.payment_succeeded", &paid, now, None);
    let subscription = subscription_of(&paid);
    let latest = world.objects[&subscription]["latest_invoice"] == paid["id"];
    if latest && world.objects[&subscription]["status"] != "canceled" {
        become_status(world, &subscription, "active", now);
    }
}

fn fail(world: &mut World, invoice: &str, now: i64) {
    let failed = world.change(invoice, |invoice| {
        let tries = invoice["attempt_count"].as_i64().unwrap_or(0);
        invoice["attempted"] = true.into();
        invoice["attempt_count"] = (tries + 1).into();
        let next = usize::try_from(tries).ok().and_then(|tries| TRIES.get(tries));
        invoice["next_payment_attempt"] = next.map_or(Value::Null, |days| (now + days * DAY).into());
    });
    world.tell("invoice.payment_failed", &failed, now, None);
    become_status(world, &subscription_of(&failed), "past_due", now);
}

fn become_status(world: &mut World, subscription: &str, status: &str, now: i64) {
    let before = world.objects[subscription]["status"].clone();
    if before == status {
        return;
    }
    let changed = world.change(subscription, |subscription| subscription["status"] = status.into());
    world.tell("customer.subscription.updated", &changed, now, Some(json!({ "status": before })));
}

fn subscription_of(invoice: &Value) -> String {
    invoice["parent"]["subscription_details"]["subscription"].as_str().unwrap_or_default().to_owned()
}

/// What becomes due next on a clock: the end of a period, or another try of a payment.
pub(crate) fn next_due(world: &World, clock: Option<&str>) -> Option<(i64, String)> {
    world
        .objects
        .iter()
        .filter(|(_, object)| object["test_clock"].as_str() == clock)
        .filter_map(|(id, object)| {
            let at = match object["object"].as_str()? {
                "subscription" if object["status"] == "canceled" => return None,
                "subscription" => object["items"]["data"][0]["current_period_end"].as_i64()?,
                "invoice" if object["status"] == "open" => object["next_payment_attempt"].as_i64()?,
                _ => return None,
            };
            Some((at, id.clone()))
        })
        .min()
}

/// Does what is due.
pub(crate) fn come_due(world: &mut World, id: &str, now: i64) {
    if world.objects[id]["object"] == "invoice" {
        // A failure is told by its event.
        let _told = charge(world, id, now);
        return;
    }
    if world.objects[id]["cancel_at_period_end"] == true {
        end(world, id, now, "cancellation_requested");
        return;
    }
    let anchor = world.objects[id]["billing_cycle_anchor"].as_i64().unwrap_or(now);
    let before = world.objects[id]["items"]["data"][0].clone();
    let changed = world.change(id, |subscription| {
        let item = &mut subscription["items"]["data"][0];
        item["current_period_start"] = now.into();
        item["current_period_end"] = next_month(anchor, now).into();
    });
    world.tell(
        "customer.subscription.updated",
        &changed,
        now,
        Some(json!({ "items": { "data": [before] } })),
    );
    let invoice = bill(world, id, "subscription_cycle", now);
    let _told = charge(world, &invoice, now);
}

fn end(world: &mut World, id: &str, now: i64, reason: &str) -> Value {
    let ended = world.change(id, |subscription| {
        subscription["status"] = "canceled".into();
        subscription["ended_at"] = now.into();
        if subscription["canceled_at"].is_null() {
            subscription["canceled_at"] = now.into();
        }
        subscription["cancellation_details"]["reason"] = reason.into();
    });
    world.tell("customer.subscription.deleted", &ended, now, None);
    ended
}

pub(crate) fn update(world: &mut World, id: &str, params: &Value) -> Answer {
    let subscription = world.find("subscription", id, "id")?.clone();
    if subscription["status"] == "canceled" {
        let message = "A canceled subscription can only update its cancellation_details and metadata.";
        return Err(ApiError::invalid("cancel_at_period_end", message));
    }
    let known = ["cancel_at_period_end", "metadata", "default_payment_method", "expand"];
    let names =
        params.as_object().map(|params| params.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(ApiError::unknown_parameter(unknown));
    }
    match form::text(params, &["cancel_at_period_end"]) {
        None => Ok(subscription),
        Some("true") => Ok(arrange_end(world, id, true)),
        Some("false") => Ok(arrange_end(world, id, false)),
        Some(other) => Err(ApiError::invalid("cancel_at_period_end", format!("Invalid boolean: {other}"))),
    }
}

/// Cancels at the end of the period, or takes that back.
pub(crate) fn arrange_end(world: &mut World, id: &str, ends: bool) -> Value {
    let now = world.now(world.objects[id]["test_clock"].as_str());
    let before = world.objects[id]["cancel_at_period_end"].clone();
    if before == ends {
        return world.objects[id].clone();
    }
    let changed = world.change(id, |subscription| {
        subscription["cancel_at_period_end"] = ends.into();
        subscription["cancel_at"] =
            if ends { subscription["items"]["data"][0]["current_period_end"].clone() } else { Value::Null };
        subscription["canceled_at"] = if ends { now.into() } else { Value::Null };
    });
    let before = json!({ "cancel_at_period_end": before });
    world.tell("customer.subscription.updated", &changed, now, Some(before));
    changed
}

pub(crate) fn cancel_now(world: &mut World, id: &str) -> Answer {
    let found = world.find("subscription", id, "id")?;
    if found["status"] == "canceled" {
        return Err(ApiError::missing("subscription", id, "id"));
    }
    let now = world.now(found["test_clock"].as_str());
    Ok(end(world, id, now, "cancellation_requested"))
}

pub(crate) fn pay(world: &mut World, invoice: &str) -> Answer {
    let found = world.find("invoice", invoice, "invoice")?;
    if found["status"] != "open" {
        return Err(ApiError::invalid("invoice", "Invoice is already paid"));
    }
    let now = world.now(found["test_clock"].as_str());
    charge(world, invoice, now)?;
    Ok(world.objects[invoice].clone())
}

/// Another card on file for all that a customer has subscribed to; what is open is tried with it at once.
pub(crate) fn change_card(world: &mut World, customer: &str, card: &str) -> Result<(), ApiError> {
    verdict(card, false)?;
    let method = keep_card(world, card);
    let of_customer: Vec<String> = world
        .objects
        .values()
        .filter(|object| object["customer"] == customer)
        .filter_map(|object| object["id"].as_str().map(str::to_owned))
        .collect();
    let now = world.now(world.clock_of(customer).as_deref());
    for id in &of_customer {
        if world.objects[id]["object"] == "subscription" {
            world.change(id, |subscription| subscription["default_payment_method"] = method.as_str().into());
        }
    }
    for id in of_customer {
        if world.objects[&id]["object"] == "invoice" && world.objects[&id]["status"] == "open" {
            charge(world, &id, now)?;
        }
    }
    Ok(())
}

/// Keeps a card as a payment method; the number itself is never answered again.
pub(crate) fn keep_card(world: &mut World, card: &str) -> String {
    let method = world.id("pm");
    world.cards.insert(method.clone(), card.to_owned());
    method
}

/// The same day of the next month that has not passed, or that month's last day.
fn next_month(anchor: i64, after: i64) -> i64 {
    let (year, month, day) = civil(anchor.div_euclid(DAY));
    let of_day = anchor.rem_euclid(DAY);
    (1..)
        .map(|months| {
            let months = month - 1 + months;
            let (year, month) = (year + months.div_euclid(12), months.rem_euclid(12) + 1);
            days(year, month, day.min(last_day(year, month))) * DAY + of_day
        })
        .find(|at| *at > after)
        .expect("a later month comes")
}

fn last_day(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a day of the Gregorian calendar, by counting years from March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// The day of the calendar; the inverse of [`days`], found by looking.
fn civil(wanted: i64) -> (i64, i64, i64) {
    let mut year = 1970 + wanted.div_euclid(366);
    while days(year + 1, 1, 1) <= wanted {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= wanted).unwrap_or(1);
    (year, month, wanted - days(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_later_is_the_same_day_or_the_last() {
        let at = |year, month, day| days(year, month, day) * DAY + 3600;
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2026, 11, 26), 20_783);
        let table = [
            (at(2026, 11, 26), at(2026, 11, 26), at(2026, 12, 26)),
            (at(2026, 1, 31), at(2026, 1, 31), at(2026, 2, 28)),
            (at(2026, 1, 31), at(2026, 2, 28), at(2026, 3, 31)),
            (at(2028, 1, 31), at(2028, 1, 31), at(2028, 2, 29)),
            (at(2026, 12, 15), at(2026, 12, 15), at(2027, 1, 15)),
        ];
        for (anchor, after, wanted) in table {
            assert_eq!(next_month(anchor, after), wanted);
        }
    }
}
