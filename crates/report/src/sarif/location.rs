//! Frames as SARIF locations.

use std::fmt::Write;

use jostle_model::{Frame, Snippet};
use serde_json::{Map, Value, json};

use crate::{paths, printable};

/// Where a frame's code is: in the source where that is known, in a function, in a module.
pub(super) fn location(frame: &Frame, snippet: Option<&Snippet>) -> Value {
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), physical(frame, snippet));
    if let Some(function) = &frame.function {
        let logical = json!([{ "fullyQualifiedName": printable::line(function), "kind": "function" }]);
        location.insert("logicalLocations".to_owned(), logical);
    }
    Value::Object(location)
}

/// A frame of a `stack`.
pub(super) fn stack_frame(frame: &Frame, tid: Option<i32>) -> Value {
    let mut object = json!({ "location": location(frame, None) });
    if let Some(module) = &frame.module {
        object["module"] = json!(printable::line(module));
    }
    if let Some(tid) = tid {
        object["threadId"] = json!(tid);
    }
    object
}

/// A step of a `threadFlow`, `depth` calls below its start; `deed` is what happened there.
pub(super) fn flow_step(frame: &Frame, depth: usize, deed: Option<&String>) -> Value {
    let mut location = location(frame, None);
    location["message"] = json!({ "text": deed.cloned().unwrap_or_else(|| called(frame)) });
    let importance = if deed.is_some() { "essential" } else { "important" };
    let mut step = json!({ "location": location, "nestingLevel": depth, "importance": importance });
    if let Some(module) = &frame.module {
        step["module"] = json!(printable::line(module));
    }
    step
}

fn called(frame: &Frame) -> String {
    match &frame.function {
        Some(function) => printable::line(function),
        None => paths::position(frame, usize::MAX),
    }
}

fn physical(frame: &Frame, snippet: Option<&Snippet>) -> Value {
    let mut physical = Map::new();
    physical
        .insert("address".to_owned(), json!({ "absoluteAddress": frame.address.0, "kind": "instruction" }));
    let file = snippet.map(|snippet| &snippet.file).or(frame.file.as_ref());
    if let Some(file) = file {
        physical.insert("artifactLocation".to_owned(), json!({ "uri": uri(&file.to_string_lossy()) }));
        physical.extend(region(frame, snippet));
    }
    Value::Object(physical)
}

fn region(frame: &Frame, snippet: Option<&Snippet>) -> Vec<(String, Value)> {
    let line = snippet.map(|snippet| snippet.line).or(frame.line).filter(|line| *line > 0);
    let Some(line) = line else { return Vec::new() };
    let region = ("region".to_owned(), json!({ "startLine": line }));
    let context = snippet.map(|snippet| ("contextRegion".to_owned(), context_region(snippet)));
    [region].into_iter().chain(context).collect()
}

fn context_region(snippet: &Snippet) -> Value {
    let lines: Vec<String> = snippet.text.lines().map(printable::source_line).collect();
    let first = snippet.first_line.max(1);
    json!({
        "startLine": first,
        "endLine": first as usize + lines.len().saturating_sub(1),
        "snippet": { "text": lines.join("\n") },
    })
}

/// A path as a URI reference (RFC 3986): an absolute one with its scheme, a relative one as it is.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let mut uri = scheme.to_owned();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' => {
                uri.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => _ = write!(uri, "%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_that_means_it() {
        assert_eq!(uri("/srv/my app/50%.go"), "file:///srv/my%20app/50%25.go");
        assert_eq!(uri("internal/ä:b.go"), "internal/%C3%A4%3Ab.go");
    }
}
