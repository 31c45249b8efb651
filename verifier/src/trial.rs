//! What is verified: an instance of a project that stands for this alone, or an app somewhere that is only read.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;
use spec::{Lock, Model, ValidatedSpec};

use crate::check::{Check, Needs};
use crate::entity::{Resource, resources};
use crate::instance::{Place, Program, Serving, Storage};
use crate::live::{self, Live, LiveOptions};
use crate::outcome::Outcome;
use crate::people::{Login, Person};
use crate::planted::Planted;
use crate::recruits::{first_sign_in, welcome};
use crate::report::promises::{COMPLIANCE, missing};
use crate::trouble::{Result, Trouble};
use crate::wire::Wire;
use crate::world::World;

/// What is verified, and what is known of it.
pub struct Trial {
    target: String,
    project: Option<ProjectFacts>,
    stage: Stage,
}

/// What a project says of itself.
pub(crate) struct ProjectFacts {
    /// Its folder.
    pub(crate) folder: PathBuf,
    spec: ValidatedSpec,
    /// Its OpenAPI document.
    pub(crate) api: Value,
}

enum Stage {
    Instance(Box<Stand>),
    Live(Live),
}

/// An instance that serves, and everybody in it.
pub(crate) struct Stand {
    pub(crate) place: Place,
    serving: Serving,
    wire: Wire,
    people: Vec<Rc<Login>>,
    strangers: Vec<Rc<Person>>,
    office: Option<usize>,
    plain_role: Option<String>,
    privileged_role: Option<String>,
    signed: RefCell<BTreeMap<String, Rc<Person>>>,
    model: Model,
    world: RefCell<Option<Rc<World>>>,
    looks: Cell<u32>,
    pub(crate) planted: OnceCell<Planted>,
}

impl ProjectFacts {
    fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(Trouble::file(path))
        };
        let text = read("app.yaml")?;
        let lock: Lock =
            read("app.lock")?.parse().map_err(|problem| Trouble::Project(format!("app.lock: {problem}")))?;
        let spec = spec::check(&text, &lock)
            .map_err(|problems| Trouble::Project(format!("app.yaml is not valid:\n{problems}")))?;
        let api = serde_json::from_str(&read("openapi.json")?)
            .map_err(|error| Trouble::Project(format!("openapi.json: {error}")))?;
        Ok(Self { folder: folder.to_owned(), spec, api })
    }

    pub(crate) fn model(&self) -> &Model {
        self.spec.model()
    }
}

impl Trial {
    /// Starts an instance of a built project in a throwaway folder, with made-up people.
    ///
    /// # Errors
    /// The project cannot be read, or its program does not do what it must before anything can be verified.
    pub fn of_project(program: &Program, storage: Storage) -> Result<Self> {
        let project = ProjectFacts::read(&program.project)?;
        let stand = Stand::begin(program, storage, project.model())?;
        let target = program.project.display().to_string();
        Ok(Self { target, project: Some(project), stage: Stage::Instance(Box::new(stand)) })
    }

    /// An app that answers somewhere; it is only read.
    ///
    /// # Errors
    /// It cannot be reached, or the token opens nothing.
    pub fn of_address(options: &LiveOptions) -> Result<Self> {
        let project = options.project.as_deref().map(ProjectFacts::read).transpose()?;
        let live = live::begin(options)?;
        Ok(Self { target: options.url.clone(), project, stage: Stage::Live(live) })
    }

