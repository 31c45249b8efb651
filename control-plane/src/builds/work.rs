//! The steps of a build.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use generator::custom::{Sources, told};
use safeguards::audit::{self, Action, AuditContext, Event};
use safeguards::{StoreError, Transaction, sql};

use super::events::{self, Recorder};
use super::verification::{self, Tried};
use super::{BuildState, KIND, close};
use crate::Platform;
use crate::billing::{self, Billing, Gatekeeper};
use crate::custom;
use crate::environments::{self, Environment};
use crate::error::Refusal;
use crate::ids::{AccountId, BuildId, EnvironmentId, ProjectId, VersionId};
use crate::operations::{self, Ended, Next, Operation, Step, StepError, Work};
use crate::residency::{self, What};
use crate::seams::{
    Artifact, BuildEvent, BuildOrder, DeployOrder, EnvironmentKind, Gate, Host, HostError, Progress, Trial,
    VerifyOrder,
};
use crate::versions;

/// Does what [`approve`](super::approve) asked for.
pub struct Build {
    platform: Platform,
    host: Arc<dyn Host>,
    gatekeeper: Gatekeeper,
}

/// What the request of the operation names.
struct Asked {
    build: BuildId,
    version: VersionId,
    project: ProjectId,
    account: AccountId,
    environment: Environment,
}

impl Asked {
    /// What a report about its program is about.
    fn tried<'a>(&self, artifact: &'a Artifact, trial: &'a Trial) -> Tried<'a> {
        Tried { project: self.project, version: self.version, program: &artifact.sha256, trial }
    }
}

impl Build {
    /// The work, on a host; what is paid and signed decides about production.
    #[must_use]
    pub fn new(platform: Platform, host: Arc<dyn Host>, payments: Billing) -> Self {
        let gatekeeper = Gatekeeper::new(platform.clone(), payments, Arc::clone(&host));
        Self { platform, host, gatekeeper }
    }

    async fn asked(&self, step: &Step) -> Result<Asked, StepError> {
        let id: EnvironmentId = step.request("environment")?;
        let environment = environments::find(&self.platform, id)
            .await?
            .ok_or_else(|| StepError::Refused("The environment of this build is gone.".into()))?;
        Ok(Asked {
            build: step.request("build")?,
            version: step.request("version")?,
            project: step.request("project")?,
            account: environment.account,
            environment,
        })
    }

    fn folder(&self, asked: &Asked) -> PathBuf {
        let versions = self.platform.configuration.projects_folder().join(asked.project.to_string());
        versions.join(asked.version.to_string())
    }

    async fn source(&self, step: &Step, asked: &Asked) -> Result<Ended, StepError> {
        let (text, spec) =
            versions::open(&self.platform, asked.account, asked.version).await.map_err(refused)?;
        let code = custom::open(&self.platform, asked.account, asked.version).await.map_err(refused)?;
        let folder = self.folder(asked);
        let written = tokio::task::spawn_blocking(move || {
            safeguards::folder::make_folder(folder.parent().unwrap_or(&folder))
                .map_err(|error| StepError::Later(error.to_string()))?;
            let not_yet = spec::buildable(&spec);
            if let Some(first) = not_yet.first() {
                return Err(StepError::Refused(format!("This cannot be built yet: {}", first.problem())));
            }
            let project = generator::generate(&spec, &text)
                .map_err(|error| StepError::Refused(format!("This version cannot be generated: {error}.")))?;
            code.write(&project, &folder)
                .map(drop)
                .map_err(|error| StepError::Later(format!("The source could not be written: {error}")))
        });
        written.await.map_err(|_| StepError::Later("The generator stopped.".into()))??;
        let mut transaction = step.begin().await?;
        sql("UPDATE builds SET state = 'running' WHERE id = $1 AND finished_at IS NULL")
            .bind(asked.build)
            .execute(&mut transaction)
            .await?;
        self.end_saying(step, transaction, asked, "Source written, compiling".into(), "compile").await
    }

