//! The operation that carries a departure out, step by step, and the one that takes it back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use safeguards::identity::EmailAddress;
use safeguards::{Transaction, sql};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::certificate::{Certificate, Head, Item, Signed, Taken};
use super::departure::{Departure, DepartureState, Lifecycle};
use super::error::DepartureError;
use super::{key as signing, reminders};
use crate::ids::{DepartureId, EnvironmentId};
use crate::operations::{Ended, Next, Patience, Pending, Step, StepError, Work};
use crate::seams::{EnvironmentKind, Gate, HostError, Notice, NoticeError};

/// The kind of operation that carries a departure out.
pub(super) const DEPARTURE: &str = "departure";
/// The kind of operation that takes it back.
pub(super) const RETURN: &str = "return";
/// How long a hold is waited for before it is looked at again; lifting it wakes the operation at once.
const HELD: time::Duration = time::Duration::days(1);

/// The key of a departure's operation.
pub(super) fn key(departure: DepartureId) -> String {
    format!("{DEPARTURE}:{departure}")
}

/// Carries departures out.
#[derive(Clone, Debug)]
pub struct DepartureWork(pub Lifecycle);

/// Takes departures back.
#[derive(Clone, Debug)]
pub struct ReturnWork(pub Lifecycle);

/// What the tenant's binary says of an archive that it made.
#[derive(Deserialize)]
struct Summary {
    signed_by: String,
    head: Option<String>,
}

/// An environment that departs.
struct Leaving {
    id: EnvironmentId,
    kind: EnvironmentKind,
}

/// What is done is never given up: somebody has asked for an end, and it comes.
const PATIENCE: Patience =
    Patience { attempts: None, first: time::Duration::seconds(2), longest: time::Duration::minutes(30) };

impl Work for DepartureWork {
    fn kind(&self) -> &'static str {
        DEPARTURE
    }

    fn patience(&self) -> Patience {
        PATIENCE
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            let departure = self.0.departure(step).await?;
            match step.name() {
                "close" => self.close(step, &departure).await,
                "archive" => self.archive(step, &departure).await,
                "remind" => self.remind(step, &departure).await,
                "decide" => self.decide(step, &departure).await,
                "keys" => self.keys(step, &departure).await,
                "archives" => self.archives(step, &departure).await,
                "data" => self.data(step, &departure).await,
                "source" => self.source(step, &departure).await,
                "certify" => self.certify(step, &departure).await,
                "tell" => self.tell(step, &departure).await,
                other => Err(StepError::Refused(format!("a departure has no step `{other}`"))),
            }
        })
    }
}

impl DepartureWork {
    /// Shows records and lets nothing be changed.
    async fn close(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        if departure.organisation.is_none() {
            for environment in self.0.leaving(departure).await? {
                self.0.host.gate(environment.id, Gate::ExportWindow).await.map_err(later)?;
            }
        }
        step.go_on(Next::Step("archive")).await
    }

