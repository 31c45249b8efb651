//! Home blood pressure. Patients measure at home; nurses see who needs a call.
//!
//! Start reading in `http.rs` (every route) and `access.rs` (who may do what).

mod access;
mod custom;
mod extensions;
mod home;
mod http;
mod lists;
mod measures;
mod migrations;
mod pages;
mod patients;
mod readings;
mod rules;
mod seed;

use std::process::ExitCode;

/// `serve` (the default), `migrate`, `seed`, `export`, `restore`, `sweep`, `verify-audit`: `--help` tells more.
fn main() -> ExitCode {
    app().run()
}

fn app() -> safeguards::App {
    safeguards::App::new("Home blood pressure", env!("CARGO_PKG_VERSION"))
        .entities(access::ENTITIES)
        .roles(access::ROLES)
        .migrations(migrations::APP)
        .idle_minutes(15)
        .impersonation("owner")
        .schedules(extensions::schedules, extensions::on_schedule)
        .routes(http::routes)
        .front(&home::FRONT)
        .seed(seed::seed)
}

#[cfg(test)]
#[path = "../tests/app/main.rs"]
mod tests;
