//! What a path of custom code means.
//!
//! Each file of `src/custom/` is a module at the place that its path says (`#[path]` is refused), and modules may stand within
//! files. A scope knows its items, its imports and its globs, so a path is followed through all of them to its end: something
//! that custom code defines, a name of another crate, or a name of the app. What could mean several things means all of
//! them, and each has to be allowed.

use std::collections::{BTreeMap, BTreeSet};

use syn::ext::IdentExt;
use syn::{Item, UseTree};

use super::offered;
use super::size::{Parsed, parsed};
use super::sources::Sources;

/// A module, as its path below `crate::custom`.
pub(super) type Module = Vec<String>;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Something that custom code defines.
    Own(Thing),
    /// A name of another crate, or of the prelude.
    Known(Vec<String>),
    /// A name of the app outside of custom code, from the crate's root.
    App(Vec<String>),
    /// It climbs out of custom code.
    Above,
    /// Nothing that we know of.
    Nothing,
}

/// What custom code defines, as far as paths lead on from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    Module(Module),
    /// With the names of its variants.
    Enum(BTreeSet<String>),
    Other,
}

#[derive(Clone, Debug)]
enum Named {
    Module(Module),
    Type(Thing),
    Value,
    Import(Vec<String>),
}

/// The names of a module, or of a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    named: BTreeMap<String, Vec<Named>>,
    globs: Vec<Vec<String>>,
}

/// A leaf of a `use` tree.
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// What it is called here; nothing for a glob.
    pub(super) name: Option<String>,
    pub(super) at: proc_macro2::Span,
}

/// The leaves of a `use` tree.
pub(super) fn imports(tree: &UseTree) -> Vec<Import> {
    let mut found = Vec::new();
    leaves(tree, &mut Vec::new(), &mut found);
    found
}

fn leaves(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<Import>) {
    let with = |before: &[String], name: String| {
        let mut path = before.to_vec();
        // `a::{self}` is `a`.
        if name != "self" || path.is_empty() {
            path.push(name);
        }
        path
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.unraw().to_string());
            leaves(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) => {
            let path = with(before, name.ident.unraw().to_string());
            let called = path.last().cloned();
            found.push(Import { path, name: called, at: name.ident.span() });
        }
        UseTree::Rename(rename) => {
            let path = with(before, rename.ident.unraw().to_string());
            let name = Some(rename.rename.unraw().to_string());
            found.push(Import { path, name, at: rename.ident.span() });
        }
        UseTree::Glob(glob) => {
            found.push(Import { path: before.clone(), name: None, at: glob.star_token.spans[0] });
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, found)),
    }
}

impl Scope {
    /// The names that these items give. Modules within a block have no path, and are refused elsewhere.
    pub(super) fn of<'a>(items: impl IntoIterator<Item = &'a Item>, module: Option<&Module>) -> Self {
        let mut scope = Self::default();
        for item in items {
            scope.add(item, module);
        }
        scope
    }

    /// A scope of generic parameters.
    pub(super) fn of_types(names: impl IntoIterator<Item = String>) -> Self {
        let mut scope = Self::default();
        for name in names {
            scope.name(name, Named::Type(Thing::Other));
        }
        scope
    }

    fn name(&mut self, name: impl ToString, named: Named) {
        self.named.entry(name.to_string()).or_default().push(named);
    }

    fn add(&mut self, item: &Item, module: Option<&Module>) {
        match item {
            Item::Const(item) => self.name(item.ident.unraw(), Named::Value),
            Item::Static(item) => self.name(item.ident.unraw(), Named::Value),
            Item::Fn(item) => self.name(item.sig.ident.unraw(), Named::Value),
            Item::Enum(item) => {
                let variants =
                    item.variants.iter().map(|variant| variant.ident.unraw().to_string()).collect();
                self.name(item.ident.unraw(), Named::Type(Thing::Enum(variants)));
            }
            Item::Struct(item) => self.name(item.ident.unraw(), Named::Type(Thing::Other)),
            Item::Trait(item) => self.name(item.ident.unraw(), Named::Type(Thing::Other)),
            Item::Type(item) => self.name(item.ident.unraw(), Named::Type(Thing::Other)),
            Item::Mod(item) => {
                if let Some(module) = module {
                    self.name(
                        item.ident.unraw(),
                        Named::Module(below(module, &item.ident.unraw().to_string())),
                    );
                }
            }
            Item::Use(item) => {
                for import in imports(&item.tree) {
                    match import.name {
                        Some(name) => self.name(name, Named::Import(import.path)),
                        None => self.globs.push(import.path),
                    }
                }
            }
            _ => {}
        }
    }
}

