//! Macros: allowed by name, and what they are given is parsed and read like other code.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::visit::Visit;
use syn::{Expr, Macro, Pat, Stmt, Token, token};

use super::Rule;
use super::code::Reader;
use super::names::Meaning;
use super::offered;

/// A part of what a macro is given.
enum Part {
    Expression(Expr),
    Pattern(Pat),
    Statement(Stmt),
}

/// How a macro reads what it is given.
enum Grammar {
    Expressions,
    List,
    Matches,
    Json,
    Markup,
}

impl Reader<'_> {
    pub(super) fn read_macro(&mut self, call: &Macro) {
        let words: Vec<String> =
            call.path.segments.iter().map(|word| word.ident.unraw().to_string()).collect();
        let at = call.path.segments.first().map_or_else(Span::call_site, |word| word.ident.span());
        let name = words.join("::");
        let Some(grammar) = self.grammar(&words).filter(|_| call.path.leading_colon.is_none()) else {
            let (why, instead) = refused(words.last().map_or("", String::as_str));
            self.refuse(Rule::Macro, at, format!("`{name}!` {why}"), instead);
            return;
        };
        let tokens = call.tokens.clone();
        let parts = match grammar {
            Grammar::Expressions => parts(arguments, tokens),
            Grammar::List => parts(list, tokens),
            Grammar::Matches => parts(matching, tokens),
            Grammar::Json => parts(json, tokens),
            Grammar::Markup => markup(tokens),
        };
        match parts {
            Ok(parts) => parts.iter().for_each(|part| match part {
                Part::Expression(expression) => self.visit_expr(expression),
                Part::Pattern(pattern) => self.visit_pat(pattern),
                Part::Statement(statement) => self.visit_stmt(statement),
            }),
            Err(why) => {
                let message = format!("what `{name}!` is given cannot be read: {why}");
                self.refuse(
                    Rule::Macro,
                    at,
                    message,
                    "Write it so that each part is plain Rust; braces around what an arm shows",
                );
            }
        }
    }

    /// The macro that this path leads to, if it is on the list.
    fn grammar(&self, words: &[String]) -> Option<Grammar> {
        let mut name = None;
        for meaning in self.meanings(words) {
            let one = match meaning {
                Meaning::Known(path) => match path.join("::").as_str() {
                    "maud::html" => "html".to_owned(),
                    "serde_json::json" => "json".to_owned(),
                    path => path.strip_prefix("std::").or(path.strip_prefix("core::"))?.to_owned(),
                },
                // A macro is never custom code's own: what is called so there is another thing.
                Meaning::Own(_) | Meaning::Nothing if words.len() == 1 => words[0].clone(),
                _ => return None,
            };
            if name.as_ref().is_some_and(|name| *name != one) {
                return None;
            }
            name = Some(one);
        }
        match (name?.as_str(), words.len()) {
            // Without an import, these two are none.
            ("html", _) => self.imported(words).then_some(Grammar::Markup),
            ("json", _) => self.imported(words).then_some(Grammar::Json),
            ("vec", _) => Some(Grammar::List),
            ("matches", _) => Some(Grammar::Matches),
            (name, _) if offered::is_macro(name) => Some(Grammar::Expressions),
            _ => None,
        }
    }

    fn imported(&self, words: &[String]) -> bool {
        self.meanings(words).iter().all(|meaning| matches!(meaning, Meaning::Known(_)))
    }
}

/// Why a macro is off the list, and what to do instead.
fn refused(name: &str) -> (&'static str, &'static str) {
    match name {
        "print" | "println" | "eprint" | "eprintln" | "dbg" => {
            ("prints, and what is printed is kept where no policy holds", "Show it on a page")
        }
        "include" | "include_str" | "include_bytes" => ("reads a file", "Write it as a module or a constant"),
        "env" | "option_env" => ("reads the environment of whoever builds", "Write it as a constant"),
        "macro_rules" => ("makes code that is not read here", "Write a function, or a generic one"),
        "sql" | "tenant" => (
            "makes SQL of its own",
            "Ask a slice, such as `crate::patients::find`: its statements pass the policy and the audit log",
        ),
        "panic" | "todo" | "unimplemented" | "compile_error" => {
            ("ends the request without a word for the person", "Answer with a `Problem`")
        }
        "asm" | "global_asm" | "naked_asm" => ("reaches the machine", "Say it in Rust"),
        "thread_local" => ("keeps what one request left for another", "Keep it in a record"),
        _ => ("is not on the list of macros that custom code may use", "Write a function"),
    }
}

