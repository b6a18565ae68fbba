use jostle_model::{Summary, UpperBound, Verdict, WatchCounts};

use crate::process::NotParked;
use crate::tracer::Tracer;
use crate::{Outcome, WatchError};

/// Fewer holds than this say nothing: not even a collision in every twentieth hold could be excluded at
/// 95 % (see [`UpperBound::after_clean_trials`]).
const FEWEST_HOLDS: u64 = 59;
/// Of fewer places than this with other code than expected nothing is said: while a library is unloaded there are some.
const MANY_REPLACED: u64 = 16;

/// Closes the books of a watch.
pub(crate) fn outcome(tracer: Tracer<'_>) -> Result<Outcome, WatchError> {
    if let Some(error) = tracer.refusal {
        return Err(error);
    }
    let counts = counts(&tracer);
    let summary = Summary {
        verb: "watch",
        verdict: verdict(tracer.findings.len(), &counts),
        findings: tracer.findings.len() as u64,
        bound: UpperBound::after_clean_trials(counts.holds),
        seed: tracer.options().seed,
        target: tracer.status,
        warnings: warnings(&tracer, &counts),
        counts,
    };
    Ok(Outcome { findings: tracer.findings, summary, error: tracer.error })
}

fn counts(tracer: &Tracer<'_>) -> WatchCounts {
    let (books, (sites_seen, sites_known)) = (&tracer.books, tracer.books.sites);
    let watched = tracer.watched();
    WatchCounts {
        watched_ms: watched.as_millis() as u64,
        held_share: books.held.as_secs_f64() / watched.as_secs_f64().max(1e-9),
        explored_share: books.explored.as_secs_f64() / watched.as_secs_f64().max(1e-9),
        budget: tracer.options().budget,
        backed_off_ms: books.backed_off.as_millis() as u64,
        samples: books.tally.samples,
        holds: books.tally.holds,
        sites_seen,
        sites_known,
        hits: books.tally.hits,
        value_changes: books.tally.value_changes,
        calls_followed: books.calls.0,
        calls_parked: books.calls.1,
        undecided: books.tally.undecided,
    }
}

fn verdict(findings: usize, counts: &WatchCounts) -> Verdict {
    match findings {
        0 if counts.holds < FEWEST_HOLDS || counts.undecided > 0 => Verdict::Inconclusive,
        0 => Verdict::NothingFound,
        _ => Verdict::Found,
    }
}

fn warnings(tracer: &Tracer<'_>, counts: &WatchCounts) -> Vec<String> {
    let books = &tracer.books;
    let mut warnings = Vec::new();
    if counts.undecided > 0 {
        warnings.push(format!(
            "{} collisions could not be judged: without debug information and source nothing tells a relaxed \
             atomic from a plain access",
            counts.undecided
        ));
    }
    warnings.extend(about_children(tracer));
    warnings.extend(books.not_parked.as_ref().map(|reason| {
        let reason = match reason {
            NotParked::UnknownRelease(version) => format!(
                "this knows Go 1.20 to 1.26, and other releases by their debug information; the target was built with \
                 {version}, and has none that tells"
            ),
            NotParked::TwoRuntimes => "there are two different Go runtimes in one process".to_owned(),
        };
        format!("calls of native functions were not followed, and no goroutine was parked: {reason}")
    }));
    if books.tally.blind_holds > 0 {
        warnings.push(format!(
            "in {} holds some thread had no free debug register; is a debugger attached?",
            books.tally.blind_holds
        ));
    }
    if books.tally.poor_holds > 0 {
        warnings.push(format!(
            "in {} holds some thread was not watched, since we may open no more files: see ulimit -Hn",
            books.tally.poor_holds
        ));
    }
    if books.deaf > 0 {
        warnings.push(format!(
            "up to {} threads blocked SIGTRAP: what they did during a hold was not seen",
            books.deaf
        ));
    }
    if books.replaced >= MANY_REPLACED {
        warnings.push(format!(
            "at {} places there was other code than in the program's file: put on huge pages, or patched since; nobody was \
             looked at there",
            books.replaced
        ));
    }
    if books.has_own_traps {
        warnings.push(
            "a process handles or ignores SIGTRAP itself: it was watched by debug registers alone, without traps in its \
             code, which sees less in the same time"
                .to_owned(),
        );
    }
    if books.most_threads < 2 {
        warnings.push("the target never had a second thread: nothing in it can collide".to_owned());
    }
    if let Some(error) = &tracer.error {
        warnings.push(format!("the watch ended after {} ms: failed to {error}", counts.watched_ms));
    }
    warnings.extend(books.refused.iter().map(|refused| format!("not looked into: {refused}")));
    warnings
}

fn about_children(tracer: &Tracer<'_>) -> Vec<String> {
    let (alone, too_many) = tracer.children_left_out();
    let mut warnings = tracer.books.unwatched.clone();
    if alone > 0 {
        warnings.push(format!(
            "{alone} child processes were not watched: they ended at once, or had one thread only"
        ));
    }
    if too_many > 0 {
        warnings.push(format!("{too_many} child processes were not watched: there were too many at a time"));
    }
    warnings
}
