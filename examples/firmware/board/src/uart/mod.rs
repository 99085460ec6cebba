//! The board's first serial line, polled.

#[cfg_attr(board = "microbit", path = "nrf51.rs")]
#[cfg_attr(board = "lm3s6965evb", path = "pl011.rs")]
#[cfg_attr(board = "mps2_an386", path = "cmsdk.rs")]
#[cfg_attr(board = "virt", path = "ns16550.rs")]
mod device;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};

use crate::Patience;

/// The board's first serial line. A read or write that has to wait longer than its timeout fails as `TimedOut`.
#[derive(Debug)]
pub struct Uart {
    timeout: u32,
}

impl Uart {
    /// Switches the line on. There is one line: an image opens it once.
    pub fn open(timeout_in_milliseconds: u32) -> Self {
        device::start();
        Self { timeout: timeout_in_milliseconds }
    }

    fn wait_until(&self, is_ready: impl Fn() -> bool) -> Result<(), ErrorKind> {
        let mut patience = Patience::new(self.timeout);
        while !is_ready() {
            if patience.is_over() {
                return Err(ErrorKind::TimedOut);
            }
        }
        Ok(())
    }
}

impl ErrorType for Uart {
    type Error = ErrorKind;
}

impl Read for Uart {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.wait_until(device::has_received)?;
        let mut count = 0;
        for byte in buf {
            if !device::has_received() {
                break;
            }
            *byte = device::receive();
            count += 1;
        }
        Ok(count)
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(device::has_received())
    }
}

impl Write for Uart {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let Some(&byte) = buf.first() else { return Ok(0) };
        self.wait_until(device::can_send)?;
        device::send(byte);
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.wait_until(device::can_send)
    }
}
