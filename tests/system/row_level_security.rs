//! With the app's own policy patched to TRUE, PostgreSQL still shows and changes only what the grants reach.
//!
//! Three products, with parts of parts, places, states and people of several roles. Twice each: the isolation suite that
//! was generated with the app is run against the patched one; and what each person is shown of each record there is,
//! by its id, is compared with what the app as it should be shows them of the same database.
//!
//! On SQLite, which has no such fence, the same patched app shows everything to everybody: so the patch is one.

use std::collections::BTreeMap;

use generator::Project as Files;
use safeguards::testing;
use safeguards::{Store, sql};
use serde_json::{Value, json};
use spec::ValidatedSpec;
use spec::model::{Entity, Model, Storage};

use crate::client::Client;
use crate::leaked;
use crate::project::{Project, package, planned};
use crate::serving::{Database, Place, Serving};

/// Gives every role every action on all rows, in `access.rs` alone; the migrations stay as they are.
fn patch_out(model: &Model, files: &mut Files) {
    let access = files.files.get_mut("src/access.rs").expect("the policy is there");
    let mut patched = String::new();
    let mut rest = access.as_str();
    for index in &model.build_order {
        let entity = &model[*index];
        let mut actions: Vec<String> =
            ["View", "List", "Create", "Update", "Delete"].map(|name| format!("Action::{name}")).into();
        let moves = entity.lifecycle.iter().flat_map(|lifecycle| &lifecycle.moves);
        let moves =
            moves.map(|step| step.name.as_str()).chain(entity.assignment.is_some().then_some("assign"));
        actions.extend(moves.map(|name| format!("Action::Move({name:?})")));
        let roles = model.roles.iter().map(|role| role.name.as_str());
        let everything: String =
            roles.map(|role| format!("Grant::to({role:?}, &[{}]),", actions.join(", "))).collect();
        let (before, after) = rest.split_once("    grants: &[").expect("each entity has its grants");
        patched += &format!("{before}    grants: &[{everything}");
        rest = after;
    }
    *access = patched + rest;
    rename(files, "unfenced");
}

/// A package of its own, so that the app as it should be is not built anew.
fn rename(files: &mut Files, word: &str) {
    let name = package(&files.files["Cargo.toml"]).to_owned();
    for file in ["Cargo.toml", "Cargo.lock"] {
        let text = files.files.get_mut(file).expect("a project has it");
        *text = text.replace(&format!("name = \"{name}\""), &format!("name = \"{name}-{word}\""));
    }
}

fn unfenced(prompt: &str, spec: &ValidatedSpec) -> Project {
    Project::changed(prompt, &format!("{prompt}-unfenced"), |files| patch_out(spec.model(), files))
}

/// The ids of the records of each entity, by its path.
type Records = BTreeMap<String, Vec<String>>;

/// What somebody is shown: paths with ids.
type Shown = BTreeMap<String, Vec<String>>;

fn path(entity: &Entity) -> String {
    entity.table.replace('_', "-")
}

/// Every record that there is.
async fn records(owner: &Store, model: &Model) -> Records {
    let mut records = Records::new();
    for (_, entity) in model.entities() {
        let rows = sql(leaked(format!("SELECT id FROM {} ORDER BY id", entity.table))).fetch_all(owner).await;
        let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", entity.table));
        let ids = rows.iter().map(|row| row.uuid("id").expect("a record has an id").to_string());
        records.insert(path(entity), ids.collect());
    }
    records
}

/// The versions of all records, summed up: a change of any makes it another.
async fn versions(owner: &Store, model: &Model) -> i64 {
    let mut sum = 0;
    for (_, entity) in model.entities() {
        let text = format!("SELECT CAST(COALESCE(sum(version), 0) AS bigint) AS n FROM {}", entity.table);
        let row = sql(leaked(text)).fetch_one(owner).await;
        sum += row.and_then(|row| row.integer("n")).expect("versions are numbers");
    }
    sum
}

fn shown(client: &Client, records: &Records) -> Shown {
    let open = |path: &String, id: &&String| match client.get(&format!("/api/{path}/{id}")) {
        reply if reply.status == 200 => true,
        reply => {
            assert_eq!(reply.status, 404, "/api/{path}/{id}: hidden is as if it were not there");
            false
        }
    };
    let of = |(path, ids): (&String, &Vec<String>)| {
        (path.clone(), ids.iter().filter(|id| open(path, id)).cloned().collect())
    };
    records.iter().map(of).collect()
}

