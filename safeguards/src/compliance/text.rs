//! The texts that people read and accept: what stands in `texts/`, filled with what this app is.

use aws_lc_rs::digest::{SHA256, digest};
use maud::{Markup, html};

use super::Facts;
use crate::access::{Class, Entity};
use crate::slice::capitalised;

/// A text of ours, filled, by its lines.
#[derive(Clone, Debug)]
pub(super) struct Text {
    title: String,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
enum Block {
    Heading(String),
    Paragraph(String),
    List(Vec<(String, String)>),
}

impl Text {
    /// Fills a text. A line that is nothing but `{data}` becomes the list of what the app keeps.
    pub(super) fn filled(source: &str, facts: &Facts, operator: &str) -> Self {
        let mut text = Self { title: String::new(), blocks: Vec::new() };
        for line in source.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(title) = line.strip_prefix("# ") {
                text.title = title.to_owned();
            } else if let Some(heading) = line.strip_prefix("## ") {
                text.blocks.push(Block::Heading(heading.to_owned()));
            } else if line == "{data}" {
                text.blocks
                    .push(Block::List(facts.entities.iter().filter_map(|entity| kept(entity)).collect()));
            } else {
                let line = line
                    .replace("{app}", facts.app)
                    .replace("{operator}", operator)
                    .replace("{years}", &facts.audit_years.to_string())
                    .replace("{processors}", NO_PROCESSORS);
                text.blocks.push(Block::Paragraph(line));
            }
        }
        text
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// The text as people read it, a block a line: what its version is the SHA-256 of.
    pub(super) fn plain(&self) -> String {
        let mut plain = format!("{}\n", self.title);
        for block in &self.blocks {
            match block {
                Block::Heading(words) | Block::Paragraph(words) => plain.extend([words.as_str(), "\n"]),
                Block::List(items) => {
                    for (name, what) in items {
                        plain.extend([name.as_str(), ": ", what.as_str(), "\n"]);
                    }
                }
            }
        }
        plain
    }

    /// Its version: the SHA-256 of [`Text::plain`], in hexadecimal.
    pub(super) fn version(&self) -> String {
        let hash = digest(&SHA256, self.plain().as_bytes());
        crate::hexadecimal::written(hash.as_ref())
    }

    pub(super) fn markup(&self) -> Markup {
        html! {
            article.document {
                @for block in &self.blocks {
                    @match block {
                        Block::Heading(words) => { h2 { (words) } }
                        Block::Paragraph(words) => { p { (words) } }
                        Block::List(items) => {
                            ul { @for (name, what) in items { li { strong { (name) } ": " (what) } } }
                        }
                    }
                }
            }
        }
    }
}

/// CF-23: an app as it is generated hands nothing to anybody.
const NO_PROCESSORS: &str = "Sub-processors: none. This app sends data to no other company; whoever hosts it is named \
by the organisation that runs it.";

/// What is kept of one kind of record, or nothing where it has no field of its own.
fn kept(entity: &'static Entity) -> Option<(String, String)> {
    let of = |classes: &[Class]| {
        let fields = entity.fields.iter().filter(|field| classes.contains(&field.class));
        fields.map(|field| field.name).collect::<Vec<_>>().join(", ")
    };
    let groups = [
        ("identifying", of(&[Class::Identifier])),
        ("clinical", of(&[Class::Clinical])),
        ("in words", of(&[Class::Narrative])),
    ];
    let said: Vec<String> = groups
        .into_iter()
        .filter(|(_, fields)| !fields.is_empty())
        .map(|(group, fields)| format!("{group}: {fields}"))
        .collect();
    (!said.is_empty()).then(|| (capitalised(entity.name), said.join("; ")))
}