    /// Ends a step in words, with what its transaction wrote.
    async fn end_saying(
        &self,
        step: &Step,
        mut transaction: Transaction,
        asked: &Asked,
        words: String,
        next: &'static str,
    ) -> Result<Ended, StepError> {
        let event = BuildEvent::Phase { name: words };
        events::store(&self.platform, asked.build, &event, &mut transaction).await?;
        step.end(transaction, Next::Step(next)).await
    }

    async fn compile(&self, step: &Step, asked: &Asked) -> Result<Ended, StepError> {
        let folder = self.folder(asked);
        let read = tokio::task::spawn_blocking(move || read_custom_code(&folder));
        read.await.map_err(|_| StepError::Later("The lint stopped.".into()))??;
        let order = BuildOrder { project: asked.project, version: asked.version, source: self.folder(asked) };
        let recorder = Recorder::start(&self.platform, asked.build);
        let artifact = self.host.build(&order, &recorder).await;
        recorder.finish().await;
        let artifact = artifact.map_err(from_host)?;
        let notes = step.notes_with("artifact", serde_json::to_value(&artifact).unwrap_or_default());
        let transaction = step.begin().await?;
        step.end_noting(transaction, Next::Step("verify"), notes).await
    }

    /// CL-13: no version serves that was not tried, or did not pass. Its report is kept either way; what passed is not tried
    /// again on the same kind of database.
    async fn verify(&self, step: &Step, asked: &Asked) -> Result<Ended, StepError> {
        let artifact: Artifact = step.note("artifact")?;
        let trial = self.host.trial().await.map_err(from_host)?;
        if let Some(standing) =
            verification::standing(&self.platform, &asked.tried(&artifact, &trial)).await?
        {
            let before =
                format!("Verified before, on {}: {} checks passed", standing.at.date(), standing.kept);
            return self.end_saying(step, step.begin().await?, asked, before, "provide").await;
        }
        verification::forget(&self.platform, &asked.tried(&artifact, &trial)).await?;
        let order = VerifyOrder { project: asked.project, version: asked.version, artifact };
        let recorder = Recorder::start(&self.platform, asked.build);
        recorder.tell(BuildEvent::Phase { name: "Verifying in a throwaway instance".into() });
        let verified = self.host.verify(&order, &recorder).await;
        recorder.finish().await;
        let verified = Arc::new(verified.map_err(from_host)?);
        let (platform, kept) = (self.platform.clone(), Arc::clone(&verified));
        let (project, version) = (asked.project, asked.version);
        let keep = move || verification::keep(&platform, project, version, &kept.page);
        tokio::task::spawn_blocking(keep)
            .await
            .map_err(|_| StepError::Later("The report was not kept.".into()))?
            .map_err(|error| StepError::Later(format!("The report could not be kept: {error}")))?;
        verification::passed(&verified)?;
        let mut transaction = step.begin().await?;
        let tried = asked.tried(&order.artifact, &trial);
        verification::remember(&self.platform, &mut transaction, &tried, &verified).await?;
        let found = format!("Verified: {} checks passed", verified.kept);
        self.end_saying(step, transaction, asked, found, "provide").await
    }

    async fn provide(&self, step: &Step, asked: &Asked) -> Result<Ended, StepError> {
        self.host.provide(&asked.environment.order()).await.map_err(from_host)?;
        let mut transaction = step.begin().await?;
        if asked.environment.kind == EnvironmentKind::Production {
            // A new production begins closed; from now on its gate follows what is paid and signed.
            billing::call(&self.platform, &mut transaction, asked.account).await?;
        }
        step.end(transaction, Next::Step("deploy")).await
    }

