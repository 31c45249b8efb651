//! What an app decides about identity. The floors hold whatever it says: privileged roles need a second
//! factor, eight failures lock, a session ends.

use time::Duration;

use super::names::{PlaceKind, Roles};
use super::oidc::ProviderSettings;

/// Static facts and configuration of one app.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The app's name, shown in authenticators and refused as a password.
    pub app_name: String,
    /// `iss` of access tokens: the app's own origin, such as `https://clinic.example`.
    pub issuer: String,
    /// The roles that the spec declares.
    pub roles: Roles,
    /// The kinds of places that the spec declares, each after the one that it lies in.
    pub places: &'static [PlaceKind],
    /// Time without a request after which a session ends (CF-4).
    pub inactivity: Duration,
    /// Time after which a session ends whatever happens.
    pub lifetime: Duration,
    /// How long an access token is valid.
    pub access_lifetime: Duration,
    /// How long a one-time link is valid.
    pub link_lifetime: Duration,
    /// Whether strangers may make themselves an account, and as what.
    pub sign_up: Option<SignUp>,
    /// True behind TLS: cookies are `Secure` and carry the `__Host-` prefix. False only on plain-HTTP
    /// loopback, where a browser would not keep such a cookie.
    pub secure_cookies: bool,
    /// The role that may look as a colleague in an emergency (CF-3); without one, nobody may.
    pub impersonation: Option<&'static str>,
    /// The roles that may break the glass in an emergency (CF-3).
    pub break_glass: &'static [&'static str],
    /// Where the page of one's account leads besides: text and path.
    pub account: &'static [(&'static str, &'static str)],
    /// Where somebody who is signed in can go from the pages of their account.
    pub navigation: &'static [(&'static str, &'static str)],
    /// What everybody may read, signed in or not, at the foot of every page: text and path.
    pub legal: &'static [(&'static str, &'static str)],
    /// How many passwords are hashed at a time, 19 MiB each.
    pub hashing_parallel: usize,
    /// The organisation's own identity provider (CF-14), where the operator names one.
    pub provider: Option<ProviderSettings>,
}

/// Open sign-up, and where it leads.
#[derive(Clone, Copy, Debug)]
pub enum SignUp {
    /// Into the environment's first organisation, as what the spec declares for strangers: an app that they
    /// enter has one organisation. Never a privileged role.
    Joins(&'static str),
    /// Into a new organisation, as its only member: whoever founds it reaches nobody's data but their own,
    /// so the role may be privileged.
    Founds(&'static str),
}

impl SignUp {
    /// The role that a newcomer is given.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::Joins(role) | Self::Founds(role) => role,
        }
    }
}

impl Settings {
    /// The defaults: 15 minutes of inactivity, 12 hours in all, access tokens of 5 minutes, links of 72
    /// hours, no open sign-up, secure cookies.
    pub fn new(app_name: &str, issuer: &str, roles: Roles) -> Self {
        Self {
            app_name: app_name.to_owned(),
            issuer: issuer.to_owned(),
            roles,
            places: &[],
            inactivity: Duration::minutes(15),
            lifetime: Duration::hours(12),
            access_lifetime: Duration::minutes(5),
            link_lifetime: Duration::hours(72),
            sign_up: None,
            secure_cookies: true,
            impersonation: None,
            break_glass: &[],
            navigation: &[],
            account: &[],
            legal: &[],
            hashing_parallel: 2,
            provider: None,
        }
    }

    /// The settings with every value brought within its floor and ceiling: one minute to an hour of
    /// inactivity, at most a day in all, access tokens of at most ten minutes, links of at most a week,
    /// and no sign-up into a role that is undeclared or, where others work already, privileged.
    pub(super) fn within_limits(mut self) -> Self {
        let minute = Duration::minutes(1);
        self.inactivity = self.inactivity.clamp(minute, Duration::hours(1));
        self.lifetime = self.lifetime.clamp(minute, Duration::days(1));
        self.access_lifetime = self.access_lifetime.clamp(minute, Duration::minutes(10));
        self.link_lifetime = self.link_lifetime.clamp(minute, Duration::weeks(1));
        let roles = self.roles;
        // Whoever looks as others administers them, and signs in with a second factor.
        self.impersonation = self
            .impersonation
            .filter(|name| roles.find(name).is_some_and(|role| role.privileged && role.administers_people()));
        self.sign_up = self.sign_up.filter(|sign_up| match sign_up {
            SignUp::Founds(name) => roles.find(name).is_some(),
            SignUp::Joins(name) => {
                roles.find(name).is_some_and(|role| !role.privileged && !role.administers_people())
            }
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Role;

    static ROLES: [Role; 2] =
        [Role::named("owner").privileged().administers(&["people"]), Role::named("coder")];

    /// Invariant 2, the floor: no setting turns sessions endless or opens a privileged role.
    #[test]
    fn no_setting_passes_its_floor() {
        let wild = |sign_up| Settings {
            inactivity: Duration::days(400),
            lifetime: Duration::ZERO,
            access_lifetime: Duration::days(1),
            sign_up: Some(sign_up),
            ..Settings::new("App", "https://app.example", Roles::new(&ROLES))
        };
        let kept = wild(SignUp::Joins("coder")).within_limits();
        assert_eq!(kept.inactivity, Duration::hours(1));
        assert_eq!(kept.lifetime, Duration::minutes(1));
        assert_eq!(kept.access_lifetime, Duration::minutes(10));
        assert!(kept.sign_up.is_some());
        for (named, kept) in [("owner", true), ("coder", false), ("nurse", false)] {
            let settings = Settings { impersonation: Some(named), ..wild(SignUp::Joins("coder")) };
            assert_eq!(settings.within_limits().impersonation.is_some(), kept, "CF-3: {named}");
        }
        for sign_up in [SignUp::Joins("owner"), SignUp::Joins("nurse"), SignUp::Founds("nurse")] {
            assert!(wild(sign_up).within_limits().sign_up.is_none(), "{sign_up:?}");
        }
        assert!(wild(SignUp::Founds("owner")).within_limits().sign_up.is_some());
    }
}