/// The ids that somebody is shown in a list; nobody's, where they may not ask for it.
fn listed(client: &Client, path: &str) -> Vec<String> {
    let reply = client.get(&format!("/api/{path}"));
    assert!(matches!(reply.status, 200 | 403 | 404), "{path}: {reply:?}");
    let rows = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
    let id = |row: &Value| row["id"].as_str().map(str::to_owned);
    rows.as_array().into_iter().flatten().filter_map(id).collect()
}

/// What each of the made-up people is shown.
fn shown_to_each(people: &[(String, Client)], records: &Records, patched: bool) -> Vec<Shown> {
    let each = people.iter().map(|(role, client)| {
        let shown = shown(client, records);
        for (path, within) in &shown {
            let listed = listed(client, path);
            assert!(
                listed.iter().all(|id| within.contains(id)),
                "{role} is listed of {path} what they do not open: {listed:?}"
            );
            // The whole app also keeps out of a list what it is sorted by and may not be seen.
            assert!(!patched || within.len() > 50 || listed.len() == within.len(), "{role} of {path}");
        }
        shown
    });
    each.collect()
}

/// A field that can be sent a word.
fn word_field(entity: &Entity) -> Option<String> {
    let fits = |field: &&spec::model::Field| {
        matches!(field.kind, spec::Kind::Text | spec::Kind::LongText | spec::Kind::PersonName)
            && !field.list
            && field.target.is_none()
            && field.storage != Storage::Computed
    };
    entity.fields.iter().find(fits).map(|field| field.name.snake())
}

/// Some people get a second role beside their own: that of the next who needs no second factor.
async fn give_second_roles(owner: &Store, model: &Model) -> u64 {
    let plain: Vec<String> = model
        .roles
        .iter()
        .filter(|role| !role.is_privileged() && !model.mfa_for_everybody)
        .map(|role| format!("'{}'", role.name.as_str().replace('\'', "''")))
        .collect();
    let text = format!(
        "WITH plain AS (SELECT m.*, row_number() OVER (ORDER BY m.created_at, m.id) AS n, count(*) OVER () AS of
             FROM memberships m WHERE m.role IN ({}))
         INSERT INTO memberships (id, person_id, organisation_id, place_id, role, created_at)
         SELECT gen_random_uuid(), one.person_id, two.organisation_id, two.place_id, two.role, two.created_at
         FROM plain one JOIN plain two ON two.n = (one.n + one.of / 2) % one.of + 1
         WHERE one.role <> two.role AND one.n % 2 = 0",
        plain.join(", ")
    );
    sql(leaked(text)).execute(owner).await.expect("the owner may give roles")
}

/// CL-1: what the whole app shows each of its people, the second fence alone shows them, record by record.
async fn the_second_fence_is_exact(prompt: &str) {
    let (spec, _) = planned(prompt);
    let model = spec.model();
    let whole = Project::of_prompt(prompt).build();
    let patched = unfenced(prompt, &spec).build();
    let mut place = Place::new(&whole, Database::postgres().await);
    let Database::Postgres(database) = &place.database else { unreachable!("it was made on PostgreSQL") };
    let owner = database.owner.clone();
    assert!(give_second_roles(&owner, model).await > 0, "{prompt}: somebody has two roles");
    let records = records(&owner, model).await;
    let mut people = Vec::new();
    // So many from one address at once would be too many for an app; one that starts anew has seen nobody yet.
    for few in place.logins.chunks(4) {
        let serving = place.serve();
        people.extend(few.iter().map(|login| (login.role.clone(), serving.sign_in(login))));
    }
    let again = |serving: &Serving| -> Vec<(String, Client)> {
        people.iter().map(|(role, client)| (role.clone(), serving.again(client))).collect()
    };
    let serving = place.serve();
    let expected = shown_to_each(&again(&serving), &records, false);
    drop(serving);
    place.program = patched;
    let serving = place.serve();
    let people = again(&serving);
    let found = shown_to_each(&people, &records, true);
    let mut hidden = 0;
    for (((role, _), expected), found) in people.iter().zip(&expected).zip(&found) {
        assert_eq!(found, expected, "{prompt}: {role}");
        let all: usize = records.values().map(Vec::len).sum();
        hidden += all - expected.values().map(Vec::len).sum::<usize>();
    }
    assert!(hidden > 20, "{prompt}: a policy that hides {hidden} records shows nothing of a fence");
    changes_nothing(&people, &owner, model, &records, &found).await;
}

