//! A KMS key for each environment, and the record of which it is.

use std::path::PathBuf;
use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::types::{KeyMetadata, KeyUsageType, Tag};
use control_plane::host::Folders;
use control_plane::host::folders::{private_folder, write_private};
use control_plane::host::key_agent::{FileRootKeys, KEPT_ELSEWHERE, Pending, RootKeys};
use control_plane::processors::{Data, Permit};
use control_plane::seams::KeyDestruction;
use safeguards::clock::Clock;
use safeguards::crypto::{KeyError, KeyService};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::failure::{KmsError, judged, scheduled};
use crate::key::{KmsKey, metadata, usable};
use crate::settings::{Settings, SettingsError, Waiting};

/// The tag by which a key is found that was made and not yet written down.
const TAG: &str = "healthcoder-environment";
/// There while a key is being made: KMS does not know a call that it has answered before.
const MAKING: &str = "key-service.making";

/// Which key an environment began with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    service: String,
    region: String,
    key: String,
}

/// The root keys of all environments in KMS. One that began with a file keeps it.
#[derive(Clone)]
pub struct KmsRootKeys {
    client: Client,
    region: String,
    waiting: Waiting,
    folders: Folders,
    files: FileRootKeys,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for KmsRootKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KmsRootKeys").field("region", &self.region).finish_non_exhaustive()
    }
}

impl KmsRootKeys {
    /// Root keys by these settings, on the register's permit (HC-13). Nothing is asked of KMS yet.
    ///
    /// # Errors
    /// [`SettingsError::Permit`].
    pub async fn open(
        settings: &Settings,
        waiting: Waiting,
        folders: Folders,
        clock: Arc<dyn Clock>,
        permit: &Permit,
    ) -> Result<Self, SettingsError> {
        if permit.key() != "aws" || permit.data() != Data::Health {
            return Err(SettingsError::Permit);
        }
        Ok(Self {
            client: Client::new(&settings.load(settings.patience).await),
            region: settings.region.to_string(),
            waiting,
            files: FileRootKeys(folders.clone()),
            folders,
            clock,
        })
    }

    fn record_file(&self, environment: Uuid) -> PathBuf {
        self.folders.keys(environment).join(KEPT_ELSEWHERE)
    }

    fn alias(environment: Uuid) -> String {
        format!("alias/healthcoder-{}", environment.simple())
    }

