//! Every way a call can fail, with the data a caller needs to decide. No prose for users and nothing secret.

use std::fmt;
use std::time::Duration;

/// One message of an answer, whatever of its shapes the partner chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    /// The request field it is about, where the partner says so.
    pub field: Option<String>,
}

impl Message {
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            field: None,
        }
    }
}

/// Which of the three account troubles an operator has to cure. None of them is ever an item's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountFault {
    /// Wrong name or password, or the user lacks the API right.
    BadCredentials,
    /// The caller's address is not on the account's list.
    ForeignIp,
    /// The call arrived without credentials.
    NoCredentials,
}

impl AccountFault {
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::ForeignIp => "foreign_ip",
            Self::NoCredentials => "no_credentials",
        }
    }
}

/// How the network failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnreachableKind {
    /// No connection: the call was certainly not carried out.
    Connect,
    /// No answer in time: the call may have been carried out.
    Timeout,
    /// The connection closed before a whole answer: the call may have been carried out.
    Closed,
    /// The answer was larger than the transport takes.
    TooLarge,
}

/// A field that would have been refused, found before anything was sent (bad requests count against the budget).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    pub field: &'static str,
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldProblem {
    Missing,
    OutOfRange,
    TooLong,
    TooManyDecimals,
    /// Two fields contradict each other (minimum above maximum, price outside its bounds).
    Contradiction,
    TooManyElements,
}

/// Why a call has no accepted answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The partner understood and said no. Not to be repeated unchanged.
    #[error("refused with status {status}: {}", Joined(.messages))]
    Refused { status: u16, messages: Vec<Message> },
    /// Over the rate; the call was not carried out.
    #[error("throttled")]
    Throttled { retry_after: Option<Duration> },
    /// The order is being worked on at the partner; try again in some seconds.
    #[error("resource locked: {}", Joined(.messages))]
    Locked { messages: Vec<Message> },
    /// The partner's back end is in trouble. Never the item's fault.
    #[error("transient trouble, status {status}")]
    Transient {
        status: u16,
        retry_after: Option<Duration>,
        sample: String,
    },
    #[error("unreachable: {kind:?}")]
    Unreachable { kind: UnreachableKind },
    #[error("account fault: {}", fault.name())]
    Account {
        fault: AccountFault,
        messages: Vec<Message>,
    },
    /// Neither a success nor a refusal: missing `isError`, no JSON, or a shape nobody knows. `sample` holds at most 500 bytes.
    #[error("answer not understood, status {status}: {sample}")]
    NotUnderstood { status: u16, sample: String },
    /// The account's circuit is open; nothing was sent.
    #[error("circuit open")]
    CircuitOpen {
        retry_after: Option<Duration>,
        fault: Option<AccountFault>,
    },
    /// A filtered read returned a row that does not satisfy the filter: the partner ignored it silently.
    #[error("filter {key} ignored by the partner, row {row_id} shows it")]
    FilterIgnored { key: &'static str, row_id: u64 },
    /// The read went on past the hard cap.
    #[error("more than {pages} pages")]
    TooManyPages { pages: u32 },
    /// Refused here, before sending.
    #[error("invalid request: {}", Fields(.fields))]
    Invalid { fields: Vec<InvalidField> },
}

impl ApiError {
    /// Name for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::Locked { .. } => "locked",
            Self::Transient { .. } => "transient",
            Self::Unreachable { .. } => "unreachable",
            Self::Account { .. } => "account_fault",
            Self::NotUnderstood { .. } => "not_understood",
            Self::CircuitOpen { .. } => "circuit_open",
            Self::FilterIgnored { .. } => "filter_ignored",
            Self::TooManyPages { .. } => "too_many_pages",
            Self::Invalid { .. } => "invalid",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn heals_by_itself(&self) -> bool {
        match self {
            Self::Throttled { .. }
            | Self::Locked { .. }
            | Self::Transient { .. }
            | Self::Unreachable { .. } => true,
            Self::CircuitOpen { fault, .. } => fault.is_none(),
            Self::Refused { .. }
            | Self::Account { .. }
            | Self::NotUnderstood { .. }
            | Self::FilterIgnored { .. }
            | Self::TooManyPages { .. }
            | Self::Invalid { .. } => false,
        }
    }

    /// Whether the account itself must be cured before any call can succeed.
    pub const fn account_fault(&self) -> Option<AccountFault> {
        match self {
            Self::Account { fault, .. } => Some(*fault),
            Self::CircuitOpen { fault, .. } => *fault,
            Self::Refused { .. }
            | Self::Throttled { .. }
            | Self::Locked { .. }
            | Self::Transient { .. }
            | Self::Unreachable { .. }
            | Self::NotUnderstood { .. }
            | Self::FilterIgnored { .. }
            | Self::TooManyPages { .. }
            | Self::Invalid { .. } => None,
        }
    }
}

struct Joined<'a>(&'a [Message]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, message) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&message.text)?;
        }
        Ok(())
    }
}

struct Fields<'a>(&'a [InvalidField]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{} {:?}", field.field, field.problem)?;
        }
        Ok(())
    }
}
