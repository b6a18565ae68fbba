use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use jostle_model::Snippet;

/// Generated files can be huge, and nobody reads them.
const LARGEST: u64 = 8 << 20;
/// Lines shown before and after the one in question.
const CONTEXT: u32 = 2;

/// Source files that frames name, read when first asked for. Most machines in production have none.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: RefCell<HashMap<PathBuf, Option<Vec<String>>>>,
}

impl Sources {
    /// The text of a line (from 1), without its end.
    pub(crate) fn line(&self, file: &Path, line: u32) -> Option<String> {
        self.with(file, |lines| lines.get(line.checked_sub(1)? as usize).cloned())
    }

    /// A line with those around it.
    pub(crate) fn snippet(&self, file: &Path, line: u32) -> Option<Snippet> {
        self.with(file, |lines| {
            let count = lines.len() as u32;
            if line == 0 || line > count {
                return None;
            }
            let first_line = line.saturating_sub(CONTEXT).max(1);
            let last_line = (line + CONTEXT).min(count);
            let text = &lines[first_line as usize - 1..last_line as usize];
            let text = text.iter().map(|line| format!("{line}\n")).collect();
            Some(Snippet { file: file.to_owned(), line, first_line, text })
        })
    }

    fn with<T>(&self, file: &Path, answer: impl FnOnce(&[String]) -> Option<T>) -> Option<T> {
        let mut files = self.files.borrow_mut();
        let lines = files.entry(file.to_owned()).or_insert_with(|| read(file));
        answer(lines.as_deref()?)
    }
}

fn read(file: &Path) -> Option<Vec<String>> {
    let metadata = fs::metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    let text = fs::read(file).ok()?;
    Some(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
}
