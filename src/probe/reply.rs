//! The first bytes of an HTTP reply → how the connection ended, or that more has to be read. Bytes in, value out.

use memchr::memmem;

use super::observation::{End, Refusal};

/// No reply is read further than this: what tells stands at its beginning.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// nginx's pages (status 400) for a certificate that is missing or does not verify.
const PAGES: [(&[u8], Refusal); 2] =
    [(b"No required SSL certificate was sent", Refusal::Missing), (b"The SSL certificate error", Refusal::Wrong)];

/// Whether there is more to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Open,
    Closed,
}

/// What `bytes` say; `None` while more can change that.
pub(super) fn read(bytes: &[u8], stream: Stream) -> Option<End> {
    let full = bytes.len() >= MOST_BYTES;
    let complete = stream == Stream::Closed || full;
    let Some(bytes) = behind_interim(bytes) else { return complete.then_some(End::Cut) };
    let Some(status) = status(bytes) else {
        let may_become = bytes.len() < 13 && bytes.iter().zip(b"HTTP/1.").all(|(one, other)| one == other);
        return match (bytes.is_empty(), complete) {
            (true, true) => Some(End::Closed),
            (_, true) => Some(End::NotHttp),
            (_, false) => (!may_become).then_some(End::NotHttp),
        };
    };
    let refusal = match status {
        // nginx's own codes, where `error_page` lets them out
        495 => Some(Refusal::Wrong),
        496 => Some(Refusal::Missing),
        400 => PAGES.iter().find(|(text, _)| memmem::find(bytes, text).is_some()).map(|(_, refusal)| *refusal),
        _ => return Some(End::Reply { status, refusal: None }),
    };
    match is_whole(bytes) {
        _ if refusal.is_some() || full => Some(End::Reply { status, refusal }),
        Some(true) => Some(End::Reply { status, refusal }),
        Some(false) => complete.then_some(End::Cut),
        None => complete.then_some(End::Reply { status, refusal }),
    }
}

/// The final reply, which may follow others such as 103 (RFC 9110 §15.2); `None` where it has not begun.
fn behind_interim(mut bytes: &[u8]) -> Option<&[u8]> {
    while let Some(100 | 102..=199) = status(bytes) {
        let (_, rest) = split_head(bytes)?;
        bytes = Some(rest).filter(|rest| !rest.is_empty())?;
    }
    Some(bytes)
}

/// Whether the reply is there to its last byte; `None` where only the end of the connection tells (RFC 9112 §6.3).
fn is_whole(bytes: &[u8]) -> Option<bool> {
    let Some((head, body)) = split_head(bytes) else { return Some(false) };
    let header = |name: &str| {
        let mut fields = head.split(|byte| *byte == b'\n').filter_map(|line| {
            let (field, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')?)?;
            Some((field, value.strip_prefix(b":")?))
        });
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value.trim_ascii())
    };
    if header("Transfer-Encoding").is_some() {
        return Some(body == b"0\r\n\r\n" || body.ends_with(b"\r\n0\r\n\r\n"));
    }
    let length: usize = std::str::from_utf8(header("Content-Length")?).ok()?.parse().ok()?;
    Some(body.len() >= length)
}

/// The head, and what is behind it.
fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    const END: &[u8] = b"\r\n\r\n";
    let (head, rest) = bytes.split_at_checked(memmem::find(bytes, END)?)?;
    Some((head, rest.strip_prefix(END)?))
}

