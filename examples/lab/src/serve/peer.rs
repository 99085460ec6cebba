//! Peers that are really there: listeners on ports of this machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// What a peer is asked, and what it answers.
pub(crate) const QUESTION: &[u8; 4] = b"ping";
pub(crate) const ANSWER: &[u8; 4] = b"pong";

const BACKLOG: u32 = 64;

/// What a peer does with those who call it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// It answers at once.
    #[default]
    Accept,
    /// Nothing listens: connections are refused.
    Refuse,
    /// It accepts connections and never answers.
    Hang,
}

/// One peer.
///
/// Whenever it begins to refuse it moves to another port, which is bound from then on: no other program can come to
/// listen there while it refuses.
#[derive(Debug)]
pub(crate) struct Peer {
    address: SocketAddr,
    /// Bound and not listening, while the peer refuses.
    socket: Option<TcpSocket>,
    accepting: Option<JoinHandle<()>>,
    hangs: Arc<AtomicBool>,
}

impl Peer {
    /// A peer that refuses.
    pub(crate) fn new() -> io::Result<Self> {
        let (socket, address) = bind()?;
        Ok(Self { address, socket: Some(socket), accepting: None, hangs: Arc::default() })
    }

    /// Where it is to be called, which changes when it begins to refuse.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Once this is done, the peer treats new connections like this.
    pub(crate) async fn turn(&mut self, mode: Mode) -> io::Result<()> {
        if mode == Mode::Refuse {
            return self.refuse().await;
        }
        self.hangs.store(mode == Mode::Hang, Relaxed);
        if let Some(socket) = self.socket.take() {
            let listener = socket.listen(BACKLOG)?;
            self.accepting = Some(tokio::spawn(accept(listener, Arc::clone(&self.hangs))));
        }
        Ok(())
    }

    async fn refuse(&mut self) -> io::Result<()> {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // The listener is closed when the task is gone, and that is all there is to know of it.
            let _ = accepting.await;
            let (socket, address) = bind()?;
            (self.socket, self.address) = (Some(socket), address);
        }
        Ok(())
    }
}

fn bind() -> io::Result<(TcpSocket, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

async fn accept(listener: TcpListener, hangs: Arc<AtomicBool>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let hangs = hangs.load(Relaxed);
                // A connection that breaks is for the caller to notice.
                tokio::spawn(async move { if hangs { hang(stream).await } else { answer(stream).await } });
            }
            // As when there are too many open files: that passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut question = [0; QUESTION.len()];
    stream.read_exact(&mut question).await?;
    stream.write_all(ANSWER).await
}

/// Until the caller hangs up.
async fn hang(mut stream: TcpStream) -> io::Result<()> {
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    const LONG: Duration = Duration::from_secs(30);

    async fn ask(address: SocketAddr) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(QUESTION).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn it_does_as_it_is_told() {
        let mut peer = Peer::new().unwrap();
        for _ in 0..3 {
            let before = peer.address();
            peer.turn(Mode::Refuse).await.unwrap();
            for address in [before, peer.address()] {
                let refused = timeout(LONG, ask(address)).await.unwrap();
                assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
            }

            peer.turn(Mode::Accept).await.unwrap();
            assert_eq!(timeout(LONG, ask(peer.address())).await.unwrap().unwrap(), ANSWER);

            peer.turn(Mode::Hang).await.unwrap();
            let mut hung = TcpStream::connect(peer.address()).await.unwrap();
            hung.write_all(QUESTION).await.unwrap();
            let mut answer = [0; ANSWER.len()];
            assert!(timeout(Duration::from_millis(50), hung.read_exact(&mut answer)).await.is_err());

            // One that hangs goes on hanging, whatever becomes of later ones.
            peer.turn(Mode::Accept).await.unwrap();
            assert_eq!(timeout(LONG, ask(peer.address())).await.unwrap().unwrap(), ANSWER);
            assert!(timeout(Duration::from_millis(50), hung.read_exact(&mut answer)).await.is_err());
        }
    }
}
