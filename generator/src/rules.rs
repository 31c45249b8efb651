//! `src/rules.rs`: every expression of the spec as a Rust function, and where it is called.
//!
//! The functions are made from the typed trees by `quote` and printed by `prettyplease`. Each takes the fields that it
//! reads as a record shows them: when one is hidden, so is the result.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use spec::model::{End, Entity, Field, Model, Move, Occasion, Path, Rule};
use spec::rules::Expression;

use crate::Error;
use crate::doors::comment;
use crate::view::entity::EntityView;
use crate::view::field::rust_type;

/// Tells the view of an entity which of its fields are inputs, and how computed ones and guards are called.
pub(crate) fn prepare(entity: &Entity, view: &mut EntityView) {
    let mut inputs: Vec<String> = Vec::new();
    for (at, field) in entity.fields() {
        let Some(expression) = &field.computed else { continue };
        let Some(read) = own_fields(entity, expression) else { continue };
        let arguments: Vec<String> = read.iter().map(|input| format!("&{}", input.column)).collect();
        let call = format!("rules::{}({}, row.now())", computed_name(entity, field), arguments.join(", "));
        view.fields[at.position()].computed_call = Some(call.replace("(, ", "("));
        if let Some(first) = read.first() {
            view.fields[at.position()].policy_name = first.name.to_string();
        }
        inputs.extend(read.iter().map(|input| input.column.clone()));
        view.uses_rules = true;
    }
    for field in &mut view.fields {
        field.input = inputs.contains(&field.column);
    }
    let Some(lifecycle) = &entity.lifecycle else { return };
    for (position, step) in lifecycle.moves.iter().enumerate() {
        let Some(read) = step.when.as_ref().and_then(|when| own_fields(entity, when)) else { continue };
        let arguments: Vec<String> = read.iter().map(|input| format!("&record.{}, ", input.column)).collect();
        let call = format!("rules::{}({}viewer.clock.now())", guard_name(entity, step), arguments.concat());
        if let Some(moves) = view.lifecycle.as_mut().map(|lifecycle| &mut lifecycle.moves) {
            moves[position].guard = Some(format!("holds(&{call})"));
        }
        view.uses_rules = true;
    }
}

/// An expression as an SQL condition over the entity's own table, the same for both databases, and the other
/// tables that it asks.
pub(crate) fn sql(
    model: &Model,
    table: &str,
    expression: &Expression,
) -> Result<(String, Vec<String>), Error> {
    let text = expression
        .sql(&model.entities, table)
        .map_err(|reason| Error::Expression(expression.said.clone(), reason.to_string()))?;
    let hops = expression.inputs.iter().flat_map(|path| &path.hops);
    let mut beside: Vec<String> = hops.map(|hop| model[hop.to].table.clone()).collect();
    beside.sort();
    beside.dedup();
    Ok((text.replace(":now", "{now}"), beside))
}

/// The text of `src/rules.rs`.
pub(crate) fn file(model: &Model) -> Result<String, Error> {
    let mut functions = Vec::new();
    for entity in &model.entities {
        for field in &entity.fields {
            if let Some(expression) = &field.computed {
                let (name, output) = (computed_name(entity, field), rust_type(field));
                functions.push(function(entity, expression, &name, &output)?);
            }
        }
        for step in entity.lifecycle.iter().flat_map(|lifecycle| &lifecycle.moves) {
            if let Some(expression) = &step.when {
                functions.push(function(entity, expression, &guard_name(entity, step), "Option<bool>")?);
            }
        }
    }
    for rule in &model.rules {
        let follows = !rule.tasks.is_empty() || !rule.messages.is_empty();
        if let (Occasion::Written { of, when }, true) = (&rule.occasion, follows) {
            let entity = &model[*of];
            functions.push(function(entity, when, &raising_name(entity, rule), "Option<bool>")?);
        }
    }
    let mut text = String::from(
        "//! What the spec computes, as functions: hidden when one of the fields that it reads is hidden, missing when one\n\
         //! of them is missing and the rest does not decide it.\n\n",
    );
    if functions.is_empty() {
        return Ok(String::new());
    }
    let uses = quote! {
        use safeguards::slice::prelude::*;
        use safeguards::slice::rules;
        use safeguards::slice::shapes::{Input, Output};
    };
    text += &printed(uses)?;
    for (said, tokens) in functions {
        text += &format!("\n/// `{}`\n{}", comment(&said), printed(tokens)?);
    }
    Ok(text)
}

