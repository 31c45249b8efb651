//! How founders lay a prompt out: tables, outlines, headings without a colon, `Nurses – log vitals`. What comes out
//! says the same in lines, bullets and colons, which is what `sentences` reads.

mod dialogue;
mod nested;

use crate::{
    catalogue::catalogue,
    roles::is_role_head,
    sentences::{bullet, tokens},
    words::{is_modal, key_of, verb},
};

/// The prompt in lines, bullets and colons.
pub(crate) fn plainly(prompt: &str) -> String {
    let prompt = &in_full(prompt);
    let prompt = &nested::flat(&indented(&columns(&dialogue::told(prompt))));
    let prompt = &headed(prompt);
    let lines: Vec<String> = prompt.replace("**", "").replace("__", "").lines().map(outline).collect();
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let rows = lines[at..].iter().take_while(|line| line.trim_start().starts_with('|')).count();
        if rows > 1 {
            out.extend(table(&lines[at..at + rows]));
            at += rows;
            continue;
        }
        let line = &lines[at];
        let leads = at > 0 && is_heading(line) && next_is_bullet(&lines[at + 1..]);
        out.push(if leads { format!("{}:", line.trim()) } else { named_by_a_dash(line) });
        at += 1;
    }
    out.join("\n")
}

/// `It runs for 12 weeks. Patients:` over bullets: the heading on a line of its own, without what stands in brackets.
fn headed(prompt: &str) -> String {
    let lines: Vec<&str> = prompt.lines().collect();
    let mut out = Vec::with_capacity(lines.len());
    let mut who: Option<String> = None;
    for (at, line) in lines.iter().enumerate() {
        match (&who, bullet(line.trim())) {
            (Some(name), Some(said)) => {
                out.push(format!("- {name}: {said}"));
                continue;
            }
            (Some(_), None) if !line.trim().is_empty() => who = None,
            _ => {}
        }
        let leads = lines[at + 1..]
            .iter()
            .find(|next| !next.trim().is_empty())
            .is_some_and(|next| bullet(next.trim()).is_some());
        let Some(said) = line.trim_end().strip_suffix(':').filter(|_| leads && bullet(line.trim()).is_none())
        else {
            out.push((*line).to_owned());
            continue;
        };
        let (before, head) = said.rsplit_once(". ").unwrap_or(("", said));
        let bare =
            head.split_once(" (").filter(|(_, rest)| rest.ends_with(')')).map_or(head, |(bare, _)| bare);
        let named =
            bare.split_whitespace().count() <= 5 && catalogue().role(&key_of(&bare.to_lowercase())).is_some();
        if !named {
            out.push((*line).to_owned());
            continue;
        }
        if !before.is_empty() {
            out.push(format!("{before}."));
        }
        out.push(String::new());
        let does = |line: &str| {
            let said = tokens(bullet(line.trim()).unwrap_or(line));
            let first = said.first().and_then(|token| token.word()).unwrap_or_default();
            is_modal(first) || verb(first).is_some_and(|_| crate::words::base(first) == Some(first))
        };
        let below: Vec<&&str> = lines[at + 1..]
            .iter()
            .skip_while(|line| line.trim().is_empty())
            .take_while(|line| bullet(line.trim()).is_some())
            .collect();
        // `Patients:` over `* log weight`, `* see their plan`: what they do.
        if below.iter().filter(|line| does(line)).count() * 2 > below.len() {
            who = Some(bare.to_owned());
        } else {
            out.push(format!("{bare}:"));
        }
    }
    out.join("\n")
}

/// An outline without bullets, in which what is indented belongs to what stands above it.
fn indented(prompt: &str) -> String {
    let lines: Vec<&str> = prompt.lines().collect();
    let depth = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let plain = |line: &str| {
        !line.trim().is_empty() && bullet(line.trim()).is_none() && !line.trim_start().starts_with(['#', '|'])
    };
    let heads = |line: &str| {
        (1..=6).contains(&line.split_whitespace().count())
            && line.trim_end().ends_with(char::is_alphanumeric)
            && !line.contains(": ")
    };
    // Two headings with lines below them, at least: a wrapped line is no outline.
    let parents = lines
        .windows(2)
        .filter(|pair| {
            plain(pair[0]) && plain(pair[1]) && depth(pair[0]) == 0 && depth(pair[1]) > 1 && heads(pair[0])
        })
        .count();
    if parents < 2 {
        return prompt.to_owned();
    }
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let deep = depth(line);
        let next = lines.get(at + 1).filter(|next| plain(next) && depth(next) > deep);
        match (plain(line), next) {
            (true, Some(_)) if deep == 0 && heads(line) => {
                let below: Vec<&&str> =
                    lines[at + 1..].iter().take_while(|line| plain(line) && depth(line) > 0).collect();
                // `Remote transmissions`, and below: `received at, AF burden %, VT episodes`.
                let first = below.first().map_or("", |line| line.trim());
                let listed = first.matches(',').count() > 1
                    && !tokens(first).iter().filter_map(|token| token.word()).any(is_modal)
                    && below.get(1).is_none_or(|second| depth(second) <= depth(below[0]));
                if listed {
                    out.push(format!("{}: {first}", line.trim()));
                    out.push(String::new());
                    at += 2;
                } else {
                    out.push(format!("{}:", line.trim()));
                    at += 1;
                }
                continue;
            }
            (true, Some(_)) if deep > 0 => {
                let below: Vec<&str> = lines[at + 1..]
                    .iter()
                    .take_while(|line| plain(line) && depth(line) > deep)
                    .map(|line| line.trim())
                    .collect();
                out.push(format!("- {}: {}", line.trim().trim_end_matches(':'), below.join(", ")));
                at += 1 + below.len();
                continue;
            }
            (true, None) if deep > 0 => out.push(format!("- {}", line.trim())),
            _ => out.push(line.to_owned()),
        }
        at += 1;
    }
    out.join("\n")
}

