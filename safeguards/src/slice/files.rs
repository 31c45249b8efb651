//! Files on their way in and out: read part by part, handed out as attachments that nothing runs.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Query, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, TryStreamExt};
use uuid::Uuid;

use super::{Result, Version, Viewer};
use crate::access::{Action, Context, Entity, Interrupted, Shown, StoredFile};
use crate::pages::{Content, FormData};
use crate::web::{Code, FieldProblem, Problem};

/// Most bytes of a plain field beside a file.
const PLAIN: usize = 1_000;

/// A file that somebody sends, and the version of the record that they saw. A page sends a form with the parts `csrf`,
/// `version` and `file`; a program sends the bytes as the body, the version in the address, and the file's name in
/// `Content-Disposition`, where no log finds it.
pub struct Upload {
    /// The version that it changes.
    pub version: i64,
    name: String,
    content: Incoming,
}

enum Incoming {
    /// The rest of a form, from the first bytes of the file on.
    Part(Box<multer::Field<'static>>),
    /// A body that is the file.
    Whole(Box<Body>),
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[sealed]")
    }
}

impl Upload {
    /// Keeps what is sent, for a field of a record that the viewer has found before; nothing is read of what they may not
    /// write. It belongs to the record once [`Statement::attach`](crate::access::Statement::attach) wrote it there.
    ///
    /// # Errors
    /// The viewer may not write the field, or it is no file that is kept.
    pub async fn keep(
        self,
        viewer: &Viewer,
        entity: &'static Entity,
        field: &'static str,
        record: Uuid,
    ) -> Result<StoredFile> {
        let context: &Context = viewer;
        if !viewer.writes(entity, field) {
            return Err(Problem::forbidden());
        }
        let content: std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Interrupted>> + Send>> =
            match self.content {
                Incoming::Part(part) => Box::pin(part.map_err(|_| Interrupted)),
                Incoming::Whole(body) => Box::pin(body.into_data_stream().map_err(|_| Interrupted)),
            };
        Ok(context.keep_file(entity, field, record, &self.name, content).await?)
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if let Some(boundary) = kind.and_then(|kind| multer::parse_boundary(kind).ok()) {
            return of_form(multer::Multipart::new(request.into_body().into_data_stream(), boundary)).await;
        }
        let name = sent_name(request.headers());
        let (mut parts, body) = request.into_parts();
        let version =
            <Query<Version> as axum::extract::FromRequestParts<S>>::from_request_parts(&mut parts, state);
        let Query(Version { version }) = version.await.map_err(|_| Problem::new(Code::Malformed))?;
        Ok(Self { version, name, content: Incoming::Whole(Box::new(body)) })
    }
}

/// The parts of a form up to its file, which is left to be read.
async fn of_form(mut form: multer::Multipart<'static>) -> Result<Upload> {
    let broken = |_| Problem::new(Code::Malformed);
    let mut version = None;
    while let Some(mut part) = form.next_field().await.map_err(broken)? {
        if let Some(name) = part.file_name().map(str::to_owned) {
            let version = version.ok_or_else(|| Problem::new(Code::Malformed))?;
            if name.is_empty() {
                return Err(invalid("file", "must be chosen"));
            }
            return Ok(Upload { version, name, content: Incoming::Part(Box::new(part)) });
        }
        let mut value = Vec::new();
        let wanted = part.name() == Some(FormData::VERSION);
        while let Some(bytes) = part.chunk().await.map_err(broken)? {
            value.extend_from_slice(&bytes);
            if value.len() > PLAIN {
                return Err(Problem::new(Code::TooLarge));
            }
        }
        if wanted {
            version = std::str::from_utf8(&value).ok().and_then(|value| value.parse().ok());
        }
    }
    Err(invalid("file", "must be chosen"))
}

fn invalid(name: &str, detail: &'static str) -> Problem {
    Problem::invalid(vec![FieldProblem { pointer: format!("/{name}"), detail: format!("{name} {detail}") }])
}

