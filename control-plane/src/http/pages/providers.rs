//! How the app of an environment calls whom it may reach: AI providers and the identity provider (HC-5, HC-13, CF-23).

use std::convert::Infallible;

use models::{Money, Price, WireKind};
use safeguards::axum::extract::{FromRequestParts, Path, State};
use safeguards::axum::http::request::Parts;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{
    Answers, Choice, Column, Content, Field, Form, FormData, Notice, Page, Row, Shape, Table, View,
};

use super::outward::{at as outward_at, called};
use super::{Result, go, proved};
use crate::Secret;
use crate::accounts::{Owned, Owner};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::ids::{ProjectId, ProviderId};
use crate::outward::SIGN_IN;
use crate::projects::Project;
use crate::providers::{self, Model, Settings, SignIn, Wanted};
use crate::seams::EnvironmentKind;

/// The longest key, in letters.
const LONGEST_KEY: usize = 4096;
/// The longest certificates of an authority, in letters.
const LONGEST_PEM: usize = 20_000;

pub(super) fn at(project: &Project, kind: EnvironmentKind) -> String {
    format!("/projects/{}/environments/{}/providers", project.id, kind.as_str())
}

/// The two kinds of provider, each with its form, which the end of the page's address names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Model,
    SignIn,
}

impl Which {
    fn at(self, project: &Project, kind: EnvironmentKind) -> String {
        let word = match self {
            Self::Model => "model",
            Self::SignIn => SIGN_IN,
        };
        format!("{}/{word}", at(project, kind))
    }

    fn title(self) -> &'static str {
        match self {
            Self::Model => "Set an AI provider",
            Self::SignIn => "Set the identity provider",
        }
    }

    fn form(self, project: &Project, kind: EnvironmentKind, wanted: &Wanted) -> Form {
        let form = Form::new(self.at(project, kind));
        let form = match self {
            Self::Model => form.extend(model_fields(wanted)),
            Self::SignIn => form.extend(sign_in_fields(wanted)),
        };
        form.field(
            Field::paragraphs("authority", "Certificate of its own authority")
                .optional()
                .longest(LONGEST_PEM)
                .hint("Only where browsers do not know it. It begins with -----BEGIN CERTIFICATE-----"),
        )
        .submit("Set it, and start the app anew")
        .cancel(at(project, kind))
    }

    fn read(self, answers: &Answers) -> Result<(Settings, Option<Secret>)> {
        let some = |name: &str| answers.text(name).map(str::to_owned);
        let text = |name: &str| some(name).unwrap_or_default();
        let authority = some("authority");
        let settings = match self {
            Self::Model => Settings::Model(Model {
                processor: text("processor"),
                wire: match text("wire").as_str() {
                    "anthropic" => WireKind::Anthropic,
                    "openai" => WireKind::Openai,
                    _ => WireKind::Compatible,
                },
                address: text("address").parse().map_err(|why: String| Refusal::invalid("address", why))?,
                model: text("model"),
                input_price: price(answers, "input_price")?,
                output_price: price(answers, "output_price")?,
                authority,
            }),
            Self::SignIn => Settings::SignIn(SignIn {
                issuer: text("issuer"),
                client_id: text("client_id"),
                roles: text("roles"),
                roles_claim: some("roles_claim"),
                name: some("name"),
                authority,
            }),
        };
        Ok((settings, answers.text("key").map(Secret::new)))
    }
}

impl<S: Sync> FromRequestParts<S> for Which {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(if parts.uri.path().ends_with(SIGN_IN) { Self::SignIn } else { Self::Model })
    }
}

fn price(answers: &Answers, name: &'static str) -> Result<Price> {
    let dollars = answers.decimal(name).unwrap_or_default().to_string();
    let money: Money =
        dollars.parse().map_err(|why: models::NotMoney| Refusal::invalid(name, why.to_string()))?;
    Ok(Price::of_million(money))
}

