//! What the figures were measured on.

use std::fs;
use std::process::Command;

use anyhow::Context;

/// Cores, memory, kernel and compiler, a line each of a Markdown list.
pub(super) fn description() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processor = value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory =
        value("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let gigabytes = memory.context("/proc/meminfo tells no MemTotal")? / 1_048_576.0;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let compiler = Command::new("rustc").arg("--version").output()?;
    Ok(format!(
        "- {cores} cores ({processor}), {gigabytes:.0} GiB of memory\n- Linux {}, {}\n- {}\n",
        kernel.trim(),
        system(),
        String::from_utf8_lossy(&compiler.stdout).trim(),
    ))
}

/// The moment, and how busy the machine is with other things: on a quiet one the load average is near zero.
pub(super) fn moment() -> anyhow::Result<String> {
    let date = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output()?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!("{}, load average {load} before it began", String::from_utf8_lossy(&date.stdout).trim()))
}

fn system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.unwrap_or("an unknown distribution").trim_matches('"').to_owned()
}

fn value(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
