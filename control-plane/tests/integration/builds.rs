//! HC-1: from a prompt to a preview, whatever fails or is killed in between.

use control_plane::accounts::{Member, Owned};
use control_plane::agreement::{AgreementText, Signatory, Signing};
use control_plane::billing::Billing;
use control_plane::builds::{self, Build, BuildState, events};
use control_plane::projects::Project;
use control_plane::prompts::{self, Prompt, PromptText};
use control_plane::seams::{BuildEvent, EnvironmentKind, Finding, HostError, Verified};
use control_plane::testing::{TestPlatform, all_kept, platforms};
use control_plane::versions::{self, Planned, Version, VersionState};
use control_plane::{BuildId, ProjectId};
use safeguards::{Clock as _, Store, sql};
use time::Duration;

const PROMPT: &str = "A home blood pressure app for a clinic. Patients log systolic and diastolic readings. \
    Nurses see the readings of the patients assigned to them. The clinic owner manages people.";

/// An owner with a planned project.
pub(crate) struct Begun {
    pub(crate) member: Member,
    pub(crate) project: ProjectId,
}

async fn member(platform: &TestPlatform, email: &str) -> Member {
    let account = platform.account("Clinic").await;
    let owner = platform.person(account, "owner", email).await;
    platform.member(&platform.sign_in(&owner).await).await
}

pub(crate) async fn begun(platform: &TestPlatform, email: &str) -> Begun {
    let member = member(platform, email).await;
    let text = PromptText::parse(PROMPT).unwrap();
    let (project, prompt) = prompts::begin(platform, &member, "Untitled app", &text).await.unwrap();
    let owned: Owned<Project> = member.owned(platform, project).await.unwrap();
    let prompt: Owned<Prompt> = member.owned(platform, (project, prompt)).await.unwrap();
    let planned = versions::plan(platform, &owned, &prompt).await.unwrap();
    assert!(matches!(planned, Planned::Version(_)), "{planned:?}");
    Begun { member, project }
}

impl Begun {
    pub(crate) async fn project(&self, platform: &TestPlatform) -> Owned<Project> {
        self.member.owned(platform, self.project).await.unwrap()
    }

    pub(crate) async fn version(&self, platform: &TestPlatform) -> Owned<Version> {
        let newest = versions::list(platform, &self.project(platform).await).await.unwrap().remove(0);
        self.member.owned(platform, (self.project, newest.id)).await.unwrap()
    }

    pub(crate) async fn approve(&self, platform: &TestPlatform) -> BuildId {
        let version = self.version(platform).await;
        let digest = version.digest.clone();
        builds::approve(platform, &self.project(platform).await, &version, &digest, None).await.unwrap()
    }

    pub(crate) async fn build(&self, platform: &TestPlatform, id: BuildId) -> Owned<Build> {
        self.member.owned(platform, (self.project, id)).await.unwrap()
    }
}

#[tokio::test]
async fn an_approved_plan_becomes_a_preview_and_says_how_far_it_is() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        let build = begun.approve(&platform).await;
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(host.asked(), ["build", "verify", "provide", "deploy fresh", "seed"]);
        assert_eq!(begun.build(&platform, build).await.state, BuildState::Serving);
        assert_eq!(begun.version(&platform).await.state, VersionState::Built);
        let said = events::after(&platform, build, 0).await.unwrap();
        let numbers: Vec<i64> = said.iter().map(|event| event.number).collect();
        assert_eq!(numbers, (1..=i64::try_from(said.len()).unwrap()).collect::<Vec<_>>(), "no gap");
        assert!(said.iter().any(|said| matches!(said.event, BuildEvent::Progress { done: 3, total: 3, .. })));
        assert!(
            matches!(&said.last().unwrap().event, BuildEvent::Serving { address } if address.contains("-preview."))
        );
        // Resumed after the third, it begins with the fourth.
        assert_eq!(events::after(&platform, build, 3).await.unwrap()[0].number, 4);
    }
}

#[tokio::test]
async fn only_the_plan_that_was_read_is_approved_and_only_once() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (project, version) = (begun.project(&platform).await, begun.version(&platform).await);
        let refused = builds::approve(&platform, &project, &version, "00", None).await.unwrap_err();
        assert!(refused.to_string().contains("not the plan that you read"), "{refused}");
        begun.approve(&platform).await;
        let digest = version.digest.clone();
        assert!(builds::approve(&platform, &project, &version, &digest, None).await.is_err());
        let rows = sql("SELECT id FROM builds").fetch_all(&platform.store).await.unwrap();
        assert_eq!(rows.len(), 1);
    }
}

