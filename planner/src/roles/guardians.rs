//! Parents of children who do not log in: their login is the child's record, and so they reach what is their child's.

use crate::{
    access::foreign_condition,
    catalogue::RoleKind,
    entities::phrase_key,
    words::{Verb, base},
    world::{Parsed, World},
};

const YOUNG: &[&str] = &[
    "child",
    "kid",
    "baby",
    "infant",
    "newborn",
    "toddler",
    "student",
    "pupil",
    "camper",
    "player",
    "teen",
    "adolescent",
    "athlete",
    "pet",
    "animal",
    "dog",
    "cat",
    "horse",
];

/// Whether somebody of this name has no login of their own.
pub(super) fn is_young(name: &str) -> bool {
    YOUNG.contains(&name)
}

/// Lets parents in as their children, where the prompt says what they do, on no condition, and no child logs in.
pub(crate) fn guardians(parsed: &[Parsed], world: &mut World) {
    let subject = world.subject().map(str::to_owned);
    let of_a_child = subject.as_deref().is_some_and(|subject| YOUNG.contains(&subject))
        || parsed.iter().any(|one| {
            let text = one.sentence.plain().replace(" child name ", " ");
            [
                " their child ",
                " their children ",
                " their kid ",
                " their kids ",
                " their own child ",
                " their own children ",
                " my daughter ",
                " my son ",
                " my child ",
                " my children ",
                " my kid ",
                " my kids ",
            ]
            .iter()
            .any(|said| text.contains(said))
                || text.split(' ').any(|word| {
                    matches!(
                        word,
                        "child"
                            | "children"
                            | "kid"
                            | "kids"
                            | "baby"
                            | "babies"
                            | "infant"
                            | "infants"
                            | "pediatric"
                            | "paediatric"
                            | "newborn"
                            | "newborns"
                            | "toddlers"
                            | "daughter"
                            | "son"
                    )
                })
        });
    if world.self_role().is_some() || !of_a_child {
        return;
    }
    let parents: Vec<String> = world
        .roles
        .iter()
        .filter(|(name, role)| {
            role.kind == RoleKind::Proxy
                && role.acts
                && matches!(
                    name.as_str(),
                    "parent"
                        | "guardian"
                        | "legal guardian"
                        | "foster parent"
                        | "mother"
                        | "mom"
                        | "mum"
                        | "new mother"
                        | "father"
                        | "pet owner"
                )
        })
        .map(|(name, _)| name.clone())
        .collect();
    let [parent] = parents.as_slice() else { return };
    let acts = parsed.iter().flat_map(|one| &one.clauses).any(|clause| {
        let named =
            clause.subjects.iter().any(|phrase| world.roles_named(&phrase_key(phrase)).contains(parent));
        let does = clause.verbs.iter().any(|(verb, word)| {
            // `parents sign the consent and get the report`: what they get is kept.
            let gets = *verb == Verb::Have
                && clause.objects.iter().any(|phrase| {
                    world.entity_named(&phrase_key(phrase)).is_some()
                        || phrase_key(phrase).ends_with("report")
                });
            gets || matches!(
                verb,
                Verb::View
                    | Verb::Create
                    | Verb::Track
                    | Verb::Update
                    | Verb::Upload
                    | Verb::Sign
                    | Verb::Review
            ) && !matches!(base(word), Some("call" | "know"))
        });
        named && does && !clause.not && !clause.passive && foreign_condition(clause, world).is_none()
    });
    // Nobody has named the child yet: it is called as the prompt calls it.
    let said = |word: &str| parsed.iter().any(|one| one.sentence.plain().contains(word));
    let subject = subject.or_else(|| {
        let name = if said(" baby ") || said(" babies ") {
            "baby"
        } else if said(" child ") || said(" children ") {
            "child"
        } else {
            "patient"
        };
        acts.then(|| crate::entities::define(name, world, false)).flatten()
    });
    let Some(subject) = subject else { return };
    if acts && let Some(role) = world.roles.get_mut(parent) {
        role.kind = RoleKind::Subject;
        world.assume(format!("a {parent} signs in as their {subject}, and sees what is that {subject}'s"));
    }
}

/// `caregivers fill it in if the patient allows it`, `of the person they care for`: family, and nobody who works there.
pub(super) fn family_caregivers(parsed: &[Parsed], world: &mut World) {
    const FAMILY: &[&str] = &[
        " if the patient ",
        " if the client ",
        " if the member ",
        " the patient invites ",
        " the patient allows ",
        " patient invites ",
        " they care for ",
        " their loved one ",
        " loved one s ",
        " their relative ",
    ];
    // `a portal for family caregivers`: those of whom it speaks.
    let of_the_family = parsed.iter().any(|one| {
        let text = one.sentence.plain();
        [" family caregiver", " family carer", " informal caregiver", " informal carer"]
            .iter()
            .any(|said| text.contains(said))
    });
    let told = |name: &str| {
        let of = |one: &&Parsed| {
            let text = one.sentence.plain();
            // They are whom the sentence is about.
            let begins: String = text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
            let spoken = begins.contains(name);
            spoken && FAMILY.iter().any(|said| text.contains(said))
        };
        parsed.iter().any(|one| of(&one))
    };
    for (name, role) in &mut world.roles {
        let caregiver = name.ends_with("caregiver") || name == "carer";
        if caregiver
            && role.kind == RoleKind::Care
            && (name.starts_with("family ") || of_the_family || told(name))
        {
            role.kind = RoleKind::Proxy;
        }
    }
}
