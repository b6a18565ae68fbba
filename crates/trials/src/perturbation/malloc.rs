//! The C library's allocator, by its tunables (glibc manual, "Memory Allocation Tunables"). They stand in one variable.

use super::{Arrangement, Perturbation};

pub(super) fn arrange(perturbation: Perturbation, trial: &mut Arrangement<'_>) {
    let tunable = match perturbation {
        // Not 0, which turns it off; what is allocated gets the complement.
        Perturbation::MallocFill => format!("glibc.malloc.perturb={}", trial.random.u8(1..)),
        Perturbation::MallocNoCache => "glibc.malloc.tcache_count=0".to_owned(),
        _ => "glibc.malloc.arena_max=1".to_owned(),
    };
    trial.add("GLIBC_TUNABLES", ":", tunable);
}
