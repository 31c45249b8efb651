//! What an app is told from outside: environment variables, and flags of the same names.
//!
//! Everything that is wrong is told at once, by the name of its variable and never with its value,
//! since some of them hold passwords.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::identity::EmailAddress;
use crate::identity::oidc::ProviderSettings;
use crate::identity::oidc::settings::{is_issuer, parse_roles};
use crate::sharing::{Folder, Post, Program, Transport};
use crate::store::DatabaseAddress;
use crate::web::{Connections, Limits, Rate, RateLimits, ReadOnly};

/// One variable, as `--help` and `.env.sample` tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Such as `DATA_DIR`.
    pub name: &'static str,
    /// Such as `data-dir`; empty where there is no flag.
    pub flag: &'static str,
    /// What it is for, in a sentence or two.
    pub about: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
}

impl Variable {
    /// Whether its value may hold a password; such a one has no flag, since others can read a command line.
    pub fn is_secret(&self) -> bool {
        self.flag.is_empty()
    }
}

/// Every variable, in the order in which they are documented.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "DATA_DIR",
        flag: "data-dir",
        about: "The folder that holds the database file, the keys and the audit witness.",
        default: "data",
    },
    Variable {
        name: "DATABASE_URL",
        flag: "",
        about: "Where the records are: sqlite:FILE (always encrypted; relative to DATA_DIR) or postgres://… as the app's role.",
        default: "sqlite:app.db",
    },
    Variable {
        name: "DATABASE_OWNER_URL",
        flag: "",
        about: "PostgreSQL only: the same database as its owner's role, for migrate and the other subcommands. serve never uses it.",
        default: "",
    },
    Variable {
        name: "DATABASE_CONNECTIONS",
        flag: "database-connections",
        about: "PostgreSQL only: how many connections at most, 1 to 200.",
        default: "10",
    },
    Variable {
        name: "DATABASE_POOLER",
        flag: "database-pooler",
        about: "PostgreSQL only: true behind a pooler in transaction mode; then no statement is prepared by name.",
        default: "false",
    },
    Variable {
        name: "LISTEN",
        flag: "listen",
        about: "Where to answer: ADDRESS:PORT, or unix:/path/to/socket. Any address but loopback wants TLS.",
        default: "127.0.0.1:8080",
    },
    Variable {
        name: "PUBLIC_URL",
        flag: "public-url",
        about: "The address that people type, without a path. Links and cookies go by it; https anywhere but on loopback.",
        default: "http://LISTEN, or https://LISTEN with TLS",
    },
    Variable {
        name: "TLS_CERTIFICATE",
        flag: "tls-certificate",
        about: "A PEM file with the certificate and its chain. Together with TLS_KEY it turns TLS on (1.2 and 1.3).",
        default: "",
    },
    Variable {
        name: "TLS_KEY",
        flag: "tls-key",
        about: "A PEM file with the certificate's private key.",
        default: "",
    },
    Variable {
        name: "ROOT_KEY_FILE",
        flag: "root-key-file",
        about: "The root key, which wraps every other key; made at the first start, mode 0600. Without it nothing can be read, so keep a copy apart from the backups of the data.",
        default: "DATA_DIR/keys/root.key",
    },
    Variable {
        name: "KEY_AGENT",
        flag: "key-agent",
        about: "true where a supervisor's key agent stands in for ROOT_KEY_FILE, at the other end of standard input.",
        default: "false",
    },
    Variable {
        name: "SIGNER_SOCKET",
        flag: "signer-socket",
        about: "The unix socket of a supervisor's audit signer. Without it the app starts a signer of its own.",
        default: "",
    },
    Variable {
        name: "OUTWARD_SOCKET",
        flag: "outward-socket",
        about: "The unix socket of a supervisor's door, through which AI providers and the identity provider are reached where the app has no network.",
        default: "none: they are reached by the network",
    },
    Variable {
        name: "READ_ONLY",
        flag: "read-only",
        about: "true where records must not change; signing in and the audit log go on. SQLite then only reads its file, and keeps sessions and events in a second one, NAME.interim, until the first start without it.",
        default: "false",
    },
    Variable {
        name: "READ_ONLY_BECAUSE",
        flag: "read-only-because",
        about: "Why records must not change, for people to read: standing (of a plan or an agreement), or ending (of the app).",
        default: "",
    },
    Variable {
        name: "ROWS_AT_MOST",
        flag: "rows-at-most",
        about: "For trying out: how many records of each kind there may be. Put into the database by migrate.",
        default: "",
    },
    Variable {
        name: "SEED_PASSWORD",
        flag: "",
        about: "What the made-up people of seed sign in with: long and random. An app that others reach wants one.",
        default: "on loopback, one that stands in the source",
    },
    Variable {
        name: "WITNESS_DIR",
        flag: "witness-dir",
        about: "Where the signer appends the signed heads of the audit log. Best on another disk or machine.",
        default: "DATA_DIR/witness",
    },
    Variable {
        name: "RATE_PER_ADDRESS",
        flag: "rate-per-address",
        about: "How many requests a second one address may make lastingly; twice as many at once. More for a large clinic behind one address.",
        default: "200",
    },
    Variable {
        name: "RATE_PER_SESSION",
        flag: "rate-per-session",
        about: "How many requests a second one signed-in session may make lastingly; twice as many at once.",
        default: "50",
    },
    Variable {
        name: "REQUESTS_AT_ONCE",
        flag: "requests-at-once",
        about: "How many requests are worked on at once, 1 to 10000; more are told to come again (503 with Retry-After).",
        default: "256",
    },
    Variable {
        name: "CONNECTIONS_AT_ONCE",
        flag: "connections-at-once",
        about: "How many connections there are at once, 1 to 100000; for one more, whoever has been idle or slow longest gives up theirs.",
        default: "1024",
    },
    Variable {
        name: "OPERATOR",
        flag: "operator",
        about: "The company that runs this app for the organisations in it: the other side of their business associate agreements.",
        default: "none: the first organisation runs it itself",
    },
    Variable {
        name: "AI_PROVIDERS_FILE",
        flag: "ai-providers-file",
        about: "The providers that AI actions could ask, in the form that healthcoder plan --models takes; each is named as in the spec's sub-processors. None is called for an organisation that has not attested it.",
        default: "none: AI actions are answered by the app itself",
    },
    Variable {
        name: "MAIL_FROM",
        flag: "mail-from",
        about: "The sender of e-mail: no-reply@clinic.example, or Name <no-reply@clinic.example>.",
        default: "no-reply@localhost",
    },
    Variable {
        name: "MAIL_COMMAND",
        flag: "mail-command",
        about: "The program that takes an e-mail on its standard input, as `sendmail -t -i` does, with its arguments. The company by which it goes is one of the spec's sub-processors for email; nothing goes for an organisation that has not attested it.",
        default: "none: on loopback e-mail is written to DATA_DIR/mailbox, elsewhere it waits",
    },
    Variable {
        name: "SMS_COMMAND",
        flag: "sms-command",
        about: "The program that takes a text message on its standard input: a line `To: NUMBER`, an empty line, the words. As MAIL_COMMAND, with a sub-processor for sms.",
        default: "none: as MAIL_COMMAND",
    },
    Variable {
        name: "OIDC_ISSUER",
        flag: "oidc-issuer",
        about: "The organisation's own identity provider (OpenID Connect), by its issuer: https://…, as its discovery document says. Register PUBLIC_URL/sign-in/sso/return there.",
        default: "none: people sign in by password",
    },
    Variable {
        name: "OIDC_NAME",
        flag: "oidc-name",
        about: "What people call the provider: the words of its button.",
        default: "the issuer's host",
    },
    Variable {
        name: "OIDC_CLIENT_ID",
        flag: "oidc-client-id",
        about: "What this app is called at the provider.",
        default: "",
    },
    Variable {
        name: "OIDC_CLIENT_SECRET",
        flag: "",
        about: "This app's secret at the provider; none for a public client.",
        default: "",
    },
    Variable {
        name: "OIDC_ROLES",
        flag: "oidc-roles",
        about: "Which group of the provider has which role here: GROUP=ROLE, GROUP=ROLE. Who is in none of them is not let in.",
        default: "",
    },
    Variable {
        name: "OIDC_ROLES_CLAIM",
        flag: "oidc-roles-claim",
        about: "The claim of the ID token that holds a person's groups.",
        default: "groups",
    },
    Variable {
        name: "OIDC_AUTHORITY",
        flag: "oidc-authority",
        about: "A PEM file with the authority of the provider's certificate, where browsers do not know it.",
        default: "",
    },
    Variable {
        name: "ENVIRONMENT_ID",
        flag: "environment-id",
        about: "The UUID of this environment, to which every sealed value is bound. Needed only where several machines share one database.",
        default: "made at the first start, in DATA_DIR/environment-id",
    },
];

