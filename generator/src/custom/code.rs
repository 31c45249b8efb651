//! Reads one file: every path, macro, attribute and member in it.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Generics, Item, Member, Path, QSelf, Stmt};

use super::names::{Import, Meaning, Module, Names, Place, Scope, imports, module_of};
use super::offered;
use super::reasons::{self, Why};
use super::size::Parsed;
use super::{Finding, Rule};

/// The names of each slice.
pub(super) type Slices = BTreeMap<String, BTreeSet<String>>;

/// What is refused of a file.
pub(super) fn check(path: &str, file: &Parsed, names: &Names, slices: &Slices) -> Vec<Finding> {
    let mut reader = Reader {
        path,
        names,
        slices,
        module: module_of(path),
        blocks: Vec::new(),
        bodies: 0,
        found: Vec::new(),
    };
    for (word, at) in &file.words {
        let why = match *word {
            "unsafe" => ("`unsafe` reaches memory, where no safeguard holds", "Say it in safe Rust"),
            _ => ("`extern` reaches code that is not read here", "Take what is offered"),
        };
        reader.refuse(Rule::Syntax, *at, why.0, why.1);
    }
    reader.visit_file(&file.tree);
    reader.found
}

/// Where we are, and what was found.
pub(super) struct Reader<'a> {
    path: &'a str,
    names: &'a Names,
    slices: &'a Slices,
    module: Module,
    blocks: Vec<Scope>,
    /// How many function bodies are around us.
    bodies: usize,
    found: Vec<Finding>,
}

const UNRESOLVED: &str = "Define it here, or import what is offered: values of the standard library, serde, \
                          `safeguards::slice::prelude`, the app's slices";

