//! An app whose records are only read says so, in words: on every page, and to whoever tries to change something. Who may
//! do what in it has not changed, so nobody is told that their role does not allow it.
//!
//! It is not what keeps the records as they are: that stands outside the app (`store::gate`, and the way in which a file
//! is mounted).

#[cfg(feature = "tenant")]
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

#[cfg(feature = "tenant")]
use super::problem::{Code, Problem};
use crate::pages::View;

/// Why records are only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// Whoever runs the app has set it so.
    Set,
    /// What its owner pays for or has signed wants their attention.
    Standing,
    /// It is about to end, and everything is taken home.
    Ending,
}

impl ReadOnly {
    /// The reason of this name.
    #[must_use]
    pub fn because(word: &str) -> Option<Self> {
        match word {
            "standing" => Some(Self::Standing),
            "ending" => Some(Self::Ending),
            _ => None,
        }
    }

    /// It, for whoever reads a page or was refused.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Set => {
                "This app is read-only at the moment: whoever runs it has set it so. Records can be read, and nothing \
                 can be changed."
            }
            Self::Standing => {
                "This app is read-only at the moment: its owner's plan or agreement needs their attention. Records can \
                 be read, and nothing can be changed."
            }
            Self::Ending => {
                "This app is read-only: it is about to end, and its records are being taken home. They can be read, and \
                 nothing can be changed."
            }
        }
    }

    /// A view that says so over every page.
    #[must_use]
    pub fn over(self, view: View) -> View {
        view.environment(self.sentence())
    }
}

/// Tells the handlers why, and says it where a change was refused.
#[cfg(feature = "tenant")]
pub(crate) async fn say_why(State(why): State<ReadOnly>, mut request: Request, next: Next) -> Response {
    let changes = !request.method().is_safe();
    request.extensions_mut().insert(why);
    let mut response = next.run(request).await;
    let refused =
        response.extensions().get::<Problem>().is_some_and(|problem| problem.code() == Code::Forbidden);
    if !(changes && refused) {
        return response;
    }
    let view = response.extensions_mut().remove::<View>();
    let mut response = Problem::new(Code::ReadOnly).detail(why.sentence()).into_response();
    if let Some(view) = view {
        response.extensions_mut().insert(view);
    }
    response
}