/// Where the records are.
#[derive(Clone, Debug)]
pub enum DatabaseSetting {
    /// An SQLCipher file.
    Sqlite(PathBuf),
    /// PostgreSQL.
    Postgres {
        /// As the app's role.
        app: DatabaseAddress,
        /// As the owner's role, where it was given.
        owner: Option<DatabaseAddress>,
        /// How many connections at most.
        connections: u32,
        /// Behind a pooler.
        pooler: bool,
    },
}

/// Where the app answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenSetting {
    /// A TCP address.
    Tcp(SocketAddr),
    /// A unix socket, for a gateway on the same machine.
    Unix(PathBuf),
}

/// The certificate and key of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSetting {
    /// A PEM file with the chain.
    pub certificate: PathBuf,
    /// A PEM file with the key.
    pub key: PathBuf,
}

/// The address that people type: scheme, host and port, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

impl PublicUrl {
    /// Such as `https://clinic.example`, without a slash at its end: the value of an `Origin` header.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether people reach the app by TLS, so that cookies are `Secure`.
    pub fn is_https(&self) -> bool {
        self.https
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let (https, host) = match text.split_once("://")? {
            ("https", host) => (true, host),
            ("http", host) => (false, host),
            _ => return None,
        };
        let lawful = |letter: char| letter.is_ascii_alphanumeric() || "-.:[]".contains(letter);
        let plain_name = !host.is_empty() && host.chars().all(lawful);
        plain_name.then(|| Self { origin: text.to_ascii_lowercase(), https })
    }

