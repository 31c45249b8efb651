//! The check of a tenant statement that happens while the app is compiled.

/// A statement on a tenant table whose policy slot was found, and found in the one place where it cannot be
/// talked around. Made by [`tenant!`](crate::tenant) in a constant, so that a statement without it does not build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked(&'static str);

/// What a statement begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Select,
    Insert,
    Update,
    Delete,
}

impl Checked {
    /// Checks `text`; what is wrong with it is a compile error in a constant.
    ///
    /// - It is one SELECT, INSERT, UPDATE or DELETE, without comments and set operations.
    /// - SELECT, UPDATE and DELETE have `{visible}` once, outside of parentheses, as a term of its own in
    ///   `WHERE … AND …`; there is no `OR` and no `BETWEEN` outside of parentheses.
    /// - UPDATE and DELETE name their row by `{id}` and `{version}`; UPDATE sets `{fields}`;
    ///   INSERT is `INSERT INTO table ({fields}) VALUES ({values})`.
    pub const fn new(text: &'static str) -> Self {
        match fault(text.as_bytes()) {
            None => Self(text),
            Some(fault) => panic!("{}", fault),
        }
    }

    /// The text with its slots.
    pub const fn text(self) -> &'static str {
        self.0
    }

    pub(super) fn verb(self) -> Verb {
        verb(self.0.as_bytes()).expect("`new` has checked it")
    }
}

const fn verb(bytes: &[u8]) -> Option<Verb> {
    if at(bytes, 0, b"SELECT ") {
        Some(Verb::Select)
    } else if at(bytes, 0, b"INSERT INTO ") {
        Some(Verb::Insert)
    } else if at(bytes, 0, b"UPDATE ") {
        Some(Verb::Update)
    } else if at(bytes, 0, b"DELETE FROM ") {
        Some(Verb::Delete)
    } else {
        None
    }
}

/// What is wrong with a statement, if anything is.
pub(super) const fn fault(bytes: &[u8]) -> Option<&'static str> {
    let Some(verb) = verb(bytes) else {
        return Some("a tenant statement begins with SELECT, INSERT INTO, UPDATE or DELETE FROM");
    };
    if contains(bytes, b";") {
        return Some("a tenant statement is one statement: write no semicolon");
    }
    if contains(bytes, b"--") || contains(bytes, b"/*") {
        return Some("write comments in Rust, not in the statement");
    }
    if contains(bytes, b"\"") {
        return Some("a tenant statement calls tables and columns by unquoted names");
    }
    if let Verb::Insert = verb {
        if !contains(bytes, b"({fields}) VALUES ({values})") {
            return Some(
                "INSERT INTO table ({fields}) VALUES ({values}): who wrote it and when is the library's to say",
            );
        }
        return None;
    }
    if let Verb::Update | Verb::Delete = verb
        && !contains(bytes, b"id = {id} AND version = {version}")
    {
        return Some("a write names its row by `id = {id} AND version = {version}`");
    }
    if let Verb::Update = verb
        && !contains(bytes, b" SET {fields} WHERE ")
    {
        return Some("UPDATE table SET {fields} WHERE …");
    }
    policy_fault(bytes)
}

/// Walks over the words outside of quotes and looks at each where it stands.
const fn policy_fault(bytes: &[u8]) -> Option<&'static str> {
    let (mut i, mut depth, mut slots, mut between_conditions) = (0, 0usize, 0, false);
    while i < bytes.len() {
        match bytes[i] {
            b'\'' => {
                i = end_of_quote(bytes, i);
                if i == bytes.len() {
                    return Some("a quote stays open");
                }
            }
            b'(' => depth += 1,
            b')' if depth == 0 => return Some("a parenthesis is closed that was not opened"),
            b')' => depth -= 1,
            b'{' if at(bytes, i, b"{visible}") => {
                if depth > 0 {
                    return Some("{visible} stands outside of parentheses");
                }
                if !between_conditions {
                    return Some("{visible} follows WHERE or AND");
                }
                if !ends_condition(bytes, i + 9) {
                    return Some("after {visible} comes AND, GROUP BY, ORDER BY, LIMIT or the end");
                }
                slots += 1;
                between_conditions = false;
                i += 8;
            }
            b' ' | b'\n' | b'\t' | b'\r' => {}
            c if is_word(c) && (i == 0 || !is_word(bytes[i - 1])) => {
                if let Some(fault) = word_fault(bytes, i, depth) {
                    return Some(fault);
                }
                between_conditions = depth == 0 && (word(bytes, i, b"WHERE") || word(bytes, i, b"AND"));
            }
            c if is_word(c) => {}
            _ => between_conditions = false,
        }
        i += 1;
    }
    if depth > 0 {
        return Some("a parenthesis stays open");
    }
    match slots {
        0 => Some("a statement on a tenant table needs its policy: WHERE … AND {visible}"),
        1 => None,
        _ => Some("{visible} stands once"),
    }
}