    /// HC-4: a version is brought into production while production may be written to, and at no other time.
    async fn opened(&self, asked: &Asked) -> Result<(), StepError> {
        if asked.environment.kind == EnvironmentKind::Preview {
            return Ok(());
        }
        let gates = self.gatekeeper.apply(asked.account).await?;
        match gates.get(&asked.environment.id) {
            Some(Gate::ReadAndWrite) => Ok(()),
            gate => Err(StepError::Refused(format!(
                "Production is {} now, so no version can be brought into it. Plan and agreement say what opens it.",
                gate.map_or("being taken down", |gate| gate.words())
            ))),
        }
    }

    async fn deploy(&self, step: &Step, asked: &Asked) -> Result<Ended, StepError> {
        let artifact: Artifact = step.note("artifact")?;
        self.opened(asked).await?;
        let trial = self.host.trial().await.map_err(from_host)?;
        if verification::standing(&self.platform, &asked.tried(&artifact, &trial)).await?.is_none() {
            // Its report went meanwhile, or another verifier came: nothing is brought up without one.
            return step.go_on(Next::Step("verify")).await;
        }
        let order = DeployOrder {
            environment: asked.environment.order(),
            version: asked.version,
            artifact,
            fence: step.fence(),
            fresh: self.begins_anew(asked).await?,
        };
        let recorder = Recorder::start(&self.platform, asked.build);
        recorder.tell(BuildEvent::Phase { name: "Bringing it up".into() });
        let deployed = self.host.deploy(&order, &recorder).await;
        recorder.finish().await;
        deployed.map_err(from_host)?;
        let mut transaction = step.begin().await?;
        sql("UPDATE environments SET version_id = $2 WHERE id = $1")
            .bind(asked.environment.id)
            .bind(asked.version)
            .execute(&mut transaction)
            .await?;
        if order.fresh {
            // Begun anew, it has another root key, which lies where new ones do.
            let keys = &self.platform.configuration.residency.keys;
            residency::record(&self.platform, &mut transaction, asked.environment.id, What::Keys, keys)
                .await?;
        }
        let next = match asked.environment.kind {
            EnvironmentKind::Preview => "seed",
            EnvironmentKind::Production => "announce",
        };
        step.end(transaction, Next::Step(next)).await
    }

    /// A preview whose spec changed begins with an empty database: its records are made up, and made again.
    async fn begins_anew(&self, asked: &Asked) -> Result<bool, StepError> {
        if asked.environment.kind == EnvironmentKind::Production {
            return Ok(false);
        }
        let Some(serving) = asked.environment.version else { return Ok(true) };
        let rows = sql("SELECT DISTINCT spec_digest FROM versions WHERE id IN ($1, $2)")
            .bind(serving)
            .bind(asked.version)
            .fetch_all(&self.platform.store)
            .await?;
        Ok(rows.len() > 1)
    }

    async fn seed(&self, step: &Step, asked: &Asked) -> Result<Ended, StepError> {
        self.host.seed(asked.environment.id).await.map_err(from_host)?;
        step.go_on(Next::Step("announce")).await
    }

    async fn announce(&self, step: &Step, asked: &Asked) -> Result<Ended, StepError> {
        let address = self.platform.configuration.origin(&asked.environment.host_name);
        let mut transaction = step.begin().await?;
        close(&self.platform, &mut transaction, asked.build, BuildState::Serving, None).await?;
        sql("UPDATE versions SET state = 'built', failure = NULL WHERE id = $1")
            .bind(asked.version)
            .execute(&mut transaction)
            .await?;
        let event = BuildEvent::Serving { address };
        events::store(&self.platform, asked.build, &event, &mut transaction).await?;
        self.tell(&mut transaction, asked.account, asked.build, "deployed").await?;
        let ended = step.end(transaction, Next::Done).await?;
        self.platform.build_news.notify_waiters();
        Ok(ended)
    }

