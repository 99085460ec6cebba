//! `cargo run -p fusebox-axum-server`: a server whose upstream breaks down, and what its customers see of that.

mod customers;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use clap::Parser;
use fusebox::Event;
use fusebox_axum_server::{Warehouses, shop};
use fusebox_std::StdClock;
use fusebox_std::admin::Admin;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::customers::Customers;

/// An axum server whose upstream breaks down for 8 s out of every 16, and what its customers see of that.
#[derive(Parser)]
struct Flags {
    /// Where the shop listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    shop: SocketAddr,
    /// Where circuits and health are shown, to be reached by nobody else
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    admin: SocketAddr,
    /// Lets requests change circuits
    #[arg(long)]
    allow_changes: bool,
    /// Ends after so many seconds rather than by Ctrl-C
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let flags = Flags::parse();
    let warehouses = Warehouses::start().await.context("no port is free for the upstream")?;
    let customers = Customers::new();
    let told = customers.clone();
    let listener = move |warehouse: &String, event: &Event| told.tell(warehouse, event);
    let circuits = shop::circuits(StdClock::<1_000>::new(), listener).map_err(|error| anyhow!(error))?;
    let admin = Admin::new().set("warehouses", circuits.clone());
    let admin = if flags.allow_changes { admin.allow_changes() } else { admin };

    let (running, ended) = watch::channel(());
    let (shop_at, shop) =
        serve(flags.shop, shop(warehouses.address(), circuits.clone()), ended.clone()).await.context("--shop")?;
    let (admin_at, admin) = serve(flags.admin, admin.router(), ended).await.context("--admin")?;
    println!("shop   http://{shop_at}/stock/north and http://{shop_at}/stock/south");
    println!("admin  http://{admin_at}/circuits and http://{admin_at}/health");
    println!("A customer asks both warehouses five times a second. The southern one will break down. Ctrl-C ends.\n");

    tokio::select! {
        () = breakdowns(&warehouses, &customers) => {}
        asked = customers.ask(shop_at) => asked?,
        () = end(flags.seconds) => {}
    }
    // Requests that are under way are answered first.
    drop(running);
    for server in [shop, admin] {
        timeout(Duration::from_secs(5), server).await.context("a request did not end within 5 s")???;
    }
    let spared = circuits.get("south").map_or(0, |south| south.counts().rejected());
    customers.summary(warehouses.asked(), spared);
    Ok(())
}

/// Serves until it is told to stop. Gives back where, and what ends with it.
async fn serve(
    address: SocketAddr,
    router: Router,
    mut ended: watch::Receiver<()>,
) -> Result<(SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}: choose another"))?;
    let address = listener.local_addr()?;
    let stop = async move {
        // It never changes, and ends when its sender is dropped.
        let _ = ended.changed().await;
    };
    let server = async move { axum::serve(listener, router).with_graceful_shutdown(stop).await };
    Ok((address, tokio::spawn(server)))
}

async fn breakdowns(warehouses: &Warehouses, customers: &Customers) {
    loop {
        sleep(Duration::from_secs(4)).await;
        customers.say("south", "breaks down");
        warehouses.set_broken(true);
        sleep(Duration::from_secs(8)).await;
        customers.say("south", "is mended");
        warehouses.set_broken(false);
        sleep(Duration::from_secs(4)).await;
    }
}

async fn end(seconds: Option<u64>) {
    let over = async {
        match seconds {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = over => {}
        // Where there is no such signal, only the time ends it.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}
