//! What marks a call's own data, so that it can be recognised in somebody else's answer.
//!
//! A token says whose it is: `j5e1ft007n0000001234` belongs to iteration 1234 of thread 7. It has one length whatever it
//! names, so that none is a part of another, and begins with four digits of the seed, so that what an earlier run left
//! behind in the library is not mistaken for this one's.

use jostle_model::Caller;

/// How long a token is, in bytes.
pub(crate) const LENGTH: usize = 20;

/// How many threads there may be: in a token they have three hexadecimal digits.
pub const MOST_THREADS: u32 = 1 << 12;

/// Iterations have ten decimal digits, and 36 bits in the integer.
const MOST_ITERATIONS: u64 = 10_000_000_000;

/// The tokens of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens {
    /// Fifteen bits, so that the integer stays positive as a signed one.
    seed: u16,
}

impl Tokens {
    /// Those that belong to a seed.
    pub(crate) fn new(seed: u64) -> Self {
        // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): seeds that follow each other differ here.
        // Odd, so that no small number is a token.
        Self { seed: (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 49) as u16 | 1 }
    }

    /// As text.
    pub(crate) fn text(self, owner: Caller) -> [u8; LENGTH] {
        let mut text = *b"j0000t000n0000000000";
        hexadecimal(&mut text[1..5], self.seed.into());
        hexadecimal(&mut text[6..9], owner.thread);
        decimal(&mut text[10..], owner.iteration % MOST_ITERATIONS);
        text
    }

    /// As an integer.
    pub(crate) fn integer(self, owner: Caller) -> u64 {
        let thread = u64::from(owner.thread % MOST_THREADS);
        u64::from(self.seed) << 48 | thread << 36 | (owner.iteration % MOST_ITERATIONS)
    }

    /// The owner of the first token in `text` that is not `own`'s.
    pub(crate) fn foreign(self, text: &[u8], own: Caller) -> Option<Caller> {
        text.windows(LENGTH).filter_map(|window| self.read(window)).find(|owner| *owner != own)
    }

    /// The owner of an integer that is a token, and not `own`'s.
    pub(crate) fn foreign_integer(self, integer: u64, own: Caller) -> Option<Caller> {
        let owner =
            Caller { thread: (integer >> 36) as u32 % MOST_THREADS, iteration: integer & ((1 << 36) - 1) };
        (self.integer(owner) == integer && owner != own).then_some(owner)
    }

    fn read(self, window: &[u8]) -> Option<Caller> {
        let digits =
            |range, radix| u64::from_str_radix(std::str::from_utf8(&window[range]).ok()?, radix).ok();
        let owner = Caller { thread: digits(6..9, 16)? as u32, iteration: digits(10..LENGTH, 10)? };
        (self.text(owner) == window).then_some(owner)
    }
}

fn hexadecimal(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

fn decimal(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Caller = Caller { thread: 7, iteration: 1234 };

    #[test]
    fn a_token_names_its_owner() {
        let tokens = Tokens::new(5);
        let text = format!("{{\"user\":\"{}\"}}", String::from_utf8_lossy(&tokens.text(OWN)));
        assert!(text.contains("t007n0000001234"), "{text}");
        let other = Caller { thread: 31, iteration: 9 };
        assert_eq!(tokens.foreign(text.as_bytes(), other), Some(OWN));
        assert_eq!(tokens.foreign(text.as_bytes(), OWN), None);
        assert_eq!(tokens.foreign_integer(tokens.integer(OWN), other), Some(OWN));
        assert_eq!(tokens.foreign_integer(tokens.integer(OWN), OWN), None);
    }

    #[test]
    fn tokens_of_another_run_are_nobodys() {
        let (ours, others) = (Tokens::new(1), Tokens::new(2));
        assert_eq!(ours.foreign(&others.text(OWN), Caller { thread: 0, iteration: 0 }), None);
        assert_eq!(ours.foreign_integer(others.integer(OWN), Caller { thread: 0, iteration: 0 }), None);
        assert_eq!(ours.foreign_integer(0, OWN), None);
    }

    #[test]
    fn an_integer_token_is_positive_whatever_the_seed() {
        let last = Caller { thread: MOST_THREADS - 1, iteration: MOST_ITERATIONS - 1 };
        assert!((0..10_000).all(|seed| i64::try_from(Tokens::new(seed).integer(last)).is_ok()));
    }
}
