//! One provider, one question, one budget.

use std::sync::Arc;

use models::testing::{InMemory, Rehearsal};
use models::{
    Answer, ApiKey, Ask, Attested, Budget, Caller, Ceiling, Entry, Form, NotAnswered, Providers, Seal,
    Surroundings, Turn,
};
use models_double::{Asked, ModelsDouble, Price, Told};
use serde_json::{Value, json};

pub(crate) const WIRES: [&str; 3] = ["anthropic", "openai", "compatible"];

/// Three dollars a million tokens read, fifteen a million written.
pub(crate) const PRICE: Price = Price { input: 3_000, output: 15_000 };

pub(crate) struct Scene {
    pub(crate) double: ModelsDouble,
    pub(crate) provider: Attested,
    pub(crate) around: Arc<Rehearsal>,
    pub(crate) register: Arc<InMemory>,
    pub(crate) budget: Budget,
    caller: Caller,
}

/// The file of providers with one entry, at this address.
pub(crate) fn file(wire: &str, address: &str) -> String {
    format!(
        "providers:
  - name: double
    wire: {wire}
    model: some-model-1
    address: {address}
    key: {{ environment: SOME_KEY }}
    price: {{ input: 3.00, output: 15 }}
    most output: 2_000
    attestation:
      agreement: BAA 2026-0041
      zero retention: Amendment 2, nothing is kept
      attested by: Ana Ruiz, privacy officer
      on: 2026-10-01
"
    )
}

pub(crate) fn entry(wire: &str, address: &str) -> Entry {
    Providers::read(&file(wire, address)).unwrap().providers.remove(0)
}

pub(crate) fn ask() -> Ask {
    let schema = json!({
        "type": "object",
        "properties": {
            "app": { "type": "string" },
            "time zone": { "type": ["string", "null"] },
            "roles": { "type": "object", "additionalProperties": { "type": "string" } },
        },
        "required": ["app", "roles"],
    });
    Ask {
        purpose: "test",
        instructions: "Fill in the form.".into(),
        turns: vec![Turn::Said("A clinic for “naïve” café owners.".into())],
        form: Form::new("plan", "A plan of an app.", schema),
        most_output: 2_000,
    }
}

/// A form filled in, as the model would: with letters that have several bytes.
pub(crate) fn filled() -> Value {
    json!({ "app": "Café 診療所", "time_zone": null, "roles": [{ "name": "nurse", "is": "naïve" }] })
}

impl Scene {
    pub(crate) async fn new(wire: &str, script: impl FnMut(&Asked) -> Told + Send + 'static) -> Self {
        Self::with(wire, "10", InMemory::default(), script).await
    }

    pub(crate) async fn with(
        wire: &str,
        dollars: &str,
        register: InMemory,
        script: impl FnMut(&Asked) -> Told + Send + 'static,
    ) -> Self {
        let double = ModelsDouble::start(PRICE, script).await.unwrap();
        let around = Arc::new(Rehearsal::with(7, double.hung()));
        let key = ApiKey::new("double", double.key().into()).unwrap();
        let provider = entry(wire, double.url()).attest(Some(key), around.now()).unwrap();
        let register = Arc::new(register);
        let caller = Caller::new(around.clone(), register.clone(), Seal::new(&[9; 32]));
        let budget = Budget::new(Ceiling { money: dollars.parse().unwrap(), tokens: 10_000_000 });
        Self { double, provider, around, register, budget, caller }
    }

    pub(crate) async fn ask(&self) -> Result<Answer, NotAnswered> {
        self.caller.ask(&self.provider, &ask(), &self.budget, &mut |_| {}).await
    }

    pub(crate) async fn asked(&self, ask: &Ask) -> Result<Answer, NotAnswered> {
        self.caller.ask(&self.provider, ask, &self.budget, &mut |_| {}).await
    }
}

/// The last fault, if it was one.
pub(crate) fn fault(result: Result<Answer, NotAnswered>) -> models::Fault {
    match result {
        Err(NotAnswered::Fault { fault, .. }) => fault,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was answered"),
    }
}

/// What a script does: a list of turns, and the form filled in afterwards.
pub(crate) fn turns(mut told: Vec<Told>) -> impl FnMut(&Asked) -> Told + Send + 'static {
    told.reverse();
    move |_| told.pop().unwrap_or_else(|| Told::fill(filled()))
}
