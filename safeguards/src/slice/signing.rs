//! Signing: by one's own name, what one has just seen.

use uuid::Uuid;

use super::{Result, Viewer};
use crate::access::{Context, Entity};
use crate::pages::{Answers, Notice};
use crate::web::{FieldProblem, Problem};

/// A signature that may be given.
#[derive(Debug)]
pub struct Signing {
    /// As what the viewer signs.
    pub role: &'static str,
    /// The version that they sign.
    pub version: i64,
    /// The SHA-256 of what it says.
    pub digest: String,
}

impl Viewer {
    /// What the viewer signs by typing their name: the record as they saw it. A version that is no longer that of the
    /// record is a conflict; the database asks again when the signature is written.
    ///
    /// # Errors
    /// The viewer has none of the roles, did not show lately who they are (21 CFR 11.200(a)(1)), typed another name, or saw
    /// another version.
    pub async fn signing(
        &self,
        entity: &'static Entity,
        record: Uuid,
        signers: &[&str],
        answers: &Answers,
    ) -> Result<Signing> {
        let role = self.roles().into_iter().find(|role| signers.contains(role));
        let role = role.ok_or_else(Problem::not_found)?;
        self.proved_lately()?;
        let context: &Context = self;
        let person = context.principal.person();
        let own = self.session().identity().colleague_name(context.principal.organisation(), person).await?;
        if !own.is_some_and(|own| is_name(&own, answers.text("name").unwrap_or_default())) {
            let detail = "name must be your own, as it stands in your account".to_owned();
            return Err(Problem::invalid(vec![FieldProblem { pointer: "/name".to_owned(), detail }]));
        }
        let found = context.fingerprint(entity, record).await?;
        if answers.version() != Some(found.version) {
            return Err(Problem::conflict().detail(
                "Somebody else has changed this in the meantime. Look at it again before you sign.",
            ));
        }
        Ok(Signing { role, version: found.version, digest: found.digest })
    }

    /// Whether a record still says what was signed, as a page says it.
    pub async fn still_as_signed(
        &self,
        entity: &'static Entity,
        record: Uuid,
        digest: Option<String>,
    ) -> Result<Notice> {
        let context: &Context = self;
        let now = context.fingerprint(entity, record).await?;
        Ok(match digest {
            Some(digest) if digest == now.digest => Notice::success("The record is as it was signed")
                .text("Its fingerprint was computed anew just now."),
            Some(_) => Notice::danger("The record is not as it was signed")
                .text("Its fingerprint differs from the one in this signature. Tell your security officer."),
            None => Notice::warning("The fingerprint is not shown to your role"),
        })
    }
}

/// Whether two names are the same to a reader: case and spaces do not count.
fn is_name(own: &str, typed: &str) -> bool {
    let words = |name: &str| name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    !words(own).is_empty() && words(own) == words(typed)
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn one_signs_by_ones_own_name() {
        for (own, typed, same) in [
            ("Ana Ruiz", "ana  ruiz ", true),
            ("Ana Ruiz", "Ana", false),
            ("Ana Ruiz", "", false),
            ("", "", false),
            ("Zoë Ångström", "ZOË ÅNGSTRÖM", true),
        ] {
            assert_eq!(is_name(own, typed), same, "{own:?} {typed:?}");
        }
    }
}