/// A change of a row out of reach is refused, and every row stays as it was.
async fn changes_nothing(
    people: &[(String, Client)],
    owner: &Store,
    model: &Model,
    records: &Records,
    shown: &[Shown],
) {
    let before = versions(owner, model).await;
    let mut tried = 0;
    for ((role, client), shown) in people.iter().zip(shown) {
        for (_, entity) in model.entities() {
            let path = path(entity);
            let hidden = records[&path].iter().filter(|id| !shown[&path].contains(id));
            for id in hidden.take(5) {
                let mut change = json!({ "version": 1 });
                if let Some(field) = word_field(entity) {
                    change[field] = "Changed".into();
                }
                let of = format!("/api/{path}/{id}");
                for (method, of, body) in
                    [("PATCH", of.clone(), Some(&change)), ("DELETE", format!("{of}?version=1"), None)]
                {
                    let reply = client.send(method, &of, body);
                    assert!(matches!(reply.status, 400..=499), "{role} {method} {of}: {reply:?}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 20, "{tried}");
    assert_eq!(versions(owner, model).await, before, "nothing was changed");
}

/// CL-1: the isolation suite that was generated with the app, with the app's policy taken out: on PostgreSQL its row
/// cases hold by the second fence; on SQLite, where there is none, one does not.
fn the_generated_suite_holds(prompt: &str) {
    const ROW_CASES: [&str; 3] = [
        "isolation::another_organisation_gets_nothing",
        "isolation::a_role_without_a_grant_gets_nothing",
        "isolation::what_is_not_listed_is_not_opened",
    ];
    let (spec, _) = planned(prompt);
    let project = unfenced(prompt, &spec);
    let administrator = testing::postgres_administrator();
    let words = [["test", "--quiet", "--"].as_slice(), &ROW_CASES].concat();
    let fenced =
        project.cargo(&words, &[("TEST_DATABASE_URL", administrator.reveal()), ("TEST_SQLITE", "no")]);
    assert_eq!(fenced.code, Some(0), "{prompt}\n{}\n{}", fenced.errors, fenced.output);
    assert!(fenced.output.contains("3 passed"), "{prompt}: {}", fenced.output);
    let unfenced = project.cargo(&words, &[]);
    assert_ne!(unfenced.code, Some(0), "{prompt}: the patch is none");
    assert!(
        unfenced.output.contains("a_role_without_a_grant_gets_nothing"),
        "{prompt}: the control fails for another reason: {}",
        unfenced.output
    );
}

macro_rules! products {
    ($($module:ident: $prompt:literal,)*) => {$(
        mod $module {
            #[test]
            fn the_generated_suite_holds() {
                super::the_generated_suite_holds($prompt);
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn the_second_fence_is_exact() {
                super::the_second_fence_is_exact($prompt).await;
            }
        }
    )*};
}

products! {
    home_blood_pressure: "home-bp",
    clinicflow: "clinicflow",
    peptide_clinic: "peptide-clinic",
}

/// The control: on SQLite the patched app hides nothing of an organisation from anybody in it.
#[test]
fn sqlite_shows_what_the_patched_policy_lets_through() {
    let (spec, _) = planned("home-bp");
    let place = Place::new(&unfenced("home-bp", &spec).build(), Database::Sqlite);
    let serving = place.serve();
    let everything = |client: &Client| {
        spec.model()
            .entities()
            .map(|(_, entity)| {
                let mut ids = listed(client, &path(entity));
                ids.sort();
                ids
            })
            .collect::<Vec<_>>()
    };
    let mut each = place.logins.iter().map(|login| everything(&serving.sign_in(login)));
    let first = each.next().expect("there are made-up people");
    // Records that only a patient makes, as what they let their family see, are not made up.
    let filled = first.iter().filter(|ids| ids.len() >= 4).count();
    assert!(filled >= 2, "the made-up people have records: {first:?}");
    for (login, seen) in place.logins.iter().skip(1).zip(each) {
        assert_eq!(seen, first, "{}", login.role);
    }
}
