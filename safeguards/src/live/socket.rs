//! One connection, from its first message to its last.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use crate::access::Entity;
use crate::identity::{IdentityError, Session};
use crate::store::{Change, ChangedRow};

/// How often a ping is sent and the session looked at, whatever happens: what ends by the clock alone is noticed by then.
const BEAT: Duration = Duration::from_secs(25);
/// How long a caller may leave a message unread.
const READING: Duration = Duration::from_secs(10);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(3);

/// What is told.
#[derive(Serialize)]
#[serde(untagged)]
enum Told {
    /// A row was made or changed.
    Changed {
        changed: &'static str,
        id: Uuid,
        #[serde(skip_serializing_if = "Option::is_none")]
        about: Option<Uuid>,
    },
    /// Some changes were missed: what is shown has to be asked for again.
    Reload { reload: bool },
}

/// Why a connection ends. Each is a status code of RFC 6455, section 7.4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The app stops.
    Stopping,
    /// The session is no more.
    SessionEnded,
    /// The caller was too slow to hear everything.
    Missed,
    /// The caller says something, and nothing was asked.
    Unasked,
    /// What could be told cannot be found out.
    Failed,
    /// There is nobody to say goodbye to.
    Gone,
}

impl End {
    fn said(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Stopping => (close_code::AWAY, "the app stops"),
            Self::SessionEnded => (close_code::POLICY, "the session has ended"),
            Self::Missed => (close_code::AGAIN, "too slow"),
            Self::Unasked => (close_code::UNSUPPORTED, "nothing is asked here"),
            Self::Failed => (close_code::ERROR, "try again"),
            Self::Gone => return None,
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

/// Tells a session what has changed, until it ends.
pub(super) async fn attend(
    mut socket: WebSocket,
    session: Session,
    entities: &'static [&'static Entity],
    changes: Receiver<Change>,
    stopping: watch::Receiver<bool>,
) {
    let end = Attending { session, entities, changes, stopping }.until_the_end(&mut socket).await;
    let Some(goodbye) = end.said() else { return };
    // Whoever is cut off before they have answered may never read why (RFC 6455, section 7.1.1).
    let _late = timeout(GOODBYE, async {
        if socket.send(Message::Close(Some(goodbye))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    })
    .await;
}

struct Attending {
    session: Session,
    entities: &'static [&'static Entity],
    changes: Receiver<Change>,
    stopping: watch::Receiver<bool>,
}

impl Attending {
    async fn until_the_end(mut self, socket: &mut WebSocket) -> End {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut answered = true;
        loop {
            let done = tokio::select! {
                // What was committed is told before a ping is answered, so that whoever pings knows what they have heard.
                biased;
                () = told_to_stop(&mut self.stopping) => Err(End::Stopping),
                heard = self.changes.recv() => self.tell(socket, heard).await,
                _ = beat.tick() => match std::mem::take(&mut answered) {
                    true => self.ask_whether_there(socket).await,
                    false => Err(End::Gone),
                },
                said = socket.recv() => match said {
                    Some(Ok(Message::Pong(_))) => {
                        answered = true;
                        Ok(())
                    }
                    Some(Ok(Message::Ping(_))) => Ok(()),
                    Some(Ok(Message::Text(_) | Message::Binary(_))) => Err(End::Unasked),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
                },
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn ask_whether_there(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        self.look_again().await?;
        send(socket, Message::Ping(Bytes::new())).await
    }

    /// The session as it stands now, with the roles that it has now.
    async fn look_again(&mut self) -> Result<(), End> {
        self.session = self.session.identity().still(&self.session).await.map_err(|error| match error {
            IdentityError::SignedOut => End::SessionEnded,
            _ => End::Failed,
        })?;
        Ok(())
    }

    /// Tells what was heard, with all that is heard by then; each row once.
    async fn tell(&mut self, socket: &mut WebSocket, first: Result<Change, RecvError>) -> Result<(), End> {
        let mut next = first.map_err(|error| match error {
            RecvError::Lagged(_) => TryRecvError::Lagged(0),
            RecvError::Closed => TryRecvError::Closed,
        });
        let mut rows: Vec<ChangedRow> = Vec::new();
        let mut missed = false;
        loop {
            match next {
                Ok(Change::Row(row)) if self.is_ours(&row) && !rows.contains(&row) => rows.push(row),
                Ok(Change::Row(_)) => {}
                Ok(Change::Sessions) => self.look_again().await?,
                Err(TryRecvError::Lagged(_)) => {
                    missed = true;
                    break;
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Closed) => return Err(End::Stopping),
            }
            next = self.changes.try_recv();
        }
        if rows.is_empty() && !missed {
            return Ok(());
        }
        self.look_again().await?;
        if missed {
            send(socket, said(&Told::Reload { reload: true })).await?;
            return Err(End::Missed);
        }
        let mut told: Vec<(u32, Uuid)> = Vec::new();
        for row in rows {
            if told.contains(&(row.entity, row.id)) {
                continue;
            }
            if let Some(message) = self.may_hear(&row).await? {
                send(socket, message).await?;
                told.push((row.entity, row.id));
            }
        }
        Ok(())
    }

    fn is_ours(&self, row: &ChangedRow) -> bool {
        row.organisation == self.session.principal().organisation().uuid()
    }

    /// What the session may hear of a row, if anything. What cannot be found out is told to nobody.
    async fn may_hear(&self, row: &ChangedRow) -> Result<Option<Message>, End> {
        let Some(entity) = self.entities.iter().find(|entity| entity.id == row.entity) else {
            return Ok(None);
        };
        let heard = self.session.may_hear_of(entity, row).await.map_err(|_| End::Failed)?;
        Ok(heard.map(|heard| said(&Told::Changed { changed: entity.table, id: row.id, about: heard.about })))
    }
}

async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    // Whoever could say so is gone only when the app is.
    let _gone = stopping.wait_for(|stopping| *stopping).await;
}

fn said(told: &Told) -> Message {
    Message::Text(serde_json::to_string(told).unwrap_or_default().into())
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(READING, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Gone),
    }
}
