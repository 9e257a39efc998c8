//! Expressions.

/// A CEL expression. Macros are part of it rather than spelled out: `self.all(x, x > 0)` is a [`Fold`].
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// `1`, `'a'`, `true`.
    Literal(Literal),
    /// A variable, or a type.
    Name(Box<str>),
    /// `a.b`; optional for `a.?b`.
    Select {
        /// What has the field.
        of: Box<Expression>,
        /// The field, as written.
        field: Box<str>,
        /// Whether a field that is not there makes an empty optional.
        optional: bool,
    },
    /// `has(a.b)`.
    Has {
        /// What may have the field.
        of: Box<Expression>,
        /// The field, as written.
        field: Box<str>,
    },
    /// `a[b]`; optional for `a[?b]`.
    Index {
        /// A list or a mapping.
        of: Box<Expression>,
        /// Where.
        index: Box<Expression>,
        /// Whether an entry that is not there makes an empty optional.
        optional: bool,
    },
    /// A call of a function.
    Call(Box<Call>),
    /// `!a`.
    Not(Box<Expression>),
    /// `-a`.
    Negative(Box<Expression>),
    /// An operator between two.
    Binary(Binary, Box<Expression>, Box<Expression>),
    /// `a && b && c`.
    And(Vec<Expression>),
    /// `a || b || c`.
    Or(Vec<Expression>),
    /// `a ? b : c`.
    Choice(Box<[Expression; 3]>),
    /// `[a, ?b]`.
    List(Vec<Item>),
    /// `{a: b, ?c: d}`.
    Map(Vec<(Expression, Item)>),
    /// A macro over the entries of a list or mapping.
    Fold(Box<Fold>),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// `1`, `0x1f`.
    Int(i64),
    /// `1u`.
    Uint(u64),
    /// `1.5`.
    Double(f64),
    /// `'a'`.
    String(Box<str>),
    /// `b'a'`.
    Bytes(Box<[u8]>),
}

/// An entry of a list or mapping; an optional one (`?a`) is left out when it is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The value.
    pub value: Expression,
    /// Whether it stands behind a `?`.
    pub optional: bool,
}

/// A call: `f(a)`, `t.f(a)`, `sets.contains(a, b)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What stands before the dot; nothing for a function with a name of its own (`sets.contains`).
    pub target: Option<Expression>,
    /// The function.
    pub function: Box<str>,
    /// What it is called with, the target left out.
    pub arguments: Vec<Expression>,
}

/// An operator between two values. `&&` and `||` are not among them: they look at one side only where that is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A macro over the entries of a list or mapping, or over what an optional holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// Which one.
    pub kind: FoldKind,
    /// What has the entries.
    pub over: Expression,
    /// The name of an entry; of an index or a key where there are two names.
    pub first: Box<str>,
    /// The name of the value.
    pub second: Option<Box<str>>,
    /// Which entries count; all where there is none.
    pub filter: Option<Expression>,
    /// What is asked, or made, for each entry.
    pub body: Expression,
}

/// The macros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FoldKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
    TransformList,
    TransformMap,
    TransformMapEntry,
    SortBy,
    OptMap,
    OptFlatMap,
}
