// does: has names of its own that look like doors

use std::collections::HashMap;

/// Where a pharmacy keeps things.
pub struct Pharmacy {
    pub stores: HashMap<String, u32>,
    pub tenant: String,
}

pub fn keys(pharmacy: &Pharmacy) -> Vec<&String> {
    let mut names: Vec<&String> = pharmacy.stores.keys().collect();
    names.sort();
    names
}

pub fn process(tenant: &str) -> String {
    let env = tenant.trim();
    let path = format!("{env}/thread/{}", "net");
    let print = |text: &str| text.to_uppercase();
    print(&path)
}

pub fn logged(time: u32, log: &str) -> String {
    let serde = log.len();
    format!("{time} {serde}")
}

pub mod fs {
    pub fn read(text: &str) -> usize {
        text.len()
    }
}

pub fn length() -> usize {
    fs::read("the file system is not meant")
}
