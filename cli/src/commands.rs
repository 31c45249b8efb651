//! One file a command; here is only which is which.

mod agreement;
mod audit;
mod certificate;
mod change;
mod check;
mod completions;
mod demo;
mod export;
mod generate;
mod history;
mod lint;
mod models;
mod new;
mod phi;
mod plan;
mod plan_grant;
mod platform;
mod run;
mod schema;
mod source;
mod undo;
mod verify;
mod verify_version;

use crate::arguments::{Agreement, Arguments, Audit, Certificate, Command, Export, Phi};
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;

/// Runs the chosen command.
pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let progress = Progress::new(arguments.json);
    match arguments.command {
        Command::New(new) => new::run(&new, arguments.json, progress),
        Command::Plan(plan) => plan::run(&plan, progress),
        Command::Schema => schema::run(),
        Command::Check { spec } => check::run(&spec),
        Command::Generate(generate) => generate::run(&generate, progress),
        Command::Change(change) => change::run(&change, progress),
        Command::Undo(undo) => undo::run(&undo, progress),
        Command::Lint { dir } => lint::run(&dir),
        Command::Run(run) => run::run(&run, arguments.json, progress),
        Command::Demo(serving) => demo::run(serving.listen, arguments.json, progress),
        Command::Verify(wanted) => verify::run(&wanted, progress),
        Command::Audit(Audit::Verify(wanted)) => audit::verify(&wanted, progress),
        Command::Phi(Phi::Scan) => phi::scan(),
        Command::Certificate(Certificate::Verify { file, key }) => certificate::verify(&file, key.as_deref()),
        Command::Export(Export::Make(make)) => export::make(&make, progress),
        Command::Export(Export::Fetch(fetch)) => platform::ends::fetch(&fetch),
        Command::Export(Export::Copy(copy)) => platform::copies::take(&copy, progress),
        Command::Export(Export::Verify(verify)) => export::verify(&verify),
        Command::Export(Export::Restore(restore)) => export::restore(&restore, progress),
        Command::PlanGrant(grant) => plan_grant::run(&grant),
        Command::Agreement(Agreement::Verify { file, key }) => agreement::verify(&file, key.as_deref()),
        Command::Serve(serve) => platform::serve::run(&serve, progress),
        Command::Signer { keys, witness } => platform::serve::signer(&keys, &witness),
        Command::KeyAgent { folder, keys } => platform::serve::agent(&folder, &keys),
        Command::VerifyVersion { project, program, app_url, owner_url } => {
            verify_version::run(&project, &program, app_url.zip(owner_url))
        }
        Command::Login(login) => platform::login::run(&login),
        Command::Logout => platform::login::end(),
        Command::Projects => platform::projects::list(),
        Command::Deploy(deploy) => platform::deploy::run(&deploy, progress),
        Command::Open(project) => platform::projects::open(&project),
        Command::Cancel { project, confirm, call_off } => {
            platform::ends::cancel(&project, confirm.as_deref(), call_off)
        }
        Command::Logs { project, production } => platform::projects::logs(&project, production),
        Command::SubProcessors { place, command } => platform::sub_processors::run(&place, &command),
        Command::Providers { command } => platform::providers::run(&command),
        Command::Reach { command } => platform::reach::run(&command),
        Command::Support { command } => platform::support::run(&command),
        Command::Completions { shell } => Ok(completions::run(shell)),
    }
}
