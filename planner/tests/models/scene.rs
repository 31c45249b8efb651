//! One provider, one purse, and prompts.

use std::sync::Arc;

use models::testing::{InMemory, Rehearsal};
use models::{ApiKey, Attested, Budget, Caller, Ceiling, Fallback, Providers, Seal, Surroundings};
use models_double::{Asked, ModelsDouble, Price, Told};
use planner::model::{Cleared, Planned, Planning, Telling, clear, form};
use serde_json::{Value, json};

pub(crate) const WIRES: [&str; 3] = ["anthropic", "openai", "compatible"];

pub(crate) const PRICE: Price = Price { input: 3_000, output: 15_000 };

pub(crate) struct Scene {
    pub(crate) double: ModelsDouble,
    pub(crate) register: Arc<InMemory>,
    pub(crate) budget: Budget,
    pub(crate) fallback: Fallback,
    providers: Vec<Attested>,
    caller: Caller,
}

impl Scene {
    pub(crate) async fn new(wire: &str, script: impl FnMut(&Asked) -> Told + Send + 'static) -> Self {
        Self::with(wire, "50", 1, script).await
    }

    pub(crate) async fn with(
        wire: &str,
        dollars: &str,
        seed: u64,
        script: impl FnMut(&Asked) -> Told + Send + 'static,
    ) -> Self {
        let double = ModelsDouble::start(PRICE, script).await.unwrap();
        let around = Arc::new(Rehearsal::with(seed, double.hung()));
        let providers = vec![provider(wire, "double", &double)];
        let register = Arc::new(InMemory::default());
        let caller = Caller::new(around, register.clone(), Seal::new(&[3; 32]));
        let budget = Budget::new(Ceiling { money: dollars.parse().unwrap(), tokens: 100_000_000 });
        Self { double, register, budget, fallback: Fallback::Offline, providers, caller }
    }

    /// Another provider, who is asked after those that there are.
    pub(crate) fn then(&mut self, wire: &str, name: &str, double: &ModelsDouble) {
        self.providers.push(provider(wire, name, double));
    }

    pub(crate) async fn plan(&self, prompt: &str) -> Planned {
        self.plan_cleared(&clear(prompt, true).unwrap(), &mut |_| {}).await
    }

    pub(crate) async fn plan_cleared(
        &self,
        prompt: &Cleared,
        tell: &mut (dyn FnMut(Telling<'_>) + Send),
    ) -> Planned {
        let planning = Planning {
            caller: &self.caller,
            providers: &self.providers,
            budget: &self.budget,
            fallback: self.fallback,
        };
        planner::model::plan(prompt, &planning, tell).await
    }
}

fn provider(wire: &str, name: &str, double: &ModelsDouble) -> Attested {
    let file = json!({ "providers": [{
        "name": name, "wire": wire, "model": "some-model-1", "address": double.url(),
        "key": { "environment": "SOME_KEY" }, "price": { "input": 3, "output": 15 },
        "attestation": {
            "agreement": "BAA 2026-0041", "zero retention": "Amendment 2", "attested by": "Ana Ruiz", "on": "2026-10-01",
        },
    }] });
    let entry = Providers::read(&file.to_string()).unwrap().providers.remove(0);
    let key = ApiKey::new(name, double.key().into()).unwrap();
    entry.attest(Some(key), Rehearsal::new(0).now()).unwrap()
}

/// A prompt of the fixtures.
pub(crate) fn prompt(name: &str) -> String {
    let path = format!("{}/fixtures/{name}/prompt.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// A small spec, as the judge takes it.
pub(crate) fn spec() -> Value {
    json!({
        "app": "Foot clinic",
        "about": "Visits of patients.",
        "roles": { "nurse": {}, "physician": {} },
        "entities": {
            "patient": {
                "fields": { "name": "identifier name, required", "shoe size": "clinical decimal" },
                "access": { "nurse": "view, create, update in organisation", "physician": "view in organisation" },
            },
            "visit": {
                "part of": "patient",
                "fields": { "note": "narrative" },
                "access": { "physician": "view, create, update in organisation" },
            },
        },
    })
}

/// The prompt to it.
pub(crate) const PROMPT: &str =
    "A foot clinic. Nurses register patients with name and shoe size. Physicians write a note of each visit.";

/// A spec as the model fills it in.
pub(crate) fn filled(spec: &Value) -> Value {
    form().fill(spec)
}

/// A spec with something else at a pointer.
pub(crate) fn with(pointer: &str, value: Value) -> Value {
    let mut spec = spec();
    let mut place = &mut spec;
    for step in pointer.split('/').skip(1) {
        place = &mut place[step];
    }
    *place = value;
    spec
}

/// All that left, as text.
pub(crate) fn outbound(double: &ModelsDouble) -> String {
    String::from_utf8_lossy(&double.outbound().concat()).into_owned()
}
