//! Destruction, keys first, and the certificate of it.

use safeguards::{Transaction, sql};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::certificate::{Certificate, Head, Item, Signed, Taken};
use super::departure::{Cause, Departure, Lifecycle};
use super::errand::{Errand, remove_file, remove_folder};
use super::key as signing;
use super::work::{DepartureWork, Leaving, Told, failed, io_later, later};
use crate::operations::{Ended, Next, Step, StepError};
use crate::providers;
use crate::seams::{KeyDestruction, Wording, Words};

impl DepartureWork {
    /// Keys first: from now on nothing opens, wherever a copy of it lies.
    pub(super) async fn keys(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let mut deeds = Vec::new();
        if let Some((environment, organisation)) = departure.organisation {
            let arguments =
                ["destroy-organisation".to_owned(), "--organisation".into(), organisation.to_string()];
            let name = format!("{}-end", departure.id);
            let folder = Errand::make(&self.0.platform.configuration.data, &name).map_err(io_later)?;
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
                let destruction = self.0.host.destroy_keys(id).await.map_err(later)?;
                let providers = providers::erase(&self.0.platform, id).await?;
                if providers > 0 {
                    deeds.push(Deed::disabled(
                        format!("the keys by which {} {id} called its providers", kind.as_str()),
                        "erased here and on the host; whoever gave them out takes them back there",
                    ));
                }
                deeds.extend(deeds_of_key(format!("the root key of {} {id}", kind.as_str()), destruction));
            }
        }
        for archive in self.0.archives_of(departure.account, departure.id).await.map_err(failed)? {
            remove_file(&self.0.passphrase_file(&archive.name)).map_err(io_later)?;
            deeds.push(Deed::disabled(
                format!("the key of the archive of {}", archive.environment),
                "erased: the copy that waited here opens no more (the owner's opens with the passphrase they were given)",
            ));
        }
        for copy in self.0.copies_to_destroy(&self.0.platform.store, departure).await? {
            remove_file(&self.0.passphrase_file(&copy.name())).map_err(io_later)?;
            deeds.push(Deed::disabled(
                format!("the key of the copy of {} that was asked for", copy.environment),
                "erased: the copy that waited here opens no more",
            ));
        }
        self.end(step, departure, deeds, "archives").await
    }

    pub(super) async fn archives(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let names = self.0.archives.names(&departure.id.to_string()).await;
        let names = names.map_err(|error| StepError::Later(error.to_string()))?;
        for name in &names {
            self.0.archives.remove(name).await.map_err(|error| StepError::Later(error.to_string()))?;
        }
        Errand::sweep(&self.0.platform.configuration.data, &departure.id.to_string()).map_err(io_later)?;
        let copies = self.0.copies_to_destroy(&self.0.platform.store, departure).await?;
        for copy in &copies {
            self.0.remove_copy(&copy.name()).await?;
            Errand::sweep(&self.0.platform.configuration.data, &copy.name()).map_err(io_later)?;
        }
        let deeds = vec![Deed::deleted(
            "archives that waited to be fetched".into(),
            format!("every version removed from {}", self.0.archives.place()),
        )];
        let next = if departure.organisation.is_some() { "certify" } else { "data" };
        let mut transaction = step.begin().await?;
        Lifecycle::copies_are_gone(&mut transaction, &copies).await?;
        self.write(&mut transaction, departure, deeds).await?;
        step.end(transaction, Next::Step(next)).await
    }

    pub(super) async fn data(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
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
        let next = match departure.cause {
            Cause::Owner => "source",
            Cause::Account => {
                deeds.push(Deed::remains(
                    "the app's source, plans and preview".into(),
                    "they are the founder's, and hold made-up records only",
                ));
                "certify"
            }
        };
        self.write(&mut transaction, departure, deeds).await?;
        step.end(transaction, Next::Step(next)).await
    }

    /// The source, and what it was made from: prompts, specs and custom code, which a founder may have written patients into.
    pub(super) async fn source(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let folder = self.0.platform.configuration.projects_folder().join(departure.project.to_string());
        remove_folder(&folder).map_err(io_later)?;
        self.0.host.forget(departure.project).await.map_err(later)?;
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
            "UPDATE versions SET state = 'withdrawn', lock = NULL, custom = NULL, failure = NULL WHERE project_id = $1",
            "UPDATE support_grants SET reason = NULL WHERE project_id = $1",
        ] {
            sql(statement).bind(departure.project).execute(&mut transaction).await?;
        }
        sql("UPDATE versions SET spec = $2 WHERE project_id = $1")
            .bind(departure.project)
            .bind(Vec::<u8>::new())
            .execute(&mut transaction)
            .await?;
        let deeds = vec![
            Deed::deleted("the source of every version, and what builds left of it".into(), "removed"),
            Deed::deleted(
                "prompts, specs, custom code, build reports and reasons of support grants".into(),
                "erased from the platform's database",
            ),
        ];
        self.write(&mut transaction, departure, deeds).await?;
        step.end(transaction, Next::Step("certify")).await
    }

    pub(super) async fn certify(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
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

    pub(super) async fn tell(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let app = self.0.name_of(departure).await?;
        let name = Words::App(&app);
        let words = Told {
            subject: Wording::of(&[name, Words::Ours(" is destroyed: your certificate")]),
            paragraphs: vec![
                Wording::of(&[
                    Words::Ours("Everything of "),
                    name,
                    Words::Ours(" on our side is destroyed, keys first."),
                ]),
                Wording::of(&[Words::Ours(
                    "The certificate says what was disabled, what was deleted, what remains and when. It is signed, \
                     and you can verify it without us. Keep it with your archive.",
                )]),
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

/// What the certificate says of a root key. Disabled is not erased: where its service lets it wait, it says until when.
fn deeds_of_key(key: String, destruction: KeyDestruction) -> Vec<Deed> {
    let nothing_opens = "the database, its backups and every copy of them open no more";
    match destruction {
        KeyDestruction::Erased => {
            vec![Deed::disabled(key, format!("destroyed in the key service: {nothing_opens}"))]
        }
        KeyDestruction::Scheduled { service, region, key: name, until } => {
            let until = moment(until);
            let disabled = format!(
                "disabled in {service} ({region}, {name}) and scheduled to be deleted there on {until}: {nothing_opens}"
            );
            let waits = format!(
                "in {service}, disabled, for the waiting period that {service} demands; gone for good on {until}. Until \
                 then whoever administers that service could call its deletion off"
            );
            vec![Deed::disabled(key.clone(), disabled), Deed::remains(key, waits)]
        }
    }
}

/// Something that the certificate will say.
struct Deed {
    kind: &'static str,
    what: String,
    how: String,
}

impl Deed {
    fn disabled(what: String, how: impl Into<String>) -> Self {
        Self { kind: "disabled", what, how: how.into() }
    }

    fn deleted(what: String, how: impl Into<String>) -> Self {
        Self { kind: "deleted", what, how: how.into() }
    }

    fn remains(what: String, how: impl Into<String>) -> Self {
        Self { kind: "remains", what, how: how.into() }
    }
}

impl Lifecycle {
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
            name: self.name_of(departure).await?.as_str().to_owned(),
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

/// A moment as a certificate and a notice tell it: in UTC, to the second.
pub(crate) fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}
