//! Customers, products and prices.

use serde_json::{Value, json};

use crate::api::Answer;
use crate::errors::ApiError;
use crate::form;
use crate::world::World;

pub(crate) fn create_customer(world: &mut World, params: &Value) -> Answer {
    let clock = form::text(params, &["test_clock"]).map(str::to_owned);
    if let Some(clock) = &clock {
        world.find("test_helpers.test_clock", clock, "test_clock")?;
    }
    let email = form::text(params, &["email"]).map(str::to_owned);
    Ok(customer(world, email, form::metadata(params), clock))
}

pub(crate) fn customer(
    world: &mut World,
    email: Option<String>,
    metadata: Value,
    clock: Option<String>,
) -> Value {
    let (id, now) = (world.id("cus"), world.now(clock.as_deref()));
    let customer = json!({
        "id": id, "object": "customer", "balance": 0, "created": now, "currency": null, "delinquent": false,
        "description": null, "email": email, "invoice_prefix": "DOUBLE",
        "invoice_settings": { "custom_fields": null, "default_payment_method": null, "footer": null,
                              "rendering_options": null },
        "livemode": false, "metadata": metadata, "name": null, "phone": null, "preferred_locales": [],
        "shipping": null, "tax_exempt": "none", "test_clock": clock,
    });
    let customer = world.put(customer);
    world.tell("customer.created", &customer, now, None);
    customer
}

pub(crate) fn create_product(world: &mut World, params: &Value) -> Answer {
    let name = form::text(params, &["name"]).ok_or_else(|| ApiError::missing_parameter("name"))?;
    let (id, now) = (world.id("prod"), world.wall);
    let product = json!({
        "id": id, "object": "product", "active": true, "created": now, "default_price": null,
        "description": form::text(params, &["description"]), "images": [], "livemode": false,
        "metadata": form::metadata(params), "name": name, "updated": now,
    });
    Ok(world.put(product))
}

pub(crate) fn create_price(world: &mut World, params: &Value) -> Answer {
    let currency =
        form::text(params, &["currency"]).ok_or_else(|| ApiError::missing_parameter("currency"))?;
    let product = form::text(params, &["product"]).ok_or_else(|| ApiError::missing_parameter("product"))?;
    world.find("product", product, "product")?;
    let amount =
        form::text(params, &["unit_amount"]).ok_or_else(|| ApiError::missing_parameter("unit_amount"))?;
    let amount: i64 =
        amount.parse().map_err(|_| ApiError::invalid("unit_amount", format!("Invalid integer: {amount}")))?;
    let recurring = form::text(params, &["recurring", "interval"]).map(|interval| {
        json!({ "interval": interval, "interval_count": 1, "meter": null, "trial_period_days": null,
                "usage_type": "licensed" })
    });
    let kind = if recurring.is_some() { "recurring" } else { "one_time" };
    let (id, now) = (world.id("price"), world.wall);
    let price = json!({
        "id": id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": now,
        "currency": currency, "livemode": false, "lookup_key": form::text(params, &["lookup_key"]),
        "metadata": form::metadata(params), "nickname": null, "product": product, "recurring": recurring,
        "tax_behavior": "unspecified", "type": kind, "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(),
    });
    Ok(world.put(price))
}
