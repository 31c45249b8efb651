//! The making of a PostgreSQL database: its three roles, what each may do, and what the server must
//! never write into its log.
//!
//! * *owner* owns the database and its tables; only subcommands (migrate, erase, rotate) act as it.
//! * *app* reads and writes rows. It owns nothing, so it can neither change the schema nor pass by
//!   row-level security, which is forced on every tenant table.
//! * *reader* reads; for reports, and for an auditor.

use std::fmt::Write;
use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, Executor};

use super::text::{Text, quoted_identifier, quoted_literal};
use super::{DatabaseAddress, Result, StoreError};

/// The name of an environment in PostgreSQL: it names the database and begins the names of the roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(String);

impl Environment {
    /// A name of 1 to 48 small letters, digits and underscores that begins with a letter; anything
    /// else is `None`. (PostgreSQL cuts names at 63 bytes.)
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        let lawful = name.len() <= 48
            && name.starts_with(|letter: char| letter.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        lawful.then_some(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn role(&self, part: &str) -> String {
        format!("{}_{part}", self.0)
    }
}

/// How to reach a database that was just made, as each of its roles.
#[derive(Clone, Debug)]
pub struct ProvisionedAddresses {
    /// Owns the schema; for subcommands.
    pub owner: DatabaseAddress,
    /// Serves.
    pub app: DatabaseAddress,
    /// Reads only.
    pub reader: DatabaseAddress,
}

/// What the server must not log for these roles. Only a superuser may set these; where there is none
/// (a managed service), they belong in its parameter group.
const SILENT: [(&str, &str); 5] = [
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    // A DETAIL such as `Key (email)=(…) already exists` is left out of the log.
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    // Messages such as `invalid input syntax for type date: "…"` quote values themselves.
    ("log_min_messages", "fatal"),
];

const PATIENCE: [(&str, &str); 3] =
    [("statement_timeout", "30s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "60s")];

/// Makes the roles and the database of an environment, or mends them: it may be repeated, and each
/// time the roles get new passwords.
///
/// `administrator` is the address of a role that may create roles and databases; the addresses that
/// come back are for the same server.
pub async fn provision(
    administrator: &DatabaseAddress,
    environment: &Environment,
) -> Result<ProvisionedAddresses> {
    let options = administrator.options()?;
    let mut connection = options.connect().await?;
    let [owner, app, reader] = ["owner", "app", "reader"].map(|part| environment.role(part));
    let mut addresses = Vec::new();
    for role in [&owner, &app, &reader] {
        let password = random_hex::<32>()?;
        make_role(&mut connection, role, &password).await?;
        addresses.push(administrator.for_role(role, &password, environment.as_str())?);
    }
    let [owner_name, app_name, reader_name, database] =
        [&owner, &app, &reader, &environment.0].map(|name| quoted_identifier(name));
    // To give a database to a role, an administrator who is no superuser must be a member of it.
    run(&mut connection, format!("GRANT {owner_name} TO CURRENT_USER")).await?;
    let exists = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(environment.as_str())
        .fetch_optional(&mut connection)
        .await?;
    if exists.is_none() {
        run(
            &mut connection,
            format!("CREATE DATABASE {database} OWNER {owner_name} ENCODING 'UTF8' TEMPLATE template0"),
        )
        .await?;
    }
    for statement in [
        format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        format!("GRANT CONNECT ON DATABASE {database} TO {app_name}, {reader_name}"),
    ] {
        run(&mut connection, statement).await?;
    }
    connection.close().await?;

    let mut inside = options.database(environment.as_str()).connect().await?;
    grant(&mut inside, &owner_name, &app_name, &reader_name).await?;
    inside.close().await?;
    let mut addresses = addresses.into_iter();
    match (addresses.next(), addresses.next(), addresses.next()) {
        (Some(owner), Some(app), Some(reader)) => Ok(ProvisionedAddresses { owner, app, reader }),
        _ => Err(StoreError::NoRow),
    }
}

/// The grants inside the database. Tables that the owner makes later get theirs by default; a
/// migration takes away what the app must not do (to the audit, above all).
async fn grant(connection: &mut PgConnection, owner: &str, app: &str, reader: &str) -> Result<()> {
    for statement in [
        "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned(),
        format!("ALTER SCHEMA public OWNER TO {owner}"),
        format!("GRANT USAGE ON SCHEMA public TO {app}, {reader}"),
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}"
        ),
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {reader}"
        ),
        format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app}"
        ),
        // A function is for whom a migration grants it to.
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"),
    ] {
        run(connection, statement).await?;
    }
    Ok(())
}

async fn make_role(connection: &mut PgConnection, role: &str, password: &str) -> Result<()> {
    let name = quoted_identifier(role);
    let exists = sqlx::query("SELECT 1 FROM pg_roles WHERE rolname = $1")
        .bind(role)
        .fetch_optional(&mut *connection)
        .await?;
    let verb = if exists.is_some() { "ALTER" } else { "CREATE" };
    run(connection, format!("{verb} ROLE {name} LOGIN NOCREATEDB NOCREATEROLE NOINHERIT")).await?;
    give_password(connection, role, password).await?;
    let timeouts = if role.ends_with("_owner") { &[][..] } else { &PATIENCE[..] };
    for (setting, value) in timeouts.iter().chain([&("search_path", "public")]) {
        run(connection, format!("ALTER ROLE {name} SET {setting} = {}", quoted_literal(value))).await?;
    }
    for (setting, value) in SILENT {
        match run(connection, format!("ALTER ROLE {name} SET {setting} = {}", quoted_literal(value))).await {
            Err(StoreError::Forbidden) => {
                tracing::warn!(
                    event = "postgres-log",
                    setting,
                    "only a superuser can keep this out of the log"
                );
            }
            done => done?,
        }
    }
    Ok(())
}

/// Gives a role a new password.
pub(super) async fn give_password(connection: &mut PgConnection, role: &str, password: &str) -> Result<()> {
    let (name, verifier) = (quoted_identifier(role), quoted_literal(&scram_verifier(password)?));
    run(connection, format!("ALTER ROLE {name} PASSWORD {verifier}")).await
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<()> {
    connection.execute(sqlx::raw_sql(Text::composed(statement).into_sql())).await?;
    Ok(())
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes).map_err(|_| StoreError::Unavailable { reason: "no randomness".into() })?;
    Ok(bytes)
}

pub(super) fn random_hex<const LENGTH: usize>() -> Result<String> {
    Ok(random::<LENGTH>()?.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// What PostgreSQL keeps of a password (RFC 5802, RFC 7677). It is computed here, so that the password
/// itself is in no statement, and so in no log.
fn scram_verifier(password: &str) -> Result<String> {
    const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("4096 is not zero");
    let salt = random::<16>()?;
    let mut salted = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, &salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let [salt, stored, server] = [&salt[..], stored.as_ref(), server.as_ref()].map(base64);
    Ok(format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}"))
}

/// Base64 of RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_by_the_vectors_of_its_standard() {
        let vectors = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, encoded) in vectors {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn an_environment_is_named_in_plain_letters() {
        for wrong in ["", "1a", "A", "a-b", "a\"b", &"a".repeat(49)] {
            assert_eq!(Environment::new(wrong), None, "{wrong}");
        }
        assert_eq!(Environment::new("home_bp_1").unwrap().as_str(), "home_bp_1");
    }
}
