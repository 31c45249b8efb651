//! Test clocks, and what becomes due when time moves.

use serde_json::{Value, json};

use crate::api::Answer;
use crate::errors::ApiError;
use crate::world::World;
use crate::{checkout, form, subscriptions};

pub(crate) fn create(world: &mut World, params: &Value) -> Answer {
    let frozen = seconds(params)?;
    let (id, wall) = (world.id("clock"), world.wall);
    let clock = json!({
        "id": id, "object": "test_helpers.test_clock", "created": wall, "deletes_after": wall + 30 * 86_400,
        "frozen_time": frozen, "livemode": false, "name": form::text(params, &["name"]), "status": "ready",
        "status_details": {},
    });
    Ok(world.put(clock))
}

pub(crate) fn advance(world: &mut World, id: &str, params: &Value) -> Answer {
    let to = seconds(params)?;
    let before =
        world.find("test_helpers.test_clock", id, "test_clock")?["frozen_time"].as_i64().unwrap_or(0);
    if to < before {
        return Err(ApiError::invalid("frozen_time", "A test clock can only be advanced forward in time."));
    }
    pass(world, Some(id), to);
    Ok(world.find("test_helpers.test_clock", id, "test_clock")?.clone())
}

fn seconds(params: &Value) -> Result<i64, ApiError> {
    let text =
        form::text(params, &["frozen_time"]).ok_or_else(|| ApiError::missing_parameter("frozen_time"))?;
    text.parse().map_err(|_| ApiError::invalid("frozen_time", format!("Invalid integer: {text}")))
}

/// Lets time pass on a test clock, or on the wall, moment by moment in the order of what is due.
pub(crate) fn pass(world: &mut World, clock: Option<&str>, to: i64) {
    loop {
        let next =
            subscriptions::next_due(world, clock).into_iter().chain(checkout::next_due(world, clock)).min();
        let Some((at, id)) = next.filter(|(at, _)| *at <= to) else { break };
        set(world, clock, at);
        if id.starts_with("cs_") {
            checkout::expire(world, &id);
        } else {
            subscriptions::come_due(world, &id, at);
        }
    }
    set(world, clock, to);
}

fn set(world: &mut World, clock: Option<&str>, now: i64) {
    match clock {
        Some(clock) => {
            world.change(clock, |clock| clock["frozen_time"] = now.into());
        }
        None => world.wall = world.wall.max(now),
    }
}
