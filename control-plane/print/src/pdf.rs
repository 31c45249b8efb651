//! From placed lines to the file.

use std::num::NonZeroU16;

use control_plane::agreement::{AgreementText, PrintError, Statement};
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Node, SpanTag, Tag, TagGroup, TagTree};
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};

use crate::layout::{HEIGHT, Pages, Part, Piece, WIDTH};
use crate::letters::Faces;

/// The pieces of one title, heading or paragraph.
struct Group {
    part: Part,
    title: String,
    nodes: Vec<Node>,
}

pub(crate) fn write(
    faces: &Faces,
    pages: &Pages,
    text: &AgreementText,
    statement: &Statement,
) -> Result<Vec<u8>, PrintError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| PrintError::Failed)?;
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(text, statement));
    let mut groups: Vec<Group> = Vec::new();
    let mut outline = Outline::new();
    for (number, pieces) in pages.iter().enumerate() {
        let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PrintError::Failed)?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for piece in pieces {
            let tag = match piece.part {
                Part::Folio => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PageNumber)),
                _ => ContentTag::Span(SpanTag::empty()),
            };
            let id = surface.start_tagged(tag);
            let face = if piece.bold { &faces.bold } else { &faces.regular };
            let place = Point::from_xy(piece.x, piece.y);
            surface.draw_text(
                place,
                face.print.clone(),
                piece.size,
                &piece.words,
                false,
                TextDirection::Auto,
            );
            surface.end_tagged();
            if piece.part != Part::Folio {
                if begins(&groups, piece) {
                    groups.push(Group { part: piece.part, title: String::new(), nodes: Vec::new() });
                    if piece.part == Part::Heading {
                        let place =
                            XyzDestination::new(number, Point::from_xy(0.0, piece.y - 2.0 * piece.size));
                        outline.push_child(OutlineNode::new(piece.words.trim().to_owned(), place));
                    }
                }
                let group = groups.last_mut().expect("one was begun");
                group.title.push_str(&piece.words);
                group.nodes.push(id.into());
            }
        }
        surface.finish();
        page.finish();
    }
    document.set_outline(outline);
    document.set_tag_tree(tree(groups));
    document.finish().map_err(|_| PrintError::Failed)
}

/// Whether the piece begins another block than the last group is of. Blocks follow each other, so counting them is enough.
fn begins(groups: &[Group], piece: &Piece) -> bool {
    groups.len() != piece.block + 1
}

fn tree(groups: Vec<Group>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    let (one, two) = (NonZeroU16::MIN, NonZeroU16::MIN.saturating_add(1));
    for group in groups {
        let title = Some(group.title.trim().to_owned());
        let tagged = match group.part {
            Part::Title => TagGroup::with_children(Tag::Hn(one, title), group.nodes),
            Part::Heading => TagGroup::with_children(Tag::Hn(two, title), group.nodes),
            Part::Paragraph | Part::Folio => TagGroup::with_children(Tag::P, group.nodes),
        };
        tree.push(tagged);
    }
    tree
}

fn metadata(text: &AgreementText, statement: &Statement) -> Metadata {
    let at = statement.signed_at.to_offset(time::UtcOffset::UTC);
    let created = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(u8::from(at.month()))
        .day(at.day())
        .hour(at.hour())
        .minute(at.minute())
        .second(at.second())
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(format!("Business Associate Agreement {}", text.version))
        .authors(vec![statement.business_associate.organisation().to_owned()])
        .language("en".to_owned())
        .creator("Health Coder".to_owned())
        .document_id(statement.id.to_string())
        .creation_date(created)
}
