//! What a seller sees: orders that come once, stock that is never promised twice, sums that add up.

mod background;
mod bench;
mod customers;
mod importing;
mod lists;
mod queue;
mod rim;
mod rules;
mod selling;
