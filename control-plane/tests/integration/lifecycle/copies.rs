//! HC-11: an app is taken home while it goes on, and what is destroyed takes its copies with it.

use std::fs;
use std::sync::Arc;

use control_plane::accounts::{Owned, Owner};
use control_plane::environments::Environment;
use control_plane::lifecycle::{Copy, CopyState, CopyWork, DepartureError, DepartureState, KEPT, StepUp};
use control_plane::operations::Engine;
use control_plane::projects::Project;
use control_plane::seams::{EnvironmentKind, Gate};
use control_plane::testing::BEGINNING;
use safeguards::sql;
use time::Duration;

use super::{Scene, files};

impl Scene {
    async fn founder(&self) -> Owner {
        let person = self.platform.person(self.account, "owner", "fay@founder.example").await;
        let member = self.platform.member(&self.platform.sign_in(&person).await).await;
        member.owner().unwrap()
    }

    async fn at(&self, owner: &Owner) -> Owned<Environment> {
        owner.owned(&self.platform, (self.project, EnvironmentKind::Production)).await.unwrap()
    }

    async fn work_on_copies(&self) {
        let engine = Engine::new(self.platform.operations.clone(), self.platform.log.clone());
        assert!(engine.work(Arc::new(CopyWork(self.lifecycle.clone()))).drain().await.unwrap());
    }

    fn archived(&self) -> usize {
        let configuration = &self.platform.configuration;
        let secrets = configuration.keys_folder().join("archives");
        files(&configuration.archives_folder()).len() + files(&secrets).len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hc_11_a_copy_is_taken_home_and_the_app_goes_on() {
    for scene in Scene::both().await {
        let owner = scene.founder().await;
        let environment = scene.at(&owner).await;
        let id = scene.lifecycle.copy(&owner, &environment, &StepUp::in_a_test()).await.unwrap();
        assert_eq!(
            scene.lifecycle.copy(&owner, &environment, &StepUp::in_a_test()).await.unwrap(),
            id,
            "asked for twice, it is one"
        );
        scene.work_on_copies().await;
        assert_ne!(scene.house.gate_of(scene.production), Some(Gate::ExportWindow), "the app goes on");
        let copy: Owned<Copy> = owner.owned(&scene.platform, (scene.project, id)).await.unwrap();
        assert_eq!(copy.state, CopyState::Ready);
        let (to, proof) = (scene.platform.folder().join("copy.zip"), StepUp::in_a_test());
        scene.lifecycle.fetch_copy(&owner, &copy, &to, &proof).await.unwrap();
        let secret = scene.lifecycle.copy_passphrase(&owner, &copy, &proof).await.unwrap();
        let secret = exporter::Passphrase::new(secret.to_string());
        let verified = exporter::verify(fs::File::open(&to).unwrap(), Some(secret), None).unwrap();
        assert_eq!(Some(&verified.signed_by), copy.signed_by.as_ref());

        // Its time is over: it is not handed out, and goes, its key first.
        scene.platform.clock.advance(KEPT);
        let late = scene.lifecycle.fetch_copy(&owner, &copy, &to, &proof).await;
        assert!(matches!(late, Err(DepartureError::NotFound)), "{late:?}");
        scene.work_on_copies().await;
        assert_eq!(scene.archived(), 0);
        let project: Owned<Project> = owner.owned(&scene.platform, scene.project).await.unwrap();
        assert_eq!(scene.lifecycle.copies(&project).await.unwrap()[0].state, CopyState::Gone);
    }
}

/// HC-12: a copy that waits is a copy of records, so it goes with them; and of what departs no other is made.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_what_is_destroyed_takes_its_copies_with_it() {
    for scene in Scene::both().await {
        let owner = scene.founder().await;
        let environment = scene.at(&owner).await;
        scene.platform.clock.set(BEGINNING + Duration::days(29));
        scene.lifecycle.copy(&owner, &environment, &StepUp::in_a_test()).await.unwrap();
        scene.work_on_copies().await;
        assert_eq!(scene.archived(), 2);
        let departure = scene.cancel().await;
        let refused = scene.lifecycle.copy(&owner, &environment, &StepUp::in_a_test()).await;
        assert!(matches!(refused, Err(DepartureError::Departs)), "{refused:?}");
        scene.drain().await;
        let proof = StepUp::in_a_test();
        scene.take_home(departure).await;
        scene
            .lifecycle
            .destroy_now(scene.account, departure, super::NAME, scene.owner, &proof)
            .await
            .unwrap();
        scene.drain().await;
        assert_eq!(scene.archived(), 0, "{:?}", files(&scene.platform.configuration.archives_folder()));
        scene.work_on_copies().await;
        assert_eq!(scene.archived(), 0);
    }
}

/// HC-12: where production alone departs, its copy goes, and that of the preview stays.
#[tokio::test(flavor = "multi_thread")]
async fn hc_12_what_stays_keeps_its_copies() {
    for scene in Scene::both().await {
        let owner = scene.founder().await;
        let preview: Owned<Environment> =
            owner.owned(&scene.platform, (scene.project, EnvironmentKind::Preview)).await.unwrap();
        let proof = StepUp::in_a_test();
        let gone = scene.lifecycle.copy(&owner, &scene.at(&owner).await, &proof).await.unwrap();
        let stays = scene.lifecycle.copy(&owner, &preview, &proof).await.unwrap();
        scene.work_on_copies().await;
        let departure = scene.cancel().await;
        sql("UPDATE departures SET cause = 'account' WHERE id = $1")
            .bind(departure)
            .execute(&scene.platform.store)
            .await
            .unwrap();
        scene.drain().await;
        scene.platform.clock.advance(Duration::days(31));
        scene.drain().await;
        assert_eq!(scene.state(departure).await, DepartureState::Destroyed);
        let states = [(gone, CopyState::Gone), (stays, CopyState::Ready)];
        for (id, state) in states {
            let copy: Owned<Copy> = owner.owned(&scene.platform, (scene.project, id)).await.unwrap();
            assert_eq!(copy.state, state, "{}", scene.platform.database);
        }
        assert_eq!(scene.archived(), 2, "the preview's file and its passphrase");
        // An engine that does not know such work has put it off.
        scene.platform.clock.advance(Duration::hours(1));
        scene.work_on_copies().await;
        assert_eq!(scene.archived(), 0, "and its time is over, too");
    }
}

/// A copy that cannot be made says why, leaves nothing, and another one may be asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_made_says_why() {
    for scene in Scene::both().await {
        let (owner, proof) = (scene.founder().await, StepUp::in_a_test());
        let environment = scene.at(&owner).await;
        // A founder's own program may leave a link in the place of its archive.
        *scene.house.links.lock().unwrap() = Some(("archive.zip", "/etc/hostname".into()));
        let id = scene.lifecycle.copy(&owner, &environment, &proof).await.unwrap();
        for _ in 0..8 {
            scene.work_on_copies().await;
            scene.platform.clock.advance(Duration::minutes(10));
        }
        let copy: Owned<Copy> = owner.owned(&scene.platform, (scene.project, id)).await.unwrap();
        assert_eq!(copy.state, CopyState::Failed);
        assert!(copy.failure.as_ref().is_some_and(|words| !words.is_empty()), "{:?}", copy.failure);
        assert_eq!(scene.archived(), 0);
        *scene.house.links.lock().unwrap() = None;
        let another = scene.lifecycle.copy(&owner, &environment, &proof).await.unwrap();
        assert_ne!(another, id);
        scene.work_on_copies().await;
        assert_eq!(scene.archived(), 2);
    }
}
