//! How far somebody administers people. Nobody gives more than they hold:
//!
//! * a role that administers is given by who administers all of that themselves;
//! * who has their role in a place gives roles in that place and in those inside it;
//! * who has it in the whole organisation gives any role anywhere;
//! * an organisation's founder, whose role is one of places (the owner of the first clinic), makes further
//!   places and appoints who administers those, and whoever works for the whole organisation. The people of
//!   another place, patients above all, are not theirs to see (CL-1).
//!
//! What somebody may not give they may not see, change or take either.

use std::collections::HashMap;

use super::error::{IdentityError, Result};
use super::names::{PersonId, PlaceId, Role};
use super::principal::Session;
use super::service::Identity;
use crate::store::sql;

/// Where one administers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// A role in the whole organisation.
    Organisation,
    /// A role of places, without one: the founder's.
    Founder,
    /// A role in this place.
    Place(PlaceId),
}

/// How far the person of a session administers people of its organisation.
#[derive(Clone, Debug)]
pub(super) struct Administration {
    reaches: Vec<(&'static Role, Reach)>,
    /// Each place with the one that it lies in.
    above: HashMap<PlaceId, Option<PlaceId>>,
}

/// Where a role that administers people reaches, by the place of its membership.
fn reach(role: &Role, place: Option<PlaceId>) -> Reach {
    match (role.place, place) {
        (_, Some(place)) => Reach::Place(place),
        (Some(_), None) => Reach::Founder,
        (None, None) => Reach::Organisation,
    }
}

impl Administration {
    /// Whether this role may be given, or taken, at this place.
    pub(super) fn covers(&self, role: &Role, place: Option<PlaceId>) -> bool {
        let mut powers: Vec<&str> = Vec::new();
        for (mine, reach) in &self.reaches {
            if self.reaches_to(*reach, role, place) {
                powers.extend(mine.administers);
            }
        }
        !powers.is_empty() && role.administers.iter().all(|power| powers.contains(power))
    }

    fn reaches_to(&self, reach: Reach, role: &Role, place: Option<PlaceId>) -> bool {
        match reach {
            Reach::Organisation => true,
            Reach::Founder => role.administers_people() || role.place.is_none(),
            Reach::Place(mine) => place.is_some_and(|place| self.lies_in(place, mine)),
        }
    }

    /// Whether a place may be made here: in a place that one administers, or, with a role in the whole
    /// organisation or as its founder, anywhere.
    pub(super) fn may_make_places_in(&self, above: Option<PlaceId>) -> bool {
        self.reaches.iter().any(|(_, reach)| match reach {
            Reach::Organisation | Reach::Founder => true,
            Reach::Place(mine) => above.is_some_and(|above| self.lies_in(above, *mine)),
        })
    }

    /// Whether one sees this place among the others: where one administers, and the way up from there.
    pub(super) fn sees_place(&self, place: PlaceId) -> bool {
        self.reaches.iter().any(|(_, reach)| match reach {
            Reach::Organisation | Reach::Founder => true,
            Reach::Place(mine) => self.lies_in(place, *mine) || self.lies_in(*mine, place),
        })
    }

    /// Whether one administers more than places: the whole organisation.
    pub(super) fn is_wide(&self) -> bool {
        self.reaches.iter().any(|(_, reach)| !matches!(reach, Reach::Place(_)))
    }

    fn lies_in(&self, place: PlaceId, outer: PlaceId) -> bool {
        // A chain longer than there are places would be a circle.
        let up = std::iter::successors(Some(place), |at| self.above.get(at).copied().flatten());
        up.take(self.above.len() + 1).any(|at| at == outer)
    }
}

impl Identity {
    /// How far this person administers people, read anew: a role that was taken a moment ago gives nothing.
    pub(super) async fn administration(&self, session: &Session) -> Result<Administration> {
        let organisation = session.principal().organisation();
        let held =
            sql("SELECT role, place_id FROM memberships WHERE person_id = $1 AND organisation_id = $2")
                .bind(session.principal().person())
                .bind(organisation)
                .fetch_all(self.store())
                .await?;
        let mut reaches = Vec::new();
        for row in held {
            let role = self.settings().roles.find(&row.text("role")?);
            if let Some(role) = role.filter(|role| role.administers_people()) {
                reaches.push((role, reach(role, row.optional_uuid("place_id")?.map(PlaceId::new))));
            }
        }
        if reaches.is_empty() {
            return Err(IdentityError::Forbidden);
        }
        let places = sql("SELECT id, parent_id FROM places WHERE organisation_id = $1")
            .bind(organisation)
            .fetch_all(self.store())
            .await?;
        let mut above = HashMap::new();
        for row in places {
            above.insert(PlaceId::new(row.uuid("id")?), row.optional_uuid("parent_id")?.map(PlaceId::new));
        }
        Ok(Administration { reaches, above })
    }

    /// Administers all that a person is here; somebody of whom one sees nothing is not there.
    pub(super) async fn administers_all_of(&self, session: &Session, person: PersonId) -> Result<()> {
        let administration = self.administration(session).await?;
        let mut seen = false;
        let mut all = true;
        for (role, place) in self.roles_of(session, person).await? {
            let covered = match role {
                Some(role) => administration.covers(role, place),
                // A role that the app no longer declares gives nothing, and is in nobody's way.
                None => administration.is_wide(),
            };
            seen |= covered;
            all &= covered;
        }
        match (seen, all) {
            (false, _) => Err(IdentityError::NotFound),
            (true, false) => Err(IdentityError::Conflict(
                "this person has roles that you do not administer; take yours instead",
            )),
            (true, true) => Ok(()),
        }
    }

