//! Answers as the providers stream them.

use serde_json::{Value, json};

use crate::server::{Asked, Fault, Reply, Wire};

/// An answer with its numbers.
pub(crate) struct Answer {
    kind: Kind,
    text: String,
    is_cut: bool,
    pub(crate) input: u64,
    pub(crate) output: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Form,
    Prose,
    Decline,
}

/// The longest answer that a request asks for, in tokens.
pub(crate) fn most_output(wire: Wire, body: &Value) -> u64 {
    let name = match wire {
        Wire::Messages | Wire::Completions => "max_tokens",
        Wire::Responses => "max_output_tokens",
    };
    body[name].as_u64().unwrap_or(u64::MAX)
}

impl Answer {
    pub(crate) fn of(reply: &Reply, input: u64, most: u64) -> Self {
        let (kind, mut text) = match reply {
            Reply::Fill(value) => (Kind::Form, value.to_string()),
            Reply::Text(text) => (Kind::Form, text.clone()),
            Reply::Prose(text) => (Kind::Prose, text.clone()),
            Reply::Decline => (Kind::Decline, "I cannot help with that.".to_owned()),
        };
        let mut output = u64::try_from(text.len().div_ceil(4)).unwrap_or(u64::MAX).max(1);
        let is_cut = output > most;
        if is_cut {
            output = most;
            let mut at = usize::try_from(most * 4).unwrap_or(usize::MAX).min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.truncate(at);
        }
        Self { kind, text, is_cut, input, output }
    }

    /// The text in pieces of a few characters.
    fn pieces(&self) -> Vec<String> {
        let characters: Vec<char> = self.text.chars().collect();
        characters.chunks(37).map(|piece| piece.iter().collect()).collect()
    }
}

/// The bytes of the stream.
pub(crate) fn stream(asked: &Asked, answer: &Answer, fault: Option<&Fault>) -> Vec<u8> {
    let is_counted = !matches!(fault, Some(Fault::Uncounted));
    let mut events = match asked.wire {
        Wire::Messages => messages(asked, answer, is_counted),
        Wire::Responses => responses(asked, answer, is_counted),
        Wire::Completions => completions(asked, answer, is_counted),
    };
    let middle = events.len() / 2;
    match fault {
        Some(Fault::Malformed) => events[middle].1 = "{\"type\": \"content_bl".into(),
        Some(Fault::Broken(kind)) => {
            events.truncate(middle);
            events.push(broken(asked.wire, kind));
        }
        _ => {}
    }
    let is_text = !matches!(fault, Some(Fault::NotText));
    let mut bytes = Vec::new();
    for (index, (kind, data)) in events.iter().enumerate() {
        if !kind.is_empty() {
            bytes.extend_from_slice(format!("event: {kind}\n").as_bytes());
        }
        bytes.extend_from_slice(b"data: ");
        bytes.extend_from_slice(data.as_bytes());
        if index == middle && !is_text {
            bytes.extend_from_slice(b"\xff\xfe");
        }
        bytes.extend_from_slice(b"\n\n");
    }
    bytes
}

type Events = Vec<(String, String)>;

/// Kind and data; the data says its type again.
fn typed(kind: &str, mut data: Value) -> (String, String) {
    if let Some(object) = data.as_object_mut() {
        object.insert("type".into(), kind.into());
    }
    (kind.to_owned(), data.to_string())
}

fn broken(wire: Wire, kind: &str) -> (String, String) {
    match wire {
        Wire::Messages => typed("error", json!({ "error": { "type": kind, "message": "broken" } })),
        Wire::Responses => typed("error", json!({ "code": kind, "message": "broken", "param": null })),
        Wire::Completions => {
            (String::new(), json!({ "error": { "type": kind, "message": "broken" } }).to_string())
        }
    }
}

