//! The text of every generated file, in a tree that mirrors the generated project.
