mod ledger;
mod rim;
mod rules;
