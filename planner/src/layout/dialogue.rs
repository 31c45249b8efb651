//! Questions and answers: `Q: Can reps see consults?` `A: No.` says that reps cannot see consults.

/// A conversation as what its answers say; any other text as it is.
pub(super) fn told(prompt: &str) -> String {
    let questions = prompt.lines().filter(|line| asked(line).is_some()).count();
    let answers = prompt.lines().filter(|line| answered(line).is_some()).count();
    if questions < 2 || answers < 2 {
        return prompt.to_owned();
    }
    let mut out = Vec::new();
    let mut question = String::new();
    for line in prompt.lines() {
        if let Some(said) = asked(line) {
            question = said.to_owned();
        } else if let Some(said) = answered(line) {
            out.push(statement(&std::mem::take(&mut question), said));
            out.push(String::new());
        } else {
            out.push(line.to_owned());
        }
    }
    out.join("\n")
}

fn asked(line: &str) -> Option<&str> {
    ["Q: ", "Q. ", "Question: ", "q: "].iter().find_map(|mark| line.trim().strip_prefix(mark))
}

fn answered(line: &str) -> Option<&str> {
    ["A: ", "A. ", "Answer: ", "a: "].iter().find_map(|mark| line.trim().strip_prefix(mark))
}

/// What a question and its answer say together.
fn statement(question: &str, answer: &str) -> String {
    let question = question.trim().trim_end_matches(['?', ' ']);
    let lower = question.to_lowercase();
    // `Who will use it?` is answered by a list of them.
    if lower.starts_with("who ")
        && ["use", "uses", "work", "works", "log", "logs"]
            .iter()
            .any(|word| lower.split(' ').any(|said| said == *word))
    {
        let list = answer.trim_end_matches('.');
        return if list.contains(". ") { answer.to_owned() } else { format!("Users: {list}") };
    }
    let (first, rest) = question.split_once(' ').unwrap_or((question, ""));
    let yes_no = ["yes", "no", "never", "absolutely not", "of course"];
    let begins = |word: &&&str| {
        answer.to_lowercase().strip_prefix(**word).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
    };
    if matches!(first.to_lowercase().as_str(), "can" | "may" | "should" | "do" | "does" | "will" | "could")
        && let Some(word) = yes_no.iter().find(begins)
        && let Some((who, does)) = acting(rest)
    {
        let more = answer[word.len()..].split_once(". ").map(|(_, more)| more).unwrap_or_default();
        let denied = matches!(*word, "no" | "never" | "absolutely not");
        let modal = if denied { "cannot" } else { "can" };
        return format!("{who} {modal} {does}. {}", with_topic(more, &who)).trim().to_owned();
    }
    match topic(question) {
        Some(topic) => with_topic(answer, &topic),
        None => answer.to_owned(),
    }
}

/// `reps see consults` as who and what they do.
fn acting(said: &str) -> Option<(String, String)> {
    let words: Vec<&str> = said.split(' ').collect();
    let at = words.iter().position(|word| {
        let word = word.to_lowercase();
        crate::words::verb(&word).is_some() && crate::words::base(&word) == Some(word.as_str())
    })?;
    (at > 0).then(|| (words[..at].join(" "), words[at..].join(" ")))
}

/// Whom a question is about: `And the nurses?`, `What do the reps do?`.
fn topic(question: &str) -> Option<String> {
    let mut words: Vec<&str> = question.split(' ').collect();
    let lower = |word: &str| word.to_lowercase();
    let asks = words.first().is_some_and(|word| matches!(lower(word).as_str(), "what" | "how"))
        && words
            .get(1)
            .is_some_and(|word| matches!(lower(word).as_str(), "do" | "does" | "can" | "should" | "may"));
    if asks {
        words.drain(..2);
        words.pop();
    } else {
        while words
            .first()
            .is_some_and(|word| matches!(lower(word).as_str(), "and" | "what" | "about" | "how"))
        {
            words.remove(0);
        }
    }
    let plain = (1..=4).contains(&words.len())
        && words.iter().all(|word| crate::words::verb(&lower(word)).is_none() || words.len() < 3);
    let mut name = words.join(" ");
    if let Some(first) = name.get(..1).map(str::to_uppercase) {
        name.replace_range(..1, &first);
    }
    plain.then_some(name)
}

/// An answer in which `they` are named.
fn with_topic(answer: &str, topic: &str) -> String {
    let sentence = |said: &str| {
        let said = said.replace(" for them", &format!(" for {}", topic.to_lowercase()));
        match said.strip_prefix("They ").or_else(|| said.strip_prefix("Those ")) {
            Some(rest) => {
                let first = rest.split([' ', '\'']).next().unwrap_or_default().to_lowercase();
                let plain = crate::words::is_modal(&first) || crate::words::is_be(&first) || first == "don";
                let can = if plain || matches!(first.as_str(), "cannot" | "never") { "" } else { "can " };
                format!("{topic} {can}{rest}")
            }
            None => said,
        }
    };
    answer.split(". ").map(sentence).collect::<Vec<_>>().join(". ")
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn answers_say_what_was_asked() {
        let said = "Q: Who uses it?\nA: Reps and nurses.\nQ: Can reps see consults?\nA: No, never.\nQ: And the nurses?\nA: They write consults. They see all.";
        assert_eq!(
            told(said),
            "Users: Reps and nurses\n\nreps cannot see consults.\n\nThe nurses can write consults. The nurses can see all.\n"
        );
    }
}
