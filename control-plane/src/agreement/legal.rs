//! The platform's other texts: privacy notice, terms, data processing agreement. They are published, versioned and read
//! like the agreement; none of them is signed.
//!
//! They are drafts of our own for an operator's counsel to complete, whole in structure and true to what the
//! software does.

use super::text::{Block, blocks};

/// A published text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegalText {
    /// Where it stands: `/legal/{name}`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its words.
    pub source: &'static str,
}

/// Every text that stands beside the agreement.
pub const LEGAL: [LegalText; 3] = [
    LegalText { name: "privacy", version: "1.0", source: include_str!("texts/privacy-1.0.md") },
    LegalText { name: "terms", version: "1.0", source: include_str!("texts/terms-1.0.md") },
    LegalText { name: "dpa", version: "1.0", source: include_str!("texts/dpa-1.0.md") },
];

/// What every page of the dashboard leads to (CL-14): title and address.
pub const LINKS: &[(&str, &str)] = &[
    ("Business associate agreement", "/legal/baa"),
    ("Privacy notice", "/legal/privacy"),
    ("Terms of service", "/legal/terms"),
    ("Data processing agreement", "/legal/dpa"),
];

impl LegalText {
    /// Its title.
    pub fn title(&self) -> &'static str {
        self.blocks()
            .find_map(|block| match block {
                Block::Title(title) => Some(title),
                _ => None,
            })
            .unwrap_or(self.name)
    }

    /// Its parts, in order.
    pub fn blocks(&self) -> impl Iterator<Item = Block<'static>> + use<> {
        blocks(self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CL-14, HG-7: the data processing agreement holds each obligation of Article 28(3), by its letter.
    #[test]
    fn the_data_processing_agreement_is_complete() {
        let source = LEGAL[2].source;
        for letter in ["a", "b", "c", "e", "f", "g", "h"] {
            assert!(source.contains(&format!("Article 28(3)({letter})")), "({letter})");
        }
        // (d) is by reference to paragraphs 2 and 4.
        assert!(source.contains("(Article 28(2); Article 28(4))"));
    }

    /// What the texts promise is what the software keeps: the same days, the same price rule, no card, no training.
    #[test]
    fn the_texts_say_what_the_software_does() {
        let says = [
            (0, "neither its number nor a part of it reaches us"),
            (0, "train no model"),
            (0, "six years"),
            (1, "nothing changes for 30 days"),
            (1, "For 30 days after that you can export everything"),
            (1, "none into a preview"),
        ];
        for (text, words) in says {
            assert!(LEGAL[text].source.contains(words), "{} does not say `{words}`", LEGAL[text].name);
        }
        assert_eq!(
            LEGAL.map(|text| text.title()),
            ["Privacy notice", "Terms of service", "Data processing agreement"]
        );
    }
}
