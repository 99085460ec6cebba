//! What happens to the client when its service breaks.

use std::io::Write;

use anyhow::Result;

use crate::client::Inventory;
use crate::service::Service;

/// Lets the service break and be repaired, and writes down what the client makes of it.
pub(crate) async fn tell(out: &mut impl Write) -> Result<()> {
    let service = Service::default();
    let url = service.start().await?;
    writeln!(out, "An inventory service at {url}, and a client with a circuit breaker.\n")?;
    let mut story = Story { inventory: Inventory::new(url)?, asked: 0, out };

    story.says("All is well.")?;
    story.asks(2).await?;

    story.says(
        "The service breaks, and asks to be left alone for two seconds. At the fourth failure the circuit opens.",
    )?;
    service.breaks();
    story.asks(4).await?;
    story.says("From now on the service has its peace, and the client its answer at once.")?;
    story.asks(3).await?;

    story.waits().await?;
    story.says("The circuit is half-open, and the next request is a probe. It fails: open again.")?;
    story.asks(2).await?;

    service.is_repaired();
    story.says("The service is repaired. Nobody tells the client.")?;
    story.waits().await?;
    story.says("The probe succeeds: closed.")?;
    story.asks(2).await?;

    story.ends(service.requests())
}

struct Story<'a, W> {
    inventory: Inventory,
    asked: u32,
    out: &'a mut W,
}

impl<W: Write> Story<'_, W> {
    fn says(&mut self, sentence: &str) -> Result<()> {
        Ok(writeln!(self.out, "{sentence}")?)
    }

    async fn asks(&mut self, times: u32) -> Result<()> {
        for _ in 0..times {
            let answer = self.inventory.ask().await?;
            let state = self.inventory.circuit().state().as_str();
            writeln!(self.out, "    GET /bolts   {answer:<48} {state}")?;
        }
        self.asked += times;
        Ok(writeln!(self.out)?)
    }

    /// Until a request would be sent: it would not help to ask before.
    async fn waits(&mut self) -> Result<()> {
        self.says("The client waits until a probe may be sent.\n")?;
        self.out.flush()?;
        self.inventory.circuit().wait_until_ready().await;
        Ok(())
    }

    fn ends(&mut self, arrived: u32) -> Result<()> {
        let (asked, kept_back) = (self.asked, self.inventory.circuit().counts().rejected());
        writeln!(self.out, "The client asked {asked} times: {arrived} requests arrived, {kept_back} were not sent.")?;
        writeln!(self.out, "What its circuit remembers:")?;
        for record in self.inventory.circuit().records() {
            let (transition, cause) = (record.transition, record.transition.cause().as_str());
            let (from, to) = (transition.from().as_str(), transition.to().as_str());
            writeln!(self.out, "    {from:>9} -> {to:<9}   {cause}")?;
        }
        Ok(())
    }
}
