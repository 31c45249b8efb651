//! From cancellation over the export window to destruction, as durable operations.
