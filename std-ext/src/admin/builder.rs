//! What is told, and what may be changed.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::hash::Hash;

use axum::Router;
use fusebox::Listener;
use fusebox::policy::TripPolicy;

use super::routes::{self, Known};
use crate::clock::Uptime;
use crate::set::CircuitBreakerSet;

/// Shows sets of circuits over HTTP, and changes them if it may: see the [module](super).
///
/// ```
/// use axum::body::Body;
/// use axum::http::{Request, StatusCode};
/// use fusebox_std::CircuitBreakerSet;
/// use fusebox_std::admin::Admin;
/// use tower::ServiceExt;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let upstreams = CircuitBreakerSet::<String>::new();
/// upstreams.handle("inventory")?.open();
/// let admin = Admin::new().set("upstreams", upstreams).router();
///
/// let request = Request::get("/circuits/upstreams?state=open").body(Body::empty())?;
/// let response = admin.oneshot(request).await?;
/// assert_eq!(response.status(), StatusCode::OK);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "it is served by its router"]
pub struct Admin(Known);

impl Admin {
    /// No set yet, no vital circuit, and nothing may be changed.
    pub const fn new() -> Self {
        Self(Known { sets: BTreeMap::new(), vital: None, allow_changes: false })
    }

    /// Adds a set. Its name is a segment of the path; of two sets with the same name the later one is shown.
    pub fn set<K, C, P, L>(mut self, name: impl Into<String>, set: CircuitBreakerSet<K, C, P, L>) -> Self
    where
        K: Display + Clone + Eq + Hash + Send + Sync + 'static,
        C: Uptime + Clone + Send + Sync + 'static,
        P: TripPolicy + Send + Sync + 'static,
        P::History: Send + Sync,
        L: Listener<K> + Send + Sync + 'static,
    {
        self.0.sets.insert(name.into(), Box::new(set));
        self
    }

    /// Names the circuits that the program cannot do without, by the name of the set and the key as displayed. Without
    /// this the program is always ready.
    ///
    /// `GET /ready` fails while a vital circuit is forced open, or open and its wait is not over. Then the program is
    /// ready again, as a warning, so that a request can come and be the probe. Think twice: where all replicas have the
    /// same upstream, they are all taken out of service at once.
    pub fn vital(mut self, vital: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        self.0.vital = Some(Box::new(vital));
        self
    }

    /// Lets requests change circuits: `POST /circuits/SET/KEY/CHANGE`, where the change is one of `open`, `half_open`,
    /// `close`, `reset`, `force_open`, `disable`, `observe` and `automatic`. Off by default, and answered with 403.
    ///
    /// Whoever reaches the router may then stop or let through all calls. A change needs the header
    /// `Content-Type: application/json`, which a page of another site cannot send without asking first, and the router
    /// never agrees. That protects browsers inside your network, and is no authentication.
    pub fn allow_changes(mut self) -> Self {
        self.0.allow_changes = true;
        self
    }

    /// Makes the router.
    pub fn router(self) -> Router {
        routes::router(self.0)
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { sets, allow_changes, .. } = &self.0;
        f.debug_struct("Admin")
            .field("sets", &sets.keys())
            .field("allow_changes", allow_changes)
            .finish_non_exhaustive()
    }
}
