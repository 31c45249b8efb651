//! The billing portal: a link, and a page on which the customer cancels, comes back, and changes the card.

use serde_json::{Value, json};

use crate::api::Answer;
use crate::errors::ApiError;
use crate::form;
use crate::world::World;

pub(crate) fn create(world: &mut World, params: &Value) -> Answer {
    let customer =
        form::text(params, &["customer"]).ok_or_else(|| ApiError::missing_parameter("customer"))?;
    world.find("customer", customer, "customer")?;
    let customer = customer.to_owned();
    let (id, now) = (world.id("bps"), world.wall);
    let url = format!("{}/p/session/{id}", world.url);
    let session = json!({
        "id": id, "object": "billing_portal.session", "configuration": "bpc_double", "created": now,
        "customer": customer, "customer_account": null, "flow": null, "livemode": false, "locale": null,
        "on_behalf_of": null, "return_url": form::text(params, &["return_url"]), "url": url,
    });
    Ok(world.put(session))
}

/// The customer's subscriptions, the newest first.
pub(crate) fn subscriptions_of(world: &World, customer: &str) -> Vec<Value> {
    let list = world.list("subscription", |object| object["customer"] == customer, "");
    list["data"].as_array().cloned().unwrap_or_default()
}