fn parts(
    parser: fn(ParseStream<'_>) -> syn::Result<Vec<Part>>,
    tokens: TokenStream,
) -> Result<Vec<Part>, String> {
    parser.parse2(tokens).map_err(|error| error.to_string())
}

/// `format!("{a} {}", b, name = c)`: expressions, some of them under a name.
fn arguments(input: ParseStream<'_>) -> syn::Result<Vec<Part>> {
    let mut parts = Vec::new();
    while !input.is_empty() {
        if input.peek(syn::Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            input.call(syn::Ident::parse_any)?;
            input.parse::<Token![=]>()?;
        }
        parts.push(Part::Expression(input.parse()?));
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(parts)
}

/// `vec![a, b]` and `vec![a; n]`.
fn list(input: ParseStream<'_>) -> syn::Result<Vec<Part>> {
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let first = Part::Expression(input.parse()?);
    if input.is_empty() {
        return Ok(vec![first]);
    }
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(vec![first, Part::Expression(input.parse()?)]);
    }
    input.parse::<Token![,]>()?;
    let mut parts = vec![first];
    parts.extend(arguments(input)?);
    Ok(parts)
}

/// `matches!(value, pattern if guard)`.
fn matching(input: ParseStream<'_>) -> syn::Result<Vec<Part>> {
    let mut parts = vec![Part::Expression(input.parse()?)];
    input.parse::<Token![,]>()?;
    parts.push(Part::Pattern(Pat::parse_multi_with_leading_vert(input)?));
    if input.peek(Token![if]) {
        input.parse::<Token![if]>()?;
        parts.push(Part::Expression(input.parse()?));
    }
    input.parse::<Option<Token![,]>>()?;
    Ok(parts)
}

/// `json!({ "a": [1, b], (name): null })`.
fn json(input: ParseStream<'_>) -> syn::Result<Vec<Part>> {
    let mut parts = Vec::new();
    value(input, &mut parts)?;
    Ok(parts)
}

fn value(input: ParseStream<'_>, parts: &mut Vec<Part>) -> syn::Result<()> {
    let inner;
    if input.peek(token::Bracket) {
        syn::bracketed!(inner in input);
        while !inner.is_empty() {
            value(&inner, parts)?;
            comma(&inner)?;
        }
    } else if input.peek(token::Brace) {
        syn::braced!(inner in input);
        while !inner.is_empty() {
            // A key is a literal, or an expression in parentheses.
            parts.push(Part::Expression(inner.parse()?));
            inner.parse::<Token![:]>()?;
            value(&inner, parts)?;
            comma(&inner)?;
        }
    } else {
        parts.push(Part::Expression(input.parse()?));
    }
    Ok(())
}

fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { input.parse::<Token![,]>().map(drop) }
}

/// What `html!` of maud is given: elements and their attributes are words, code stands in parentheses, in brackets, and
/// after `@`.
fn markup(tokens: TokenStream) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    read_markup(tokens, &mut parts)?;
    Ok(parts)
}

/// What brings code, style or other pages along: a page of the app holds none of its own.
const ACTIVE: [&str; 5] = ["script", "style", "iframe", "object", "embed"];

fn read_markup(tokens: TokenStream, parts: &mut Vec<Part>) -> Result<(), String> {
    let mut tokens = tokens.into_iter();
    let mut before = ' ';
    while let Some(token) = tokens.next() {
        let mark = if let TokenTree::Punct(mark) = &token { mark.as_char() } else { ' ' };
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                read_markup(group.stream(), parts)?
            }
            TokenTree::Group(group) => parts.push(Part::Expression(parsed(group.stream())?)),
            TokenTree::Punct(mark) if mark.as_char() == '@' => control(&mut tokens, parts)?,
            TokenTree::Punct(mark) if !"-:.#=;?".contains(mark.as_char()) => {
                return Err(format!("`{mark}` is no markup"));
            }
            // `.style` and `data-style` are other words.
            TokenTree::Ident(word) if !".#-".contains(before) && ACTIVE.iter().any(|known| word == known) => {
                return Err(format!("a page carries no `{word}`"));
            }
            _ => {}
        }
        before = mark;
    }
    Ok(())
}

