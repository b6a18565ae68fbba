#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jostle_fuzz::tables(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    jostle_fuzz::mutate_part::<14>(data, size, max_size, seed)
});
