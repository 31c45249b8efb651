//! The routes of the API, as a table.

use axum::http::Method;
use serde_json::Value;

use crate::errors::ApiError;
use crate::world::World;
use crate::{catalogue, checkout, clocks, form, portal, subscriptions, webhooks};

/// What a request is answered with.
pub(crate) type Answer = Result<Value, ApiError>;

/// Answers one request of the API; `path` begins behind `/v1/`.
pub(crate) fn answer(world: &mut World, method: &Method, path: &str, params: &Value) -> Answer {
    let parts: Vec<&str> = path.split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["customers"]) => catalogue::create_customer(world, params),
        ("GET", ["customers", id]) => world.find("customer", id, "id").cloned(),
        ("GET", ["customers"]) => Ok(world.list("customer", |_| true, "/v1/customers")),
        ("POST", ["products"]) => catalogue::create_product(world, params),
        ("GET", ["products", id]) => world.find("product", id, "id").cloned(),
        ("POST", ["prices"]) => catalogue::create_price(world, params),
        ("GET", ["prices", id]) => world.find("price", id, "id").cloned(),
        ("GET", ["prices"]) => {
            let wanted: Vec<String> = params["lookup_keys"]
                .as_array()
                .map(|keys| keys.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default();
            let matches = |price: &Value| {
                wanted.is_empty()
                    || price["lookup_key"].as_str().is_some_and(|key| wanted.iter().any(|w| w == key))
            };
            Ok(world.list("price", matches, "/v1/prices"))
        }
        ("POST", ["checkout", "sessions"]) => checkout::create(world, params),
        ("GET", ["checkout", "sessions", id]) => {
            world.find("checkout.session", id, "session").map(checkout::shown)
        }
        ("POST", ["checkout", "sessions", id, "expire"]) => checkout::expire_by_request(world, id),
        ("POST", ["billing_portal", "sessions"]) => portal::create(world, params),
        ("GET", ["subscriptions", id]) => world.find("subscription", id, "id").cloned(),
        ("GET", ["subscriptions"]) => {
            let customer = form::text(params, &["customer"]).map(str::to_owned);
            let all = form::text(params, &["status"]) == Some("all");
            let matches = |object: &Value| {
                (all || object["status"] != "canceled")
                    && customer.as_deref().is_none_or(|customer| object["customer"] == customer)
            };
            Ok(world.list("subscription", matches, "/v1/subscriptions"))
        }
        ("POST", ["subscriptions", id]) => subscriptions::update(world, id, params),
        ("DELETE", ["subscriptions", id]) => subscriptions::cancel_now(world, id),
        ("GET", ["invoices", id]) => world.find("invoice", id, "invoice").cloned(),
        ("GET", ["invoices"]) => {
            let subscription = form::text(params, &["subscription"]).map(str::to_owned);
            let matches = |object: &Value| {
                subscription
                    .as_deref()
                    .is_none_or(|wanted| object["parent"]["subscription_details"]["subscription"] == wanted)
            };
            Ok(world.list("invoice", matches, "/v1/invoices"))
        }
        ("POST", ["invoices", id, "pay"]) => subscriptions::pay(world, id),
        ("GET", ["events", id]) => world.find("event", id, "id").cloned(),
        ("GET", ["events"]) => Ok(world.list("event", |_| true, "/v1/events")),
        ("POST", ["webhook_endpoints"]) => webhooks::create_endpoint(world, params),
        ("POST", ["test_helpers", "test_clocks"]) => clocks::create(world, params),
        ("GET", ["test_helpers", "test_clocks", id]) => {
            world.find("test_helpers.test_clock", id, "test_clock").cloned()
        }
        ("POST", ["test_helpers", "test_clocks", id, "advance"]) => clocks::advance(world, id, params),
        _ => Err(ApiError::unrecognized(method.as_str(), &format!("/v1/{path}"))),
    }
}
