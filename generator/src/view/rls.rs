//! Row-level security as a PostgreSQL migration writes it, last of all, when every table that a condition asks is there.
//!
//! Its text is the library's own: the generator does not link `safeguards`, so it compiles that one file, and the cutting
//! of SQL into words that it needs, as modules of its own. A test of every generated project asks that the
//! migration holds what the library makes of `access.rs`, so that fence and policy cannot drift apart.

#[allow(dead_code, reason = "it serves the library's statements, too")]
#[path = "../../../safeguards/src/access/text.rs"]
mod text;

#[path = "../../../safeguards/src/access/fence.rs"]
mod fence;

use serde::Serialize;
use spec::access::{Action, Rows};
use spec::model::{Entity, EntityIndex, Model, Storage};

use super::entity::is_subject;
use super::itself::{ITSELF, MOVES, itself};
use super::open::by_pages;
use super::policy::{
    Clause, INVITE, clauses, emergency_grants, inviting, locked_rows, onward_moves, own_rows, self_made, verb,
};
use fence::{Fence, Granted, Locked};

/// What shows rows and changes none.
const READS: [Action; 5] = [Action::View, Action::List, Action::Print, Action::Download, Action::Export];

/// What the last PostgreSQL migration prints.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct FenceView {
    /// The migration that says it, the newest of all.
    pub(crate) file: String,
    /// The views that conditions look through.
    pub(crate) views: Vec<String>,
    /// The policies of each table.
    pub(crate) policies: Vec<String>,
}

impl FenceView {
    pub(crate) fn new(model: &Model) -> Self {
        let mut views = Vec::new();
        for index in &model.build_order {
            let entity = &model[*index];
            views.push(fence::view(&entity.table, &leading_columns(model, entity)));
            if let Some(assignment) = &entity.assignment {
                let columns =
                    ["organisation_id", &assignment.column, "person_id", "role", "starts_at", "ends_at"];
                views.push(fence::view(&assignment.table, &columns));
            }
        }
        Self {
            file: String::new(),
            views,
            policies: model.build_order.iter().map(|index| policies(model, *index)).collect(),
        }
    }
}

/// The columns that lead from a record to others, to people and places, and its state.
fn leading_columns<'m>(model: &Model, entity: &'m Entity) -> Vec<&'m str> {
    let mut columns = vec!["organisation_id", "id", "created_by_id"];
    columns.extend(entity.parent.iter().map(|parent| parent.column.as_str()));
    columns.extend(entity.has_place_column().then_some("place_id"));
    columns.extend((!entity.self_roles.is_empty()).then_some("person_id"));
    let state = entity.lifecycle.as_ref().map(|lifecycle| lifecycle.field);
    let leads = entity.fields().filter(|(at, field)| {
        let plain = matches!(field.storage, Storage::Plain | Storage::Queryable) && !field.list;
        plain && (field.target.is_some() || state == Some(*at))
    });
    columns.extend(leads.map(|(_, field)| field.column.as_str()));
    // A permission leads to what it gives until it is over.
    let until = entity.field("until").filter(|_| matches!(entity.origin, spec::model::Origin::Permission(_)));
    columns.extend(until.map(|at| entity[at].column.as_str()));
    // Whoever erases somebody's records or breaks the glass says exactly for whom: by a reference, or by what an index finds.
    if is_subject(entity) {
        columns.extend(entity.reference.is_some().then_some("reference"));
    }
    if !model.break_glass.is_empty() && is_subject(entity) {
        let indexes = entity.fields.iter().filter_map(|field| match &field.storage {
            Storage::Sealed { lookup: Some(index) } => Some(index.as_str()),
            _ => None,
        });
        columns.extend(indexes);
    }
    columns
}

fn policies(model: &Model, index: EntityIndex) -> String {
    let entity = &model[index];
    let clauses = clauses(model, index);
    let named: Vec<Vec<(Action, String)>> = clauses
        .iter()
        .map(|clause| clause.actions.iter().map(|action| (*action, verb(entity, *action))).collect())
        .collect();
    let grants = clauses.iter().zip(&named).map(|(Clause { grant, after, .. }, actions)| {
        let of = |wanted: fn(Action) -> bool| {
            actions.iter().filter(|(action, _)| wanted(*action)).map(|(_, name)| name.as_str()).collect()
        };
        let rows = if grant.rows == Rows::Organisation { "TRUE" } else { &grant.sql };
        Granted {
            role: model[grant.role].name.as_str(),
            rows,
            after: after.as_deref().unwrap_or(rows),
            reads: of(|action| READS.contains(&action)),
            creates: of(|action| action == Action::Create),
            changes: of(|action| {
                matches!(
                    action,
                    Action::Update | Action::Move(_) | Action::Assign | Action::Claim | Action::Fill
                )
            }),
            deletes: of(|action| action == Action::Delete),
        }
    });
    let invited = inviting(model, index).map(|grant| {
        let rows = if grant.rows == Rows::Organisation { "TRUE" } else { &grant.sql };
        // As assigning, it writes who a record belongs to.
        Granted { changes: vec![INVITE], ..Granted::to(model[grant.role].name.as_str(), rows) }
    });
    let own = own_rows(entity);
    let made = self_made(model, index)
        .map(|role| Granted { creates: vec!["create"], ..Granted::to(model[role].name.as_str(), &own) });
    let emergencies = emergency_grants(model, index);
    let reads: Vec<Vec<String>> = emergencies
        .iter()
        .map(|(_, actions, _)| actions.iter().map(|action| verb(entity, *action)).collect())
        .collect();
    let opened = emergencies.iter().zip(&reads).map(|((grant, _, rows), reads)| Granted {
        reads: reads.iter().map(String::as_str).collect(),
        ..Granted::to(model[grant.role].name.as_str(), rows)
    });
    let by_itself = itself(model, index).map(|granted| Granted {
        reads: vec!["list"],
        creates: if granted.writes { vec!["create"] } else { Vec::new() },
        changes: if granted.writes { MOVES.to_vec() } else { Vec::new() },
        ..Granted::to(ITSELF, "TRUE")
    });
    let open = by_pages(model, index);
    let by_pages = open.iter().map(|granted| {
        let of = |wanted: Action, word: &'static str| {
            (granted.action == wanted).then_some(word).into_iter().collect()
        };
        let (reads, creates) = (of(Action::List, "list"), of(Action::Create, "create"));
        Granted { reads, creates, ..Granted::to(&granted.role, granted.rows.as_deref().unwrap_or("TRUE")) }
    });
    let rows = locked_rows(model, index, &entity.table);
    let moves: Vec<&str> = onward_moves(entity).map(|step| step.name.as_str()).collect();
    Fence {
        table: &entity.table,
        grants: grants.chain(invited).chain(made).chain(opened).chain(by_itself).chain(by_pages).collect(),
        nevers: Vec::new(),
        lock: rows.as_deref().map(|rows| Locked { rows, moves: &moves }),
    }
    .ddl()
}