    /// Has the tenant's own binary write the archive, and keeps it sealed. What opens it goes into the folder of keys.
    async fn archive(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let mut made = Vec::new();
        for environment in self.0.to_archive(departure).await.map_err(failed)? {
            made.push(self.archive_of(departure, environment).await?);
        }
        let now = self.0.platform.clock.now();
        let mut transaction = step.begin().await?;
        for archive in made {
            sql("INSERT INTO departure_archives (departure_id, environment_id, name, bytes, sha256, signed_by, head,
                     made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING")
            .bind(departure.id)
            .bind(archive.environment)
            .bind(archive.name)
            .bind(archive.bytes)
            .bind(archive.sha256)
            .bind(archive.summary.signed_by)
            .bind(archive.summary.head)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        }
        step.end(transaction, Next::Step("remind")).await
    }

    async fn archive_of(&self, departure: &Departure, environment: EnvironmentId) -> Result<Made, StepError> {
        let name = format!("{}-{environment}.zip", departure.id);
        let folder = Shared::make(&self.0.platform.configuration.data, &name).map_err(io_later)?;
        let mut arguments: Vec<String> = [
            "export",
            "--to",
            "{folder}/archive.zip",
            "--new-passphrase-file",
            "{folder}/passphrase",
            "--summary",
            "{folder}/summary.json",
        ]
        .map(str::to_owned)
        .into();
        match self.0.source_of(departure).await? {
            Some(source) if departure.organisation.is_none() => {
                copy_folder(&source, &folder.0.join("project")).map_err(io_later)?;
                arguments.extend(["--project".into(), "{folder}/project".into()]);
            }
            _ => arguments.push("--without-project".into()),
        }
        if let Some((_, organisation)) = departure.organisation {
            arguments.extend(["--organisation".into(), organisation.to_string()]);
        }
        self.0.host.run(environment, &arguments, &folder.0).await.map_err(later)?;
        let file = folder.0.join("archive.zip");
        let (sha256, bytes) = digest_of(&file).map_err(io_later)?;
        let summary = fs::read(folder.0.join("summary.json")).map_err(io_later)?;
        let summary = serde_json::from_slice(&summary)
            .map_err(|_| StepError::Later("the app told nothing of its archive".into()))?;
        // The key first: an archive without its key is nothing, a key without its archive opens nothing.
        let secret = self.0.passphrase_file(&name);
        keep_secret(&folder.0.join("passphrase"), &secret).map_err(io_later)?;
        let kept = self.0.archives.keep(&name, &file).await;
        kept.map_err(|error| StepError::Later(error.to_string()))?;
        Ok(Made { environment, name, bytes, sha256, summary })
    }

    /// Tells how many days are left, each of its times once.
    async fn remind(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let rows = sql("SELECT days FROM departure_reminders WHERE departure_id = $1")
            .bind(departure.id)
            .fetch_all(&self.0.platform.store)
            .await?;
        let told = rows.iter().map(|row| row.integer("days")).collect::<Result<Vec<_>, _>>()?;
        let now = self.0.platform.clock.now();
        let plan = reminders::plan(now, departure.window_ends_at, &told);
        if let Some(days) = plan.tell {
            self.0
                .notify(
                    departure,
                    &format!("departure-{}-{days}", departure.id),
                    &self.words(departure, days).await?,
                )
                .await?;
        }
        let mut transaction = step.begin().await?;
        let told = plan.tell.map(|days| (days, Some(now)));
        for (days, at) in told.into_iter().chain(plan.skip.into_iter().map(|days| (days, None))) {
            sql("INSERT INTO departure_reminders (departure_id, days, told_at) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING")
            .bind(departure.id)
            .bind(days)
            .bind(at)
            .execute(&mut transaction)
            .await?;
        }
        let next = match now < departure.window_ends_at {
            true => Next::StepAt("remind", plan.next),
            false => Next::Step("decide"),
        };
        step.end(transaction, next).await
    }

    async fn words(&self, departure: &Departure, days: i64) -> Result<Words, StepError> {
        let app = self.0.name_of(departure).await?;
        let ends = moment(departure.window_ends_at);
        let left = if days == 1 { "1 day is".to_owned() } else { format!("{days} days are") };
        Ok(Words {
            subject: format!("{app}: {left} left to take everything home"),
            paragraphs: vec![
                format!("{app} was cancelled. Until {ends} (UTC) its records can be read, and nothing can be changed."),
                "Download the archive and confirm it on this page. It holds the records as JSON and SQL, the audit \
                 log and the source."
                    .into(),
                "After that day everything is destroyed for good, keys first. If you change your mind, call it off on \
                 the same page before then."
                    .into(),
            ],
        })
    }

    /// The point of no return: the window is over, and no hold stands.
    async fn decide(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let now = self.0.platform.clock.now();
        let mut transaction = step.begin().await?;
        // The row is locked first, so that whoever places a hold or comes back at this moment has done so or waits.
        sql("UPDATE departures SET state = state WHERE id = $1")
            .bind(departure.id)
            .execute(&mut transaction)
            .await?;
        let begun = sql("UPDATE departures SET state = 'destroying' WHERE id = $1 AND state = 'window'
             AND window_ends_at <= $2 AND NOT EXISTS (SELECT 1 FROM legal_holds h
                 WHERE h.project_id = departures.project_id AND h.lifted_at IS NULL)")
        .bind(departure.id)
        .bind(now)
        .execute(&mut transaction)
        .await?;
        let next = match (begun, departure.state) {
            (1, _) => Next::Step("keys"),
            (_, DepartureState::Window) if now < departure.window_ends_at => {
                Next::StepAt("remind", departure.window_ends_at)
            }
            (_, DepartureState::Window) => Next::StepAt("decide", now + HELD),
            _ => Next::Done,
        };
        step.end(transaction, next).await
    }

    /// Keys first: from now on nothing opens, wherever a copy of it lies.
    async fn keys(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let mut deeds = Vec::new();
        if let Some((environment, organisation)) = departure.organisation {
            let arguments =
                ["destroy-organisation".to_owned(), "--organisation".into(), organisation.to_string()];
            let name = format!("{}-end", departure.id);
            let folder = Shared::make(&self.0.platform.configuration.data, &name).map_err(io_later)?;
            self.0.host.run(environment, &arguments, &folder.0).await.map_err(later)?;
            deeds.push(Deed::disabled(
                format!("the keys of organisation {organisation} in environment {environment}"),
                "erased by the app's own program: nothing that they sealed opens any more",
            ));
            deeds.push(Deed::deleted(
                format!("the records of organisation {organisation}"),
                "removed from the database by the app's own program",
            ));
            deeds.push(Deed::remains(
                format!("the events of organisation {organisation} in the environment's audit log"),
                "links of a chain that others stand on; what identified anybody in their payloads opens no more",
            ));
        } else {
            for Leaving { id, kind } in self.0.leaving(departure).await? {
                self.0.host.destroy_keys(id).await.map_err(later)?;
                deeds.push(Deed::disabled(
                    format!("the root key of {} {id}", kind.as_str()),
                    "destroyed in the key service: the database, its backups and every copy of them open no more",
                ));
            }
        }
        for archive in self.0.archives_of(departure.account, departure.id).await.map_err(failed)? {
            remove_file(&self.0.passphrase_file(&archive.name)).map_err(io_later)?;
            deeds.push(Deed::disabled(
                format!("the key of the archive of {}", archive.environment),
                "erased: the copy that waited here opens no more (the owner's opens with the passphrase they were given)",
            ));
        }
        self.end(step, departure, deeds, "archives").await
    }

    async fn archives(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let names = self.0.archives.names(&departure.id.to_string()).await;
        let names = names.map_err(|error| StepError::Later(error.to_string()))?;
        for name in &names {
            self.0.archives.remove(name).await.map_err(|error| StepError::Later(error.to_string()))?;
        }
        Shared::sweep(&self.0.platform.configuration.data, &departure.id.to_string()).map_err(io_later)?;
        let deeds = vec![Deed::deleted(
            "archives that waited to be fetched".into(),
            "removed from where they were kept",
        )];
        let next = if departure.organisation.is_some() { "certify" } else { "data" };
        self.end(step, departure, deeds, next).await
    }

    async fn data(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let mut deeds = Vec::new();
        let leaving = self.0.leaving(departure).await?;
        for Leaving { id, kind } in &leaving {
            self.0.host.destroy_data(*id).await.map_err(later)?;
            deeds.push(Deed::deleted(
                format!("the database, backups, files and program of {} {id}", kind.as_str()),
                "removed from the host",
            ));
        }
        let now = self.0.platform.clock.now();
        let mut transaction = step.begin().await?;
        for Leaving { id, .. } in leaving {
            sql("UPDATE environments SET destroyed_at = $2 WHERE id = $1 AND destroyed_at IS NULL")
                .bind(id)
                .bind(now)
                .execute(&mut transaction)
                .await?;
        }
        self.write(&mut transaction, departure, deeds).await?;
        step.end(transaction, Next::Step("source")).await
    }

    /// The source, and what it was made from: prompts and specs, which a founder may have written patients into.
    async fn source(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let folder = self.0.platform.configuration.projects_folder().join(departure.project.to_string());
        remove_folder(&folder).map_err(io_later)?;
        let now = self.0.platform.clock.now();
        let mut transaction = step.begin().await?;
        for statement in [
            "UPDATE prompts SET body = NULL, deleted_at = COALESCE(deleted_at, $2) WHERE project_id = $1",
            "UPDATE projects SET closed_at = COALESCE(closed_at, $2) WHERE id = $1",
        ] {
            sql(statement).bind(departure.project).bind(now).execute(&mut transaction).await?;
        }
        for statement in [
            "DELETE FROM build_events WHERE build_id IN (SELECT b.id FROM builds b JOIN versions v
                 ON v.id = b.version_id WHERE v.project_id = $1)",
            "UPDATE versions SET state = 'withdrawn', lock = NULL, failure = NULL WHERE project_id = $1",
        ] {
            sql(statement).bind(departure.project).execute(&mut transaction).await?;
        }
        sql("UPDATE versions SET spec = $2 WHERE project_id = $1")
            .bind(departure.project)
            .bind(Vec::<u8>::new())
            .execute(&mut transaction)
            .await?;
        let deeds = vec![
            Deed::deleted("the source of every version".into(), "removed"),
            Deed::deleted("prompts, specs and build reports".into(), "erased from the platform's database"),
        ];
        self.write(&mut transaction, departure, deeds).await?;
        step.end(transaction, Next::Step("certify")).await
    }

    async fn certify(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let certificate = self.0.certificate_of(departure).await?;
        let pair = signing::open(&self.0.platform.configuration.keys_folder()).map_err(io_later)?;
        let signed = Signed::sign(&pair, &certificate);
        let mut transaction = step.begin().await?;
        sql("UPDATE departures SET state = 'destroyed', destroyed_at = $2, certificate = $3
             WHERE id = $1 AND state = 'destroying'")
        .bind(departure.id)
        .bind(self.0.platform.clock.now())
        .bind(signed.json())
        .execute(&mut transaction)
        .await?;
        step.end(transaction, Next::Step("tell")).await
    }

    async fn tell(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let app = self.0.name_of(departure).await?;
        let words = Words {
            subject: format!("{app} is destroyed: your certificate"),
            paragraphs: vec![
                format!("Everything of {app} on our side is destroyed, keys first."),
                "The certificate says what was disabled, what was deleted, what remains and when. It is signed, and you \
                 can verify it without us. Keep it with your archive."
                    .into(),
            ],
        };
        self.0.notify(departure, &format!("departure-{}-destroyed", departure.id), &words).await?;
        step.go_on(Next::Done).await
    }

    async fn end(
        &self,
        step: &Step,
        departure: &Departure,
        deeds: Vec<Deed>,
        next: &'static str,
    ) -> Result<Ended, StepError> {
        let mut transaction = step.begin().await?;
        self.write(&mut transaction, departure, deeds).await?;
        step.end(transaction, Next::Step(next)).await
    }

    async fn write(
        &self,
        transaction: &mut Transaction,
        departure: &Departure,
        deeds: Vec<Deed>,
    ) -> Result<(), StepError> {
        let now = self.0.platform.clock.now();
        for deed in deeds {
            sql("INSERT INTO departure_deeds (departure_id, number, kind, what, how, at)
                 SELECT $1, COALESCE(max(number), 0) + 1, $2, $3, $4, $5 FROM departure_deeds WHERE departure_id = $1")
            .bind(departure.id)
            .bind(deed.kind)
            .bind(deed.what)
            .bind(deed.how)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        }
        Ok(())
    }
}

impl Work for ReturnWork {
    fn kind(&self) -> &'static str {
        RETURN
    }

    fn patience(&self) -> Patience {
        PATIENCE
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            let departure = self.0.departure(step).await?;
            match step.name() {
                "open" => self.open(step, &departure).await,
                "forget" => self.forget(step, &departure).await,
                other => Err(StepError::Refused(format!("a return has no step `{other}`"))),
            }
        })
    }
}