    /// The ARN of the key that the environment began with, if it began with one here.
    fn recorded(&self, environment: Uuid) -> Result<Option<String>, KeyError> {
        let path = self.record_file(environment);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|source| KeyError::File { path: path.clone(), source })?,
        };
        let record: Record = serde_json::from_slice(&text).map_err(|_| KeyError::Format(path))?;
        if record.region != self.region {
            return Err(KmsError::Elsewhere(record.region, self.region.clone()).into());
        }
        Ok(Some(record.key))
    }

    fn key(&self, arn: String) -> KmsKey {
        KmsKey::new(self.client.clone(), arn, Arc::clone(&self.clock))
    }

    /// Makes the key and writes it down; may be killed anywhere and repeated.
    async fn make(&self, environment: Uuid) -> Result<(), KeyError> {
        let folder = self.folders.keys(environment);
        let file = |path: PathBuf| move |source| KeyError::File { path, source };
        private_folder(&folder).map_err(file(folder.clone()))?;
        let alias = Self::alias(environment);
        let aliased = metadata(&self.client, &alias).await?;
        let found = match aliased.as_ref().map(|metadata| (usable(metadata), metadata)) {
            Some((Ok(()), metadata)) => metadata.arn.clone(),
            // One that waits for its deletion was the key of a preview that begins anew.
            Some((Err(KmsError::Destroying(_)), _)) | None => None,
            Some((Err(error), _)) => return Err(error.into()),
        };
        let arn = match found {
            Some(arn) => arn,
            None => {
                let making = folder.join(MAKING);
                let left = if making.exists() { self.tagged(environment).await? } else { None };
                write_private(&making, b"").map_err(file(making.clone()))?;
                let arn = match left {
                    Some(arn) => arn,
                    None => self.make_key(environment).await?,
                };
                self.name(&alias, &arn, aliased.is_some()).await?;
                arn
            }
        };
        // KMS rotates the material yearly; what was wrapped before opens as before.
        let rotating = self.client.enable_key_rotation().key_id(&arn).send().await;
        rotating.map_err(|error| judged(&error, &arn))?;
        let record = Record { service: "aws-kms".to_owned(), region: self.region.clone(), key: arn };
        let text = serde_json::to_vec_pretty(&record).map_err(|_| KeyError::Kind)?;
        let path = self.record_file(environment);
        write_private(&path, &text).map_err(file(path.clone()))?;
        match std::fs::remove_file(folder.join(MAKING)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file(folder)(error)),
            _ => Ok(()),
        }
    }

    async fn make_key(&self, environment: Uuid) -> Result<String, KmsError> {
        let tag = Tag::builder().tag_key(TAG).tag_value(environment.to_string()).build();
        let tag = tag.map_err(|_| KmsError::Refused("a tag without a name".to_owned()))?;
        let asked = self
            .client
            .create_key()
            .key_usage(KeyUsageType::EncryptDecrypt)
            .description(format!("Health Coder: root key of environment {environment}"))
            .tags(tag);
        // Once: where its answer is lost, the next start of the work finds the key by its tag.
        let once = aws_sdk_kms::config::Config::builder().retry_config(RetryConfig::disabled());
        let asked = asked.customize().config_override(once);
        let answer = asked.send().await.map_err(|error| judged(&error, "a new key"))?;
        let made: Option<KeyMetadata> = answer.key_metadata;
        made.and_then(|made| made.arn).ok_or_else(|| KmsError::Refused("a key without a name".to_owned()))
    }

    /// Has the alias name this key.
    async fn name(&self, alias: &str, arn: &str, named: bool) -> Result<(), KmsError> {
        if !named {
            match self.client.create_alias().alias_name(alias).target_key_id(arn).send().await {
                Ok(_) => return Ok(()),
                Err(error) if error.code() == Some("AlreadyExistsException") => {}
                Err(error) => return Err(judged(&error, arn)),
            }
        }
        let moved = self.client.update_alias().alias_name(alias).target_key_id(arn).send().await;
        moved.map(drop).map_err(|error| judged(&error, arn))
    }

    /// A usable key that was made for this environment, and that nothing names yet.
    async fn tagged(&self, environment: Uuid) -> Result<Option<String>, KmsError> {
        let mut pages = self.client.list_keys().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| judged(&error, "the list of keys"))?;
            for entry in page.keys() {
                let Some(arn) = entry.key_arn() else { continue };
                if self.is_of(arn, environment).await? {
                    return Ok(Some(arn.to_owned()));
                }
            }
        }
        Ok(None)
    }

    async fn is_of(&self, arn: &str, environment: Uuid) -> Result<bool, KmsError> {
        let tags = match self.client.list_resource_tags().key_id(arn).send().await {
            Ok(tags) => tags,
            Err(error) => match judged(&error, arn) {
                // Another's key in the same account: its policy lets us not look.
                KmsError::Denied(_) | KmsError::Missing => return Ok(false),
                other => return Err(other),
            },
        };
        let ours = |tag: &Tag| tag.tag_key() == TAG && tag.tag_value() == environment.to_string();
        if !tags.tags().iter().any(ours) {
            return Ok(false);
        }
        Ok(metadata(&self.client, arn).await?.is_some_and(|metadata| usable(&metadata).is_ok()))
    }

    async fn end(&self, arn: String) -> Result<KeyDestruction, KmsError> {
        let key = self.key(arn.clone());
        let Some(metadata) = metadata(&self.client, &arn).await? else { return Ok(KeyDestruction::Erased) };
        let until = match usable(&metadata) {
            Err(KmsError::Destroying(until)) => until,
            // Disabled or enabled, or a deletion that somebody called off: it is scheduled.
            _ => key.schedule(self.waiting).await?,
        };
        Ok(scheduled(&self.region, &arn, until))
    }
}

impl RootKeys for KmsRootKeys {
    fn create(&self, environment: Uuid) -> Pending<'_, ()> {
        Box::pin(async move {
            if self.files.holds(environment) || self.recorded(environment)?.is_some() {
                return Ok(());
            }
            self.make(environment).await
        })
    }

    fn open(&self, environment: Uuid) -> Pending<'_, Arc<dyn KeyService>> {
        Box::pin(async move {
            let Some(arn) = self.recorded(environment)? else { return self.files.open(environment).await };
            let key = self.key(arn);
            key.usable().await?;
            Ok(Arc::new(key) as Arc<dyn KeyService>)
        })
    }

    fn destroy(&self, environment: Uuid) -> Pending<'_, KeyDestruction> {
        Box::pin(async move {
            if let Some(arn) = self.recorded(environment)? {
                return Ok(self.end(arn).await?);
            }
            let erased = self.files.destroy(environment).await?;
            // Its record goes with its folder; the alias still says which key it was.
            match metadata(&self.client, &Self::alias(environment)).await?.and_then(|metadata| metadata.arn) {
                Some(arn) => Ok(self.end(arn).await?),
                None => Ok(erased),
            }
        })
    }
}
