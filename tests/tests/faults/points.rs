//! The points at which user code may panic. A scenario is run again and again, and each time the next of them does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::watch::{At, in_time};

/// What a point that panics throws. No panic hook is told of it.
struct Injected;

/// How often user code panics in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// At one point.
    Once,
    /// At this point and all that follow, also those that are reached while the panic before unwinds. A second panic that
    /// gets away then ends the program, and with it the test.
    FromThenOn,
}

/// The kinds of points that panicked in a run, in their order.
#[derive(Debug, Default)]
pub(crate) struct Panicked(Vec<&'static str>);

impl Panicked {
    /// A slot that nobody gives back, as if what would have done so had panicked.
    pub(crate) fn forgotten(forgotten: bool) -> Self {
        Self(if forgotten { vec!["now"] } else { Vec::new() })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn any(&self, kinds: &[&str]) -> bool {
        self.0.iter().any(|kind| kinds.contains(kind))
    }
}

#[derive(Default)]
struct Plan {
    /// None while points are passed without notice.
    panics: Option<(u32, How)>,
    reached: u32,
    panicked: Panicked,
    kinds: BTreeMap<&'static str, u32>,
}

thread_local! {
    static PLAN: RefCell<Arc<Mutex<Plan>>> = RefCell::default();
}

fn with_plan<T>(act: impl FnOnce(&mut Plan) -> T) -> T {
    let plan = PLAN.with_borrow(Arc::clone);
    let mut plan = plan.lock().unwrap_or_else(PoisonError::into_inner);
    act(&mut plan)
}

/// What lets other threads reach the points of this one, once they run it.
pub(crate) fn sharing() -> impl Fn() + Send + Sync {
    let plan = PLAN.with_borrow(Arc::clone);
    move || PLAN.set(Arc::clone(&plan))
}

/// User code is run here.
pub(crate) fn point(kind: &'static str) {
    let panics = with_plan(|plan| {
        let Some((at, how)) = plan.panics else { return false };
        plan.reached += 1;
        *plan.kinds.entry(kind).or_default() += 1;
        let panics = plan.reached == at || (how == How::FromThenOn && plan.reached > at);
        if panics {
            plan.panicked.0.push(kind);
        }
        panics
    });
    if panics {
        resume_unwind(Box::new(Injected));
    }
}

fn run_to(point: u32, how: How, act: impl FnOnce()) -> Plan {
    with_plan(|plan| *plan = Plan { panics: Some((point, how)), ..Plan::default() });
    let ended = catch_unwind(AssertUnwindSafe(act));
    let plan = with_plan(mem::take);
    if let Err(panic) = ended {
        assert!(panic.is::<Injected>(), "it fails by itself");
    }
    plan
}

/// Runs it with a panic at one of its points, which is drawn from those that it has, and says how many those are.
pub(crate) fn at_some_point(how: How, draw: impl FnOnce(u32) -> u32, act: impl Fn(usize)) -> (u32, Panicked) {
    let points = run_to(u32::MAX, how, || act(0)).reached;
    (points, run_to(draw(points), how, || act(1)).panicked)
}

/// Runs the scenario until no point of it is left that has not panicked, each time in a world of its own, which is looked at
/// afterwards together with what panicked. Says how many points there were.
pub(crate) fn each_point<W>(
    at: &At,
    name: &str,
    how: How,
    world: impl Fn() -> W,
    act: impl Fn(&W),
    look: impl Fn(&W, &Panicked),
) {
    for panics_at in 1..10_000 {
        let world = world();
        at.set(format!("point {panics_at} of {name}, {how:?}"));
        let Plan { panicked, reached, kinds, .. } = run_to(panics_at, how, || act(&world));
        if panicked.is_empty() {
            assert!(reached > 0 && reached == panics_at - 1, "{name} reaches {reached} points");
            println!("{name}, {how:?}: {reached} points, {kinds:?}");
            return;
        }
        at.set(format!("point {panics_at} of {name}, {how:?}: after {:?} panicked", panicked.0));
        look(&world, &panicked);
    }
    panic!("{name} never gets to its end");
}

/// [`each_point`] with one panic in a run, and then with all that follow it as well.
pub(crate) fn each_point_both_ways<W>(
    name: &'static str,
    world: impl Fn() -> W + Send + 'static,
    act: impl Fn(&W) + Send + 'static,
    look: impl Fn(&W, &Panicked) + Send + 'static,
) {
    in_time(move |at| {
        for how in [How::Once, How::FromThenOn] {
            each_point(at, name, how, &world, &act, &look);
        }
    });
}
