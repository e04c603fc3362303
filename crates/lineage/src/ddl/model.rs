//! The effects of DDL: what is created, changed, dropped or needed, where it is said, and how surely it happens.
//!
//! Names are folded as the server folds them; definitions are texts without comments, whitespace and
//! case of keywords, so that two of them are equal when they mean the same.

use std::fmt;

/// A range of bytes in the SQL of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A name as the server sees it: folded, with its schema if one was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The schema, if written.
    pub schema: Option<String>,
    /// The object's own name.
    pub name: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: Name,
    /// Where it is written.
    pub at: Span,
}

/// Kinds of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `CREATE SCHEMA`.
    Schema,
    /// A table, foreign tables included.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A sequence.
    Sequence,
    /// An index.
    Index,
    /// A type: enum, composite, range, domain.
    Type,
    /// A function, procedure or aggregate.
    Routine,
    /// An extension.
    Extension,
    /// A column of a table.
    Column,
    /// A constraint of a table.
    Constraint,
    /// A trigger of a table.
    Trigger,
    /// A row security policy of a table.
    Policy,
}

impl Kind {
    /// As it is called in a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Sequence => "sequence",
            Self::Index => "index",
            Self::Type => "type",
            Self::Routine => "function",
            Self::Extension => "extension",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
        }
    }
}

/// What keeps a statement from failing when its work is done already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Guard {
    /// Nothing.
    #[default]
    None,
    /// `IF [NOT] EXISTS`.
    Clause,
    /// `OR REPLACE`.
    Replace,
    /// An exception handler around it.
    Caught,
    /// An `IF` around it that asks the catalogue.
    Asked(Question),
}

impl Guard {
    /// True if a second run does not fail.
    pub fn holds(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// What the condition of an `IF` in a `DO` block asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which kind of object it looks for, if that can be told.
    pub kind: Option<Kind>,
    /// The texts in it: names it may look for, in lower case.
    pub texts: Vec<String>,
    /// Where it stands.
    pub at: Span,
}

/// One effect of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What is done.
    pub action: Action,
    /// What keeps it from failing.
    pub guard: Guard,
    /// False if it may not happen: inside `IF`, a loop or an exception handler.
    pub sure: bool,
    /// The statement, or the part of it that says this.
    pub at: Span,
    /// Which statement of the section.
    pub statement: usize,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A schema.
    CreateSchema(Named),
    /// An extension.
    CreateExtension(Named),
    /// A table.
    CreateTable(Box<Table>),
    /// A view or materialized view.
    CreateView(Box<View>),
    /// A sequence.
    CreateSequence(Box<Sequence>),
    /// An index.
    CreateIndex(Box<Index>),
    /// A type or domain.
    CreateType(Box<TypeDefinition>),
    /// A function or procedure.
    CreateRoutine(Box<Routine>),
    /// A trigger.
    CreateTrigger(Box<Trigger>),
    /// A policy.
    CreatePolicy {
        /// The table it belongs to.
        table: Named,
        /// Its name.
        policy: Named,
        /// What it says.
        definition: String,
    },
    /// `ALTER TABLE ... ADD COLUMN`.
    AddColumn {
        /// The table.
        table: Named,
        /// The column.
        column: Box<Column>,
    },
    /// `ALTER TABLE ... ADD CONSTRAINT`.
    AddConstraint {
        /// The table.
        table: Named,
        /// The constraint.
        constraint: Box<Constraint>,
    },
    /// `ALTER TABLE ... ALTER COLUMN`.
    AlterColumn {
        /// The table.
        table: Named,
        /// The column.
        column: Named,
        /// What changes.
        change: ColumnChange,
    },
    /// `ALTER TABLE ... VALIDATE CONSTRAINT`.
    Validate {
        /// The table.
        table: Named,
        /// The constraint.
        constraint: Named,
    },
    /// `ALTER TYPE ... ADD VALUE`.
    AddLabel {
        /// The enum.
        of: Named,
        /// The new label.
        label: String,
    },
    /// Any other change of an object that must be there; `definition` is what it is set to.
    Alter {
        /// What it is.
        kind: Kind,
        /// Which.
        object: Named,
        /// The table it belongs to, for columns, constraints, triggers and policies.
        table: Option<Named>,
        /// The change, so that a way back can be compared with it.
        definition: String,
    },
    /// A table that becomes a child or partition of another, or stops being one.
    Attach {
        /// The parent.
        parent: Named,
        /// The child.
        child: Named,
    },
    /// `ALTER ... RENAME TO`.
    Rename {
        /// What it is.
        kind: Kind,
        /// Which.
        object: Named,
        /// The table it belongs to, for columns, constraints, triggers and policies.
        table: Option<Named>,
        /// Its new name.
        to: String,
    },
    /// `ALTER ... SET SCHEMA`.
    Move {
        /// What it is.
        kind: Kind,
        /// Which.
        object: Named,
        /// Its new schema.
        schema: String,
    },
    /// `DROP ...`, all objects of one statement.
    Drop {
        /// What they are.
        kind: Kind,
        /// Which.
        objects: Vec<Named>,
        /// The table they belong to, for columns, constraints, triggers and policies.
        table: Option<Named>,
        /// With what depends on them.
        cascade: bool,
        /// Without blocking writers.
        concurrently: bool,
    },
    /// Rows: `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`.
    Rows {
        /// The table, where it can be told.
        table: Named,
        /// What happens to them.
        change: RowChange,
    },
    /// `REFRESH`, `CLUSTER`, `VACUUM FULL`, `REINDEX`: the object is locked as a whole.
    Maintain {
        /// The command.
        command: &'static str,
        /// On what.
        object: Named,
        /// Without blocking readers.
        concurrently: bool,
    },
    /// `SET search_path`: where unqualified names go from here. `None` if it cannot be told.
    SearchPath(Option<String>),
    /// `SET lock_timeout` to something else than 0.
    LockTimeout,
    /// `SET lock_timeout` to 0 or the default, `RESET`: no limit from here.
    NoLockTimeout,
    /// Something that cannot be seen from outside, and why.
    Opaque(String),
}