    /// Whether nobody but this machine reaches it.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.origin.split_once("://").map_or("", |(_, host)| host);
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// What made-up people sign in with. Not printed by accident.
#[derive(Clone)]
pub struct SeedPassword(Zeroizing<String>);

impl SeedPassword {
    /// The password.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SeedPassword {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SeedPassword")
    }
}

/// Everything an app is told from outside.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATA_DIR`.
    pub data_folder: PathBuf,
    /// `DATABASE_URL` and its companions.
    pub database: DatabaseSetting,
    /// `LISTEN`.
    pub listen: ListenSetting,
    /// `PUBLIC_URL`.
    pub public_url: PublicUrl,
    /// `TLS_CERTIFICATE` and `TLS_KEY`.
    pub tls: Option<TlsSetting>,
    /// `ROOT_KEY_FILE`.
    pub root_key: PathBuf,
    /// `KEY_AGENT`.
    pub key_agent: bool,
    /// `SIGNER_SOCKET`, where it was given.
    pub signer_socket: Option<PathBuf>,
    /// `OUTWARD_SOCKET`, where it was given.
    pub outward_socket: Option<PathBuf>,
    /// `READ_ONLY` and `READ_ONLY_BECAUSE`: why records are only read, if they are.
    pub read_only: Option<ReadOnly>,
    /// `ROWS_AT_MOST`, where it was given.
    pub rows_at_most: Option<u32>,
    /// `SEED_PASSWORD`, where it was given.
    pub seed_password: Option<SeedPassword>,
    /// `OPERATOR`, where it was given.
    pub operator: Option<String>,
    /// `WITNESS_DIR`.
    pub witness_folder: PathBuf,
    /// `RATE_PER_ADDRESS` and `RATE_PER_SESSION`.
    pub rates: RateLimits,
    /// `AI_PROVIDERS_FILE`, where it was given.
    pub ai_providers: Option<PathBuf>,
    /// `MAIL_FROM`.
    pub mail_from: String,
    /// `MAIL_COMMAND`, where it was given: the program and its arguments.
    pub mail_command: Option<Vec<String>>,
    /// `SMS_COMMAND`, where it was given.
    pub sms_command: Option<Vec<String>>,
    /// `REQUESTS_AT_ONCE`.
    pub at_once: usize,
    /// `CONNECTIONS_AT_ONCE`.
    pub connections_at_once: usize,
    /// `ENVIRONMENT_ID`, where it was given.
    pub environment: Option<Uuid>,
    /// `OIDC_ISSUER` and its companions.
    pub provider: Option<ProviderSettings>,
}

