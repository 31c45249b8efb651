//! An entity as the templates print it: the slice, its pages and its part of the policy.

use serde::Serialize;
use spec::document::Team;
use spec::model::{Entity, EntityIndex, Model, Origin, Storage, Target};

use super::field::FieldView;
use super::policy::PolicyView;
use super::schema::SchemaView;
use crate::doors::rust_literal;

/// The ids of the columns that link a record to its parent, its place and its person. They are plain,
/// so the ids bind nothing; they only have to differ from those that `app.lock` hands out.
const PARENT: u32 = 60_001;
const PLACE: u32 = 60_002;
const PERSON: u32 = 60_003;
/// The column that keeps which version of a form was answered.
const FORM_VERSION: u32 = 60_004;

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
    pub(crate) number: String,
    pub(crate) reference: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) has_place: bool,
    pub(crate) has_person: bool,
    pub(crate) parent: Option<ParentView>,
    pub(crate) parts: Vec<PartView>,
    pub(crate) fields: Vec<FieldView>,
    /// Descriptors of the columns that link the record to its parent, its place and its person.
    /// Whether pages call records by their titles where something links to them.
    pub(crate) titled: bool,
    /// Whether forms offer its records to link to.
    pub(crate) offered: bool,
    pub(crate) descriptors: Vec<String>,
    pub(crate) own_links: Vec<OwnLinkView>,
    pub(crate) select: String,
    /// Expressions over a `row` that was selected for its title.
    pub(crate) title_parts: Vec<String>,
    /// Expressions over a `record`.
    pub(crate) title_of_record: Vec<String>,
    /// The time that names a record, where nothing else does.
    pub(crate) title_time: Option<TitleTimeView>,
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
    pub(crate) add_label: String,
    pub(crate) change_label: String,
    pub(crate) remove_label: String,
    pub(crate) assign_label: String,
    pub(crate) chart: Option<ChartView>,
    pub(crate) locked_states: bool,
    pub(crate) locked_why: String,
    pub(crate) about_banner: Option<LinkView>,
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
    /// The version of the form whose answers these are.
    pub(crate) form_version: Option<u32>,
    /// The fields of the record above that its answers also fill.
    pub(crate) fills: Vec<FillView>,
    /// When it can be booked.
    pub(crate) bookings: Vec<BookingView>,
    pub(crate) assignment: Option<AssignmentView>,
    pub(crate) is_form: bool,
    pub(crate) is_addenda: bool,
    pub(crate) addenda: Option<String>,
    pub(crate) linked_entities: Vec<LinkView>,
    pub(crate) linked_roles: Vec<LinkView>,
    pub(crate) has_phi: bool,
    pub(crate) banner: Option<BannerView>,
    pub(crate) policy: PolicyView,
    pub(crate) schema: SchemaView,
}

/// A column that every page and every answer has beside the fields: parent, place, login.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OwnLinkView {
    pub(crate) column: String,
    pub(crate) field: String,
    pub(crate) label: String,
    pub(crate) doc: String,
    pub(crate) content: Option<String>,
    pub(crate) form: Option<String>,
    pub(crate) fill: Option<String>,
}

/// Numbers over time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChartView {
    pub(crate) caption: String,
    pub(crate) unit: String,
    pub(crate) time: String,
    /// Turns a date into the moment of its midnight.
    pub(crate) moment: &'static str,
    pub(crate) series: Vec<SeriesView>,
}

/// One line of a chart.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SeriesView {
    pub(crate) field: String,
    pub(crate) column: String,
    pub(crate) label: String,
}

/// The record that another is a part of.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ParentView {
    pub(crate) name: String,
    pub(crate) a_name: String,
    pub(crate) label: String,
    pub(crate) snake: String,
    pub(crate) module: String,
    pub(crate) path: String,
    pub(crate) table: String,
    pub(crate) constant: String,
    pub(crate) column: String,
    /// `patient_id`'s field name in the descriptor.
    pub(crate) field: String,
}

/// A kind of record that is a part of this one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PartView {
    pub(crate) label_plural: String,
    pub(crate) module: String,
    pub(crate) path: String,
    pub(crate) constant: String,
    pub(crate) column: String,
}

/// One way to narrow a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FilterView {
    /// `systolic >= {}`
    pub(crate) condition: String,
    /// How its value is asked for: `integer`, `text`, …
    pub(crate) reads: &'static str,
    /// The parameter: `systolic_from`.
    pub(crate) parameter: String,
    /// Whether it names nobody, so that it may stand in an address.
    pub(crate) open: bool,
    /// The form field, where pages offer it.
    pub(crate) form: Option<String>,
    /// The name of the sealed field that is looked up.
    pub(crate) lookup: Option<String>,
}

