//! The made-up people of a preview. What they sign in with is this environment's own and lies beside its keys until those go:
//! whoever has seen one preview enters no other.

use std::fs;
use std::io;

use safeguards::identity::Token;
use safeguards::identity::totp::TotpSecret;
use uuid::Uuid;

use super::work::Told;
use super::{Supervisor, SupervisorError};
use crate::host::folders::write_private;
use crate::host::gate::Work;
use crate::seams::MadeUpPerson;
use crate::secret::Secret;

const PASSWORD: &str = "made-up-password";
/// What `seed` said of them.
const PEOPLE: &str = "made-up-people";

impl Supervisor {
    /// Writes made-up people and records, once.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn seed(&self, id: Uuid) -> Result<(), SupervisorError> {
        let (environment, program) = self.ready(id, Work::Seed)?;
        let keys = self.0.folders.keys(id);
        let password = match read(&keys.join(PASSWORD))? {
            Some(password) => password,
            None => {
                let new = made_up_password(&Token::random().map_err(io::Error::other)?);
                write_private(&keys.join(PASSWORD), new.expose().as_bytes())?;
                new
            }
        };
        let told = Told { variable: Some(("SEED_PASSWORD", password.expose())), ..Told::default() };
        let done = self.run_told(&environment, &program, Work::Seed, told).await?;
        Ok(write_private(&keys.join(PEOPLE), done.result.as_bytes())?)
    }

    /// Who they are; nobody where nobody was made up.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn made_up(&self, id: Uuid) -> io::Result<Vec<MadeUpPerson>> {
        let told = read(&self.0.folders.keys(id).join(PEOPLE))?;
        Ok(told.iter().flat_map(|told| told.expose().lines().filter_map(person)).collect())
    }
}

/// 128 random bits, written so that the rules for passwords never refuse them by chance: all kinds of letters, and neither a
/// sequence nor a word among two of them.
fn made_up_password(token: &Token) -> Secret {
    let digits: Vec<char> = token.reveal().chars().take(32).collect();
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    Secret::new(&format!("Made-Up-{}", pairs.join("-")))
}

fn read(path: &std::path::Path) -> io::Result<Option<Secret>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Secret::new(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A line as `seed` prints it: role, address, `password …`, and for some `authenticator …`.
fn person(line: &str) -> Option<MadeUpPerson> {
    let (who, proof) = line.split_once(" password ")?;
    let (role, email) = who.trim().rsplit_once(' ')?;
    let (password, authenticator) = match proof.split_once(" authenticator ") {
        Some((password, secret)) => (password, Some(TotpSecret::from_base32(secret.trim())?)),
        None => (proof, None),
    };
    Some(MadeUpPerson {
        role: role.trim().to_owned(),
        email: email.to_owned(),
        password: Secret::new(password),
        authenticator,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_random_and_holds_no_sequence() {
        let made = || made_up_password(&Token::random().unwrap());
        let (one, other) = (made(), made());
        assert_ne!(one.expose(), other.expose());
        let parts: Vec<&str> = one.expose().split('-').collect();
        assert_eq!((parts.len(), &parts[..2]), (18, &["Made", "Up"][..]));
        assert!(parts[2..].iter().all(|pair| pair.len() == 2), "{parts:?}");
    }

    #[test]
    fn what_seed_says_is_read_back() {
        let secret = TotpSecret::from_bytes((1..=20).collect());
        let line = format!(
            "wound care physician physician.1@example.org            password abc  authenticator {}",
            *secret.base32()
        );
        let read = person(&line).unwrap();
        assert_eq!(
            (read.role.as_str(), read.email.as_str()),
            ("wound care physician", "physician.1@example.org")
        );
        assert_eq!(read.password.expose(), "abc");
        assert_eq!(read.authenticator.unwrap().as_bytes(), secret.as_bytes());
        let read = person("patient          patient.1@example.org              password abc").unwrap();
        assert_eq!((read.role.as_str(), read.authenticator.is_none()), ("patient", true));
        assert!(person("no login").is_none());
    }
}