impl Reader<'_> {
    pub(super) fn refuse(
        &mut self,
        rule: Rule,
        at: Span,
        message: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let start = at.start();
        self.found.push(Finding {
            file: self.path.to_owned(),
            line: start.line,
            column: start.column + 1,
            rule,
            message: message.into(),
            instead: instead.into(),
        });
    }

    fn refuse_name(&mut self, at: Span, (message, instead): Why) {
        self.refuse(Rule::Path, at, message, instead);
    }

    pub(super) fn meanings(&self, path: &[String]) -> Vec<Meaning> {
        self.names.meanings(Place { module: &self.module, blocks: &self.blocks }, path)
    }

    /// Judges a path as it is written. Of a single name in the place of a value, what is unknown is a variable.
    pub(super) fn judge(&mut self, path: &[String], at: Span, value: bool) {
        for meaning in self.meanings(path) {
            let judged = match meaning {
                Meaning::Own(_) => Ok(()),
                // A crate is no value: this is a variable of the same name.
                Meaning::Known(path) if value && path.len() == 1 => Ok(()),
                Meaning::Known(path) => offered::judge(&path),
                Meaning::App(path) => offered::judge_app(&path, self.slices, true),
                Meaning::Above => Err(climbs(path)),
                Meaning::Nothing if value && path.len() == 1 => Ok(()),
                Meaning::Nothing => Err(unresolved(path)),
            };
            if let Err(why) = judged {
                self.refuse_name(at, why);
            }
        }
    }

    fn judge_import(&mut self, import: &Import) {
        if let Some(name) = &import.name
            && offered::CRATES.contains(&name.as_str())
            && import.path != [name.clone()]
        {
            self.refuse(Rule::Path, import.at, shadows(name), "Give it a name of its own");
        }
        for meaning in self.meanings(&import.path) {
            let judged = match (meaning, &import.name) {
                (Meaning::Own(_), _) => Ok(()),
                (Meaning::Known(path), Some(_)) => offered::judge_import(&path),
                (Meaning::Known(path), None) if offered::may_glob(&path) => Ok(()),
                (Meaning::App(path), Some(_)) => offered::judge_app(&path, self.slices, false),
                (Meaning::Known(path) | Meaning::App(path), None) => Err((
                    format!("`{}::*` takes everything, whatever it is", path.join("::")),
                    "Name what you take",
                )),
                (Meaning::Above, _) => Err(climbs(&import.path)),
                (Meaning::Nothing, _) => Err(unresolved(&import.path)),
            };
            if let Err(why) = judged {
                self.refuse_name(import.at, why);
            }
        }
    }

    /// A path with all that hangs on it.
    fn read_path(&mut self, qself: Option<&QSelf>, path: &Path, value: bool) {
        let words: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect();
        let at = path.segments.first().map_or_else(Span::call_site, |segment| segment.ident.span());
        if qself.is_none() && path.leading_colon.is_some() {
            let message = format!("`::{}` begins outside of everything that is read here", words.join("::"));
            self.refuse(Rule::Path, at, message, "Write it without the first `::`");
        }
        // Of `<T as Trait>::name`, what is before `name` is the trait.
        let judged = qself.map_or(words.len(), |qself| qself.position);
        if judged > 0 {
            self.judge(&words[..judged], at, value && qself.is_none());
        }
        let members = words.iter().zip(&path.segments).skip(usize::from(qself.is_none()));
        for (word, segment) in members {
            self.read_member(word, segment.ident.span());
        }
        if let Some(qself) = qself {
            self.visit_qself(qself);
        }
        for segment in &path.segments {
            self.visit_path_arguments(&segment.arguments);
        }
    }

    fn read_member(&mut self, name: &str, at: Span) {
        if let Some((why, instead)) = reasons::member(name) {
            self.refuse(Rule::Member, at, format!("`{name}`: {why}"), instead);
        }
    }

    fn within(&mut self, scope: Scope, read: impl FnOnce(&mut Self)) {
        self.blocks.push(scope);
        read(self);
        self.blocks.pop();
    }

    fn generic(&mut self, generics: &Generics, read: impl FnOnce(&mut Self)) {
        let names = generics.params.iter().filter_map(|parameter| match parameter {
            syn::GenericParam::Type(parameter) => Some(&parameter.ident),
            syn::GenericParam::Const(parameter) => Some(&parameter.ident),
            syn::GenericParam::Lifetime(_) => None,
        });
        let names: Vec<_> = names.cloned().collect();
        for name in &names {
            self.refuse_shadow(name);
        }
        self.within(Scope::of_types(names.iter().map(|name| name.unraw().to_string())), read);
    }

    fn refuse_shadow(&mut self, ident: &syn::Ident) {
        let name = ident.unraw().to_string();
        if offered::CRATES.contains(&name.as_str()) {
            self.refuse(Rule::Path, ident.span(), shadows(&name), "Give it a name of its own");
        }
    }

    /// A module within a file: its own scope, without the blocks around it.
    fn read_module(&mut self, item: &syn::ItemMod) {
        if self.bodies > 0 {
            self.refuse(
                Rule::Syntax,
                item.ident.span(),
                "a module within a function is not read",
                "Put it beside the function",
            );
            return;
        }
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let Some((_, items)) = &item.content else { return };
        let blocks = std::mem::take(&mut self.blocks);
        self.module.push(item.ident.unraw().to_string());
        items.iter().for_each(|item| self.visit_item(item));
        self.module.pop();
        self.blocks = blocks;
    }
}

fn climbs(path: &[String]) -> Why {
    (
        format!("`{}` leads out of src/custom", path.join("::")),
        "Write the path from `crate`, to what the app offers",
    )
}

fn unresolved(path: &[String]) -> Why {
    (format!("`{}` is neither defined here nor among what is offered", path.join("::")), UNRESOLVED)
}

