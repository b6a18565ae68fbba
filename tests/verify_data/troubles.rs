//! What databases do to those who read them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;

use crate::asked::{AS_EXPECTED, Answer, Asked, CANNOT_LOOK, USAGE};
use crate::server::Server;
use crate::site::{Fix, PLAN, Site};

/// Sessions that take a hundredth of a second each.
const SLOW: &str = "CREATE VIEW slow AS SELECT * FROM sessions WHERE pg_sleep(0.01)::text = '';\n";

fn slow_plan(timeout: &str) -> Asked {
    Asked::new(
        &PLAN
            .replace("\"sessions\"", "\"slow\"")
            .replace("[data]", &format!("[data]\ntimeout = \"{timeout}\"")),
    )
}

/// What jostle says while somebody does something to the server that it reads from.
fn meanwhile(timeout: &str, deed: impl FnOnce(&mut Server)) -> Option<Answer> {
    let mut server = Server::with(&(Site::new(Fix::Real, 48).sql() + SLOW))?;
    let (asked, address) = (slow_plan(timeout), server.address());
    Some(thread::scope(|scope| {
        let answer = scope.spawn(|| asked.run(&["--from", &address]));
        server.backend_of_jostle();
        deed(&mut server);
        answer.join().expect("jostle ends")
    }))
}

fn stop(pid: i32) {
    let sent = Command::new("kill").args(["-s", "STOP", &pid.to_string()]).status().expect("kill starts");
    assert!(sent.success());
}

#[test]
fn a_server_that_dies_in_the_middle_is_told_and_nothing_is_judged() {
    let Some(answer) = meanwhile("5m", Server::die) else { return };
    answer.is_refused(CANNOT_LOOK, "read slow to its end: the database went away");
}

#[test]
fn a_connection_that_is_ended_in_the_middle_is_told() {
    let ended = |server: &mut Server| {
        let pid = server.backend_of_jostle();
        assert!(server.psql(&format!("SELECT pg_terminate_backend({pid})")).0);
    };
    let Some(answer) = meanwhile("5m", ended) else { return };
    answer.is_refused(CANNOT_LOOK, "read slow to its end: the database went away");
}

#[test]
fn a_query_that_takes_too_long_is_ended() {
    let Some(server) = Server::with(&(Site::new(Fix::Real, 48).sql() + SLOW)) else { return };
    let answer = slow_plan("1s").run(&["--from", &server.address()]);
    answer.is_refused(CANNOT_LOOK, "ask slow within 1.0s: it was not answered in time");
}

#[test]
fn a_server_that_falls_silent_is_not_waited_for_forever() {
    // When the server is asked to end, it kills a child that does not obey within five seconds.
    let silenced = |server: &mut Server| stop(server.backend_of_jostle());
    let Some(answer) = meanwhile("3s", silenced) else { return };
    answer.is_refused(CANNOT_LOOK, "it was not answered in time");
}

#[test]
fn a_server_that_is_not_there_is_told_with_its_address() {
    let asked = Asked::new(PLAN);
    let told = asked.run(&["--from", "postgresql://me:secret@127.0.0.1:1/shop"]);
    told.is_refused(CANNOT_LOOK, "connect to postgresql://me@127.0.0.1:1/shop: ");
    assert!(!told.stderr.contains("secret"), "{told:#?}");
    let folder = asked.folder().display().to_string().replace('/', "%2F");
    asked.run(&["--from", &format!("postgresql://me@{folder}/shop")]).is_refused(CANNOT_LOOK, "connect to ");
    asked.run(&["--from", "postgresql://db:port/shop"]).is_refused(USAGE, "read the address of the database");
}

#[test]
fn a_password_is_taken_from_where_psql_takes_it() {
    let Some(server) = Server::start("local all tester trust\nlocal all all scram-sha-256\n", &[]) else {
        return;
    };
    server.load(&(Site::new(Fix::Real, 48).sql()
        + "CREATE USER reader PASSWORD 's3cret';\nGRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;\n"));
    let asked = Asked::new(PLAN);
    let address = server.address().replace("tester@", "reader@");
    let with = |password: &str| address.replace("reader@", &format!("reader:{password}@"));
    asked.run(&["--from", &address]).is_refused(CANNOT_LOOK, "password");
    asked
        .run(&["--from", &with("wrong")])
        .is_refused(CANNOT_LOOK, "password authentication failed for user \"reader\"");
    assert_eq!(asked.run(&["--from", &with("s3cret")]).code, Some(AS_EXPECTED));
    assert_eq!(asked.run_in(&["--from", &address], &[("PGPASSWORD", "s3cret")]).code, Some(AS_EXPECTED));
    asked.write(".pgpass", "localhost:*:*:reader:s3cret\n");
    fs::set_permissions(asked.file(".pgpass"), fs::Permissions::from_mode(0o600)).expect("it is ours");
    assert_eq!(asked.run(&["--from", &address]).code, Some(AS_EXPECTED));
    let stranger = address.replace("reader@", "nobody@");
    asked.run(&["--from", &stranger]).is_refused(CANNOT_LOOK, "nobody");
}

#[test]
fn an_encrypted_connection_is_believed_only_with_a_signature() {
    let certificates = tempfile::tempdir().expect("a folder");
    let (key, certificate) = (certificates.path().join("key"), certificates.path().join("certificate"));
    let settings = certificates.path().join("settings");
    fs::write(&settings, CERTIFICATE).expect("the folder is ours");
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config"]).arg(&settings);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    let Ok(made) = openssl.output() else { return };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = free_port();
    let files = [("ssl_key_file", &key), ("ssl_cert_file", &certificate)]
        .map(|(name, file)| format!("{name}={}", file.display()));
    hand_over(&key, certificates.path());
    let port_setting = format!("port={port}");
    let access = "local all all trust\nhostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n";
    let all = ["listen_addresses=localhost", "ssl=on", &files[0], &files[1], &port_setting];
    let Some(server) = Server::start_at(access, &all, port) else { return };
    server.load(&Site::new(Fix::Real, 48).sql());
    let asked = Asked::new(PLAN);
    let address = format!("postgresql://tester@localhost:{port}/postgres?sslmode=");
    asked.run(&["--from", &format!("{address}require")]).is_refused(CANNOT_LOOK, "certificate");
    asked.run(&["--from", &format!("{address}disable")]).is_refused(CANNOT_LOOK, "no encryption");
    let believed = format!("{address}verify-full&sslrootcert={}", certificate.display());
    let answer = asked.run(&["--from", &believed]);
    assert_eq!(answer.code, Some(AS_EXPECTED), "{answer:#?}");
    assert!(answer.stdout.contains("?sslmode=require"), "{answer:#?}");
}

/// Of a server that vouches for itself.
const CERTIFICATE: &str = "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=server\n[dn]\nCN=localhost\n\
                           [server]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost\n";

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// The server's key has to belong to whoever runs it.
fn hand_over(key: &std::path::Path, folder: &std::path::Path) {
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    if let Some(user) = Server::runs_as() {
        std::os::unix::fs::chown(key, Some(user), None).expect("root may");
    }
}
