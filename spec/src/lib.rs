//! What a generated app is: the typed spec, its validation, its rules and its access policy.
