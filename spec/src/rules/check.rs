//! A Rust expression to a typed tree.

pub(crate) use super::read::Scope;
use super::{
    Aggregate, Comparison, Expression, Operator, Tree, Type, Unit,
    read::{FUNCTIONS, Read, read, rule},
};
use crate::{
    decode::{listed, shown},
    field_type::{Choice, Class},
    model::{End, Path},
    problem::Complaint,
};
use std::fmt;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("yes or no"),
            Self::Number => f.write_str("a number"),
            Self::Text => f.write_str("a text"),
            Self::Choice(_) => f.write_str("a choice"),
            Self::Date => f.write_str("a date"),
            Self::Time => f.write_str("a time of day"),
            Self::Moment => f.write_str("a moment"),
            Self::Record => f.write_str("a record"),
            Self::List(_) => f.write_str("a list"),
        }
    }
}

/// Reads and type-checks an expression; with `wanted`, its value must be of that type.
pub(crate) fn check(said: &str, scope: &Scope<'_>, wanted: Option<Type>) -> Result<Expression, Complaint> {
    let Read { expression, paths } = read(said, scope)?;
    let checker = Checker { scope, paths: &paths };
    let (tree, result) = checker.tree(&expression)?;
    if let Some(wanted) = wanted
        && wanted != result
    {
        let complaint = rule(format!("`{}` is {result}, but {wanted} is needed here", shown(said)));
        return Err(if wanted == Type::Boolean {
            complaint.help("compare it, as in `… > 160` or `… == done`")
        } else {
            complaint
        });
    }
    let mut inputs = paths;
    if matches_items(&expression) {
        inputs.extend(scope.items.iter().map(|field| scope.own(*field)));
        inputs.dedup();
    }
    let class = inputs.iter().map(|path| scope.class_of(path)).max().unwrap_or(Class::None);
    Ok(Expression { said: said.to_owned(), tree, result, class, inputs })
}

fn matches_items(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Call(call) => call.args.iter().any(matches_items),
        syn::Expr::Path(path) => path.path.is_ident("items"),
        syn::Expr::Binary(binary) => matches_items(&binary.left) || matches_items(&binary.right),
        syn::Expr::Unary(unary) => matches_items(&unary.expr),
        syn::Expr::Paren(paren) => matches_items(&paren.expr),
        _ => false,
    }
}

impl Scope<'_> {
    fn own(&self, field: crate::model::FieldIndex) -> Path {
        Path { start: self.entity, hops: Vec::new(), end: End::Field(field) }
    }

    pub(crate) fn class_of(&self, path: &Path) -> Class {
        match path.end {
            End::Field(field) => self.entities[path.entity().0][field].class,
            _ => Class::None,
        }
    }
}

struct Checker<'c, 'm> {
    scope: &'c Scope<'m>,
    paths: &'c [Path],
}

type Typed = Result<(Tree, Type), Complaint>;

impl Checker<'_, '_> {
    fn tree(&self, expression: &syn::Expr) -> Typed {
        match expression {
            syn::Expr::Paren(paren) => self.tree(&paren.expr),
            syn::Expr::Lit(literal) => literal_tree(&literal.lit),
            syn::Expr::Path(path) => self.name(path),
            syn::Expr::Unary(unary) => self.unary(unary),
            syn::Expr::Binary(binary) => self.binary(binary),
            syn::Expr::Call(call) => self.call(call),
            syn::Expr::MethodCall(call) => {
                let (tree, _) = self.tree(&call.receiver)?;
                let missing = Tree::IsMissing(Box::new(tree));
                let tree = if call.method == "is_missing" { missing } else { Tree::Not(Box::new(missing)) };
                Ok((tree, Type::Boolean))
            }
            _ => Err(rule("this is not an expression of the language")),
        }
    }

