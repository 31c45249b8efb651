//! The command line: subcommands, and a flag for each variable that is no secret.

use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use exporter::Seal;
use uuid::Uuid;

use super::AppError;
use super::export::{self, Destination, Export};
use super::look::Look;
use super::restore::Restore;
use super::settings::{VARIABLES, Variable};

/// What was given on the command line.
pub(super) struct Given {
    matches: ArgMatches,
}

impl Given {
    /// The subcommand; `serve` when there is none.
    pub(super) fn subcommand(&self) -> &str {
        self.matches.subcommand_name().unwrap_or("serve")
    }

    /// An argument of the subcommand's own.
    pub(super) fn argument(&self, name: &str) -> Option<String> {
        let (_, matches) = self.matches.subcommand()?;
        matches.try_get_one::<String>(name).ok().flatten().cloned()
    }

    /// A setting: its flag, or else its environment variable.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        let matches = self.matches.subcommand().map_or(&self.matches, |(_, matches)| matches);
        let flag = matches.try_get_one::<String>(name).ok().flatten().cloned();
        flag.or_else(|| std::env::var(name).ok())
    }

    /// What `export` was asked for.
    pub(super) fn export(&self) -> Result<Export, AppError> {
        const SEAL: &str = "give --passphrase-file FILE, --new-passphrase-file FILE to have one made, or --open for an \
                            archive that anybody can read";
        let matches = self.matches.subcommand().map_or(&self.matches, |(_, matches)| matches);
        let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let organisation = text("organisation")
            .map(|text| Uuid::try_parse(&text).map_err(|_| AppError::Usage("--organisation wants a UUID")))
            .transpose()?;
        let seal = match (text("passphrase-file"), text("new-passphrase-file"), matches.get_flag("open")) {
            (Some(path), None, false) => Seal::Passphrase(export::passphrase(Path::new(&path))?),
            (None, Some(path), false) => Seal::Passphrase(export::new_passphrase(Path::new(&path))?),
            (None, None, true) => Seal::Open,
            _ => return Err(AppError::Usage(SEAL)),
        };
        let to = match text("to").ok_or(AppError::Usage("give --to FILE"))? {
            output if output == "-" => Destination::Output,
            file => Destination::File(file.into()),
        };
        let project = text("project").unwrap_or_else(|| ".".to_owned());
        let project = (!matches.get_flag("without-project")).then(|| project.into());
        let agreements = text("agreements").map(Into::into);
        let summary = text("summary").map(Into::into);
        Ok(Export { to, organisation, seal, project, agreements, summary })
    }

    /// The organisation that `destroy-organisation` was asked to destroy.
    pub(super) fn organisation(&self) -> Result<Uuid, AppError> {
        let text = self.argument("organisation").unwrap_or_default();
        Uuid::try_parse(&text).map_err(|_| AppError::Usage("--organisation wants a UUID"))
    }

    /// What `support-look` was asked for, by the host alone.
    pub(super) fn look(&self) -> Result<Look, AppError> {
        Look::parse(&std::env::var("SUPPORT_LOOK").unwrap_or_default())
    }

    /// What `restore` was asked for.
    pub(super) fn restore(&self) -> Result<Restore, AppError> {
        let from = self.argument("from").ok_or(AppError::Usage("give --from FILE"))?.into();
        let passphrase = self.argument("passphrase-file").map(|path| export::passphrase(Path::new(&path)));
        Ok(Restore { from, passphrase: passphrase.transpose()?, key: self.argument("key") })
    }
}

/// Parses the command line. Help, and a wrong command line, end the process as clap does.
pub(super) fn parse(name: &'static str, version: &'static str, arguments: Vec<OsString>) -> Given {
    Given { matches: command(name, version).get_matches_from(arguments) }
}

fn command(name: &'static str, version: &'static str) -> Command {
    let subcommands = [
        ("serve", "Answer requests until SIGTERM. This is what happens without a subcommand"),
        ("migrate", "Bring the schema of the database up to date"),
        ("seed", "Write people and records that are obviously made up"),
        ("signer", "Sign the heads of the audit log for the app that started this"),
        (
            "sweep",
            "Carry out erasures that are due, and remove what was kept for as long as it had to be; once a day",
        ),
        ("rotate-keys", "Add new root and sealing keys, and wrap every key anew"),
        (
            "support-look",
            "Show records to platform support, as a host asks by SUPPORT_LOOK; the audit log first",
        ),
    ];
    let command =
        Command::new(name).version(version).about(format!("{name}, version {version}")).args(flags());
    let environment: String =
        VARIABLES.iter().filter(|variable| variable.is_secret()).map(describe).collect();
    subcommands
        .into_iter()
        .fold(command, |command, (name, about)| command.subcommand(Command::new(name).about(about)))
        .subcommand(verify_audit_command())
        .subcommand(export_command())
        .subcommand(restore_command())
        .subcommand(destroy_command())
        .subcommand(create_owner())
        .after_help(format!(
            "By environment variable only, since a command line is for all to see:\n{environment}"
        ))
}

