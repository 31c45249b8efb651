//! Invariant 8: a notice is told once, whatever is killed, slow, cut off or gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use control_plane::notices::{NoticeWork, Outbox};
use control_plane::operations::{Engine, NoFaults, OperationState, StopAt};
use control_plane::processors::{self, Data};
use control_plane::seams::{Notice, Notices, Wording, Words};
use control_plane::testing::{BEGINNING, TestPlatform, platforms};
use control_plane_mail::Smtp;
use safeguards::identity::EmailAddress;
use safeguards::sql;
use time::Duration;

use crate::sink::Sink;

const ADDRESS: &str = "olga@founder.example";

pub(crate) fn notice(id: &str) -> Notice {
    Notice {
        id: id.to_owned(),
        to: EmailAddress::parse(ADDRESS).unwrap(),
        written_at: BEGINNING,
        subject: Wording::of(&[Words::Number(30), Words::Ours(" days are left – take everything home")]),
        paragraphs: vec![
            Wording::of(&[Words::Ours("It was cancelled.")]),
            Wording::of(&[Words::Ours(".")]),
            Wording::of(&[Words::Ours("https://healthcoder.example/departures/1")]),
        ],
    }
}

struct Scene {
    platform: TestPlatform,
    sink: Sink,
}

impl Scene {
    async fn both() -> Vec<Self> {
        let mut scenes = Vec::new();
        for platform in platforms().await {
            scenes.push(Self { platform, sink: Sink::secure().await });
        }
        scenes
    }

    async fn send(&self, id: &str) {
        Outbox(self.platform.platform.clone()).send(&notice(id)).await.unwrap();
    }

    async fn engine(&self, faults: Option<Arc<StopAt>>) -> Engine {
        let permit = processors::permit(&self.platform, "mail", Data::Account).await.unwrap();
        let smtp = Smtp::new(&self.sink.settings(), &permit).unwrap();
        let work = NoticeWork::new(self.platform.platform.clone(), Arc::new(smtp));
        let engine =
            Engine::new(self.platform.operations.clone(), self.platform.log.clone()).work(Arc::new(work));
        match faults {
            Some(faults) => engine.faults(faults),
            None => engine.faults(Arc::new(NoFaults)),
        }
    }

    async fn drain(&self) {
        assert!(self.engine(None).await.drain().await.unwrap());
    }

    async fn state(&self, id: &str) -> OperationState {
        self.platform.operations.find(&format!("notice:{id}")).await.unwrap().unwrap().state
    }

    /// Whether its words are still kept, and why it was given up.
    async fn row(&self, id: &str) -> (bool, Option<String>) {
        let row = sql("SELECT body, failure FROM notices WHERE message_id = $1")
            .bind(id)
            .fetch_one(&self.platform.store)
            .await
            .unwrap();
        (row.optional_bytes("body").unwrap().is_some(), row.optional_text("failure").unwrap())
    }
}

/// Sent twice it is one message, as people and programs expect one; while it waits it lies sealed, then it is erased.
#[tokio::test]
async fn a_notice_is_told_once_and_forgotten() {
    for scene in Scene::both().await {
        scene.send("departure-1-30-0").await;
        scene.send("departure-1-30-0").await;
        let row =
            sql("SELECT body FROM notices").fetch_one(&scene.platform.store).await.unwrap().bytes("body");
        let kept = String::from_utf8_lossy(&row.unwrap()).into_owned();
        assert!(!kept.contains("olga") && !kept.contains("cancelled"), "{kept:?}");
        scene.drain().await;
        scene.send("departure-1-30-0").await;
        scene.drain().await;
        let messages = scene.sink.messages();
        let [message] = messages.as_slice() else { panic!("{}: {messages:?}", scene.platform.database) };
        for line in [
            "Message-ID: <departure-1-30-0@healthcoder.example>",
            "Date: Thu, 26 Nov 2026 09:00:00 +0000",
            "To: olga@founder.example",
            "Auto-Submitted: auto-generated",
            "It was cancelled.",
            "https://healthcoder.example/departures/1",
        ] {
            assert!(message.lines().any(|found| found.trim_end() == line), "{line}: {message}");
        }
        assert_eq!(scene.row("departure-1-30-0").await, (false, None));
        assert_eq!(scene.state("departure-1-30-0").await, OperationState::Done);
    }
}

