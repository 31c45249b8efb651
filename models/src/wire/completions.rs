//! Chat completions, as OpenAI defined them and many servers speak them, those on one's own machine among them.
//!
//! `store: false` is sent though few servers know it: those that do keep nothing, the others pass it over.

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::refusals::broke_off;
use super::streamed::{Format, Reader, Step, grow, parsed, tokens};
use crate::answer::{Billed, Usage};
use crate::ask::{Ask, Turn};
use crate::fault::Fault;
use crate::key::ApiKey;
use crate::sse::Event;

pub(crate) struct Completions;

impl Format for Completions {
    /// Servers are written down with `/v1` at the end, or without.
    fn path(&self, base: &str) -> String {
        let base = base.strip_suffix("/v1").unwrap_or(base);
        format!("{base}/v1/chat/completions")
    }

    fn key(&self, key: &ApiKey) -> (HeaderName, HeaderValue) {
        (AUTHORIZATION, key.header("Bearer "))
    }

    fn body(&self, model: &str, ask: &Ask) -> Value {
        let form = &ask.form;
        json!({
            "model": model,
            "messages": messages(ask),
            "response_format": { "type": "json_schema", "json_schema": {
                "name": form.name(),
                "description": form.about(),
                "schema": form.schema(),
                "strict": true,
            } },
            // The newer name of it is unknown to most servers of this kind.
            "max_tokens": ask.most_output,
            "n": 1,
            "store": false,
            "stream": true,
            "stream_options": { "include_usage": true },
        })
    }

    fn reader(&self, ask: &Ask) -> Box<dyn Reader> {
        Box::new(Read {
            most_output: ask.most_output,
            text: String::new(),
            has_declined: false,
            finish: None,
            usage: None,
        })
    }
}

fn messages(ask: &Ask) -> Vec<Value> {
    let system = json!({ "role": "system", "content": ask.instructions });
    let turns = ask.turns.iter().map(|turn| match turn {
        Turn::Said(text) | Turn::Problems(text) => json!({ "role": "user", "content": text }),
        Turn::Filled(value) => json!({ "role": "assistant", "content": value.to_string() }),
    });
    std::iter::once(system).chain(turns).collect()
}

struct Read {
    most_output: u32,
    text: String,
    has_declined: bool,
    finish: Option<String>,
    usage: Option<Usage>,
}

impl Read {
    fn chunk(&mut self, value: &Value) -> Result<(), Fault> {
        // The last chunk with numbers counts: some servers send them with each.
        let usage = &value["usage"];
        if let (Some(input), Some(output)) =
            (tokens(&usage["prompt_tokens"]), tokens(&usage["completion_tokens"]))
        {
            self.usage = Some(Usage { input, output });
        }
        let choice = &value["choices"][0];
        let delta = &choice["delta"];
        if !delta["content"].is_null() {
            grow(&mut self.text, delta["content"].as_str())?;
        }
        if delta["refusal"].as_str().is_some_and(|text| !text.is_empty()) {
            self.has_declined = true;
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            self.finish = Some(reason.to_owned());
        }
        Ok(())
    }

    fn whole(&mut self) -> Result<Step, Fault> {
        match self.finish.as_deref() {
            Some("length") => Err(Fault::TooLong(self.most_output)),
            Some("content_filter") => Err(Fault::Declined),
            _ if self.has_declined => Err(Fault::Declined),
            None => Err(Fault::Cut),
            Some(_) if self.text.is_empty() => {
                Err(Fault::NotUnderstood("it did not fill in the form".into()))
            }
            Some(_) => Ok(Step::Whole(std::mem::take(&mut self.text))),
        }
    }
}

impl Reader for Read {
    fn take(&mut self, event: &Event) -> Result<Step, Fault> {
        if event.data.trim() == "[DONE]" {
            return self.whole();
        }
        let value = parsed(event)?;
        if !value["error"].is_null() {
            return Err(broke_off(&value["error"]));
        }
        self.chunk(&value)?;
        Ok(Step::More)
    }

    /// Numbers that came before the end are of the whole answer only once it has ended.
    fn billed(&self) -> Billed {
        match self.usage {
            Some(usage) if self.finish.is_some() => Billed::Known(usage),
            _ => Billed::Unknown,
        }
    }

    fn length(&self) -> usize {
        self.text.len()
    }
}