/// `HTTP/1.1 200 …` → 200.
pub(super) fn status(bytes: &[u8]) -> Option<u16> {
    let line = bytes.strip_prefix(b"HTTP/1.")?;
    let (&[minor, blank, ref code @ ..], _) = line.split_first_chunk::<5>()?;
    let digits = minor.is_ascii_digit() && code.iter().all(u8::is_ascii_digit);
    // without this, half of a longer number would do
    let ends = line.get(5).is_some_and(|byte| matches!(byte, b' ' | b'\r' | b'\n'));
    std::str::from_utf8(code).ok().filter(|_| digits && blank == b' ' && ends)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NO_CERTIFICATE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nConnection: close\r\n\r\n<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n";
    const WRONG_CERTIFICATE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n";

    fn reply(status: u16, refusal: Option<Refusal>) -> Option<End> {
        Some(End::Reply { status, refusal })
    }

    #[test]
    fn the_pages_of_nginx_are_refusals() {
        for stream in [Stream::Open, Stream::Closed] {
            assert_eq!(read(NO_CERTIFICATE, stream), reply(400, Some(Refusal::Missing)));
            assert_eq!(read(WRONG_CERTIFICATE, stream), reply(400, Some(Refusal::Wrong)));
            assert_eq!(read(b"HTTP/1.1 495 x\r\n", stream), reply(495, Some(Refusal::Wrong)));
            assert_eq!(read(b"HTTP/1.1 496 x\r\n", stream), reply(496, Some(Refusal::Missing)));
        }
    }

    #[test]
    fn another_400_is_a_reply_once_it_is_complete() {
        let page = b"HTTP/1.1 400 Bad Request\r\n\r\nno such tenant";
        assert_eq!(read(page, Stream::Open), None);
        assert_eq!(read(page, Stream::Closed), reply(400, None));
        let long = [page.as_slice(), &vec![b'x'; MOST_BYTES]].concat();
        assert_eq!(read(&long, Stream::Open), reply(400, None));
    }

    #[test]
    fn another_400_is_complete_where_its_head_says_so() {
        for page in [
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 3\r\n\r\nbad",
            "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            assert_eq!(read(page.as_bytes(), Stream::Open), reply(400, None), "{page}");
            let cut = &page.as_bytes()[..page.len() - 1];
            assert_eq!((read(cut, Stream::Open), read(cut, Stream::Closed)), (None, Some(End::Cut)), "{page}");
        }
    }

    #[test]
    fn an_interim_reply_is_not_the_answer() {
        let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".as_slice();
        for end in 0..=interim.len() {
            assert_eq!(read(&interim[..end], Stream::Open), None);
        }
        assert_eq!(read(interim, Stream::Closed), Some(End::Cut));
        for (last, expected) in [
            (WRONG_CERTIFICATE, reply(400, Some(Refusal::Wrong))),
            (b"HTTP/1.1 200 OK\r\n", reply(200, None)),
            (b"SSH-2.0", Some(End::NotHttp)),
        ] {
            assert_eq!(read(&[interim, last].concat(), Stream::Open), expected);
        }
        let endless = b"HTTP/1.1 100 x\r\n\r\n".repeat(MOST_BYTES);
        assert_eq!(read(&endless[..MOST_BYTES], Stream::Open), Some(End::Cut));
    }

    #[test]
    fn any_other_status_is_a_reply_as_soon_as_it_is_there() {
        for status in [200_u16, 204, 302, 401, 403, 404, 500, 503] {
            assert_eq!(read(format!("HTTP/1.1 {status} X\r\n").as_bytes(), Stream::Open), reply(status, None));
            assert_eq!(read(format!("HTTP/1.0 {status}\r").as_bytes(), Stream::Open), reply(status, None));
        }
        let with_words = b"HTTP/1.1 200 OK\r\n\r\nThe SSL certificate error";
        assert_eq!(read(with_words, Stream::Closed), reply(200, None));
    }

    #[test]
    fn half_a_status_line_waits_for_more() {
        for half in ["", "H", "HTTP/1.", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 200"] {
            assert_eq!(read(half.as_bytes(), Stream::Open), None);
        }
        assert_eq!(read(b"", Stream::Closed), Some(End::Closed));
        assert_eq!(read(b"HTTP/1.1 20", Stream::Closed), Some(End::NotHttp));
    }

    #[test]
    fn what_cannot_become_http_is_not_waited_for() {
        for other in ["x", "SSH-2.0", "HTTP/2 200 ", "HTTP/1.1 2x0 OK", "HTTP/1.1 2000 OK", "HTTP/1.1200 OK and so on"]
        {
            assert_eq!(read(other.as_bytes(), Stream::Open), Some(End::NotHttp), "{other}");
        }
    }
    proptest! {
        /// What was said of the beginning stays true, however the bytes come in.
        #[test]
        fn more_bytes_change_no_answer(
            head in prop::sample::select(vec!["", "HTTP/1.1 ", "HTTP/1.1 200 ", "HTTP/1.1 400 x\r\n"]),
            rest in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let bytes = [head.as_bytes(), &rest].concat();
            let answers: Vec<_> = (0..=bytes.len()).filter_map(|end| read(&bytes[..end], Stream::Open)).collect();
            prop_assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
            prop_assert!(read(&bytes, Stream::Closed).is_some());
        }
    }
}