/// One order of a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SortView {
    pub(crate) name: String,
    pub(crate) field: String,
    pub(crate) column: String,
}

/// The states of a record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LifecycleView {
    pub(crate) field: String,
    pub(crate) column: String,
    pub(crate) first: String,
    pub(crate) locked: Vec<String>,
    pub(crate) moves: Vec<MoveView>,
}

/// An answer that also fills a field of the record above.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FillView {
    /// The question, as forms name it.
    pub(crate) question: String,
    /// The field, as forms name it, and in Rust.
    pub(crate) field: String,
    pub(crate) column: String,
    pub(crate) is_moment: bool,
}

/// The rules of a calendar about when something is booked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BookingView {
    pub(crate) calendar: String,
    pub(crate) constant: String,
    pub(crate) start: String,
    pub(crate) start_column: String,
    pub(crate) end: String,
    pub(crate) end_column: Option<String>,
    pub(crate) slot: u64,
    pub(crate) hours: Vec<HoursView>,
    /// Whether half a day before or after any booking is outside of its hours.
    pub(crate) short: bool,
}

/// Opening hours on some days.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HoursView {
    pub(crate) days: Vec<String>,
    pub(crate) from: u16,
    pub(crate) until: u16,
}

/// A move between states.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MoveView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) from: Vec<String>,
    /// `'draft', 'open'`
    pub(crate) from_sql: String,
    pub(crate) to: String,
    /// The roles that may make it.
    pub(crate) by: Vec<String>,
    /// The function of `rules.rs` that must hold.
    pub(crate) guard: Option<String>,
    /// The form that must be answered.
    pub(crate) needs: Option<NeedsView>,
}

/// The form that a move needs: its module, the column that names what it is about, and whose id that is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NeedsView {
    pub(crate) module: String,
    pub(crate) column: String,
    pub(crate) about: String,
}

/// Who is responsible for a record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AssignmentView {
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) roles: Vec<String>,
    pub(crate) role: String,
    pub(crate) one: bool,
    pub(crate) claim: bool,
}

/// Another entity, or the people of a role, that records link to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct LinkView {
    /// Whether it leads to another part of the same whole.
    pub(crate) beside: bool,
    pub(crate) column: String,
    pub(crate) to: String,
    pub(crate) label: String,
    pub(crate) parent: bool,
}

/// What the banner over a patient's pages shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BannerView {
    pub(crate) birth: Option<String>,
    pub(crate) sex: Option<String>,
    pub(crate) allergies: Option<String>,
    pub(crate) allergies_list: bool,
}

