//! A database for one verification: of the kind that environments get, and nobody's.

use std::path::PathBuf;

use safeguards::store::gate::drop_environment;
use safeguards::store::{Environment as DatabaseName, provision};
use uuid::Uuid;

use super::{Supervisor, SupervisorError, places};

/// A database that is removed again, as it is seen inside a sandbox.
///
/// Whoever is handed both addresses may do with this database what they like, and with no other.
#[derive(Clone)]
pub(in crate::host) struct Throwaway {
    /// As the app's role.
    pub(in crate::host) app: String,
    /// As the owner of its tables.
    pub(in crate::host) owner: String,
    /// The server's socket, and where it is shown.
    pub(in crate::host) socket: (PathBuf, &'static str),
}

/// Begins with a letter that no environment's name begins with.
fn name(id: Uuid) -> DatabaseName {
    DatabaseName::new(format!("v{}", id.simple()))
        .expect("a letter and 32 hexadecimal digits are a lawful name")
}

impl Supervisor {
    /// Makes an empty database; none where environments get files. One that an earlier attempt left is removed first.
    pub(in crate::host) async fn throwaway(&self, id: Uuid) -> Result<Option<Throwaway>, SupervisorError> {
        let Some(server) = &self.0.postgres else { return Ok(None) };
        self.throw_away(id).await?;
        let made = provision(&server.administrator, &name(id)).await?;
        let [app, owner] = [made.app, made.owner].map(|address| places::seen_inside(address.reveal()));
        Ok(Some(Throwaway { app, owner, socket: (server.socket.clone(), places::POSTGRES) }))
    }

    /// Removes it with its roles; whoever is still connected is disconnected.
    pub(in crate::host) async fn throw_away(&self, id: Uuid) -> Result<(), SupervisorError> {
        let Some(server) = &self.0.postgres else { return Ok(()) };
        Ok(drop_environment(&server.administrator, &name(id)).await?)
    }
}
