//! An entity as the templates print it: the slice, its pages and its part of the policy.

mod answers;
mod links;
mod lists;
mod pictures;
mod safeguards;
mod tasks;
mod titles;
mod words;
mod work;

use serde::Serialize;
use spec::model::{Entity, EntityIndex, Model, Origin};

use self::answers::{FillView, branch, fills, form_version};
pub(crate) use self::links::beside;
use self::links::{LinkView, OwnLinkView, ParentView, PartView, links, part, parts};
pub(crate) use self::links::{is_subject, subject};
pub(crate) use self::lists::time_field;
use self::lists::{FilterView, SortView, order, sealed_sorts, searched, sorts};
pub(crate) use self::pictures::chart;
use self::pictures::{
    BannerAboveView, BannerView, ChartView, about_banner, banner, banner_above, is_charted, numbers,
    parts_without_banner,
};
use self::safeguards::{named_by_address, permits, reviewers, signers};
use self::tasks::{TaskMadeView, rules_of, task_made};
use self::titles::{TitleTimeView, title_parts, title_time, titles};
use self::words::capital;
pub(crate) use self::words::{lower_first, module, path, with_article};
pub(crate) use self::work::MoveView;
use self::work::{
    AssignmentView, BookingView, LifecycleView, assignment, bookings, lifecycle, require_times,
};
use super::app::{AiActionView, DocumentView, ai_action_view};
use super::field::FieldView;
use super::policy::PolicyView;
use super::schema::SchemaView;