/// What is wrong with one variable, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The variable.
    pub name: &'static str,
    /// A sentence; it holds no value.
    pub advice: String,
}

impl fmt::Display for SettingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name, self.advice)
    }
}

/// Reads values and gathers what is wrong with them.
struct Reader<'a> {
    look_up: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<SettingError>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.look_up)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    fn wrong(&mut self, name: &'static str, advice: impl Into<String>) {
        self.errors.push(SettingError { name, advice: advice.into() });
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        advice: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.wrong(name, advice);
        }
        value
    }
}

impl Settings {
    /// Reads the settings by `look_up`, which is given the names of [`VARIABLES`].
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn read(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<SettingError>> {
        let mut reader = Reader { look_up, errors: Vec::new() };
        let data_folder = reader.path("DATA_DIR").unwrap_or_else(|| PathBuf::from("data"));
        let database = database(&mut reader, &data_folder);
        let listen = reader
            .parsed("LISTEN", "give ADDRESS:PORT with an IP address, or unix:/path/to/socket", parse_listen)
            .unwrap_or(ListenSetting::Tcp(SocketAddr::from(([127, 0, 0, 1], 8080))));
        let tls = match (reader.path("TLS_CERTIFICATE"), reader.path("TLS_KEY")) {
            (Some(certificate), Some(key)) => Some(TlsSetting { certificate, key }),
            (None, None) => None,
            (None, Some(_)) => {
                reader.wrong("TLS_CERTIFICATE", "TLS_KEY is set, so this must be too");
                None
            }
            (Some(_), None) => {
                reader.wrong("TLS_KEY", "TLS_CERTIFICATE is set, so this must be too");
                None
            }
        };
        if let ListenSetting::Tcp(address) = listen
            && !address.ip().is_loopback()
            && tls.is_none()
        {
            reader.wrong(
                "LISTEN",
                "an address that other machines reach wants TLS: set TLS_CERTIFICATE and TLS_KEY, or listen on \
                 127.0.0.1 or a unix socket behind a proxy on this machine",
            );
        }
        let public_url = public_url(&mut reader, &listen, tls.is_some());
        let environment = reader.parsed("ENVIRONMENT_ID", "give a UUID", |text| Uuid::try_parse(text).ok());
        let rates = RateLimits {
            address: rate(&mut reader, "RATE_PER_ADDRESS", RateLimits::default().address),
            session: rate(&mut reader, "RATE_PER_SESSION", RateLimits::default().session),
        };
        let at_once = reader.parsed("REQUESTS_AT_ONCE", "give a number from 1 to 10000", |text| {
            text.parse().ok().filter(|number| (1..=10_000).contains(number))
        });
        let connections_at_once =
            reader.parsed("CONNECTIONS_AT_ONCE", "give a number from 1 to 100000", |text| {
                text.parse().ok().filter(|number| (1..=100_000).contains(number))
            });
        let flag = |reader: &mut Reader<'_>, name| {
            reader.parsed(name, "give true or false", |text| text.parse().ok()).unwrap_or(false)
        };
        let provider = provider(&mut reader);
        let mail_from = reader.parsed("MAIL_FROM", "give an address, or a name and an address in <>", sender);
        let command = |reader: &mut Reader<'_>, name| {
            reader.parsed(name, "give the path of a program, which begins with /, and its arguments", program)
        };
        let settings = Self {
            provider,
            mail_from: mail_from.unwrap_or_else(|| "no-reply@localhost".to_owned()),
            mail_command: command(&mut reader, "MAIL_COMMAND"),
            sms_command: command(&mut reader, "SMS_COMMAND"),
            key_agent: flag(&mut reader, "KEY_AGENT"),
            signer_socket: reader.path("SIGNER_SOCKET"),
            outward_socket: reader.path("OUTWARD_SOCKET"),
            read_only: flag(&mut reader, "READ_ONLY").then(|| {
                let because = reader.text("READ_ONLY_BECAUSE").and_then(|word| ReadOnly::because(&word));
                because.unwrap_or(ReadOnly::Set)
            }),
            rows_at_most: reader.parsed("ROWS_AT_MOST", "give a number from 1 to 1000000", |text| {
                text.parse().ok().filter(|number| (1..=1_000_000).contains(number))
            }),
            seed_password: reader.text("SEED_PASSWORD").map(|text| SeedPassword(Zeroizing::new(text))),
            operator: reader.text("OPERATOR"),
            ai_providers: reader.path("AI_PROVIDERS_FILE"),
            root_key: reader.path("ROOT_KEY_FILE").unwrap_or_else(|| data_folder.join("keys/root.key")),
            witness_folder: reader.path("WITNESS_DIR").unwrap_or_else(|| data_folder.join("witness")),
            data_folder,
            database,
            listen,
            public_url,
            tls,
            rates,
            at_once: at_once.unwrap_or(Limits::default().at_once),
            connections_at_once: connections_at_once.unwrap_or(Connections::default().most),
            environment,
        };
        if reader.errors.is_empty() { Ok(settings) } else { Err(reader.errors) }
    }
}

