//! Server-sent events, as the HTML standard defines the stream (section 9.2.6), strictly and within bounds.
//!
//! Written here because the parsers that there are either give up their place at an odd cut or accept anything: a
//! stream may be cut at any byte, and what is too long or no UTF-8 is a fault, not a guess.

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its kind; empty where none was said.
    pub kind: String,
    /// Its data, lines joined by line feeds.
    pub data: String,
}

/// What is no stream of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEvents {
    /// A line is no UTF-8.
    #[error("its stream is no UTF-8")]
    NotText,
    /// An event is longer than 1 MiB.
    #[error("an event of its stream is longer than 1 MiB")]
    TooLong,
}

/// The largest event, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Reads a stream that comes in pieces.
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// The last byte was a carriage return: a line feed after it belongs to it.
    after_return: bool,
    has_begun: bool,
}

impl Events {
    /// Takes a piece, and gives every event that it completes.
    ///
    /// # Errors
    /// [`NotEvents`]; nothing can be read of this stream any more.
    pub fn take(&mut self, piece: &[u8]) -> Result<Vec<Event>, NotEvents> {
        let mut complete = Vec::new();
        for &byte in piece {
            let follows_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    complete.extend(self.end_line(&line)?);
                }
                _ => {
                    self.line.push(byte);
                    if self.line.len() + self.event.data.len() > LARGEST {
                        return Err(NotEvents::TooLong);
                    }
                }
            }
        }
        Ok(complete)
    }

    fn end_line(&mut self, line: &[u8]) -> Result<Option<Event>, NotEvents> {
        let mut line = std::str::from_utf8(line).map_err(|_| NotEvents::NotText)?;
        if !std::mem::replace(&mut self.has_begun, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok(std::mem::take(&mut self.has_data).then_some(event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.kind),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // A comment (an empty name), an id, a time to come back after: none of them means anything here.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(stream: &[u8]) -> Result<Vec<Event>, NotEvents> {
        Events::default().take(stream)
    }

    fn event(kind: &str, data: &str) -> Event {
        Event { kind: kind.into(), data: data.into() }
    }

    #[test]
    fn the_standard_s_own_cases() {
        let cases: [(&str, Vec<Event>); 8] = [
            ("data: a\n\n", vec![event("", "a")]),
            ("event: add\ndata: 1\ndata: 2\n\n", vec![event("add", "1\n2")]),
            (": comment\n\ndata\n\ndata\ndata\n\ndata:", vec![event("", ""), event("", "\n")]),
            ("data:x\n\ndata: x\n\ndata:  x\n\n", vec![event("", "x"), event("", "x"), event("", " x")]),
            ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", vec![event("", "a"), event("", "b"), event("", "c")]),
            ("\u{feff}data: a\n\n", vec![event("", "a")]),
            ("event: lost\n\ndata: kept\n\n", vec![event("", "kept")]),
            ("id: 1\nretry: 10\nother: x\ndata: é\n\n", vec![event("", "é")]),
        ];
        for (stream, events) in cases {
            assert_eq!(whole(stream.as_bytes()).unwrap(), events, "{stream:?}");
        }
    }

    #[test]
    fn what_is_endless_or_no_text_is_a_fault() {
        assert_eq!(whole(b"data: \xff\n"), Err(NotEvents::NotText));
        assert_eq!(whole(&vec![b'a'; LARGEST + 1]), Err(NotEvents::TooLong));
        let lines = b"data: 0123456789\n".repeat(LARGEST / 8);
        assert_eq!(whole(&lines), Err(NotEvents::TooLong));
    }

    proptest! {
        /// A stream means the same however it is cut.
        #[test]
        fn cut_at_any_byte(
            stream in "(event: [a-z]{0,3}|data:[ a-zé€]{0,8}|: c|\n|\r\n|\r|[a-z:\u{feff}]){0,24}",
            cuts in prop::collection::vec(0_usize..200, 0..8),
        ) {
            let bytes = stream.as_bytes();
            let mut at: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let mut events = Events::default();
            let mut pieces = Vec::new();
            for pair in at.windows(2) {
                pieces.extend(events.take(&bytes[pair[0]..pair[1]]).unwrap());
            }
            prop_assert_eq!(pieces, whole(bytes).unwrap());
        }

        /// No byte sequence makes it panic, nor do two ways of cutting disagree.
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut events = Events::default();
            let single: Result<Vec<Event>, NotEvents> =
                bytes.iter().try_fold(Vec::new(), |mut all, byte| {
                    all.extend(events.take(&[*byte])?);
                    Ok(all)
                });
            prop_assert_eq!(single, whole(&bytes));
        }
    }
}