/// The name that a program gives a file: `attachment; filename*=UTF-8''…` or `filename="…"` (RFC 6266).
fn sent_name(headers: &HeaderMap) -> String {
    let value =
        headers.get(header::CONTENT_DISPOSITION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parameter = |wanted: &str| {
        value.split(';').find_map(|part| {
            let (key, value) = part.trim().split_once('=')?;
            key.eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
        })
    };
    let encoded = parameter("filename*").and_then(|value| value.strip_prefix("UTF-8''"));
    let decoded = encoded.map(|value| {
        // What a form encodes is encoded alike, but for the plus, which stands for itself here.
        let pair = format!("n={}", value.replace('+', "%2B"));
        form_urlencoded::parse(pair.as_bytes()).next().map(|(_, name)| name.into_owned()).unwrap_or_default()
    });
    decoded.or_else(|| parameter("filename").map(str::to_owned)).unwrap_or_default()
}

impl Viewer {
    /// Whether a page offers to change this field of a record that the viewer sees.
    pub fn writes(&self, entity: &Entity, field: &str) -> bool {
        entity.opens(&self.roles(), Action::Update, field)
    }
}

/// A file as an answer: a download, which no browser shows, sniffs or runs. Its pieces are read while they are sent.
pub fn download(viewer: &Viewer, file: &StoredFile) -> Response {
    let context: &Context = viewer;
    let pieces = context.file_content(file).map(|piece| piece.map_err(|_| Interrupted));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind.media_type())),
        (header::CONTENT_LENGTH, HeaderValue::from(file.size)),
        (header::CONTENT_DISPOSITION, attachment(&file.name)),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// `attachment; filename="scan.pdf"; filename*=UTF-8''scan.pdf` (RFC 6266, appendix D).
fn attachment(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_graphic() && !"\"\\".contains(letter) || letter == ' ' { letter } else { '_' }
        })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => encoded.push(byte as char),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

/// What is known of a file.
pub trait KnownFile {
    /// The file, or nothing when there is none or it is hidden.
    fn file(&self) -> Option<StoredFile>;

    /// As a page shows it: a link to the download, and its size.
    fn link(&self, to: String) -> Content;
}

impl KnownFile for Shown<Option<StoredFile>> {
    fn file(&self) -> Option<StoredFile> {
        self.value().cloned().flatten()
    }

    fn link(&self, to: String) -> Content {
        match self {
            Shown::Hidden => Content::Hidden,
            Shown::Value(None) => Content::Empty,
            Shown::Value(Some(file)) => {
                Content::link(format!("{} ({})", file.name, file.size_in_words()), to)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CF-18: a name never ends its header, whatever it holds.
    #[test]
    fn a_name_stays_within_its_header() {
        let cases = [
            ("scan.pdf", "attachment; filename=\"scan.pdf\"; filename*=UTF-8''scan.pdf"),
            (
                "a\"; evil=\"b.pdf",
                "attachment; filename=\"a_; evil=_b.pdf\"; filename*=UTF-8''a%22%3B%20evil%3D%22b.pdf",
            ),
            (
                "Röntgen 1.png",
                "attachment; filename=\"R_ntgen 1.png\"; filename*=UTF-8''R%C3%B6ntgen%201.png",
            ),
        ];
        for (name, header) in cases {
            assert_eq!(attachment(name), header, "{name}");
        }
    }

    #[test]
    fn a_program_names_a_file_in_either_form() {
        let named = |value: &str| {
            let value = HeaderValue::from_str(value).expect("a header");
            sent_name(&HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]))
        };
        assert_eq!(named("attachment; filename=\"scan.pdf\""), "scan.pdf");
        assert_eq!(named("attachment; filename=x.pdf; filename*=UTF-8''R%C3%B6ntgen+1.pdf"), "Röntgen+1.pdf");
        assert_eq!(named("attachment"), "");
        assert_eq!(sent_name(&HeaderMap::new()), "");
    }
}