    pub(super) async fn roles_of(
        &self,
        session: &Session,
        person: PersonId,
    ) -> Result<Vec<(Option<&'static Role>, Option<PlaceId>)>> {
        let rows =
            sql("SELECT role, place_id FROM memberships WHERE person_id = $1 AND organisation_id = $2")
                .bind(person)
                .bind(session.principal().organisation())
                .fetch_all(self.store())
                .await?;
        rows.iter()
            .map(|row| {
                let role = self.settings().roles.find(&row.text("role")?);
                Ok((role, row.optional_uuid("place_id")?.map(PlaceId::new)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    static OWNER: Role =
        Role::named("owner").privileged().administers(&["people", "agreements"]).at("clinic");
    static MANAGER: Role = Role::named("manager").privileged().administers(&["people"]).at("clinic");
    static DIRECTOR: Role = Role::named("director").privileged().administers(&["people", "agreements"]);
    static NURSE: Role = Role::named("nurse").at("clinic");
    static PATIENT: Role = Role::named("patient").at("clinic");
    static AUDITOR: Role = Role::named("auditor");

    const NORTH: PlaceId = PlaceId::new(Uuid::from_u128(1));
    const WARD: PlaceId = PlaceId::new(Uuid::from_u128(2));
    const SOUTH: PlaceId = PlaceId::new(Uuid::from_u128(3));

    fn administers(role: &'static Role, place: Option<PlaceId>) -> Administration {
        Administration {
            reaches: vec![(role, reach(role, place))],
            above: HashMap::from([(NORTH, None), (WARD, Some(NORTH)), (SOUTH, None)]),
        }
    }

    /// CL-1, HC-3: nobody gives more than they hold, nor elsewhere.
    #[test]
    fn nobody_gives_more_than_they_hold() {
        let cases = [
            // In a place: its roles and those inside it, and no further power.
            ("owner of north", administers(&OWNER, Some(NORTH)), &NURSE, Some(NORTH), true),
            ("owner of north", administers(&OWNER, Some(NORTH)), &NURSE, Some(WARD), true),
            ("owner of north", administers(&OWNER, Some(NORTH)), &OWNER, Some(NORTH), true),
            ("owner of north", administers(&OWNER, Some(NORTH)), &NURSE, Some(SOUTH), false),
            ("owner of north", administers(&OWNER, Some(NORTH)), &OWNER, None, false),
            ("owner of north", administers(&OWNER, Some(NORTH)), &AUDITOR, None, false),
            ("owner of a ward", administers(&OWNER, Some(WARD)), &NURSE, Some(NORTH), false),
            ("manager of north", administers(&MANAGER, Some(NORTH)), &OWNER, Some(NORTH), false),
            ("manager of north", administers(&MANAGER, Some(NORTH)), &MANAGER, Some(NORTH), true),
            // The founder appoints, and does not look into places.
            ("founder", administers(&OWNER, None), &OWNER, Some(SOUTH), true),
            ("founder", administers(&OWNER, None), &MANAGER, Some(SOUTH), true),
            ("founder", administers(&OWNER, None), &AUDITOR, None, true),
            ("founder", administers(&OWNER, None), &NURSE, Some(SOUTH), false),
            ("founder", administers(&OWNER, None), &PATIENT, Some(SOUTH), false),
            // In the whole organisation: everything.
            ("director", administers(&DIRECTOR, None), &PATIENT, Some(SOUTH), true),
            ("director", administers(&DIRECTOR, None), &DIRECTOR, None, true),
        ];
        for (who, administration, role, place, expected) in cases {
            assert_eq!(administration.covers(role, place), expected, "{who}: {} at {place:?}", role.name);
        }
    }

    #[test]
    fn places_are_made_where_one_administers() {
        let north = administers(&OWNER, Some(NORTH));
        assert!(north.may_make_places_in(Some(NORTH)) && north.may_make_places_in(Some(WARD)));
        assert!(!north.may_make_places_in(None) && !north.may_make_places_in(Some(SOUTH)));
        assert!(north.sees_place(WARD) && !north.sees_place(SOUTH));
        let ward = administers(&OWNER, Some(WARD));
        assert!(ward.sees_place(NORTH) && !ward.may_make_places_in(Some(NORTH)));
        let founder = administers(&OWNER, None);
        assert!(founder.may_make_places_in(None) && founder.may_make_places_in(Some(SOUTH)));
    }

    proptest! {
        /// Whoever one may appoint holds no more than oneself: what they cover, one covers.
        #[test]
        fn appointing_never_widens(mine in 0usize..3, at in 0usize..4, theirs in 0usize..3, there in 0usize..4) {
            let roles = [&OWNER, &MANAGER, &DIRECTOR];
            let places = [None, Some(NORTH), Some(WARD), Some(SOUTH)];
            let place_of = |role: &Role, place| if role.place.is_some() { place } else { None };
            let me = administers(roles[mine], place_of(roles[mine], places[at]));
            let (role, place) = (roles[theirs], place_of(roles[theirs], places[there]));
            prop_assume!(me.covers(role, place));
            // The founder appoints the heads of other places without entering these.
            prop_assume!(me.reaches[0].1 != Reach::Founder);
            let they = administers(role, place);
            for role in [&OWNER, &MANAGER, &DIRECTOR, &NURSE, &PATIENT, &AUDITOR] {
                for place in places {
                    prop_assert!(!they.covers(role, place) || me.covers(role, place), "{} {place:?}", role.name);
                }
            }
        }
    }
}
