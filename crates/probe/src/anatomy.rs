//! What an answer says, place by place, without what is the asker's own.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use httparse::{EMPTY_HEADER, Header};
use serde_json::Value;

use crate::content;
use crate::place::AnswerPlace;
use crate::token::{Encoding, LENGTH, Owner, Recogniser, Sighting};
use crate::wire::Answer;

/// A body of more words is not compared word by word.
const MOST_WORDS: usize = 1 << 16;

/// An object with more different keys than this is a table, and its keys are data.
const MOST_PLACES: usize = 1_024;

const MOST_HEADERS: usize = 128;

/// An answer taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anatomy {
    /// Such as 200.
    pub(crate) status: u16,
    /// What each place says. Of headers, only those that name somebody: the others are the protocol's and the proxies'.
    pub(crate) fields: BTreeMap<AnswerPlace, Content>,
    /// A body that is not JSON: the hash of each word, the asker's own tokens told alike.
    pub(crate) words: Option<Vec<u64>>,
}

/// What a place says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// The slots whose own token stands here, a bit each.
    pub(crate) own: u16,
    /// Other requests' tokens.
    pub(crate) foreign: Vec<(Owner, Encoding)>,
    /// A hash of the whole, with the asker's own tokens replaced.
    pub(crate) hash: u64,
    /// The value itself, where it is short enough for an id and holds no token.
    pub(crate) id: Option<String>,
}

/// Longer values than this are no ids.
const LONGEST_ID: usize = 512;

/// Shorter ones neither: they would come up twice by themselves.
const SHORTEST_ID: usize = 8;

impl Anatomy {
    /// Takes apart the answer to request `number`.
    pub(crate) fn of(answer: &Answer<'_>, number: u64, recogniser: &Recogniser) -> Self {
        Self::with_words(answer, number, recogniser, true)
    }

    /// The same, the words of a page left out where they are not asked for.
    pub(crate) fn with_words(
        answer: &Answer<'_>,
        number: u64,
        recogniser: &Recogniser,
        wanted: bool,
    ) -> Self {
        Self::read(answer, &Tokens { number, recogniser, words: wanted, server: None })
    }

    /// The same with all headers that say something of the answer; `server`, the name by which the server was asked, is
    /// told like that of any other.
    pub(crate) fn of_server(answer: &Answer<'_>, number: u64, recogniser: &Recogniser, server: &str) -> Self {
        Self::read(answer, &Tokens { number, recogniser, words: true, server: Some(server.as_bytes()) })
    }

    fn read(answer: &Answer<'_>, reader: &Tokens<'_>) -> Self {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let headers = parsed(answer.head, &mut headers);
        let mut anatomy = Self { status: answer.status, ..Self::default() };
        anatomy.headers(headers, reader);
        match content::decoded(headers, answer.body) {
            Some(body) if content::is_coded(headers) => anatomy.body(&body, reader),
            _ => anatomy.body(answer.body, reader),
        }
        anatomy
    }

    fn headers(&mut self, headers: &[Header<'_>], tokens: &Tokens<'_>) {
        for header in headers {
            if header.name.eq_ignore_ascii_case("set-cookie") {
                let (name, value) = cookie(header.value);
                self.add(AnswerPlace::Cookie(name), tokens.content(value));
                continue;
            }
            let content = tokens.content(header.value);
            let wanted = tokens.server.is_some() && !is_of_transport(header.name);
            if wanted || content.own != 0 || !content.foreign.is_empty() {
                self.add(AnswerPlace::Header(header.name.to_ascii_lowercase()), content);
            }
        }
    }

    fn body(&mut self, body: &[u8], tokens: &Tokens<'_>) {
        let begins = body.iter().find(|byte| !byte.is_ascii_whitespace());
        let json =
            begins.filter(|byte| b"{[\"".contains(byte)).and_then(|_| serde_json::from_slice(body).ok());
        match json {
            Some(value) => self.json(&value, &mut String::new(), tokens),
            None => self.text(body, tokens),
        }
    }

    fn json(&mut self, value: &Value, path: &mut String, tokens: &Tokens<'_>) {
        let length = path.len();
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let (key, content) = tokens.key(key);
                    path.push('/');
                    path.push_str(&key);
                    if let Some(content) = content {
                        self.add(AnswerPlace::Json(path.clone()), content);
                    }
                    self.json(value, path, tokens);
                    path.truncate(length);
                }
            }
            Value::Array(array) => {
                path.push_str("/*");
                array.iter().for_each(|value| self.json(value, path, tokens));
                path.truncate(length);
            }
            Value::String(text) => self.add(AnswerPlace::Json(path.clone()), tokens.content(text.as_bytes())),
            other => {
                let content = Content { hash: hash(other.to_string().as_bytes()), ..Content::default() };
                self.add(AnswerPlace::Json(path.clone()), content);
            }
        }
    }

    fn text(&mut self, body: &[u8], tokens: &Tokens<'_>) {
        let mut content = tokens.content(body);
        (content.hash, content.id) = (0, None);
        self.add(AnswerPlace::Body, content);
        if !tokens.words {
            return;
        }
        let words: Vec<u64> =
            words(body).take(MOST_WORDS + 1).map(|word| tokens.content(word).hash).collect();
        self.words = (words.len() <= MOST_WORDS).then_some(words);
    }

    /// Adds what stands at `place`, beside what stands there already: elements of an array have one place, so that
    /// their order says nothing.
    fn add(&mut self, place: AnswerPlace, content: Content) {
        if self.fields.len() >= MOST_PLACES && !self.fields.contains_key(&place) {
            return;
        }
        let field = self.fields.entry(place).or_default();
        field.own |= content.own;
        field.foreign.extend(content.foreign);
        field.hash = field.hash.wrapping_add(content.hash);
        field.id = content.id;
    }
}