/// What happens to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowChange {
    /// Added or changed.
    Write,
    /// All of them removed.
    RemoveAll,
    /// All of them and those of referencing tables removed.
    RemoveAllCascade,
    /// Some of them removed.
    RemoveSome,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Named,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Constraints that stand on their own, and those of columns.
    pub constraints: Vec<Constraint>,
    /// Tables it is made from: parents, `LIKE`, the table it is a partition of.
    pub from: Vec<Named>,
    /// True if it has columns that are not written here.
    pub open: bool,
    /// What it says besides columns and constraints.
    pub definition: String,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Named,
    /// Its type, normalised.
    pub ty: String,
    /// The type's name, if it is not one of the server's own.
    pub user_type: Option<Named>,
    /// Declared NOT NULL, or part of a primary key of its own.
    pub not_null: bool,
    /// Its default.
    pub default: ColumnDefault,
    /// `serial`, identity: the rows there are get numbers.
    pub numbered: bool,
    /// `GENERATED ... STORED`.
    pub stored: bool,
    /// Everything said about it but constraints, normalised.
    pub definition: String,
    /// Constraints said beside it.
    pub constraints: Vec<Constraint>,
}

/// A default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ColumnDefault {
    /// None.
    #[default]
    None,
    /// One value for all rows there are.
    Once(String),
    /// Computed for each row.
    EachRow(String),
}

/// A change of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnChange {
    /// `TYPE`.
    Type(String),
    /// `SET NOT NULL`.
    SetNotNull,
    /// `DROP NOT NULL`.
    DropNotNull,
    /// `SET DEFAULT`, `DROP DEFAULT`.
    Default(ColumnDefault),
    /// Anything else.
    Other(String),
}

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name, if given.
    pub name: Option<String>,
    /// What it holds.
    pub rule: ConstraintRule,
    /// Columns it is about.
    pub columns: Vec<String>,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// `USING INDEX`: the index it takes over.
    pub using_index: Option<String>,
    /// What it says, normalised, without its name.
    pub definition: String,
    /// Where it stands.
    pub at: Span,
}

/// What a constraint holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstraintRule {
    /// `PRIMARY KEY`.
    PrimaryKey,
    /// `UNIQUE`.
    Unique,
    /// `CHECK`.
    Check,
    /// `EXCLUDE`.
    Exclude,
    /// `NOT NULL` as a constraint of its own.
    NotNull,
    /// `FOREIGN KEY`, `REFERENCES`.
    Foreign {
        /// The table it refers to.
        target: Named,
        /// The columns there; empty for its primary key.
        columns: Vec<String>,
    },
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name, if given.
    pub name: Option<Named>,
    /// The table.
    pub table: Named,
    /// The plain columns; `None` if one item is an expression.
    pub columns: Option<Vec<String>>,
    /// `UNIQUE`.
    pub unique: bool,
    /// `WHERE`.
    pub partial: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// Method, items, included columns, condition: what it is, whatever it is called.
    pub definition: String,
}

/// A view or materialized view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: Named,
    /// View or materialized view.
    pub kind: Kind,
    /// Relations it reads.
    pub reads: Vec<Named>,
    /// Its query.
    pub definition: String,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Its name.
    pub name: Named,
    /// Its options.
    pub definition: String,
}

/// A type or domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDefinition {
    /// Its name.
    pub name: Named,
    /// The labels of an enum.
    pub labels: Option<Vec<String>>,
    /// What it is.
    pub definition: String,
}

/// A function or procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routine {
    /// Its name.
    pub name: Named,
    /// Types of its input parameters; `None` if not written (`DROP FUNCTION f`).
    pub arguments: Option<Vec<String>>,
    /// Everything it says.
    pub definition: String,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: Named,
    /// The table or view.
    pub table: Named,
    /// The function it calls.
    pub function: Option<Named>,
    /// Everything it says.
    pub definition: String,
}
