//! What a request is known by: made here, and found again in answers.
//!
//! A token is 32 lower-case hexadecimal digits, which every place of a request can carry and which most checks of
//! session ids let pass. Its first half is the same for a whole run, so that one search for a fixed text finds whatever
//! token there is; its second half says which request it belongs to, so that nothing has to be kept to know the owner.

mod encodings;
mod recogniser;

use std::hash::{BuildHasher, RandomState};

pub(crate) use encodings::Encoding;
pub(crate) use recogniser::{Recogniser, Sighting};

/// How many characters a token has.
pub(crate) const LENGTH: usize = 32;

/// How many of them are the same for the whole run.
const NONCE: usize = 16;

/// How many bits name the request; the largest number is beyond what a month of probing sends.
const NUMBER_BITS: u32 = 36;

/// How many places of one request may carry a token: what four bits tell apart.
pub(crate) const MOST_SLOTS: usize = 16;

/// The 40 bits of number and slot.
const MASK: u64 = (1 << (NUMBER_BITS + 4)) - 1;

/// An odd number, so that multiplying by it modulo 2^40 can be undone: 2^40 divided by the golden ratio.
const SPREAD: u64 = 0x9E_3779_B97F;

/// Whose token it is, and in which of the request's places it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Owner {
    /// The request, counted from 0 in a run.
    pub(crate) number: u64,
    /// Index into the places that carry tokens.
    pub(crate) slot: u8,
}

/// Makes the tokens of one run, and reads their owners from them.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    nonce: [u8; NONCE],
    key: u64,
}

impl Default for Mint {
    fn default() -> Self {
        Self::new()
    }
}

impl Mint {
    /// One whose tokens nobody can have met before. The standard library's hasher keys come from the system's random
    /// numbers, which is all that is asked for here: that two runs against one server are never taken for one another.
    pub(crate) fn new() -> Self {
        Self::from_numbers(RandomState::new().hash_one(0_u8), RandomState::new().hash_one(1_u8))
    }

    fn from_numbers(nonce: u64, key: u64) -> Self {
        let mut digits = [0; NONCE];
        write_hex(nonce, &mut digits);
        Self { nonce: digits, key }
    }

    /// Writes the token of `owner` over `place`.
    pub(crate) fn write(&self, owner: Owner, place: &mut [u8; LENGTH]) {
        let plain = (owner.number << 4 | u64::from(owner.slot)) & MASK;
        let scrambled = (plain.wrapping_mul(SPREAD) & MASK) ^ (self.key & MASK);
        place[..NONCE].copy_from_slice(&self.nonce);
        write_hex(scrambled << 24 | self.check(scrambled), &mut place[NONCE..]);
    }

    /// The token of `owner`.
    pub(crate) fn token(&self, owner: Owner) -> String {
        let mut place = [0; LENGTH];
        self.write(owner, &mut place);
        place.iter().copied().map(char::from).collect()
    }

    /// Whose token it is whose second half has these digits; nobody's if they were not written by [`Self::write`].
    fn owner(&self, digits: &[u8]) -> Option<Owner> {
        let value = read_hex(digits)?;
        let scrambled = value >> 24;
        if self.check(scrambled) != value & 0xFF_FFFF {
            return None;
        }
        let plain = (scrambled ^ (self.key & MASK)).wrapping_mul(inverse(SPREAD)) & MASK;
        Some(Owner { number: plain >> 4, slot: (plain & 15) as u8 })
    }

    /// 24 bits that tell a token from one that was cut, or put together from two: splitmix64's finalizer (Steele, Lea
    /// and Flood, "Fast splittable pseudorandom number generators", 2014).
    fn check(&self, scrambled: u64) -> u64 {
        let mut z = scrambled ^ self.key.rotate_left(17);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) & 0xFF_FFFF
    }
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the bits that are right.
const fn inverse(odd: u64) -> u64 {
    let mut guess = odd;
    let mut step = 0;
    while step < 6 {
        guess = guess.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(guess)));
        step += 1;
    }
    guess
}

fn write_hex(value: u64, digits: &mut [u8]) {
    for (index, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (4 * index) & 15) as usize];
    }
}

fn read_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| {
        let number = char::from(*digit).to_digit(16)?;
        Some(value << 4 | u64::from(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_owner() {
        let mint = Mint::new();
        for owner in [(0, 0), (1, 0), (1, 15), (1_204_331, 3), ((1 << 36) - 1, 7)] {
            let owner = Owner { number: owner.0, slot: owner.1 };
            assert_eq!(mint.owner(&mint.token(owner).as_bytes()[NONCE..]), Some(owner));
        }
    }

    #[test]
    fn a_token_that_was_tampered_with_has_no_owner() {
        let mint = Mint::from_numbers(1, 2);
        let mut token = mint.token(Owner { number: 7, slot: 0 }).into_bytes();
        token[LENGTH - 1] ^= 1;
        assert_eq!(mint.owner(&token[NONCE..]), None);
    }

    #[test]
    fn two_runs_have_no_token_in_common() {
        let first = Owner { number: 0, slot: 0 };
        assert_ne!(Mint::new().token(first), Mint::new().token(first));
    }

    #[test]
    fn neighbours_do_not_look_alike() {
        let mint = Mint::from_numbers(0, 0);
        let token = |number| mint.token(Owner { number, slot: 0 })[NONCE..].to_owned();
        let alike = token(1).chars().zip(token(2).chars()).filter(|(a, b)| a == b).count();
        assert!(alike < 6, "{} and {}", token(1), token(2));
    }
}
