//! CL-13: a program is verified once for each kind of database, and none is brought up without a report that it passed.

use control_plane::BuildId;
use control_plane::builds::{self, BuildState, events};
use control_plane::seams::{BuildEvent, EnvironmentKind, Finding, HostError, Trial, Verified};
use control_plane::testing::{ScriptedHost, TestPlatform, all_kept, platforms};

use crate::builds::{Begun, begun};

/// A version that was built into the preview.
struct Bench {
    platform: TestPlatform,
    begun: Begun,
    host: std::sync::Arc<ScriptedHost>,
}

impl Bench {
    async fn on(platform: TestPlatform) -> Self {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        begun.approve(&platform).await;
        assert!(platform.builder(&host).drain().await.unwrap());
        Self { platform, begun, host }
    }

    /// Has the version brought up once more; how that ended, and what the host was asked for.
    async fn again(&self) -> (BuildId, BuildState, Vec<String>) {
        let before = self.host.asked().len();
        let (site, _) = self.platform.site();
        let (project, version) =
            (self.begun.project(&self.platform).await, self.begun.version(&self.platform).await);
        let build =
            builds::again(&self.platform, &*site.billing, &project, &version, EnvironmentKind::Preview, None)
                .await
                .unwrap();
        assert!(self.platform.builder(&self.host).drain().await.unwrap());
        let state = self.begun.build(&self.platform, build).await.state;
        (build, state, self.host.asked().split_off(before))
    }

    fn report(&self) -> std::path::PathBuf {
        let folder = self
            .platform
            .configuration
            .projects_folder()
            .join(self.begun.project.to_string())
            .join("verified");
        let mut reports = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        reports.next().expect("a report")
    }
}

#[tokio::test]
async fn what_passed_is_not_tried_again() {
    for platform in platforms().await {
        let bench = Bench::on(platform).await;
        let (build, state, asked) = bench.again().await;
        assert_eq!(
            (state, asked),
            (BuildState::Serving, ["build", "provide", "deploy", "seed"].map(String::from).to_vec())
        );
        let said = events::after(&bench.platform, build, 0).await.unwrap();
        let words = "Verified before, on 2026-11-26: 170 checks passed";
        assert!(
            said.iter().any(|said| matches!(&said.event, BuildEvent::Phase { name } if name == words)),
            "{said:?}"
        );
    }
}

/// Another program, another kind of database, another verifier: what was seen of the one says nothing about the other.
#[tokio::test]
async fn what_differs_in_anything_is_tried() {
    for platform in platforms().await {
        let bench = Bench::on(platform).await;
        let tried = async || bench.again().await.2.iter().filter(|asked| *asked == "verify").count();
        let trial =
            |database: &str, verifier: &str| Trial { database: database.into(), verifier: verifier.into() };
        bench.host.compile_to("11");
        assert_eq!(tried().await, 1, "another program");
        bench.host.try_by(trial("postgres", "aa"));
        assert_eq!(tried().await, 1, "on another kind of database");
        bench.host.try_by(trial("postgres", "bb"));
        assert_eq!(tried().await, 1, "by another verifier");
        bench.host.compile_to("00");
        bench.host.try_by(trial("sqlite", "aa"));
        assert_eq!(tried().await, 0, "as at first");
    }
}

/// A report that went, or that says something else than it said, lets nothing be brought up.
#[tokio::test]
async fn without_its_report_nothing_is_brought_up() {
    for platform in platforms().await {
        let bench = Bench::on(platform).await;
        std::fs::write(bench.report(), "<p>all is well</p>").unwrap();
        assert!(bench.again().await.2.contains(&"verify".to_owned()), "the report was changed");
        std::fs::remove_file(bench.report()).unwrap();
        assert!(bench.again().await.2.contains(&"verify".to_owned()), "the report went");

        // It goes after the step that asked for it: what is brought up asks once more.
        bench.host.fail("deploy", HostError::Unavailable("The supervisor is busy.".into()));
        let (build, state, _) = bench.again().await;
        assert_eq!(state, BuildState::Running);
        std::fs::remove_file(bench.report()).unwrap();
        bench.host.find(Verified {
            broken: vec![Finding { title: "Who sees what".into(), saw: "a nurse sees all".into() }],
            ..all_kept()
        });
        let before = bench.host.asked().len();
        bench.platform.clock.advance(time::Duration::minutes(1));
        assert!(bench.platform.builder(&bench.host).drain().await.unwrap());
        assert_eq!(bench.host.asked().split_off(before), ["verify"], "nothing is brought up");
        assert_eq!(bench.begun.build(&bench.platform, build).await.state, BuildState::Failed);

        // What failed leaves a report, and it is not the one by which the version may serve.
        let (_, state, asked) = bench.again().await;
        assert_eq!((state, asked.last().map(String::as_str)), (BuildState::Failed, Some("verify")));
        bench.host.find(all_kept());
        assert_eq!(bench.again().await.1, BuildState::Serving);
    }
}
