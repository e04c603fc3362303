//! The switches of the sandbox where the document leaves a choice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a read does with filters wrapped in `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadDataWrapper {
    /// Ignored in a JSON body, as in production; still taken from a form body.
    #[default]
    Ignore,
    /// Taken from both.
    Accept,
}

/// The switches, as `PUT /_sandbox/settings` spells them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Filters wrapped in `data` on a read.
    pub read_data_wrapper: ReadDataWrapper,
    /// Whether calls above the limits are refused with 429.
    pub rate_limits: bool,
    /// Whether an account's `allowed_ips` are enforced.
    pub ip_whitelist: bool,
    /// Whether `offer_stock` also takes the list form of `stock`.
    pub lenient_offer_stock: bool,
    /// The customer's return period in days.
    pub return_period_days: i64,
    /// Simulated trade: orders an hour, per user name. Empty: no orders arrive by themselves.
    pub trade_orders_per_hour: BTreeMap<String, f64>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            read_data_wrapper: ReadDataWrapper::Ignore,
            rate_limits: true,
            ip_whitelist: true,
            lenient_offer_stock: false,
            return_period_days: 30,
            trade_orders_per_hour: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// These settings with the given keys changed.
    pub(crate) fn changed(&self, changes: Value) -> Result<Settings, String> {
        let Value::Object(changes) = changes else {
            return Err("a JSON object is expected".to_owned());
        };
        let mut all = serde_json::to_value(self).map_err(|fault| fault.to_string())?;
        if let Value::Object(all) = &mut all {
            all.extend(changes);
        }
        serde_json::from_value(all).map_err(|fault| fault.to_string())
    }
}
