//! Whom an action may ask: the app's own engine, or one of the providers that whoever runs the app has set up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::FromRef;
use models::{ApiKey, Attested, Ceiling, Entry, Money, Providers};
use time::OffsetDateTime;

use super::attestation::Attestation;
use super::{AiAction, SubProcessor, attestation};
use crate::Services;
use crate::access::Context;
use crate::slice::Result;
use crate::web::Problem;

/// The providers that an app could ask, as the file of `AI_PROVIDERS_FILE` lists them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Assistance {
    providers: Option<Arc<Providers>>,
    /// The socket through which they are reached, where the app has no network.
    door: Option<PathBuf>,
}

/// Why a file of providers is not believed. It holds no value of the file.
#[derive(Debug, thiserror::Error)]
pub enum NotConfigured {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    File(std::io::Error),
    /// It says what it cannot say.
    #[error(transparent)]
    Providers(#[from] models::NotRead),
}

/// Whom a run asks.
pub(super) enum Engine {
    /// The app's own.
    Embedded,
    /// A provider that this organisation attested.
    Provider { attested: Box<Attested>, ceiling: Ceiling, agreement: String, door: Option<PathBuf> },
}

/// What a page says before anybody is asked.
pub(super) enum Asked {
    /// Nobody outside.
    Nobody,
    /// This company's model, for so much at most.
    Provider { company: &'static str, model: String, most: Money },
}

impl FromRef<Services> for Assistance {
    fn from_ref(services: &Services) -> Self {
        services.assistance.clone()
    }
}

impl Assistance {
    /// Reads the file of providers, the same that `healthcoder plan --models` takes; keys are read when somebody is asked.
    ///
    /// # Errors
    /// [`NotConfigured`] says why it is not believed.
    pub fn read(path: &Path, door: Option<PathBuf>) -> Result<Self, NotConfigured> {
        let text = std::fs::read_to_string(path).map_err(NotConfigured::File)?;
        Ok(Self { providers: Some(Arc::new(Providers::read(&text)?)), door })
    }

    /// Whether the app is set up to call this company.
    pub(super) fn knows(&self, company: &SubProcessor) -> bool {
        self.entry(company).is_some()
    }

    /// Whether it is a server on the app's own machine, with which there is no agreement to have.
    pub(super) fn is_own_machine(&self, company: &SubProcessor) -> bool {
        self.entry(company).is_some_and(|entry| entry.address().is_own_machine())
    }

    fn entry(&self, company: &SubProcessor) -> Option<&Entry> {
        self.providers.as_ref()?.providers.iter().find(|entry| entry.name == company.path)
    }

    /// What to say of whom a run would ask.
    pub(super) async fn told(&self, context: &Context, action: &AiAction) -> Result<Asked> {
        Ok(match self.engine(context, action).await? {
            Engine::Embedded => Asked::Nobody,
            Engine::Provider { attested, ceiling, .. } => Asked::Provider {
                company: action.provider.map_or("", |company| company.name),
                model: attested.entry().model.clone(),
                most: ceiling.money,
            },
        })
    }

    /// Whom a run of this action asks, for this organisation, at this moment. A provider that was never attested is not
    /// asked, and the app's own engine answers; one whose attestation lapsed stops the run, since somebody relies on it.
    ///
    /// # Errors
    /// 409 says what stands in the way and who can mend it.
    pub(super) async fn engine(&self, context: &Context, action: &AiAction) -> Result<Engine> {
        let Some(company) = action.provider else { return Ok(Engine::Embedded) };
        let Some(standing) = attestation::standing(context, company).await? else {
            return Ok(Engine::Embedded);
        };
        let (Some(entry), Some(providers)) = (self.entry(company), self.providers.as_ref()) else {
            return Err(Problem::conflict().rule(format!(
                "{} is attested, and this app is not set up to call it: whoever runs it adds it to AI_PROVIDERS_FILE, or \
                 the attestation is withdrawn.",
                company.name
            )));
        };
        let key = entry
            .key
            .as_ref()
            .map(|source| ApiKey::find(&entry.name, source, |name| std::env::var(name).ok()))
            .transpose()
            .map_err(|_| Problem::unavailable("key of a provider"))?;
        let agreement = standing.agreement.clone().unwrap_or_else(|| "own machine".to_owned());
        let entry = Entry { attestation: Some(as_models_have_it(&standing)), ..entry.clone() };
        let attested = entry.attest(key, context.clock.now());
        // What an attestation says is the organisation's own; that it lapsed, or was not said in full, is a rule.
        let attested = attested.map_err(|why| Problem::conflict().rule(sentence(&why.to_string())))?;
        let (ceiling, door) = (providers.ceiling.into(), self.door.clone());
        Ok(Engine::Provider { attested: Box::new(attested), ceiling, agreement, door })
    }
}

fn as_models_have_it(standing: &Attestation) -> models::Attestation {
    let last = |moment: OffsetDateTime| moment.date();
    models::Attestation {
        agreement: standing.agreement.clone(),
        zero_retention: standing.zero_retention.clone(),
        attested_by: standing.attested_by.to_string(),
        on: last(standing.attested_at),
        until: Some(last(standing.ends_at)),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
