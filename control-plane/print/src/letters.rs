//! The two faces, and how wide their letters are.

use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::string::StringId;
use skrifa::{FontRef, MetadataProvider};

/// A face: what is measured with, and what is printed with.
pub(crate) struct Face {
    font: FontRef<'static>,
    pub(crate) print: Font,
}

/// The faces of a document.
pub(crate) struct Faces {
    pub(crate) regular: Face,
    pub(crate) bold: Face,
}

impl Faces {
    /// The faces by their names.
    pub(crate) fn load() -> Option<Self> {
        Some(Self { regular: face("Libertinus Serif Regular")?, bold: face("Libertinus Serif Bold")? })
    }
}

impl Face {
    /// How wide a text is at a size, without kerning, which only ever makes it narrower by a little.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        let letters = self.font.charmap();
        let metrics = self.font.glyph_metrics(Size::new(size), LocationRef::default());
        text.chars().filter_map(|letter| metrics.advance_width(letters.map(letter)?)).sum()
    }

    /// The first letter that the face has not.
    pub(crate) fn lacks(&self, text: &str) -> Option<char> {
        let letters = self.font.charmap();
        text.chars().find(|letter| letters.map(*letter).is_none())
    }
}

fn face(name: &str) -> Option<Face> {
    typst_assets::fonts().find_map(|data| {
        let font = FontRef::new(data).ok()?;
        let full = font.localized_strings(StringId::FULL_NAME).english_or_first()?;
        if full.to_string() != name {
            return None;
        }
        let print = Font::new(data.to_vec().into(), 0)?;
        Some(Face { font, print })
    })
}