impl Settings {
    /// What takes messages: a program of the operator's, or a folder where the app is tried out on loopback. What is tried out
    /// with made-up records (`ROWS_AT_MOST`) sends nothing.
    pub(crate) fn post(&self) -> Post {
        let by = |command: &Option<Vec<String>>| -> Option<Arc<dyn Transport>> {
            let from = self.mail_from.clone();
            match command {
                Some(words) if self.rows_at_most.is_none() => {
                    Some(Arc::new(Program { words: words.clone(), from }))
                }
                None if self.public_url.is_loopback() => {
                    Some(Arc::new(Folder { path: self.data_folder.join("mailbox"), from }))
                }
                _ => None,
            }
        };
        Post { email: by(&self.mail_command), sms: by(&self.sms_command) }
    }

    /// The folder of the root key, which holds the audit signer's key too.
    pub fn root_folder(&self) -> &Path {
        self.root_key.parent().unwrap_or_else(|| Path::new("."))
    }
}

/// `no-reply@clinic.example`, or `Name <no-reply@clinic.example>`, on one line of ASCII.
fn sender(text: &str) -> Option<String> {
    let address = match text.strip_suffix('>') {
        Some(named) => named.rsplit_once('<')?.1,
        None => text,
    };
    let plain = text.is_ascii() && !text.contains(|letter: char| letter.is_ascii_control());
    (plain && EmailAddress::parse(address).is_ok()).then(|| text.to_owned())
}

/// A program by its whole path, and its arguments: nothing is looked up, and no shell reads it.
fn program(text: &str) -> Option<Vec<String>> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    words.first().is_some_and(|program| program.starts_with('/')).then_some(words)
}

