//! Who is meant by a word with more than one meaning: `owners bring their pets`, `a doctor licensed in the state`.

use crate::sentences::{Sentence, Token};
use crate::words::singular;

const ANIMALS: &[&str] = &["pet", "animal", "dog", "cat", "horse", "puppy", "kitten", "rabbit"];

/// Calls the owners of animals so, wherever the prompt speaks of them.
pub(crate) fn name_their_owners(sentences: &mut [Sentence]) {
    let animal = |token: &Token| token.word().is_some_and(|word| ANIMALS.contains(&singular(word).as_str()));
    let owner = |token: &Token| token.is("owner") || token.is("owners");
    // `their pets`, `their own animals`, `owners bring pets`.
    let theirs = sentences.iter().any(|sentence| {
        let mut owners = sentence.tokens.iter().any(owner);
        owners |= sentence.head.as_deref().is_some_and(|head| head.to_lowercase().starts_with("owners"));
        let held = sentence.tokens.windows(2).any(|pair| {
            (["their", "own", "bring", "register", "brings", "registers"].iter().any(|word| pair[0].is(word)))
                && animal(&pair[1])
        }) || sentence
            .tokens
            .windows(4)
            .any(|four| four[0].is("the") && animal(&four[1]) && four[2].is("they"));
        owners && held
    });
    if !theirs {
        return;
    }
    for sentence in sentences {
        let mut out: Vec<Token> = Vec::with_capacity(sentence.tokens.len());
        for token in std::mem::take(&mut sentence.tokens) {
            // The owner of the practice runs it.
            let runs = out.last().and_then(Token::word).is_some_and(|word| {
                matches!(
                    word,
                    "clinic" | "practice" | "business" | "shop" | "hospital" | "pet" | "horse" | "dog"
                )
            });
            if owner(&token) && !runs {
                out.push(Token::Word("pet".into()));
            }
            out.push(token);
        }
        sentence.tokens = out;
        // `Owners bring pets: name, species`: they stand first in a heading.
        if let Some(head) = &mut sentence.head
            && head.to_lowercase().split(' ').next().is_some_and(|first| matches!(first, "owner" | "owners"))
        {
            *head = format!("pet {}", head.to_lowercase());
        }
    }
}

/// `a doctor licensed in the patient's state reviews` reads as `a doctor reviews`: whom the place lets treat is its own matter.
pub(super) fn licensed_in(mut tokens: Vec<Token>) -> Vec<Token> {
    let at = (1..tokens.len()).find(|at| {
        let licensed =
            tokens[*at].word().is_some_and(|word| matches!(word, "licensed" | "licenced" | "certified"));
        let who = tokens[*at - 1]
            .word()
            .is_some_and(|word| crate::catalogue::catalogue().role(&singular(word)).is_some());
        licensed && who && tokens.get(at + 1).is_some_and(|next| next.is("in"))
    });
    let Some(at) = at else { return tokens };
    let end = (at + 2..tokens.len().min(at + 7)).find(|end| {
        tokens[*end].word().is_some_and(|word| {
            matches!(singular(word).as_str(), "state" | "county" | "country" | "area" | "region" | "province")
        })
    });
    if let Some(end) = end {
        tokens.drain(at..=end);
    }
    tokens
}