impl EntityView {
    pub(crate) fn new(model: &Model, index: EntityIndex, number: usize) -> Self {
        let entity = &model[index];
        let state = entity.lifecycle.as_ref().map(|lifecycle| lifecycle.field);
        let fields: Vec<FieldView> =
            entity.fields().map(|(at, field)| FieldView::new(model, field, Some(at) == state)).collect();
        let module = module(&entity.table);
        let snake = entity.name.snake();
        let snake = snake.trim_end_matches('_').to_owned();
        let parent = entity.parent.as_ref().map(|parent| {
            let above = &model[parent.entity];
            ParentView {
                name: above.name.to_string(),
                a_name: with_article(above.name.as_str()),
                label: above.label.clone(),
                snake: above.name.snake().trim_end_matches('_').to_owned(),
                module: self::module(&above.table),
                path: path(&above.table),
                table: above.table.clone(),
                constant: above.name.snake().trim_end_matches('_').to_uppercase(),
                column: parent.column.clone(),
                field: parent_field(entity, above),
            }
        });
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
            number: format!("{number:04}"),
            reference: entity.reference.clone(),
            subject: subject(model, index),
            has_place: entity.has_place_column(),
            has_person: !entity.self_roles.is_empty(),
            parts: parts(model, entity),
            titled: false,
            offered: false,
            descriptors: Vec::new(),
            own_links: Vec::new(),
            select: String::new(),
            title_parts: Vec::new(),
            title_of_record: Vec::new(),
            title_time: title_time(entity),
            links_beside: entity.fields.iter().any(|field| beside(model, entity, field)),
            offered_beside: false,
            form_links: !entity.self_roles.is_empty()
                || entity.fields.iter().any(|field| field.target.is_some()),
            defaults_use_view: false,
            fill_uses_view: false,
            uses_rules: false,
            private_filters: false,
            filter_form: false,
            empty_title: format!("No {} yet", lower_first(&entity.plural)),
            empty_text: "What you may see will stand here.".to_owned(),
            add_label: match entity.origin {
                Origin::Form(_) => format!("Fill in {}", lower_first(&entity.label)),
                _ => format!("Add {}", lower_first(&entity.label)),
            },
            change_label: format!("Change {}", lower_first(&entity.label)),
            remove_label: format!("Remove {}?", lower_first(&entity.label)),
            assign_label: format!("Assign {}", lower_first(&entity.label)),
            chart: chart(entity),
            locked_states: entity.lifecycle.as_ref().is_some_and(|lifecycle| !lifecycle.locked.is_empty()),
            locked_why:
                "It is signed or closed: nobody can change it any more. A correction is added beside it."
                    .to_owned(),
            about_banner: None,
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
            lifecycle: lifecycle(model, entity),
            form_version: form_version(model, entity),
            fills: fills(model, entity),
            bookings: bookings(model, index),
            assignment: assignment(model, entity),
            is_form: matches!(entity.origin, Origin::Form(_)),
            is_addenda: matches!(entity.origin, Origin::Addenda(_)),
            addenda: entity
                .lifecycle
                .as_ref()
                .and_then(|l| l.addenda)
                .map(|at| self::module(&model[at].table)),
            linked_entities: links(model, entity, true),
            linked_roles: links(model, entity, false),
            has_phi: entity.has_phi(),
            banner: banner(model, index),
            policy: PolicyView::new(model, index),
            schema: SchemaView::new(model, index),
            parent,
            fields,
        };
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
        view.own_links = view.links_of_its_own(model, entity);
        view.title_parts = title_parts(entity);
        view.title_of_record =
            entity.title.iter().map(|at| format!("record.{}.words()", entity[*at].column)).collect();
        view.defaults_use_view =
            view.fields.iter().filter_map(|field| field.default.as_ref()).any(|default| takes_view(default));
        view.fill_uses_view =
            view.fields.iter().filter_map(|field| field.fill.as_ref()).any(|fill| takes_view(fill));
        let searches = !view.searched.is_empty();
        view.private_filters = searches || view.filters.iter().any(|filter| !filter.open);
        view.filter_form = searches || view.filters.iter().any(|filter| filter.form.is_some());
        view.about_banner = about_banner(model, entity);
        branch(model, entity, &mut view.fields);
        require_times(model, index, &mut view.fields);
        crate::rules::prepare(entity, &mut view);
        view
    }

    fn links_of_its_own(&self, model: &Model, entity: &Entity) -> Vec<OwnLinkView> {
        let mut links = Vec::new();
        if let Some(parent) = &self.parent {
            links.push(OwnLinkView {
                column: parent.column.clone(),
                field: parent.field.clone(),
                label: parent.label.clone(),
                doc: format!("The {} that it is part of.", parent.name),
                content: Some(format!("names.link(\"/{}\", &record.{})", parent.path, parent.column)),
                form: None,
                fill: None,
            });
        }
        if self.has_place {
            links.push(OwnLinkView {
                column: "place_id".into(),
                field: "place".into(),
                label: model[entity.place].label.clone(),
                doc: format!("The {} whose record it is.", model[entity.place].name),
                content: Some("names.place(&record.place_id)".into()),
                form: None,
                fill: None,
            });
        }
        if self.has_person {
            links.push(OwnLinkView {
                column: "person_id".into(),
                field: "login".into(),
                label: "Signs in as".into(),
                doc: "The person who signs in as this record.".into(),
                content: Some("names.person(&record.person_id)".into()),
                form: Some(
                    "links.field(\"person_id\", \"Signs in as\")\
                     .hint(\"The account by which this person sees the record.\").optional()"
                        .into(),
                ),
                fill: Some(".with(\"person_id\", record.person_id.known())".into()),
            });
        }
        links
    }

    fn descriptors_of_links(&self) -> Vec<String> {
        let mut descriptors = Vec::new();
        if let Some(parent) = &self.parent {
            let (field, column) = (rust_literal(&parent.field), rust_literal(&parent.column));
            descriptors.push(format!("Field::plain({field}, {PARENT}, Kind::Uuid).column({column})"));
        }
        if self.has_place {
            descriptors.push(format!("Field::plain(\"place\", {PLACE}, Kind::Uuid).column(\"place_id\")"));
        }
        if self.has_person {
            descriptors.push(format!("Field::plain(\"login\", {PERSON}, Kind::Uuid).column(\"person_id\")"));
        }
        if self.form_version.is_some() {
            descriptors.push(format!(
                "Field::plain(\"form version\", {FORM_VERSION}, Kind::Integer).column(\"form_version\")"
            ));
        }
        descriptors
    }

    fn selected(&self, entity: &Entity) -> String {
        let mut columns = self.base_columns();
        columns.extend(self.parent.iter().map(|parent| parent.column.clone()));
        columns.extend(self.has_place.then(|| "place_id".to_owned()));
        columns.extend(self.has_person.then(|| "person_id".to_owned()));
        columns.extend(self.form_version.map(|_| "form_version".to_owned()));
        let stored = entity.fields.iter().filter(|field| field.storage != Storage::Computed);
        columns.extend(stored.map(|field| field.column.clone()));
        wrapped(&columns)
    }

    fn base_columns(&self) -> Vec<String> {
        let mut columns: Vec<String> =
            ["id", "version", "created_at", "created_by_id", "updated_at", "updated_by_id"]
                .map(Into::into)
                .into();
        columns.extend(self.reference.is_some().then(|| "reference".to_owned()));
        columns
    }

    fn title_selected(&self, entity: &Entity) -> String {
        let mut columns = vec!["id".to_owned(), "version".to_owned()];
        columns.extend(self.reference.is_some().then(|| "reference".to_owned()));
        let titles =
            entity.title.iter().map(|at| &entity[*at]).filter(|field| field.storage != Storage::Computed);
        columns.extend(titles.map(|field| field.column.clone()));
        columns.join(", ")
    }

    fn filters_of(&self, entity: &Entity) -> Vec<FilterView> {
        let mut filters = Vec::new();
        if let Some(parent) = &self.parent {
            filters.push(equal(&parent.column, &parent.column, "record", true, None));
        }
        for (field, view) in entity.fields.iter().zip(&self.fields) {
            let open = field.class == spec::Class::None;
            let (column, name, label) = (&view.column, view.json.as_str(), rust_literal(&view.label));
            match (&field.storage, view.kind) {
                (Storage::Sealed { lookup: Some(_) }, _) => filters.push(FilterView {
                    condition: format!("{} = {{}}", view.lookup.as_deref().unwrap_or_default()),
                    reads: "text",
                    parameter: name.to_owned(),
                    open: false,
                    form: Some(format!("Field::text(\"{name}\", {label}).optional()")),
                    lookup: Some(view.name.clone()),
                }),
                (Storage::Plain | Storage::Queryable, "link") => {
                    filters.push(equal(column, name, "record", true, None))
                }
                (Storage::Plain | Storage::Queryable, "choice") => {
                    let choices: Vec<String> =
                        view.choices.iter().map(|choice| super::field::pair(choice)).collect();
                    let form =
                        format!("Field::choice(\"{name}\", {label}, [{}]).optional()", choices.join(", "));
                    filters.push(equal(column, name, "text", open, Some(form)));
                }
                (Storage::Plain | Storage::Queryable, "boolean") => {
                    let form = format!("Field::yes_no(\"{name}\", {label}).optional()");
                    filters.push(equal(column, name, "boolean", open, Some(form)));
                }
                (Storage::Plain | Storage::Queryable, kind @ ("integer" | "decimal" | "date" | "moment")) => {
                    for (end, sign) in [("from", ">="), ("to", "<=")] {
                        filters.push(FilterView {
                            condition: format!("{column} {sign} {{}}"),
                            reads: kind,
                            parameter: format!("{name}_{end}"),
                            open,
                            form: None,
                            lookup: None,
                        });
                    }
                }
                _ => {}
            }
        }
        filters
    }

    /// At most seven columns: what names a record, its state, then what is short.
    fn columns_of_table(&self, entity: &Entity) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if columns.len() < 7 && !columns.iter().any(|known| known == name) {
                columns.push(name.to_owned());
            }
        };
        for at in &entity.title {
            add(entity[*at].name.as_str());
        }
        if self.reference.is_some() {
            add("reference");
        }
        if let Some(parent) = &self.parent {
            add(&parent.field);
        }
        for view in &self.fields {
            if !matches!(view.kind, "paragraphs" | "list") {
                add(&view.name);
            }
        }
        columns
    }
}

