//! A database behind the app's back: what a thief of the server, or a dishonest administrator, can do to it.
//!
//! PostgreSQL's own programs do it, so that nothing here depends on how the app speaks to its database.

use std::process::{Command, Stdio};

use crate::trouble::{Result, Trouble};

/// How to reach one database, as each of its roles.
#[derive(Clone)]
pub struct PostgresAddresses {
    /// As the role that serves.
    pub app: String,
    /// As the owner of the tables.
    pub owner: String,
    /// As a superuser, in the same database. Without one, rows are not looked at or changed behind the app's back.
    pub superuser: Option<String>,
}

impl std::fmt::Debug for PostgresAddresses {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PostgresAddresses([secret])")
    }
}

impl PostgresAddresses {
    /// The same roles in another database of the server.
    pub(crate) fn in_database(&self, name: &str) -> Self {
        let elsewhere = |address: &String| in_database(address, name);
        let superuser = self.superuser.as_ref().map(elsewhere);
        Self { app: elsewhere(&self.app), owner: elsewhere(&self.owner), superuser }
    }

    fn superuser(&self) -> Result<&str> {
        let why = "whoever verifies is no superuser of this server";
        self.superuser.as_deref().ok_or_else(|| Trouble::Absent(why.to_owned()))
    }

    /// The database's name.
    pub(crate) fn database(&self) -> String {
        let (start, end) = place(&self.owner);
        self.owner[start..end].to_owned()
    }

    /// Runs statements as the superuser, or whoever `address` is; says the rows, tab between the columns.
    pub(crate) fn sql(&self, statements: &str) -> Result<Vec<Vec<String>>> {
        rows(self.superuser()?, statements)
    }

    /// A copy of the database under a name that ends so; everything in it may be changed.
    pub(crate) fn copy(&self, ending: &str) -> Result<Self> {
        let name = format!("{}_{ending}", self.database());
        let copy = self.in_database(&name);
        let owner =
            self.sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")?;
        let owner = owner.into_iter().flatten().next().unwrap_or_default();
        self.sql(&format!("DROP DATABASE IF EXISTS \"{name}\""))?;
        self.sql(&format!("CREATE DATABASE \"{name}\" OWNER \"{owner}\" TEMPLATE template0"))?;
        let dumped = dump(self.superuser()?)?;
        fed(copy.superuser()?, &dumped)?;
        Ok(copy)
    }

    /// Removes a copy.
    pub(crate) fn remove(&self, copy: &Self) -> Result<()> {
        self.sql(&format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", copy.database())).map(drop)
    }

    /// The whole database as SQL, as a thief takes it.
    pub(crate) fn dump(&self) -> Result<Vec<u8>> {
        dump(self.superuser()?)
    }
}

/// Removes a database that was made for a verification, and its three roles.
///
/// # Errors
/// The server refuses.
pub fn removed(administrator: &str, name: &str) -> Result<()> {
    rows(administrator, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))?;
    for part in ["owner", "app", "reader"] {
        rows(administrator, &format!("DROP ROLE IF EXISTS \"{name}_{part}\""))?;
    }
    Ok(())
}

/// Statements as a role; an error is what the server says.
pub(crate) fn rows(address: &str, statements: &str) -> Result<Vec<Vec<String>>> {
    let mut command = Command::new("psql");
    command.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-F",
        "\t",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        &of_clients(address),
        "-c",
        statements,
    ]);
    let output = output(command, "psql")?;
    let text = String::from_utf8_lossy(&output).into_owned();
    Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

fn dump(address: &str) -> Result<Vec<u8>> {
    let mut command = Command::new("pg_dump");
    command.args(["-d", &of_clients(address)]);
    output(command, "pg_dump")
}

fn fed(address: &str, script: &[u8]) -> Result<()> {
    let file = tempfile::NamedTempFile::new().map_err(Trouble::file("a temporary file"))?;
    std::fs::write(file.path(), script).map_err(Trouble::file(file.path()))?;
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &of_clients(address), "-f"]).arg(file.path());
    output(command, "psql").map(drop)
}

fn output(mut command: Command, name: &str) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|source| Trouble::Unreachable {
        what: format!("{name}, which comes with PostgreSQL's client programs"),
        source,
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Trouble::Command { command: name.to_owned(), said })
}

/// An address as PostgreSQL's own programs read it: they refuse what only an app's driver knows.
fn of_clients(address: &str) -> String {
    let Some((base, query)) = address.split_once('?') else { return address.to_owned() };
    let known = |part: &&str| !part.starts_with("statement-cache-capacity=");
    let query: Vec<&str> = query.split('&').filter(known).collect();
    if query.is_empty() { base.to_owned() } else { format!("{base}?{}", query.join("&")) }
}

/// Where the database's name stands in an address.
fn place(address: &str) -> (usize, usize) {
    let host = address.find("://").map_or(0, |at| at + 3);
    let start = address[host..].find('/').map_or(address.len(), |at| host + at + 1);
    let end = address[start..].find('?').map_or(address.len(), |at| start + at);
    (start, end)
}

/// The same address in another database of the server.
#[must_use]
pub fn in_database(address: &str, name: &str) -> String {
    let (start, end) = place(address);
    format!("{}{name}{}", &address[..start], &address[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_s_driver_alone_knows_is_left_out() {
        for (address, read) in [
            ("postgres://a@localhost/d?statement-cache-capacity=0", "postgres://a@localhost/d"),
            (
                "postgres://a@localhost/d?host=/tmp/x&statement-cache-capacity=0&sslmode=require",
                "postgres://a@localhost/d?host=/tmp/x&sslmode=require",
            ),
            ("postgres://a@localhost/d", "postgres://a@localhost/d"),
        ] {
            assert_eq!(of_clients(address), read);
        }
    }

    #[test]
    fn an_address_is_put_into_another_database() {
        let address = "postgres://a:b@localhost/one?host=/tmp/x";
        assert_eq!(in_database(address, "two"), "postgres://a:b@localhost/two?host=/tmp/x");
        assert_eq!(in_database("postgres://localhost:5432/one", "two"), "postgres://localhost:5432/two");
    }
}
