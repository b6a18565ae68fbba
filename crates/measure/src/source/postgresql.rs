use std::path::PathBuf;
use std::time::Duration;

use postgres::Config;
use postgres::config::{Host, SslMode};
use postgres::types::Type;

use super::passwords::{Account, Surroundings, password_in};
use super::reader::{Reader, Trouble};
use super::{Cell, Column, Source, Taker, no_time, tls};
use crate::error::SourceError;
use crate::moment::{Clock, Moment, Span};

/// How long to wait for a server that does not answer, where the address does not say.
const CONNECT: Duration = Duration::from_secs(10);
/// Where Debian's servers listen for those on the same machine.
const SOCKETS: &str = "/var/run/postgresql";

/// A PostgreSQL server, in a transaction that can only read.
///
/// Tables and queries come as the text format of COPY, which is the fastest way out of the server and the same for all
/// types of columns.
pub(super) struct Postgres {
    reader: Reader,
    timeout: Span,
    clock: Clock,
}

impl Postgres {
    /// The connection, and the address as it may be shown.
    pub(super) fn connect(
        address: &str,
        surroundings: &Surroundings,
        timeout: Span,
        clock: Clock,
    ) -> Result<(Self, String), SourceError> {
        let Address { config, authorities } = read_address(address, surroundings)?;
        let shown = shown(&config);
        let refused = |why: String| SourceError::Connect { address: shown.clone(), why };
        let tls = tls::connector(authorities.as_deref()).map_err(refused)?;
        let reader = Reader::start(config, tls, timeout.to_std()).map_err(|trouble| {
            refused(match trouble {
                Trouble::Said { words, .. } | Trouble::Broken(words) => words,
                Trouble::Silent => "it does not answer".to_owned(),
            })
        })?;
        Ok((Self { reader, timeout, clock }, shown))
    }

    fn lines(&self, what: &str, sql: &str, kinds: &[Kind], take: Taker<'_>) -> Result<(), SourceError> {
        let mut number = 0u64;
        let mut rest: Vec<u8> = Vec::new();
        let mut line = |line: &[u8]| {
            number += 1;
            let here = || format!("{what}, row {number}");
            take_line(line, kinds, &self.clock, &here, take)
        };
        let copied = self.reader.copy(format!("COPY ({sql}\n) TO STDOUT"), |bytes| -> Result<(), Stop> {
            let mut bytes = bytes;
            while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
                if rest.is_empty() {
                    line(&bytes[..end])?;
                } else {
                    rest.extend_from_slice(&bytes[..end]);
                    line(&rest)?;
                    rest.clear();
                }
                bytes = &bytes[end + 1..];
            }
            rest.extend_from_slice(bytes);
            Ok(())
        });
        copied.map_err(|stop| match stop {
            Stop::Row(error) => error,
            Stop::Trouble(trouble) => self.said(what, trouble),
        })
    }

    /// Classes of SQLSTATE: PostgreSQL's documentation, appendix A.
    fn said(&self, query: &str, trouble: Trouble) -> SourceError {
        let query = query.to_owned();
        let timed_out = |query| SourceError::TimedOut { query, limit: self.timeout.to_string() };
        match trouble {
            Trouble::Silent => timed_out(query),
            Trouble::Broken(why) => SourceError::WentAway { query, why },
            Trouble::Said { code, words } => match code.as_str() {
                "25006" => SourceError::Writes { query, source: Some(words.into()) },
                "57014" if words.contains("timeout") => timed_out(query),
                code if code.starts_with("57") || code.starts_with("08") => {
                    SourceError::WentAway { query, why: words }
                }
                _ => SourceError::Refused { query, why: words },
            },
        }
    }
}

