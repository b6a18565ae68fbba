//! A thread that talks to PostgreSQL, so that whoever waits for it can give up waiting.
//!
//! The server ends a query that takes too long by itself (`statement_timeout`). A server that has stopped, or a network
//! that swallows packets, says nothing at all: then nobody but us notices.

use std::error::Error;
use std::io::BufRead;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use postgres::types::Type;
use postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How much is handed over at a time, in bytes.
const CHUNK: usize = 1 << 17;
/// How many of those may wait, so that memory stays bounded when the network is faster than we are.
const WAITING: usize = 16;

/// What the thread is asked.
enum Ask {
    /// Which columns a query gives.
    Columns(String),
    /// All that a COPY gives.
    Copy(String),
}

/// What it tells.
enum Told {
    Ready,
    Columns(Vec<Type>),
    Chunk(Vec<u8>),
    End,
    Failed(Trouble),
}

/// What went wrong.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server said no, and why: its code (SQLSTATE) and its words.
    Said { code: String, words: String },
    /// The connection broke, or never came to be.
    Broken(String),
    /// Nothing was heard for too long.
    Silent,
}

/// The near end of the thread.
pub(super) struct Reader {
    ask: SyncSender<Ask>,
    told: Receiver<Told>,
    patience: Duration,
}

impl Reader {
    /// Connects, and begins a transaction that can only read and sees one state of the data all along.
    pub(super) fn start(
        config: Config,
        tls: MakeRustlsConnect,
        statement: Duration,
    ) -> Result<Self, Trouble> {
        let (ask, asked) = sync_channel(1);
        let (tell, told) = sync_channel(WAITING);
        // The server's own limit comes first, and says more.
        let patience = statement + Duration::from_secs(5);
        let connecting = config.get_connect_timeout().copied().unwrap_or(patience) + Duration::from_secs(5);
        thread::spawn(move || talk(&config, tls, statement, &asked, &tell));
        let reader = Self { ask, told, patience };
        match reader.hear(connecting)? {
            Told::Ready => Ok(reader),
            _ => Err(Trouble::Silent),
        }
    }

    /// The types of the columns that a query gives. Nothing is run.
    pub(super) fn columns(&self, sql: String) -> Result<Vec<Type>, Trouble> {
        self.ask(Ask::Columns(sql))?;
        match self.hear(self.patience)? {
            Told::Columns(types) => Ok(types),
            _ => Err(Trouble::Silent),
        }
    }

    /// Runs a COPY, and hands on what comes, in pieces that end anywhere.
    pub(super) fn copy<E: From<Trouble>>(
        &self,
        sql: String,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.ask(Ask::Copy(sql))?;
        loop {
            match self.hear(self.patience)? {
                Told::Chunk(bytes) => take(&bytes)?,
                _ => return Ok(()),
            }
        }
    }

    fn ask(&self, ask: Ask) -> Result<(), Trouble> {
        self.ask.send(ask).map_err(|_| Trouble::Broken("the connection is closed".to_owned()))
    }

    fn hear(&self, patience: Duration) -> Result<Told, Trouble> {
        match self.told.recv_timeout(patience) {
            Ok(Told::Failed(trouble)) => Err(trouble),
            Ok(told) => Ok(told),
            Err(RecvTimeoutError::Timeout) => Err(Trouble::Silent),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Trouble::Broken("the connection is closed".to_owned()))
            }
        }
    }
}

/// The far end: until nobody asks or listens any more.
fn talk(
    config: &Config,
    tls: MakeRustlsConnect,
    statement: Duration,
    asked: &Receiver<Ask>,
    tell: &SyncSender<Told>,
) {
    let mut client = match connect(config, tls, statement) {
        Ok(client) => client,
        Err(error) => return drop(tell.send(Told::Failed(trouble(&error)))),
    };
    let mut heard = tell.send(Told::Ready).is_ok();
    while heard && let Ok(ask) = asked.recv() {
        let told = match ask {
            Ask::Columns(sql) => (client.prepare(&sql))
                .map(|statement| {
                    Told::Columns(statement.columns().iter().map(|one| one.type_().clone()).collect())
                })
                .map_err(|error| trouble(&error)),
            Ask::Copy(sql) => copy(&mut client, &sql, tell),
        };
        heard = tell.send(told.unwrap_or_else(Told::Failed)).is_ok();
    }
}

fn connect(config: &Config, tls: MakeRustlsConnect, statement: Duration) -> Result<Client, postgres::Error> {
    let mut client = config.connect(tls)?;
    client.batch_execute(&format!(
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET statement_timeout = {}; SET datestyle = ISO; \
         BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        statement.as_millis()
    ))?;
    Ok(client)
}

fn copy(client: &mut Client, sql: &str, tell: &SyncSender<Told>) -> Result<Told, Trouble> {
    let mut stream = client.copy_out(sql).map_err(|error| trouble(&error))?;
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let bytes = stream.fill_buf().map_err(|error| broken(&error))?;
        let length = bytes.len();
        chunk.extend_from_slice(bytes);
        stream.consume(length);
        let full = chunk.len() >= CHUNK || length == 0;
        if full && !chunk.is_empty() {
            let whole = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
            tell.send(Told::Chunk(whole)).map_err(|_| Trouble::Silent)?;
        }
        if length == 0 {
            return Ok(Told::End);
        }
    }
}

fn trouble(error: &postgres::Error) -> Trouble {
    match error.as_db_error() {
        Some(said) => {
            let detail = said.detail().map_or_else(String::new, |detail| format!(" ({detail})"));
            let words = format!("{}{detail}", said.message());
            Trouble::Said { code: said.code().code().to_owned(), words }
        }
        None => Trouble::Broken(whole_story(error)),
    }
}

/// What a reader tells of the stream under it.
fn broken(error: &std::io::Error) -> Trouble {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>()) {
        Some(error) => trouble(error),
        None => Trouble::Broken(error.to_string()),
    }
}

fn whole_story(error: &dyn Error) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !story.contains(&more) {
            story.push_str(&format!(": {more}"));
        }
        cause = error.source();
    }
    story
}
