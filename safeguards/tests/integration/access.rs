//! Access on both databases: what a principal gets to see and to change, and what the log says of it.

mod files;
mod limits;
mod live;
mod oracle;
mod reads;
mod rows_security;
mod rules;
mod world;
mod writes;
