//! Comma-separated values: a file as it arrives, and its rows.

use axum::extract::{FromRequest, Request};
use axum::http::header;

use crate::slice::Result;
use crate::web::{Code, Problem};

/// Most bytes of one file.
const LARGEST: usize = 1_000_000;

/// A file of comma-separated values (RFC 4180), as a page or a program sends it.
#[derive(Clone)]
pub struct Csv(pub String);

impl std::fmt::Debug for Csv {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[sealed]")
    }
}

impl<S: Send + Sync> FromRequest<S> for Csv {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let Some(kind) = kind.map(str::to_owned) else { return Err(unread()) };
        let body = request.into_body();
        let bytes = match multer::parse_boundary(&kind) {
            Ok(boundary) => {
                let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
                let mut found = Vec::new();
                while let Some(mut part) =
                    form.next_field().await.map_err(|_| Problem::new(Code::Malformed))?
                {
                    let is_file = part.file_name().is_some();
                    while let Some(chunk) = part.chunk().await.map_err(|_| Problem::new(Code::Malformed))? {
                        if is_file {
                            found.extend_from_slice(&chunk);
                        }
                        if found.len() > LARGEST {
                            return Err(Problem::new(Code::TooLarge));
                        }
                    }
                }
                found
            }
            Err(_) if kind.starts_with("text/csv") => {
                let bytes = axum::body::to_bytes(body, LARGEST).await;
                bytes.map_err(|_| Problem::new(Code::TooLarge))?.to_vec()
            }
            Err(_) => return Err(unread()),
        };
        let text = String::from_utf8(bytes).map_err(|_| unread().detail("Send the file as UTF-8."))?;
        Ok(Self(text.trim_start_matches('\u{feff}').to_owned()))
    }
}

fn unread() -> Problem {
    Problem::new(Code::UnsupportedFormat).detail("Send text/csv.")
}

/// The rows of a file, each with the number of the line on which it begins; empty lines are none. RFC 4180 is short enough to
/// be read here: a crate for it would be compiled into every app.
///
/// # Errors
/// The line on which a quotation mark is opened and not closed.
pub(super) fn rows(text: &str) -> Result<Vec<(usize, Vec<String>)>, usize> {
    let first = text.lines().next().unwrap_or_default();
    // Spreadsheets of many countries write semicolons.
    let separator = if first.contains(';') && !first.contains(',') { ';' } else { ',' };
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun, mut opened) = (1, 1, None);
    let mut letters = text.chars().peekable();
    loop {
        let letter = letters.next();
        match (letter, opened) {
            (None, Some(opened)) => return Err(opened),
            (Some('"'), Some(_)) if letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            (Some('"'), Some(_)) => opened = None,
            (Some('"'), None) if cell.is_empty() => opened = Some(line),
            (Some(letter), Some(_)) => {
                line += usize::from(letter == '\n');
                cell.push(letter);
            }
            (Some(letter), None) if letter == separator => row.push(std::mem::take(&mut cell)),
            (Some('\n') | None, None) => {
                row.push(std::mem::take(&mut cell).trim_end_matches('\r').to_owned());
                let row = std::mem::take(&mut row);
                if row.iter().any(|cell| !cell.is_empty()) {
                    rows.push((begun, row));
                }
                line += 1;
                begun = line;
                if letter.is_none() {
                    return Ok(rows);
                }
            }
            (Some(letter), None) => cell.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4180: quotation marks, line ends within them, and the number of the line on which a row begins.
    #[test]
    fn rows_are_read_as_spreadsheets_write_them() {
        let read = rows("a,b\r\n\"1,\n\"\"x\"\"\",2\r\n\r\n3,4").expect("it is whole");
        let expected = [(1, vec!["a", "b"]), (2, vec!["1,\n\"x\"", "2"]), (5, vec!["3", "4"])];
        let expected: Vec<(usize, Vec<String>)> = expected
            .into_iter()
            .map(|(at, row)| (at, row.into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(read, expected);
        assert_eq!(rows("a;b\n1;2").expect("it is whole")[1].1, ["1", "2"]);
        assert_eq!(rows("a\n1\n\"2\n3"), Err(3));
    }
}
