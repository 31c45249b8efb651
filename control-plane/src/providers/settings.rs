//! How a company is called, as an owner says it: checked before anything is kept.

use models::{Address, ApiKey, Price, WireKind};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use safeguards::axum::http::Uri;
use safeguards::identity::oidc::settings::{is_issuer, parse_roles};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spec::{Name, ValidatedSpec};

use crate::Secret;
use crate::error::{Refusal, Result};
use crate::host::HostName;
use crate::host::outward::Destination;
use crate::outward::SIGN_IN;

/// The longest line, in letters.
const LINE: usize = 300;
/// The longest certificates of an authority, in bytes.
const PEM: usize = 20_000;

/// How a company is called: everything but the key.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Settings {
    /// A provider of models, for the app's AI actions.
    Model(Model),
    /// The identity provider, for signing in.
    SignIn(SignIn),
}

/// A provider of models.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The company, as the spec names it under `sub-processors`.
    pub processor: String,
    /// What it speaks: `anthropic` (Messages), `openai` (Responses), or `compatible` (chat completions).
    #[schemars(with = "String", extend("enum" = ["anthropic", "openai", "compatible"]))]
    pub wire: WireKind,
    /// Where it is, by `https://`; its host is one that was attested for the company.
    #[schemars(with = "String")]
    pub address: Address,
    /// The model, by the provider's name for it.
    pub model: String,
    /// Dollars for a million tokens that are read.
    #[schemars(with = "String")]
    pub input_price: Price,
    /// Dollars for a million tokens that are written.
    #[schemars(with = "String")]
    pub output_price: Price,
    /// The authority of its certificate (PEM), where browsers do not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

/// The identity provider (OpenID Connect).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Its issuer, as its discovery document says; its host is one that was attested for signing in.
    pub issuer: String,
    /// What the app is called there.
    pub client_id: String,
    /// Which group has which role in the app: `GROUP=ROLE, GROUP=ROLE`. Who is in none is not let in.
    pub roles: String,
    /// The claim that holds a person's groups; `groups`, unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles_claim: Option<String>,
    /// The words of its button; its host, unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The authority of its certificate (PEM), where browsers do not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

/// Whom the version that serves could be told how to call.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The companies that its AI actions name as their provider.
    pub models: Vec<Name>,
    /// Whether its people may sign in by an identity provider.
    pub sign_in: bool,
    /// Roles that one has in the whole organisation, which groups may give.
    pub roles: Vec<String>,
}

impl Wanted {
    pub(super) fn of(spec: &ValidatedSpec) -> Self {
        let (document, model) = (spec.document(), spec.model());
        let mut models: Vec<Name> =
            document.ai_actions.values().filter_map(|action| action.provider.clone()).collect();
        models.sort();
        models.dedup();
        let whole = model.roles.iter().filter(|role| model.place_of(role).is_none());
        let roles = whole.map(|role| role.name.to_string()).collect();
        Self { models, sign_in: document.security.sso.is_some(), roles }
    }
}

impl Settings {
    /// The company, as it is attested.
    #[must_use]
    pub fn processor(&self) -> &str {
        match self {
            Self::Model(model) => &model.processor,
            Self::SignIn(_) => SIGN_IN,
        }
    }

    /// Where it is called; nowhere, where its address is none of the internet by TLS.
    pub(super) fn destination(&self) -> Option<Destination> {
        let (host, port) = match self {
            Self::Model(Model { address, .. }) if address.is_plain() => return None,
            Self::Model(Model { address, .. }) => (address.host().to_owned(), address.port()),
            Self::SignIn(SignIn { issuer, .. }) => {
                let uri: Uri = issuer.parse().ok()?;
                let tls = uri.scheme_str() == Some("https") && is_issuer(issuer);
                (uri.host().filter(|_| tls)?.to_owned(), uri.port_u16().unwrap_or(443))
            }
        };
        Some(Destination { host: HostName::parse(&host)?, port })
    }