    async fn tell(
        &self,
        transaction: &mut Transaction,
        account: AccountId,
        build: BuildId,
        note: &'static str,
    ) -> Result<(), StepError> {
        let clock = Arc::clone(&self.platform.clock);
        let context = AuditContext::system(clock, account.uuid(), "build");
        let event = Event::new(Action::Configure).entity("build").record(build).note(note);
        audit::append(transaction, &context, event)
            .await
            .map_err(|_| StepError::Later("The audit log cannot be written now.".into()))
    }
}

impl Work for Build {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn steps(&self) -> &'static [&'static str] {
        &["source", "compile", "verify", "provide", "deploy", "seed", "announce"]
    }

    fn step<'a>(&'a self, step: &'a Step) -> operations::Pending<'a, Ended> {
        Box::pin(async move {
            let asked = self.asked(step).await?;
            match step.name() {
                "source" => self.source(step, &asked).await,
                "compile" => self.compile(step, &asked).await,
                "verify" => self.verify(step, &asked).await,
                "provide" => self.provide(step, &asked).await,
                "deploy" => self.deploy(step, &asked).await,
                "seed" => self.seed(step, &asked).await,
                "announce" => self.announce(step, &asked).await,
                _ => {
                    Err(StepError::Refused("This build was begun by another release. Build it again.".into()))
                }
            }
        })
    }

    fn failed<'a>(
        &'a self,
        operation: &'a Operation,
        words: &'a str,
        transaction: &'a mut Transaction,
    ) -> operations::Pending<'a, (), StoreError> {
        Box::pin(async move {
            let (Some(build), Some(version)) = (operation.names("build"), operation.names("version")) else {
                return Ok(());
            };
            let build = BuildId::new(build);
            close(&self.platform, transaction, build, BuildState::Failed, Some(words)).await?;
            // A version that was built before stays built: this attempt says nothing about it.
            sql("UPDATE versions SET state = 'failed', failure = $2 WHERE id = $1 AND state = 'approved'")
                .bind(VersionId::new(version))
                .bind(words)
                .execute(&mut *transaction)
                .await?;
            let event = BuildEvent::Failed { why: words.to_owned() };
            events::store(&self.platform, build, &event, transaction).await?;
            self.platform.build_news.notify_waiters();
            Ok(())
        })
    }
}

/// Refuses what custom code may not do, before it is built. For its author's good: what holds is the sandbox, which knows
/// nothing of this.
fn read_custom_code(folder: &Path) -> Result<(), StepError> {
    let sources = Sources::read(folder)
        .map_err(|error| StepError::Later(format!("The source cannot be read: {error}")))?;
    let found = generator::custom::check(&sources);
    if found.is_empty() {
        return Ok(());
    }
    Err(StepError::Refused(format!("Custom code does what it may not:\n{}", told(&found))))
}

fn from_host(error: HostError) -> StepError {
    match error {
        HostError::Version(words) => StepError::Refused(words),
        HostError::Unavailable(words) => StepError::Later(words),
    }
}

fn refused(refusal: Refusal) -> StepError {
    match refusal {
        Refusal::Store(error) => StepError::Store(error),
        Refusal::NotFound | Refusal::Conflict(_) | Refusal::Fault(_) => {
            StepError::Refused(refusal.to_string())
        }
        other => StepError::Later(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an author reads is the file, the line, and what to do instead.
    #[test]
    fn custom_code_that_reaches_past_the_doors_is_not_built() {
        let folder = tempfile::tempdir().unwrap();
        let custom = folder.path().join("src/custom");
        std::fs::create_dir_all(&custom).unwrap();
        std::fs::write(custom.join("mod.rs"), "pub fn fine() {}\n").unwrap();
        assert!(read_custom_code(folder.path()).is_ok());
        std::fs::write(custom.join("mod.rs"), "pub fn ends() {\n    std::process::exit(1)\n}\n").unwrap();
        let Err(StepError::Refused(words)) = read_custom_code(folder.path()) else { panic!("it is built") };
        assert!(
            words.contains("src/custom/mod.rs:2:5: `std::process::exit` starts or ends processes"),
            "{words}"
        );
    }
}
