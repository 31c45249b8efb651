//! What careful readers expect of prompts, and what the planner makes of them.
mod atoms;
mod by_itself;
mod change;
mod constructs;
mod denials;
mod expected;
mod founders;
mod narrowing;
mod noise;
mod others;
mod readings;
mod safeguards;
mod score;
mod shared;
mod syntax;
mod tasks;