    /// What is verified, as it was named.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// How it is verified, in a sentence.
    pub(crate) fn manner(&self) -> &'static str {
        match &self.stage {
            Stage::Instance(stand) if stand.is_postgres() => {
                "In an instance of its own, on PostgreSQL, with made-up people; nobody's records were touched."
            }
            Stage::Instance(_) => {
                "In an instance of its own, on an encrypted SQLite file, with made-up people; nobody's records were touched."
            }
            Stage::Live(_) => {
                "The app in use. It was only read, so most of what an attacker would do was not tried."
            }
        }
    }

    /// The app's name.
    pub(crate) fn app(&self) -> &str {
        self.project.as_ref().map_or(&self.target, |project| &project.model().app)
    }

    /// The project.
    pub(crate) fn project(&self) -> Result<&ProjectFacts> {
        let why = "the app's project is not here: name its folder with --project";
        self.project.as_ref().ok_or_else(|| Trouble::Absent(why.to_owned()))
    }

    pub(crate) fn model(&self) -> Result<&Model> {
        Ok(self.project()?.model())
    }

    pub(crate) fn api(&self) -> Result<&Value> {
        Ok(&self.project()?.api)
    }

    /// The entities that the API has.
    pub(crate) fn resources(&self) -> Result<Vec<Resource<'_>>> {
        Ok(resources(self.model()?, self.api()?))
    }

    /// The instance.
    pub(crate) fn stand(&self) -> Result<&Stand> {
        match &self.stage {
            Stage::Instance(stand) => Ok(stand),
            Stage::Live(_) => Err(Trouble::Absent("an app in use is only read".to_owned())),
        }
    }

    /// Where the app answers.
    pub(crate) fn wire(&self) -> Wire {
        match &self.stage {
            Stage::Instance(stand) => stand.wire.elsewhere(),
            Stage::Live(live) => live.wire.clone(),
        }
    }

    /// Somebody who is signed in, whoever it is.
    pub(crate) fn somebody(&self) -> Result<Rc<Person>> {
        match &self.stage {
            Stage::Instance(stand) => stand
                .cast()?
                .into_iter()
                .next()
                .ok_or_else(|| Trouble::Absent("the project has no made-up people".to_owned())),
            Stage::Live(live) => live
                .person
                .clone()
                .ok_or_else(|| Trouble::Absent("nobody is signed in: give a token with --token".to_owned())),
        }
    }

    /// Why a check cannot be tried here, if it cannot.
    pub(crate) fn lacks(&self, needs: Needs) -> Option<&'static str> {
        match (needs, &self.stage) {
            (Needs::Address, _) | (Needs::Instance, Stage::Instance(_)) => None,
            (_, Stage::Live(_)) => Some("an app in use is only read; verify its project's folder for this"),
            (Needs::Postgres, Stage::Instance(stand)) => match &stand.place.storage {
                Storage::Postgres(addresses) if addresses.superuser.is_some() => None,
                Storage::Postgres(_) => Some(
                    "whoever verifies here is no superuser of the server, and cannot go behind the app's back",
                ),
                Storage::Sqlite => Some(
                    "the file of SQLite is sealed as a whole; give --database-url to try it on PostgreSQL",
                ),
            },
            (Needs::Sqlite, Stage::Instance(stand)) => stand
                .is_postgres()
                .then_some("this is about the file of SQLite, and the records are in PostgreSQL"),
        }
    }

    /// What is broken and what `docs/COMPLIANCE.md` says to be missing are told apart.
    pub(crate) fn admitted(check: &Check, outcome: Outcome) -> Outcome {
        let says_so = check.promises.iter().all(|id| missing(COMPLIANCE).any(|missing| missing == *id));
        match outcome {
            Outcome::Broken { did, saw, expected } if says_so => Outcome::Admitted { did, saw, expected },
            other => other,
        }
    }
}

