use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What the environment says about PostgreSQL, by the names that `psql` reads: what an address leaves out is taken from
/// here. This room reads no environment itself.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `PGHOST`.
    pub host: Option<String>,
    /// `PGPORT`.
    pub port: Option<u16>,
    /// `PGUSER`.
    pub user: Option<String>,
    /// `PGDATABASE`.
    pub database: Option<String>,
    /// `PGPASSWORD`.
    pub password: Option<String>,
    /// `PGPASSFILE`, or `.pgpass` in the home directory.
    pub password_file: Option<PathBuf>,
}

/// Whom a password is for.
pub(super) struct Account<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password that the file has for an account. A file that others may read counts for nothing, as for `psql`.
pub(super) fn password_in(file: &Path, account: &Account<'_>) -> Option<String> {
    let open_to_others = fs::metadata(file).ok()?.permissions().mode() & 0o077 != 0;
    let text = fs::read_to_string(file).ok().filter(|_| !open_to_others)?;
    text.lines().find_map(|line| matching(line, account))
}

/// `host:port:database:user:password`, where `*` stands for anything, and a backslash takes `:` and itself for what they
/// are (PostgreSQL's documentation, "The Password File").
fn matching(line: &str, account: &Account<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let fields = fields(line);
    let [host, port, database, user, password] = <[String; 5]>::try_from(fields).ok()?;
    // A socket's folder is called localhost there, too.
    let local = account.host.starts_with('/') && host == "localhost";
    let fits = |field: &str, wanted: &str| field == "*" || field == wanted;
    let meant = (local || fits(&host, account.host))
        && fits(&port, &account.port.to_string())
        && fits(&database, account.database)
        && fits(&user, account.user);
    meant.then_some(password)
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        // Colons in the password need no backslash.
        if character == ':' && fields.len() < 5 {
            fields.push(String::new());
            continue;
        }
        let taken = if character == '\\' { characters.next() } else { Some(character) };
        fields.last_mut().expect("there is always one").extend(taken);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: Account<'_> =
        Account { host: "db.example.org", port: 5432, database: "shop", user: "reader" };

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        assert_eq!(matching("db.example.org:5432:shop:reader:s3cret", &ACCOUNT).as_deref(), Some("s3cret"));
        assert_eq!(matching("*:*:*:reader:any:where", &ACCOUNT).as_deref(), Some("any:where"));
        assert_eq!(matching(r"*:*:*:reader:a\:b\\c", &ACCOUNT).as_deref(), Some(r"a:b\c"));
        for other in ["db.example.org:5433:*:*:x", "*:*:*:writer:x", "#*:*:*:*:x", "*:*:*:x", ""] {
            assert_eq!(matching(other, &ACCOUNT), None, "{other}");
        }
    }

    #[test]
    fn a_socket_is_called_localhost() {
        let here = Account { host: "/var/run/postgresql", ..ACCOUNT };
        assert_eq!(matching("localhost:*:*:*:x", &here).as_deref(), Some("x"));
        assert_eq!(matching("localhost:*:*:*:x", &ACCOUNT), None);
    }

    #[test]
    fn a_file_that_others_may_read_counts_for_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pgpass");
        fs::write(&file, "*:*:*:*:x\n").expect("writes");
        for (mode, password) in [(0o600, Some("x")), (0o644, None), (0o400, Some("x"))] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("it is ours");
            assert_eq!(password_in(&file, &ACCOUNT).as_deref(), password, "{mode:o}");
        }
        assert_eq!(password_in(&folder.path().join("nowhere"), &ACCOUNT), None);
    }
}
