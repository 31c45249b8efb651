//! What an app is told of its providers: the files that its sandbox is shown, made of what is kept.

use models::{Entry, Fallback, KeySource, Prices, Providers, WrittenCeiling};
use spec::Name;

use super::settings::{Model, Settings, SignIn};
use crate::Secret;
use crate::error::{Refusal, Result};
use crate::host::provided::{AI, INSIDE, Provided, SIGN_IN};

/// The authority of the identity provider's certificate.
const SIGN_IN_AUTHORITY: &str = "sign-in.pem";

/// The files of these providers, each with its key.
pub(super) fn files(providers: &[(Settings, Option<Secret>)]) -> Result<Provided> {
    let (mut entries, mut files) = (Vec::new(), Provided::default());
    for (settings, key) in providers {
        match settings {
            Settings::Model(model) => {
                let (entry, with) = model_files(model, key.as_ref(), files)?;
                entries.push(entry);
                files = with;
            }
            Settings::SignIn(sign_in) => files = sign_in_files(sign_in, key.as_ref(), files),
        }
    }
    if entries.is_empty() {
        return Ok(files);
    }
    // JSON is YAML; the types are those that the app reads it by.
    let written =
        Providers { providers: entries, ceiling: WrittenCeiling::default(), fallback: Fallback::default() };
    let text = serde_json::to_string_pretty(&written).map_err(|_| Refusal::Fault("a file of providers"))?;
    Ok(files.file(AI, Secret::new(&text)))
}

fn model_files(model: &Model, key: Option<&Secret>, mut files: Provided) -> Result<(Entry, Provided)> {
    let name: Name = model.processor.parse().map_err(|_| Refusal::Fault("a provider's name"))?;
    let name = name.kebab();
    let mut lay = |what: &str, text: &Secret| {
        let file = format!("model-{name}.{what}");
        files = std::mem::take(&mut files).file(&file, text.clone());
        format!("{INSIDE}/{file}").into()
    };
    let key = key.map(|key| KeySource::File(lay("key", key)));
    let authority = model.authority.as_deref().map(|pem| lay("pem", &Secret::new(pem)));
    let entry = Entry {
        name,
        wire: model.wire,
        model: model.model.clone(),
        address: Some(model.address.clone()),
        key,
        authority,
        price: Prices { input: model.input_price, output: model.output_price },
        most_output: Entry::USUAL_OUTPUT,
        // Each organisation's own, in the app.
        attestation: None,
    };
    Ok((entry, files))
}

fn sign_in_files(sign_in: &SignIn, key: Option<&Secret>, files: Provided) -> Provided {
    let pem = sign_in.authority.as_deref().map(Secret::new);
    let at = pem.as_ref().map(|_| format!("{INSIDE}/{SIGN_IN_AUTHORITY}"));
    let lines: String = [
        ("OIDC_ISSUER", Some(sign_in.issuer.as_str())),
        ("OIDC_CLIENT_ID", Some(&sign_in.client_id)),
        ("OIDC_CLIENT_SECRET", key.map(Secret::expose)),
        ("OIDC_ROLES", Some(&sign_in.roles)),
        ("OIDC_ROLES_CLAIM", sign_in.roles_claim.as_deref()),
        ("OIDC_NAME", sign_in.name.as_deref()),
        ("OIDC_AUTHORITY", at.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}\n", value?.trim())))
    .collect();
    let files = files.file(SIGN_IN, Secret::new(&zeroize::Zeroizing::new(lines)));
    match pem {
        Some(pem) => files.file(SIGN_IN_AUTHORITY, pem),
        None => files,
    }
}