/// `Clients: Last name | First name | DOB`: the columns of a sheet, as a list.
fn columns(prompt: &str) -> String {
    let line = |line: &str| {
        let listed = !line.trim_start().starts_with('|') && line.matches(" | ").count() > 1;
        if listed { line.replace(" | ", ", ") } else { line.to_owned() }
    };
    prompt.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// `a virtual assistant … the VA`: who is called by their initials is called so once in full.
fn in_full(prompt: &str) -> String {
    let words: Vec<&str> =
        prompt.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(2_000).collect();
    let mut out = prompt.to_owned();
    let mut done: Vec<String> = Vec::new();
    for width in [3, 2] {
        for piece in words.windows(width) {
            let phrase = piece.join(" ").to_lowercase();
            let one = key_of(&phrase);
            let initials: String =
                piece.iter().filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect();
            if done.contains(&initials)
                || catalogue().role(&one).is_none()
                || crate::words::in_full(&initials).is_some()
                || !words.iter().any(|word| *word == initials || word.strip_suffix('s') == Some(&initials))
            {
                continue;
            }
            out = spelt(&out, &initials, &one);
            done.push(initials);
        }
    }
    out
}

/// A text with each word that is these initials said in full.
fn spelt(text: &str, initials: &str, full: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain(std::iter::once(' ')) {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        match word.strip_suffix('s').unwrap_or(&word) {
            bare if bare == initials && bare.len() < word.len() => out.push_str(&format!("{full}s")),
            bare if bare == initials => out.push_str(full),
            _ => out.push_str(&word),
        }
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// `3.1 Clinicians shall …` without its number; `1.` is a bullet and stays.
fn outline(line: &str) -> String {
    let digits = line.trim_start().split(' ').next().unwrap_or_default();
    let numbered = digits.len() > 2
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.trim_end_matches('.').contains('.')
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let rest = line.trim_start().strip_prefix(digits).map(str::trim_start).unwrap_or_default();
    if numbered && rest.starts_with(char::is_uppercase) { rest.to_owned() } else { line.to_owned() }
}

/// A few words without an end: `ROLES`, `What we record`.
fn is_heading(line: &str) -> bool {
    // What is indented goes on with the bullet before.
    if line.starts_with([' ', '\t']) {
        return false;
    }
    let line = line.trim_end();
    (1..=4).contains(&line.split_whitespace().count())
        && line.ends_with(char::is_alphanumeric)
        && line.starts_with(char::is_uppercase)
        && bullet(line).is_none()
        && !line.starts_with('#')
        && !line.contains(": ")
}

fn next_is_bullet(rest: &[String]) -> bool {
    rest.iter().find(|line| !line.trim().is_empty()).is_some_and(|line| bullet(line.trim()).is_some())
}

/// `Nurses – log vitals`: who or what stands before a dash, and what is said of it behind.
fn named_by_a_dash(line: &str) -> String {
    let said = bullet(line.trim()).unwrap_or(line);
    let Some((at, sign)) =
        [" - ", " – ", " — ", "- ", "– "].iter().filter_map(|sign| Some((said.find(sign)?, *sign))).min()
    else {
        return line.to_owned();
    };
    let (name, rest) = (said[..at].trim(), &said[at + sign.len()..]);
    let key = key_of(&name.to_lowercase());
    let named = (1..=4).contains(&name.split_whitespace().count())
        && !name.contains([',', ':', '(', '.'])
        && (catalogue().role(&key).is_some() || catalogue().entity(&key).is_some() || is_role_head(&key));
    let first = tokens(rest).first().and_then(|token| token.word().map(str::to_owned)).unwrap_or_default();
    let does = verb(&first).is_some() || is_modal(&first) || matches!(first.as_str(), "no" | "only");
    if named && (does || bullet(line.trim()).is_some()) {
        line.replacen(&format!("{}{sign}", &said[..at]), &format!("{name}: "), 1)
    } else {
        line.to_owned()
    }
}

/// A table's rows as bullets: a role with what it does, a record with what it holds, or who may what.
fn table(lines: &[String]) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .filter(|row: &Vec<String>| !row.iter().all(|cell| cell.chars().all(|c| "-: ".contains(c))))
        .collect();
    if rows.len() < 2 || rows[0].len() < 2 {
        return rows.into_iter().map(|row| row.join(": ")).collect();
    }
    let head = rows.remove(0);
    let is_role = |name: &String| catalogue().role(&key_of(&name.to_lowercase())).is_some();
    let across = head[1..].iter().all(is_role);
    let down =
        is_role_head(&head[0].to_lowercase()) || rows.iter().filter_map(|row| row.first()).all(is_role);
    let marks = rows.iter().all(|row| row.iter().skip(1).all(|cell| mark(cell).is_some()));
    let mut out = vec![if across || down { "Roles:" } else { "Records:" }.to_owned()];
    let names: Vec<&String> =
        if across { head[1..].iter().collect() } else { rows.iter().map(|row| &row[0]).collect() };
    if across || down {
        out.extend(names.iter().map(|name| format!("- {name}")));
    }
    for row in &rows {
        for (header, cell) in head.iter().zip(row).skip(1) {
            let (who, what) = if across { (header, &row[0]) } else { (&row[0], header) };
            let said = match mark(cell) {
                Some(does) if across || down && marks => format!("{does} {what}"),
                Some(_) => continue,
                None => under(header, cell),
            };
            out.push(format!("- {who}: {said}"));
        }
    }
    out
}

/// What a cell says of a role and a record, where it is no more than a mark.
fn mark(cell: &str) -> Option<&'static str> {
    Some(match cell.to_lowercase().as_str() {
        "" | "-" | "–" | "—" | "no" | "none" | "x" | "✗" | "n/a" | "n" => "cannot see",
        "yes" | "y" | "✓" | "✔" | "r" | "read" | "view" | "read only" => "can see",
        "rw" | "r/w" | "w" | "write" | "edit" | "full" | "all" | "read/write" => "can manage",
        _ => return None,
    })
}

/// A cell under a header that is a verb: `Can see`, `No access to`.
fn under(header: &str, cell: &str) -> String {
    let lower = header.to_lowercase();
    let does = lower.split_whitespace().any(|word| {
        crate::words::base(word)
            .is_some_and(|base| matches!(base, "see" | "view" | "edit" | "create" | "write"))
    });
    let denied = ["cannot", "can't", "not", "never", "no access"].iter().any(|word| lower.contains(word));
    let said = tokens(cell);
    let first = said.first().and_then(|token| token.word()).unwrap_or_default();
    let deed = verb(first).is_some() && !crate::words::is_two_faced(first);
    match (denied, does) {
        // `Can do: own visits`, `Can't do: see notes`.
        (true, _) if deed => format!("cannot {cell}"),
        (false, false) if first == "own" => format!("can see {cell}"),
        (true, _) => format!("cannot see {cell}"),
        (false, true) if !tokens(cell).iter().any(|token| token.word().is_some_and(is_modal)) => {
            format!("{lower} {cell}")
        }
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::plainly;

    #[test]
    fn tables_outlines_and_dashes_are_bullets_and_colons() {
        for (said, plain) in [
            (
                "| Role | What they do |\n|---|---|\n| Nurse | records visits |\n| Aide | sees the care plan |",
                "Roles:\n- Nurse\n- Aide\n- Nurse: records visits\n- Aide: sees the care plan",
            ),
            (
                "| | Nurse | Doctor |\n|--|--|--|\n| Notes | - | rw |",
                "Roles:\n- Nurse\n- Doctor\n- Nurse: cannot see Notes\n- Doctor: can manage Notes",
            ),
            (
                "| Role | Cannot see |\n|--|--|\n| Clerk | notes |",
                "Roles:\n- Clerk\n- Clerk: cannot see notes",
            ),
            ("* Therapists – write notes, see patients", "* Therapists: write notes, see patients"),
            ("App\nROLES\n- nurse", "App\nROLES:\n- nurse"),
            ("3.1 Clinicians shall sign", "Clinicians shall sign"),
            ("Fertility clinic - we log cycles", "Fertility clinic - we log cycles"),
        ] {
            assert_eq!(plainly(said), plain, "{said}");
        }
    }
}
