//! Planning through models, where whoever runs the platform has named providers (HC-5, HC-6, HC-13).
//!
//! A prompt passes the gate first: where one of the 18 Safe Harbor identifiers is found in it, it stays in the house until
//! its author has taken it out, has asked for placeholders, or plans offline. Then it is planned as a task of its own, since a
//! model takes minutes; who waits for it is told what goes on. What comes back is data: it is judged by the validator, read a
//! second time for what restricts, and kept as a version that a person reads and approves like any other.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use models::{
    ApiKey, Attested, Budget, Caller, Ceiling, Entry, JsonLines, Providers, Seal, Surroundings, Wait,
    Waiting, WireKind,
};
use planner::model::{Cleared, Identifies, NotPlanned, PlannedBy, Planning, Telling};
use safeguards::Clock;
use schemars::JsonSchema;
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::Platform;
use crate::accounts::Owned;
use crate::error::{Refusal, Result};
use crate::ids::PromptId;
use crate::processors::{self, Data};
use crate::projects::Project;
use crate::prompts::{self, Prompt, PromptText};
use crate::versions::{self, Planned};

/// How many runs are remembered after they ended, to be shown.
const REMEMBERED: usize = 200;

/// The providers that plan, and the runs that go on.
#[derive(Clone)]
pub struct Planners(Arc<Parts>);

struct Parts {
    providers: Providers,
    caller: Caller,
    runs: Mutex<HashMap<PromptId, Arc<Run>>>,
}

impl fmt::Debug for Planners {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Planners")
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What came of it, or why nothing did, in words for the founder.
    pub planned: std::result::Result<Planned, String>,
    /// Who planned, and what it cost.
    pub account: String,
}

#[derive(Default)]
struct State {
    said: Vec<String>,
    bytes: usize,
    ended: Option<Ended>,
}

/// A prompt that is being planned.
#[derive(Default)]
pub struct Run {
    state: Mutex<State>,
    news: Notify,
}

/// How a prompt is planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// By the built-in planner: nothing leaves this platform.
    #[default]
    Offline,
    /// By a model, with the text as it is, if nothing in it names anybody.
    Models,
    /// By a model, with placeholders in the stead of what could name somebody, which are turned back here.
    Placeholders,
}

/// What becomes of a prompt that is to be planned.
#[derive(Debug)]
pub enum Begun {
    /// It is planned.
    Planned(Planned),
    /// A model plans it; [`Planners::run`] tells how far it is.
    GoesOn,
    /// It stays in the house: this could name somebody.
    Identifies(Identifies),
}

/// Plans a prompt, in the way that its author has chosen: what the dashboard, the API and the command line do alike.
///
/// # Errors
/// The prompt was deleted or cannot be opened, the plan cannot be kept, or no provider is named here.
pub async fn plan(
    platform: &Platform,
    project: &Owned<Project>,
    prompt: &Owned<Prompt>,
    way: Way,
) -> Result<Begun> {
    if way == Way::Offline {
        return versions::plan(platform, project, prompt).await.map(Begun::Planned);
    }
    let planners = platform.planners.as_ref().ok_or_else(|| {
        Refusal::Conflict("No model plans here: whoever runs the platform has named no provider.".into())
    })?;
    Ok(match planners.begin(platform, project, prompt, way).await? {
        Ok(()) => Begun::GoesOn,
        Err(found) => Begun::Identifies(found),
    })
}

