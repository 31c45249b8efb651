//! What careful readers expect of prompts, and what the planner makes of them.
mod by_itself;
mod change;
mod constructs;
mod denials;
mod expected;
mod others;
mod readings;
mod score;
mod shared;
mod tasks;
