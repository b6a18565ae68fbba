//! Bodies without their content coding.

use std::borrow::Cow;
use std::io::Read;

use httparse::{EMPTY_HEADER, Header, Response};

/// No more than this comes out of a compressed body, however little went in.
const MOST: u64 = 8 << 20;

/// Takes the content codings off `body` that the answer's `headers` name. Nothing where that is not possible: where the
/// coding is not known, or the body is not what it says.
pub(crate) fn decoded(headers: &[Header<'_>], body: &[u8]) -> Option<Vec<u8>> {
    let codings = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("content-encoding"));
    let names: Vec<String> = codings
        .flat_map(|header| header.value.split(|byte| *byte == b','))
        .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
        .collect();
    names.iter().rev().try_fold(body.to_vec(), |body, name| without(name, &body))
}

/// The body as it is meant to be read, where that can be found out, or as it came.
pub(crate) fn plain<'a>(head: &[u8], body: &'a [u8]) -> Cow<'a, [u8]> {
    let mut headers = [EMPTY_HEADER; 128];
    let mut response = Response::new(&mut headers);
    match response.parse(head) {
        Ok(_) if is_coded(response.headers) => {
            decoded(response.headers, body).map_or(Cow::Borrowed(body), Cow::Owned)
        }
        _ => Cow::Borrowed(body),
    }
}

/// Whether there is a coding to take off.
pub(crate) fn is_coded(headers: &[Header<'_>]) -> bool {
    headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-encoding"))
}

fn without(coding: &str, body: &[u8]) -> Option<Vec<u8>> {
    match coding {
        "identity" | "" => Some(body.to_vec()),
        _ if body.is_empty() => Some(Vec::new()),
        "gzip" | "x-gzip" => all(flate2::read::MultiGzDecoder::new(body)),
        // Some servers send the bare stream instead of the one with a header that the name means.
        "deflate" => {
            all(flate2::read::ZlibDecoder::new(body)).or_else(|| all(flate2::read::DeflateDecoder::new(body)))
        }
        "br" => all(brotli_decompressor::Decompressor::new(body, 4096)),
        "zstd" => all(ruzstd::decoding::StreamingDecoder::new(body).ok()?),
        _ => None,
    }
}

fn all(decoder: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    decoder.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"Hello, hello, hello!";

    fn taken_off(coding: &str, body: &[u8]) -> Option<Vec<u8>> {
        decoded(&[Header { name: "content-encoding", value: coding.as_bytes() }], body)
    }

    #[test]
    fn each_coding_is_taken_off() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        for encoder in [&mut gzip as &mut dyn Write, &mut zlib, &mut deflate] {
            encoder.write_all(TEXT).expect("memory takes all");
        }
        let bodies =
            [gzip.finish(), zlib.finish(), deflate.finish()].map(|body| body.expect("memory takes all"));
        for (coding, body) in ["gzip", "deflate", "deflate"].iter().zip(&bodies) {
            assert_eq!(taken_off(coding, body).as_deref(), Some(TEXT), "{coding}");
        }
        assert_eq!(taken_off("gzip, identity", &bodies[0]).as_deref(), Some(TEXT));
        let zstd = ruzstd::encoding::compress_to_vec(TEXT, ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(taken_off("zstd", &zstd).as_deref(), Some(TEXT));
        // What Node's zlib.brotliCompressSync writes for this text.
        let brotli = b"\x8b\x09\x80Hello, hello, hello!\x03";
        assert_eq!(taken_off("br", brotli).as_deref(), Some(TEXT));
        assert_eq!(taken_off("br", &brotli[..9]), None, "cut off");
    }

    #[test]
    fn a_body_that_is_not_what_it_says_is_none() {
        assert_eq!(taken_off("gzip", b"not gzip"), None);
        assert_eq!(taken_off("lzma", TEXT), None);
        assert_eq!(decoded(&[], TEXT).as_deref(), Some(TEXT));
    }
}
