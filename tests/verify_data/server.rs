//! A PostgreSQL server of our own, in a folder of its own, which listens on no network unless it is told to.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    user: Option<u32>,
    postmaster: Child,
    port: u16,
}

impl Server {
    /// A server with these lines in its `pg_hba.conf` and these settings; nothing where PostgreSQL is not installed, which
    /// the test then says.
    pub(crate) fn start(access: &str, settings: &[&str]) -> Option<Self> {
        Self::start_at(access, settings, 5432)
    }

    /// The same at a port of its own: the name of its socket has the number in it, too.
    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    pub(crate) fn start_at(access: &str, settings: &[&str], port: u16) -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: PostgreSQL is not installed (Debian: apt-get install postgresql)");
            return None;
        };
        let user = other_user();
        let folder = tempfile::Builder::new().prefix("jostle-pg").tempdir_in("/tmp").expect("a folder");
        if let Some(user) = user {
            chown(folder.path(), Some(user), None).expect("root may");
        }
        let data = folder.path().join("data");
        let mut initdb = command(&programs, "initdb", user);
        initdb.args(["--auth", "trust", "--username", "tester", "--no-sync", "--pgdata"]).arg(&data);
        let made = initdb.current_dir(folder.path()).output().expect("initdb starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::write(data.join("pg_hba.conf"), access).expect("the folder is ours");
        let mut postgres = command(&programs, "postgres", user);
        postgres
            .arg("-D")
            .arg(&data)
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.path().display()));
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        postgres.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let log = fs::File::create(folder.path().join("log")).expect("the folder is ours");
        let postmaster = postgres
            .current_dir(folder.path())
            .stderr(log)
            .stdout(Stdio::null())
            .spawn()
            .expect("postgres starts");
        let server = Self { folder, programs, user, postmaster, port };
        server.wait();
        Some(server)
    }

    /// One that lets everybody in, with these data.
    pub(crate) fn with(sql: &str) -> Option<Self> {
        let server = Self::start("local all all trust\n", &[])?;
        server.load(sql);
        Some(server)
    }

    /// Whom a server runs as, where that is not us.
    pub(crate) fn runs_as() -> Option<u32> {
        other_user()
    }

    fn wait(&self) {
        let begun = Instant::now();
        while !self.psql("SELECT 1").0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server does not come up: {}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn address(&self) -> String {
        let folder = self.folder().display().to_string().replace('/', "%2F");
        format!("postgresql://tester@{folder}/postgres")
    }

    /// Whether SQL succeeds, and what it answers.
    pub(crate) fn psql(&self, sql: &str) -> (bool, String) {
        let mut psql = command(&self.programs, "psql", self.user);
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--username",
            "tester",
            "--host",
        ]);
        psql.arg(self.folder()).args(["--port", &self.port.to_string(), "--command", sql, "postgres"]);
        let done = psql.current_dir(self.folder()).output().expect("psql starts");
        (done.status.success(), String::from_utf8_lossy(&done.stdout).trim().to_owned())
    }

    pub(crate) fn load(&self, sql: &str) {
        let file = self.folder().join("load.sql");
        fs::write(&file, sql).expect("the folder is ours");
        let mut psql = command(&self.programs, "psql", self.user);
        psql.args(["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "--username", "tester", "--host"]);
        psql.arg(self.folder()).args(["--port", &self.port.to_string(), "--file"]).arg(&file).arg("postgres");
        let done = psql.current_dir(self.folder()).output().expect("psql starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The process that serves `jostle verify`, once it does so.
    pub(crate) fn backend_of_jostle(&self) -> i32 {
        let begun = Instant::now();
        loop {
            let (_, pid) = self.psql(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'jostle verify' AND query LIKE 'COPY%'",
            );
            if let Ok(pid) = pid.parse() {
                return pid;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody came");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The whole server dies at once.
    pub(crate) fn die(&mut self) {
        let _ = self.postmaster.kill();
        let _ = self.postmaster.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At SIGQUIT it ends its children at once, and then itself.
        if matches!(self.postmaster.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-s", "QUIT", &self.postmaster.id().to_string()]).status();
        }
        let begun = Instant::now();
        while matches!(self.postmaster.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(10));
        }
        self.die();
    }
}

fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin"));
    versions.filter(|folder| folder.join("postgres").is_file()).max()
}

/// PostgreSQL refuses to run as root: whom to run it as instead.
fn other_user() -> Option<u32> {
    let id = |arguments: &[&str]| {
        let said = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8_lossy(&said.stdout).trim().parse::<u32>().ok()
    };
    (id(&["-u"])? == 0).then(|| id(&["-u", "postgres"]).expect("Debian's package makes this user"))
}

fn command(programs: &Path, name: &str, user: Option<u32>) -> Command {
    let mut command = Command::new(programs.join(name));
    command.stdin(Stdio::null());
    if let Some(user) = user {
        command.uid(user);
    }
    command
}
