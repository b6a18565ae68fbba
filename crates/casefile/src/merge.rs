use std::fs;
use std::mem;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::plan;
use crate::recording;
use crate::{Case, CaseError, PlanFingerprint, Recorded, Recorder, Recording, TrialName};

/// How many trials are taken over at once. Somebody else who writes meanwhile has to wait for a part, not for the whole.
const PART: usize = 500;

/// How many conflicts are named.
const NAMED: usize = 10;

/// What a merge has brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Plans that were not there.
    pub new_plans: u64,
    /// Trials that were not there.
    pub new_trials: u64,
    /// Trials that were there, and had ended in the same way.
    pub known_trials: u64,
    /// Trials that were there, and had ended in another way. They have been kept as they were.
    pub conflicts: u64,
    /// The names of the first ten of those.
    pub conflicting: Vec<TrialName>,
    /// Findings that were not there.
    pub new_findings: u64,
    /// Verdicts that were not there.
    pub new_verdicts: u64,
}

impl Merged {
    fn count(&mut self, name: TrialName, recording: Recording) {
        match recording {
            Recording::New => self.new_trials += 1,
            Recording::Known => self.known_trials += 1,
            Recording::Conflicting => {
                self.conflicts += 1;
                if self.conflicting.len() < NAMED {
                    self.conflicting.push(name);
                }
            }
        }
    }
}

impl Recorder {
    /// Takes over what `from` has and this case has not; `from` stays as it is.
    ///
    /// It is done in parts. A merge that breaks off has taken over some, and can be done again: nothing counts twice.
    ///
    /// # Errors
    ///
    /// Both are the same file, `from` is damaged, the disk is full, or somebody else kept the file locked.
    pub fn merge(&mut self, from: &Case) -> Result<Merged, CaseError> {
        if same_file(self.case().file(), from.file()) {
            return Err(CaseError::Itself(from.file.clone()));
        }
        let mut merged = Merged::default();
        for plan in from.plans()? {
            merged.new_plans += u64::from(self.add_plan(&plan)?);
            self.take_trials(from, plan.fingerprint, &mut merged)?;
            self.take_findings(from, plan.fingerprint, &mut merged)?;
            self.take_verdicts(from, plan.fingerprint, &mut merged)?;
        }
        Ok(merged)
    }

    fn take_trials(
        &mut self,
        from: &Case,
        plan: PlanFingerprint,
        merged: &mut Merged,
    ) -> Result<(), CaseError> {
        let mut part = Vec::with_capacity(PART);
        from.trials(plan, |trial| {
            part.push(trial);
            if part.len() < PART { Ok(()) } else { self.take_part(plan, mem::take(&mut part), merged) }
        })?;
        self.take_part(plan, part, merged)
    }

    fn take_part(
        &mut self,
        plan: PlanFingerprint,
        part: Vec<Recorded>,
        merged: &mut Merged,
    ) -> Result<(), CaseError> {
        let taken = self.write(|transaction| {
            let Some(row) = plan::row(transaction, plan)? else { return Ok(None) };
            let add = |recorded: &Recorded| {
                let recording = recording::add(transaction, (row, plan), &recorded.trial, recorded.ended)?;
                Ok((recorded.name, recording))
            };
            part.iter().map(add).collect::<rusqlite::Result<Vec<_>>>().map(Some)
        })?;
        let taken = taken.ok_or(CaseError::NoPlan(plan))?;
        taken.into_iter().for_each(|(name, recording)| merged.count(name, recording));
        Ok(())
    }

    fn take_findings(
        &mut self,
        from: &Case,
        plan: PlanFingerprint,
        merged: &mut Merged,
    ) -> Result<(), CaseError> {
        from.findings(plan, |finding| {
            merged.new_findings += u64::from(self.finding(plan, &finding)?);
            Ok(())
        })
    }

    fn take_verdicts(
        &mut self,
        from: &Case,
        plan: PlanFingerprint,
        merged: &mut Merged,
    ) -> Result<(), CaseError> {
        for verdict in from.verdicts(plan)? {
            merged.new_verdicts += u64::from(self.verdict(plan, &verdict)?);
        }
        Ok(())
    }
}

/// Whether two paths lead to one file.
fn same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    identity(one).is_some() && identity(one) == identity(other)
}
