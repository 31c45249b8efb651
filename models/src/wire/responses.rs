//! OpenAI's Responses: streamed, `store: false`, the form as a strict JSON Schema.
//!
//! Nothing of the provider's own storage is used: no conversation, no previous response, no metadata, no user, no file.

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::refusals::broke_off;
use super::streamed::{Format, Reader, Step, grow, parsed, tokens};
use crate::answer::{Billed, Usage};
use crate::ask::{Ask, Turn};
use crate::fault::Fault;
use crate::key::ApiKey;
use crate::sse::Event;

pub(crate) struct Responses;

impl Format for Responses {
    fn path(&self, base: &str) -> String {
        format!("{base}/v1/responses")
    }

    fn key(&self, key: &ApiKey) -> (HeaderName, HeaderValue) {
        (AUTHORIZATION, key.header("Bearer "))
    }

    fn body(&self, model: &str, ask: &Ask) -> Value {
        let form = &ask.form;
        json!({
            "model": model,
            "instructions": ask.instructions,
            "input": input(ask),
            "text": { "format": {
                "type": "json_schema",
                "name": form.name(),
                "description": form.about(),
                "schema": form.schema(),
                "strict": true,
            } },
            "max_output_tokens": ask.most_output,
            "truncation": "disabled",
            "store": false,
            "stream": true,
        })
    }

    fn reader(&self, ask: &Ask) -> Box<dyn Reader> {
        Box::new(Read { most_output: ask.most_output, text: String::new(), has_declined: false, usage: None })
    }
}

fn input(ask: &Ask) -> Vec<Value> {
    let said = |role: &str, kind: &str, text: &str| json!({ "type": "message", "role": role, "content": [{ "type": kind, "text": text }] });
    let turns = ask.turns.iter().map(|turn| match turn {
        Turn::Said(text) | Turn::Problems(text) => said("user", "input_text", text),
        Turn::Filled(value) => said("assistant", "output_text", &value.to_string()),
    });
    turns.collect()
}

struct Read {
    most_output: u32,
    text: String,
    has_declined: bool,
    usage: Option<Usage>,
}

impl Read {
    fn usage(&mut self, event: &Value) {
        let usage = &event["response"]["usage"];
        if let (Some(input), Some(output)) = (tokens(&usage["input_tokens"]), tokens(&usage["output_tokens"]))
        {
            self.usage = Some(Usage { input, output });
        }
    }

    fn whole(&mut self) -> Result<Step, Fault> {
        if self.has_declined {
            return Err(Fault::Declined);
        }
        if self.text.is_empty() {
            return Err(Fault::NotUnderstood("it did not fill in the form".into()));
        }
        Ok(Step::Whole(std::mem::take(&mut self.text)))
    }

    fn incomplete(&self, event: &Value) -> Fault {
        match event["response"]["incomplete_details"]["reason"].as_str() {
            Some("max_output_tokens") => Fault::TooLong(self.most_output),
            Some("content_filter") => Fault::Declined,
            _ => Fault::NotUnderstood("its answer is not whole, and it does not say why".into()),
        }
    }
}

impl Reader for Read {
    fn take(&mut self, event: &Event) -> Result<Step, Fault> {
        let value = parsed(event)?;
        match value["type"].as_str() {
            Some("response.output_text.delta") => grow(&mut self.text, value["delta"].as_str())?,
            Some("response.refusal.delta" | "response.refusal.done") => self.has_declined = true,
            Some("response.completed") => {
                self.usage(&value);
                return self.whole();
            }
            Some("response.incomplete") => {
                self.usage(&value);
                return Err(self.incomplete(&value));
            }
            Some("response.failed") => {
                self.usage(&value);
                return Err(broke_off(&value["response"]["error"]));
            }
            // Its code and message stand in the event itself.
            Some("error") => {
                let error = if value["error"].is_object() { &value["error"] } else { &value };
                return Err(broke_off(error));
            }
            Some(_) => {}
            None => return Err(Fault::NotUnderstood("an event of its stream has no type".into())),
        }
        Ok(Step::More)
    }

    fn billed(&self) -> Billed {
        self.usage.map_or(Billed::Unknown, Billed::Known)
    }

    fn length(&self) -> usize {
        self.text.len()
    }
}
