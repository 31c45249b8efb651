//! The made-up people, where others reach the app.

use std::path::Path;

use safeguards::slice::seed::PASSWORD;

use crate::project::Project;
use crate::serving::{Database, Place};

/// DESIGN, environments: a preview is for the members of its account. Its made-up people sign in with a password of its own: the
/// one that stands in the source, and the authenticators that follow from an address, open nothing there.
#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_an_app_that_others_reach_have_a_password_of_their_own() {
    let program = tokio::task::block_in_place(|| Project::of_prompt("home-bp").build());
    for database in [Database::Sqlite, Database::postgres().await] {
        tokio::task::block_in_place(|| has_its_own(&program, database));
    }
}

fn has_its_own(program: &Path, database: Database) {
    const OWN: &str = "Made-Up-01-92-83-74-65-56-47-38-29-10-ab-cd";
    let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let variables = [("PUBLIC_URL", "https://clinic.example"), ("SEED_PASSWORD", OWN)].map(variable).to_vec();
    let place = Place::with(program, database, variables);
    for (given, why) in
        [("", "everybody can read"), (PASSWORD, "32 random letters"), (&OWN.to_lowercase(), "capitals")]
    {
        let (code, said) = place.refuses("seed", &[("SEED_PASSWORD", given)]);
        assert!(code.is_some_and(|code| code != 0) && said.contains(why), "{code:?}: {said}");
    }

    let serving = place.serve();
    for role in ["nurse", "patient"] {
        let login = place.login(role, 0);
        assert_eq!(serving.sign_in(login).get("/api/patients").status, 200);
        assert_eq!(serving.knock(login, PASSWORD), 401);
    }
}