/// The time by which a record is called.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TitleTimeView {
    pub(crate) name: String,
    pub(crate) column: String,
    /// `date` or `moment`.
    pub(crate) kind: &'static str,
    pub(crate) rust_type: &'static str,
}

fn title_time(entity: &Entity) -> Option<TitleTimeView> {
    let field = &entity[*entity.title.first()?];
    let (kind, rust_type) = match field.kind {
        spec::Kind::Moment => ("moment", "OffsetDateTime"),
        spec::Kind::Date => ("date", "Date"),
        _ => return None,
    };
    let stored = field.storage != Storage::Computed;
    stored.then(|| TitleTimeView {
        name: field.name.to_string(),
        column: field.column.clone(),
        kind,
        rust_type,
    })
}

/// Whether a field links to another part of the same whole.
pub(crate) fn beside(model: &Model, entity: &Entity, field: &spec::model::Field) -> bool {
    let Some(Target::Entity(to)) = field.target else { return false };
    let (own, theirs) = (entity.parent.as_ref(), model[to].parent.as_ref());
    own.zip(theirs).is_some_and(|(own, theirs)| own.entity == theirs.entity)
}

fn title_parts(entity: &Entity) -> Vec<String> {
    let stored =
        entity.title.iter().map(|at| &entity[*at]).filter(|field| field.storage != Storage::Computed);
    let read = |field: &spec::model::Field| {
        let rust_type = super::field::rust_type(field);
        format!("row.field::<{rust_type}>({})?.words()", rust_literal(field.name.as_str()))
    };
    stored.map(read).collect()
}