/// `@if`, `@for`, `@while`, `@match`, `@let`, and what belongs to them.
fn control(tokens: &mut impl Iterator<Item = TokenTree>, parts: &mut Vec<Part>) -> Result<(), String> {
    let mut head = Vec::new();
    loop {
        match tokens.next() {
            None => return Err("an `@` without its end".to_owned()),
            Some(TokenTree::Punct(mark)) if mark.as_char() == ';' => {
                head.push(TokenTree::Punct(mark));
                parts.push(Part::Statement(statement(head.into_iter().collect())?));
                return Ok(());
            }
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                return block(head, &body, parts);
            }
            Some(token) => head.push(token),
        }
    }
}

fn block(mut head: Vec<TokenTree>, body: &Group, parts: &mut Vec<Part>) -> Result<(), String> {
    let is = |word: &str, head: &[TokenTree]| matches!(head.first(), Some(TokenTree::Ident(first)) if first == word);
    if is("else", &head) {
        head.remove(0);
        if head.is_empty() {
            return read_markup(body.stream(), parts);
        }
    }
    let matches = is("match", &head);
    if !["if", "for", "while", "match"].iter().any(|word| is(word, &head)) {
        return Err("`@` is followed by if, else, for, while, match or let".to_owned());
    }
    let empty = TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()));
    parts.push(Part::Expression(parsed(head.into_iter().chain([empty]).collect())?));
    if matches { arms(body.stream(), parts) } else { read_markup(body.stream(), parts) }
}

/// The arms of `@match`: a pattern, perhaps with a guard, `=>`, and markup in braces.
fn arms(tokens: TokenStream, parts: &mut Vec<Part>) -> Result<(), String> {
    let mut tokens = tokens.into_iter().peekable();
    while tokens.peek().is_some() {
        let mut head = Vec::new();
        let body = loop {
            match tokens.next() {
                None => return Err("an arm without markup in braces".to_owned()),
                Some(TokenTree::Group(body))
                    if body.delimiter() == Delimiter::Brace && ends_with_arrow(&head) =>
                {
                    break body;
                }
                Some(token) => head.push(token),
            }
        };
        head.truncate(head.len() - 2);
        parts.extend(self::parts(pattern, head.into_iter().collect())?);
        read_markup(body.stream(), parts)?;
        if matches!(tokens.peek(), Some(TokenTree::Punct(mark)) if mark.as_char() == ',') {
            tokens.next();
        }
    }
    Ok(())
}

fn ends_with_arrow(head: &[TokenTree]) -> bool {
    let mark =
        |token: &TokenTree, wanted| matches!(token, TokenTree::Punct(mark) if mark.as_char() == wanted);
    matches!(head, [.., equals, greater] if mark(equals, '=') && mark(greater, '>'))
}

fn pattern(input: ParseStream<'_>) -> syn::Result<Vec<Part>> {
    let mut parts = vec![Part::Pattern(Pat::parse_multi_with_leading_vert(input)?)];
    if input.peek(Token![if]) {
        input.parse::<Token![if]>()?;
        parts.push(Part::Expression(input.parse()?));
    }
    Ok(parts)
}

fn parsed<T: Parse>(tokens: TokenStream) -> Result<T, String> {
    syn::parse2(tokens).map_err(|error| error.to_string())
}

fn statement(tokens: TokenStream) -> Result<Stmt, String> {
    let mut statements = syn::Block::parse_within.parse2(tokens).map_err(|error| error.to_string())?;
    match (statements.pop(), statements.pop()) {
        (Some(statement @ Stmt::Local(_)), None) => Ok(statement),
        _ => Err("`@` is followed by if, else, for, while, match or let".to_owned()),
    }
}