fn messages(asked: &Asked, answer: &Answer, is_counted: bool) -> Events {
    let name = asked.body["tools"][0]["name"].clone();
    let usage = |output: u64| {
        if is_counted { json!({ "input_tokens": answer.input, "output_tokens": output }) } else { json!({}) }
    };
    let message = json!({
        "id": "msg_01", "type": "message", "role": "assistant", "model": asked.body["model"], "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    let mut events = vec![typed("message_start", json!({ "message": message })), typed("ping", json!({}))];
    let block = |index: u64, block: Value| {
        typed("content_block_start", json!({ "index": index, "content_block": block }))
    };
    let delta =
        |index: u64, delta: Value| typed("content_block_delta", json!({ "index": index, "delta": delta }));
    if answer.kind == Kind::Form {
        // Some words before the tool: they are nobody's business.
        events.push(block(0, json!({ "type": "text", "text": "" })));
        events.push(delta(0, json!({ "type": "text_delta", "text": "I will fill in {\"the\": \"form\"}." })));
        events.push(typed("content_block_stop", json!({ "index": 0 })));
        events.push(block(1, json!({ "type": "tool_use", "id": "toolu_01", "name": name, "input": {} })));
        events.push(delta(1, json!({ "type": "input_json_delta", "partial_json": "" })));
        for piece in answer.pieces() {
            events.push(delta(1, json!({ "type": "input_json_delta", "partial_json": piece })));
        }
        events.push(typed("content_block_stop", json!({ "index": 1 })));
    } else {
        events.push(block(0, json!({ "type": "text", "text": "" })));
        for piece in answer.pieces() {
            events.push(delta(0, json!({ "type": "text_delta", "text": piece })));
        }
        events.push(typed("content_block_stop", json!({ "index": 0 })));
    }
    let stop = match answer.kind {
        _ if answer.is_cut => "max_tokens",
        Kind::Form => "tool_use",
        Kind::Prose => "end_turn",
        Kind::Decline => "refusal",
    };
    let usage = if is_counted { json!({ "output_tokens": answer.output }) } else { json!({}) };
    events.push(typed(
        "message_delta",
        json!({ "delta": { "stop_reason": stop, "stop_sequence": null }, "usage": usage }),
    ));
    events.push(typed("message_stop", json!({})));
    events
}

fn responses(asked: &Asked, answer: &Answer, is_counted: bool) -> Events {
    let mut number = 0;
    let mut next = |kind: &str, mut data: Value| {
        if let Some(object) = data.as_object_mut() {
            object.insert("sequence_number".into(), number.into());
        }
        number += 1;
        typed(kind, data)
    };
    let status = if answer.is_cut { "incomplete" } else { "completed" };
    let response = |status: &str, usage: Value| {
        let why = if status == "incomplete" { json!({ "reason": "max_output_tokens" }) } else { Value::Null };
        json!({ "response": {
            "id": "resp_01", "object": "response", "status": status, "model": asked.body["model"], "error": null,
            "incomplete_details": why, "store": asked.body["store"], "output": [], "usage": usage,
        } })
    };
    let place = json!({ "item_id": "msg_01", "output_index": 0, "content_index": 0 });
    let at = |more: Value| {
        let mut place = place.clone();
        if let (Some(place), Value::Object(more)) = (place.as_object_mut(), more) {
            place.extend(more);
        }
        place
    };
    let mut events = vec![
        next("response.created", response("in_progress", Value::Null)),
        next("response.in_progress", response("in_progress", Value::Null)),
        next(
            "response.output_item.added",
            json!({ "output_index": 0, "item": { "id": "msg_01", "type": "message" } }),
        ),
    ];
    let word = if answer.kind == Kind::Decline { "refusal" } else { "output_text" };
    for piece in answer.pieces() {
        events.push(next(&format!("response.{word}.delta"), at(json!({ "delta": piece }))));
    }
    let done = if answer.kind == Kind::Decline { "refusal" } else { "text" };
    events.push(next(&format!("response.{word}.done"), at(json!({ done: answer.text }))));
    events.push(next("response.output_item.done", json!({ "output_index": 0, "item": { "id": "msg_01" } })));
    let usage = json!({
        "input_tokens": answer.input, "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": answer.output, "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": answer.input + answer.output,
    });
    let usage = if is_counted { usage } else { Value::Null };
    events.push(next(&format!("response.{status}"), response(status, usage)));
    events
}

fn completions(asked: &Asked, answer: &Answer, is_counted: bool) -> Events {
    let chunk = |choices: Value, usage: Value| {
        let data = json!({
            "id": "chatcmpl-01", "object": "chat.completion.chunk", "created": 1, "model": asked.body["model"],
            "choices": choices, "usage": usage,
        });
        (String::new(), data.to_string())
    };
    let choice =
        |delta: Value, finish: Value| json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    let word = if answer.kind == Kind::Decline { "refusal" } else { "content" };
    let mut events =
        vec![chunk(choice(json!({ "role": "assistant", "content": "" }), Value::Null), Value::Null)];
    for piece in answer.pieces() {
        events.push(chunk(choice(json!({ word: piece }), Value::Null), Value::Null));
    }
    let finish = if answer.is_cut { "length" } else { "stop" };
    events.push(chunk(choice(json!({}), finish.into()), Value::Null));
    if is_counted {
        let usage = json!({
            "prompt_tokens": answer.input, "completion_tokens": answer.output,
            "total_tokens": answer.input + answer.output,
        });
        events.push(chunk(json!([]), usage));
    }
    events.push((String::new(), "[DONE]".into()));
    events
}
