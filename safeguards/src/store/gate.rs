//! The gate before an environment's records on PostgreSQL, for whoever administers the server.
//!
//! To close it, every table but those of signing in, of searches and of the audit log passes to the administrator, and the
//! environment's own roles keep nothing but the right to read. It holds against everything that runs as these roles,
//! code of the app's owner in the database itself included: functions and views act with their owner's rights, and
//! that is the environment's owner, who has none left to write or to give away. To open it, the tables and the rights
//! that were taken go back; which these were is kept beside the records, in a schema that only the administrator sees.
//!
//! Both may be repeated. No record is read.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, Executor, Row as _};

use super::provision::{Environment, give_password, random_hex};
use super::text::{Text, quoted_identifier, quoted_literal};
use super::{DatabaseAddress, Result};

/// What stays writable: signing in, what was searched for (its address holds no words), emergency access, which reads only,
/// and the audit log, which the app's role appends to by a function.
const OPEN: [&str; 15] = [
    "sign_in_attempts",
    "sign_ins",
    "sessions",
    "refresh_tokens",
    "authenticators",
    "recovery_codes",
    "sso_attempts",
    "sso_sessions",
    "searches",
    "emergency_accesses",
    "emergency_notices",
    "audit_events",
    "audit_identities",
    "audit_checkpoints",
    "audit_retention",
];

/// Keeps what was taken.
const KEPT: &str = "
    CREATE SCHEMA IF NOT EXISTS safeguards_gate;
    REVOKE ALL ON SCHEMA safeguards_gate FROM PUBLIC;
    CREATE TABLE IF NOT EXISTS safeguards_gate.taken (
        relation text NOT NULL, grantee text NOT NULL, privilege text NOT NULL,
        PRIMARY KEY (relation, grantee, privilege)
    );
    REVOKE ALL ON safeguards_gate.taken FROM PUBLIC;
    CREATE OR REPLACE FUNCTION safeguards_gate.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the records are closed' USING ERRCODE = 'insufficient_privilege';
    END $$;
";

/// The tables and views behind the gate.
const BEHIND: &str = "
    SELECT c.oid::regclass::text AS relation, c.relkind::text AS kind, pg_get_userbyid(c.relowner)::text AS owner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'safeguards_gate')
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> ALL ($1)
    ORDER BY c.oid";

/// Notes what the app and the reader ($2) hold there beside the right to read, and what the owner ($3) owns. A view
/// stays its owner's, so that it reads with rights that cannot write.
const TAKE: &str = "
    INSERT INTO safeguards_gate.taken
    SELECT c.oid::regclass::text, pg_get_userbyid(a.grantee)::text, a.privilege_type::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'safeguards_gate')
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> ALL ($1)
        AND pg_get_userbyid(a.grantee)::text = ANY ($2) AND a.privilege_type <> 'SELECT'
    UNION ALL
    SELECT c.oid::regclass::text, $3, 'OWNER'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'safeguards_gate')
        AND c.relkind IN ('r', 'p', 'm', 'f') AND c.relname <> ALL ($1) AND pg_get_userbyid(c.relowner)::text = $3
    ON CONFLICT DO NOTHING";

/// Closes the gate: nothing that runs as a role of the environment can change a record from the next statement on.
pub async fn close_records(administrator: &DatabaseAddress, environment: &Environment) -> Result<()> {
    let mut connection = inside(administrator, environment).await?;
    let owner = environment.role("owner");
    let served = ["app", "reader"].map(|part| environment.role(part));
    let mut transaction = connection.begin().await?;
    transaction.execute(KEPT).await?;
    let take = sqlx::query(TAKE).bind(OPEN.as_slice()).bind(served.as_slice()).bind(&owner);
    take.execute(&mut *transaction).await?;
    for row in sqlx::query(BEHIND).bind(OPEN.as_slice()).fetch_all(&mut *transaction).await? {
        let (relation, kind): (String, String) = (row.try_get("relation")?, row.try_get("kind")?);
        if kind != "v" && row.try_get::<String, _>("owner")? == owner {
            run(&mut transaction, format!("ALTER TABLE {relation} OWNER TO CURRENT_USER")).await?;
        }
        close(&mut transaction, environment, &relation, &kind).await?;
    }
    // The owner of a schema may drop what is in it, and make new tables there.
    run(&mut transaction, "ALTER SCHEMA public OWNER TO CURRENT_USER".to_owned()).await?;
    for role in served.iter().chain([&owner]) {
        let role = quoted_identifier(role);
        run(&mut transaction, format!("REVOKE ALL ON SCHEMA public FROM {role}, PUBLIC")).await?;
        run(&mut transaction, format!("GRANT USAGE ON SCHEMA public TO {role}")).await?;
    }
    no_members(&mut transaction, environment).await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}

/// Takes every right but that to read one table or view.
async fn close(
    connection: &mut PgConnection,
    environment: &Environment,
    relation: &str,
    kind: &str,
) -> Result<()> {
    let [owner, app, reader] =
        ["owner", "app", "reader"].map(|part| quoted_identifier(&environment.role(part)));
    let rights = "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER";
    run(connection, format!("REVOKE {rights} ON {relation} FROM {app}, {reader}, PUBLIC")).await?;
    if kind != "v" {
        run(connection, format!("GRANT SELECT ON {relation} TO {owner}")).await?;
    }
    if matches!(kind, "r" | "p") {
        // Row-level security knows the owner, who exports, by the right to truncate; a trigger takes its use away.
        run(connection, format!("GRANT TRUNCATE ON {relation} TO {owner}")).await?;
        run(connection, format!("DROP TRIGGER IF EXISTS safeguards_gate ON {relation}")).await?;
        let refuse = "FOR EACH STATEMENT EXECUTE FUNCTION safeguards_gate.refuse()";
        run(connection, format!("CREATE TRIGGER safeguards_gate BEFORE TRUNCATE ON {relation} {refuse}"))
            .await?;
    }
    Ok(())
}