/// HC-4, HG-3: a version is brought into production while what is paid and signed opens it, and at no other time: neither
/// before, nor when it closed while the version was built.
#[tokio::test]
async fn production_takes_a_version_while_it_is_open() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        begun.approve(&platform).await;
        let (site, host) = platform.site();
        assert!(platform.builder(&host).drain().await.unwrap());
        let payments = Billing::new(platform.platform.clone(), None);
        let (project, version) = (begun.project(&platform).await, begun.version(&platform).await);
        let into = async |payments: &Billing| {
            builds::again(&platform, payments, &project, &version, EnvironmentKind::Production, None).await
        };
        let account = begun.member.account();
        payments.grant(account, None).await.unwrap();
        let refused = into(&payments).await.unwrap_err().to_string();
        assert!(refused.contains("Sign the business associate agreement"), "{refused}");

        let signing = Signing {
            account,
            person: begun.member.person().uuid(),
            from: "203.0.113.7".parse().unwrap(),
            version: AgreementText::newest(platform.clock.now()).version.to_owned(),
            signatory: Signatory::new("Clinic LLC", "Olga Owner", "Owner").unwrap(),
        };
        site.agreements.sign(signing).await.unwrap();
        let build = into(&payments).await.unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(begun.build(&platform, build).await.state, BuildState::Serving);
        let asked = host.asked();
        let place = |word: &str| asked.iter().rposition(|asked| asked == word).expect(word);
        assert!(place("gate ReadAndWrite") > place("provide"), "{asked:?}");
        let opened = asked.iter().position(|asked| asked == "gate ReadAndWrite").unwrap();
        assert!(opened < place("deploy"), "it is opened before a program comes: {asked:?}");
        assert_eq!(
            asked.iter().filter(|asked| *asked == "seed").count(),
            1,
            "nobody is made up in production"
        );

        let late = into(&payments).await.unwrap();
        platform.clock.advance(Duration::seconds(1));
        payments.withdraw_grant(account).await.unwrap();
        let deployed = host.asked().iter().filter(|asked| *asked == "deploy").count();
        assert!(platform.builder(&host).drain().await.unwrap());
        let failed = begun.build(&platform, late).await;
        assert_eq!(failed.state, BuildState::Failed);
        let why = failed.failure.clone().unwrap();
        assert!(why.contains("Production is read only, export window now"), "{why}");
        assert_eq!(host.asked().iter().filter(|asked| *asked == "deploy").count(), deployed);
    }
}

/// HC-12: what ends is not built again: nothing may be made anew of what is about to be destroyed.
#[tokio::test]
async fn an_app_that_ends_is_not_built_again() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        begun.approve(&platform).await;
        let (site, host) = platform.site();
        assert!(platform.builder(&host).drain().await.unwrap());
        let member = &begun.member;
        let departure =
            site.lifecycle.cancel(member.account(), begun.project, member.person()).await.unwrap();
        let (project, version) = (begun.project(&platform).await, begun.version(&platform).await);
        let again = async || {
            builds::again(&platform, &*site.billing, &project, &version, EnvironmentKind::Preview, None).await
        };
        let refused = again().await.unwrap_err().to_string();
        assert!(refused.contains("Call its end off"), "{}: {refused}", platform.database);
        site.lifecycle.come_back(member.account(), departure, member.person()).await.unwrap();
        again().await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_build_says_why_and_the_version_before_it_serves_on() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        begun.approve(&platform).await;
        assert!(platform.builder(&host).drain().await.unwrap());
        let served = begun.version(&platform).await.id;

        let project = begun.project(&platform).await;
        let text = PromptText::parse(&format!("{PROMPT} Nurses record the weight of patients.")).unwrap();
        let prompt = prompts::write(&platform, &project, &text).await.unwrap();
        let prompt: Owned<Prompt> = begun.member.owned(&platform, (begun.project, prompt)).await.unwrap();
        let planned = versions::plan(&platform, &project, &prompt).await.unwrap();
        assert!(matches!(planned, Planned::Version(_)), "{planned:?}");
        host.fail(
            "deploy",
            HostError::Version("Its first migration fails: a table is there already.".into()),
        );
        let build = begun.approve(&platform).await;
        assert!(platform.builder(&host).drain().await.unwrap());

        let build = begun.build(&platform, build).await;
        assert_eq!(build.state, BuildState::Failed);
        assert_eq!(build.failure.as_deref(), Some("Its first migration fails: a table is there already."));
        assert_eq!(begun.version(&platform).await.state, VersionState::Failed);
        let serving = serving(&platform.store).await;
        assert_eq!(serving, served.uuid(), "the version before it");
        let said = events::after(&platform, build.id, 0).await.unwrap();
        assert!(matches!(said.last().unwrap().event, BuildEvent::Failed { .. }));
    }
}