fn model_fields(wanted: &Wanted) -> Vec<Field> {
    let companies = wanted.models.iter().map(|name| Choice::new(name.to_string(), name.to_string()));
    let wires = [
        ("anthropic", "Anthropic’s Messages"),
        ("openai", "OpenAI’s Responses"),
        ("compatible", "Chat completions, as many servers speak them"),
    ];
    let dollars =
        |name, label| Field::decimal(name, label).least(0).most(999_999).unit("$ for a million tokens");
    vec![
        Field::choice("processor", "Who", companies.collect::<Vec<_>>()),
        Field::choice("wire", "What it speaks", wires),
        Field::text("address", "Address")
            .longest(300)
            .autocomplete("off")
            .hint("As in: https://api.provider.example. Its host is one that is attested for it."),
        Field::text("model", "Model").longest(100).autocomplete("off").hint("By the provider’s name for it"),
        dollars("input_price", "What is read costs").hint("So that a run ends before it costs more than its ceiling, which is a dollar"),
        dollars("output_price", "What is written costs"),
        Field::shaped(Shape::Password, "key", "Key")
            .optional()
            .longest(LONGEST_KEY)
            .autocomplete("off")
            .hint("It is sealed, laid before the app, and never shown again. Only a server that speaks chat completions may want none."),
    ]
}

fn sign_in_fields(wanted: &Wanted) -> Vec<Field> {
    let roles = format!(
        "GROUP=ROLE, with commas between several. Who is in none is not let in. Roles: {}",
        wanted.roles.join(", ")
    );
    vec![
        Field::text("issuer", "Issuer").longest(300).autocomplete("off").hint(
            "As its discovery document says: https://… What that document names on other hosts has to be attested, too.",
        ),
        Field::text("client_id", "What the app is called there").longest(300).autocomplete("off"),
        Field::shaped(Shape::Password, "key", "The app’s secret there")
            .optional()
            .longest(LONGEST_KEY)
            .autocomplete("off")
            .hint("It is sealed, laid before the app, and never shown again. A public client has none."),
        Field::text("roles", "Which group has which role").longest(300).autocomplete("off").hint(roles),
        Field::text("roles_claim", "The claim that holds a person’s groups")
            .optional()
            .longest(300)
            .autocomplete("off")
            .hint("“groups”, unless you say otherwise"),
        Field::text("name", "The words of its button").optional().longest(300).autocomplete("off"),
    ]
}

fn how(settings: &Settings) -> String {
    match settings {
        Settings::Model(model) => format!("{}, {}", model.wire.as_str(), model.model),
        Settings::SignIn(sign_in) => format!("OpenID Connect, as {}", sign_in.client_id),
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind)): Path<(ProjectId, String)>,
) -> Result<Page> {
    let environment = project.environment(&site.platform, &kind).await?;
    let at = at(&project, environment.kind);
    let set = providers::list(&site.platform, environment.id).await?.into_iter().map(|provider| {
        Row::new()
            .cell(provider.processor)
            .cell(provider.to.to_string())
            .cell(how(&provider.settings))
            .cell(if provider.has_key { "kept, sealed" } else { "none" })
            .cell(Content::Moment(provider.set_at))
            .cell(Content::Link("Withdraw".into(), format!("{at}/{}", provider.id)))
    });
    let table = ["Who", "Host", "How", "Key", "Since", ""]
        .into_iter()
        .fold(Table::new("How the app calls them"), |table, label| table.column(Column::new(label)))
        .rows(set.collect::<Vec<_>>())
        .empty("Nobody is set", "AI actions are answered by the app itself, and people sign in by password.");
    let page = view
        .page(format!("How {} calls whom it may reach", called(environment.kind)))
        .about("The app alone is told, where it runs. In the app, each organisation attests an AI provider before it is asked. What is set again replaces what was set before.")
        .back("Whom the app may reach", outward_at(&project, environment.kind))
        .with(table);
    let wanted = providers::wanted(&site.platform, &environment).await?;
    let page = if wanted.models.is_empty() {
        page
    } else {
        page.action(Which::Model.title(), Which::Model.at(&project, environment.kind))
    };
    Ok(if wanted.sign_in {
        page.action(Which::SignIn.title(), Which::SignIn.at(&project, environment.kind))
    } else if wanted.models.is_empty() {
        page.notice(
            Notice::information("The app that serves here calls nobody")
                .text("No AI action of its plan names a provider, and no identity provider is asked for."),
        )
    } else {
        page
    })
}

