//! The provider as the operator names it.

use std::fmt;
use std::path::PathBuf;

use axum::http::Uri;
use zeroize::Zeroizing;

/// One provider, and who of its people has which role here.
#[derive(Clone)]
pub struct ProviderSettings {
    /// What people call it: the words of the button.
    pub name: String,
    /// Its issuer, as it stands in its discovery document and in each token: `https://idp.example/tenant`.
    pub issuer: String,
    /// What the app is called there.
    pub client_id: String,
    /// The app's secret there; none for a public client.
    pub client_secret: Option<Zeroizing<String>>,
    /// The claim that holds a person's groups.
    pub roles_claim: String,
    /// A value of that claim, and the role that it gives here. The first match of a role is enough.
    pub roles: Vec<(String, String)>,
    /// A PEM file with authorities that are trusted besides those that browsers trust.
    pub authority: Option<PathBuf>,
    /// The socket through which it is reached where there is no network.
    pub door: Option<PathBuf>,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Reads `value=role, value=role`; a value may hold anything but these two signs.
pub fn parse_roles(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (value, role) = pair.rsplit_once('=')?;
        let (value, role) = (value.trim(), role.trim());
        (!value.is_empty() && !role.is_empty()).then(|| (value.to_owned(), role.to_owned()))
    };
    pairs.map(pair).collect::<Option<Vec<_>>>().filter(|roles| !roles.is_empty())
}

/// Whether an address may be an issuer (OpenID Connect Discovery 1.0, section 3): https, without query or fragment. Plain HTTP
/// on loopback serves a provider that is tried out on the same machine.
pub fn is_issuer(text: &str) -> bool {
    is_safe(text) && !text.contains(['?', '#'])
}

/// Whether secrets may be sent to an address.
pub(super) fn is_safe(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_loopback(host),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_given_by_what_a_claim_says() {
        let roles = parse_roles("cn=nurses,  clinic admins = owner,").unwrap();
        assert_eq!(roles, [("cn".into(), "nurses".into()), ("clinic admins".into(), "owner".into())]);
        for nothing in ["", " , ", "nurses", "=nurse", "nurses="] {
            assert!(parse_roles(nothing).is_none(), "{nothing:?}");
        }
    }

    /// CF-14, CF-17: what holds secrets goes over TLS, or to this machine.
    #[test]
    fn secrets_are_sent_to_safe_addresses_only() {
        for good in
            ["https://idp.example", "https://idp.example/a/b", "http://127.0.0.1:9000", "http://localhost:1"]
        {
            assert!(is_issuer(good), "{good}");
        }
        for bad in [
            "http://idp.example",
            "https://idp.example/?a=b",
            "ftp://idp.example",
            "idp.example",
            "",
            "http://127.0.0.1.evil.example",
        ] {
            assert!(!is_issuer(bad), "{bad}");
        }
    }

    /// HC-6: the secret is not printed.
    #[test]
    fn debug_shows_no_secret() {
        let settings = ProviderSettings {
            name: "Example".into(),
            issuer: "https://idp.example".into(),
            client_id: "app".into(),
            client_secret: Some(Zeroizing::new("not for printing".into())),
            roles_claim: "groups".into(),
            roles: Vec::new(),
            authority: None,
            door: None,
        };
        assert!(!format!("{settings:?}").contains("printing"));
    }
}
