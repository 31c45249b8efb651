//! Business associate agreements: the text, who signed it when, and what is in force (45 CFR 164.504(e)(2)).