/// Up to three numbers with one unit, over the time by which the list is ordered.
fn chart(entity: &Entity) -> Option<ChartView> {
    let time = &entity[time_field(entity)?];
    let number = |field: &&spec::model::Field| {
        field.kind.is_number() && !field.list && field.storage != Storage::Computed && field.unit.is_some()
    };
    let first = entity.fields.iter().find(number)?;
    let same = entity.fields.iter().filter(number).filter(|field| field.unit == first.unit).take(3);
    let series = same.map(|field| SeriesView {
        field: field.name.to_string(),
        column: field.column.clone(),
        label: field.label.clone(),
    });
    Some(ChartView {
        caption: entity.plural.clone(),
        unit: first.unit.clone().unwrap_or_default(),
        time: time.column.clone(),
        moment: if time.kind == spec::Kind::Date { ".midnight().assume_utc()" } else { "" },
        series: series.collect(),
    })
}

/// The link to the person whom a record is about, when it has a banner.
/// A question of a form that depends on an earlier answer is asked only then.
fn branch(model: &Model, entity: &Entity, fields: &mut [FieldView]) {
    let Origin::Form(form) = entity.origin else { return };
    for question in &model[form].questions {
        let asked = question.when.as_ref().and_then(|when| condition(entity, &when.tree));
        if let (Some((name, value)), Some(form)) = (asked, &mut fields[question.field.position()].form) {
            *form += &format!(".only_when({}, {})", rust_literal(&name), rust_literal(&value));
        }
    }
}

/// The field of a form, and the answer that opens the branch. What is more than one answer is asked always.
fn condition(entity: &Entity, tree: &spec::rules::Tree) -> Option<(String, String)> {
    use spec::rules::{Comparison, Tree};
    let name = |path: &spec::model::Path| match path.end {
        spec::model::End::Field(at) if path.hops.is_empty() => {
            Some(entity[at].name.as_str().replace([' ', '-'], "_"))
        }
        _ => None,
    };
    match tree {
        Tree::Field(path) => Some((name(path)?, "yes".to_owned())),
        Tree::Not(inner) => match inner.as_ref() {
            Tree::Field(path) => Some((name(path)?, "no".to_owned())),
            _ => None,
        },
        Tree::Compare(Comparison::Equal, left, right) => match (left.as_ref(), right.as_ref()) {
            (Tree::Field(path), Tree::Text(text)) | (Tree::Text(text), Tree::Field(path)) => {
                Some((name(path)?, text.clone()))
            }
            (Tree::Field(path), Tree::Boolean(flag)) => {
                Some((name(path)?, if *flag { "yes" } else { "no" }.to_owned()))
            }
            _ => None,
        },
        _ => None,
    }
}

fn about_banner(model: &Model, entity: &Entity) -> Option<LinkView> {
    let has_banner = |to: EntityIndex| banner(model, to).is_some();
    if let Some(parent) = entity.parent.as_ref().filter(|parent| has_banner(parent.entity)) {
        let above = &model[parent.entity];
        let (column, to) = (parent.column.clone(), module(&above.table));
        return Some(LinkView { beside: false, column, to, label: above.label.clone(), parent: true });
    }
    entity.fields.iter().find_map(|field| match field.target {
        Some(Target::Entity(to)) if has_banner(to) => Some(LinkView {
            beside: false,
            column: field.column.clone(),
            to: module(&model[to].table),
            label: field.label.clone(),
            parent: false,
        }),
        _ => None,
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// A label within a sentence; an abbreviation keeps its capitals.
pub(crate) fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().collect::<String>() + letters.as_str()
        }
        _ => text.to_owned(),
    }
}

fn equal(column: &str, name: &str, reads: &'static str, open: bool, form: Option<String>) -> FilterView {
    let condition = format!("{column} = {{}}");
    FilterView { condition, reads, parameter: name.to_owned(), open, form, lookup: None }
}

/// The parts of our own that are modules too; an entity of the same name gets a longer one.
const OWN: &[&str] = &[
    "access",
    "calendars",
    "custom",
    "home",
    "http",
    "lists",
    "main",
    "measures",
    "migrations",
    "pages",
    "rules",
    "seed",
    "tests",
];

