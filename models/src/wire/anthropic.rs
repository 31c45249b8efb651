//! Anthropic's Messages, version 2023-06-01: streamed, the form as the one tool, which must be used.
//!
//! The wire has no flag for storage: what is kept is a matter of the agreement. What would keep something on the
//! provider's side is not sent: no cache control, no file, no container, no identifier of a user.

use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::refusals::broke_off;
use super::streamed::{Format, Reader, Step, grow, parsed, tokens};
use crate::answer::{Billed, Usage};
use crate::ask::{Ask, Turn};
use crate::fault::Fault;
use crate::key::ApiKey;
use crate::sse::Event;

pub(crate) struct Messages;

impl Format for Messages {
    fn path(&self, base: &str) -> String {
        format!("{base}/v1/messages")
    }

    fn key(&self, key: &ApiKey) -> (HeaderName, HeaderValue) {
        (HeaderName::from_static("x-api-key"), key.header(""))
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![(HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"))]
    }

    fn body(&self, model: &str, ask: &Ask) -> Value {
        let form = &ask.form;
        json!({
            "model": model,
            "max_tokens": ask.most_output,
            "system": ask.instructions,
            "messages": messages(ask),
            "tools": [{ "name": form.name(), "description": form.about(), "input_schema": form.schema() }],
            "tool_choice": { "type": "tool", "name": form.name(), "disable_parallel_tool_use": true },
            "stream": true,
        })
    }

    fn reader(&self, ask: &Ask) -> Box<dyn Reader> {
        Box::new(Read {
            form: ask.form.name().to_owned(),
            most_output: ask.most_output,
            input: None,
            output: None,
            tool: None,
            text: String::new(),
            stop: None,
        })
    }
}

/// A form that was filled before is a use of the tool; what is wrong with it is the tool's result.
fn messages(ask: &Ask) -> Vec<Value> {
    let mut used = 0;
    let turns = ask.turns.iter().map(|turn| match turn {
        Turn::Said(text) => json!({ "role": "user", "content": text }),
        Turn::Filled(value) => {
            used += 1;
            json!({
                "role": "assistant",
                "content": [{ "type": "tool_use", "id": format!("toolu_{used}"), "name": ask.form.name(), "input": value }],
            })
        }
        Turn::Problems(text) => json!({
            "role": "user",
            "content": [{ "type": "tool_result", "tool_use_id": format!("toolu_{used}"), "is_error": true, "content": text }],
        }),
    });
    turns.collect()
}

struct Read {
    form: String,
    most_output: u32,
    input: Option<u64>,
    output: Option<u64>,
    /// The index of the content block that is the use of our tool.
    tool: Option<u64>,
    text: String,
    stop: Option<String>,
}

impl Read {
    fn block_begins(&mut self, event: &Value) {
        let block = &event["content_block"];
        if block["type"] == "tool_use" && block["name"] == self.form.as_str() && self.tool.is_none() {
            self.tool = event["index"].as_u64();
        }
    }

    fn piece(&mut self, event: &Value) -> Result<(), Fault> {
        let delta = &event["delta"];
        // Words beside the tool are dropped.
        if delta["type"] == "input_json_delta" && self.tool.is_some() && event["index"].as_u64() == self.tool
        {
            grow(&mut self.text, delta["partial_json"].as_str())?;
        }
        Ok(())
    }

    /// What was read from a cache, or written to one, is counted like any other: the numbers are beside each other.
    fn message_begins(&mut self, event: &Value) {
        let usage = &event["message"]["usage"];
        let of = |name: &str| tokens(&usage[name]).unwrap_or(0);
        self.input = tokens(&usage["input_tokens"])
            .map(|input| input + of("cache_creation_input_tokens") + of("cache_read_input_tokens"));
    }

    fn whole(&mut self) -> Result<Step, Fault> {
        match self.stop.as_deref() {
            Some("refusal") => Err(Fault::Declined),
            Some("max_tokens" | "model_context_window_exceeded") => Err(Fault::TooLong(self.most_output)),
            _ if self.tool.is_none() => Err(Fault::NotUnderstood("it did not fill in the form".into())),
            // A tool without input is an empty object.
            _ if self.text.is_empty() => Ok(Step::Whole("{}".into())),
            _ => Ok(Step::Whole(std::mem::take(&mut self.text))),
        }
    }
}

impl Reader for Read {
    fn take(&mut self, event: &Event) -> Result<Step, Fault> {
        let value = parsed(event)?;
        match value["type"].as_str() {
            Some("message_start") => self.message_begins(&value),
            Some("content_block_start") => self.block_begins(&value),
            Some("content_block_delta") => self.piece(&value)?,
            Some("message_delta") => {
                self.stop = value["delta"]["stop_reason"].as_str().map(str::to_owned);
                // It counts from the beginning of the message.
                self.output = tokens(&value["usage"]["output_tokens"]);
            }
            Some("message_stop") => return self.whole(),
            Some("error") => return Err(broke_off(&value["error"])),
            // `ping`, and kinds that come later: the documentation asks to pass them over.
            Some(_) => {}
            None => return Err(Fault::NotUnderstood("an event of its stream has no type".into())),
        }
        Ok(Step::More)
    }

    fn billed(&self) -> Billed {
        match (self.input, self.output) {
            (Some(input), Some(output)) => Billed::Known(Usage { input, output }),
            _ => Billed::Unknown,
        }
    }

    fn length(&self) -> usize {
        self.text.len()
    }
}
