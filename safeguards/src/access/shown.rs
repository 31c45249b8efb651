use serde::{Serialize, Serializer, ser::Error as _};
use std::fmt;

/// A field that a mask may hide. Hidden is not the same as empty, and never becomes `null`.
///
/// In JSON it is left out: `#[serde(skip_serializing_if = "Shown::is_hidden")]`. Without that attribute a hidden
/// field fails to serialise, rather than to lie. Pages show it as `—`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown<T> {
    /// The principal may see it.
    Value(T),
    /// The principal may not.
    Hidden,
}

impl<T> Shown<T> {
    /// Whether a mask hides it.
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }

    /// The value, if it is shown.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Hidden => None,
        }
    }

    /// The value by itself, if it is shown.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Hidden => None,
        }
    }

    /// Changes what is shown; what is hidden stays hidden.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Shown<U> {
        match self {
            Self::Value(value) => Shown::Value(change(value)),
            Self::Hidden => Shown::Hidden,
        }
    }
}

/// The value for a page; `—` when it is hidden.
impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Hidden => f.write_str("—"),
        }
    }
}

/// Never the value: it may be PHI.
impl<T> fmt::Debug for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_hidden() { "Hidden" } else { "Value([sealed])" })
    }
}

impl<T: Serialize> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Hidden => Err(S::Error::custom("a hidden field is left out of JSON, and this one is not")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Patient {
        #[serde(skip_serializing_if = "Shown::is_hidden")]
        name: Shown<&'static str>,
        #[serde(skip_serializing_if = "Shown::is_hidden")]
        weight: Shown<Option<i64>>,
    }

    /// CL-2: what is hidden is left out of JSON; what is empty is null.
    #[test]
    fn hidden_is_left_out_and_empty_is_null() {
        let patient = Patient { name: Shown::Hidden, weight: Shown::Value(None) };
        assert_eq!(serde_json::to_string(&patient).unwrap(), r#"{"weight":null}"#);
        assert!(serde_json::to_string(&Shown::<i64>::Hidden).is_err());
        let shown = Patient { name: Shown::Value("Ana"), weight: Shown::Hidden };
        assert_eq!((shown.name.to_string(), shown.weight.map(|_| 1).to_string()), ("Ana".into(), "—".into()));
        assert_eq!(format!("{:?} {:?}", shown.name, shown.weight), "Value([sealed]) Hidden");
    }
}
