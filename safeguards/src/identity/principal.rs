//! Who acts, as a type that only a checked request can have.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, OriginalUri};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, header};
use time::OffsetDateTime;

use super::error::{IdentityError, Result};
use super::impersonation::{ENTITY, Impersonation, is_a_look};
use super::names::SessionId;
use super::secret::Token;
use super::service::{Identity, Visit};
use super::sessions::Attendance;
use super::sign_in::Door;
use crate::access::{Context, Principal};
use crate::audit::{Action, Event, Outcome};

/// A session row that was found alive.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub(super) id: SessionId,
    pub(super) principal: Principal,
    pub(super) door: Door,
    pub(super) second_factor_at: Option<OffsetDateTime>,
    /// When the person last showed all that they sign in with.
    pub(super) proved_at: Option<OffsetDateTime>,
    pub(super) started_at: OffsetDateTime,
    pub(super) seen_at: OffsetDateTime,
    pub(super) expires_at: OffsetDateTime,
    /// Set, where somebody looks as the person.
    pub(super) impersonation: Option<Impersonation>,
}

/// An authenticated request: who acts, and all that a handler reaches data with. As an argument of a
/// handler it cannot be forgotten; a request without a living session is answered 401 before the handler.
///
/// It is taken from the session cookie (pages) or from `Authorization: Bearer` (API), and from nothing
/// else: a request that brings both is refused, so that neither can be slipped under the other. A
/// request by cookie whose method is unsafe needs a CSRF token besides ([`Session::by_cookie`]).
///
/// Beside a session's cookie a browser may bring the token of an impersonation; then the principal is the colleague, and
/// a request that is more than a look is refused before any handler that takes a session.
///
/// It dereferences to the access layer's [`Context`], which tenant statements take.
#[derive(Clone)]
pub struct Session {
    row: Arc<SessionRow>,
    identity: Identity,
    visit: Visit,
    context: Context,
}

impl Deref for Session {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.row.id).finish_non_exhaustive()
    }
}

impl Session {
    /// Authenticates by headers.
    pub async fn authenticate(identity: &Identity, headers: &HeaderMap, visit: Visit) -> Result<Self> {
        // Whoever says that nobody is there is believed: their session ends no later for it.
        let by_itself = headers.contains_key(UNATTENDED);
        let attendance = if by_itself { Attendance::Unattended } else { Attendance::Attended };
        Self::admit(identity, headers, visit, attendance).await
    }

    async fn admit(
        identity: &Identity,
        headers: &HeaderMap,
        visit: Visit,
        attendance: Attendance,
    ) -> Result<Self> {
        let row = match presented(headers, identity.cookie_name())? {
            Presented::Cookie(token) => {
                let own = identity.row_by_cookie(&token, attendance).await?;
                match identity.impersonation_token(headers)? {
                    Some(token) => identity.impersonated(own, &token, &visit).await?,
                    None => own,
                }
            }
            Presented::Bearer(token) => identity.row_by_access_token(&token, attendance).await?,
        };
        Ok(Self::of(identity, identity.in_emergency(row).await?, visit))
    }

    /// The session of the one who asks, whomever they look as: to end either.
    async fn own(identity: &Identity, headers: &HeaderMap, visit: Visit) -> Result<Self> {
        let row = match presented(headers, identity.cookie_name())? {
            Presented::Cookie(token) => identity.session_by_cookie(&token).await?,
            Presented::Bearer(token) => identity.session_by_access_token(&token).await?,
        };
        Ok(Self::of(identity, row, visit))
    }

    pub(super) fn of(identity: &Identity, row: SessionRow, visit: Visit) -> Self {
        let parts = identity.parts();
        let context = Context {
            principal: row.principal.clone(),
            store: parts.store.clone(),
            keys: parts.keys.clone(),
            audit: parts.audit.clone(),
            circumstances: identity.context_of(&row, &visit),
            clock: Arc::clone(&parts.clock),
            ids: Arc::clone(&parts.ids),
        };
        Self { row: Arc::new(row), identity: identity.clone(), visit, context }
    }

    /// The app itself, for what its own code does at its times: nobody signed in, and no row of a session stands behind it.
    #[cfg(feature = "tenant")]
    pub(crate) fn of_the_app(
        identity: &Identity,
        principal: Principal,
        circumstances: crate::audit::AuditContext,
    ) -> Self {
        let parts = identity.parts();
        let now = parts.clock.now();
        let row = SessionRow {
            id: SessionId::new(uuid::Uuid::nil()),
            principal,
            door: Door::Api,
            second_factor_at: None,
            proved_at: None,
            started_at: now,
            seen_at: now,
            expires_at: now,
            impersonation: None,
        };
        let request = parts.ids.next();
        let visit = Visit { address: std::net::Ipv4Addr::LOCALHOST.into(), device: None, request };
        let session = Self::of(identity, row, visit);
        let circumstances = crate::audit::AuditContext { request: Some(request), ..circumstances };
        let clock = Arc::clone(&circumstances.clock);
        Self { context: Context { circumstances, clock, ..session.context.clone() }, ..session }
    }

    /// Who acts.
    pub fn principal(&self) -> &Principal {
        &self.row.principal
    }

    /// The session's id; the audit log has it too.
    pub fn id(&self) -> SessionId {
        self.row.id
    }