fn function(
    entity: &Entity,
    expression: &Expression,
    name: &str,
    output: &str,
) -> Result<(String, TokenStream), Error> {
    let read = own_fields(entity, expression).ok_or_else(|| {
        Error::Expression(expression.said.clone(), "it reads a field of another record".to_owned())
    })?;
    let field = |path: &Path| match path.end {
        End::Field(at) => {
            let column = ident(&entity[at].column);
            quote!(#column.shape())
        }
        // `own_fields` has let no other end through.
        _ => quote!(None),
    };
    let body = expression.rust(&field);
    let names: Vec<Ident> = read.iter().map(|field| ident(&field.column)).collect();
    let types: Vec<TokenStream> =
        read.iter().map(|field| tokens(&rust_type(field))).collect::<Result<_, _>>()?;
    let (name, output) = (ident(name), tokens(output)?);
    let text = body.to_string();
    let today = text.contains("today").then(|| quote!(let today = crate::home::FRONT.zone.date(now);));
    let now = if text.contains("now") || today.is_some() { quote!(now) } else { quote!(_now) };
    let shown = if names.is_empty() {
        quote!()
    } else {
        match names.as_slice() {
            [name] => quote!(let Shown::Value(#name) = #name else { return Shown::Hidden };),
            names => quote! {
                let (#(Shown::Value(#names)),*) = (#(#names),*) else { return Shown::Hidden };
            },
        }
    };
    let tokens = quote! {
        pub fn #name(#(#names: &Shown<#types>,)* #now: OffsetDateTime) -> Shown<#output> {
            #shown
            #today
            Shown::Value(Output::of(#body))
        }
    };
    Ok((expression.said.clone(), tokens))
}

/// The fields of the record itself that an expression reads; nothing when it follows a link.
pub(crate) fn own_fields<'e>(entity: &'e Entity, expression: &Expression) -> Option<Vec<&'e Field>> {
    let mut fields: Vec<&Field> = Vec::new();
    for path in &expression.inputs {
        let (true, End::Field(at)) = (path.hops.is_empty(), path.end) else { return None };
        if entity[at].computed.is_some() {
            return None;
        }
        if !fields.iter().any(|known| known.column == entity[at].column) {
            fields.push(&entity[at]);
        }
    }
    Some(fields)
}

fn computed_name(entity: &Entity, field: &Field) -> String {
    format!("{}_{}", entity.name.snake().trim_end_matches('_'), field.column.trim_end_matches('_'))
}

/// The name of the function that judges a move.
pub(crate) fn guard_name(entity: &Entity, step: &Move) -> String {
    let entity = entity.name.snake();
    format!("{}_may_{}", entity.trim_end_matches('_'), step.name.snake().trim_end_matches('_'))
}

/// The name of the function that judges a rule.
pub(crate) fn raising_name(entity: &Entity, rule: &Rule) -> String {
    let entity = entity.name.snake();
    format!("{}_raises_{}", entity.trim_end_matches('_'), rule.name.snake().trim_end_matches('_'))
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

fn tokens(text: &str) -> Result<TokenStream, Error> {
    text.parse().map_err(|_| Error::Template(format!("`{text}` is no type")))
}

fn printed(tokens: TokenStream) -> Result<String, Error> {
    let file = syn::parse2(tokens).map_err(|error| Error::Template(format!("rules.rs: {error}")))?;
    Ok(prettyplease::unparse(&file))
}