/// The Rust module of a table.
pub(crate) fn module(table: &str) -> String {
    let plain = table.trim_end_matches('_');
    if OWN.contains(&plain) { format!("{plain}_records") } else { table.to_owned() }
}

/// The path of an entity's pages, without the leading slash.
pub(crate) fn path(table: &str) -> String {
    let plain = table.trim_end_matches('_').replace('_', "-");
    const OWN_PATHS: &[&str] = &[
        "account",
        "api",
        "assets",
        "identity",
        "legal",
        "lists",
        "measures",
        "calendars",
        "pages",
        "sign-in",
        "sign-out",
        "welcome",
    ];
    if OWN_PATHS.contains(&plain.as_str()) { format!("{plain}-records") } else { plain }
}

/// `a reading`, `an appointment`.
pub(crate) fn with_article(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

fn parent_field(entity: &Entity, above: &Entity) -> String {
    let name = above.name.as_str();
    if entity.field(name).is_some() { format!("{name} above") } else { name.to_owned() }
}

fn parts(model: &Model, entity: &Entity) -> Vec<PartView> {
    let parts = entity.parts.iter().map(|part| &model[*part]);
    let view = |part: &Entity| PartView {
        label_plural: part.plural.clone(),
        module: module(&part.table),
        path: path(&part.table),
        constant: part.name.snake().trim_end_matches('_').to_uppercase(),
        column: part.parent.as_ref().map(|parent| parent.column.clone()).unwrap_or_default(),
    };
    parts.map(view).collect()
}

/// Whether records of the entity are people who are cared for: somebody signs in as one, or they have
/// a pseudonymous reference.
fn is_subject(entity: &Entity) -> bool {
    entity.parent.is_none() && (!entity.self_roles.is_empty() || entity.reference.is_some())
}

/// Whom a row is about, for an accounting of disclosures (45 CFR 164.528): the column that names them, or, of a part of
/// a part, the query that goes up to it.
fn subject(model: &Model, index: EntityIndex) -> Option<String> {
    let entity = &model[index];
    if is_subject(entity) {
        return Some("id".to_owned());
    }
    let mut way = Vec::new();
    let mut at = entity;
    let column = loop {
        match &at.parent {
            Some(parent) if is_subject(&model[parent.entity]) => break parent.column.clone(),
            Some(parent) => {
                way.push(parent);
                at = &model[parent.entity];
            }
            // What is part of nobody's record may still name them.
            None => match subject_link(model, at) {
                Some(column) => break column,
                None => return subject_link(model, entity),
            },
        }
    };
    let Some((first, rest)) = way.split_first() else { return Some(column) };
    let last = way.len();
    let mut joins = format!("{} r1", model[first.entity].table);
    for (step, parent) in (2..).zip(rest) {
        joins += &format!(
            " JOIN {0} r{step} ON r{step}.id = r{1}.{2}",
            model[parent.entity].table,
            step - 1,
            parent.column
        );
    }
    Some(format!("(SELECT r{last}.{column} FROM {joins} WHERE r1.id = {}.{})", entity.table, first.column))
}

fn subject_link(model: &Model, entity: &Entity) -> Option<String> {
    let leads = |target| matches!(target, Some(Target::Entity(to)) if is_subject(&model[to]));
    entity.fields.iter().find(|field| leads(field.target)).map(|field| field.column.clone())
}

fn numbers(entity: &Entity) -> Vec<String> {
    let number = |field: &&spec::model::Field| field.kind.is_number() && !field.list;
    entity.fields.iter().filter(number).map(|field| field.column.clone()).collect()
}

/// The field that places a record in time: the first moment or date that SQL can sort by.
pub(crate) fn time_field(entity: &Entity) -> Option<spec::model::FieldIndex> {
    let plain = |storage: &Storage| matches!(storage, Storage::Plain | Storage::Queryable);
    let timed = |kind: &spec::Kind| matches!(kind, spec::Kind::Moment | spec::Kind::Date);
    entity
        .fields()
        .find(|(_, field)| plain(&field.storage) && timed(&field.kind) && !field.list)
        .map(|(at, _)| at)
}

/// The order of a list: by the field that places a record in time, where every reader may see it; else by its
/// creation, which is no secret beside an id of version 7.
fn order(model: &Model, entity: &Entity) -> (String, String) {
    let table = &entity.table;
    match time_field(entity).filter(|at| super::policy::seen_by_all(model, entity, *at)) {
        Some(at) => {
            let field = &entity[at];
            (format!("{} DESC, {table}.id DESC", field.column), format!("latest {} first", field.name))
        }
        None => (format!("{table}.created_at DESC, {table}.id DESC"), "newest first".to_owned()),
    }
}

fn sorts(entity: &Entity) -> Vec<SortView> {
    let sortable = |field: &&spec::model::Field| {
        matches!(field.storage, Storage::Plain | Storage::Queryable) && !field.list && field.target.is_none()
    };
    let view = |field: &spec::model::Field| SortView {
        name: field.name.as_str().replace([' ', '-'], "_"),
        field: field.name.to_string(),
        column: field.column.clone(),
    };
    entity.fields.iter().filter(sortable).map(view).collect()
}

/// What is sealed is ordered by once it is opened; narratives have no order that means anything.
fn sealed_sorts(entity: &Entity) -> Vec<SortView> {
    let sortable = |field: &&spec::model::Field| {
        matches!(field.storage, Storage::Sealed { .. })
            && !field.list
            && field.target.is_none()
            && field.class != spec::Class::Narrative
            && !matches!(field.kind, spec::Kind::LongText | spec::Kind::Address)
    };
    let view = |field: &spec::model::Field| SortView {
        name: field.name.as_str().replace([' ', '-'], "_"),
        field: field.name.to_string(),
        column: field.column.clone(),
    };
    entity.fields.iter().filter(sortable).map(view).collect()
}

/// The sealed names by which people look for a record.
fn searched(entity: &Entity) -> Vec<&spec::model::Field> {
    let named = |(at, field): &(spec::model::FieldIndex, &spec::model::Field)| {
        let name = matches!(field.kind, spec::Kind::PersonName)
            || (entity.title.contains(at) && field.kind == spec::Kind::Text);
        name && matches!(field.storage, Storage::Sealed { .. })
            && !field.list
            && field.class != spec::Class::Narrative
    };
    entity.fields().filter(named).map(|(_, field)| field).collect()
}

fn lifecycle(model: &Model, entity: &Entity) -> Option<LifecycleView> {
    let lifecycle = entity.lifecycle.as_ref()?;
    let field = &entity[lifecycle.field];
    let moves = lifecycle.moves.iter().enumerate().map(|(at, step)| {
        let from: Vec<String> = step.from.iter().map(ToString::to_string).collect();
        let quoted: Vec<String> = from.iter().map(|state| crate::doors::sql_literal(state)).collect();
        MoveView {
            name: step.name.to_string(),
            label: step.label.clone(),
            function: format!("move_{}", step.name.snake().trim_end_matches('_')),
            path: step.name.kebab(),
            from,
            from_sql: quoted.join(", "),
            to: step.to.to_string(),
            by: movers(model, entity, at),
            guard: None,
            needs: match &step.needs {
                Some(spec::model::Needs::Form(form)) => Some(needs(model, *form)),
                _ => None,
            },
        }
    });
    Some(LifecycleView {
        field: field.name.to_string(),
        column: field.column.clone(),
        first: lifecycle.states.first().map(ToString::to_string).unwrap_or_default(),
        locked: lifecycle.locked.iter().map(ToString::to_string).collect(),
        moves: moves.collect(),
    })
}

fn form_version(model: &Model, entity: &Entity) -> Option<u32> {
    match entity.origin {
        Origin::Form(form) => Some(model[form].version),
        _ => None,
    }
}

fn fills(model: &Model, entity: &Entity) -> Vec<FillView> {
    let (Origin::Form(form), Some(parent)) = (entity.origin, &entity.parent) else { return Vec::new() };
    let json = |field: &spec::model::Field| field.name.as_str().replace([' ', '-'], "_");
    let filling = |question: &spec::model::FormQuestion| {
        let filled = &model[parent.entity][question.fills?];
        Some(FillView {
            question: json(&entity[question.field]),
            field: json(filled),
            column: filled.column.clone(),
            is_moment: filled.kind == spec::Kind::Moment,
        })
    };
    model[form].questions.iter().filter_map(filling).collect()
}

fn bookings(model: &Model, index: EntityIndex) -> Vec<BookingView> {
    let entity = &model[index];
    let json = |at: spec::model::FieldIndex| entity[at].name.as_str().replace([' ', '-'], "_");
    let hours = |open: &spec::model::OpeningHours| HoursView {
        days: open.days.iter().map(|day| format!("{day:?}")).collect(),
        from: open.from,
        until: open.until,
    };
    let booking = |calendar: &spec::model::Calendar| BookingView {
        calendar: calendar.label.clone(),
        constant: format!("OPEN_FOR_{}", calendar.name.snake().trim_end_matches('_').to_uppercase()),
        start: json(calendar.start),
        start_column: entity[calendar.start].column.clone(),
        end: calendar.end.map_or_else(|| "end".to_owned(), json),
        end_column: calendar.end.map(|at| entity[at].column.clone()),
        slot: calendar.slot.minutes().max(1),
        hours: calendar.hours.iter().map(hours).collect(),
        short: !calendar.hours.is_empty()
            && calendar.hours.iter().all(|open| open.until - open.from <= 12 * 60),
    };
    model.calendars.iter().filter(|calendar| calendar.entity == index).map(booking).collect()
}

/// What is booked has a time: the form asks for it, whether or not the spec says so.
fn require_times(model: &Model, index: EntityIndex, fields: &mut [FieldView]) {
    for calendar in model.calendars.iter().filter(|calendar| calendar.entity == index) {
        for at in std::iter::once(calendar.start).chain(calendar.end) {
            let field = &mut fields[at.position()];
            field.required = true;
            field.form = field.form.take().map(|form| form.trim_end_matches(".optional()").to_owned());
        }
    }
}

fn movers(model: &Model, entity: &Entity, at: usize) -> Vec<String> {
    let may = |role: spec::model::RoleIndex| {
        entity.grants.iter().any(|grant| grant.role == role && grant.allows(spec::access::Action::Move(at)))
    };
    model.roles().filter(|(role, _)| may(*role)).map(|(_, role)| role.name.to_string()).collect()
}

fn needs(model: &Model, form: spec::model::FormIndex) -> NeedsView {
    let answers = &model[model[form].entity];
    let column = answers.parent.as_ref().map(|parent| parent.column.clone()).unwrap_or_default();
    NeedsView { module: module(&answers.table), column, about: "id".to_owned() }
}

fn assignment(model: &Model, entity: &Entity) -> Option<AssignmentView> {
    let assignment = entity.assignment.as_ref()?;
    let roles: Vec<String> = assignment.roles.iter().map(|role| model[*role].name.to_string()).collect();
    Some(AssignmentView {
        table: assignment.table.clone(),
        column: assignment.column.clone(),
        role: roles.first().cloned().unwrap_or_default(),
        roles,
        one: assignment.team == Team::One,
        claim: assignment.claim,
    })
}

fn links(model: &Model, entity: &Entity, entities: bool) -> Vec<LinkView> {
    let mut links = Vec::new();
    if let (true, Some(parent)) = (entities, &entity.parent) {
        let above = &model[parent.entity];
        let (column, to) = (parent.column.clone(), module(&above.table));
        links.push(LinkView { beside: false, column, to, label: above.label.clone(), parent: true });
    }
    for field in &entity.fields {
        let to = match (field.target, entities) {
            (Some(Target::Entity(to)), true) => module(&model[to].table),
            (Some(Target::Person(role)), false) => model[role].name.to_string(),
            _ => continue,
        };
        let beside = beside(model, entity, field);
        links.push(LinkView {
            beside,
            column: field.column.clone(),
            to,
            label: field.label.clone(),
            parent: false,
        });
    }
    if !entities {
        let label = || "Signs in as".to_owned();
        let role = |role: &spec::model::RoleIndex| model[*role].name.to_string();
        links.extend(entity.self_roles.first().map(role).map(|to| LinkView {
            beside: false,
            column: "person_id".to_owned(),
            to,
            label: label(),
            parent: false,
        }));
    }
    links
}

/// A banner stands over the pages of a person who is cared for.
fn banner(model: &Model, index: EntityIndex) -> Option<BannerView> {
    let entity = &model[index];
    if !is_subject(entity) || !entity.has_phi() {
        return None;
    }
    let column = |test: &dyn Fn(&spec::model::Field) -> bool| {
        entity.fields.iter().find(|field| test(field)).map(|field| field.column.clone())
    };
    let named = |field: &spec::model::Field, words: &[&str]| words.iter().any(|word| field.name == *word);
    let allergies = entity.fields.iter().find(|field| named(field, &["allergies"]));
    Some(BannerView {
        birth: column(&|field| {
            field.kind == spec::Kind::Date
                && named(field, &["date of birth", "birth date", "dob", "birthday", "born"])
        }),
        sex: column(&|field| named(field, &["sex", "sex at birth", "gender"]) && !field.list),
        allergies: allergies.map(|field| field.column.clone()),
        allergies_list: allergies.is_some_and(|field| field.list),
    })
}

/// Columns, comma-separated, in lines of at most a hundred characters.
pub(crate) fn wrapped(columns: &[String]) -> String {
    let mut text = String::new();
    let mut width = 7;
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            text.push(',');
            if width + column.len() > 96 {
                text.push_str("\n                ");
                width = 16;
            } else {
                text.push(' ');
            }
        }
        text.push_str(column);
        width += column.len() + 2;
    }
    text
}

/// Whether a call is given the view. A field may be called `interview`: its name does not count.
fn takes_view(call: &str) -> bool {
    call.contains("(view,") || call.contains("view.now()")
}
