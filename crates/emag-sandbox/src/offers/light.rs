//! `offer/save`, the light route: changes existing offers, answers per entity and never says `isError` at the top.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::fields::{Need, check};
use crate::reply::Reply;
use crate::state::Shop;
use crate::value::{Doc, id_at};

/// Saves each entity on its own. `failing` is the entity a fault was drawn for.
pub(crate) fn save(shop: &mut Shop, entities: &[Value], failing: Option<usize>, now: DateTime<Utc>) -> Reply {
    let mut results = Map::new();
    let empty = Doc::new();
    for (at, entity) in entities.iter().enumerate() {
        let sent = entity.as_object().unwrap_or(&empty);
        let id = id_at(sent, "id");
        let key = id.map_or_else(|| crate::value::text_at(sent, "id"), |id| id.to_string());
        let outcome = match id {
            _ if failing == Some(at) => Err(vec!["Internal error, please try again".to_owned()]),
            Some(id) => save_one(shop, id, sent, now),
            None => Err(vec!["The field id is mandatory".to_owned()]),
        };
        let is_error = outcome.is_err();
        let messages = outcome.map_or_else(
            |complaints| complaints,
            |()| vec![format!("Offer {key} updated successfully")],
        );
        results.insert(key, json!({"isError": is_error, "messages": messages}));
    }
    Reply::per_entity(results).with_entities(entities.len())
}

fn save_one(shop: &mut Shop, id: u64, sent: &Doc, now: DateTime<Utc>) -> Result<(), Vec<String>> {
    let frozen = shop.in_campaign(id, now);
    let offer = shop
        .offers
        .get_mut(&id)
        .ok_or_else(|| vec![format!("Offer {id} not found")])?;
    let kept = check(sent, Some(&offer.doc), Need::Nothing)?;
    if frozen {
        return Err(vec![format!(
            "Offer {id} is in an active campaign and cannot be updated"
        )]);
    }
    offer.doc.extend(kept);
    Ok(())
}
