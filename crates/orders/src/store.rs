//! The statements of this slice, one function each. Sees only `app.customers`, `app.sales_orders`,
//! `app.sales_order_lines`, and reads the audit trail of these three and the names in it.

mod customers;
mod figures;
mod lines;
mod orders;
mod search;
mod timeline;

pub(crate) use customers::*;
pub(crate) use figures::*;
pub(crate) use lines::*;
pub(crate) use orders::*;
pub(crate) use search::*;
pub(crate) use timeline::*;
