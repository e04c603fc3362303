//! Where a request came from: address, agent, request id. Every recognised actor carries them into the audit trail.
//!
//! `X-Forwarded-For` counts only when the connection itself comes from a proxy of ours; anybody else could write
//! into it what they please and so escape every limit that is kept per address.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap, header};
use kernel::{Actor, RequestId};

use crate::{AppState, Problem};

/// Longer names of programs are cut: the audit trail keeps them for ever.
const AGENT_CHARS_MAX: usize = 300;
/// What proxies add.
const FORWARDED: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// The sender of a request, known or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Behind believed proxies the address they name.
    pub ip: Option<IpAddr>,
    pub agent: Option<String>,
    pub request_id: Option<RequestId>,
    /// A proxy passed the request on: whatever the connection says, it did not begin at its other end.
    pub is_forwarded: bool,
}

impl Caller {
    /// What the layers noted about this request.
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// On this machine itself. A request that a proxy passed on is not, whatever its connection says.
    pub fn is_local(&self) -> bool {
        !self.is_forwarded && self.ip.is_some_and(|ip| ip.to_canonical().is_loopback())
    }

    /// On this machine or on its private network, by the connection itself.
    pub fn is_nearby(&self) -> bool {
        !self.is_forwarded && self.ip.is_some_and(|ip| is_private(ip.to_canonical()))
    }

    pub(crate) fn new(
        headers: &HeaderMap,
        extensions: &Extensions,
        proxies: &[IpAddr],
        request_id: RequestId,
    ) -> Self {
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip().to_canonical());
        Self {
            ip: peer.map(|peer| believed(headers, peer, proxies)),
            agent: headers
                .get(header::USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .map(|agent| agent.chars().take(AGENT_CHARS_MAX).collect()),
            request_id: Some(request_id),
            is_forwarded: FORWARDED.iter().any(|name| headers.contains_key(*name)),
        }
    }

    /// Tells the actor's missing particulars.
    pub(crate) fn sign(self, actor: &mut Actor) {
        actor.ip = actor.ip.or(self.ip);
        actor.agent = actor.agent.take().or(self.agent);
        actor.request_id = actor.request_id.take().or(self.request_id);
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        Ok(Self::of(parts))
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The right-most address that is not one of our own proxies. A proxy may add a header line of its own, so all lines
/// count; what cannot be read ends the search, since whoever stands left of it cannot be vouched for.
fn believed(headers: &HeaderMap, peer: IpAddr, proxies: &[IpAddr]) -> IpAddr {
    let ours = |ip: &IpAddr| proxies.iter().any(|proxy| proxy.to_canonical() == *ip);
    if !ours(&peer) {
        return peer;
    }
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    lines
        .iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .map_while(|part| address(part.trim()))
        .find(|ip| !ours(ip))
        .unwrap_or(peer)
}

/// `1.2.3.4`, `1.2.3.4:5678`, `::1`, `[::1]` or `[::1]:5678`.
fn address(text: &str) -> Option<IpAddr> {
    let ip = text
        .parse()
        .or_else(|_| text.trim_matches(['[', ']']).parse())
        .or_else(|_| text.parse::<SocketAddr>().map(|both| both.ip()));
    ip.ok().map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXIES: [&str; 2] = ["10.0.0.1", "10.0.0.2"];

    #[track_caller]
    fn check(peer: &str, lines: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxies = PROXIES.map(|proxy| proxy.parse().unwrap());
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4000)));
        let caller = Caller::new(&headers, &extensions, &proxies, RequestId("r".to_owned()));
        assert_eq!(caller.ip, Some(expected.parse().unwrap()), "{peer} {lines:?}");
    }

    #[test]
    fn a_stranger_cannot_choose_their_address() {
        check("203.0.113.7", &[], "203.0.113.7");
        check("203.0.113.7", &["198.51.100.1"], "203.0.113.7");
        check("203.0.113.7", &["10.0.0.1"], "203.0.113.7");
    }

    #[test]
    fn a_proxy_of_ours_is_believed_about_its_own_neighbour_only() {
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["6.6.6.6, 198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1");
        check("10.0.0.1", &["10.0.0.2"], "10.0.0.1");
    }

    #[test]
    fn a_header_line_sent_by_the_stranger_does_not_hide_the_proxy_s_line() {
        check("10.0.0.1", &["6.6.6.6", "198.51.100.1"], "198.51.100.1");
    }

    #[test]
    fn nearby_is_this_machine_and_its_private_network_unless_a_proxy_stands_between() {
        let caller = |ip: &str, is_forwarded| Caller {
            ip: Some(ip.parse().unwrap()),
            is_forwarded,
            ..Caller::default()
        };
        for ip in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.0.9",
            "172.16.5.5",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.9",
        ] {
            assert!(caller(ip, false).is_nearby(), "{ip}");
            assert!(!caller(ip, true).is_nearby(), "{ip} behind a proxy");
        }
        for ip in ["203.0.113.7", "172.32.0.1", "2001:db8::1", "::ffff:203.0.113.7"] {
            assert!(!caller(ip, false).is_nearby(), "{ip}");
        }
        assert!(!Caller::default().is_nearby());
        assert!(caller("::ffff:127.0.0.1", false).is_local() && !caller("10.1.2.3", false).is_local());
    }

    #[test]
    fn nothing_left_of_an_unreadable_entry_is_believed() {
        check("10.0.0.1", &["6.6.6.6, unknown"], "10.0.0.1");
        check("10.0.0.1", &[""], "10.0.0.1");
    }

    #[test]
    fn every_way_of_writing_an_address_is_read() {
        check("::ffff:10.0.0.1", &["198.51.100.1:5678"], "198.51.100.1");
        check("10.0.0.1", &["[2001:db8::1]:5678"], "2001:db8::1");
        check("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1");
        check("10.0.0.1", &["2001:db8::1"], "2001:db8::1");
        check("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1");
    }
}
