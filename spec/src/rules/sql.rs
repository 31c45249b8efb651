//! SQL text of an expression, the same for SQLite and PostgreSQL.
//!
//! Only what the database can see is sayable: plain and queryable fields, comparisons, arithmetic and
//! logic. The context values `:now` and `:today` are numbered by the library.

use super::{Comparison, Expression, Operator, Tree};
use crate::{
    access::literal,
    model::{End, Entity, EntityIndex, Path, Storage},
};

/// Why the database cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotQueryable {
    /// A field is sealed; a clinical one can be declared `queryable`.
    #[error("the database cannot compare `{field}`, which is sealed")]
    Sealed {
        /// The entity that has it.
        entity: EntityIndex,
        /// Its name.
        field: String,
        /// Whether `queryable` would help.
        clinical: bool,
    },
    /// A field is computed when it is read.
    #[error("the database cannot compare `{0}`, which is computed when it is read")]
    Computed(String),
    /// A function that only the app knows.
    #[error("the database cannot be asked for `{0}`")]
    Function(&'static str),
}

impl Expression {
    /// The expression over the table (or alias) `at` of its entity.
    ///
    /// # Errors
    /// When a field is sealed or computed, or a function is not one of the database's.
    pub fn sql(&self, entities: &[Entity], at: &str) -> Result<String, NotQueryable> {
        Writer { entities, aliases: 0 }.tree(&self.tree, at)
    }
}

/// The SQL of one path, over the table (or alias) `at` of the entity that it starts from.
///
/// # Errors
/// When the field is sealed or computed.
pub fn path_sql(entities: &[Entity], path: &Path, at: &str) -> Result<String, NotQueryable> {
    Writer { entities, aliases: 0 }.path(path, at)
}

struct Writer<'m> {
    entities: &'m [Entity],
    aliases: usize,
}

impl Writer<'_> {
    fn tree(&mut self, tree: &Tree, at: &str) -> Result<String, NotQueryable> {
        Ok(match tree {
            Tree::Field(path) => self.path(path, at)?,
            Tree::Number(value) => value.to_string(),
            Tree::Text(text) => literal(text),
            Tree::Boolean(true) => "TRUE".into(),
            Tree::Boolean(false) => "FALSE".into(),
            Tree::Today => ":today".into(),
            Tree::Now => ":now".into(),
            Tree::Not(of) => format!("(NOT {})", self.tree(of, at)?),
            Tree::And(left, right) => format!("({} AND {})", self.tree(left, at)?, self.tree(right, at)?),
            Tree::Or(left, right) => format!("({} OR {})", self.tree(left, at)?, self.tree(right, at)?),
            Tree::Compare(comparison, left, right) => {
                format!("({} {} {})", self.tree(left, at)?, sign(*comparison), self.tree(right, at)?)
            }
            // Whole numbers would divide and overflow as whole numbers; the type's name is one that
            // both databases read as a 64-bit float.
            Tree::Arithmetic(Operator::Over, left, right) => {
                format!("({} / NULLIF({}, 0))", self.float(left, at)?, self.float(right, at)?)
            }
            Tree::Arithmetic(operator, left, right) => {
                let sign = match operator {
                    Operator::Plus => "+",
                    Operator::Minus => "-",
                    Operator::Times | Operator::Over => "*",
                };
                format!("({} {sign} {})", self.float(left, at)?, self.float(right, at)?)
            }
            Tree::Negative(of) => format!("(- {})", self.float(of, at)?),
            Tree::IsMissing(of) => match of.as_ref() {
                // Whether a sealed value is there shows without opening it.
                Tree::Field(path) => format!("({} IS NULL)", self.presence(path, at)?),
                of => format!("({} IS NULL)", self.tree(of, at)?),
            },
            Tree::Between(..) => return Err(NotQueryable::Function("years, days, hours")),
            Tree::Aggregate(..) => return Err(NotQueryable::Function("sum, count, min, max, mean")),
            Tree::Contains(..) => return Err(NotQueryable::Function("contains")),
        })
    }

    fn float(&mut self, tree: &Tree, at: &str) -> Result<String, NotQueryable> {
        Ok(format!("CAST({} AS DOUBLE PRECISION)", self.tree(tree, at)?))
    }

    fn path(&mut self, path: &Path, at: &str) -> Result<String, NotQueryable> {
        if let End::Field(index) = path.end {
            let field = &self.entities[path.entity().0][index];
            match field.storage {
                Storage::Plain | Storage::Queryable => {}
                Storage::Sealed { .. } => {
                    return Err(NotQueryable::Sealed {
                        entity: path.entity(),
                        field: field.name.to_string(),
                        clinical: field.class == crate::field_type::Class::Clinical,
                    });
                }
                Storage::Computed => return Err(NotQueryable::Computed(field.name.to_string())),
            }
        }
        self.presence(path, at)
    }

    /// The column at the end of a path, sealed or not.
    fn presence(&mut self, path: &Path, at: &str) -> Result<String, NotQueryable> {
        let column = match path.end {
            End::Field(index) => {
                let field = &self.entities[path.entity().0][index];
                if field.storage == Storage::Computed {
                    return Err(NotQueryable::Computed(field.name.to_string()));
                }
                field.column.as_str()
            }
            End::Title => "id",
            End::Reference => "reference",
            End::CreatedAt => "created_at",
            End::UpdatedAt => "updated_at",
            End::CreatedBy => "created_by_id",
            End::Place => "place_id",
        };
        let Some((first, more)) = path.hops.split_first() else { return Ok(format!("{at}.{column}")) };
        self.aliases += 1;
        let mut alias = format!("l{}", self.aliases);
        let mut from = format!("{} {alias}", self.entities[first.to.0].table);
        let condition =
            format!("{alias}.id = {at}.{} AND {alias}.organisation_id = {at}.organisation_id", first.column);
        for hop in more {
            self.aliases += 1;
            let next = format!("l{}", self.aliases);
            let table = &self.entities[hop.to.0].table;
            from += &format!(
                " JOIN {table} {next} ON {next}.id = {alias}.{} AND {next}.organisation_id = {alias}.organisation_id",
                hop.column
            );
            alias = next;
        }
        Ok(format!("(SELECT {alias}.{column} FROM {from} WHERE {condition})"))
    }
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::AtMost => "<=",
        Comparison::Greater => ">",
        Comparison::AtLeast => ">=",
    }
}
