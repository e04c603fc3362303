//! Who is acting: a user, a program with a token, or the house itself.

use std::net::IpAddr;

use crate::{ApiTokenId, Locale, Permission, PermissionSet, UserId};

/// Identifies one request in logs and in what a person can quote to support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The kind of actor; decides what the audit trail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A person with a browser session.
    User(UserId),
    /// A program with an API token that belongs to a user.
    Token { token: ApiTokenId, user: UserId },
    /// A background job, a command on the server or the set-up page; `name` says which.
    System { name: &'static str },
}

/// Everything a use case may want to know about its caller.
#[derive(Clone, Debug)]
pub struct Actor {
    pub kind: ActorKind,
    pub permissions: PermissionSet,
    pub locale: Locale,
    pub ip: Option<IpAddr>,
    pub agent: Option<String>,
    pub request_id: Option<RequestId>,
}

/// The actor lacks a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("permission {0} is missing")]
pub struct Denied(pub Permission);

impl Actor {
    /// The house itself: jobs and commands run by whoever owns the server.
    pub fn system(name: &'static str) -> Self {
        Self {
            kind: ActorKind::System { name },
            permissions: PermissionSet::All,
            locale: Locale::default(),
            ip: None,
            agent: None,
            request_id: None,
        }
    }

    /// The user behind the actor, if there is one.
    pub fn user_id(&self) -> Option<UserId> {
        match self.kind {
            ActorKind::User(user) | ActorKind::Token { user, .. } => Some(user),
            ActorKind::System { .. } => None,
        }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// First line of every use case: deny by default.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Denied(permission))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEE: Permission = Permission::new("orders.view");

    #[test]
    fn an_actor_without_the_permission_is_denied_by_name() {
        let mut actor = Actor::system("test");
        assert_eq!(actor.require(SEE), Ok(()));
        actor.permissions = PermissionSet::default();
        assert_eq!(actor.require(SEE), Err(Denied(SEE)));
        actor.permissions = ["orders.view".to_owned()].into_iter().collect();
        assert_eq!(actor.require(SEE), Ok(()));
    }
}
