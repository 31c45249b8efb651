//! Rust tokens of an expression, over the functions of [`super::RUNTIME`].

use super::{Aggregate, Comparison, Expression, Operator, Tree, Unit};
use crate::model::Path;
use proc_macro2::TokenStream;
use quote::quote;

impl Expression {
    /// Tokens of an `Option`: of `bool`, `f64`, `&str` (texts and choices), `Date`, `Time` or
    /// `OffsetDateTime`. `field` gives the tokens of an input in the same shapes; a list is an
    /// `Option<&[String]>`, a link anything with `is_none()`. The variables `today: Date` and
    /// `now: OffsetDateTime` must be in scope, and the module `rules`.
    pub fn rust(&self, field: &dyn Fn(&Path) -> TokenStream) -> TokenStream {
        tree(&self.tree, field)
    }
}

fn tree(node: &Tree, field: &dyn Fn(&Path) -> TokenStream) -> TokenStream {
    let of = |node: &Tree| tree(node, field);
    match node {
        Tree::Field(path) => field(path),
        Tree::Number(value) => {
            let value = proc_macro2::Literal::f64_unsuffixed(*value);
            quote!(Some(#value))
        }
        Tree::Text(text) => quote!(Some(#text)),
        Tree::Boolean(value) => quote!(Some(#value)),
        Tree::Today => quote!(Some(today)),
        Tree::Now => quote!(Some(now)),
        Tree::Not(inner) => {
            let inner = of(inner);
            quote!(#inner.map(|value: bool| !value))
        }
        Tree::And(left, right) => call("and", &[of(left), of(right)]),
        Tree::Or(left, right) => call("or", &[of(left), of(right)]),
        Tree::Compare(comparison, left, right) => {
            let (left, right) = (of(left), of(right));
            let sign = match comparison {
                Comparison::Equal => quote!(==),
                Comparison::NotEqual => quote!(!=),
                Comparison::Less => quote!(<),
                Comparison::AtMost => quote!(<=),
                Comparison::Greater => quote!(>),
                Comparison::AtLeast => quote!(>=),
            };
            quote!(rules::compare(#left, #right, |left, right| left #sign right))
        }
        Tree::Arithmetic(Operator::Over, left, right) => call("over", &[of(left), of(right)]),
        Tree::Arithmetic(operator, left, right) => {
            let (left, right) = (of(left), of(right));
            let sign = match operator {
                Operator::Plus => quote!(+),
                Operator::Minus => quote!(-),
                Operator::Times | Operator::Over => quote!(*),
            };
            quote!(rules::compute(#left, #right, |left, right| left #sign right))
        }
        Tree::Negative(inner) => {
            let inner = of(inner);
            quote!(#inner.map(|value: f64| -value))
        }
        Tree::IsMissing(inner) => {
            let inner = of(inner);
            quote!(Some(#inner.is_none()))
        }
        Tree::Between(unit, from, to) => {
            let name = match unit {
                Unit::Years => "years",
                Unit::Days => "days",
                Unit::MomentDays => "days_of_moments",
                Unit::Hours => "hours",
            };
            call(name, &[of(from), of(to)])
        }
        Tree::Aggregate(aggregate, numbers) => {
            let numbers = numbers.iter().map(of);
            let name = match aggregate {
                Aggregate::Sum => "sum",
                Aggregate::Count => "count",
                Aggregate::Least => "least",
                Aggregate::Greatest => "greatest",
                Aggregate::Mean => "mean",
            };
            call(name, &[quote!(&[#(#numbers),*])])
        }
        Tree::Contains(of_list, left, right) => {
            call(if *of_list { "list_contains" } else { "text_contains" }, &[of(left), of(right)])
        }
    }
}

fn call(name: &str, arguments: &[TokenStream]) -> TokenStream {
    let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
    quote!(rules::#name(#(#arguments),*))
}
