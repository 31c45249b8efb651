//! A field of an entity as the templates print it: its descriptor, its column, its place in forms and on pages.

use serde::Serialize;
use serde_json::{Value, json};
use spec::model::{DefaultValue, Field, Model, Storage, Target};
use spec::{Class, Kind};

use crate::doors::rust_literal;

/// What templates need to know of one stored or computed field.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FieldView {
    /// As written: `taken at`.
    pub(crate) name: String,
    /// In JSON, in forms and in OpenAPI: `taken_at`.
    pub(crate) json: String,
    /// The column, and the Rust field: reserved words are escaped.
    pub(crate) column: String,
    pub(crate) label: String,
    /// For documents and comments: identifier, narrative, clinical, none.
    pub(crate) class: &'static str,
    pub(crate) at_rest: &'static str,
    pub(crate) purpose: String,
    pub(crate) rust_type: String,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
    /// `Field::clinical("systolic", 3, Kind::Integer).queryable()`; none for a computed field.
    pub(crate) descriptor: Option<String>,
    /// `Field::integer("systolic", "Systolic").unit("mmHg").range(50, 260)`; none for what nobody types.
    pub(crate) form: Option<String>,
    /// How a form that makes a new record is filled: `.with("target_systolic", 140)`.
    pub(crate) default: Option<String>,
    /// The same for the database, where the column is plain.
    pub(crate) sql_default: Option<String>,
    /// How a form that changes a record is filled.
    pub(crate) fill: Option<String>,
    /// The expression that shows it, of a `record` and the `names` of what it links to.
    pub(crate) content: String,
    pub(crate) numeric: bool,
    /// Under which name a list can be ordered by it.
    pub(crate) sort: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) sealed: bool,
    pub(crate) lookup: Option<String>,
    pub(crate) required: bool,
    pub(crate) computed: bool,
    /// The module of the entity that it links to.
    pub(crate) links_entity: Option<String>,
    /// The role of the person that it links to.
    pub(crate) links_person: Option<String>,
    pub(crate) choices: Vec<String>,
    /// One word that tells apart what templates treat apart.
    pub(crate) kind: &'static str,
    pub(crate) schema: Value,
    /// A sentence for the field of the Rust type.
    pub(crate) doc: String,
    /// How a file is asked for, put, taken away and handed out.
    pub(crate) file: Option<FileView>,
    /// The function that writes it as JSON, where serde's own would not do.
    pub(crate) serialize_with: Option<&'static str>,
    /// Whether the content needs the names of what is linked to.
    pub(crate) uses_names: bool,
    /// The name by which the policy decides whether pages show it: that of a computed field's first input.
    pub(crate) policy_name: String,
    /// Whether a computed field reads it.
    pub(crate) input: bool,
    /// How a computed field is computed, of inputs that were read before.
    pub(crate) computed_call: Option<String>,
}

impl FieldView {
    /// Prepares a field; `state` says that it is the state of a lifecycle, which moves change and nobody types.
    pub(crate) fn new(model: &Model, field: &Field, state: bool) -> Self {
        let shape = shape(&field.kind);
        let json = match field.target {
            Some(_) => field.column.clone(),
            None => field.name.as_str().replace([' ', '-'], "_"),
        };
        let (links_entity, links_person) = match field.target {
            Some(Target::Entity(entity)) => (Some(model[entity].table.clone()), None),
            Some(Target::Person(role)) => (None, Some(model[role].name.to_string())),
            None => (None, None),
        };
        // Whom somebody trusts with something of theirs is invited by the same write, and has no role here before.
        let trusted = |role| model.permissions.iter().any(|permission| permission.to == role);
        let leads = match (field.target, &links_entity) {
            (Some(Target::Person(role)), _) if !trusted(role) => ".to_person()".to_owned(),
            (_, Some(table)) => format!(".to({})", rust_literal(table)),
            _ => String::new(),
        };
        let computed = field.storage == Storage::Computed;
        let measured = unit(field).map(|unit| format!(".unit({})", rust_literal(&unit))).unwrap_or_default();
        let mut view = Self {
            name: field.name.to_string(),
            json,
            column: field.column.clone(),
            label: field.label.clone(),
            class: class_word(field.class),
            at_rest: match field.storage {
                Storage::Plain => "plain",
                Storage::Queryable => "plain, so that it can be searched and sorted",
                Storage::Sealed { lookup: Some(_) } => "sealed; found by an exact keyed hash",
                Storage::Sealed { lookup: None } => "sealed",
                Storage::Computed => "not kept",
            },
            purpose: field.purpose.clone().unwrap_or_default(),
            rust_type: rust_type(field),
            sqlite: shape.sqlite,
            postgres: shape.postgres,
            descriptor: (!computed).then(|| descriptor(field, &shape) + &measured + &leads),
            form: None,
            default: None,
            sql_default: None,
            fill: None,
            content: String::new(),
            numeric: shape.rust == "i64" || shape.rust == "Decimal",
            sort: None,
            unit: unit(field),
            sealed: matches!(field.storage, Storage::Sealed { .. }),
            lookup: match &field.storage {
                Storage::Sealed { lookup } => lookup.clone(),
                _ => None,
            },
            required: field.required,
            computed,
            links_entity,
            links_person,
            choices: choices(&field.kind),
            kind: if field.list { "list" } else { shape.word },
            schema: schema(field, shape.schema.clone()),
            doc: doc(field),
            file: (field.kind == Kind::File).then(|| FileView::new(field)),
            serialize_with: match (&field.kind, field.list) {
                (_, true) => None,
                (Kind::Moment, _) => Some("safeguards::slice::json::moment"),
                (Kind::Date, _) => Some("safeguards::slice::json::date"),
                (Kind::Money, _) => Some("safeguards::slice::json::money"),
                (Kind::Decimal, _) => Some("safeguards::slice::json::decimal"),
                _ => None,
            },
            uses_names: field.target.is_some(),
            policy_name: field.name.to_string(),
            input: false,
            computed_call: None,
        };
        if field.list {
            (view.sqlite, view.postgres) = ("TEXT", "jsonb");
        }
        if view.sealed {
            (view.sqlite, view.postgres) = ("BLOB", "bytea");
        }
        view.content = content(field, &view, state);
        if !computed && !state && view.file.is_none() {
            view.form = Some(form(field, &view, &shape));
            view.default = default(field, &view);
            view.fill = Some(fill(&view));
        }
        view.sql_default = sql_default(field);
        view
    }
}