fn shadows(name: &str) -> String {
    format!("`{name}` is the name of a crate, and what is called so here would be read for it")
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(item) => self.refuse_shadow(&item.ident),
            Item::Struct(item) => self.refuse_shadow(&item.ident),
            Item::Enum(item) => self.refuse_shadow(&item.ident),
            Item::Trait(item) => self.refuse_shadow(&item.ident),
            Item::Type(item) => self.refuse_shadow(&item.ident),
            Item::Union(item) => {
                self.refuse(
                    Rule::Syntax,
                    item.ident.span(),
                    "a union is read without knowing what it holds",
                    "Use an enum",
                );
            }
            Item::TraitAlias(item) => {
                self.refuse(
                    Rule::Syntax,
                    item.ident.span(),
                    "this is no stable Rust",
                    "Write the bounds out",
                );
            }
            Item::Static(item) if matches!(item.mutability, syn::StaticMutability::Mut(_)) => {
                let message = "it keeps what one request left for another";
                self.refuse(
                    Rule::Syntax,
                    item.ident.span(),
                    message,
                    "Keep it in a record, where policy and log apply",
                );
            }
            _ => {}
        }
        match item {
            Item::Mod(item) => self.read_module(item),
            Item::Fn(item) => self.generic(&item.sig.generics, |reader| visit::visit_item_fn(reader, item)),
            Item::Impl(item) => self.generic(&item.generics, |reader| visit::visit_item_impl(reader, item)),
            Item::Struct(item) => {
                self.generic(&item.generics, |reader| visit::visit_item_struct(reader, item))
            }
            Item::Enum(item) => self.generic(&item.generics, |reader| visit::visit_item_enum(reader, item)),
            Item::Union(item) => self.generic(&item.generics, |reader| visit::visit_item_union(reader, item)),
            Item::Trait(item) => self.generic(&item.generics, |reader| visit::visit_item_trait(reader, item)),
            Item::Type(item) => self.generic(&item.generics, |reader| visit::visit_item_type(reader, item)),
            Item::Use(item) => {
                item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
                if item.leading_colon.is_some() {
                    let at = item.use_token.span;
                    self.refuse(
                        Rule::Path,
                        at,
                        "`use ::` begins outside of everything that is read here",
                        "Write it without the first `::`",
                    );
                }
                imports(&item.tree).iter().for_each(|import| self.judge_import(import));
            }
            other => visit::visit_item(self, other),
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.generic(&item.sig.generics, |reader| visit::visit_impl_item_fn(reader, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.generic(&item.sig.generics, |reader| visit::visit_trait_item_fn(reader, item));
    }

    fn visit_impl_item_type(&mut self, item: &'ast syn::ImplItemType) {
        self.generic(&item.generics, |reader| visit::visit_impl_item_type(reader, item));
    }

    fn visit_trait_item_type(&mut self, item: &'ast syn::TraitItemType) {
        self.generic(&item.generics, |reader| visit::visit_trait_item_type(reader, item));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(item) => Some(item),
            _ => None,
        });
        let scope = Scope::of(items, None);
        self.bodies += 1;
        self.within(scope, |reader| visit::visit_block(reader, block));
        self.bodies -= 1;
    }

    fn visit_path(&mut self, path: &'ast Path) {
        self.read_path(None, path, false);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        path.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.read_path(path.qself.as_ref(), &path.path, false);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        path.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.read_path(path.qself.as_ref(), &path.path, true);
    }

    fn visit_pat_tuple_struct(&mut self, pattern: &'ast syn::PatTupleStruct) {
        pattern.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.read_path(pattern.qself.as_ref(), &pattern.path, true);
        pattern.elems.iter().for_each(|pattern| self.visit_pat(pattern));
    }

    fn visit_pat_struct(&mut self, pattern: &'ast syn::PatStruct) {
        pattern.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.read_path(pattern.qself.as_ref(), &pattern.path, false);
        pattern.fields.iter().for_each(|field| self.visit_field_pat(field));
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        made.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.read_path(made.qself.as_ref(), &made.path, false);
        for field in &made.fields {
            if let Member::Unnamed(index) = &field.member {
                let message = "a tuple is made past its constructor, which may be closed";
                self.refuse(Rule::Syntax, index.span, message, "Call the constructor: `Name(value)`");
            }
            self.visit_field_value(field);
        }
        made.rest.iter().for_each(|rest| self.visit_expr(rest));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.read_member(&call.method.unraw().to_string(), call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if let Member::Named(name) = &field.member
            && let Some(what) = reasons::field(&name.unraw().to_string())
        {
            let message = format!("`.{name}` is, of whoever acts, {what}");
            self.refuse(
                Rule::Member,
                name.span(),
                message,
                "Ask the slices for records; call a field of your own otherwise",
            );
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_expr_raw_addr(&mut self, address: &'ast syn::ExprRawAddr) {
        self.refuse(Rule::Syntax, address.and_token.span, "a raw address reaches memory", "Use a reference");
        visit::visit_expr_raw_addr(self, address);
    }

    fn visit_type_ptr(&mut self, pointer: &'ast syn::TypePtr) {
        self.refuse(Rule::Syntax, pointer.star_token.span, "a raw pointer reaches memory", "Use a reference");
        visit::visit_type_ptr(self, pointer);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.read_macro(call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        self.read_attribute(attribute);
    }

    /// `pub(in …)` narrows, and reaches nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    /// What the parser hands on unread; macros and attributes are read elsewhere.
    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        let at = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
        self.refuse(Rule::Syntax, at, "this is no syntax that is read here", "Say it in stable Rust");
    }
}