/// What passes is waited for, longer each time, on the platform's clock; nothing is lost, and nothing is told early.
#[tokio::test]
async fn what_passes_is_waited_for() {
    for scene in Scene::both().await {
        for fault in ["later", "unheard", "silent"] {
            scene.sink.fault(Some(fault));
            scene.send(fault).await;
            scene.drain().await;
            assert_eq!(scene.state(fault).await, OperationState::Open, "{fault}");
            scene.drain().await;
            let attempts = scene.platform.operations.find(&format!("notice:{fault}")).await.unwrap().unwrap();
            assert_eq!(attempts.attempts, 1, "{fault}: not before its time");
            let words = attempts.failure.unwrap();
            assert!(!words.contains("olga") && words.starts_with("the mail server"), "{words}");
            scene.sink.fault(None);
            scene.platform.clock.advance(Duration::seconds(31));
            scene.drain().await;
            assert_eq!(scene.state(fault).await, OperationState::Done, "{fault}");
        }
        assert_eq!(scene.sink.messages().len(), 3);
    }
}

/// A person who is not there is given up at once, and a server that never comes back after about five days.
#[tokio::test]
async fn what_cannot_be_told_is_given_up_and_forgotten() {
    for scene in Scene::both().await {
        scene.sink.fault(Some("refused"));
        scene.send("nobody").await;
        scene.drain().await;
        assert_eq!(scene.state("nobody").await, OperationState::Failed);
        let (kept, failure) = scene.row("nobody").await;
        assert!(!kept);
        assert_eq!(failure.as_deref(), Some("the mail server answered 550"));

        scene.sink.fault(Some("later"));
        scene.send("gone").await;
        let began = BEGINNING;
        while scene.state("gone").await == OperationState::Open {
            scene.drain().await;
            scene.platform.clock.advance(Duration::hours(1));
        }
        let days = (safeguards::Clock::now(&scene.platform.clock) - began).whole_days();
        assert!((4..=6).contains(&days), "{days}");
        assert!(!scene.row("gone").await.0);
        assert_eq!(scene.sink.messages(), Vec::<String>::new());
    }
}

/// Killed at any boundary, and with an answer that got lost, the same message ends up there: once, or twice byte by byte
/// under one `Message-ID`, which is one to whoever reads it.
#[tokio::test]
async fn killed_anywhere_it_is_one_message() {
    for scene in Scene::both().await {
        for boundary in 0..4 {
            let id = format!("killed-{boundary}");
            scene.send(&id).await;
            let faults = Arc::new(StopAt::boundary(boundary));
            assert!(!scene.engine(Some(faults)).await.drain().await.unwrap(), "it was stopped");
            scene.platform.operations.end_leases().await.unwrap();
            scene.drain().await;
            assert_eq!(scene.state(&id).await, OperationState::Done, "{boundary}");
            assert_eq!(scene.row(&id).await, (false, None));
        }
        scene.sink.fault(Some("cut"));
        scene.send("cut").await;
        scene.drain().await;
        scene.sink.fault(None);
        scene.platform.clock.advance(Duration::seconds(31));
        scene.drain().await;
        assert_eq!(scene.state("cut").await, OperationState::Done);

        let messages = scene.sink.messages();
        // Told again: killed after the server took it and before that was committed (two boundaries), and the lost answer.
        assert_eq!(messages.len(), 5 + 3, "{}", scene.platform.database);
        let different: BTreeSet<_> = messages.iter().collect();
        assert_eq!(different.len(), 5, "told again, it is the same message");
    }
}
