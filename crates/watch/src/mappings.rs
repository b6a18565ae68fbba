use std::fs;
use std::io;
use std::ops::Range;

use jostle_model::Address;

/// One line of `/proc/PID/maps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The addresses it covers.
    pub(crate) range: Range<Address>,
    /// Whether the program may store there.
    pub(crate) writable: bool,
    /// Whether it may run there.
    pub(crate) executable: bool,
    /// Whether other processes may see its stores.
    pub(crate) shared: bool,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    /// The file, or the kernel's name for it in brackets, or nothing.
    pub(crate) path: String,
}

impl Mapping {
    /// The path of a real file that is mapped here.
    pub(crate) fn file(&self) -> Option<&str> {
        let path = self.path.strip_suffix(" (deleted)").unwrap_or(&self.path);
        path.starts_with('/').then_some(path)
    }
}

/// All mappings of a process, ascending.
pub(crate) fn read(pid: i32) -> io::Result<Vec<Mapping>> {
    let text = fs::read(format!("/proc/{pid}/maps"))?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

/// The mapping that covers `at`.
pub(crate) fn find(mappings: &[Mapping], at: Address) -> Option<&Mapping> {
    let after = mappings.partition_point(|mapping| mapping.range.start <= at);
    mappings[..after].last().filter(|mapping| mapping.range.contains(&at))
}

/// The lines of such a file, without those that make no sense.
pub(crate) fn parse(text: &str) -> Vec<Mapping> {
    text.lines().filter_map(parse_line).collect()
}

/// `start-end perms offset device inode path`, see proc_pid_maps(5).
fn parse_line(line: &str) -> Option<Mapping> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?.as_bytes();
    let offset = hexadecimal(fields.next()?)?;
    let path = fields.nth(2).unwrap_or("").trim_start();
    Some(Mapping {
        range: Address(hexadecimal(start)?)..Address(hexadecimal(end)?),
        writable: permissions.get(1) == Some(&b'w'),
        executable: permissions.get(2) == Some(&b'x'),
        shared: permissions.get(3) == Some(&b's'),
        offset,
        path: path.to_owned(),
    })
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
55f0c0000000-55f0c0002000 r-xp 00001000 fe:01 4242                       /usr/bin/a program
7ffd1b200000-7ffd1b221000 rw-p 00000000 00:00 0                          [stack]
7ffd1b300000-7ffd1b301000 rw-s 00000000 00:00 0
";

    #[test]
    fn a_line_is_taken_apart_even_with_blanks_in_the_path() {
        let first = &parse(TEXT)[0];
        assert_eq!(first.range, Address(0x55f0_c000_0000)..Address(0x55f0_c000_2000));
        assert_eq!(first.file(), Some("/usr/bin/a program"));
        assert!(first.executable && !first.writable && first.offset == 0x1000);
    }

    #[test]
    fn an_address_between_mappings_has_none() {
        let mappings = parse(TEXT);
        assert_eq!(find(&mappings, Address(0x7ffd_1b20_0010)).map(|m| m.path.as_str()), Some("[stack]"));
        assert!(find(&mappings, Address(0x7ffd_1b22_1000)).is_none());
        assert!(find(&mappings, Address(0)).is_none());
        assert!(mappings[2].shared);
    }
}