/// CL-13: a version that does not keep its promises does not serve. Why is said in words, the report is there, and the version
/// before it serves on; what could not be decided is tried again.
#[tokio::test]
async fn a_version_that_does_not_pass_its_verification_does_not_serve() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        let finding = |title: &str| Finding { title: title.into(), saw: "a nurse sees all patients".into() };
        let page = "<!DOCTYPE html><title>Not every promise was kept</title>".to_owned();
        host.find(Verified { broken: vec![finding("Who sees what")], page: page.clone(), ..all_kept() });
        let build = begun.approve(&platform).await;
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(host.asked(), ["build", "verify"], "nothing is made for it");
        let failed = begun.build(&platform, build).await;
        assert_eq!(failed.state, BuildState::Failed);
        let why = failed.failure.clone().unwrap();
        assert!(why.contains("“Who sees what”: a nurse sees all patients."), "{why}");
        let version = begun.version(&platform).await;
        assert_eq!(version.state, VersionState::Failed);
        let kept = platform.configuration.projects_folder().join(begun.project.to_string());
        let kept = kept.join(format!("verified/{}.html", version.id));
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), page);

        host.find(Verified { undecided: vec![finding("Who sees what")], ..all_kept() });
        let (project, (site, _)) = (begun.project(&platform).await, platform.site());
        let again =
            builds::again(&platform, &*site.billing, &project, &version, EnvironmentKind::Preview, None)
                .await
                .unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(begun.build(&platform, again).await.state, BuildState::Running, "it is tried later");
        host.find(all_kept());
        platform.clock.advance(Duration::minutes(1));
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(begun.build(&platform, again).await.state, BuildState::Serving);
        assert!(std::fs::read_to_string(kept).unwrap().contains("<title>Verification"), "the last report");
        let said = events::after(&platform, again, 0).await.unwrap();
        let phase = |words: &str| {
            said.iter().any(|said| matches!(&said.event, BuildEvent::Phase { name } if name == words))
        };
        assert!(phase("Verifying in a throwaway instance") && phase("Verified: 170 checks passed"));
    }
}

async fn serving(store: &Store) -> uuid::Uuid {
    let row = sql("SELECT version_id FROM environments").fetch_one(store).await.unwrap();
    row.uuid("version_id").unwrap()
}

/// A host that is down is asked again, later; the founder is not told of a failure that passes.
#[tokio::test]
async fn a_host_that_does_not_answer_is_asked_again() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        host.fail("build", HostError::Unavailable("The builder is full.".into()));
        let build = begun.approve(&platform).await;
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(begun.build(&platform, build).await.state, BuildState::Running);
        platform.clock.advance(Duration::seconds(2));
        assert!(platform.builder(&host).drain().await.unwrap());
        assert_eq!(begun.build(&platform, build).await.state, BuildState::Serving);
    }
}

#[tokio::test]
async fn a_build_that_is_called_off_does_not_go_on() {
    for platform in platforms().await {
        let begun = begun(&platform, "olga@example.org").await;
        let (_, host) = platform.site();
        let build = begun.approve(&platform).await;
        builds::cancel(&platform, &begun.build(&platform, build).await).await.unwrap();
        assert!(platform.builder(&host).drain().await.unwrap());
        assert!(host.asked().is_empty());
        assert_eq!(begun.build(&platform, build).await.state, BuildState::Cancelled);
        assert!(builds::cancel(&platform, &begun.build(&platform, build).await).await.is_err());
    }
}