/// What the templates need to know of one entity.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EntityView {
    pub(crate) name: String,
    pub(crate) a_name: String,
    #[serde(rename = "A_name")]
    pub(crate) capital_a_name: String,
    pub(crate) names: String,
    pub(crate) label: String,
    pub(crate) label_plural: String,
    pub(crate) snake: String,
    pub(crate) pascal: String,
    pub(crate) constant: String,
    pub(crate) table: String,
    pub(crate) module: String,
    pub(crate) path: String,
    pub(crate) id: u32,
    pub(crate) reference: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) has_place: bool,
    pub(crate) has_person: bool,
    pub(crate) parent: Option<ParentView>,
    pub(crate) parts: Vec<PartView>,
    pub(crate) fields: Vec<FieldView>,
    /// Whether pages have a line for when it was made.
    pub(crate) shows_created: bool,
    /// Whether pages call records by their titles where something links to them.
    pub(crate) titled: bool,
    /// Whether forms offer its records to link to.
    pub(crate) offered: bool,
    /// Descriptors of all columns, first those that link the record to its parent, its place and its person.
    pub(crate) descriptors: Vec<String>,
    pub(crate) own_links: Vec<OwnLinkView>,
    pub(crate) select: String,
    /// Expressions over a `row` that was selected for its title.
    pub(crate) title_parts: Vec<String>,
    /// Expressions over a `record`.
    pub(crate) title_of_record: Vec<String>,
    /// The time that names a record, where nothing else does.
    pub(crate) title_time: Option<TitleTimeView>,
    /// Whether nothing names a record but when it was made.
    pub(crate) title_created: bool,
    /// Parts of the same whole that forms link to: only those of that whole are offered.
    pub(crate) links_beside: bool,
    /// Whether a form of another part of the same whole links here.
    pub(crate) offered_beside: bool,
    pub(crate) form_links: bool,
    pub(crate) defaults_use_view: bool,
    pub(crate) fill_uses_view: bool,
    pub(crate) uses_rules: bool,
    pub(crate) private_filters: bool,
    pub(crate) filter_form: bool,
    pub(crate) empty_title: String,
    pub(crate) empty_text: String,
    /// The table of those that are assigned to nobody, where somebody can mend that.
    pub(crate) unassigned_label: Option<String>,
    pub(crate) add_label: String,
    pub(crate) change_label: String,
    pub(crate) remove_label: String,
    pub(crate) assign_label: String,
    pub(crate) chart: Option<ChartView>,
    pub(crate) locked_states: bool,
    pub(crate) locked_why: String,
    pub(crate) about_banner: Option<LinkView>,
    /// The same for a part of such a record: its person stands one step further up.
    pub(crate) banner_above: Option<BannerAboveView>,
    /// Whether parts of it take their banner through it.
    pub(crate) leads_to_banner: bool,
    pub(crate) place_kind: String,
    pub(crate) one_at_a_time: bool,
    pub(crate) title_select: String,
    pub(crate) order: String,
    pub(crate) order_words: String,
    pub(crate) sorts: Vec<SortView>,
    /// Orders by sealed fields, which are opened to be compared.
    pub(crate) sealed_sorts: Vec<SortView>,
    /// The sealed fields in which words are sought, and what people call them.
    pub(crate) searched: Vec<String>,
    pub(crate) searched_label: String,
    /// The first of them, as JSON names it.
    pub(crate) searched_json: Option<String>,
    pub(crate) filters: Vec<FilterView>,
    pub(crate) columns_shown: Vec<String>,
    /// Those on the page of the record above, which goes without saying there, unless nothing else is shown.
    pub(crate) columns_of_one: Vec<String>,
    pub(crate) numbers: Vec<String>,
    pub(crate) time_field: Option<String>,
    pub(crate) lifecycle: Option<LifecycleView>,
    /// What the app makes of a task by itself, where somebody makes it by hand: after how many minutes it is due.
    pub(crate) task: Option<TaskMadeView>,
    /// What `tasks.rs` calls the rules that are judged when something of it is written.
    pub(crate) rules: Option<String>,
    /// The version of the form whose answers these are.
    pub(crate) form_version: Option<u32>,
    /// The fields of the record above that its answers also fill.
    pub(crate) fills: Vec<FillView>,
    /// The limit on how many somebody makes.
    pub(crate) limit: Option<String>,
    /// Whether a page that anybody may come to asks for one.
    pub(crate) asked: bool,
    /// What AI proposes on its pages.
    pub(crate) ai_actions: Vec<AiActionView>,
    /// What is sent of its records by a link.
    pub(crate) documents: Vec<DocumentView>,
    /// Whether its records have a page of the messages about them.
    pub(crate) told: bool,
    /// Whether AI proposes other values of it, and whether new ones.
    pub(crate) proposed: bool,
    pub(crate) proposed_anew: bool,
    /// When it can be booked.
    pub(crate) bookings: Vec<BookingView>,
    pub(crate) assignment: Option<AssignmentView>,
    pub(crate) is_form: bool,
    pub(crate) is_addenda: bool,
    /// Whether these are the messages of a conversation.
    pub(crate) is_conversation: bool,
    pub(crate) addenda: Option<String>,
    /// Where its signatures are, if it is signed.
    pub(crate) signatures: Option<PartView>,
    /// The role whose people a permission names.
    pub(crate) permits: Option<String>,
    /// The roles that sign, of the entity of the signatures.
    pub(crate) signers: Vec<String>,
    pub(crate) linked_entities: Vec<LinkView>,
    pub(crate) linked_roles: Vec<LinkView>,
    /// The roles that see who looked at a record which is not their own.
    pub(crate) reviewers: Vec<String>,
    /// Whether any of its fields is a file.
    pub(crate) has_files: bool,
    /// Whether custom code joins in before it is written. What the app itself makes of a signature or a permission is no
    /// matter of it.
    pub(crate) extended: bool,
    pub(crate) has_phi: bool,
    pub(crate) banner: Option<BannerView>,
    pub(crate) policy: PolicyView,
    pub(crate) schema: SchemaView,
}