impl ReturnWork {
    /// Every gate stands again as subscription and agreement say.
    async fn open(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let standing = self.0.billing.standing(departure.account).await;
        let standing = standing.map_err(|error| StepError::Later(error.to_string()))?;
        if departure.organisation.is_none() {
            for Leaving { id, kind } in self.0.leaving(departure).await? {
                let gate = match kind {
                    EnvironmentKind::Preview => Gate::ReadAndWrite,
                    EnvironmentKind::Production => standing.production,
                };
                self.0.host.gate(id, gate).await.map_err(later)?;
            }
        }
        step.go_on(Next::Step("forget")).await
    }

    /// Archives that nobody needs any more are copies of records: they go, keys first.
    async fn forget(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        for archive in self.0.archives_of(departure.account, departure.id).await.map_err(failed)? {
            remove_file(&self.0.passphrase_file(&archive.name)).map_err(io_later)?;
        }
        let names = self.0.archives.names(&departure.id.to_string()).await;
        for name in names.map_err(|error| StepError::Later(error.to_string()))? {
            remove_file(&self.0.passphrase_file(&name)).map_err(io_later)?;
            self.0.archives.remove(&name).await.map_err(|error| StepError::Later(error.to_string()))?;
        }
        Shared::sweep(&self.0.platform.configuration.data, &departure.id.to_string()).map_err(io_later)?;
        let app = self.0.name_of(departure).await?;
        let words = Words {
            subject: format!("{app} stays"),
            paragraphs: vec!["The cancellation is called off, and everything is as it was.".into()],
        };
        self.0.notify(departure, &format!("departure-{}-returned", departure.id), &words).await?;
        step.go_on(Next::Done).await
    }
}