fn provider(reader: &mut Reader<'_>) -> Option<ProviderSettings> {
    let advice = "give the issuer as the provider's discovery document says it, with https://";
    let issuer = reader.parsed("OIDC_ISSUER", advice, |text| is_issuer(text).then(|| text.to_owned()))?;
    let client_id = reader.text("OIDC_CLIENT_ID");
    if client_id.is_none() {
        reader.wrong("OIDC_CLIENT_ID", "OIDC_ISSUER is set, so this must be too");
    }
    let advice = "give GROUP=ROLE, with commas between several";
    let roles = reader.parsed("OIDC_ROLES", advice, parse_roles);
    if reader.text("OIDC_ROLES").is_none() {
        reader
            .wrong("OIDC_ROLES", "OIDC_ISSUER is set, so this must be too: without a role nobody is let in");
    }
    let host = issuer.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default().to_owned();
    Some(ProviderSettings {
        name: reader.text("OIDC_NAME").unwrap_or(host),
        issuer,
        client_id: client_id?,
        client_secret: reader.text("OIDC_CLIENT_SECRET").map(Zeroizing::new),
        roles_claim: reader.text("OIDC_ROLES_CLAIM").unwrap_or_else(|| "groups".to_owned()),
        roles: roles?,
        authority: reader.path("OIDC_AUTHORITY"),
        door: reader.path("OUTWARD_SOCKET"),
    })
}

fn database(reader: &mut Reader<'_>, data_folder: &Path) -> DatabaseSetting {
    let url = reader.text("DATABASE_URL").unwrap_or_else(|| "sqlite:app.db".to_owned());
    let is_postgres = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
    if is_postgres(&url) {
        let owner = reader.parsed("DATABASE_OWNER_URL", "give the address as postgres://…", |text| {
            is_postgres(text).then(|| DatabaseAddress::new(text))
        });
        let connections = reader.parsed("DATABASE_CONNECTIONS", "give a number from 1 to 200", |text| {
            text.parse().ok().filter(|number| (1..=200).contains(number))
        });
        let pooler = reader.parsed("DATABASE_POOLER", "give true or false", |text| text.parse().ok());
        return DatabaseSetting::Postgres {
            app: DatabaseAddress::new(url),
            owner,
            connections: connections.unwrap_or(10),
            pooler: pooler.unwrap_or(false),
        };
    }
    let file = url.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file));
    match file.filter(|file| !file.is_empty() && !file.contains(['?', ':'])) {
        Some(file) => DatabaseSetting::Sqlite(data_folder.join(file)),
        None => {
            reader.wrong("DATABASE_URL", "give sqlite:FILE or postgres://role:password@host/database");
            DatabaseSetting::Sqlite(data_folder.join("app.db"))
        }
    }
}

/// There is no way to say "no limit": a number that is never reached says it, and can be seen.
fn rate(reader: &mut Reader<'_>, name: &'static str, default: Rate) -> Rate {
    let given = reader.parsed(name, "give a number from 1 to 1000000", |text| {
        text.parse::<u32>().ok().filter(|number| (1..=1_000_000).contains(number))
    });
    given.map_or(default, |per_second| Rate { burst: per_second.saturating_mul(2), per_second })
}

fn parse_listen(text: &str) -> Option<ListenSetting> {
    match text.strip_prefix("unix:") {
        Some(path) if path.starts_with('/') => Some(ListenSetting::Unix(path.into())),
        Some(_) => None,
        None => text.parse().ok().map(ListenSetting::Tcp),
    }
}

