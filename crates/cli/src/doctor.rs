use std::io::{self, Write};

use anstream::AutoStream;
use jostle_watch::{Check, Health};

use crate::arguments::DoctorArguments;
use crate::exit::Exit;
use crate::failure::Failure;

/// `jostle doctor`: what do this machine and this program let us see, and how is it mended?
pub(crate) fn run(arguments: &DoctorArguments) -> Result<Exit, Failure> {
    let checks = jostle_watch::examine(arguments.program.as_deref())?;
    let widest = checks.iter().map(|check| check.subject.len()).max().unwrap_or(0);
    let text: String = checks.iter().map(|check| line(check, widest)).collect();
    // A reader that has gone away (`| head`) has seen what it wanted.
    let _ = AutoStream::auto(io::stdout()).write_all(text.as_bytes());
    Ok(if checks.iter().any(|check| check.health == Health::Bad) {
        Exit::CannotLook
    } else {
        Exit::NothingFound
    })
}

fn line(check: &Check, widest: usize) -> String {
    let (color, word) = match check.health {
        Health::Good => ("32", "ok     "),
        Health::Limited => ("33", "limited"),
        Health::Bad => ("31", "missing"),
    };
    let mut text = format!("\x1b[{color}m{word}\x1b[0m  {:widest$}  {}\n", check.subject, check.value);
    if let Some(mend) = &check.mend {
        text.push_str(&format!("         {:widest$}  mend: {mend}\n", ""));
    }
    text
}
