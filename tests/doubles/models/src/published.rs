//! Request bodies, held against the shapes that the providers publish: which keys there are, and what each takes.
//!
//! Keys that the real ones know and a zero-retention client must not send (conversations, files, cache control, users'
//! identifiers, storage) are unknown here, so that one that is sent is a complaint.

use serde_json::Value;

use crate::server::Wire;
use crate::strict;

/// What is wrong with a body, if anything.
pub(crate) fn check(wire: Wire, body: &Value) -> Result<(), String> {
    match wire {
        Wire::Messages => messages(body),
        Wire::Responses => responses(body),
        Wire::Completions => completions(body),
    }
}

type Check<'a> = &'a dyn Fn(&Value) -> Result<(), String>;

/// An object of these keys: whether each must be there, and what it takes.
fn object(at: &str, value: &Value, keys: &[(&str, bool, Check<'_>)]) -> Result<(), String> {
    let entries = value.as_object().ok_or_else(|| format!("{at}: an object is expected"))?;
    for key in entries.keys() {
        if !keys.iter().any(|(known, ..)| known == key) {
            return Err(format!("{at}.{key}: no such parameter, or one that a client of ours must not send"));
        }
    }
    for (key, is_required, check) in keys {
        match entries.get(*key) {
            Some(value) => check(value).map_err(|complaint| format!("{at}.{key}: {complaint}"))?,
            None if *is_required => return Err(format!("{at}.{key}: field required")),
            None => {}
        }
    }
    Ok(())
}

fn list(value: &Value, each: Check<'_>) -> Result<(), String> {
    let items = value.as_array().ok_or("a list is expected")?;
    if items.is_empty() {
        return Err("at least one is expected".into());
    }
    items
        .iter()
        .enumerate()
        .try_for_each(|(at, item)| each(item).map_err(|complaint| format!("[{at}] {complaint}")))
}

fn text(value: &Value) -> Result<(), String> {
    value.as_str().filter(|text| !text.is_empty()).map(drop).ok_or_else(|| "a text is expected".into())
}

fn is(expected: Value) -> impl Fn(&Value) -> Result<(), String> {
    move |value| if *value == expected { Ok(()) } else { Err(format!("{expected} is expected, not {value}")) }
}

fn positive(value: &Value) -> Result<(), String> {
    value
        .as_u64()
        .filter(|number| *number > 0)
        .map(drop)
        .ok_or_else(|| "a whole number over 0 is expected".into())
}

fn word(value: &Value) -> Result<(), String> {
    let plain = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    value
        .as_str()
        .filter(plain)
        .map(drop)
        .ok_or_else(|| "1 to 64 letters, digits, `_` and `-` are expected".into())
}

fn any_object(value: &Value) -> Result<(), String> {
    value.as_object().map(drop).ok_or_else(|| "an object is expected".into())
}

/// Turns alternate: a person's, a model's, a person's.
fn alternating(value: &Value, is_said: impl Fn(&Value) -> bool) -> Result<(), String> {
    let roles: Vec<&str> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter(|turn| is_said(turn))
        .filter_map(|turn| turn["role"].as_str())
        .collect();
    let alternate = roles.iter().enumerate().all(|(at, role)| *role == ["user", "assistant"][at % 2]);
    if alternate && roles.len() % 2 == 1 { Ok(()) } else { Err(format!("the turns are {roles:?}")) }
}

fn messages(body: &Value) -> Result<(), String> {
    let tool = |value: &Value| {
        object(
            "tool",
            value,
            &[
                ("name", true, &word),
                ("description", false, &text),
                ("input_schema", true, &|schema| {
                    is("object".into())(&schema["type"])?;
                    strict::check(schema)
                }),
            ],
        )
    };
    let choice = |value: &Value| {
        object(
            "tool_choice",
            value,
            &[
                ("type", true, &is("tool".into())),
                ("name", true, &is(body["tools"][0]["name"].clone())),
                ("disable_parallel_tool_use", false, &is(true.into())),
            ],
        )
    };
    object(
        "body",
        body,
        &[
            ("model", true, &text),
            ("max_tokens", true, &positive),
            ("system", false, &text),
            ("messages", true, &|value| {
                list(value, &message)?;
                alternating(value, |_| true)?;
                tools_are_answered(value)
            }),
            ("tools", true, &|value| list(value, &tool)),
            ("tool_choice", true, &choice),
            ("stream", true, &is(true.into())),
        ],
    )
}

fn message(value: &Value) -> Result<(), String> {
    let block = |value: &Value| match value["type"].as_str() {
        Some("text") => object("block", value, &[("type", true, &text), ("text", true, &text)]),
        Some("tool_use") => object(
            "block",
            value,
            &[
                ("type", true, &text),
                ("id", true, &word),
                ("name", true, &word),
                ("input", true, &any_object),
            ],
        ),
        Some("tool_result") => object(
            "block",
            value,
            &[
                ("type", true, &text),
                ("tool_use_id", true, &word),
                ("is_error", false, &|value| value.as_bool().map(drop).ok_or_else(|| "true or false".into())),
                ("content", true, &text),
            ],
        ),
        other => Err(format!("no such block: {other:?}")),
    };
    let content = |value: &Value| if value.is_string() { text(value) } else { list(value, &block) };
    object(
        "message",
        value,
        &[
            ("role", true, &|role| {
                if role == "user" || role == "assistant" {
                    Ok(())
                } else {
                    Err(format!("no such role: {role}"))
                }
            }),
            ("content", true, &content),
        ],
    )
}

/// Each use of a tool has its result in the next turn, by its id.
fn tools_are_answered(value: &Value) -> Result<(), String> {
    let turns = value.as_array().ok_or("a list is expected")?;
    for (at, turn) in turns.iter().enumerate() {
        for block in
            turn["content"].as_array().into_iter().flatten().filter(|block| block["type"] == "tool_use")
        {
            let next = turns.get(at + 1).map(|next| &next["content"][0]);
            if next.is_none_or(|next| next["type"] != "tool_result" || next["tool_use_id"] != block["id"]) {
                return Err(format!("tool_use {} has no tool_result right after it", block["id"]));
            }
        }
    }
    Ok(())
}

fn responses(body: &Value) -> Result<(), String> {
    let format = |value: &Value| {
        object(
            "format",
            value,
            &[
                ("type", true, &is("json_schema".into())),
                ("name", true, &word),
                ("description", false, &text),
                ("schema", true, &strict::check),
                ("strict", true, &is(true.into())),
            ],
        )
    };
    let part = |value: &Value| {
        let kind = |kind: &Value| {
            if kind == "input_text" || kind == "output_text" {
                Ok(())
            } else {
                Err(format!("no such part: {kind}"))
            }
        };
        object("part", value, &[("type", true, &kind), ("text", true, &text)])
    };
    let item = |value: &Value| {
        let expected = if value["role"] == "assistant" { "output_text" } else { "input_text" };
        object(
            "item",
            value,
            &[
                ("type", false, &is("message".into())),
                ("role", true, &text),
                ("content", true, &|parts| {
                    list(parts, &part)?;
                    is(expected.into())(&parts[0]["type"])
                }),
            ],
        )
    };
    object(
        "body",
        body,
        &[
            ("model", true, &text),
            ("instructions", false, &text),
            ("input", true, &|value| {
                list(value, &item)?;
                alternating(value, |_| true)
            }),
            ("text", true, &|value| object("text", value, &[("format", true, &format)])),
            ("max_output_tokens", true, &positive),
            ("truncation", false, &is("disabled".into())),
            ("store", true, &is(false.into())),
            ("stream", true, &is(true.into())),
        ],
    )
}

fn completions(body: &Value) -> Result<(), String> {
    let schema = |value: &Value| {
        object(
            "json_schema",
            value,
            &[
                ("name", true, &word),
                ("description", false, &text),
                ("schema", true, &strict::check),
                ("strict", true, &is(true.into())),
            ],
        )
    };
    let format = |value: &Value| {
        object(
            "response_format",
            value,
            &[("type", true, &is("json_schema".into())), ("json_schema", true, &schema)],
        )
    };
    let message =
        |value: &Value| object("message", value, &[("role", true, &text), ("content", true, &text)]);
    object(
        "body",
        body,
        &[
            ("model", true, &text),
            ("messages", true, &|value| {
                list(value, &message)?;
                is("system".into())(&value[0]["role"])?;
                alternating(value, |turn| turn["role"] != "system")
            }),
            ("response_format", true, &format),
            ("max_tokens", true, &positive),
            ("n", false, &is(1.into())),
            ("store", true, &is(false.into())),
            ("stream", true, &is(true.into())),
            ("stream_options", true, &|value| {
                object("stream_options", value, &[("include_usage", true, &is(true.into()))])
            }),
        ],
    )
}
