//! Checkout in subscription mode: a session, its hosted page, and what a card leads to.

use serde_json::{Value, json};

use crate::api::Answer;
use crate::errors::ApiError;
use crate::world::World;
use crate::{catalogue, form, subscriptions};

const DAY: i64 = 86_400;

/// Parameters that are understood; another is an error, as at Stripe.
const KNOWN: [&str; 12] = [
    "mode",
    "line_items",
    "success_url",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "metadata",
    "subscription_data",
    "expires_at",
    "expand",
    "automatic_tax",
];

pub(crate) fn create(world: &mut World, params: &Value) -> Answer {
    let names =
        params.as_object().map(|params| params.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    if let Some(unknown) = names.iter().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(ApiError::unknown_parameter(unknown));
    }
    let required = |path: &[&str], name: &str| {
        form::text(params, path).map(str::to_owned).ok_or_else(|| ApiError::missing_parameter(name))
    };
    if required(&["mode"], "mode")? != "subscription" {
        return Err(ApiError::invalid("mode", "This stand-in knows the mode `subscription` only."));
    }
    let price = required(&["line_items", "0", "price"], "line_items[0][price]")?;
    let amount = world.find("price", &price, "line_items[0][price]")?["unit_amount"].clone();
    let success = required(&["success_url"], "success_url")?;
    let customer = form::text(params, &["customer"]).map(str::to_owned);
    if let Some(customer) = &customer {
        world.find("customer", customer, "customer")?;
    }
    let email = form::text(params, &["customer_email"]);
    if customer.is_some() && email.is_some() {
        let message = "You may only specify one of these parameters: customer, customer_email.";
        return Err(ApiError::invalid("customer_email", message));
    }
    let clock = customer.as_deref().and_then(|customer| world.clock_of(customer));
    let now = world.now(clock.as_deref());
    let expires = form::text(params, &["expires_at"]).and_then(|text| text.parse().ok()).unwrap_or(now + DAY);
    if !(now + 1800..=now + DAY).contains(&expires) {
        let message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.";
        return Err(ApiError::invalid("expires_at", message));
    }
    let id = world.id("cs_test");
    let url = format!("{}/c/pay/{id}", world.url);
    let subscription_metadata = form::metadata(params.get("subscription_data").unwrap_or(&Value::Null));
    let session = json!({
        "id": id, "object": "checkout.session", "amount_subtotal": amount, "amount_total": amount,
        "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
        "cancel_url": form::text(params, &["cancel_url"]),
        "client_reference_id": form::text(params, &["client_reference_id"]), "created": now, "currency": "usd",
        "custom_fields": [],
        "custom_text": { "after_submit": null, "shipping_address": null, "submit": null,
                         "terms_of_service_acceptance": null },
        "customer": customer, "customer_email": email, "expires_at": expires, "invoice": null, "livemode": false,
        "metadata": form::metadata(params), "mode": "subscription", "payment_intent": null,
        "payment_method_types": ["card"], "payment_status": "unpaid", "shipping_options": [], "status": "open",
        "subscription": null, "success_url": success, "url": url, "test_clock": clock,
    });
    let answer = world.put(session);
    // What the page needs and the API does not answer.
    world.change(&id, |session| {
        session["_price"] = price.into();
        session["_subscription_metadata"] = subscription_metadata;
    });
    Ok(answer)
}

/// What a person sees of a session without its hidden parts.
pub(crate) fn shown(session: &Value) -> Value {
    let mut session = session.clone();
    if let Some(object) = session.as_object_mut() {
        object.retain(|name, _| !name.starts_with('_') && name != "test_clock");
    }
    session
}

/// A person presses "Subscribe": pays, or is told why not. Answers where to go.
pub(crate) fn complete(world: &mut World, id: &str, email: &str, card: &str) -> Result<String, ApiError> {
    let session = world.find("checkout.session", id, "session")?.clone();
    if session["status"] != "open" {
        return Err(ApiError::invalid("session", "This page was paid or has expired."));
    }
    // It is charged at once, so a card that may only be kept is declined here.
    subscriptions::verdict(card, true)?;
    let customer = match session["customer"].as_str() {
        Some(customer) => customer.to_owned(),
        None => {
            let made = catalogue::customer(world, Some(email.to_owned()), json!({}), None);
            made["id"].as_str().unwrap_or_default().to_owned()
        }
    };
    let method = subscriptions::keep_card(world, card);
    let price = world.objects[session["_price"].as_str().unwrap_or_default()].clone();
    let metadata = session["_subscription_metadata"].clone();
    let subscription = subscriptions::buy(world, &customer, &price, &method, metadata);
    let now = world.now(session["test_clock"].as_str());
    let completed = world.change(id, |session| {
        session["status"] = "complete".into();
        session["payment_status"] = "paid".into();
        session["customer"] = customer.into();
        session["subscription"] = subscription["id"].clone();
        session["invoice"] = subscription["latest_invoice"].clone();
        session["url"] = Value::Null;
    });
    world.tell("checkout.session.completed", &shown(&completed), now, None);
    Ok(session["success_url"].as_str().unwrap_or_default().replace("{CHECKOUT_SESSION_ID}", id))
}

pub(crate) fn next_due(world: &World, clock: Option<&str>) -> Option<(i64, String)> {
    let open = |object: &&Value| {
        object["object"] == "checkout.session"
            && object["status"] == "open"
            && object["test_clock"].as_str() == clock
    };
    let due = |object: &Value| Some((object["expires_at"].as_i64()?, object["id"].as_str()?.to_owned()));
    world.objects.values().filter(open).filter_map(due).min()
}

pub(crate) fn expire(world: &mut World, id: &str) {
    let expired = world.change(id, |session| {
        session["status"] = "expired".into();
        session["url"] = Value::Null;
    });
    let now = world.now(expired["test_clock"].as_str());
    world.tell("checkout.session.expired", &shown(&expired), now, None);
}

pub(crate) fn expire_by_request(world: &mut World, id: &str) -> Answer {
    if world.find("checkout.session", id, "session")?["status"] != "open" {
        let message = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
        return Err(ApiError::invalid("session", message));
    }
    expire(world, id);
    Ok(shown(&world.objects[id]))
}
