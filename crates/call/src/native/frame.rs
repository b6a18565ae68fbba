use std::cell::UnsafeCell;
use std::ffi::c_void;

use libffi::middle::{Cif, Type};
use libffi::raw::ffi_call;

use super::library::Function;
use crate::Kind;

/// A call that is made again and again: the function, and a word for each of its arguments.
pub(crate) struct Frame {
    function: Function,
    interface: Cif,
    /// Where libffi looks for the arguments; each points into `words`.
    addresses: Box<[*mut c_void]>,
    words: &'static [UnsafeCell<u64>],
}

impl Frame {
    /// A call of `function`, which takes and returns these kinds. Its words are never given back: it is there for as long as
    /// its process makes calls.
    pub(crate) fn new(function: Function, takes: &[Kind], returns: Kind) -> Self {
        let words: Vec<UnsafeCell<u64>> = takes.iter().map(|_| UnsafeCell::new(0)).collect();
        let words: &[UnsafeCell<u64>] = words.leak();
        let addresses = words.iter().map(|word| word.get().cast()).collect();
        let interface = Cif::new(takes.iter().map(|&kind| type_of(kind)), type_of(returns));
        Self { function, interface, addresses, words }
    }

    /// Passes `word` as argument `index` in the calls to come. Of narrower kinds the low bytes count.
    pub(crate) fn set(&self, index: usize, word: u64) {
        // SAFETY: this frame belongs to one thread, and no reference to the word exists.
        unsafe { self.words[index].get().write(word) }
    }

    /// Calls, and gives what came back. Of narrower kinds the low bytes count.
    pub(crate) fn call(&mut self) -> u64 {
        let mut result = 0_u64;
        // SAFETY: libffi reads each argument through its address, which points to eight bytes that are always there,
        // in little-endian order, as wide as its type; it writes at most eight bytes of result, since no type here is
        // larger. That the function takes and returns these types is what the plan says.
        unsafe {
            ffi_call(
                self.interface.as_raw_ptr(),
                Some(self.function.code()),
                (&raw mut result).cast(),
                self.addresses.as_mut_ptr(),
            );
        }
        result
    }
}

fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Void => Type::void(),
        Kind::Bool | Kind::U8 => Type::u8(),
        Kind::I8 => Type::i8(),
        Kind::U16 => Type::u16(),
        Kind::I16 => Type::i16(),
        Kind::U32 => Type::u32(),
        Kind::I32 => Type::i32(),
        Kind::U64 => Type::u64(),
        Kind::I64 => Type::i64(),
        Kind::F32 => Type::f32(),
        Kind::F64 => Type::f64(),
        Kind::Pointer | Kind::String => Type::pointer(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More arguments than there are registers, of every sort.
    extern "C" fn digits(
        a: i8,
        b: f64,
        c: u64,
        d: f32,
        e: i32,
        f: u16,
        g: i64,
        h: bool,
        i: u8,
        j: f64,
    ) -> f64 {
        let integers = [a.into(), c as i64, e.into(), f.into(), g, h.into(), i.into()];
        integers.iter().fold(b + f64::from(d) + j, |sum, &next| sum * 10.0 + next as f64)
    }

    extern "C" fn half(a: f32) -> f32 {
        a / 2.0
    }

    extern "C" fn minus(a: i8) -> i8 {
        -a
    }

    fn frame(address: usize, takes: &[Kind], returns: Kind, words: &[u64]) -> Frame {
        let frame = Frame::new(Function::at(address), takes, returns);
        words.iter().enumerate().for_each(|(index, &word)| frame.set(index, word));
        frame
    }

    #[test]
    fn arguments_arrive_in_registers_and_on_the_stack() {
        use Kind::{Bool, F32, F64, I8, I32, I64, U8, U16, U64};
        let takes = [I8, F64, U64, F32, I32, U16, I64, Bool, U8, F64];
        let (b, d, j) = (0.25_f64.to_bits(), u64::from(0.25_f32.to_bits()), 0.5_f64.to_bits());
        let words = [1, b, 2, d, 3, 4, 5, 1, 7, j];
        let function = digits as *const () as usize;
        let mut frame = frame(function, &takes, F64, &words);
        assert_eq!(F64.real(frame.call()), 11_234_517.0);
        frame.set(0, (-1_i64) as u64);
        assert_eq!(F64.real(frame.call()), 9_234_517.0);
    }

    #[test]
    fn narrow_results_are_read_narrowly() {
        let word = u64::from(3.0_f32.to_bits());
        let mut halve = frame(half as *const () as usize, &[Kind::F32], Kind::F32, &[word]);
        assert_eq!(Kind::F32.real(halve.call()), 1.5);
        let mut negate = frame(minus as *const () as usize, &[Kind::I8], Kind::I8, &[5]);
        assert_eq!(Kind::I8.integer(negate.call()), -5);
    }
}
