use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;

use crate::asking::ask_everything;
use crate::build::program;

/// Small programs with every kind of table.
static VICTIMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let programs: [PathBuf; 4] = [
        program("shapes.c", &["-g", "-O2"]),
        program("shapes.c", &["-O2", "-no-pie"]),
        program("shapes.c", &["-g", "-gz", "-O2"]),
        program("cache.cpp", &["-g", "-O2"]),
    ];
    programs.iter().map(|path| std::fs::read(path).unwrap()).collect()
});

/// Where damage is done: anywhere, but often in the headers, which all else hangs on.
fn damage() -> impl Strategy<Value = (u32, u8, u8)> {
    (prop_oneof![0..2048_u32, any::<u32>(), any::<u32>()], any::<u8>(), 1..16_u8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn overwritten_bytes_are_survived(
        victim in 0..4_usize,
        damages in prop::collection::vec(damage(), 1..24),
        seed in any::<u64>(),
    ) {
        let mut bytes = VICTIMS[victim].clone();
        let len = bytes.len();
        for (at, value, run) in damages {
            let at = at as usize % len;
            bytes[at..(at + usize::from(run)).min(len)].fill(value);
        }
        ask_everything(bytes.leak(), seed);
    }

    #[test]
    fn files_cut_anywhere_are_survived(victim in 0..4_usize, kept in any::<u32>(), seed in any::<u64>()) {
        let whole = &VICTIMS[victim];
        ask_everything(whole[..kept as usize % whole.len()].to_vec().leak(), seed);
    }
}
