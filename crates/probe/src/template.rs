//! What is sent, with holes where tokens go.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::place::{AnswerPlace, RequestPlace};
use crate::scenario::OWN;
use crate::token::{LENGTH, Mint, Owner};

/// A request as the user described it, without tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In the order in which they are sent; without `Host`, `Content-Length` and `Connection`.
    pub headers: Vec<(String, String)>,
    /// May be empty.
    pub body: Vec<u8>,
}

impl Ask {
    /// A plain look at `target`.
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Method and target without the query, which says what is asked for.
    pub fn name(&self) -> String {
        let path = self.target.split(['?', '#']).next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

/// Who sends it: somebody who has an id already, or somebody who is to be given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Visitor {
    /// Carries a token in every place.
    Known,
    /// Leaves out those by which the server would know a session.
    New,
}

/// Why tokens cannot be put into a request.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// There is no body to put it into, or it is not JSON.
    #[error("put a token at {place} of {request}: its body is not JSON")]
    NotJson {
        /// Which.
        place: String,
        /// Whose.
        request: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The body has no such value.
    #[error("put a token at {place} of {request}: its body has no such value")]
    NoSuchValue {
        /// Which.
        place: String,
        /// Whose.
        request: String,
    },
}

/// A request ready to be sent, but for its tokens.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    ask: Ask,
    /// For a known visitor and for a new one.
    forms: [Form; 2],
    /// The same with the request that the server close the connection.
    last: [Form; 2],
}

/// The bytes of a request, and where in them which token goes.
#[derive(Clone, Debug)]
struct Form {
    bytes: Vec<u8>,
    holes: Vec<(usize, u8)>,
    parts: Ask,
    slots: Vec<u8>,
}

impl Template {
    /// `ask`, sent to `authority`, with a token in each of `places`; a new visitor leaves out those that are also in
    /// `sessions`.
    pub(crate) fn new(
        ask: Ask,
        authority: &str,
        places: &[RequestPlace],
        sessions: &[AnswerPlace],
    ) -> Result<Self, TemplateError> {
        let issued = |place: &RequestPlace| match place {
            RequestPlace::Cookie(name) => sessions.contains(&AnswerPlace::Cookie(name.clone())),
            _ => false,
        };
        let all = |_: &RequestPlace| true;
        let both = |ask: &Ask| -> Result<[Form; 2], TemplateError> {
            let known = Form::new(ask, authority, places, &all)?;
            Ok([known, Form::new(ask, authority, places, &|place| !issued(place))?])
        };
        let mut closing = ask.clone();
        closing.headers.push(("Connection".to_owned(), "close".to_owned()));
        Ok(Self { forms: both(&ask)?, last: both(&closing)?, ask })
    }

    /// What it asks for.
    pub(crate) fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Whether a new visitor sends anything else than a known one.
    pub(crate) fn knows_visitors(&self) -> bool {
        self.forms[0].slots != self.forms[1].slots
    }

    /// Appends the request number `number` to `out`, as HTTP/1.1 has it.
    pub(crate) fn write(&self, visitor: Visitor, mint: &Mint, number: u64, out: &mut Vec<u8>) {
        Self::fill(&self.forms[visitor as usize], mint, number, out);
    }

    /// The same, asking the server to close the connection behind its answer.
    pub(crate) fn write_last(&self, visitor: Visitor, mint: &Mint, number: u64, out: &mut Vec<u8>) {
        Self::fill(&self.last[visitor as usize], mint, number, out);
    }

    /// The same with these cookies beside its own.
    pub(crate) fn write_with(
        &self,
        cookies: &str,
        visitor: Visitor,
        mint: &Mint,
        number: u64,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        self.write(visitor, mint, number, out);
        if !cookies.is_empty() {
            add_cookies(out, start, cookies);
        }
    }

    fn fill(form: &Form, mint: &Mint, number: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&form.bytes);
        for (at, slot) in &form.holes {
            let hole = &mut out[start + at..][..LENGTH];
            let hole = hole.try_into().expect("a hole is as long as a token");
            mint.write(Owner { number, slot: *slot }, hole);
        }
    }

    /// The same request in parts, for whoever frames it in another way.
    pub(crate) fn parts(&self, visitor: Visitor, mint: &Mint, number: u64) -> Ask {
        let form = self.form(visitor);
        let filled = |text: &str| {
            form.slots.iter().fold(text.to_owned(), |text, slot| {
                text.replace(&placeholder(*slot), &mint.token(Owner { number, slot: *slot }))
            })
        };
        let Ask { method, target, headers, body } = &form.parts;
        Ask {
            method: method.clone(),
            target: filled(target),
            headers: headers.iter().map(|(name, value)| (name.clone(), filled(value))).collect(),
            // Only a body of JSON has holes, and that is text.
            body: std::str::from_utf8(body).map_or_else(|_| body.clone(), |text| filled(text).into_bytes()),
        }
    }

    fn form(&self, visitor: Visitor) -> &Form {
        &self.forms[visitor as usize]
    }
}