impl EntityView {
    pub(crate) fn new(model: &Model, index: EntityIndex) -> Self {
        let entity = &model[index];
        let state = entity.lifecycle.as_ref().map(|lifecycle| lifecycle.field);
        let fields: Vec<FieldView> =
            entity.fields().map(|(at, field)| FieldView::new(model, field, Some(at) == state)).collect();
        let module = module(&entity.table);
        let snake = entity.name.snake();
        let snake = snake.trim_end_matches('_').to_owned();
        let parent = links::parent(model, entity);
        let mut view = Self {
            name: entity.name.to_string(),
            a_name: with_article(entity.name.as_str()),
            capital_a_name: capital(&with_article(entity.name.as_str())),
            names: entity.table.replace('_', " ").trim().to_owned(),
            label: entity.label.clone(),
            label_plural: entity.plural.clone(),
            pascal: entity.name.pascal(),
            constant: snake.to_uppercase(),
            snake,
            table: entity.table.clone(),
            path: path(&entity.table),
            module,
            id: entity.id,
            reference: entity.reference.clone(),
            subject: subject(model, index),
            has_place: entity.has_place_column(),
            has_person: !entity.self_roles.is_empty(),
            parts: parts(model, entity),
            shows_created: titles(entity).next().is_none()
                && entity.reference.is_none()
                && entity.field("created at").is_none(),
            titled: false,
            offered: false,
            descriptors: Vec::new(),
            own_links: Vec::new(),
            select: String::new(),
            title_parts: Vec::new(),
            title_of_record: Vec::new(),
            title_time: title_time(entity),
            title_created: titles(entity).next().is_none() && entity.reference.is_none(),
            links_beside: entity.fields.iter().any(|field| beside(model, entity, field)),
            offered_beside: false,
            form_links: !entity.self_roles.is_empty()
                || entity.fields.iter().any(|field| field.target.is_some()),
            defaults_use_view: false,
            fill_uses_view: false,
            uses_rules: false,
            private_filters: false,
            filter_form: false,
            empty_title: match entity.origin {
                Origin::Task(_) => "Nothing to do".to_owned(),
                _ => format!("No {} yet", lower_first(&entity.plural)),
            },
            empty_text: "What you may see will stand here.".to_owned(),
            unassigned_label: None,
            add_label: match entity.origin {
                Origin::Form(_) => format!("Fill in {}", lower_first(&entity.label)),
                Origin::Signatures(of) => format!("Sign {}", lower_first(&model[of].label)),
                Origin::Permission(_) => format!("Give {}", lower_first(&entity.label)),
                Origin::Conversation(_) => "Write a message".to_owned(),
                _ => format!("Add {}", lower_first(&entity.label)),
            },
            change_label: format!("Change {}", lower_first(&entity.label)),
            remove_label: format!("Remove {}?", lower_first(&entity.label)),
            assign_label: format!("Assign {}", lower_first(&entity.label)),
            chart: chart(entity).filter(|_| is_charted(model, index)),
            locked_states: entity.lifecycle.as_ref().is_some_and(|lifecycle| !lifecycle.locked.is_empty()),
            locked_why:
                "It is signed or closed: nobody can change it any more. A correction is added beside it."
                    .to_owned(),
            about_banner: None,
            banner_above: None,
            leads_to_banner: false,
            place_kind: model[entity.place].name.to_string(),
            one_at_a_time: matches!(entity.origin, Origin::Form(_)),
            title_select: String::new(),
            order: String::new(),
            order_words: String::new(),
            sorts: Vec::new(),
            sealed_sorts: Vec::new(),
            searched: Vec::new(),
            searched_label: String::new(),
            searched_json: None,
            filters: Vec::new(),
            columns_shown: Vec::new(),
            columns_of_one: Vec::new(),
            numbers: numbers(entity),
            time_field: time_field(entity).map(|at| entity[at].column.clone()),
            lifecycle: lifecycle(model, index),
            task: task_made(model, index),
            rules: rules_of(model, index),
            form_version: form_version(model, entity),
            fills: fills(model, entity),
            asked: crate::view::open::is_asked(model, index),
            limit: model.limits.iter().find(|limit| limit.entity == index).map(super::app::limit_constant),
            ai_actions: model
                .ai_actions
                .iter()
                .filter(|action| action.on == index)
                .map(|action| ai_action_view(model, action))
                .collect(),
            documents: Vec::new(),
            told: false,
            proposed: model.ai_actions.iter().any(|action| action.entity == index && !action.makes_parts),
            proposed_anew: model.ai_actions.iter().any(|action| action.entity == index && action.makes_parts),
            bookings: bookings(model, index),
            assignment: assignment(model, entity),
            is_form: matches!(entity.origin, Origin::Form(_)),
            is_addenda: matches!(entity.origin, Origin::Addenda(_)),
            is_conversation: matches!(entity.origin, Origin::Conversation(_)),
            addenda: entity
                .parts
                .iter()
                .find(|part| matches!(model[**part].origin, Origin::Addenda(_)))
                .map(|part| self::module(&model[*part].table)),
            signatures: entity.signatures.map(|at| part(&model[at])),
            permits: permits(model, index),
            signers: signers(model, entity),
            linked_entities: links(model, entity, true),
            linked_roles: links(model, entity, false),
            reviewers: reviewers(model, index),
            has_files: entity.fields.iter().any(|field| field.kind == spec::Kind::File),
            has_phi: entity.has_phi(),
            extended: false,
            banner: banner(model, index),
            policy: PolicyView::new(model, index),
            schema: SchemaView::new(model, index),
            parent,
            fields,
        };
        let by_the_app = view.permits.is_some() || !view.signers.is_empty();
        view.extended = !by_the_app && (view.policy.creatable || view.policy.updatable || view.asked);
        view.descriptors = view.descriptors_of_links();
        view.descriptors.extend(view.fields.iter().filter_map(|field| field.descriptor.clone()));
        view.select = view.selected(entity);
        view.title_select = view.title_selected(entity);
        (view.order, view.order_words) = order(model, entity);
        view.sorts = sorts(entity);
        view.sealed_sorts = sealed_sorts(entity);
        for sort in view.sorts.iter().chain(&view.sealed_sorts) {
            let field = view.fields.iter_mut().find(|field| field.column == sort.column);
            field.into_iter().for_each(|field| field.sort = Some(sort.name.clone()));
        }
        let searched = searched(entity);
        view.searched = searched.iter().map(|field| field.name.to_string()).collect();
        let labels: Vec<String> = searched.iter().map(|field| lower_first(&field.label)).collect();
        view.searched_json = searched.first().map(|field| field.name.as_str().replace([' ', '-'], "_"));
        view.searched_label = capital(&labels.join(" or "));
        view.filters = view.filters_of(entity);
        view.columns_shown = view.columns_of_table(entity);
        let above = view.parent.as_ref().map(|parent| parent.field.as_str());
        let rest = view.columns_shown.iter().filter(|column| Some(column.as_str()) != above);
        view.columns_of_one = rest.cloned().collect();
        if view.columns_of_one.is_empty() {
            view.columns_of_one.clone_from(&view.columns_shown);
        }
        view.leave_to_the_app(entity);
        if let Some(names) = tasks::responsible(model, index) {
            view.name_responsible(&names);
        }
        if view.permits.is_some() {
            view.form_links = false;
            view.fields.first_mut().into_iter().for_each(named_by_address);
        }
        view.own_links = view.links_of_its_own(model, entity);
        view.title_parts = title_parts(entity);
        view.title_of_record =
            titles(entity).map(|field| format!("record.{}.words()", field.column)).collect();
        view.defaults_use_view =
            view.fields.iter().filter_map(|field| field.default.as_ref()).any(|default| takes_view(default));
        view.fill_uses_view =
            view.fields.iter().filter_map(|field| field.fill.as_ref()).any(|fill| takes_view(fill));
        let searches = !view.searched.is_empty();
        view.private_filters = searches || view.filters.iter().any(|filter| !filter.open);
        view.filter_form = searches || view.filters.iter().any(|filter| filter.form.is_some());
        view.about_banner = about_banner(model, entity);
        view.leads_to_banner = view.about_banner.is_some() && parts_without_banner(model, entity);
        view.banner_above = banner_above(model, entity).filter(|_| view.about_banner.is_none());
        branch(model, entity, &mut view.fields);
        require_times(model, index, &mut view.fields);
        view.unassigned_label =
            view.shows_unassigned().then(|| format!("{} assigned to nobody", view.label_plural));
        crate::rules::prepare(entity, &mut view);
        view
    }