/// Opens the gate: the roles of the environment have again what they had.
pub async fn open_records(administrator: &DatabaseAddress, environment: &Environment) -> Result<()> {
    let mut connection = inside(administrator, environment).await?;
    let mut transaction = connection.begin().await?;
    transaction.execute(KEPT).await?;
    let owner = quoted_identifier(&environment.role("owner"));
    run(&mut transaction, format!("ALTER SCHEMA public OWNER TO {owner}")).await?;
    let taken = "SELECT relation, grantee, privilege FROM safeguards_gate.taken t
        WHERE to_regclass(relation) IS NOT NULL ORDER BY privilege = 'OWNER' DESC, relation";
    for row in sqlx::query(taken).fetch_all(&mut *transaction).await? {
        let (relation, grantee): (String, String) = (row.try_get("relation")?, row.try_get("grantee")?);
        let (privilege, grantee) = (row.try_get::<String, _>("privilege")?, quoted_identifier(&grantee));
        if privilege == "OWNER" {
            run(&mut transaction, format!("DROP TRIGGER IF EXISTS safeguards_gate ON {relation}")).await?;
            run(&mut transaction, format!("ALTER TABLE {relation} OWNER TO {grantee}")).await?;
            run(&mut transaction, format!("GRANT ALL ON {relation} TO {grantee}")).await?;
        } else {
            run(&mut transaction, format!("GRANT {privilege} ON {relation} TO {grantee}")).await?;
        }
    }
    transaction.execute("DELETE FROM safeguards_gate.taken").await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}

/// Lets the environment's owner sign in, with a password that nobody has seen before; for one subcommand.
pub async fn admit_owner(
    administrator: &DatabaseAddress,
    environment: &Environment,
) -> Result<DatabaseAddress> {
    let mut connection = administrator.options()?.connect().await?;
    let owner = environment.role("owner");
    let password = random_hex::<32>()?;
    give_password(&mut connection, &owner, &password).await?;
    run(&mut connection, format!("ALTER ROLE {} LOGIN", quoted_identifier(&owner))).await?;
    connection.close().await?;
    administrator.for_role(&owner, &password, environment.as_str())
}

/// Lets nobody sign in as these roles any more, and ends the sessions of those who have.
pub async fn dismiss(
    administrator: &DatabaseAddress,
    environment: &Environment,
    parts: &[Part],
) -> Result<()> {
    let mut connection = administrator.options()?.connect().await?;
    for part in parts {
        let role = environment.role(part.name());
        run(&mut connection, format!("ALTER ROLE {} NOLOGIN", quoted_identifier(&role))).await?;
        sqlx::query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1")
            .bind(&role)
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(())
}

/// Lets the app and the reader sign in again, with the passwords that they have.
pub async fn admit(administrator: &DatabaseAddress, environment: &Environment) -> Result<()> {
    let mut connection = administrator.options()?.connect().await?;
    for part in [Part::App, Part::Reader] {
        let role = quoted_identifier(&environment.role(part.name()));
        run(&mut connection, format!("ALTER ROLE {role} LOGIN")).await?;
    }
    connection.close().await?;
    Ok(())
}

/// Drops the database with everything in it, and its roles. What is not there is no error.
pub async fn drop_environment(administrator: &DatabaseAddress, environment: &Environment) -> Result<()> {
    let mut connection = administrator.options()?.connect().await?;
    let database = quoted_identifier(environment.as_str());
    run(&mut connection, format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await?;
    for part in [Part::App, Part::Reader, Part::Owner] {
        let role = quoted_identifier(&environment.role(part.name()));
        run(&mut connection, format!("DROP ROLE IF EXISTS {role}")).await?;
    }
    connection.close().await?;
    Ok(())
}

/// A role of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Owns the schema.
    Owner,
    /// Serves.
    App,
    /// Reads.
    Reader,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::App => "app",
            Self::Reader => "reader",
        }
    }
}

/// An owner could have made the app's role one of its own (up to PostgreSQL 15, without being asked).
async fn no_members(connection: &mut PgConnection, environment: &Environment) -> Result<()> {
    let roles = ["owner", "app", "reader"].map(|part| environment.role(part));
    let members = "SELECT pg_get_userbyid(roleid)::text AS role, pg_get_userbyid(member)::text AS member
        FROM pg_auth_members WHERE pg_get_userbyid(member) = ANY ($1)";
    for row in sqlx::query(members).bind(roles.as_slice()).fetch_all(&mut *connection).await? {
        let (role, member): (String, String) = (row.try_get("role")?, row.try_get("member")?);
        let statement = format!("REVOKE {} FROM {}", quoted_identifier(&role), quoted_identifier(&member));
        run(connection, statement).await?;
    }
    Ok(())
}

async fn inside(administrator: &DatabaseAddress, environment: &Environment) -> Result<PgConnection> {
    let mut connection = administrator.options()?.database(environment.as_str()).connect().await?;
    // What the environment's owner made must not be taken for what we mean, and a wait must end.
    for (setting, value) in [("search_path", "pg_catalog, public"), ("lock_timeout", "10s")] {
        run(&mut connection, format!("SET {setting} = {}", quoted_literal_list(value))).await?;
    }
    Ok(connection)
}

/// `SET search_path` takes a list, each of which is a literal.
fn quoted_literal_list(value: &str) -> String {
    value.split(", ").map(quoted_literal).collect::<Vec<_>>().join(", ")
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<()> {
    connection.execute(sqlx::raw_sql(Text::composed(statement).into_sql())).await?;
    Ok(())
}
