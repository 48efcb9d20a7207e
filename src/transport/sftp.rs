//! Just enough SFTP to see that it works: version, and the folder one starts in.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{Reach, clean};

const INIT: u8 = 1;
const VERSION: u8 = 2;
const REALPATH: u8 = 16;
const STATUS: u8 = 101;
const NAME: u8 = 104;
/// The longest packet a server may send before it has been asked for anything long.
const LONGEST: u32 = 64 * 1024;

/// Says hello and asks where we are.
///
/// # Errors
/// Says in a sentence what the server did instead.
pub(crate) async fn look_around(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<Reach, String> {
    send(&mut stream, INIT, &3_u32.to_be_bytes()).await?;
    let (kind, body) = receive(&mut stream).await?;
    let (VERSION, Some(version)) = (kind, number(&mut body.as_slice())) else {
        return Err("its SFTP server does not say its version".into());
    };
    let mut ask = Vec::from(1_u32.to_be_bytes());
    ask.extend(1_u32.to_be_bytes());
    ask.push(b'.');
    send(&mut stream, REALPATH, &ask).await?;
    let (kind, body) = receive(&mut stream).await?;
    let mut rest = body.as_slice();
    match (kind, number(&mut rest), number(&mut rest)) {
        (NAME, Some(1), Some(count)) if count > 0 => {
            let path = text(&mut rest).ok_or("its SFTP server's answer is cut short")?;
            Ok(Reach::Sftp { version, path: clean(path, 1024) })
        }
        (STATUS, Some(1), Some(code)) => {
            let why = text(&mut rest).map(|why| clean(why, 200)).unwrap_or_default();
            Err(format!("its SFTP server refused the first request: {why} ({code})"))
        }
        _ => Err("its SFTP server answers something else than was asked".into()),
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), kind: u8, body: &[u8]) -> Result<(), String> {
    let length = u32::try_from(body.len() + 1).map_err(|_| "too long a request")?;
    let mut packet = Vec::from(length.to_be_bytes());
    packet.push(kind);
    packet.extend_from_slice(body);
    let written = stream.write_all(&packet).await;
    written.map_err(|_| "the SFTP session ended at once".to_owned())
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Result<(u8, Vec<u8>), String> {
    let ended = |_| "the SFTP session ended at once".to_owned();
    let length = stream.read_u32().await.map_err(ended)?;
    if length == 0 || length > LONGEST {
        return Err("something on the server prints text into the SFTP session, such as a \
                    greeting in the account's shell profile"
            .into());
    }
    let kind = stream.read_u8().await.map_err(ended)?;
    let mut body = Vec::new();
    let wanted = u64::from(length - 1);
    let read = stream.take(wanted).read_to_end(&mut body).await.map_err(ended)?;
    if u64::try_from(read) != Ok(wanted) {
        return Err("its SFTP server's answer is cut short".into());
    }
    Ok((kind, body))
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (head, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(u32::from_be_bytes(*head))
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(rest)?).ok()?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}