/// Reads what tokens there are in the answer to one request.
struct Tokens<'a> {
    number: u64,
    recogniser: &'a Recogniser,
    /// Whether the words of a page are wanted.
    words: bool,
    /// What the server is called, where that is to say nothing.
    server: Option<&'a [u8]>,
}

impl Tokens<'_> {
    fn content(&self, text: &[u8]) -> Content {
        match self.server.and_then(|server| without(text, server)) {
            Some(nameless) => self.nameless(&nameless),
            None => self.nameless(text),
        }
    }

    fn nameless(&self, text: &[u8]) -> Content {
        let mut content = Content::default();
        let mut hasher = DefaultHasher::new();
        let mut end = 0;
        let mut encoded = false;
        for Sighting { owner, at, encoding } in self.recogniser.find(text) {
            match owner.number == self.number {
                true => content.own |= 1 << owner.slot,
                false => content.foreign.push((owner, encoding)),
            }
            encoded |= encoding != Encoding::Plain;
            if !encoded && owner.number == self.number {
                hasher.write(&text[end..at]);
                hasher.write_u8(owner.slot);
                end = at + LENGTH;
            }
        }
        // What is encoded together with a token differs with it, in places that nobody can tell.
        if !encoded {
            hasher.write(&text[end.min(text.len())..]);
        }
        content.hash = hasher.finish();
        content.id = id(text).filter(|_| content.own == 0 && content.foreign.is_empty());
        content
    }

    /// A key of an object, without the tokens in it, and what those are.
    fn key(&self, key: &str) -> (String, Option<Content>) {
        let content = self.content(key.as_bytes());
        if content.own == 0 && content.foreign.is_empty() {
            return (key.replace('~', "~0").replace('/', "~1"), None);
        }
        ("{token}".to_owned(), Some(content))
    }
}

