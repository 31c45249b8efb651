//! The archive a customer takes home: write, seal, verify offline, read.
