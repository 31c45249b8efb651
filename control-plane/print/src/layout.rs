//! Where each line stands: US Letter, one inch of margin, sections kept with their first lines.

use control_plane::agreement::{
    AgreementText, Block, PrintError, Signatory, Statement, VerifyingKey, moment,
};

use crate::letters::{Face, Faces};

pub(crate) const WIDTH: f32 = 612.0;
pub(crate) const HEIGHT: f32 = 792.0;
const MARGIN: f32 = 72.0;
const BODY: f32 = 10.5;
const LEADING: f32 = 14.5;
const NUMBER: f32 = 30.0;
const LABEL: f32 = 120.0;

/// What a line belongs to, for who listens instead of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Title,
    Heading,
    Paragraph,
    /// Not part of the text: the page's number.
    Folio,
}

/// A piece of text in its place, from the top left.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) words: String,
    pub(crate) part: Part,
    /// Which title, heading or paragraph it is of, counted through the document.
    pub(crate) block: usize,
}

/// The pages, each with its pieces in reading order.
pub(crate) type Pages = Vec<Vec<Piece>>;

struct Layout<'a> {
    faces: &'a Faces,
    pages: Pages,
    y: f32,
    block: usize,
}

pub(crate) fn lay_out(
    faces: &Faces,
    text: &AgreementText,
    statement: &Statement,
    key: &VerifyingKey,
) -> Result<Pages, PrintError> {
    for signatory in [&statement.customer, &statement.business_associate] {
        for words in [signatory.organisation(), signatory.name(), signatory.title()] {
            if let Some(letter) = faces.regular.lacks(words) {
                return Err(PrintError::Letter(letter));
            }
        }
    }
    let mut layout = Layout { faces, pages: vec![Vec::new()], y: MARGIN, block: 0 };
    for block in text.blocks() {
        match block {
            Block::Title(words) => layout.line(Part::Title, words, 20.0, 30.0),
            Block::Section(words) => {
                layout.space(10.0);
                layout.keep(3.0 * LEADING);
                layout.line(Part::Heading, words, 12.5, 19.0);
            }
            Block::Paragraph { number, words } => layout.paragraph(number, words),
        }
    }
    layout.new_page();
    layout.line(Part::Heading, "Signature page", 15.0, 26.0);
    layout.party("Customer", &statement.customer, statement);
    layout.party("Business Associate", &statement.business_associate, statement);
    layout.line(Part::Heading, "The signature", 12.5, 19.0);
    layout.row("Text", &format!("Version {}", statement.version));
    layout.row("SHA-256 of the text", &statement.text_sha256);
    layout.row("Signed from", &statement.signed_from.to_string());
    layout.row("Signature", &statement.id.to_string());
    layout.row("Account", &statement.account.to_string());
    layout.row("Countersigned by key", &key.to_string());
    layout.space(8.0);
    layout.paragraph(
        None,
        "This file proves itself. The command `healthcoder agreement verify FILE --key KEY` checks it without a \
         network; it fails if one letter of the file was changed. Compare the key with the one that Business \
         Associate publishes.",
    );
    layout.folios();
    Ok(layout.pages)
}

impl Layout<'_> {
    fn face(&self, bold: bool) -> &Face {
        if bold { &self.faces.bold } else { &self.faces.regular }
    }

    fn put(&mut self, x: f32, size: f32, bold: bool, words: String, part: Part) {
        let piece = Piece { x, y: self.y, size, bold, words, part, block: self.block };
        self.pages.last_mut().expect("there is a first page").push(piece);
    }

    fn new_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    fn space(&mut self, height: f32) {
        if self.y > MARGIN {
            self.y += height;
        }
    }

    /// Begins a new page unless so much still fits on this one.
    fn keep(&mut self, height: f32) {
        if self.y + height > HEIGHT - MARGIN {
            self.new_page();
        }
    }

    fn line(&mut self, part: Part, words: &str, size: f32, leading: f32) {
        for line in broken(self.face(true), words, size, WIDTH - 2.0 * MARGIN) {
            self.keep(leading);
            self.y += size;
            self.put(MARGIN, size, true, line, part);
            self.y += leading - size;
        }
        self.block += 1;
    }

    fn paragraph(&mut self, number: Option<&str>, words: &str) {
        let indent = if number.is_some() { NUMBER } else { 0.0 };
        let lines = broken(self.face(false), words, BODY, WIDTH - 2.0 * MARGIN - indent);
        for (at, line) in lines.into_iter().enumerate() {
            self.keep(LEADING);
            self.y += BODY;
            if let Some(number) = number.filter(|_| at == 0) {
                self.put(MARGIN, BODY, false, format!("{number} "), Part::Paragraph);
            }
            self.put(MARGIN + indent, BODY, false, line, Part::Paragraph);
            self.y += LEADING - BODY;
        }
        self.y += 4.0;
        self.block += 1;
    }

    fn row(&mut self, label: &str, value: &str) {
        let lines = broken(self.face(false), value, BODY, WIDTH - 2.0 * MARGIN - LABEL);
        for (at, line) in lines.into_iter().enumerate() {
            self.keep(LEADING);
            self.y += BODY;
            if at == 0 {
                self.put(MARGIN, BODY, true, format!("{label}: "), Part::Paragraph);
            }
            self.put(MARGIN + LABEL, BODY, false, line, Part::Paragraph);
            self.y += LEADING - BODY;
        }
        self.block += 1;
    }

    fn party(&mut self, role: &str, signatory: &Signatory, statement: &Statement) {
        self.line(Part::Heading, role, 12.5, 19.0);
        self.row("Organisation", signatory.organisation());
        self.row("Signed by", signatory.name());
        self.row("Title", signatory.title());
        self.row("Signed at", &moment(statement.signed_at));
        self.space(12.0);
    }

    fn folios(&mut self) {
        let all = self.pages.len();
        for (at, page) in self.pages.iter_mut().enumerate() {
            let words = format!("Page {} of {all}", at + 1);
            let x = WIDTH - MARGIN - self.faces.regular.width(&words, 8.5);
            let part = Part::Folio;
            page.push(Piece { x, y: HEIGHT - 40.0, size: 8.5, bold: false, words, part, block: usize::MAX });
        }
    }
}

/// Breaks at spaces; a word that is wider than the line is cut. Each line but the last keeps its space, so that who
/// copies the text gets words.
fn broken(face: &Face, words: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let mut word = word;
        loop {
            let line = lines.last_mut().expect("there is a first line");
            let together = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if face.width(&together, size) <= width {
                *line = together;
                break;
            }
            if line.is_empty() {
                let cut = fitting(face, word, size, width);
                line.push_str(&word[..cut]);
                word = &word[cut..];
                lines.push(String::new());
                if word.is_empty() {
                    break;
                }
            } else {
                line.push(' ');
                lines.push(String::new());
            }
        }
    }
    lines
}

/// How many bytes of a word fit on a line; at least its first letter.
fn fitting(face: &Face, word: &str, size: f32, width: f32) -> usize {
    let mut end = word.chars().next().map_or(0, char::len_utf8);
    for (at, letter) in word.char_indices() {
        let next = at + letter.len_utf8();
        if face.width(&word[..next], size) > width {
            break;
        }
        end = next;
    }
    end
}
