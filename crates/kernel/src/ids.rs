//! One id type per table, so that two of them can never be swapped.

/// Declares a database id: a positive 64-bit integer with a name of its own.
#[macro_export]
macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id_type! {
    /// A person who signs in.
    UserId,
    /// A named set of permissions.
    RoleId,
    /// A browser session.
    SessionId,
    /// A token that a program uses to call the API.
    ApiTokenId,
    /// An article of the own catalogue.
    ProductId,
    /// A node of the own category tree.
    CategoryId,
    /// A place that holds stock.
    WarehouseId,
    /// One row of the stock ledger.
    MovementId,
    /// Units of a product promised to an order line.
    ReservationId,
    /// Somebody who buys.
    CustomerId,
    /// A sales order of any channel.
    OrderId,
    /// One line of a sales order.
    OrderLineId,
    /// A seller account on the marketplace.
    EmagAccountId,
    /// An article as one marketplace account lists it.
    ListingId,
    /// An order as the marketplace gave it.
    EmagOrderId,
    /// One run of a synchronisation.
    SyncRunId,
    /// One row of the audit trail.
    AuditId,
}
