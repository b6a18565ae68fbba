//! Many things to ask: a list of paths, or what an OpenAPI document describes.

use serde_json::Value;

use crate::template::Ask;

/// Why a list could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A line is neither a path nor a method and a path.
    #[error("line {0} is no path; it looks like /cart, or POST /cart")]
    Line(usize),
    /// There is nothing in it.
    #[error("it asks for nothing")]
    Empty,
    /// It begins as JSON does, and is none.
    #[error("it is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is not YAML either.
    #[error("it is not YAML: {0}")]
    NotYaml(String),
    /// It is not OpenAPI.
    #[error("it has no `paths`, as an OpenAPI document has")]
    NotOpenApi,
}

/// Reads a path in each line, a method before it where that is not GET. Empty lines and what follows a `#` at the beginning of
/// one say nothing.
pub fn parse_paths(text: &str) -> Result<Vec<Ask>, ListError> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let meant = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let asks = meant.map(|(number, line)| ask(line).ok_or(ListError::Line(number)));
    let asks = asks.collect::<Result<Vec<Ask>, ListError>>()?;
    if asks.is_empty() { Err(ListError::Empty) } else { Ok(asks) }
}

fn ask(line: &str) -> Option<Ask> {
    let (method, target) =
        line.split_once(' ').map_or(("GET", line), |(method, target)| (method, target.trim()));
    let sound = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
    let named = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    (sound && named).then(|| Ask { method: method.to_owned(), ..Ask::get(target) })
}

/// The requests of an OpenAPI 3 document that only read (GET and HEAD); parameters of the path and required ones of the query
/// take their examples, their defaults, or a value of their type.
pub fn parse_openapi(text: &str) -> Result<Vec<Ask>, ListError> {
    let document = document(text)?;
    let paths = document["paths"].as_object().ok_or(ListError::NotOpenApi)?;
    let base = base_path(&document);
    let mut asks = Vec::new();
    for (path, item) in paths {
        for method in ["get", "head"] {
            if item[method].is_object() {
                let target = format!("{base}{}", target(&document, path, item, &item[method]));
                asks.push(Ask { method: method.to_ascii_uppercase(), ..Ask::get(&target) });
            }
        }
    }
    if asks.is_empty() { Err(ListError::Empty) } else { Ok(asks) }
}

/// What stands in JSON, which begins with a brace, or in YAML.
fn document(text: &str) -> Result<Value, ListError> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(ListError::NotJson);
    }
    // The largest documents that are published have some hundred thousand nodes; what aliases make counts as well.
    let budget = serde_saphyr::budget! { max_nodes: 1_000_000, max_events: 4_000_000 };
    // In YAML 1.2 `no` is a word. The excerpt that the library would show fills several lines, and an error is one.
    let options = serde_saphyr::options! { budget: budget, strict_booleans: true, with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let told = error.to_string();
        ListError::NotYaml(told.lines().map(str::trim).collect::<Vec<_>>().join(" "))
    })
}

/// The path of the first server, without what makes it a URL.
fn base_path(document: &Value) -> String {
    let url = document["servers"][0]["url"].as_str().unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    };
    path.trim_end_matches('/').to_owned()
}

fn target(document: &Value, path: &str, item: &Value, operation: &Value) -> String {
    let lists = [&item["parameters"], &operation["parameters"]];
    let parameters = lists.into_iter().filter_map(Value::as_array).flatten().map(|it| resolved(document, it));
    let mut target = path.to_owned();
    let mut query = Vec::new();
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value: String =
            url::form_urlencoded::byte_serialize(example(document, parameter).as_bytes()).collect();
        match parameter["in"].as_str() {
            Some("path") => target = target.replace(&format!("{{{name}}}"), &value),
            Some("query") if parameter["required"] == Value::Bool(true) => {
                query.push(format!("{name}={value}"))
            }
            _ => {}
        }
    }
    if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
}

