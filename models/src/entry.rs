//! A provider as an operator writes it down.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use hyper::http::Uri;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::answer::Usage;
use crate::attestation::Attestation;
use crate::money::{Money, Price};

/// One provider with one model: an entry of the file of providers. Nothing is sent to it before it is attested.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name in reports and in the register.
    pub name: String,
    /// What it speaks.
    pub wire: WireKind,
    /// The model, by the provider's name for it.
    pub model: String,
    /// Where it is; by default where the provider serves everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Where its key is; a server of one's own may want none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeySource>,
    /// A PEM file with the authority of its certificate, where browsers do not know it. Where one is named, no other is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<PathBuf>,
    /// What it costs.
    pub price: Prices,
    /// The longest answer to ask for, in tokens.
    #[serde(default = "usual_output", rename = "most output", deserialize_with = "whole")]
    pub most_output: u32,
    /// Who says that it may be called, and by which agreement. Without one, it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Attestation>,
}

const fn usual_output() -> u32 {
    Entry::USUAL_OUTPUT
}

impl Entry {
    /// The longest answer, where nothing is said: room for the largest spec of the shared examples, twice.
    pub const USUAL_OUTPUT: u32 = 16_000;

    /// Where it is.
    pub fn address(&self) -> Address {
        self.address.clone().unwrap_or_else(|| self.wire.usual_address())
    }
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WireKind {
    /// Anthropic's Messages, of 2023-06-01: streamed, the form as a tool that must be used.
    Anthropic,
    /// OpenAI's Responses: streamed, `store: false`, the form as a strict schema.
    Openai,
    /// Chat completions as OpenAI defined them and many servers speak them.
    Compatible,
}

impl WireKind {
    /// The word in files and in the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Compatible => "compatible",
        }
    }

    fn usual_address(self) -> Address {
        let text = match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::Openai => "https://api.openai.com",
            Self::Compatible => "http://127.0.0.1:8080",
        };
        text.parse().expect("a literal of the address grammar")
    }
}

/// Where a key is. The key itself stands in no file of providers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeySource {
    /// In an environment variable of this name.
    Environment(String),
    /// In a file that its owner alone can read (mode 0600).
    File(PathBuf),
}

/// What a million tokens cost, in dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Of what is read.
    pub input: Price,
    /// Of what is written.
    pub output: Price,
}

impl Prices {
    /// What a call cost.
    pub fn cost(self, usage: Usage) -> Money {
        self.input.of(usage.input) + self.output.of(usage.output)
    }
}

/// The address of a provider: by TLS, or on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    path: String,
    is_plain: bool,
}

impl Address {
    /// The name or number of the host, as a connection takes it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What stands before each path, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is spoken to without TLS, which is so on this machine only (HC-9).
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Whether it is this machine, so that what is sent does not leave it.
    pub fn is_own_machine(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The value of the `Host` header.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_plain { 80 } else { 443 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_plain { "http" } else { "https" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A name and a password before the host are not repeated.
        let shown = crate::clean::shown(text.rsplit('@').next().unwrap_or(text), 80);
        let wrong = |why: &str| format!("`{shown}` cannot be a provider's address: {why}");
        let uri: Uri = text.trim().parse().map_err(|_| wrong("write one such as https://api.example.com"))?;
        let is_plain = match uri.scheme_str() {
            Some("https") => false,
            Some("http") => true,
            _ => return Err(wrong("it begins with https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong(
                "a name or a password does not belong into it; say where the key is under `key`",
            ));
        }
        if uri.query().is_some() {
            return Err(wrong("it has no `?`"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        if is_plain && !is_loopback(&host) {
            return Err(wrong("anything but this machine is spoken to by https:// only"));
        }
        let port = authority.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        Ok(Self { host, port, path: uri.path().trim_end_matches('/').to_owned(), is_plain })
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A whole number, as JSON writes it or as text: a YAML file's scalars are text here.
pub(crate) fn whole<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: FromStr,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(u64),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Number(number) => number.to_string(),
    };
    let plain = text.replace('_', "");
    plain.trim().parse().map_err(|_| {
        serde::de::Error::custom(format!("`{}` is no whole number here", crate::clean::shown(&text, 40)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HC-9: nothing is sent to another machine without TLS.
    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for plain in ["http://127.0.0.1:11434", "http://localhost:8080/v1", "http://[::1]:9000"] {
            let address: Address = plain.parse().unwrap();
            assert!(address.is_plain() && address.is_own_machine(), "{plain}");
        }
        for wrong in [
            "http://192.168.1.4:8080",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://user:secret@api.example.com",
            "https://api.example.com/?key=1",
            "api.example.com",
            "https://",
            "",
        ] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_shown_as_it_is_reached() {
        for text in ["https://api.example.com", "https://api.example.com:8443/models", "http://[::1]:9000"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("https://API.example.com/v1/".parse::<Address>().unwrap().path(), "/v1");
    }
}
