//! What language runtimes can be asked to do differently, without a change to the program: by their variables, or by a
//! file that they load before it.

use std::fs;
use std::io;

use super::{Arrangement, Perturbation};

/// Go collects when its heap has grown by this many percent since the last time, instead of 100. Where each collection
/// stops the world, 5 would make a program that fills 30 MB take ten times as long, and fail no more often than 10.
const OFTEN: &str = "10";

pub(super) fn arrange(perturbation: Perturbation, trial: &mut Arrangement<'_>) -> io::Result<()> {
    match perturbation {
        Perturbation::GoCollect => trial.set("GOGC", "1"),
        Perturbation::GoProcs => {
            let procs = trial.random.choice([1, 2, 3, 4, 8, 16]).unwrap_or(1);
            trial.set("GOMAXPROCS", procs.to_string());
        }
        Perturbation::GoClobber => {
            trial.set("GOGC", OFTEN);
            trial.add("GODEBUG", ",", "clobberfree=1");
        }
        Perturbation::GoStopWorld => {
            trial.set("GOGC", OFTEN);
            trial.add("GODEBUG", ",", "gcstoptheworld=2");
        }
        Perturbation::RubyCompact => ruby(trial, "GC.auto_compact = true if GC.respond_to?(:auto_compact=)")?,
        // Full stress would make a second of work take hours: every hundredth allocation or so will do.
        Perturbation::RubyStress => ruby(
            trial,
            "Thread.new { loop { GC.stress = true; sleep 0.001; GC.stress = false; sleep 0.02 } }",
        )?,
        Perturbation::RubySwitch => trial.set("RUBY_THREAD_TIMESLICE", "1"),
        Perturbation::PythonSwitch => {
            // Imported by the interpreter at its start, from the first directory that has one (`site`).
            fs::write(
                trial.scratch.path()?.join("usercustomize.py"),
                "import sys\nsys.setswitchinterval(5e-6)\n",
            )?;
            fs::write(
                trial.scratch.path()?.join("sitecustomize.py"),
                "import sys\nsys.setswitchinterval(5e-6)\n",
            )?;
            let directory = trial.scratch.path()?.as_os_str().to_owned();
            trial.put_first("PYTHONPATH", directory);
        }
        Perturbation::PythonMalloc => trial.set("PYTHONMALLOC", "debug"),
        Perturbation::NodeScavenge => node(trial, "--stress-scavenge=90")?,
        Perturbation::NodeCollect => {
            let interval = trial.random.u32(200..2000);
            node(trial, &format!("--gc-interval={interval}"))?;
        }
        Perturbation::JavaSafepoint => {
            java(trial, "-XX:+UnlockDiagnosticVMOptions -XX:GuaranteedSafepointInterval=1");
        }
        Perturbation::JavaCollect => java(trial, "-Xmn2m"),
        _ => {}
    }
    Ok(())
}

/// Has Ruby run a line of our own first.
fn ruby(trial: &mut Arrangement<'_>, line: &str) -> io::Result<()> {
    let file = trial.scratch.path()?.join("perturb.rb");
    fs::write(&file, format!("{line}\n"))?;
    trial.add("RUBYOPT", " ", format!("-r{}", file.display()));
    Ok(())
}

/// Gives V8 a flag that Node does not accept from a variable, but from a program at its start.
fn node(trial: &mut Arrangement<'_>, flag: &str) -> io::Result<()> {
    let file = trial.scratch.path()?.join("perturb.cjs");
    fs::write(&file, format!("require('v8').setFlagsFromString('{flag}');\n"))?;
    trial.add("NODE_OPTIONS", " ", format!("--require \"{}\"", file.display()));
    Ok(())
}

fn java(trial: &mut Arrangement<'_>, options: &str) {
    trial.add("JAVA_TOOL_OPTIONS", " ", options);
}