/// What a `$ref` within the document points to.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn example(document: &Value, parameter: &Value) -> String {
    let schema = resolved(document, &parameter["schema"]);
    let given = [&parameter["example"], &schema["example"], &schema["default"], &schema["enum"][0]];
    match given.into_iter().find(|value| !value.is_null()) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None if matches!(schema["type"].as_str(), Some("integer" | "number")) => "1".to_owned(),
        None if schema["type"] == "boolean" => "true".to_owned(),
        None => "x".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(asks: &[Ask]) -> Vec<String> {
        asks.iter().map(|ask| format!("{} {}", ask.method, ask.target)).collect()
    }

    #[test]
    fn a_list_has_a_path_in_each_line() {
        let asks = parse_paths("# what visitors see\n/\n\n/cart?full=1\nPOST /cart\n").expect("a list");
        assert_eq!(targets(&asks), ["GET /", "GET /cart?full=1", "POST /cart"]);
        assert!(matches!(parse_paths("/\ncart\n"), Err(ListError::Line(2))));
        assert!(matches!(parse_paths("/a b c"), Err(ListError::Line(1))));
        assert!(matches!(parse_paths("# nothing\n"), Err(ListError::Empty)));
    }

    #[test]
    fn an_openapi_document_says_what_can_be_read() {
        let document = r##"{"openapi":"3.1.0","servers":[{"url":"https://h.test/api/v1/"}],"paths":{
            "/users/{id}":{"parameters":[{"$ref":"#/components/parameters/Id"}],"get":{"parameters":[
                {"name":"q","in":"query","required":true,"schema":{"type":"string","example":"a b"}},
                {"name":"page","in":"query","schema":{"type":"integer"}}]},"delete":{}},
            "/health":{"head":{}}},
            "components":{"parameters":{"Id":{"name":"id","in":"path","schema":{"type":"integer"}}}}}"##;
        let asks = parse_openapi(document).expect("a document");
        let mut found = targets(&asks);
        found.sort();
        assert_eq!(found, ["GET /api/v1/users/1?q=a+b", "HEAD /api/v1/health"]);
        assert!(matches!(parse_openapi("{\"openapi\":"), Err(ListError::NotJson(_))));
        assert!(matches!(parse_openapi("{}"), Err(ListError::NotOpenApi)));
        assert!(matches!(parse_openapi(r#"{"paths":{"/a":{"post":{}}}}"#), Err(ListError::Empty)));
    }

    #[test]
    fn an_openapi_document_may_be_yaml() {
        let document = r##"
# As people write it: numbers for keys, anchors, several lines in one, and what looks like another type.
openapi: 3.1.0
info: { title: A shop, version: "1.0" }
servers:
  - url: https://h.test/api/v1/
paths:
  /users/{id}:
    parameters:
      - $ref: '#/components/parameters/Id'
    get: &read
      description: >
        Who it is,
        on two lines.
      parameters:
        - name: q
          in: query
          required: true
          schema: { type: string, example: a b }
        - name: since
          in: query
          required: true
          schema: { type: string, default: 2025-12-22 }
        - { name: full, in: query, required: true, example: no }
      responses:
        200: { description: found }
        '404': { description: nobody }
    delete: {}
  /health:
    head: *read
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: integer, default: 7 } }
"##;
        let mut found = targets(&parse_openapi(document).expect("a document"));
        found.sort();
        assert_eq!(
            found,
            [
                "GET /api/v1/users/7?q=a+b&since=2025-12-22&full=no",
                "HEAD /api/v1/health?q=a+b&since=2025-12-22&full=no"
            ]
        );
    }

    #[test]
    fn what_is_no_yaml_is_told_on_one_line() {
        for text in ["paths:\n  /a: [1, 2\n", "a: b: c", "paths: *nobody", "&a [*a, *a]"] {
            match parse_openapi(text).expect_err(text) {
                ListError::NotYaml(why) => assert!(!why.is_empty() && !why.contains('\n'), "{why}"),
                other => panic!("{text}: {other}"),
            }
        }
        assert!(matches!(parse_openapi("openapi: 3.1.0"), Err(ListError::NotOpenApi)));
        assert!(matches!(parse_openapi(""), Err(ListError::NotOpenApi)));
        // A few lines that would be a thousand million strings.
        let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            let last = n - 1;
            text + &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{last}"); 10].join(", "))
        });
        assert!(matches!(parse_openapi(&bomb), Err(ListError::NotYaml(_))));
    }
}
