//! Which paragraph of the agreement keeps which clause of the law.
//!
//! The table is the reviewer's way in, and a test holds each text to it: the paragraph is there, it cites the clause, and
//! it says the words without which it would not keep it.

/// A clause that the law demands of the contract, and where the text keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Where the law says it.
    pub source: &'static str,
    /// What it demands, in short.
    pub demands: &'static str,
    /// The paragraph that keeps it.
    pub paragraph: &'static str,
    /// Words that the paragraph must hold.
    pub words: &'static [&'static str],
}

const fn clause(
    source: &'static str,
    demands: &'static str,
    paragraph: &'static str,
    words: &'static [&'static str],
) -> Clause {
    Clause { source, demands, paragraph, words }
}

/// Every clause that 45 CFR 164.504(e), 164.314(a) and 164.410 ask for.
pub const CLAUSES: [Clause; 24] = [
    clause(
        "45 CFR 164.504(e)(2)(i)",
        "Establish the permitted and required uses and disclosures",
        "2.1",
        &["only to provide the Service", "permitted and required uses and disclosures"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(i)",
        "Authorise nothing that would violate subpart E if the covered entity did it",
        "2.2",
        &[
            "may not use or further disclose PHI in a manner that would violate subpart E",
            "if Customer did it",
        ],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(A)",
        "Not use or further disclose other than permitted or required by the contract or by law",
        "2.3",
        &[
            "does not use or further disclose PHI other than as permitted or required by this agreement",
            "required by law",
        ],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(B)",
        "Use appropriate safeguards and comply with subpart C for electronic PHI",
        "3.1",
        &["appropriate administrative, physical and technical safeguards", "complies with subpart C"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(C)",
        "Report uses and disclosures not provided for, including breaches",
        "4.1",
        &[
            "reports to Customer any use or disclosure of PHI not provided for",
            "breaches of unsecured PHI as required by 45 CFR 164.410",
        ],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(D)",
        "Ensure that subcontractors agree to the same restrictions and conditions",
        "5.1",
        &["164.502(e)(1)(ii)", "any subcontractor", "same restrictions, conditions and requirements"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(E)",
        "Make PHI available for access (164.524)",
        "6.1",
        &["makes available PHI in a designated record set", "45 CFR 164.524"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(F)",
        "Make PHI available for amendment and incorporate amendments (164.526)",
        "6.2",
        &["available for amendment and incorporates amendments", "45 CFR 164.526"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(G)",
        "Make available what an accounting of disclosures needs (164.528)",
        "6.3",
        &["information required to provide an accounting of disclosures", "45 CFR 164.528"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(H)",
        "Comply with subpart E when carrying out the covered entity's obligation",
        "7.1",
        &[
            "carry out an obligation of Customer under subpart E",
            "complies with the requirements of subpart E",
        ],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(I)",
        "Make practices, books and records available to the Secretary",
        "7.2",
        &["internal practices, books and records", "available to the Secretary"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(J)",
        "At termination return or destroy all PHI, if feasible",
        "8.4",
        &["At termination", "if feasible, returns or destroys all PHI", "retains no copies"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(ii)(J)",
        "If not feasible, extend the protections and limit further uses",
        "8.5",
        &["not feasible", "extends the protections", "limits further uses and disclosures"],
    ),
    clause(
        "45 CFR 164.504(e)(2)(iii)",
        "Authorise termination for a violation of a material term",
        "8.2",
        &["Customer may terminate", "violated a material term"],
    ),
    clause(
        "45 CFR 164.504(e)(1)(iii)",
        "Act on a subcontractor's pattern of material breach",
        "5.3",
        &["pattern of activity or practice", "reasonable steps to cure", "terminates the arrangement"],
    ),
    clause(
        "45 CFR 164.504(e)(5)",
        "Apply in the same manner between a business associate and its subcontractor",
        "9.1",
        &["contract between a business associate and its subcontractor", "in the same manner"],
    ),
    clause(
        "45 CFR 164.314(a)(2)(i)(A)",
        "Comply with the applicable requirements of subpart C",
        "3.1",
        &["complies with subpart C of 45 CFR part 164"],
    ),
    clause(
        "45 CFR 164.314(a)(2)(i)(B)",
        "Ensure that subcontractors agree to comply with subpart C by contract (164.308(b)(2))",
        "5.1",
        &["164.308(b)(2)", "agrees in writing"],
    ),
    clause(
        "45 CFR 164.314(a)(2)(i)(C)",
        "Report any security incident, including breaches as 164.410 requires",
        "4.2",
        &["reports to Customer any security incident", "including breaches of unsecured PHI"],
    ),
    clause(
        "45 CFR 164.314(a)(2)(iii)",
        "The security terms hold between a business associate and its subcontractor, too",
        "9.1",
        &["Business Associate as its subcontractor"],
    ),
    clause(
        "45 CFR 164.410(a)",
        "Notify of a breach following its discovery, and say when one is discovered",
        "4.3",
        &[
            "notifies Customer of a breach of unsecured PHI",
            "by exercising reasonable diligence would have been known",
        ],
    ),
    clause(
        "45 CFR 164.410(b)",
        "Without unreasonable delay, and never later than 60 days",
        "4.3",
        &["without unreasonable delay", "no case later than 30 calendar days after discovery"],
    ),
    clause(
        "45 CFR 164.410(c)",
        "Say whom it concerns and all else that the covered entity must tell",
        "4.4",
        &[
            "identification of each individual",
            "brief description of what happened",
            "types of PHI",
            "promptly as it becomes available",
        ],
    ),
    clause(
        "45 CFR 164.316(b)(2)",
        "Keep the documentation for six years",
        "11.4",
        &["six years after it was last in force"],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::text::BAA;
    use super::*;

    /// CL-9, HC-4, CF-1: every clause is in every version, in the paragraph that the table names.
    #[test]
    fn every_text_keeps_every_clause() {
        for text in BAA {
            for clause in CLAUSES {
                let place = format!("{} in {} of version {}", clause.source, clause.paragraph, text.version);
                let paragraph =
                    text.paragraph(clause.paragraph).unwrap_or_else(|| panic!("{place} is missing"));
                let (words, cited) =
                    paragraph.rsplit_once(" (").unwrap_or_else(|| panic!("{place} cites nothing"));
                assert!(cites(paragraph, clause.source), "{place} is not cited: ({cited}");
                for wanted in clause.words {
                    assert!(paragraph.contains(wanted), "{place} does not say `{wanted}`: {words}");
                }
            }
        }
    }

    /// Whether the source is cited by itself: `…(i)` is not cited by `…(i)(A)`.
    fn cites(paragraph: &str, source: &str) -> bool {
        paragraph.match_indices(source).any(|(at, _)| !paragraph[at + source.len()..].starts_with('('))
    }

    /// The demands of 164.504(e)(2)(ii) are (A) to (J), and none is left out of the table.
    #[test]
    fn the_table_is_complete() {
        let sources: BTreeSet<_> = CLAUSES.iter().map(|clause| clause.source).collect();
        for letter in 'A'..='J' {
            assert!(sources.contains(format!("45 CFR 164.504(e)(2)(ii)({letter})").as_str()), "({letter})");
        }
        for letter in 'A'..='C' {
            assert!(sources.contains(format!("45 CFR 164.314(a)(2)(i)({letter})").as_str()), "({letter})");
            let letter = letter.to_ascii_lowercase();
            assert!(sources.contains(format!("45 CFR 164.410({letter})").as_str()), "({letter})");
        }
        for source in ["45 CFR 164.504(e)(2)(i)", "45 CFR 164.504(e)(2)(iii)", "45 CFR 164.504(e)(5)"] {
            assert!(sources.contains(source), "{source}");
        }
    }

    /// A text from which one clause was cut, or gutted, does not pass: the test above can fail.
    #[test]
    fn a_cut_clause_is_noticed() {
        for clause in CLAUSES {
            let paragraph = BAA[0].paragraph(clause.paragraph).expect("the test above found it");
            for words in clause.words {
                let gutted = paragraph.replace(words, "");
                assert!(clause.words.iter().any(|wanted| !gutted.contains(wanted)), "{}", clause.source);
            }
        }
    }

    /// HC-4: liability and security obligations are in it; CL-9: it works as a subcontractor agreement; HC-5.
    #[test]
    fn what_we_promise_beyond_the_law_is_in_it() {
        let says = [
            ("3.2", "AES-256"),
            ("3.2", "TLS 1.2"),
            ("3.2", "second factor"),
            ("4.3", "24 hours"),
            ("2.4", "train, tune or evaluate a model"),
            ("2.5", "each look under such a grant is recorded in Customer's own audit log"),
            ("8.4", "30 days"),
            ("8.4", "signed certificate"),
            ("10.1", "Each party is liable"),
            ("9.2", "Customer's own agreement with the covered entity"),
        ];
        for (paragraph, words) in says {
            let text = BAA[0].paragraph(paragraph).expect("the paragraph is there");
            assert!(text.contains(words), "{paragraph} does not say `{words}`");
        }
    }
}