impl Form {
    fn new(
        ask: &Ask,
        authority: &str,
        places: &[RequestPlace],
        wanted: &dyn Fn(&RequestPlace) -> bool,
    ) -> Result<Self, TemplateError> {
        let mut parts = ask.clone();
        let mut slots = Vec::new();
        for (slot, place) in (0_u8..).zip(places) {
            // A request without a body has no place in it; others of the same run may have.
            let absent = matches!(place, RequestPlace::Json(_)) && ask.body.is_empty();
            if wanted(place) && !absent {
                put(&mut parts, place, &placeholder(slot))?;
                slots.push(slot);
            }
        }
        let bytes = head_and_body(&parts, authority);
        let holes = slots.iter().flat_map(|slot| holes(&bytes, *slot)).collect();
        Ok(Self { bytes, holes, parts, slots })
    }
}

/// Adds cookies to the request that begins at `start`: to the header that it has, or in one of their own.
fn add_cookies(out: &mut Vec<u8>, start: usize, cookies: &str) {
    let find = |wanted: &[u8]| out[start..].windows(wanted.len()).position(|window| window == wanted);
    let Some(end) = find(b"\r\n\r\n") else { return };
    let own = find(b"\r\nCookie: ").filter(|at| *at < end);
    let (at, text) = match own {
        Some(at) => (at + "\r\nCookie: ".len(), format!("{cookies}; ")),
        None => (end, format!("\r\nCookie: {cookies}")),
    };
    let tail = out.split_off(start + at);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(&tail);
}

/// What stands where the token of a slot will go; nobody would write it for any other reason.
fn placeholder(slot: u8) -> String {
    format!("jostle-token-goes-into-this-{slot:02}--")
}

fn holes(bytes: &[u8], slot: u8) -> Vec<(usize, u8)> {
    let wanted = placeholder(slot);
    let found = bytes.windows(LENGTH).enumerate().filter(|(_, window)| *window == wanted.as_bytes());
    found.map(|(at, _)| (at, slot)).collect()
}

fn put(parts: &mut Ask, place: &RequestPlace, text: &str) -> Result<(), TemplateError> {
    match place {
        RequestPlace::Header(name) => {
            parts.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            parts.headers.push((name.clone(), text.to_owned()));
        }
        RequestPlace::Cookie(name) => put_cookie(&mut parts.headers, name, text),
        RequestPlace::Query(name) => parts.target = with_parameter(&parts.target, name, text),
        RequestPlace::Json(pointer) => put_json(parts, pointer, text)?,
        RequestPlace::Text => put_text(parts, text),
    }
    Ok(())
}

/// All cookies go into one header, in the order in which they were named.
fn put_cookie(headers: &mut Vec<(String, String)>, name: &str, text: &str) {
    let at =
        headers.iter().position(|(header, _)| header.eq_ignore_ascii_case("cookie")).unwrap_or_else(|| {
            headers.push(("Cookie".to_owned(), String::new()));
            headers.len() - 1
        });
    let others =
        headers[at].1.split("; ").filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
    let pairs: Vec<String> = others.map(str::to_owned).chain([format!("{name}={text}")]).collect();
    headers[at].1 = pairs.join("; ");
}

/// The target with the parameter `name` set, in place of what it was.
fn with_parameter(target: &str, name: &str, text: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let others =
        query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(&*encoded));
    let pairs: Vec<String> = others.map(str::to_owned).chain([format!("{encoded}={text}")]).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn put_text(parts: &mut Ask, text: &str) {
    parts.target = parts.target.replace(OWN, text);
    parts.headers.iter_mut().for_each(|(_, value)| *value = value.replace(OWN, text));
    if let Ok(body) = std::str::from_utf8(&parts.body) {
        parts.body = body.replace(OWN, text).into_bytes();
    }
}

fn put_json(parts: &mut Ask, pointer: &str, text: &str) -> Result<(), TemplateError> {
    let (place, request) = (format!("json:{pointer}"), parts.name());
    let mut body: Value = match serde_json::from_slice(&parts.body) {
        Ok(body) => body,
        Err(source) => return Err(TemplateError::NotJson { place, request, source }),
    };
    match set(&mut body, pointer, text) {
        true => parts.body = body.to_string().into_bytes(),
        false => return Err(TemplateError::NoSuchValue { place, request }),
    }
    Ok(())
}

/// Sets what `pointer` names; the last key of an object need not be there yet.
fn set(body: &mut Value, pointer: &str, text: &str) -> bool {
    if let Some(value) = body.pointer_mut(pointer) {
        *value = Value::String(text.to_owned());
        return true;
    }
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    match body.pointer_mut(parent) {
        Some(Value::Object(object)) => {
            object.insert(key.replace("~1", "/").replace("~0", "~"), Value::String(text.to_owned()));
            true
        }
        _ => false,
    }
}

