//! The text for whoever opens an archive and is no engineer.

use crate::manifest::Manifest;

/// The readme's path in every archive.
pub(crate) const README: &str = "README.txt";

/// How wide the text is, in characters.
const WIDTH: usize = 78;

/// What each folder is, where the archive has it.
const FOLDERS: [(&str, &str); 6] = [
    (
        "data/",
        "Your records, one file a table. Each line of a .ndjson file is one record, as text that any editor shows; \
         the .schema.json beside it says what each value is.",
    ),
    (
        "sql/",
        "The same records for two databases. SQLite: in sql/sqlite, type\nsqlite3 records.db \".read all.sql\"\n\
         PostgreSQL: in sql/postgres, with an empty database, type\npsql -d DATABASE -f all.sql",
    ),
    (
        "audit/",
        "The audit log: who did what, when and why, with the signatures that show whether it was changed. \
         payloads.ndjson tells what each change wrote. Keep it for at least six years (45 CFR 164.316(b)(2)(i)).",
    ),
    ("files/", "Files that were uploaded."),
    ("agreements/", "Agreements that you signed, such as the business associate agreement."),
    (
        "project/",
        "The program itself, as source. With Rust installed (https://rustup.rs) it builds and runs without us; \
         project/README.md says how.",
    ),
];

/// The chapters at the end, each with its text; a line that begins with `healthcoder` is one to type.
const CHAPTERS: [(&str, &str); 3] = [
    (
        "Is it whole?",
        "healthcoder export verify ARCHIVE\nneeds no network. It finds anything that was changed, removed, added or \
         cut off, and names the key that signed the archive: compare it with the one on your receipt.",
    ),
    (
        "Back to a running app",
        "healthcoder export restore ARCHIVE --dir FOLDER\nbuilds the program in project/ and loads the records into a \
         new, empty database, SQLite or PostgreSQL. Passwords are not in this archive: the program's own command \
         create-owner makes a one-time link for the first person, who then sends one to each of the others.",
    ),
    (
        "What is not in it",
        "Passwords, second factors, sessions and encryption keys. Nobody needs them to read what is here.",
    ),
];

/// The readme of an archive with these files.
pub(crate) fn text(manifest: &Manifest) -> String {
    let subject = &manifest.subject;
    let whose = match &subject.organisation {
        Some(id) => format!("what one organisation ({id}) keeps in it"),
        None => "everything that is kept in it".to_owned(),
    };
    let mut text = String::new();
    heading(&mut text, &subject.app, '=');
    let at = &subject.exported_at;
    paragraph(&mut text, 0, &format!("This archive holds {whose}, as it was on {at} (UTC)."));
    text.push('\n');
    paragraph(
        &mut text,
        0,
        "IT HOLDS HEALTH RECORDS THAT ANYBODY CAN READ ONCE IT IS OPENED.\nKeep it where only people may look who may \
         see the records, on an encrypted disk, and in two places.",
    );
    text.push('\n');
    heading(&mut text, "What is in it", '-');
    for (folder, about) in FOLDERS {
        if manifest.files.iter().any(|file| file.path.starts_with(folder)) {
            text.push_str(&format!("  {folder}\n"));
            paragraph(&mut text, 4, about);
        }
    }
    text.push('\n');
    heading(&mut text, "How many records", '-');
    let width = manifest.tables.iter().map(|entry| entry.table.name.len()).max().unwrap_or_default();
    for entry in &manifest.tables {
        text.push_str(&format!("  {:width$}  {}\n", entry.table.name, entry.rows));
    }
    for (title, about) in CHAPTERS {
        text.push('\n');
        heading(&mut text, title, '-');
        paragraph(&mut text, 2, about);
    }
    text
}

fn heading(text: &mut String, title: &str, rule: char) {
    let rule: String = std::iter::repeat_n(rule, title.chars().count()).collect();
    text.push_str(&format!("{title}\n{rule}\n\n"));
}

/// Text broken into lines of at most [`WIDTH`] characters, where it can be.
fn paragraph(text: &mut String, indent: usize, content: &str) {
    for line in content.lines() {
        let mut length = 0;
        for word in line.split(' ') {
            let wide = word.chars().count();
            if length == 0 {
                text.push_str(&" ".repeat(indent));
                length = indent;
            } else if length + 1 + wide > WIDTH {
                text.push_str(&format!("\n{}", " ".repeat(indent)));
                length = indent;
            } else {
                text.push(' ');
                length += 1;
            }
            text.push_str(word);
            length += wide;
        }
        text.push('\n');
    }
}