/// HC-6: a prompt is PHI until proven otherwise: sealed at rest, not in any log, and gone when it is deleted.
#[tokio::test]
async fn a_prompt_is_sealed_never_logged_and_deletable() {
    const SECRET: &str = "Zebulon";
    for platform in platforms().await {
        let member = member(&platform, "olga@example.org").await;
        let text = PromptText::parse(&format!("{PROMPT} {SECRET} likes it.")).unwrap();
        let (project, prompt) = prompts::begin(&platform, &member, "Untitled app", &text).await.unwrap();
        let owned: Owned<Project> = member.owned(&platform, project).await.unwrap();
        let prompt: Owned<Prompt> = member.owned(&platform, (project, prompt)).await.unwrap();
        let _planned = versions::plan(&platform, &owned, &prompt).await.unwrap();
        let row = sql("SELECT body FROM prompts").fetch_one(&platform.store).await.unwrap();
        let kept = row.bytes("body").unwrap();
        assert!(!kept.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
        let specs = sql("SELECT spec FROM versions").fetch_all(&platform.store).await.unwrap();
        for row in specs {
            let kept = row.bytes("spec").unwrap();
            assert!(!kept.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
        }
        assert!(!platform.log.all().join("\n").contains(SECRET));
        assert!(!format!("{text:?} {prompt:?}").contains(SECRET));

        let (read, _) = prompts::read(&platform, &prompt).await.unwrap().unwrap();
        assert!(read.reveal().contains(SECRET));
        prompts::delete(&platform, &prompt).await.unwrap();
        assert!(prompts::read(&platform, &prompt).await.unwrap().is_none());
        let row = sql("SELECT body, answers FROM prompts").fetch_one(&platform.store).await.unwrap();
        assert!(row.is_null("body").unwrap() && row.is_null("answers").unwrap());
    }
}

/// HC-6: a founder is told when their description names somebody; the words themselves are not repeated.
#[test]
fn a_prompt_that_names_somebody_is_told_of() {
    let told = |text: &str| prompts::identifiers(&PromptText::parse(text).unwrap());
    assert!(told("Call Mrs. Jane Roe at 555-867-5309 about SSN 123-45-6789.").len() >= 2);
    assert_eq!(told(PROMPT), Vec::<&str>::new());
}

/// A value that is moved to another prompt, or to another account, does not open there.
#[tokio::test]
async fn a_prompt_does_not_open_in_another_place() {
    for platform in platforms().await {
        let (one, other) = (begun(&platform, "a@example.org").await, begun(&platform, "b@example.org").await);
        sql("UPDATE prompts SET body = (SELECT p.body FROM prompts p WHERE p.project_id = $1) WHERE project_id = $2")
            .bind(one.project)
            .bind(other.project)
            .execute(&platform.store)
            .await
            .unwrap();
        let project = other.project(&platform).await;
        let moved = prompts::list(&platform, &project).await.unwrap().remove(0);
        let moved: Owned<Prompt> = other.member.owned(&platform, (other.project, moved.id)).await.unwrap();
        assert!(prompts::read(&platform, &moved).await.is_err());
    }
}

/// Invariant 3: a restriction that was not understood stops the plan until a person has answered.
#[tokio::test]
async fn a_restriction_that_was_not_understood_is_asked_about() {
    for platform in platforms().await {
        let member = member(&platform, "olga@example.org").await;
        let text = format!("{PROMPT} Only the moon may frobnicate the readings unless Tuesday.");
        let text = PromptText::parse(&text).unwrap();
        let (project, prompt) = prompts::begin(&platform, &member, "Untitled app", &text).await.unwrap();
        let owned: Owned<Project> = member.owned(&platform, project).await.unwrap();
        let prompt: Owned<Prompt> = member.owned(&platform, (project, prompt)).await.unwrap();
        let Planned::Blocked(sentences) = versions::plan(&platform, &owned, &prompt).await.unwrap() else {
            panic!("it stops")
        };
        assert!(versions::list(&platform, &owned).await.unwrap().is_empty());
        let answers = sentences.into_iter().map(|sentence| (sentence, prompts::PromptAnswer::Drop)).collect();
        prompts::answer(&platform, &prompt, &answers).await.unwrap();
        let planned = versions::plan(&platform, &owned, &prompt).await.unwrap();
        assert!(matches!(planned, Planned::Version(_)), "{planned:?}");
    }
}
