//! The radio modem at the other end of a board's serial line.
//!
//! `examples/firmware/images/src/radio.rs` describes the frames.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

pub(crate) type Address = [u8; 6];

/// What the firmware asked the modem to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) to: Address,
    pub(crate) number: u16,
}

/// What the modem says to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Delivered,
    NoAcknowledgement,
    ChannelBusy,
    Nothing,
    /// Bytes that are no report.
    Garbage,
}

/// Decides by the frame alone, never by the time of day, so that runs repeat.
pub(crate) type Plan = fn(Frame) -> Answer;

/// A modem that waits for its board, and serves it until it hangs up.
pub(crate) struct Modem {
    port: u16,
    done: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Frame>>>,
}

const SYNC: u8 = 0x7e;
const FRAME: usize = 14;
const POLL: Duration = Duration::from_millis(5);

impl Modem {
    pub(crate) fn listen(plan: Plan) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no local port for the modem's line")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        let thread = thread::spawn(move || match accept(&listener, &is_done)? {
            Some(line) => serve(line, plan, &is_done),
            None => Ok(vec![]),
        });
        Ok(Self { port, done, thread })
    }

    /// The line, as the emulator calls it.
    pub(crate) fn line(&self) -> String {
        format!("tcp:127.0.0.1:{},nodelay=on", self.port)
    }

    /// Ends the modem, and says which frames it got.
    pub(crate) fn hang_up(self) -> Result<Vec<Frame>> {
        self.done.store(true, Ordering::Release);
        self.thread.join().map_err(|_| anyhow!("the modem panicked"))?
    }
}

fn accept(listener: &TcpListener, is_done: &AtomicBool) -> Result<Option<TcpStream>> {
    loop {
        match listener.accept() {
            Ok((line, _)) => return Ok(Some(line)),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.into()),
            Err(_) if is_done.load(Ordering::Acquire) => return Ok(None),
            Err(_) => thread::sleep(POLL),
        }
    }
}

/// Answers frames until the emulator ends. A read that lasts is interrupted, to see whether it has.
fn serve(mut line: TcpStream, plan: Plan, is_done: &AtomicBool) -> Result<Vec<Frame>> {
    line.set_nonblocking(false)?;
    line.set_nodelay(true)?;
    line.set_read_timeout(Some(POLL))?;
    let (mut frames, mut unread) = (vec![], vec![]);
    let mut bytes = [0; 256];
    loop {
        match line.read(&mut bytes) {
            Ok(0) => return Ok(frames),
            Ok(count) => unread.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(frames),
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(error).context("the modem's line broke");
            }
            Err(_) if is_done.load(Ordering::Acquire) => return Ok(frames),
            Err(_) => {}
        }
        while unread.len() >= FRAME {
            let rest = unread.split_off(FRAME);
            let frame = parse(&unread)?;
            unread = rest;
            frames.push(frame);
            // An image that has ended does not listen any more.
            let _ = line.write_all(&say(plan(frame), frame.number));
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Frame> {
    let [SYNC, to @ .., n0, n1, _, _, _, _, _] = bytes else { bail!("no frame: {bytes:02x?}") };
    if sum(&bytes[1..]) != 0xff {
        bail!("a frame with a wrong checksum: {bytes:02x?}");
    }
    Ok(Frame { to: to.try_into()?, number: u16::from_le_bytes([*n0, *n1]) })
}

fn say(answer: Answer, number: u16) -> Vec<u8> {
    let status = match answer {
        Answer::Delivered => 0,
        Answer::NoAcknowledgement => 1,
        Answer::ChannelBusy => 2,
        Answer::Nothing => return vec![],
        // Also with bytes that begin a report, and one whose checksum is wrong.
        Answer::Garbage => return [&[0x00, SYNC, SYNC, 0xff, 0xaa][..], &report(number, 0)[..4], &[0x55]].concat(),
    };
    report(number, status).to_vec()
}

fn report(number: u16, status: u8) -> [u8; 5] {
    let [low, high] = number.to_le_bytes();
    [SYNC, low, high, status, 0xff - sum(&[low, high, status])]
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM_A_BOARD: [u8; FRAME] = [SYNC, 2, 0, 0, 0, 0, 0x17, 0x0a, 0x01, 1, 2, 3, 4, 0xd1];

    #[test]
    fn frames_are_read_whole_and_checked() {
        let frame = Frame { to: [2, 0, 0, 0, 0, 0x17], number: 0x010a };
        assert_eq!(parse(&FROM_A_BOARD).unwrap(), frame);
        for at in 0..FRAME {
            let mut damaged = FROM_A_BOARD;
            damaged[at] ^= 0x10;
            assert!(parse(&damaged).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_modem_answers_what_arrives_in_pieces_and_ends() {
        let plan: Plan = |frame| if frame.number == 0x010a { Answer::NoAcknowledgement } else { Answer::Nothing };
        let modem = Modem::listen(plan).unwrap();
        let mut board = TcpStream::connect(("127.0.0.1", modem.port)).unwrap();
        board.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        for piece in FROM_A_BOARD.chunks(5) {
            board.write_all(piece).unwrap();
        }
        let mut answer = [0; 5];
        board.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [SYNC, 0x0a, 0x01, 1, 0xf3]);
        assert_eq!(modem.hang_up().unwrap().len(), 1);
    }

    #[test]
    fn nobody_waits_for_a_board_that_never_calls() {
        assert_eq!(Modem::listen(|_| Answer::Nothing).unwrap().hang_up().unwrap(), []);
    }
}