    /// The row, for the steps of identity itself.
    pub fn row(&self) -> &SessionRow {
        &self.row
    }

    /// True if the request came by cookie, so that an unsafe method needs a CSRF token.
    pub fn by_cookie(&self) -> bool {
        self.row.door == Door::Browser
    }

    /// True if a second factor was given in this session.
    pub fn has_second_factor(&self) -> bool {
        self.row.second_factor_at.is_some()
    }

    /// When a second factor was last given in this session.
    pub fn second_factor_at(&self) -> Option<OffsetDateTime> {
        self.row.second_factor_at
    }

    /// Refuses unless the person showed within the last ten minutes all that they sign in with: for what a screen that
    /// was left open must not do.
    pub fn proved_lately(&self) -> Result<()> {
        self.identity.proved_lately(self)
    }

    /// When the person signed in.
    pub fn started_at(&self) -> OffsetDateTime {
        self.row.started_at
    }

    /// When the session ends whatever happens.
    pub fn expires_at(&self) -> OffsetDateTime {
        self.row.expires_at
    }

    /// Set, where somebody looks as the person: who, why, until when.
    pub fn impersonation(&self) -> Option<&Impersonation> {
        self.row.impersonation.as_ref()
    }

    /// Why somebody looks as the person; empty where nobody does.
    pub async fn reason_of_looking(&self) -> Result<String> {
        let reason = self.identity.reason_of(self).await?;
        Ok(reason.map_or_else(String::new, |reason| reason.as_str().to_owned()))
    }

    /// From where and by which request.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// True if the person has this role here.
    pub fn has_role(&self, name: &str) -> bool {
        self.principal().roles().iter().any(|role| role.as_str() == name)
    }

    /// The time.
    pub fn now(&self) -> OffsetDateTime {
        self.context.clock.now()
    }

    /// The service behind it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// What a request presents.
enum Presented {
    Cookie(Token),
    Bearer(String),
}

fn presented(headers: &HeaderMap, cookie_name: &str) -> Result<Presented> {
    let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = authorizations.next();
    if authorizations.next().is_some() {
        return Err(IdentityError::SignedOut);
    }
    match (authorization, cookie(headers, cookie_name)?) {
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| IdentityError::SignedOut)?;
            let (scheme, token) = text.split_once(' ').ok_or(IdentityError::SignedOut)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(IdentityError::SignedOut);
            }
            Ok(Presented::Bearer(token.to_owned()))
        }
        (None, Some(token)) => Ok(Presented::Cookie(token)),
        (None, None) | (Some(_), Some(_)) => Err(IdentityError::SignedOut),
    }
}

/// The token in the cookie of that name. A cookie that stands there twice was planted: refused.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Result<Option<Token>> {
    let mut found = None;
    for header in headers.get_all(header::COOKIE) {
        let text = header.to_str().map_err(|_| IdentityError::SignedOut)?;
        for pair in text.split(';') {
            let Some((key, value)) = pair.trim().split_once('=') else { continue };
            if key != name {
                continue;
            }
            if found.is_some() {
                return Err(IdentityError::SignedOut);
            }
            found = Some(Token::parse(value).ok_or(IdentityError::SignedOut)?);
        }
    }
    Ok(found)
}

impl<S> FromRequestParts<S> for Session
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = IdentityError;

    async fn from_request_parts(parts: &mut RequestParts, state: &S) -> Result<Self> {
        let identity = Identity::from_ref(state);
        let visit = Visit::of(parts, identity.ids());
        let session = Self::authenticate(&identity, &parts.headers, visit).await?;
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri).path();
        let told = parts.extensions.get::<ToBeTold>().is_some();
        if session.impersonation().is_some() && !told && !is_a_look(&parts.method, path) {
            // That somebody tried is for whoever reviews it.
            let event = Event::new(Action::Denied).entity(ENTITY).outcome(Outcome::Denied);
            identity.audit().record(&session.circumstances, event).await?;
            return Err(IdentityError::OnlyLooking);
        }
        Ok(session)
    }
}

/// Marks a request whose answer is there, and whose reader is looked for to lay it out: nothing is done in their name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToBeTold;

/// By this header a page says that it asks by itself, and nobody has touched it.
pub const UNATTENDED: &str = "x-unattended";

/// The session of a request that a page makes by itself, to hear of changes: that it is made says nothing of whether
/// anybody is there, and whoever looks as a colleague makes it too, since it changes nothing.
#[cfg(feature = "tenant")]
#[derive(Debug)]
pub(crate) struct Unattended(pub(crate) Session);

#[cfg(feature = "tenant")]
impl<S> FromRequestParts<S> for Unattended
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = IdentityError;

    async fn from_request_parts(parts: &mut RequestParts, state: &S) -> Result<Self> {
        let identity = Identity::from_ref(state);
        let visit = Visit::of(parts, identity.ids());
        Session::admit(&identity, &parts.headers, visit, Attendance::Unattended).await.map(Self)
    }
}

/// The session of whoever asks, whomever they look as.
pub(super) struct Own(pub(super) Session);

impl<S> FromRequestParts<S> for Own
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = IdentityError;

    async fn from_request_parts(parts: &mut RequestParts, state: &S) -> Result<Self> {
        let identity = Identity::from_ref(state);
        let visit = Visit::of(parts, identity.ids());
        Session::own(&identity, &parts.headers, visit).await.map(Self)
    }
}
