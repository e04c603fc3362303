//! A seller account on one of the marketplaces.

use kernel::{EmagAccountId, Timestamp, UserId, WarehouseId};

use super::text_code;
use crate::secret::Sealed;

text_code! {
    /// Whose goods the account sells.
    AccountKind {
        /// We ship from our own warehouse.
        Main => "MAIN",
        /// The goods lie at eMAG (Fulfilled by eMAG); their stock is eMAG's to write.
        Fbe => "FBE",
    }
}

/// An account on record.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "switches that a person sets one by one"
)]
pub struct Account {
    pub id: EmagAccountId,
    pub name: String,
    /// `emag-ro`, `emag-bg`, `emag-hu`, `fd-ro` or `fd-bg`.
    pub platform: String,
    pub kind: AccountKind,
    pub username: String,
    pub(crate) password: Sealed,
    /// Instead of the platform's own address.
    pub base_url: Option<String>,
    pub currency: String,
    pub warehouse_id: WarehouseId,
    pub is_active: bool,
    /// `bad_credentials`, `foreign_ip`, `no_credentials` or `unreachable`.
    pub fault: Option<String>,
    pub fault_detail: Option<String>,
    pub fault_at: Option<Timestamp>,
    /// Off until the owner saw what would be sent.
    pub push_enabled: bool,
    pub push_enabled_at: Option<Timestamp>,
    pub push_enabled_by: Option<UserId>,
    /// Whether prices of the own catalogue are sent too.
    pub push_prices: bool,
    /// Whether new orders are acknowledged at the marketplace. Off, they are read and reserved all the same, and stay new
    /// for another program that waits for them.
    pub acknowledge_orders: bool,
    /// Units kept back from the marketplace.
    pub safety_buffer: i64,
    pub opened_at: Option<Timestamp>,
    pub orders_read_until: Option<Timestamp>,
    pub version: i64,
}

impl Account {
    /// Whether a call may be tried at all: a faulty login stays silent until it is cured, an outage does not.
    pub fn may_call(&self) -> bool {
        self.is_active && self.fault.as_deref().is_none_or(|fault| fault == "unreachable")
    }
}

/// What a person types to connect an account.
#[derive(Clone)]
pub struct NewAccount {
    pub name: String,
    pub platform: String,
    pub kind: AccountKind,
    pub username: String,
    pub password: String,
    pub base_url: Option<String>,
    /// `None`: the first own warehouse for MAIN, a new marketplace warehouse for FBE.
    pub warehouse: Option<WarehouseId>,
    pub safety_buffer: i64,
    pub acknowledge_orders: bool,
}

/// What a person changes; `None` leaves as it is.
#[derive(Clone, Default)]
pub struct AccountPatch {
    pub name: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    /// `Some(None)` goes back to the platform's own address.
    pub base_url: Option<Option<String>>,
    pub is_active: Option<bool>,
    pub push_prices: Option<bool>,
    pub acknowledge_orders: Option<bool>,
    pub safety_buffer: Option<i64>,
}