/// What the templates need for a file: it is put by a page of its own, and no form asks for it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileView {
    /// Within the paths of its record: `files/image`.
    pub(crate) path: String,
    pub(crate) add_label: String,
    pub(crate) replace_label: String,
    pub(crate) remove_label: String,
}

impl FileView {
    fn new(field: &Field) -> Self {
        let label = super::entity::lower_first(&field.label);
        Self {
            path: format!("files/{}", field.name.kebab()),
            add_label: format!("Add {label}"),
            replace_label: format!("Replace {label}"),
            remove_label: format!("Remove {label}"),
        }
    }
}

/// Every value may be missing: a role may write a record without the fields that it may not see.
pub(crate) fn rust_type(field: &Field) -> String {
    if field.list { "Option<Vec<String>>".to_owned() } else { format!("Option<{}>", shape(&field.kind).rust) }
}

fn doc(field: &Field) -> String {
    let unit = field.unit.as_ref().map(|unit| format!(", in {unit}")).unwrap_or_default();
    let end = if field.label.ends_with(['.', '?', '!', '…']) { "" } else { "." };
    match (&field.storage, unit.is_empty()) {
        (Storage::Computed, _) => format!("{}{unit}: computed at each reading.", field.label),
        (_, true) => format!("{}{end}", field.label),
        (_, false) => format!("{}{unit}.", field.label),
    }
}

/// An amount without a currency is in US dollars.
fn unit(field: &Field) -> Option<String> {
    field.unit.clone().or_else(|| (field.kind == Kind::Money).then(|| "USD".to_owned()))
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Identifier => "identifier",
        Class::Narrative => "narrative",
        Class::Clinical => "clinical",
        Class::None => "none",
    }
}

