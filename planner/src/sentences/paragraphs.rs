//! Lines as paragraphs and bullets: what was wrapped is joined.

use super::plain_head;

/// Paragraphs, and whether each is a bullet.
pub(super) fn paragraphs(prompt: &str) -> Vec<(String, bool)> {
    let mut out: Vec<(String, bool)> = Vec::new();
    let mut open = false;
    let mut before = "";
    let lines: Vec<&str> = prompt.lines().collect();
    for (at, line) in lines.iter().copied().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            open = false;
            continue;
        }
        if let Some(text) = bullet(trimmed) {
            out.push((text.to_owned(), true));
            open = true;
            before = trimmed;
            continue;
        }
        if trimmed.starts_with('#') {
            out.push((trimmed.trim_start_matches('#').trim().to_owned() + ":", false));
            open = false;
            continue;
        }
        match out.last_mut() {
            Some((last, is_bullet))
                if open
                    && !last.ends_with(':')
                    && (!*is_bullet || line.starts_with([' ', '\t']))
                    && !begins_anew(trimmed, before)
                    && !broken_on_purpose(trimmed, before, &lines, at)
                    && (line.starts_with([' ', '\t']) || !acts_anew(trimmed, before, &lines, at)) =>
            {
                last.push(' ');
                last.push_str(trimmed);
            }
            _ => out.push((trimmed.to_owned(), false)),
        }
        open = true;
        before = trimmed;
    }
    out
}

/// Among several lines, one that ends long before its first word would have been too much was ended on purpose.
fn broken_on_purpose(line: &str, before: &str, lines: &[&str], at: usize) -> bool {
    let width = |line: &&str| line.trim().chars().count();
    let up = lines[..at].iter().rev().take_while(|line| !line.trim().is_empty());
    let down = lines[at..].iter().take_while(|line| !line.trim().is_empty());
    let widths: Vec<usize> = up.chain(down).map(width).collect();
    let longest = widths.iter().copied().max().unwrap_or_default();
    let first = line.split(' ').next().unwrap_or_default();
    let fits = before.chars().count() + first.chars().count() + 12 < longest;
    let goes_on = before.ends_with([',', '-', '(', ':', '&', '/'])
        || before.split(' ').next_back().is_some_and(|last| crate::words::is_glue(&last.to_lowercase()))
        || crate::words::is_glue(first)
            && !matches!(first, "a" | "an" | "the" | "each" | "every" | "no" | "nobody" | "only" | "all");
    // Most lines of wrapped text are full; these are not.
    let full = widths.iter().filter(|width| **width + 16 > longest).count();
    widths.len() > 2 && fits && !goes_on && full * 2 < widths.len()
}

/// A capital behind a short line begins something new: the line before was not wrapped.
pub(super) fn begins_anew(line: &str, before: &str) -> bool {
    line.starts_with(char::is_uppercase)
        && (before.chars().count() < 60 || before.contains(": "))
        && !before.ends_with(',')
}

/// Somebody who acts begins a line of their own where the lines were not filled: `MA does vitals` / `the examiner
/// reviews results`.
pub(super) fn acts_anew(line: &str, before: &str, lines: &[&str], at: usize) -> bool {
    let filled = |line: &&str| line.trim().chars().count();
    let up = lines[..at].iter().rev().take_while(|line| !line.trim().is_empty());
    let down = lines[at..].iter().take_while(|line| !line.trim().is_empty());
    let mut widths: Vec<usize> = up.chain(down).map(filled).collect();
    widths.sort_unstable();
    let ragged = widths.len() > 2
        && widths.get(1).zip(widths.last()).is_some_and(|(short, long)| short * 10 < long * 7);
    let goes_on = before.ends_with([',', '-', '(', ':'])
        || before.split(' ').next_back().is_some_and(|last| crate::words::is_glue(&last.to_lowercase()));
    let words: Vec<String> = line.split(' ').take(5).map(plain_head).collect();
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .skip_while(|word| matches!(*word, "the" | "our" | "my" | "a"))
        .collect();
    let role = (1..=2).find(|width| {
        words
            .get(..*width)
            .is_some_and(|piece| crate::catalogue::catalogue().role(&crate::words::key(piece)).is_some())
    });
    let acts = role.and_then(|width| words.get(width)).is_some_and(|next| {
        crate::words::verb(next).is_some()
            || crate::words::is_modal(next)
            || matches!(*next, "only" | "never" | "also" | "get" | "gets")
    });
    ragged && !goes_on && acts
}

/// What stands behind the sign of a bullet, if the line is one.
pub(crate) fn bullet(line: &str) -> Option<&str> {
    for sign in ["- ", "* ", "• ", "– ", "+ "] {
        if let Some(text) = line.strip_prefix(sign) {
            return Some(text.trim());
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..)?;
    if (1..=2).contains(&digits) {
        return rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") ")).map(str::trim);
    }
    None
}
