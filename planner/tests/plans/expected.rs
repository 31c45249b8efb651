//! Reads `expected.yaml`; its format stands in `fixtures/README.md`.

use saphyr::{LoadableYamlNode, Yaml};
use std::{fs, path::PathBuf};

/// A record that a reader expects.
#[derive(Debug, Default)]
pub(crate) struct Entity {
    pub(crate) names: Vec<String>,
    /// Accepted, not asked for.
    pub(crate) optional: bool,
    /// Names (any of them) and class.
    pub(crate) fields: Vec<(Vec<String>, String)>,
    pub(crate) may_fields: Vec<(String, String)>,
    pub(crate) relations: Vec<String>,
    pub(crate) said: Vec<(String, String)>,
    pub(crate) may: Vec<(String, String)>,
}

/// One prompt and its reading.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) prompt: String,
    pub(crate) roles: Vec<Vec<String>>,
    pub(crate) may_roles: Vec<String>,
    pub(crate) entities: Vec<Entity>,
    pub(crate) must_not: Vec<MustNot>,
    pub(crate) lifecycles: Vec<(String, Vec<String>)>,
    /// Construct numbers of the features.
    pub(crate) features: Vec<u32>,
}

/// What the prompt says nobody of this role may see.
#[derive(Debug, Default)]
pub(crate) struct MustNot {
    pub(crate) role: String,
    pub(crate) entity: String,
    pub(crate) fields: Vec<String>,
    pub(crate) wider_than: Option<String>,
    pub(crate) when: Option<String>,
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub(crate) fn text(node: &Yaml<'_>) -> String {
    node.as_str().map(str::to_owned).unwrap_or_default()
}

pub(crate) fn pairs<'y>(node: &'y Yaml<'y>) -> Vec<(String, &'y Yaml<'y>)> {
    node.as_mapping()
        .map(|map| map.iter().map(|(key, value)| (text(key), value)).collect())
        .unwrap_or_default()
}

pub(crate) fn at<'y>(node: &'y Yaml<'y>, key: &str) -> Option<&'y Yaml<'y>> {
    node.as_mapping_get(key)
}

fn texts(node: Option<&Yaml<'_>>) -> Vec<String> {
    node.and_then(Yaml::as_vec).map(|list| list.iter().map(text).collect()).unwrap_or_default()
}

fn grants(node: Option<&Yaml<'_>>) -> Vec<(String, String)> {
    let Some(node) = node else { return Vec::new() };
    pairs(node)
        .into_iter()
        .flat_map(|(role, list)| texts(Some(list)).into_iter().map(move |grant| (role.clone(), grant)))
        .collect()
}

fn entity(name: &str, node: &Yaml<'_>, optional: bool) -> Entity {
    let mut names = vec![name.to_owned()];
    names.extend(texts(at(node, "also")));
    let fields = at(node, "fields")
        .map(|node| {
            pairs(node)
                .into_iter()
                .map(|(names, class)| {
                    (names.split('|').map(|name| name.trim().to_owned()).collect(), text(class))
                })
                .collect()
        })
        .unwrap_or_default();
    let may_fields = at(node, "may fields")
        .map(|node| pairs(node).into_iter().map(|(name, class)| (name, text(class))).collect())
        .unwrap_or_default();
    Entity {
        names,
        optional,
        fields,
        may_fields,
        relations: texts(at(node, "relation")),
        said: grants(at(node, "access")),
        may: grants(at(node, "may")),
    }
}

/// Reads one fixture.
pub(crate) fn read(name: &str) -> Expected {
    let folder = folder().join(name);
    let source = fs::read_to_string(folder.join("expected.yaml")).expect("the fixture is there");
    let documents = Yaml::load_from_str(&source).expect("the fixture is YAML");
    let root = &documents[0];
    let mut out = Expected {
        name: name.to_owned(),
        prompt: fs::read_to_string(folder.join("prompt.md")).expect("the prompt is there"),
        ..Expected::default()
    };
    for (role, node) in at(root, "roles").map(pairs).unwrap_or_default() {
        if role == "may" {
            out.may_roles = texts(Some(node));
        } else {
            let mut names = vec![role];
            names.extend(texts(at(node, "also")));
            out.roles.push(names);
        }
    }
    for (name, node) in at(root, "entities").map(pairs).unwrap_or_default() {
        if name == "may" {
            out.entities.extend(pairs(node).into_iter().map(|(name, node)| entity(&name, node, true)));
        } else {
            out.entities.push(entity(&name, node, false));
        }
    }
    for node in at(root, "must not see").and_then(Yaml::as_vec).into_iter().flatten() {
        out.must_not.push(MustNot {
            role: at(node, "role").map(text).unwrap_or_default(),
            entity: at(node, "entity").map(text).unwrap_or_default(),
            fields: texts(at(node, "fields")),
            wider_than: at(node, "wider than").map(text),
            when: at(node, "when").map(text),
        });
    }
    for (name, node) in at(root, "lifecycles").map(pairs).unwrap_or_default() {
        if name != "may" {
            out.lifecycles.push((name, texts(at(node, "states"))));
        }
    }
    out.features = at(root, "features")
        .and_then(Yaml::as_mapping)
        .map(|map| {
            map.iter().filter_map(|(key, _)| key.as_integer()).filter_map(|n| u32::try_from(n).ok()).collect()
        })
        .unwrap_or_default();
    out
}

/// The names of all fixtures.
pub(crate) fn all() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the fixtures are there")
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
