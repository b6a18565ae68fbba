//! What an answer says at a place, in words that can be shown.

use httparse::{EMPTY_HEADER, Response};
use serde_json::Value;

use super::reading::Spot;
use crate::anatomy::words;
use crate::content;
use crate::knowledge::Kept;
use crate::place::AnswerPlace;

/// As much of it as is shown.
const SHOWN: usize = 200;

/// Of as many elements of an array.
const MOST_ELEMENTS: usize = 5;

/// What `kept` says at `spot`.
pub(crate) fn said(kept: Option<&Kept>, spot: &Spot) -> String {
    let Some(kept) = kept else { return "no answer".to_owned() };
    let text = match spot {
        Spot::Place(AnswerPlace::Status) => Some(kept.status.to_string()),
        Spot::Place(AnswerPlace::Header(name)) => headers(kept, name).into_iter().next(),
        Spot::Place(AnswerPlace::Cookie(name)) => cookie(kept, name),
        Spot::Place(AnswerPlace::Json(pointer)) => json(kept, pointer),
        Spot::Place(AnswerPlace::Body) => Some(line(kept, 0).1),
        Spot::Form => Some(form(kept)),
        Spot::Word(index) => Some(line(kept, *index).1),
    };
    let text = text.unwrap_or_else(|| "nothing".to_owned());
    text.chars().take(SHOWN).collect()
}

/// Quotes an answer at every kind of place; for the fuzzer.
pub(crate) fn quote(kept: &Kept) {
    let places = ["status", "header:location", "cookie:sid", "json:/a/*/b", "body"];
    for place in places.iter().filter_map(|place| place.parse().ok()) {
        let _ = said(Some(kept), &Spot::Place(place));
    }
    let _ = (said(Some(kept), &Spot::Form), said(Some(kept), &Spot::Word(7)));
}

/// The line that a word stands in, counted from 1, and what it says.
pub(crate) fn line(kept: &Kept, word: usize) -> (usize, String) {
    let body = content::plain(&kept.head, &kept.body);
    let mut seen = 0;
    for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
        seen += words(line).count();
        if seen > word {
            return (index + 1, String::from_utf8_lossy(line).trim().to_owned());
        }
    }
    (1, String::new())
}

fn headers(kept: &Kept, name: &str) -> Vec<String> {
    let mut headers = [EMPTY_HEADER; 128];
    let mut response = Response::new(&mut headers);
    // It was parsed before, when it came.
    let Ok(_) = response.parse(&kept.head) else { return Vec::new() };
    let named = response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    named.map(|header| String::from_utf8_lossy(header.value).into_owned()).collect()
}

fn cookie(kept: &Kept, name: &str) -> Option<String> {
    let set = headers(kept, "set-cookie").into_iter();
    set.filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let value = value.split(';').next().unwrap_or_default().trim();
        (key.trim() == name).then(|| value.to_owned())
    })
    .next()
}

fn json(kept: &Kept, pointer: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(&content::plain(&kept.head, &kept.body)).ok()?;
    let mut here = vec![&value];
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        here = here.into_iter().flat_map(|value| within(value, &key)).collect();
    }
    let shown: Vec<String> = here.iter().take(MOST_ELEMENTS).map(ToString::to_string).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn within<'v>(value: &'v Value, key: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(array) if key == "*" => array.iter().collect(),
        Value::Object(object) => object.get(key).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn form(kept: &Kept) -> String {
    let body = content::plain(&kept.head, &kept.body);
    match serde_json::from_slice::<Value>(&body) {
        Ok(_) => "JSON".to_owned(),
        Err(_) => {
            let start: String = String::from_utf8_lossy(&body).chars().take(60).collect();
            format!("{} words: {}", words(&body).count(), start.trim())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Asked;
    use crate::mode::Mode;
    use crate::template::Visitor;

    fn kept(head: &str, body: &str) -> Kept {
        Kept {
            asked: Asked { number: 1, template: 0, visitor: Visitor::Known, mode: Mode::InTurn },
            status: 200,
            head: format!("HTTP/1.1 200 OK\r\n{head}\r\n").into_bytes(),
            body: body.as_bytes().to_vec(),
            whole: true,
            took: Default::default(),
        }
    }

    #[test]
    fn each_place_is_quoted() {
        let place = |name: &str| Spot::Place(name.parse().expect("a place"));
        let kept =
            kept("Set-Cookie: sid=7; Path=/\r\nX-A: b\r\n", r#"{"items":[{"n":1},{"n":"two"}],"x":{}}"#);
        let said = |name: &str| said(Some(&kept), &place(name));
        assert_eq!([said("status"), said("header:x-a"), said("cookie:sid")], ["200", "b", "7"]);
        assert_eq!(said("json:/items/*/n"), r#"1, "two""#);
        assert_eq!([said("json:/gone"), said("header:gone")], ["nothing", "nothing"]);
    }

    #[test]
    fn a_word_is_quoted_with_its_line() {
        let kept = kept("", "<h1>A shop</h1>\n<p>total 12</p>\n");
        assert_eq!(line(&kept, 0), (1, "<h1>A shop</h1>".to_owned()));
        assert_eq!(line(&kept, 6), (2, "<p>total 12</p>".to_owned()));
        assert!(said(Some(&kept), &Spot::Form).contains("words: <h1>A shop"));
        assert_eq!(said(None, &Spot::Form), "no answer");
    }
}