/// A notice, before it has an id and an address.
struct Words {
    subject: String,
    paragraphs: Vec<String>,
}

/// An archive that was made and kept.
struct Made {
    environment: EnvironmentId,
    name: String,
    bytes: i64,
    sha256: String,
    summary: Summary,
}

/// Something that the certificate will say.
struct Deed {
    kind: &'static str,
    what: String,
    how: &'static str,
}

impl Deed {
    fn disabled(what: String, how: &'static str) -> Self {
        Self { kind: "disabled", what, how }
    }

    fn deleted(what: String, how: &'static str) -> Self {
        Self { kind: "deleted", what, how }
    }

    fn remains(what: String, how: &'static str) -> Self {
        Self { kind: "remains", what, how }
    }
}

impl Lifecycle {
    async fn departure(&self, step: &Step) -> Result<Departure, StepError> {
        let id: DepartureId = step.request("departure")?;
        let account = step.operation().account;
        let account = account.ok_or_else(|| StepError::Refused("the operation names no account".into()))?;
        self.find(account, id).await.map_err(failed)
    }

    /// The environments that depart: all that the project has.
    async fn leaving(&self, departure: &Departure) -> Result<Vec<Leaving>, StepError> {
        let rows = sql(
            "SELECT id, kind FROM environments WHERE project_id = $1 AND destroyed_at IS NULL ORDER BY id",
        )
        .bind(departure.project)
        .fetch_all(&self.platform.store)
        .await?;
        let leaving = |row: &safeguards::store::Row| -> Result<Leaving, StepError> {
            let kind = EnvironmentKind::parse(&row.text("kind")?).unwrap_or(EnvironmentKind::Production);
            Ok(Leaving { id: EnvironmentId::new(row.uuid("id")?), kind })
        };
        rows.iter().map(leaving).collect()
    }