    fn name(&self, path: &syn::ExprPath) -> Typed {
        let name = path.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "today" => Ok((Tree::Today, Type::Date)),
            "now" => Ok((Tree::Now, Type::Moment)),
            "items" => Err(rule("`items` stands only in `sum`, `count`, `min`, `max` and `mean`")),
            name => match name
                .strip_prefix('v')
                .and_then(|slot| slot.parse::<usize>().ok())
                .and_then(|slot| self.paths.get(slot))
            {
                Some(path) => Ok((Tree::Field(path.clone()), self.scope.type_of(path))),
                None => Err(rule("a function needs its arguments in parentheses")),
            },
        }
    }

    fn expect(&self, expression: &syn::Expr, wanted: &Type, of: &str) -> Result<Box<Tree>, Complaint> {
        let (tree, found) = self.tree(expression)?;
        if found == *wanted {
            Ok(Box::new(tree))
        } else {
            Err(rule(format!("{of} wants {wanted}, and this is {found}")))
        }
    }

    fn unary(&self, unary: &syn::ExprUnary) -> Typed {
        match unary.op {
            syn::UnOp::Not(_) => {
                Ok((Tree::Not(self.expect(&unary.expr, &Type::Boolean, "`not`")?), Type::Boolean))
            }
            syn::UnOp::Neg(_) => {
                Ok((Tree::Negative(self.expect(&unary.expr, &Type::Number, "`-`")?), Type::Number))
            }
            _ => Err(rule("this sign cannot stand here")),
        }
    }

    fn binary(&self, binary: &syn::ExprBinary) -> Typed {
        use syn::BinOp;
        let logic = |make: fn(Box<Tree>, Box<Tree>) -> Tree, word: &str| {
            let left = self.expect(&binary.left, &Type::Boolean, word)?;
            Ok((make(left, self.expect(&binary.right, &Type::Boolean, word)?), Type::Boolean))
        };
        let arithmetic = |operator: Operator| {
            let left = self.expect(&binary.left, &Type::Number, "arithmetic")?;
            Ok((
                Tree::Arithmetic(operator, left, self.expect(&binary.right, &Type::Number, "arithmetic")?),
                Type::Number,
            ))
        };
        match binary.op {
            BinOp::And(_) => logic(Tree::And, "`and`"),
            BinOp::Or(_) => logic(Tree::Or, "`or`"),
            BinOp::Add(_) => arithmetic(Operator::Plus),
            BinOp::Sub(_) => arithmetic(Operator::Minus),
            BinOp::Mul(_) => arithmetic(Operator::Times),
            BinOp::Div(_) => arithmetic(Operator::Over),
            BinOp::Eq(_) => self.compare(Comparison::Equal, binary),
            BinOp::Ne(_) => self.compare(Comparison::NotEqual, binary),
            BinOp::Lt(_) => self.compare(Comparison::Less, binary),
            BinOp::Le(_) => self.compare(Comparison::AtMost, binary),
            BinOp::Gt(_) => self.compare(Comparison::Greater, binary),
            BinOp::Ge(_) => self.compare(Comparison::AtLeast, binary),
            BinOp::Shl(_) => self.contains(binary),
            _ => Err(rule("this sign cannot stand here")),
        }
    }

    fn compare(&self, comparison: Comparison, binary: &syn::ExprBinary) -> Typed {
        let (left, left_type) = self.tree(&binary.left)?;
        let (right, right_type) = self.tree(&binary.right)?;
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let fits = match (&left_type, &right_type) {
            (Type::Number, Type::Number)
            | (Type::Date, Type::Date)
            | (Type::Moment, Type::Moment)
            | (Type::Time, Type::Time) => true,
            (Type::Boolean, Type::Boolean) | (Type::Text, Type::Text) => equality,
            (Type::Choice(choices), Type::Text) => equality && is_choice(choices, &right)?,
            (Type::Text, Type::Choice(choices)) => equality && is_choice(choices, &left)?,
            (Type::Choice(left), Type::Choice(right)) => equality && left == right,
            _ => false,
        };
        if fits {
            return Ok((Tree::Compare(comparison, Box::new(left), Box::new(right)), Type::Boolean));
        }
        let complaint = rule(format!("{left_type} cannot be compared with {right_type} in this way"));
        Err(match (&left_type, &right_type) {
            (Type::Date, Type::Moment) => complaint.help("compare a date with `today`"),
            (Type::Moment, Type::Date) => complaint.help("compare a moment with `now`"),
            (Type::Record, _) | (_, Type::Record) => {
                complaint.help("ask whether a linked record `is missing`, or compare one of its fields")
            }
            (Type::List(_), _) => complaint.help("ask whether a list `contains` a value"),
            _ => complaint,
        })
    }

    fn contains(&self, binary: &syn::ExprBinary) -> Typed {
        let (left, left_type) = self.tree(&binary.left)?;
        let (right, right_type) = self.tree(&binary.right)?;
        let fits = match (&left_type, &right_type) {
            (Type::List(of), Type::Text) => match of.as_ref() {
                Type::Text => true,
                Type::Choice(choices) => is_choice(choices, &right)?,
                _ => false,
            },
            (Type::Text, Type::Text) => true,
            _ => false,
        };
        if fits {
            Ok((
                Tree::Contains(matches!(left_type, Type::List(_)), Box::new(left), Box::new(right)),
                Type::Boolean,
            ))
        } else {
            Err(rule(format!("{left_type} cannot contain {right_type}")))
        }
    }

    fn call(&self, call: &syn::ExprCall) -> Typed {
        let name = match call.func.as_ref() {
            syn::Expr::Path(path) => path.path.get_ident().map(ToString::to_string).unwrap_or_default(),
            _ => String::new(),
        };
        let arguments: Vec<&syn::Expr> = call.args.iter().collect();
        match name.as_str() {
            "years" => self.between(Unit::Years, &arguments, &[Type::Date]),
            "days" => self.between(Unit::Days, &arguments, &[Type::Date, Type::Moment]),
            "hours" => self.between(Unit::Hours, &arguments, &[Type::Moment]),
            "sum" => self.aggregate(Aggregate::Sum, &arguments),
            "min" => self.aggregate(Aggregate::Least, &arguments),
            "max" => self.aggregate(Aggregate::Greatest, &arguments),
            "mean" => self.aggregate(Aggregate::Mean, &arguments),
            "count" => self.aggregate(Aggregate::Count, &arguments),
            _ => Err(rule("this is no function of the language")
                .help(format!("functions are {}", listed(FUNCTIONS)))),
        }
    }

    fn between(&self, unit: Unit, arguments: &[&syn::Expr], types: &[Type]) -> Typed {
        let [from, to] = arguments else {
            return Err(rule("this function counts from a first to a second point in time")
                .help("write `years(date of birth, today)`"));
        };
        let (from, from_type) = self.tree(from)?;
        let (to, to_type) = self.tree(to)?;
        if from_type != to_type || !types.contains(&from_type) {
            let types: Vec<_> = types.iter().map(|t| format!("{t} twice")).collect();
            return Err(rule(format!(
                "this function wants {}; these are {from_type} and {to_type}",
                types.join(" or ")
            )));
        }
        let unit = if unit == Unit::Days && from_type == Type::Moment { Unit::MomentDays } else { unit };
        Ok((Tree::Between(unit, Box::new(from), Box::new(to)), Type::Number))
    }

    fn aggregate(&self, aggregate: Aggregate, arguments: &[&syn::Expr]) -> Typed {
        let mut numbers = Vec::new();
        for argument in arguments {
            if matches!(argument, syn::Expr::Path(path) if path.path.is_ident("items")) {
                numbers.extend(self.scope.items.iter().map(|field| Tree::Field(self.scope.own(*field))));
                continue;
            }
            numbers.push(*self.expect(argument, &Type::Number, "this function")?);
        }
        if numbers.is_empty() {
            return Err(rule("this function wants one number or more"));
        }
        Ok((Tree::Aggregate(aggregate, numbers), Type::Number))
    }
}

