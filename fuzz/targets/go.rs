#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jostle_fuzz::go(bytes));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    jostle_fuzz::mutate_part::<7>(data, size, max_size, seed)
});