    /// The field in which its address is.
    pub(super) fn place(&self) -> &'static str {
        match self {
            Self::Model(_) => "address",
            Self::SignIn(_) => "issuer",
        }
    }

    /// That an app can work with them: one that cannot does not start.
    pub(super) fn check(&self, wanted: &Wanted, key: Option<&Secret>) -> Result<()> {
        match self {
            Self::Model(model) => model.check(wanted, key),
            Self::SignIn(sign_in) => sign_in.check(wanted, key),
        }
    }
}

impl Model {
    fn check(&self, wanted: &Wanted, key: Option<&Secret>) -> Result<()> {
        if self.processor == SIGN_IN || !wanted.models.iter().any(|name| name.as_str() == self.processor) {
            let known: Vec<&str> = wanted.models.iter().map(Name::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let reason = format!(
                "No AI action of the version that serves here names it as its provider; they name: {known}"
            );
            return Err(Refusal::invalid("processor", reason));
        }
        let plain = |text: &str| {
            !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !plain(&self.model) {
            return Err(Refusal::invalid(
                "model",
                "Give the model's name: letters, digits and signs, without spaces",
            ));
        }
        match key {
            Some(key) => {
                let key = ApiKey::new(&self.processor, key.expose().to_owned());
                key.map(drop).map_err(|why| Refusal::invalid("key", capital(&why.to_string())))?;
            }
            None if self.wire == WireKind::Compatible => {}
            None => {
                return Err(Refusal::invalid(
                    "key",
                    "Give the key: this provider answers nobody without one",
                ));
            }
        }
        authority(self.authority.as_deref())
    }
}

impl SignIn {
    fn check(&self, wanted: &Wanted, key: Option<&Secret>) -> Result<()> {
        if !wanted.sign_in {
            let reason = "The version that serves here does not say that people sign in by an identity provider: `security: { sso: … }`";
            return Err(Refusal::invalid("issuer", reason));
        }
        for (field, text) in [
            ("issuer", Some(&self.issuer)),
            ("client_id", Some(&self.client_id)),
            ("roles", Some(&self.roles)),
            ("roles_claim", self.roles_claim.as_ref()),
            ("name", self.name.as_ref()),
        ] {
            if text.is_some_and(|text| !is_line(text)) {
                return Err(Refusal::invalid(field, format!("Write one line of at most {LINE} letters")));
            }
        }
        let Some(roles) = parse_roles(&self.roles) else {
            return Err(Refusal::invalid("roles", "Write GROUP=ROLE, with commas between several"));
        };
        if let Some((_, role)) = roles.iter().find(|(_, role)| !wanted.roles.contains(role)) {
            let known = wanted.roles.join(", ");
            let reason = format!("The app has no role “{role}” in the whole organisation; it has: {known}");
            return Err(Refusal::invalid("roles", reason));
        }
        if key.is_some_and(|key| !is_line(key.expose()) || !key.expose().is_ascii()) {
            return Err(Refusal::invalid("key", "Give the secret as one line of letters, digits and signs"));
        }
        authority(self.authority.as_deref())
    }
}

/// One line that is not empty: it becomes a variable of the app's.
fn is_line(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().count() <= LINE && !text.chars().any(char::is_control)
}

fn authority(pem: Option<&str>) -> Result<()> {
    let Some(pem) = pem else { return Ok(()) };
    let certificates =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<std::result::Result<Vec<_>, _>>();
    let mut roots = RootCertStore::empty();
    let taken = certificates.map(|found| roots.add_parsable_certificates(found).0).unwrap_or_default();
    if pem.len() > PEM || taken == 0 {
        let reason = "Give the authority's certificate as PEM: it begins with -----BEGIN CERTIFICATE-----";
        return Err(Refusal::invalid("authority", reason));
    }
    // A file of certificates with a key in it would be kept, and shown, as certificates are.
    if pem.contains("PRIVATE KEY") {
        return Err(Refusal::invalid("authority", "Leave the private key out: a certificate is enough"));
    }
    Ok(())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
}
