//! A crash that was not watched, from its core file.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jostle_model::{Address, ExitStatus, Finding, Summary, UpperBound, Verdict, WatchCounts};
use jostle_stacks::{AddressSpace, CoreFile, CoreMapping, Image};

use crate::case::{Form, Side};
use crate::crash::{self, Crash};
use crate::files::{self, FileBytes};
use crate::judge::{Clerk, Court, Judgement};
use crate::mappings::Mapping;
use crate::modules;
use crate::sys::mapped_file;
use crate::{Outcome, WatchError};

/// Reads the core file at `path`; `program` takes the place of the program that it names.
pub(crate) fn examine(path: &Path, program: Option<&Path>, seed: u64) -> Result<Outcome, WatchError> {
    let read = |source| WatchError::Read { program: path.to_owned(), source };
    let bytes = mapped_file::map(path).map_err(read)?;
    let core = CoreFile::parse(bytes)
        .map_err(|source| WatchError::Core { file: path.to_owned(), reason: source.to_string() })?;
    let mut scene = Scene::new(&core, program);
    let finding = scene.crash().map(|crash| scene.name(crash));
    let mut warnings = scene.refused;
    if finding.is_none() {
        warnings.push("the core file is of a process that had not crashed".to_owned());
    }
    Ok(outcome(finding.flatten(), core.signal, seed, warnings))
}

/// The process, as far as the core file and the files that it names can bring it back.
struct Scene<'a> {
    core: &'a CoreFile,
    mappings: Vec<Mapping>,
    space: AddressSpace,
    court: Court,
    clerk: Clerk,
    refused: Vec<String>,
}

impl<'a> Scene<'a> {
    fn new(core: &'a CoreFile, program: Option<&Path>) -> Self {
        let mappings = core.mappings.iter().map(mapping).collect();
        let mut court = Court::open();
        let (clerk, space) = (court.clerk(), AddressSpace::new());
        let mut scene = Self { core, mappings, space, court, clerk, refused: Vec::new() };
        let own = core.program_headers.and_then(|at| path_at(&core.mappings, at));
        let mut loaded: Vec<(String, u64)> = Vec::new();
        for code in scene.mappings.clone().iter().filter(|mapping| mapping.executable) {
            let Some(path) = code.file() else { continue };
            let instead = program.filter(|_| own.as_deref() == Some(path));
            let Some((file, image)) = scene.open(path, instead, code) else { continue };
            let Some(bias) = modules::bias(&image, code) else { continue };
            if !loaded.contains(&(path.to_owned(), bias)) {
                loaded.push((path.to_owned(), bias));
                scene.space.add(image, bias);
                scene.clerk.loaded(file, bias);
            }
        }
        scene
    }

    /// The file that was mapped as `path`, if it is still the same.
    fn open(&mut self, path: &str, instead: Option<&Path>, code: &Mapping) -> Option<(FileBytes, Rc<Image>)> {
        let on_disk = instead.map_or_else(|| PathBuf::from(path), Path::to_owned);
        let length = fs::metadata(&on_disk).map_or(0, |metadata| metadata.len());
        let opened = files::read(&on_disk.to_string_lossy(), path, length);
        // The first page of every file is part of a core file.
        let is_what_ran =
            |file: &FileBytes| modules::begins_as_mapped(file.bytes, code, &self.mappings, self.core);
        let checked = opened.and_then(|opened| match is_what_ran(&opened.0) {
            true => Ok(opened),
            false => Err("another build than the one that crashed".to_owned()),
        });
        match checked {
            Ok(opened) => Some(opened),
            Err(reason) => {
                let refused = format!("not looked into: {path}: {reason}");
                if !self.refused.contains(&refused) {
                    self.refused.push(refused);
                }
                None
            }
        }
    }

    fn crash(&self) -> Option<Crash> {
        let (signal, told) = (self.core.signal, self.core.fault_address);
        let mut sides = self.core.threads.iter().map(|thread| Side {
            tid: thread.tid,
            name: self.core.program.clone(),
            process: None,
            trace: self.space.unwind(&thread.registers, self.core),
            direction: None,
            form: Form::Unknown,
        });
        let registers = self.core.threads.first()?.registers;
        let access = crash::access_at(&self.space, &registers);
        // Whatever it was, the kernel wrote the file because of it; a debugger that writes one names none.
        let crashed = sides.next().filter(|_| signal != 0)?;
        let others = sides.collect();
        Some(Crash::new(signal, told, access, &self.mappings, &registers, crashed, others))
    }

    fn name(&mut self, crash: Crash) -> Option<Finding> {
        self.clerk.hear_crash(crash);
        self.court.close().into_iter().find_map(|judged| match judged.judgement {
            Judgement::Guilty(finding) => Some(*finding),
            Judgement::Undecided | Judgement::Innocent => None,
        })
    }
}

fn mapping(of: &CoreMapping) -> Mapping {
    Mapping {
        range: of.range.clone(),
        writable: of.writable,
        executable: of.executable,
        shared: false,
        offset: of.offset,
        path: of.path.clone(),
    }
}

fn path_at(mappings: &[CoreMapping], at: Address) -> Option<String> {
    mappings.iter().find(|mapping| mapping.range.contains(&at)).map(|mapping| mapping.path.clone())
}

fn outcome(finding: Option<Finding>, signal: i32, seed: u64, warnings: Vec<String>) -> Outcome {
    let findings: Vec<Finding> = finding.into_iter().collect();
    let summary = Summary {
        verb: "watch",
        verdict: if findings.is_empty() { Verdict::Inconclusive } else { Verdict::Found },
        findings: findings.len() as u64,
        bound: UpperBound::after_clean_trials(0),
        seed,
        target: if signal == 0 { ExitStatus::Running } else { ExitStatus::Signal(signal) },
        counts: WatchCounts::default(),
        warnings,
    };
    Outcome { findings, summary, error: None }
}