/// Headers that tell of the connection, of the moment, or of how the body was sent, and nothing of what is answered.
fn is_of_transport(name: &str) -> bool {
    const TRANSPORT: [&str; 7] = [
        "date",
        "age",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "content-length",
        "content-encoding",
    ];
    TRANSPORT.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// `text` without `name`, where that stands in it.
fn without(text: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let find = |from: usize| text[from..].windows(name.len().max(1)).position(|window| window == name);
    let (mut rest, mut next) = (0, find(0)?);
    let mut nameless = Vec::with_capacity(text.len());
    loop {
        nameless.extend_from_slice(&text[rest..rest + next]);
        nameless.push(0);
        rest += next + name.len();
        match find(rest) {
            Some(at) => next = at,
            None => break,
        }
    }
    nameless.extend_from_slice(&text[rest..]);
    Some(nameless)
}

fn id(text: &[u8]) -> Option<String> {
    let fits = (SHORTEST_ID..=LONGEST_ID).contains(&text.len());
    fits.then(|| std::str::from_utf8(text).ok().map(str::to_owned))?
}

fn parsed<'h, 'b>(head: &'b [u8], headers: &'h mut [Header<'b>]) -> &'h [Header<'b>] {
    let mut response = httparse::Response::new(headers);
    // It was parsed before, when it came.
    match response.parse(head) {
        Ok(_) => response.headers,
        Err(_) => &[],
    }
}

/// Name and value of a cookie that is set (RFC 6265, section 5.2).
fn cookie(header: &[u8]) -> (String, &[u8]) {
    let pair = header.split(|byte| *byte == b';').next().unwrap_or_default();
    let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let name = String::from_utf8_lossy(&pair[..at]).trim().to_owned();
    (name, pair.get(at + 1..).unwrap_or_default().trim_ascii())
}

/// The words of a page: what stands between white space and the signs that markup is made of.
pub(crate) fn words(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = body.split(|byte| byte.is_ascii_whitespace() || b"<>\"'=&;,".contains(byte));
    parts.filter(|word| !word.is_empty())
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::token::Mint;

    /// The answer to request `number`, with `head` behind the status line.
    pub(crate) fn anatomy(mint: &Mint, number: u64, head: &str, body: &str) -> Anatomy {
        let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n");
        let answer =
            Answer { status: 200, head: head.as_bytes(), body: body.as_bytes(), whole: true, reusable: true };
        Anatomy::of(&answer, number, &Recogniser::new(mint))
    }

    pub(crate) fn token(mint: &Mint, number: u64) -> String {
        mint.token(Owner { number, slot: 0 })
    }

    fn json(path: &str) -> AnswerPlace {
        AnswerPlace::Json(path.to_owned())
    }

    #[test]
    fn each_place_says_whose_token_it_holds() {
        let mint = Mint::new();
        let head = format!(
            "Set-Cookie: sid={}; Path=/\r\nX-Who: {}\r\nDate: now\r\n",
            token(&mint, 2),
            token(&mint, 1)
        );
        let body = format!(r#"{{"user":{{"id":"{}"}},"list":["{}"]}}"#, token(&mint, 1), token(&mint, 3));
        let fields = anatomy(&mint, 1, &head, &body).fields;
        let places: Vec<String> = fields.keys().map(ToString::to_string).collect();
        assert_eq!(places, ["header:x-who", "cookie:sid", "json:/list/*", "json:/user/id"]);
        let foreign = |place: &AnswerPlace| {
            fields[place].foreign.iter().map(|(owner, _)| owner.number).collect::<Vec<_>>()
        };
        assert_eq!(foreign(&AnswerPlace::Cookie("sid".to_owned())), [2]);
        assert_eq!((fields[&json("/user/id")].own, foreign(&json("/list/*"))), (1, vec![3]));
    }

    #[test]
    fn answers_to_two_requests_are_alike_but_for_their_tokens() {
        let mint = Mint::new();
        let page = |number| {
            anatomy(&mint, number, "", &format!("<p class=\"a\">Hello {}</p>", token(&mint, number)))
        };
        assert_eq!(page(1), page(2));
        let json = |number| anatomy(&mint, number, "", &format!(r#"{{"u":"x{}y"}}"#, token(&mint, number)));
        assert_eq!(json(1), json(2));
        let encoded = |number| {
            let text: String = token(&mint, number).bytes().map(|byte| format!("%{byte:02x}")).collect();
            anatomy(&mint, number, "", &format!(r#"{{"u":"{text}"}}"#))
        };
        assert_eq!(encoded(1), encoded(2));
    }

    #[test]
    fn the_order_of_an_array_says_nothing() {
        let mint = Mint::new();
        assert_eq!(
            anatomy(&mint, 1, "", r#"[{"a":1},{"a":2}]"#),
            anatomy(&mint, 1, "", r#"[{"a":2},{"a":1}]"#)
        );
    }

    #[test]
    fn of_two_servers_only_the_answers_are_compared() {
        let mint = Mint::new();
        let of = |server: &str, date: &str, total: u32| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nDate: {date}\r\nLocation: http://{server}/a\r\nX-Total: {total}\r\n\r\n"
            );
            let body = format!("see http://{server}/a or http://{server}/b");
            let (head, body) = (head.as_bytes(), body.as_bytes());
            let answer = Answer { status: 200, head, body, whole: true, reusable: true };
            Anatomy::of_server(&answer, 1, &Recogniser::new(&mint), server)
        };
        assert_eq!(of("old:80", "Mon", 3), of("new.test:8080", "Tue", 3));
        let (one, other) = (of("old:80", "Mon", 3), of("new.test:8080", "Tue", 4));
        assert_eq!(one.words, other.words);
        let differ: Vec<String> = one
            .fields
            .iter()
            .filter(|(place, content)| other.fields[*place] != **content)
            .map(|(place, _)| place.to_string())
            .collect();
        assert_eq!(differ, ["header:x-total"]);
    }

    #[test]
    fn a_token_in_a_key_is_found() {
        let mint = Mint::new();
        let fields = anatomy(&mint, 1, "", &format!(r#"{{"users":{{"{}":7}}}}"#, token(&mint, 2))).fields;
        assert_eq!(fields[&json("/users/{token}")].foreign.len(), 1);
    }

    #[test]
    fn what_is_no_json_and_no_text_is_still_taken_apart() {
        let mint = Mint::new();
        assert!(anatomy(&mint, 1, "", "{\"a\":").words.is_some());
        assert_eq!(anatomy(&mint, 1, "", "").words, Some(Vec::new()));
    }
}