fn below(module: &[String], name: &str) -> Module {
    let mut path = module.to_vec();
    path.push(name.to_owned());
    path
}

/// The module that a file of custom code is.
pub(super) fn module_of(path: &str) -> Module {
    let inner = path.strip_prefix(super::FOLDER).unwrap_or(path).trim_start_matches('/');
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let mut module: Module = inner.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

/// A place in custom code, from which a path is read.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) module: &'a [String],
    /// The blocks and generic parameters around it, the innermost last.
    pub(super) blocks: &'a [Scope],
}

/// All modules of custom code.
pub(super) struct Names {
    modules: BTreeMap<Module, Scope>,
}

/// Which imports are being followed: one that leads to itself leads nowhere. The steps are counted, so that no web of
/// globs takes longer than anybody waits.
struct Search {
    busy: Vec<(usize, String)>,
    steps: usize,
}

const STEPS: usize = 2_000;

impl Names {
    /// The modules of these files.
    pub(super) fn of(files: &BTreeMap<&str, Parsed>) -> Self {
        let mut names = Self { modules: BTreeMap::new() };
        for (path, file) in files {
            names.collect(module_of(path), &file.tree.items);
        }
        names
    }

    fn collect(&mut self, module: Module, items: &[Item]) {
        for item in items {
            if let Item::Mod(inner) = item
                && let Some((_, items)) = &inner.content
            {
                self.collect(below(&module, &inner.ident.unraw().to_string()), items);
            }
        }
        let scope = Scope::of(items, Some(&module));
        let known = self.modules.entry(module).or_default();
        known.globs.extend(scope.globs);
        for (name, meanings) in scope.named {
            known.named.entry(name).or_default().extend(meanings);
        }
    }

    /// All that a path can mean here; never nothing at all.
    pub(super) fn meanings(&self, place: Place<'_>, path: &[String]) -> Vec<Meaning> {
        let mut search = Search { busy: Vec::new(), steps: STEPS };
        self.from(place, path, &mut search)
    }