fn verify_audit_command() -> Command {
    let summary = Arg::new("summary").long("summary").value_name("VALUE");
    Command::new("verify-audit")
        .about("Check the audit log against its witness")
        .arg(summary.help("A file to write, for programs: what was read, and every finding"))
}

fn export_command() -> Command {
    let value = |name: &'static str| Arg::new(name).long(name).value_name("VALUE");
    Command::new("export")
        .about(
            "Write an archive of everything, or of one organisation: JSON, SQL, the audit log and the source",
        )
        .arg(
            value("to")
                .help("The file to write; there must be none yet. - is standard output")
                .required(true),
        )
        .arg(value("organisation").help("Only this organisation, by its id"))
        .arg(value("passphrase-file").help("Seal the archive; the first line of this file is the passphrase"))
        .arg(
            value("new-passphrase-file")
                .help("Seal the archive under a random passphrase, which is written to this file first")
                .conflicts_with("passphrase-file"),
        )
        .arg(value("project").help("The folder of this app's source, which goes along [default: .]"))
        .arg(
            Arg::new("without-project")
                .long("without-project")
                .action(ArgAction::SetTrue)
                .help("Leave the source out; the archive can then not be restored by itself")
                .conflicts_with("project"),
        )
        .arg(value("agreements").help("A folder of signed agreements, which go along"))
        .arg(
            value("summary")
                .help("A file to write, for programs: who signed it, and where the audit log ends"),
        )
        .arg(
            Arg::new("open")
                .long("open")
                .action(ArgAction::SetTrue)
                .help("Do not seal the archive")
                .conflicts_with_all(["passphrase-file", "new-passphrase-file"]),
        )
}

fn restore_command() -> Command {
    let value = |name: &'static str| Arg::new(name).long(name).value_name("VALUE");
    Command::new("restore")
        .about("Load an archive of this app into an empty database, of either kind")
        .arg(value("from").help("The archive").required(true))
        .arg(value("passphrase-file").help("The first line of this file is the archive's passphrase"))
        .arg(value("key").help("The key that must have signed the archive, 64 hexadecimal digits"))
}

fn destroy_command() -> Command {
    Command::new("destroy-organisation")
        .about("Destroy an organisation for good: its keys first, then its records; take an archive of it before")
        .arg(Arg::new("organisation").long("organisation").value_name("ID").help("Its id").required(true))
}

fn create_owner() -> Command {
    let argument =
        |name: &'static str, about: &'static str| Arg::new(name).long(name).value_name("VALUE").help(about);
    Command::new("create-owner")
        .about("Make the first person of an organisation; prints a one-time link to set a password")
        .arg(argument("email", "The person's e-mail address").required(true))
        .arg(argument("organisation", "Make an organisation of this name [default: use the first one]"))
        .arg(argument(
            "place",
            "What their place is called, where the role is one of places [default: as the organisation]",
        ))
        .arg(argument("role", "The person's role [default: the first that administers people]"))
}

fn flags() -> impl Iterator<Item = Arg> {
    VARIABLES.iter().filter(|variable| !variable.is_secret()).map(|variable| {
        let default = if variable.default.is_empty() {
            String::new()
        } else {
            format!(" [default: {}]", variable.default)
        };
        Arg::new(variable.name)
            .long(variable.flag)
            .global(true)
            .value_name("VALUE")
            .help(format!("{} [env: {}]{default}", variable.about, variable.name))
    })
}

fn describe(variable: &Variable) -> String {
    format!("  {}  {}\n", variable.name, variable.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_takes_no_secret() {
        command("Home BP", "1.0").debug_assert();
        let given = |arguments: &[&str]| command("Home BP", "1.0").try_get_matches_from(arguments);
        assert!(given(&["app", "--database-owner-url", "x"]).is_err());
        let matches = given(&["app", "migrate", "--data-dir", "/srv/data"]).unwrap();
        let given = Given { matches };
        assert_eq!(given.subcommand(), "migrate");
        assert_eq!(given.setting("DATA_DIR").as_deref(), Some("/srv/data"));
    }
}