    /// What nobody types: a file has a page of its own, and all of a signature but the name is the app's own finding.
    fn leave_to_the_app(&mut self, entity: &Entity) {
        let is_signature = matches!(entity.origin, Origin::Signatures(_));
        let is_task = matches!(entity.origin, Origin::Task(_));
        for field in self.fields.iter_mut() {
            let by_the_app = is_signature && field.name != "name" || is_task && field.name != "why";
            if by_the_app {
                (field.form, field.default, field.fill) = (None, None, None);
            }
            if let Some(file) = &field.file {
                let to = format!("/{}/{{}}/{}", self.path, file.path);
                field.content = format!("record.{}.link(format!({to:?}, record.written.id))", field.column);
            }
        }
    }

    /// Pages say the role that is responsible for a task.
    fn name_responsible(&mut self, names: &[(&str, String)]) {
        let pairs: Vec<String> = names
            .iter()
            .map(|(word, name)| format!("({word:?}, {})", crate::doors::rust_literal(name)))
            .collect();
        let pairs = pairs.join(", ");
        for field in self.fields.iter_mut().filter(|field| field.name == "responsible") {
            field.content = format!("record.responsible.named(&[{pairs}])");
        }
        for filter in self.filters.iter_mut().filter(|filter| filter.parameter == "responsible") {
            filter.form =
                Some(format!("Field::choice(\"responsible\", \"Responsible\", [{pairs}]).optional()"));
        }
    }

    /// Whether its people are told of records that nobody is responsible for.
    pub(crate) fn shows_unassigned(&self) -> bool {
        self.assignment.is_some() && self.policy.assignable && !self.is_form
    }
}

/// Whether a call is given the view. A field may be called `interview`: its name does not count.
fn takes_view(call: &str) -> bool {
    call.contains("(view,") || call.contains("view.now()")
}