    fn from(&self, place: Place<'_>, path: &[String], search: &mut Search) -> Vec<Meaning> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Meaning::Own(Thing::Module(place.module.to_vec()))];
        };
        let Some(left) = search.steps.checked_sub(1) else { return vec![Meaning::Nothing] };
        search.steps = left;
        match first.as_str() {
            "crate" => match rest.split_first() {
                Some((name, rest)) if name == "custom" => self.walk(&[], rest, search),
                Some(_) => vec![Meaning::App(rest.to_vec())],
                None => vec![Meaning::Above],
            },
            "self" | "super" => self.walk(place.module, path, search),
            "Self" => vec![Meaning::Own(Thing::Other)],
            name => {
                for depth in (0..place.blocks.len()).rev() {
                    let around = Place { module: place.module, blocks: &place.blocks[..=depth] };
                    let found = self.within(&place.blocks[depth], around, name, rest, search);
                    if !found.is_empty() {
                        return found;
                    }
                }
                let alone = Place { module: place.module, blocks: &[] };
                let found =
                    self.modules.get(place.module).map(|scope| self.within(scope, alone, name, rest, search));
                match found {
                    Some(found) if !found.is_empty() => found,
                    _ if offered::in_prelude(name) => {
                        let prelude = ["std".to_owned(), "prelude".to_owned()];
                        vec![Meaning::Known(prelude.into_iter().chain(path.iter().cloned()).collect())]
                    }
                    _ if offered::is_crate(name) => vec![Meaning::Known(path.to_vec())],
                    _ => vec![Meaning::Nothing],
                }
            }
        }
    }

    /// From a module on: what has no name there is nothing.
    fn walk(&self, module: &[String], path: &[String], search: &mut Search) -> Vec<Meaning> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Meaning::Own(Thing::Module(module.to_vec()))];
        };
        match first.as_str() {
            "self" => self.walk(module, rest, search),
            "super" => match module.split_last() {
                Some((_, above)) => self.walk(above, rest, search),
                None => vec![Meaning::Above],
            },
            name => {
                let place = Place { module, blocks: &[] };
                let found =
                    self.modules.get(module).map(|scope| self.within(scope, place, name, rest, search));
                found.filter(|found| !found.is_empty()).unwrap_or_else(|| vec![Meaning::Nothing])
            }
        }
    }

    /// What a scope knows by this name; empty where it does not.
    fn within(
        &self,
        scope: &Scope,
        place: Place<'_>,
        name: &str,
        rest: &[String],
        search: &mut Search,
    ) -> Vec<Meaning> {
        let key = (std::ptr::from_ref(scope).addr(), name.to_owned());
        if search.busy.contains(&key) {
            return Vec::new();
        }
        search.busy.push(key);
        let mut found = Vec::new();
        for named in scope.named.get(name).into_iter().flatten() {
            match named {
                Named::Module(module) => found.extend(self.walk(module, rest, search)),
                Named::Type(thing) if rest.is_empty() => found.push(Meaning::Own(thing.clone())),
                Named::Type(_) => found.push(Meaning::Own(Thing::Other)),
                Named::Value if rest.is_empty() => found.push(Meaning::Own(Thing::Other)),
                // A function is no module: the path is about another thing of this name.
                Named::Value => {}
                Named::Import(path) => {
                    let path: Vec<String> = path.iter().chain(rest).cloned().collect();
                    found.extend(self.from(place, &path, search));
                }
            }
        }
        if found.is_empty() {
            for glob in &scope.globs {
                found.extend(self.through(glob, place, name, rest, search));
            }
        }
        search.busy.pop();
        found
    }

    /// What a glob gives by this name.
    fn through(
        &self,
        glob: &[String],
        place: Place<'_>,
        name: &str,
        rest: &[String],
        search: &mut Search,
    ) -> Vec<Meaning> {
        let mut found = Vec::new();
        for target in self.from(place, glob, search) {
            match target {
                Meaning::Own(Thing::Module(module)) => {
                    if let Some(scope) = self.modules.get(&module) {
                        let place = Place { module: &module, blocks: &[] };
                        found.extend(self.within(scope, place, name, rest, search));
                    }
                }
                Meaning::Own(Thing::Enum(variants)) if rest.is_empty() && variants.contains(name) => {
                    found.push(Meaning::Own(Thing::Other));
                }
                Meaning::Known(path) if offered::glob_gives(&path, name) => {
                    let path = path.into_iter().chain([name.to_owned()]).chain(rest.iter().cloned());
                    found.push(Meaning::Known(path.collect()));
                }
                _ => {}
            }
        }
        found
    }
}

/// The slices of the app with the names that each offers: what is public in a file that has pages beside it.
pub(super) fn slices(sources: &Sources) -> BTreeMap<String, BTreeSet<String>> {
    let mut slices = BTreeMap::new();
    for (path, _) in sources.entries() {
        let Some(name) = path.strip_prefix("src/").and_then(|path| path.strip_suffix("/pages.rs")) else {
            continue;
        };
        let Some(text) = sources.text(&format!("src/{name}.rs")) else { continue };
        if name != "custom"
            && !name.contains('/')
            && let Ok(file) = parsed(text)
        {
            slices.insert(name.to_owned(), file.tree.items.iter().filter_map(public_name).collect());
        }
    }
    slices
}

/// What a slice defines itself; what it hands on of others is not its own.
fn public_name(item: &Item) -> Option<String> {
    let (visibility, ident) = match item {
        Item::Fn(item) => (&item.vis, &item.sig.ident),
        Item::Struct(item) => (&item.vis, &item.ident),
        Item::Const(item) => (&item.vis, &item.ident),
        Item::Mod(item) => (&item.vis, &item.ident),
        _ => return None,
    };
    matches!(visibility, syn::Visibility::Public(_)).then(|| ident.unraw().to_string())
}