fn public_url(reader: &mut Reader<'_>, listen: &ListenSetting, tls: bool) -> PublicUrl {
    let given = reader.parsed(
        "PUBLIC_URL",
        "give an address such as https://clinic.example, without a path",
        PublicUrl::parse,
    );
    if let Some(given) = given {
        if !given.https && !given.is_loopback() {
            reader.wrong("PUBLIC_URL", "people may come by https only: change http:// to https://");
        }
        if tls && !given.https {
            reader.wrong("PUBLIC_URL", "TLS is on, so it begins with https://");
        }
        return given;
    }
    let scheme = if tls { "https" } else { "http" };
    let host = match listen {
        ListenSetting::Tcp(address) if !address.ip().is_unspecified() => address.to_string(),
        ListenSetting::Tcp(address) => format!("localhost:{}", address.port()),
        ListenSetting::Unix(_) => {
            reader.wrong("PUBLIC_URL", "behind a unix socket the app cannot guess its own address: set it");
            String::new()
        }
    };
    PublicUrl { origin: format!("{scheme}://{host}"), https: tls }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(&str, &str)]) -> Result<Settings, Vec<SettingError>> {
        let look_up =
            |name: &str| values.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::read(&look_up)
    }

    fn wrong(values: &[(&str, &str)]) -> Vec<&'static str> {
        read(values).unwrap_err().iter().map(|error| error.name).collect()
    }

    #[test]
    fn nothing_set_is_a_safe_start_on_loopback() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.listen, ListenSetting::Tcp("127.0.0.1:8080".parse().unwrap()));
        assert_eq!(settings.public_url.origin(), "http://127.0.0.1:8080");
        assert!(
            matches!(settings.database, DatabaseSetting::Sqlite(path) if path == Path::new("data/app.db"))
        );
        assert_eq!(settings.root_key, Path::new("data/keys/root.key"));
    }

    /// CF-17: any address but loopback wants TLS, and says so before it starts.
    #[test]
    fn other_machines_come_by_tls_only() {
        assert_eq!(wrong(&[("LISTEN", "0.0.0.0:80")]), ["LISTEN"]);
        assert_eq!(wrong(&[("LISTEN", "[::]:80")]), ["LISTEN"]);
        assert_eq!(wrong(&[("PUBLIC_URL", "http://clinic.example")]), ["PUBLIC_URL"]);
        assert_eq!(wrong(&[("PUBLIC_URL", "http://127.0.0.1.evil.example")]), ["PUBLIC_URL"]);
        assert_eq!(wrong(&[("LISTEN", "unix:/run/app.sock")]), ["PUBLIC_URL"]);
        let tls = [("LISTEN", "0.0.0.0:443"), ("TLS_CERTIFICATE", "c.pem"), ("TLS_KEY", "k.pem")];
        assert!(read(&tls).unwrap().public_url.is_https());
        let proxied = [("LISTEN", "unix:/run/app.sock"), ("PUBLIC_URL", "https://Clinic.example/")];
        assert_eq!(read(&proxied).unwrap().public_url.origin(), "https://clinic.example");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_and_without_values() {
        let values = [
            ("DATABASE_URL", "mysql://hunter2"),
            ("LISTEN", "hunter2"),
            ("PUBLIC_URL", "https://host/hunter2"),
            ("TLS_KEY", "hunter2"),
            ("ENVIRONMENT_ID", "hunter2"),
        ];
        let errors = read(&values).unwrap_err();
        let names: Vec<_> = errors.iter().map(|error| error.name).collect();
        assert_eq!(names, ["DATABASE_URL", "LISTEN", "TLS_CERTIFICATE", "PUBLIC_URL", "ENVIRONMENT_ID"]);
        assert!(errors.iter().all(|error| !error.to_string().contains("hunter2")));
    }

    #[test]
    fn rates_are_the_defaults_or_what_was_given_and_never_none() {
        assert_eq!(read(&[]).unwrap().rates.session.per_second, 50);
        let rates = read(&[("RATE_PER_SESSION", "300")]).unwrap().rates;
        assert_eq!((rates.session.per_second, rates.session.burst), (300, 600));
        assert_eq!(rates.address.per_second, 200);
        assert_eq!(wrong(&[("RATE_PER_ADDRESS", "0")]), ["RATE_PER_ADDRESS"]);
        assert_eq!(wrong(&[("RATE_PER_SESSION", "unlimited")]), ["RATE_PER_SESSION"]);
    }

    #[test]
    fn postgres_settings_never_print_their_password() {
        let values = [
            ("DATABASE_URL", "postgres://app:hunter2@localhost/clinic"),
            ("DATABASE_OWNER_URL", "postgres://owner:hunter2@localhost/clinic"),
            ("DATABASE_POOLER", "true"),
        ];
        let settings = read(&values).unwrap();
        assert!(matches!(settings.database, DatabaseSetting::Postgres { pooler: true, connections: 10, .. }));
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(
            wrong(&[("DATABASE_URL", "postgres://a"), ("DATABASE_CONNECTIONS", "0")]),
            ["DATABASE_CONNECTIONS"]
        );
    }
}