    async fn name_of(&self, departure: &Departure) -> Result<String, StepError> {
        let row = sql("SELECT name FROM projects WHERE id = $1")
            .bind(departure.project)
            .fetch_one(&self.platform.store)
            .await?;
        Ok(row.text("name")?)
    }

    /// The folder of the source that serves.
    async fn source_of(&self, departure: &Departure) -> Result<Option<PathBuf>, StepError> {
        let row = sql("SELECT version_id FROM environments WHERE project_id = $1 AND version_id IS NOT NULL
             AND destroyed_at IS NULL ORDER BY kind DESC, id LIMIT 1")
        .bind(departure.project)
        .fetch_optional(&self.platform.store)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let version = row.uuid("version_id")?.to_string();
        let projects = self.platform.configuration.projects_folder();
        let folder = projects.join(departure.project.to_string()).join(version);
        Ok(Some(folder).filter(|folder| folder.is_dir()))
    }

    /// Tells every owner of the account, once each.
    async fn notify(&self, departure: &Departure, id: &str, words: &Words) -> Result<(), StepError> {
        let owners = self.platform.identity.addresses_in(departure.account.into(), "owner").await;
        let owners = owners.map_err(|error| StepError::Later(error.to_string()))?;
        let page = format!(
            "{}/projects/{}/departure",
            self.platform.configuration.dashboard_origin(),
            departure.project
        );
        for (number, to) in owners.into_iter().enumerate() {
            let notice = self.notice(format!("{id}-{number}"), to, words, &page);
            match self.notices.send(&notice).await {
                // An address that takes no mail must not keep records alive for ever.
                Ok(()) | Err(NoticeError::Refused(_)) => {}
                Err(NoticeError::Later(words)) => return Err(StepError::Later(words)),
            }
        }
        Ok(())
    }

    fn notice(&self, id: String, to: EmailAddress, words: &Words, page: &str) -> Notice {
        let mut paragraphs = words.paragraphs.clone();
        paragraphs.push(page.to_owned());
        Notice { id, to, subject: words.subject.clone(), paragraphs }
    }

    async fn certificate_of(&self, departure: &Departure) -> Result<Certificate, StepError> {
        let archives = self.archives_of(departure.account, departure.id).await.map_err(failed)?;
        let rows =
            sql("SELECT kind, what, how, at FROM departure_deeds WHERE departure_id = $1 ORDER BY number")
                .bind(departure.id)
                .fetch_all(&self.platform.store)
                .await?;
        let mut certificate = Certificate {
            format: 1,
            id: departure.id.uuid(),
            issued_at: moment(self.platform.clock.now()),
            issued_by: self.platform.configuration.dashboard_origin(),
            account: departure.account.uuid(),
            project: departure.project.uuid(),
            name: self.name_of(departure).await?,
            organisation: departure.organisation.map(|(_, organisation)| organisation),
            cancelled_at: moment(departure.cancelled_at),
            window_ended_at: moment(departure.window_ends_at),
            archives: Vec::new(),
            disabled: Vec::new(),
            deleted: Vec::new(),
            remains: Vec::new(),
            heads: Vec::new(),
        };
        for row in rows {
            let item =
                Item { what: row.text("what")?, at: moment(row.timestamp("at")?), how: row.text("how")? };
            match row.text("kind")?.as_str() {
                "disabled" => certificate.disabled.push(item),
                "deleted" => certificate.deleted.push(item),
                _ => certificate.remains.push(item),
            }
        }
        let now = certificate.issued_at.clone();
        for archive in archives {
            certificate.archives.push(Taken {
                environment: archive.environment.uuid(),
                sha256: archive.sha256,
                signed_by: archive.signed_by.clone(),
                made_at: moment(archive.made_at),
                fetched_at: archive.fetched_at.map(moment),
                confirmed_at: archive.confirmed_at.map(moment),
            });
            if let Some(line) = archive.head {
                let environment = archive.environment.uuid();
                certificate.heads.push(Head { environment, public_key: archive.signed_by, line });
            }
        }
        let kept = [
            (
                "the signed ends of the audit logs",
                "so that an archived log can be held against them for ever",
            ),
            (
                "this certificate, and what the account was billed",
                "so that it can be shown; neither holds health records",
            ),
        ];
        certificate.remains.extend(kept.map(|(what, how)| Item {
            what: what.into(),
            at: now.clone(),
            how: how.into(),
        }));
        Ok(certificate)
    }
}

/// A folder that is shared with a tenant's sandbox for one errand. What is in it goes with it.
struct Shared(PathBuf);

impl Shared {
    fn make(data: &Path, name: &str) -> io::Result<Self> {
        let folder = data.join("errands").join(name);
        remove_folder(&folder)?;
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// What errands of this name left behind when they were cut off.
    fn sweep(data: &Path, prefix: &str) -> io::Result<()> {
        let entries = match fs::read_dir(data.join("errands")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                remove_folder(&entry.path())?;
            }
        }
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // What stays is swept when the departure ends.
        let _ = remove_folder(&self.0);
    }
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Moves a secret to its place, private from its first byte on.
fn keep_secret(from: &Path, to: &Path) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let secret = zeroize::Zeroizing::new(fs::read(from)?);
    if let Some(folder) = to.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = to.with_extension("draft");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&draft, to)
}

/// Copies plain files and folders; links are left out.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            if entry.file_name() != "target" {
                copy_folder(&entry.path(), &target)?;
            }
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn digest_of(path: &Path) -> io::Result<(String, i64)> {
    use std::io::Read;
    let mut file = fs::File::open(path)?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        bytes += i64::try_from(read).unwrap_or(i64::MAX);
    }
    let sha256 = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((sha256, bytes))
}

fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

fn later(error: HostError) -> StepError {
    StepError::Later(error.to_string())
}

fn io_later(error: io::Error) -> StepError {
    StepError::Later(format!("a file of the platform failed: {error}"))
}

fn failed(error: DepartureError) -> StepError {
    match error {
        DepartureError::Store(error) => StepError::Store(error),
        other => StepError::Later(other.to_string()),
    }
}