fn form_page(view: &View, which: Which, project: &Project, environment: &Environment) -> Page {
    view.page(which.title())
        .narrow()
        .about(format!(
            "For {} alone. Attest its host first, under “Whom the app may reach”.",
            called(environment.kind)
        ))
        .back("How the app calls them", at(project, environment.kind))
}

pub(super) async fn ask(
    State(site): State<Site>,
    which: Which,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind)): Path<(ProjectId, String)>,
) -> Result<Response> {
    let environment = project.environment(&site.platform, &kind).await?;
    if let Err(first) = proved(&owner, &which.at(&project, environment.kind)) {
        return Ok(*first);
    }
    let wanted = providers::wanted(&site.platform, &environment).await?;
    let form = which.form(&project, environment.kind, &wanted);
    Ok(form_page(&view, which, &project, &environment).with(form).into_response())
}

#[allow(clippy::too_many_arguments, reason = "what the address, the session and the form say")]
pub(super) async fn set(
    State(site): State<Site>,
    which: Which,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind)): Path<(ProjectId, String)>,
    data: FormData,
) -> Result<Response> {
    let environment = project.environment(&site.platform, &kind).await?;
    let proof = match proved(&owner, &which.at(&project, environment.kind)) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    let wanted = providers::wanted(&site.platform, &environment).await?;
    let again = |form: Form| form_page(&view, which, &project, &environment).with(form).into_response();
    let form = which.form(&project, environment.kind, &wanted);
    let answers = match form.parse(&view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(again(*form)),
    };
    let done = async {
        let (settings, key) = which.read(&answers)?;
        let (platform, host) = (&site.platform, &*site.host);
        providers::set(platform, host, &owner, &environment, &settings, key.as_ref(), &proof).await
    };
    match done.await {
        Ok(_) => Ok(go(at(&project, environment.kind))),
        Err(wrong @ Refusal::Invalid { .. }) => {
            let form = which.form(&project, environment.kind, &wanted);
            Ok(form.refused(answers, wrong.into()).map_or_else(IntoResponse::into_response, again))
        }
        Err(other) => Err(other),
    }
}

pub(super) async fn ask_to_withdraw(
    State(site): State<Site>,
    project: Owned<Project>,
    Shell(view): Shell,
    Path((_, kind, id)): Path<(ProjectId, String, ProviderId)>,
) -> Result<Page> {
    let environment = project.environment(&site.platform, &kind).await?;
    let set = providers::list(&site.platform, environment.id).await?;
    let provider = set.into_iter().find(|provider| provider.id == id).ok_or(Refusal::NotFound)?;
    let at = at(&project, environment.kind);
    Ok(view
        .page(format!("Withdraw {}", provider.processor))
        .narrow()
        .about("Its key is erased here and on the host, and the app is started anew without it. Take the key back where you got it, too.")
        .back("How the app calls them", at.clone())
        .with(Form::new(format!("{at}/{id}")).submit("Withdraw it").danger()))
}

pub(super) async fn withdraw(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Path((_, kind, id)): Path<(ProjectId, String, ProviderId)>,
) -> Result<Response> {
    let environment = project.environment(&site.platform, &kind).await?;
    let at = at(&project, environment.kind);
    let proof = match proved(&owner, &at) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    providers::withdraw(&site.platform, &*site.host, &owner, &environment, id, &proof).await?;
    Ok(go(at))
}
