//! The lines that an app writes while it serves: typed fields, and nothing of anybody.

use serde_json::Value;

/// The lines that are JSON, and those that are none.
pub(crate) fn lines(log: &str) -> (Vec<Value>, Vec<&str>) {
    let mut read = (Vec::new(), Vec::new());
    for line in log.lines().filter(|line| !line.trim().is_empty()) {
        match serde_json::from_str::<Value>(line) {
            Ok(value) if value.is_object() => read.0.push(value),
            _ => read.1.push(line),
        }
    }
    read
}
