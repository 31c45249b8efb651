//! What people write to each other about a record.

use serde::Serialize;
use spec::Model;

use crate::view::entity::{module, path};

/// A conversation: where its messages are, what they are about, and who takes part.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConversationView {
    pub(crate) label: String,
    pub(crate) module: String,
    pub(crate) path: String,
    /// The slice of what it is about, its path, and the column of a message that names it.
    pub(crate) about: String,
    pub(crate) about_path: String,
    pub(crate) column: String,
    pub(crate) between: Vec<String>,
}

pub(super) fn conversation_view(model: &Model, conversation: &spec::model::Conversation) -> ConversationView {
    let (messages, about) = (&model[conversation.entity], &model[conversation.about]);
    ConversationView {
        label: conversation.label.clone(),
        module: module(&messages.table),
        path: path(&messages.table),
        about: module(&about.table),
        about_path: path(&about.table),
        column: messages.parent.as_ref().map(|parent| parent.column.clone()).unwrap_or_default(),
        between: conversation.between.iter().map(|role| model[*role].name.to_string()).collect(),
    }
}