impl Source for Postgres {
    fn table(&mut self, table: &str, columns: &[Column<'_>], take: Taker<'_>) -> Result<(), SourceError> {
        let from = table.split('.').map(quoted).collect::<Vec<_>>().join(".");
        let names: Vec<String> = columns.iter().map(|column| quoted(column.name)).collect();
        let plain = format!("SELECT {} FROM {from}", names.join(", "));
        let types = self.reader.columns(plain).map_err(|trouble| self.said(table, trouble))?;
        let kinds: Vec<Kind> =
            columns.iter().zip(&types).map(|(column, kind)| Kind::of(column, kind)).collect();
        let asked: Vec<String> = names.iter().zip(&kinds).map(|(name, kind)| kind.expression(name)).collect();
        self.lines(table, &format!("SELECT {} FROM {from}", asked.join(", ")), &kinds, take)
    }

    fn query(&mut self, name: &str, sql: &str, take: Taker<'_>) -> Result<(), SourceError> {
        let sql = sql.trim().trim_end_matches(';');
        // More than one statement, and any that is not whole by itself, is refused here.
        let columns = self.reader.columns(sql.to_owned()).map_err(|trouble| self.said(name, trouble))?.len();
        if !(2..=3).contains(&columns) {
            return Err(SourceError::Columns { query: name.to_owned(), columns });
        }
        self.lines(name, sql, &vec![Kind::Text; columns], take)
    }
}

/// Why a COPY was not read to its end.
enum Stop {
    Row(SourceError),
    Trouble(Trouble),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Self::Row(error)
    }
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// A time that knows its zone, as microseconds since 1970.
    Instant,
    /// A time as it is written.
    WrittenTime,
}

impl Kind {
    fn of(column: &Column<'_>, kind: &Type) -> Self {
        match (column.time, kind) {
            (true, &Type::TIMESTAMPTZ) => Self::Instant,
            (true, _) => Self::WrittenTime,
            (false, _) => Self::Text,
        }
    }

    fn expression(self, name: &str) -> String {
        match self {
            Self::Instant => format!("(extract(epoch FROM {name}) * 1000000)::bigint"),
            Self::Text | Self::WrittenTime => name.to_owned(),
        }
    }
}

/// A line of COPY's text format: tabs between the fields, `\N` for NULL, backslashes before what would be mistaken.
fn take_line(
    line: &[u8],
    kinds: &[Kind],
    clock: &Clock,
    here: &dyn Fn() -> String,
    take: Taker<'_>,
) -> Result<(), SourceError> {
    let plain: Vec<Option<Vec<u8>>>;
    let mut cells = Vec::with_capacity(kinds.len());
    if line.contains(&b'\\') {
        plain = line.split(|&byte| byte == b'\t').map(unescaped).collect();
        for (field, &kind) in plain.iter().zip(kinds) {
            cells.push(field.as_deref().map_or(Ok(Cell::Empty), |field| cell(field, kind, clock, here))?);
        }
    } else {
        for (field, &kind) in line.split(|&byte| byte == b'\t').zip(kinds) {
            cells.push(cell(field, kind, clock, here)?);
        }
    }
    take(&cells, here)
}

fn cell<'a>(
    field: &'a [u8],
    kind: Kind,
    clock: &Clock,
    here: &dyn Fn() -> String,
) -> Result<Cell<'a>, SourceError> {
    let text = || String::from_utf8_lossy(field);
    match kind {
        Kind::Text => Ok(Cell::Text(field)),
        Kind::WrittenTime => clock.read(&text()).map(Cell::Time).map_err(|error| no_time(here, error)),
        Kind::Instant => {
            let moment = text().parse().ok().and_then(Moment::of_microseconds);
            let error = || no_time(here, crate::moment::NoMoment::TooFar(text().into_owned()));
            moment.map(Cell::Time).ok_or_else(error)
        }
    }
}

/// A field without its backslashes; nothing for NULL.
fn unescaped(field: &[u8]) -> Option<Vec<u8>> {
    if field == b"\\N" {
        return None;
    }
    let mut plain = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match (byte, bytes.as_slice().first()) {
            (b'\\', Some(&escaped)) => {
                bytes.next();
                match escaped {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    other => other,
                }
            }
            (byte, _) => byte,
        });
    }
    Some(plain)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Where to connect, and whose signature to believe.
struct Address {
    config: Config,
    authorities: Option<PathBuf>,
}