fn choices(kind: &Kind) -> Vec<String> {
    match kind {
        Kind::OneOf(choices) => choices.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

fn descriptor(field: &Field, shape: &Shape) -> String {
    let name = rust_literal(field.name.as_str());
    let kind = if field.list { "Json" } else { shape.descriptor };
    let mut text = match field.class {
        Class::Identifier => format!("Field::identifier({name}, {}, Kind::{kind})", field.id),
        Class::Narrative if kind == "Text" => format!("Field::narrative({name}, {})", field.id),
        // A list of narratives is sealed as a whole, which only an identifier's constructor says for any kind.
        Class::Narrative => format!("Field::identifier({name}, {}, Kind::{kind})", field.id),
        Class::Clinical => format!("Field::clinical({name}, {}, Kind::{kind})", field.id),
        Class::None => format!("Field::plain({name}, {}, Kind::{kind})", field.id),
    };
    if field.column != field.name.as_str() {
        text += &format!(".column({})", rust_literal(&field.column));
    }
    match &field.storage {
        Storage::Queryable => text += ".queryable()",
        Storage::Sealed { lookup: Some(lookup) } => text += &format!(".lookup({})", rust_literal(lookup)),
        _ => {}
    }
    if let Some(label) = &field.sensitivity {
        text += &format!(".sensitive({})", rust_literal(&label.to_string()));
    }
    text
}

fn content(field: &Field, view: &FieldView, state: bool) -> String {
    let value = format!("record.{}", field.column);
    match (&view.links_entity, &view.links_person) {
        (Some(table), _) => return format!("names.link(\"/{}\", &{value})", table.replace('_', "-")),
        (_, Some(_)) => return format!("names.person(&{value})"),
        _ => {}
    }
    let places = if field.kind == Kind::Money && !field.list { ".places(2)" } else { "" };
    match (&view.unit, view.kind) {
        (Some(unit), _) if !places.is_empty() => {
            format!("{value}.content(){places}.unit({})", rust_literal(unit))
        }
        _ if !places.is_empty() => format!("{value}.content(){places}"),
        (Some(unit), _) => format!("{value}.content().unit({})", rust_literal(unit)),
        _ if state => format!("{value}.tag()"),
        (_, "paragraphs") => format!("{value}.narrative()"),
        (_, "choice") => format!("{value}.chosen()"),
        _ => format!("{value}.content()"),
    }
}

fn form(field: &Field, view: &FieldView, shape: &Shape) -> String {
    let name = rust_literal(&view.json);
    let label = rust_literal(&field.label);
    let one = |name: &str, label: &str| match shape.form {
        "record" => format!("links.field({name}, {label})"),
        "email" => format!("Field::shaped(Shape::Email, {name}, {label})"),
        "phone" => format!("Field::shaped(Shape::Phone, {name}, {label})"),
        "choice" => {
            let choices: Vec<String> = view.choices.iter().map(|choice| pair(choice)).collect();
            format!("Field::choice({name}, {label}, [{}])", choices.join(", "))
        }
        "code" => format!("Field::text({name}, {label}).longest(20)"),
        _ if field.kind == Kind::Money => format!("Field::money({name}, {label})"),
        kind => format!("Field::{kind}({name}, {label})"),
    };
    let mut text = if field.list && view.kind == "list" && shape.form == "choice" {
        one(&name, &label).replacen("Field::choice(", "Field::choices(", 1)
    } else if field.list {
        format!("Field::list({name}, {label}, {})", one(&name, &label))
    } else {
        one(&name, &label)
    };
    if let Some(unit) = &view.unit {
        text += &format!(".unit({})", rust_literal(unit));
    }
    if let Some(range) = &field.range {
        let bound = |number: &rust_decimal::Decimal| match shape.rust {
            "i64" => number.trunc().to_string(),
            _ => format!("Decimal::new({}, {})", number.mantissa(), number.scale()),
        };
        match (&range.min, &range.max) {
            (Some(least), Some(most)) => text += &format!(".range({}, {})", bound(least), bound(most)),
            (Some(least), None) => text += &format!(".least({})", bound(least)),
            (None, Some(most)) => text += &format!(".most({})", bound(most)),
            (None, None) => {}
        }
    }
    if let Some(hint) = &field.hint {
        text += &format!(".hint({})", rust_literal(hint));
    }
    if !field.required {
        text += ".optional()";
    }
    text
}

/// A choice's value and the text that people read.
pub(crate) fn pair(choice: &str) -> String {
    let mut letters = choice.chars();
    let text: String =
        letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("({}, {})", rust_literal(choice), rust_literal(&(text + letters.as_str())))
}

fn default(field: &Field, view: &FieldView) -> Option<String> {
    let name = rust_literal(&view.json);
    Some(match field.default.as_ref()? {
        DefaultValue::Now => format!(".with_moment(view, {name}, Some(view.this_minute()))"),
        DefaultValue::Today => format!(".with({name}, view.today())"),
        DefaultValue::Text(text) => format!(".with({name}, {})", rust_literal(text)),
        DefaultValue::Choice(choice) => format!(".with({name}, {})", rust_literal(choice.as_str())),
        DefaultValue::Integer(number) => format!(".with({name}, {number}_i64)"),
        DefaultValue::Decimal(number) => {
            format!(".with({name}, Decimal::new({}, {}))", number.mantissa(), number.scale())
        }
        DefaultValue::Boolean(flag) => format!(".with({name}, {flag})"),
    })
}

fn sql_default(field: &Field) -> Option<String> {
    if !matches!(field.storage, Storage::Plain | Storage::Queryable) || field.list {
        return None;
    }
    Some(match field.default.as_ref()? {
        DefaultValue::Text(text) => crate::doors::sql_literal(text),
        DefaultValue::Choice(choice) => crate::doors::sql_literal(choice.as_str()),
        DefaultValue::Integer(number) => number.to_string(),
        DefaultValue::Decimal(number) => number.to_string(),
        DefaultValue::Boolean(_) | DefaultValue::Now | DefaultValue::Today => return None,
    })
}

fn fill(view: &FieldView) -> String {
    let name = rust_literal(&view.json);
    match view.kind {
        "moment" => format!(".with_moment(view, {name}, record.{}.known())", view.column),
        _ => format!(".with({name}, record.{}.known())", view.column),
    }
}

/// A decimal number as JSON carries it: as many digits as it surely keeps.
pub(crate) const DECIMAL: &str = r"^-?[0-9]{1,12}(\.[0-9]{1,12})?$";
/// A time of day, such as 14:05. (`format: time` of JSON Schema would want seconds and an offset.)
const TIME: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";

fn schema(field: &Field, mut schema: Value) -> Value {
    let number = |bound: &rust_decimal::Decimal| bound.to_string().parse::<f64>().ok().map(Value::from);
    if let (Some(range), "integer") = (&field.range, schema["type"].as_str().unwrap_or_default()) {
        if let Some(least) = range.min.as_ref().and_then(number) {
            schema["minimum"] = least;
        }
        if let Some(most) = range.max.as_ref().and_then(number) {
            schema["maximum"] = most;
        }
    }
    if field.list {
        schema = json!({ "type": "array", "items": schema });
    }
    schema["title"] = Value::from(field.label.clone());
    if let Some(unit) = &field.unit {
        schema["description"] = Value::from(format!("In {unit}."));
    }
    schema
}

/// What one kind of value is in each of the languages that we write.
struct Shape {
    word: &'static str,
    descriptor: &'static str,
    rust: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
    form: &'static str,
    schema: Value,
}

fn shape(kind: &Kind) -> Shape {
    let text = |word, form, descriptor, schema| Shape {
        word,
        descriptor,
        rust: "String",
        sqlite: "TEXT",
        postgres: "text",
        form,
        schema,
    };
    let plain = || json!({ "type": "string" });
    match kind {
        Kind::Text | Kind::PersonName => text("text", "text", "Text", plain()),
        Kind::LongText | Kind::Address => text("paragraphs", "paragraphs", "Text", plain()),
        Kind::Url => text("text", "text", "Text", json!({ "type": "string", "format": "uri" })),
        Kind::Email => text("email", "email", "Email", json!({ "type": "string", "format": "email" })),
        Kind::Phone => text("phone", "phone", "Phone", plain()),
        Kind::Mrn => text("text", "text", "RecordNumber", plain()),
        Kind::MemberId | Kind::Ssn => text("text", "text", "MemberNumber", plain()),
        Kind::OneOf(choices) => {
            let choices: Vec<&str> = choices.iter().map(spec::Choice::as_str).collect();
            text("choice", "choice", "Text", json!({ "type": "string", "enum": choices }))
        }
        Kind::Code(..) => text("code", "code", "Text", plain()),
        Kind::Time => text("time", "time", "Text", json!({ "type": "string", "pattern": TIME })),
        Kind::Integer | Kind::Duration => Shape {
            word: "integer",
            descriptor: "Integer",
            rust: "i64",
            sqlite: "INTEGER",
            postgres: "bigint",
            form: "integer",
            schema: json!({ "type": "integer", "format": "int64" }),
        },
        Kind::Decimal | Kind::Money => Shape {
            word: "decimal",
            descriptor: "Decimal",
            rust: "Decimal",
            sqlite: "REAL",
            postgres: "double precision",
            form: "decimal",
            schema: json!({ "type": "string", "pattern": DECIMAL }),
        },
        Kind::Boolean => Shape {
            word: "boolean",
            descriptor: "Bool",
            rust: "bool",
            sqlite: "INTEGER",
            postgres: "boolean",
            form: "yes_no",
            schema: json!({ "type": "boolean" }),
        },
        Kind::Date => Shape {
            word: "date",
            descriptor: "Date",
            rust: "Date",
            sqlite: "TEXT",
            postgres: "date",
            form: "date",
            schema: json!({ "type": "string", "format": "date" }),
        },
        Kind::Moment => Shape {
            word: "moment",
            descriptor: "Timestamp",
            rust: "OffsetDateTime",
            sqlite: "TEXT",
            postgres: "timestamptz",
            form: "moment",
            schema: json!({ "type": "string", "format": "date-time" }),
        },
        Kind::File => Shape {
            word: "file",
            descriptor: "Json",
            rust: "StoredFile",
            sqlite: "TEXT",
            postgres: "jsonb",
            form: "file",
            schema: json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string" }, "type": { "type": "string" },
                    "size": { "type": "integer" }, "sha256": { "type": "string" },
                },
            }),
        },
        Kind::Link(_) => Shape {
            word: "link",
            descriptor: "Uuid",
            rust: "Uuid",
            sqlite: "TEXT",
            postgres: "uuid",
            form: "record",
            schema: json!({ "type": "string", "format": "uuid" }),
        },
    }
}