fn head_and_body(parts: &Ask, authority: &str) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\nHost: {authority}\r\n", parts.method, parts.target);
    for (name, value) in &parts.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let given = |wanted: &str| parts.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    if !given("user-agent") {
        text.push_str(concat!("User-Agent: jostle/", env!("CARGO_PKG_VERSION"), "\r\n"));
    }
    if !given("accept") {
        text.push_str("Accept: */*\r\n");
    }
    if !parts.body.is_empty() || ["POST", "PUT", "PATCH"].contains(&parts.method.as_str()) {
        text.push_str(&format!("Content-Length: {}\r\n", parts.body.len()));
    }
    text.push_str("\r\n");
    [text.as_bytes(), &parts.body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Recogniser, Sighting};

    fn places(names: &[&str]) -> Vec<RequestPlace> {
        names.iter().map(|name| name.parse().expect("a place")).collect()
    }

    fn written(template: &Template, visitor: Visitor, mint: &Mint) -> String {
        let mut bytes = b"before ".to_vec();
        template.write(visitor, mint, 7, &mut bytes);
        String::from_utf8(bytes[7..].to_vec()).expect("text")
    }

    #[test]
    fn every_place_gets_a_token_of_its_own() {
        let ask = Ask {
            method: "POST".to_owned(),
            target: "/a?keep=1&u=old".to_owned(),
            headers: vec![("Cookie".to_owned(), "theme=dark; sid=old".to_owned())],
            body: br#"{"user":{"id":"old","name":"n"}}"#.to_vec(),
        };
        let all = places(&["header:X-User", "cookie:sid", "query:u", "json:/user/id"]);
        let mint = Mint::new();
        let template = Template::new(ask, "localhost:1", &all, &[]).expect("all fit");
        let text = written(&template, Visitor::Known, &mint);
        let slots: Vec<u8> =
            Recogniser::new(&mint).find(text.as_bytes()).map(|Sighting { owner, .. }| owner.slot).collect();
        assert_eq!(slots, [2, 1, 0, 3]);
        let token = |slot| mint.token(Owner { number: 7, slot });
        assert!(
            text.starts_with(&format!("POST /a?keep=1&u={} HTTP/1.1\r\nHost: localhost:1\r\n", token(2))),
            "{text}"
        );
        assert!(text.contains(&format!("Cookie: theme=dark; sid={}\r\n", token(1))), "{text}");
        assert!(
            text.ends_with(&format!("\r\n\r\n{{\"user\":{{\"id\":\"{}\",\"name\":\"n\"}}}}", token(3))),
            "{text}"
        );
    }

    #[test]
    fn a_new_visitor_leaves_out_what_the_server_issues() {
        let all = places(&["cookie:visitor", "cookie:sid", "query:u"]);
        let sessions = ["cookie:sid".parse().expect("a place")];
        let template = Template::new(Ask::get("/"), "h", &all, &sessions).expect("all fit");
        assert!(template.knows_visitors());
        let text = written(&template, Visitor::New, &Mint::new());
        assert!(text.contains("Cookie: visitor=") && !text.contains("sid="), "{text}");
    }

    #[test]
    fn cookies_are_added_to_those_that_are_there() {
        let with = |places: &[&str]| {
            let template = Template::new(Ask::get("/"), "h", &self::places(places), &[]).expect("all fit");
            let mut bytes = b"before ".to_vec();
            template.write_with("a=1; b=2", Visitor::Known, &Mint::new(), 7, &mut bytes);
            String::from_utf8(bytes).expect("text")
        };
        assert!(with(&[]).ends_with("\r\nCookie: a=1; b=2\r\n\r\n"), "{}", with(&[]));
        assert!(with(&["cookie:c"]).contains("\r\nCookie: a=1; b=2; c="), "{}", with(&["cookie:c"]));
    }

    #[test]
    fn the_parts_say_what_the_bytes_say() {
        let mint = Mint::new();
        let template =
            Template::new(Ask::get("/p"), "h", &places(&["query:u", "header:X-User"]), &[]).expect("all fit");
        let parts = template.parts(Visitor::Known, &mint, 7);
        let text = written(&template, Visitor::Known, &mint);
        assert!(
            text.contains(&parts.target) && text.contains(&format!("X-User: {}", parts.headers[0].1)),
            "{text}"
        );
    }

    #[test]
    fn a_body_without_the_place_is_told() {
        let ask = Ask { body: b"[1]".to_vec(), ..Ask::get("/") };
        let error =
            Template::new(ask.clone(), "h", &places(&["json:/user/id"]), &[]).expect_err("no such value");
        assert_eq!(error.to_string(), "put a token at json:/user/id of GET /: its body has no such value");
        let error = Template::new(Ask { body: b"a=b".to_vec(), ..ask }, "h", &places(&["json:/u"]), &[]);
        assert!(error.expect_err("not JSON").to_string().ends_with("its body is not JSON"));
    }
}