impl Stand {
    fn begin(program: &Program, storage: Storage, model: &Model) -> Result<Self> {
        let place = Place::new(program, storage)?;
        let people = place.seeded()?.into_iter().map(Rc::new).collect();
        // While nobody serves: a person of each role in an organisation of their own.
        let mut invited = Vec::new();
        for (_, role) in model.roles() {
            let (name, slug) = (role.name.as_str(), role.name.kebab());
            let email = format!("{slug}.stranger@example.net");
            let organisation = format!("--organisation=Other practice of {slug}");
            let words =
                ["create-owner", &organisation, &format!("--email={email}"), &format!("--role={name}")];
            if let Ok(link) = place.finish(&words) {
                invited.push((name.to_owned(), email, link.trim().to_owned(), role.is_privileged()));
            }
        }
        let serving = place.serve()?;
        let wire = serving.wire();
        let mut strangers = Vec::new();
        for (role, email, link, privileged) in invited {
            welcome(&wire, &link)?;
            strangers.push(Rc::new(first_sign_in(&wire, &role, &email, privileged)?));
        }
        let administers = |person: &Rc<Person>| {
            let role = model.roles.iter().find(|role| role.name == person.role());
            role.is_some_and(|role| role.administers.iter().any(|what| what.as_str() == "people"))
        };
        let office = strangers.iter().position(administers);
        // One that is had in the whole organisation, where there is one: it needs no place.
        let role_of = |privileged: bool| {
            let fits = model.roles().filter(|(_, role)| role.is_privileged() == privileged);
            let first = fits.min_by_key(|(_, role)| model.place_of(role).is_some());
            first.map(|(_, role)| role.name.as_str().to_owned())
        };
        Ok(Self {
            place,
            serving,
            wire,
            people,
            strangers,
            office,
            plain_role: role_of(false),
            privileged_role: role_of(true),
            signed: RefCell::default(),
            model: model.clone(),
            world: RefCell::default(),
            looks: Cell::new(0),
            planted: OnceCell::new(),
        })
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.place.storage, Storage::Postgres(_))
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The process that serves.
    pub(crate) fn process(&self) -> u32 {
        self.serving.process()
    }

    /// The made-up people's logins.
    pub(crate) fn people(&self) -> &[Rc<Login>] {
        &self.people
    }

    /// The spec, resolved.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    pub(crate) fn plain_role(&self) -> Option<String> {
        self.plain_role.clone()
    }

    pub(crate) fn privileged_role(&self) -> Option<String> {
        self.privileged_role.clone()
    }

    /// Somebody of the made-up people, signed in once and kept.
    pub(crate) fn person(&self, login: &Rc<Login>) -> Result<Rc<Person>> {
        if let Some(person) = self.signed.borrow().get(&login.email) {
            return Ok(Rc::clone(person));
        }
        let person = Rc::new(Person::new(&self.wire, Rc::clone(login))?);
        self.signed.borrow_mut().insert(login.email.clone(), Rc::clone(&person));
        Ok(person)
    }

    /// The first two people of each role.
    pub(crate) fn cast(&self) -> Result<Vec<Rc<Person>>> {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut cast = Vec::new();
        for login in &self.people {
            let count = seen.entry(&login.role).or_default();
            *count += 1;
            if *count <= 2 {
                cast.push(self.person(login)?);
            }
        }
        Ok(cast)
    }

    /// A person of each role, each in an organisation of their own.
    pub(crate) fn strangers(&self) -> &[Rc<Person>] {
        &self.strangers
    }

    /// Whoever administers the people of the second organisation.
    pub(crate) fn office(&self) -> Result<Rc<Person>> {
        let office = self.office.and_then(|at| self.strangers.get(at)).cloned();
        office.ok_or_else(|| Trouble::Absent("no role administers people".to_owned()))
    }

    /// What was true when it was last looked at.
    pub(crate) fn world(&self) -> Result<Rc<World>> {
        if let Some(world) = self.world.borrow().as_ref() {
            return Ok(Rc::clone(world));
        }
        self.look()
    }

    /// What is true now.
    pub(crate) fn look(&self) -> Result<Rc<World>> {
        // Outside the instance's folder: an open archive has everything in the clear.
        let folder = tempfile::tempdir().map_err(Trouble::file("a temporary folder"))?;
        self.looks.set(self.looks.get() + 1);
        let path = folder.path().join("open.zip");
        self.place.finish(&["export", "--open", "--without-project", "--to", &path.display().to_string()])?;
        let world = Rc::new(World::read(&self.model, &path)?);
        *self.world.borrow_mut() = Some(Rc::clone(&world));
        Ok(world)
    }
}
