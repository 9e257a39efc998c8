//! What the guard and its owner say to each other: JSON behind a four-byte length, big endian.

use std::ffi::OsString;
use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::process::Exit;

/// Frames are small; a longer one means that the two sides no longer understand each other.
pub(super) const LONGEST: usize = 1 << 20;

/// From the owner: start a program. The end of the stream is the order to end everything.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Start {
    /// Names the process in events.
    pub id: u32,
    pub program: OsString,
    pub arguments: Vec<OsString>,
    /// The whole environment; nothing is inherited, since etcd and others read configuration from it.
    pub environment: Vec<(OsString, OsString)>,
    /// Receives stdout and stderr.
    pub log: OsString,
}

/// From the guard.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    /// The scratch folder is there and locked.
    Ready { scratch: OsString },
    /// There can be no scratch folder.
    Refused { message: String },
    /// The program runs.
    Started { id: u32, pid: u32 },
    /// It could not be started.
    NotStarted { id: u32, message: String },
    /// It ended.
    Ended { id: u32, exit: Exit },
}

pub(super) fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = frame.len() - 4;
    let prefix = u32::try_from(length).ok().filter(|_| length <= LONGEST).ok_or_else(|| io::Error::other("the message is too long"))?;
    frame[..4].copy_from_slice(&prefix.to_be_bytes());
    Ok(frame)
}

pub(super) fn length(prefix: [u8; 4]) -> io::Result<usize> {
    usize::try_from(u32::from_be_bytes(prefix))
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| io::Error::other("the message is too long"))
}

/// Writes one message.
pub(super) fn send(stream: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    stream.write_all(&encode(message)?)
}

/// Reads one message; none at the end of the stream, also in the middle of a message, whose sender has then died.
pub(super) fn receive<T: DeserializeOwned>(stream: &mut impl Read) -> io::Result<Option<T>> {
    let mut prefix = [0; 4];
    let read = stream.read_exact(&mut prefix).and_then(|()| {
        let mut body = vec![0; length(prefix)?];
        stream.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    });
    match read {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way_and_a_torn_one_is_the_end() {
        let mut stream = Vec::new();
        send(&mut stream, &Event::Started { id: 7, pid: 9 }).expect("written");
        send(&mut stream, &Event::Ended { id: 7, exit: Exit::Signal(9) }).expect("written");
        stream.truncate(stream.len() - 1);
        let mut stream = stream.as_slice();
        assert!(matches!(receive(&mut stream), Ok(Some(Event::Started { id: 7, pid: 9 }))));
        assert!(matches!(receive::<Event>(&mut stream), Ok(None)));
    }

    #[test]
    fn an_absurd_length_is_refused_before_it_is_allocated() {
        let mut stream: &[u8] = &[0xff; 8];
        assert!(receive::<Event>(&mut stream).is_err());
    }
}
