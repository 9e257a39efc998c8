//! Small servers behind the routes of a test: they tell who they are and what they were asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// A server that answers every request with `NAME METHOD TARGET HOST` and its address in the header `Pod`, echoes what follows a protocol upgrade, and speaks enough HTTP/2 to
/// answer one gRPC request.
pub(crate) fn serve(address: &str, name: &str) {
    let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    let name = name.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let name = name.clone();
            // A client that leaves early is no concern of the server's.
            thread::spawn(move || answer(stream, &name).ok());
        }
    });
}

/// A server that ends TLS nowhere: it sends its name to whoever connects.
pub(crate) fn greet(address: &str, name: &str) {
    let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    let name = name.to_owned();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(name.as_bytes());
        }
    });
}

fn answer(mut stream: TcpStream, name: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        if request.starts_with("PRI * HTTP/2.0") {
            return http2(&mut reader, &mut stream, name);
        }
        let headers = headers(&mut reader)?;
        let header = |wanted: &str| headers.iter().find(|(key, _)| key == wanted).map_or("", |(_, value)| value.as_str());
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut body)?;
        if !header("upgrade").is_empty() {
            let protocol = header("upgrade");
            write!(stream, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n")?;
            let mut line = String::new();
            reader.read_line(&mut line)?;
            return write!(stream, "{name} heard {line}");
        }
        let mut words = request.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let text = format!("{name} {method} {target} {}", header("host"));
        write!(stream, "HTTP/1.1 200 OK\r\nPod: {}\r\nContent-Length: {}\r\n\r\n{text}", stream.local_addr()?, text.len())?;
    }
}

fn headers(reader: &mut impl BufRead) -> std::io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((key, value)) = line.split_once(':') else { return Ok(headers) };
        headers.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// RFC 9113: the rest of the preface, then frames until a request's headers have come; the answer is `:status 200` (index 8 of HPACK's
/// static table) and the name.
fn http2(reader: &mut impl Read, stream: &mut TcpStream, name: &str) -> std::io::Result<()> {
    const SETTINGS: u8 = 4;
    const HEADERS: u8 = 1;
    reader.read_exact(&mut [0; 8])?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    loop {
        let mut head = [0; 9];
        reader.read_exact(&mut head)?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        reader.read_exact(&mut vec![0; length])?;
        let (kind, flags, id) = (head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]));
        if kind == SETTINGS && flags & 1 == 0 {
            stream.write_all(&frame(SETTINGS, 1, 0, &[]))?;
        }
        if kind == HEADERS {
            stream.write_all(&frame(HEADERS, 4, id, &[0x88]))?;
            stream.write_all(&frame(0, 1, id, format!("{name} by h2c").as_bytes()))?;
        }
    }
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &id.to_be_bytes(), payload].concat()
}
