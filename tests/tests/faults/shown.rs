//! Panics while circuits are shown: as metrics, on the admin's pages, in a log.

use std::fmt;

use axum::body::Body;
use fusebox::{Event, Listener, Settings};
use fusebox_prometheus::{CallDurations, Exporter, Format};
use fusebox_std::admin::Admin;
use fusebox_std::logging::TracingListener;
use fusebox_std::{CircuitBreakerSet, Handle};
use http::Request;
use metrics_util::debugging::DebuggingRecorder;
use tower::ServiceExt;

use crate::points::{Panicked, each_point_both_ways, point, sharing};
use crate::user::Key;
use crate::world::World;

struct Page {
    world: World,
    exporter: Exporter,
}

fn page() -> Page {
    let world = World::before_a_probe();
    let exporter = Exporter::new();
    exporter.register("upstreams", &world.set).unwrap();
    Page { world, exporter }
}

/// Both peers are told of again, once nothing panics any more.
fn is_whole(page: &Page, panicked: &Panicked) {
    let text = page.exporter.render_as(Format::OpenMetrics);
    assert!(text.ends_with("# EOF\n"), "{text}");
    for peer in ["peer 1", "peer 1000000"] {
        let line = format!("circuit_breaker_calls_total{{set=\"upstreams\",circuit=\"{peer}\",outcome=\"failure\"}}");
        assert_eq!(text.matches(&line).count(), 1, "{peer}: {text}");
    }
    page.world.is_whole(panicked);
}

#[test]
fn metrics() {
    each_point_both_ways(
        "a page of metrics",
        page,
        |page| drop(page.exporter.render_as(Format::OpenMetrics)),
        is_whole,
    );
    let recorder = DebuggingRecorder::new();
    let act = move |page: &Page| {
        metrics::with_local_recorder(&recorder, || {
            page.exporter.sync();
            page.exporter.sync();
        });
    };
    each_point_both_ways("metrics for a recorder", page, act, |page, panicked| {
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || page.exporter.sync());
        is_whole(page, panicked);
    });
    each_point_both_ways(
        "a registration",
        World::new,
        |world| {
            let exporter = Exporter::new();
            let _ = exporter.register_timed("upstreams", &world.set, &CallDurations::new());
            let _ = exporter.render();
            exporter.unregister("upstreams");
        },
        World::is_whole,
    );
}

#[test]
fn pages_of_the_admin() {
    let paths = [
        "/circuits",
        "/circuits/upstreams",
        "/circuits/upstreams/peer%201",
        "/circuits/upstreams/peer%201/explain",
        "/health",
        "/ready",
    ];
    for path in paths {
        let world = || {
            let world = World::before_a_probe();
            let vital = |_: &str, key: &str| {
                point("vital");
                key.len() > 2
            };
            (Admin::new().set("upstreams", world.set.clone()).vital(vital).router(), world)
        };
        let ask = move |router: &axum::Router| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            // What is shown is gathered in a thread that may block.
            let runtime = tokio::runtime::Builder::new_current_thread().on_thread_start(sharing()).build().unwrap();
            runtime.block_on(router.clone().oneshot(request)).unwrap().status().as_u16()
        };
        let act = move |(router, _): &(axum::Router, World)| {
            ask(router);
        };
        each_point_both_ways(path, world, act, move |(router, world), panicked| {
            assert_ne!(ask(router), 500);
            world.is_whole(panicked);
        });
    }
}

/// What a log writes to.
struct Sink;

impl tracing::Subscriber for Sink {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        // A panic in here poisons a lock of tracing's own, for all of the program.
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        point("log");
        event.record(&mut |_: &tracing::field::Field, value: &dyn fmt::Debug| drop(format!("{value:?}")));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_log() {
    type Logged =
        CircuitBreakerSet<Key, fusebox_std::StdClock, fusebox::policy::MaxFailures<3>, (TracingListener, Heard)>;
    struct Heard;
    impl Listener<Key> for Heard {
        fn on_event(&self, _: &Key, _: &Event) {
            point("listener");
        }
    }
    let set = || -> Logged {
        let set = CircuitBreakerSet::<Key>::builder().settings(Settings::<_>::DEFAULT).capacity(1);
        set.listener((TracingListener::named("upstreams"), Heard)).build().unwrap()
    };
    let act = |set: &Logged| {
        tracing::subscriber::with_default(Sink, || {
            let Ok(circuit) = set.handle(&Key(1)) else { return };
            drop(set.handle(&Key(2)));
            circuit.open();
            circuit.close();
            circuit.force_open();
        });
    };
    each_point_both_ways("a log", set, act, |set, _| {
        set.handles().iter().for_each(Handle::reset);
        assert!(set.handle(&Key(9)).is_ok() && set.len() == 1);
        assert!(set.call(&Key(9), || Ok::<_, ()>(())).is_ok());
    });
}