impl Planners {
    /// Reads the file of providers. The register of calls and its key lie in `folder`, mode 0600.
    ///
    /// # Errors
    /// In words for whoever runs the platform; no key is in them.
    pub fn open(file: &Path, folder: &Path, clock: Arc<dyn Clock>) -> std::result::Result<Self, String> {
        let at = |path: &Path| path.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|why| format!("{}: {why}", at(file)))?;
        let providers = Providers::read(&text).map_err(|why| format!("{}: {why}", at(file)))?;
        safeguards::folder::make_folder(folder).map_err(|why| why.to_string())?;
        let (register, key) = (folder.join("register.jsonl"), folder.join("register.key"));
        let lines = JsonLines::open(&register).map_err(|why| format!("{}: {why}", at(&register)))?;
        let seal = Seal::kept_in(&key).map_err(|why| format!("{}: {why}", at(&key)))?;
        let caller = Caller::new(Arc::new(Around(clock)), Arc::new(lines), seal);
        Ok(Self(Arc::new(Parts { providers, caller, runs: Mutex::default() })))
    }

    /// What one plan may cost at most, for a page that says so before anything is asked.
    #[must_use]
    pub fn ceiling(&self) -> Ceiling {
        self.0.providers.ceiling.into()
    }

    /// The run of a prompt, while it goes on and a while afterwards.
    #[must_use]
    pub fn run(&self, prompt: PromptId) -> Option<Arc<Run>> {
        self.0.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&prompt).cloned()
    }

    /// Begins to plan a prompt; says what was found in it instead, where it may not leave the house. One that is being
    /// planned goes on.
    ///
    /// # Errors
    /// The prompt was deleted, or cannot be opened.
    async fn begin(
        &self,
        platform: &Platform,
        project: &Owned<Project>,
        prompt: &Owned<Prompt>,
        way: Way,
    ) -> Result<std::result::Result<(), Identifies>> {
        let text = text(platform, prompt).await?;
        let cleared = tokio::task::spawn_blocking(move || {
            planner::model::clear(text.reveal(), way == Way::Placeholders)
        });
        let cleared = match cleared.await.map_err(|_| Refusal::Fault("the gate panicked"))? {
            Ok(cleared) => cleared,
            Err(found) => return Ok(Err(found)),
        };
        let Some(run) = self.enter(prompt.id) else { return Ok(Ok(())) };
        let (planners, platform) = (self.clone(), platform.clone());
        let (project, prompt) = (project.clone(), prompt.id);
        tokio::spawn(async move {
            let ended = planners.plan(&platform, &project, prompt, cleared, &run).await;
            run.end(ended);
        });
        Ok(Ok(()))
    }

    /// A run that is new; none where one goes on.
    fn enter(&self, prompt: PromptId) -> Option<Arc<Run>> {
        let mut runs = self.0.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.get(&prompt).is_some_and(|run| run.ended().is_none()) {
            return None;
        }
        if runs.len() >= REMEMBERED {
            runs.retain(|_, run| run.ended().is_none());
        }
        let run = Arc::new(Run::default());
        runs.insert(prompt, Arc::clone(&run));
        Some(run)
    }

    async fn plan(
        &self,
        platform: &Platform,
        project: &Owned<Project>,
        prompt: PromptId,
        cleared: Cleared,
        run: &Run,
    ) -> Ended {
        let (providers, refused) = self.attested(platform).await;
        for why in refused {
            run.say(format!("Not asked: {why}"));
        }
        let ceiling = self.ceiling();
        let budget = Budget::new(ceiling);
        let parts = &self.0;
        let planning = Planning {
            caller: &parts.caller,
            providers: &providers,
            budget: &budget,
            fallback: parts.providers.fallback,
        };
        let outcome = planner::model::plan(&cleared, &planning, &mut |telling| run.told(&telling)).await;
        let by = match &outcome.by {
            Some(PlannedBy::Model { provider, model, rounds }) => {
                format!("Planned by the model {model} of {provider} in {rounds} rounds.")
            }
            Some(PlannedBy::Offline) => "Planned by the built-in planner: no model had a plan.".to_owned(),
            None => "Nobody had a plan.".to_owned(),
        };
        let account = format!(
            "{by} Spent: {}, of at most {}. Charged: {}.",
            outcome.spent, ceiling.money, outcome.charged
        );
        let planned = match outcome.plan {
            Ok(plan) => {
                versions::keep_plan(platform, project, prompt, &plan).await.map_err(|why| why.to_string())
            }
            Err(NotPlanned::Offline(why)) => match versions::unplanned(why) {
                Some(not) => Ok(not),
                None => Err("The plan is not a valid spec: this is our own fault.".to_owned()),
            },
            Err(why @ NotPlanned::Models(_)) => Err(why.to_string()),
        };
        Ended { planned, account }
    }

    /// The providers that may be asked at this moment: attested in the file, and, where the prompt would leave this machine,
    /// permitted by the register of sub-processors (HC-13). Keys are read now, and forgotten afterwards.
    async fn attested(&self, platform: &Platform) -> (Vec<Attested>, Vec<String>) {
        let (mut attested, mut refused) = (Vec::new(), Vec::new());
        for entry in &self.0.providers.providers {
            match permitted(platform, entry).await {
                Ok(provider) => attested.push(provider),
                Err(why) => refused.push(why),
            }
        }
        (attested, refused)
    }
}

async fn permitted(platform: &Platform, entry: &Entry) -> std::result::Result<Attested, String> {
    if !entry.address().is_own_machine() {
        let company = match entry.wire {
            WireKind::Anthropic => "anthropic",
            WireKind::Openai => "openai",
            WireKind::Compatible => "model-server",
        };
        processors::permit(platform, company, Data::Health).await.map_err(|why| why.to_string())?;
    }
    let key = entry
        .key
        .as_ref()
        .map(|source| ApiKey::find(&entry.name, source, |name| std::env::var(name).ok()))
        .transpose()
        .map_err(|why| why.to_string())?;
    entry.clone().attest(key, platform.clock.now()).map_err(|why| why.to_string())
}

async fn text(platform: &Platform, prompt: &Owned<Prompt>) -> Result<PromptText> {
    let read = prompts::read(platform, prompt).await?;
    let (text, _) = read.ok_or(Refusal::Conflict("This prompt was deleted. Write a new one.".into()))?;
    Ok(text)
}

impl Run {
    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn say(&self, line: String) {
        self.state(|state| {
            state.said.push(line);
            state.bytes = 0;
        });
        self.news.notify_waiters();
    }

    fn told(&self, telling: &Telling<'_>) {
        match telling {
            Telling::Asking { provider, round, worst } => {
                self.say(format!("{provider} is asked, round {round}; this answer can cost at most {worst}"));
            }
            Telling::Answering(bytes) => {
                self.state(|state| state.bytes = *bytes);
                self.news.notify_waiters();
            }
            Telling::Wrong(count) => {
                self.say(format!("{count} things are wrong with its plan, and go back to it"));
            }
            Telling::Without { provider, why } => self.say(format!("No plan of {provider}: {why}")),
            Telling::Offline => self.say("The built-in planner reads the description".to_owned()),
        }
    }

    fn end(&self, ended: Ended) {
        self.state(|state| state.ended = Some(ended));
        self.news.notify_waiters();
    }

    /// How it ended, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.state(|state| state.ended.clone())
    }

    /// What was said so far, and how much of an answer is here, in bytes.
    #[must_use]
    pub fn so_far(&self) -> (Vec<String>, usize) {
        self.state(|state| (state.said.clone(), state.bytes))
    }

    /// Completes when there is something new, or after this long.
    pub async fn news(&self, at_most: Duration) {
        let _either = tokio::time::timeout(at_most, self.news.notified()).await;
    }
}

/// The platform's clock, and the machine's chance.
struct Around(Arc<dyn Clock>);

impl Surroundings for Around {
    fn now(&self) -> OffsetDateTime {
        self.0.now()
    }

    fn pass(&self, _: Wait, duration: Duration) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> u64 {
        models::Machine.random()
    }
}