fn read_address(address: &str, surroundings: &Surroundings) -> Result<Address, SourceError> {
    let (address, authorities) = without_libpq_only(address);
    let mut config: Config = address.parse().map_err(|error: postgres::Error| {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        SourceError::Address(why)
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host(surroundings.host.as_deref().unwrap_or(SOCKETS));
    }
    if let (true, Some(port)) = (config.get_ports().is_empty(), surroundings.port) {
        config.port(port);
    }
    if let (None, Some(user)) = (config.get_user(), &surroundings.user) {
        config.user(user);
    }
    if let (None, Some(database)) = (config.get_dbname(), &surroundings.database) {
        config.dbname(database);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    config.application_name("jostle verify");
    let password = match &surroundings.password {
        Some(password) => Some(password.clone()),
        None => surroundings.password_file.as_deref().and_then(|file| {
            let (host, port, database, user) = account(&config);
            password_in(file, &Account { host: &host, port, database: &database, user: &user })
        }),
    };
    if let (None, Some(password)) = (config.get_password(), password) {
        config.password(password);
    }
    Ok(Address { config, authorities })
}

/// What `psql` understands and our library does not: `sslrootcert`, and the two modes that check certificates, which we
/// always do.
fn without_libpq_only(address: &str) -> (String, Option<PathBuf>) {
    let Some((place, parameters)) = address.split_once('?') else { return (address.to_owned(), None) };
    let mut authorities = None;
    let mut kept = Vec::new();
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some(("sslrootcert", file)) => authorities = Some(PathBuf::from(file)),
            Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
            Some(("sslmode", "allow")) => kept.push("sslmode=prefer"),
            _ => kept.push(parameter),
        }
    }
    (format!("{place}?{}", kept.join("&")), authorities)
}

/// Host, port, database and user.
fn account(config: &Config) -> (String, u16, String, String) {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or_default().to_owned();
    let database = config.get_dbname().unwrap_or(&user).to_owned();
    (host, port, database, user)
}

/// The address without the password, and whether it is encrypted.
fn shown(config: &Config) -> String {
    let (host, port, database, user) = account(config);
    let user = if user.is_empty() { user } else { format!("{user}@") };
    let encrypted = if config.get_ssl_mode() == SslMode::Require { "?sslmode=require" } else { "" };
    match host.starts_with('/') {
        true => format!("postgresql://{user}/{database}?host={host}&port={port}"),
        false => format!("postgresql://{user}{host}:{port}/{database}{encrypted}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str, surroundings: &Surroundings) -> Config {
        read_address(text, surroundings).unwrap_or_else(|error| panic!("{text}: {error}")).config
    }

    #[test]
    fn what_the_address_leaves_out_is_taken_from_the_environment() {
        let surroundings = Surroundings {
            host: Some("db.example.org".to_owned()),
            port: Some(6432),
            user: Some("reader".to_owned()),
            database: Some("shop".to_owned()),
            password: Some("s3cret".to_owned()),
            password_file: None,
        };
        let config = address("postgresql://", &surroundings);
        assert_eq!(shown(&config), "postgresql://reader@db.example.org:6432/shop");
        assert_eq!(config.get_password(), Some(&b"s3cret"[..]));
        let config = address("postgresql://me:mine@other/theirs", &surroundings);
        assert_eq!(shown(&config), "postgresql://me@other:5432/theirs");
        assert_eq!(config.get_password(), Some(&b"mine"[..]));
    }

    #[test]
    fn no_password_is_ever_shown() {
        let config = address("postgresql://me:mine@db/shop?sslmode=verify-full", &Surroundings::default());
        assert_eq!(shown(&config), "postgresql://me@db:5432/shop?sslmode=require");
    }

    #[test]
    fn an_address_that_cannot_be_read_is_told() {
        let told =
            read_address("postgresql://db:port/shop", &Surroundings::default()).err().expect("no address");
        assert!(matches!(told, SourceError::Address(_)), "{told:?}");
        assert!(read_address("postgresql://db/shop?colour=red", &Surroundings::default()).is_err());
    }

    #[test]
    fn backslashes_are_taken_away() {
        assert_eq!(unescaped(br"a\tb\\c\n\x").as_deref(), Some(&b"a\tb\\c\nx"[..]));
        assert_eq!(unescaped(br"\N"), None);
        assert_eq!(unescaped(br"\\N").as_deref(), Some(&br"\N"[..]));
    }
}
