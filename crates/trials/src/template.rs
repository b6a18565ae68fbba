//! What is a trial's own, put into the command in the places that were left for it.

use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use memchr::memmem;

use jostle_model::Seed;

/// A directory of a trial's own, made when it is needed, and gone with the trial.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    made: OnceCell<()>,
}

impl Scratch {
    /// None yet.
    pub(crate) fn new(within: &Path, seed: Seed) -> Self {
        let name = format!("jostle-{}-{seed}", std::process::id());
        Self { path: within.join(name), made: OnceCell::new() }
    }

    /// The directory.
    pub(crate) fn path(&self) -> io::Result<&Path> {
        if self.made.get().is_none() {
            fs::create_dir(&self.path)?;
            let _ = self.made.set(());
        }
        Ok(&self.path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.made.get().is_some() {
            // What cannot be removed belongs to somebody else by now.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// What the placeholders of one trial stand for.
#[derive(Debug)]
pub(crate) struct Values<'a> {
    pub(crate) seed: Seed,
    /// Its number, counted from 1.
    pub(crate) trial: u64,
    pub(crate) scratch: &'a Scratch,
}

impl Values<'_> {
    /// Whether any placeholder stands there: then a directory may have to be made first.
    pub(crate) fn fill(&self, command: &[OsString]) -> io::Result<Vec<OsString>> {
        // One port for a trial, wherever it is named.
        let mut port = None;
        command.iter().map(|word| self.fill_word(word, &mut port)).collect()
    }

    fn fill_word(&self, word: &OsStr, port: &mut Option<u16>) -> io::Result<OsString> {
        let mut filled = Vec::new();
        let mut rest = word.as_bytes();
        while let Some(start) = memmem::find(rest, b"{") {
            let (before, from) = rest.split_at(start);
            filled.extend_from_slice(before);
            let (value, length) = match from {
                _ if from.starts_with(b"{seed}") => (self.seed.to_string().into_bytes(), 6),
                _ if from.starts_with(b"{trial}") => (self.trial.to_string().into_bytes(), 7),
                _ if from.starts_with(b"{tmp}") => (self.scratch.path()?.as_os_str().as_bytes().to_vec(), 5),
                _ if from.starts_with(b"{port}") => {
                    let port = match *port {
                        Some(port) => port,
                        None => *port.insert(free_port()?),
                    };
                    (port.to_string().into_bytes(), 6)
                }
                _ => (b"{".to_vec(), 1),
            };
            filled.extend(value);
            rest = &from[length..];
        }
        filled.extend_from_slice(rest);
        Ok(OsString::from_vec(filled))
    }
}

/// A port on which nobody listens. The kernel hands its ephemeral ports out in a random order, so that two trials will
/// hardly be given the same before the first one has taken it.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(word: &str) -> String {
        let scratch = Scratch::new(Path::new("/tmp"), Seed(fastrand::u64(..)));
        let values = Values { seed: Seed(7), trial: 3, scratch: &scratch };
        let filled = values.fill(&[word.into()]).expect("a port");
        filled[0].to_string_lossy().replace(&*scratch.path.to_string_lossy(), "TMP")
    }

    #[test]
    fn every_placeholder_is_filled_wherever_it_stands() {
        assert_eq!(fill("--seed={seed},{trial}"), "--seed=7,3");
        assert_eq!(fill("{tmp}/data{trial}"), "TMP/data3");
    }

    #[test]
    fn other_braces_are_left_alone() {
        assert_eq!(fill("awk '{print $1}' {seeds} {{seed}"), "awk '{print $1}' {seeds} {7");
        assert_eq!(fill("{"), "{");
    }

    #[test]
    fn a_port_is_free_and_the_same_in_the_whole_command() {
        let filled = fill("{port}:{port}");
        let (one, other) = filled.split_once(':').expect("two of them");
        assert_eq!(one, other);
        assert!(one.parse::<u16>().is_ok_and(|port| port > 1023), "{one}");
    }

    #[test]
    fn a_directory_is_gone_with_its_trial() {
        let scratch = Scratch::new(Path::new("/tmp"), Seed(fastrand::u64(..)));
        assert!(!scratch.path.exists(), "nobody has asked for it");
        let path = scratch.path().expect("a directory").to_owned();
        fs::write(path.join("left behind"), "x").expect("a file");
        drop(scratch);
        assert!(!path.exists());
    }
}