fn is_choice(choices: &[Choice], tree: &Tree) -> Result<bool, Complaint> {
    match tree {
        Tree::Text(text) if choices.iter().any(|choice| choice.as_str() == text) => Ok(true),
        Tree::Text(text) => {
            let known: Vec<_> = choices.iter().map(Choice::as_str).collect();
            Err(rule(format!("`{}` is not one of the field's choices", shown(text)))
                .help(format!("they are {}", listed(&known))))
        }
        _ => Ok(false),
    }
}

fn literal_tree(literal: &syn::Lit) -> Typed {
    match literal {
        syn::Lit::Int(number) => match number.base10_parse::<u32>() {
            Ok(number_value) if number.suffix().is_empty() => {
                Ok((Tree::Number(f64::from(number_value)), Type::Number))
            }
            _ => Err(rule("this number is too large for a rule")),
        },
        syn::Lit::Float(number) => match number.base10_parse::<f64>() {
            Ok(value) if number.suffix().is_empty() && value.is_finite() => {
                Ok((Tree::Number(value), Type::Number))
            }
            _ => Err(rule("this is not a number")),
        },
        syn::Lit::Str(text) => Ok((Tree::Text(text.value()), Type::Text)),
        syn::Lit::Bool(value) => Ok((Tree::Boolean(value.value), Type::Boolean)),
        _ => Err(rule("this is not a value of the language")),
    }
}