const fn word_fault(bytes: &[u8], i: usize, depth: usize) -> Option<&'static str> {
    if word(bytes, i, b"UNION") || word(bytes, i, b"EXCEPT") || word(bytes, i, b"INTERSECT") {
        return Some("no UNION, EXCEPT or INTERSECT: one statement, one policy");
    }
    if word(bytes, i, b"RETURNING") {
        return Some("no RETURNING: what is read is read by a SELECT, and audited");
    }
    if depth == 0 && word(bytes, i, b"OR") {
        return Some("put OR into parentheses, or the policy would bind one side only");
    }
    if depth == 0 && word(bytes, i, b"BETWEEN") {
        return Some("write >= and <= instead of BETWEEN");
    }
    None
}

const fn ends_condition(bytes: &[u8], mut i: usize) -> bool {
    while i < bytes.len() && matches!(bytes[i], b' ' | b'\n' | b'\t' | b'\r') {
        i += 1;
    }
    i == bytes.len()
        || word(bytes, i, b"AND")
        || word(bytes, i, b"GROUP")
        || word(bytes, i, b"ORDER")
        || word(bytes, i, b"LIMIT")
}

/// The closing quote, or the end of the text.
const fn end_of_quote(bytes: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while i < bytes.len() && bytes[i] != b'\'' {
        i += 1;
    }
    i
}

const fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

/// Whether the word that begins at `i` is `wanted`, in upper or lower case.
const fn word(bytes: &[u8], i: usize, wanted: &[u8]) -> bool {
    let mut k = 0;
    while k < wanted.len() {
        if i + k >= bytes.len() || !bytes[i + k].eq_ignore_ascii_case(&wanted[k]) {
            return false;
        }
        k += 1;
    }
    i + k == bytes.len() || !is_word(bytes[i + k])
}

const fn at(bytes: &[u8], i: usize, wanted: &[u8]) -> bool {
    let mut k = 0;
    while k < wanted.len() {
        if i + k >= bytes.len() || bytes[i + k] != wanted[k] {
            return false;
        }
        k += 1;
    }
    true
}

const fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let mut i = 0;
    while i < bytes.len() {
        if at(bytes, i, wanted) {
            return true;
        }
        i += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CL-1: a statement whose policy is missing, or could be talked around, does not build.
    #[test]
    fn statements_without_an_unavoidable_policy_do_not_build() {
        let refused = [
            "SELECT id FROM patients WHERE id = $1",
            "SELECT id FROM patients WHERE id = $1 OR {visible}",
            "SELECT id FROM patients WHERE {visible} OR id = $1",
            "SELECT id FROM patients WHERE {visible} or id = $1",
            "SELECT id FROM patients WHERE NOT {visible}",
            "SELECT id FROM patients WHERE (id = $1 OR {visible})",
            "SELECT id FROM patients WHERE ({visible})",
            "SELECT id FROM patients WHERE {visible} IS NOT TRUE",
            "SELECT id FROM patients WHERE {visible} = (1 = 2)",
            "SELECT id FROM patients WHERE 1 = {visible}",
            "SELECT id FROM patients WHERE id BETWEEN $1 AND {visible}",
            "SELECT id FROM patients WHERE '{visible}' = ''",
            "SELECT id FROM patients WHERE {visible} UNION SELECT id FROM patients",
            "SELECT id FROM patients WHERE id = $1 -- AND {visible}",
            "SELECT id FROM patients WHERE {visible} AND {visible}",
            "SELECT id FROM patients WHERE {visible}; DELETE FROM patients",
            "SELECT id FROM \"patients\" WHERE {visible}",
            "SELECT id FROM patients WHERE id = (SELECT id FROM patients WHERE {visible})",
            "SELECT id FROM patients WHERE name = 'x AND {visible}",
            "UPDATE patients SET name = $1 WHERE id = {id} AND version = {version} AND {visible}",
            "UPDATE patients SET {fields} WHERE id = {id} AND {visible}",
            "UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible} RETURNING name",
            "DELETE FROM patients WHERE {visible}",
            "INSERT INTO patients (id, name) VALUES ($1, $2)",
            "WITH p AS (SELECT id FROM patients) SELECT id FROM p WHERE {visible}",
            "TRUNCATE patients",
        ];
        for text in refused {
            assert!(std::panic::catch_unwind(|| Checked::new(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn honest_statements_build() {
        let accepted = [
            "SELECT id, name, {reach} FROM patients WHERE id = $1 AND {visible}",
            "SELECT id, {reach} FROM readings WHERE {visible} AND ($1 IS NULL OR patient_id = $1) ORDER BY taken_at DESC LIMIT $2",
            "SELECT count(*) AS n FROM readings\n WHERE {visible}\n GROUP BY status",
            "SELECT id, {reach} FROM orders WHERE status = 'or' AND {visible}",
            "UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}",
            "DELETE FROM patients WHERE id = {id} AND version = {version} AND {visible}",
            "INSERT INTO patients ({fields}) VALUES ({values})",
        ];
        for text in accepted {
            assert_eq!(Checked::new(text).text(), text);
        }
    }
}
