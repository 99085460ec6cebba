//! What is at which path.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::answer;
use super::change::Change;
use super::health::HealthReport;
use super::known::{AnyCircuit, AnySet, NotChanged};
use super::page::{Selection, SetsReport};
use super::problem::Problem;

/// Whether the circuit of this set, with the key displayed like this, is vital.
pub(super) type Vital = Box<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// What all requests are answered from.
pub(super) struct Known {
    pub(super) sets: BTreeMap<String, Box<dyn AnySet>>,
    pub(super) vital: Option<Vital>,
    pub(super) allow_changes: bool,
}

type Shared = State<Arc<Known>>;
type Answer = Result<Response, Problem>;
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// What stands in a path. By name, since a router around this one may have segments of its own.
#[derive(Deserialize)]
struct OfSet {
    set: String,
}

#[derive(Deserialize)]
struct OfCircuit {
    set: String,
    circuit: String,
}

#[derive(Deserialize)]
struct OfChange {
    set: String,
    circuit: String,
    change: String,
}

/// No fallback for unknown paths: that is for whoever merges or nests this.
pub(super) fn router(known: Known) -> Router {
    Router::new()
        .route("/circuits", get(sets))
        .route("/circuits/{set}", get(set))
        .route("/circuits/{set}/{circuit}", get(circuit))
        .route("/circuits/{set}/{circuit}/explain", get(explain))
        .route("/circuits/{set}/{circuit}/{change}", post(change))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(4_096))
        .with_state(Arc::new(known))
}

async fn sets(State(known): Shared, query: Pairs) -> Answer {
    aside(known, move |known| {
        let selection = Selection::read(read_query(query)?)?.of_several_sets()?;
        let sets = known.by_name().map(|(name, set)| selection.of(name, set)).collect();
        Ok(answer::ok(&SetsReport { sets }))
    })
    .await
}

async fn set(State(known): Shared, path: Result<Path<OfSet>, PathRejection>, query: Pairs) -> Answer {
    aside(known, move |known| {
        let OfSet { set } = read_path(path)?;
        let found = known.set(&set)?;
        let selection = Selection::read(read_query(query)?)?;
        Ok(answer::ok(&selection.of(&set, found)))
    })
    .await
}

async fn circuit(State(known): Shared, path: Result<Path<OfCircuit>, PathRejection>) -> Answer {
    aside(known, move |known| {
        let OfCircuit { set, circuit } = read_path(path)?;
        Ok(answer::ok(&known.circuit(&set, &circuit)?.details(&set)))
    })
    .await
}

async fn explain(State(known): Shared, path: Result<Path<OfCircuit>, PathRejection>) -> Answer {
    aside(known, move |known| {
        let OfCircuit { set, circuit } = read_path(path)?;
        Ok(answer::ok(&known.circuit(&set, &circuit)?.report(&set)))
    })
    .await
}

async fn change(
    State(known): Shared,
    path: Result<Path<OfChange>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    if !known.allow_changes {
        let detail = "changes are switched off; a program switches them on by Admin::allow_changes";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    if !is_json(&headers) {
        let detail = "a change needs the header Content-Type: application/json, which no page of another site can send";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let OfChange { set, circuit: key, change } = read_path(path)?;
    let body = body.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    aside(known, move |known| {
        let circuit = known.circuit(&set, &key)?;
        let change = Change::read(&change, &body)?;
        match circuit.apply(change) {
            Ok(()) => Ok(answer::ok(&circuit.details(&set))),
            Err(NotChanged::Time(error)) => Err(Problem::bad_request("for_seconds", error.to_string())),
            Err(NotChanged::State(state)) => {
                let detail = format!("{key:?} is {state}, and only an open circuit can be made half-open");
                Err(Problem::new(StatusCode::CONFLICT, detail))
            }
        }
    })
    .await
}

async fn health(State(known): Shared) -> Answer {
    aside(known, |known| Ok(HealthReport::new(known.by_name(), &|_, _| false).into_response())).await
}

async fn ready(State(known): Shared) -> Answer {
    aside(known, |known| {
        let vital = |set: &str, key: &str| known.vital.as_ref().is_some_and(|vital| vital(set, key));
        Ok(HealthReport::new(known.by_name(), &vital).into_response())
    })
    .await
}

async fn wrong_method(method: Method) -> Problem {
    let detail = format!("{method} is not for this path; the header Allow says what is");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

/// Looks at sets on a thread where that holds up no other task: there may be many circuits.
async fn aside(known: Arc<Known>, look: impl FnOnce(&Known) -> Answer + Send + 'static) -> Answer {
    if Handle::try_current().is_err() {
        return look(&known);
    }
    let looked = spawn_blocking(move || look(&known)).await;
    looked.unwrap_or_else(|error| Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())))
}

impl Known {
    fn by_name(&self) -> impl Iterator<Item = (&str, &dyn AnySet)> {
        self.sets.iter().map(|(name, set)| (name.as_str(), &**set))
    }

    fn set(&self, name: &str) -> Result<&dyn AnySet, Problem> {
        self.sets.get(name).map(|set| &**set).ok_or_else(|| {
            let known: Vec<_> = self.sets.keys().map(String::as_str).collect();
            Problem::not_found(format!("there is no set {name:?}; there are {known:?}"))
        })
    }

    fn circuit(&self, set: &str, key: &str) -> Result<Box<dyn AnyCircuit>, Problem> {
        let mut found = self.set(set)?.find(key);
        match (found.pop(), found.len()) {
            (Some(circuit), 0) => Ok(circuit),
            (None, _) => {
                let detail =
                    format!("no circuit in {set:?} is displayed as {key:?}; a circuit is made by the first call");
                Err(Problem::not_found(detail))
            }
            (Some(_), more) => {
                let detail = format!("{} circuits in {set:?} are displayed as {key:?}", more + 1);
                Err(Problem::new(StatusCode::CONFLICT, detail))
            }
        }
    }
}

fn read_path<T>(path: Result<Path<T>, PathRejection>) -> Result<T, Problem> {
    path.map(|Path(path)| path).map_err(|error| Problem::new(error.status(), error.body_text()))
}

fn read_query(query: Pairs) -> Result<Vec<(String, String)>, Problem> {
    query.map(|Query(pairs)| pairs).map_err(|error| Problem::new(error.status(), error.body_text()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()?.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
