//! The bytes of the image at their addresses, and the calls among its code.
use super::GoSegment;

/// The loaded parts of the file.
pub(super) struct Image {
    segments: Vec<Part>,
}

struct Part {
    address: u64,
    data: &'static [u8],
    executable: bool,
}

/// The instruction before a return address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// A call of the function at this address.
    To(u64),
    /// A call through a register or memory.
    Computed,
}

impl Image {
    pub(super) fn new(segments: &[GoSegment]) -> Self {
        let part = |segment: &GoSegment| Part {
            address: segment.address,
            data: segment.data,
            executable: segment.executable,
        };
        Self { segments: segments.iter().map(part).collect() }
    }

    /// `length` bytes at a file address, when one segment holds them all.
    pub(super) fn bytes(&self, at: u64, length: u64) -> Option<&'static [u8]> {
        self.segments.iter().find_map(|part| part.bytes(at, length))
    }

    /// The call that returns to `at`; None when the instruction before it cannot be one.
    pub(super) fn call_before(&self, at: u64) -> Option<Call> {
        let code = (2..=7).rev().find_map(|length| self.code(at.checked_sub(length)?, length))?;
        direct_call(code, at).map(Call::To).or_else(|| is_computed_call(code).then_some(Call::Computed))
    }

    fn code(&self, at: u64, length: u64) -> Option<&'static [u8]> {
        self.segments.iter().filter(|part| part.executable).find_map(|part| part.bytes(at, length))
    }
}

impl Part {
    fn bytes(&self, at: u64, length: u64) -> Option<&'static [u8]> {
        let start = usize::try_from(at.checked_sub(self.address)?).ok()?;
        self.data.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }
}

/// `call rel32` as the last instruction of `code`, which ends at `end`.
fn direct_call(code: &[u8], end: u64) -> Option<u64> {
    let (&[.., 0xe8], distance) = code.split_last_chunk::<4>()? else {
        return None;
    };
    Some(end.wrapping_add_signed(i32::from_le_bytes(*distance).into()))
}

/// `call r/m64` as the last instruction of `code`: opcode FF /2, as long as its operand says.
fn is_computed_call(code: &[u8]) -> bool {
    code.windows(3).enumerate().any(|(start, window)| ends_in_call(window, code.len() - start))
        || code.last_chunk::<2>().is_some_and(|&[opcode, operand]| ends_in_call(&[opcode, operand, 0], 2))
}

fn ends_in_call(window: &[u8], length: usize) -> bool {
    let &[opcode, operand, index] = window else {
        return false;
    };
    opcode == 0xff && (operand >> 3) & 7 == 2 && call_length(operand, index) == length
}

/// The length of an FF /2 instruction with this ModRM byte and, where it has one, this SIB byte.
fn call_length(operand: u8, index: u8) -> usize {
    match (operand >> 6, operand & 7) {
        (3, _) => 2,
        (0, 5) => 6,
        (0, 4) if index & 7 == 5 => 7,
        (0, 4) => 3,
        (0, _) => 2,
        (1, 4) => 4,
        (1, _) => 3,
        (_, 4) => 7,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_in(code: &'static [u8]) -> Option<Call> {
        let segments = [GoSegment { address: 0x1000, data: code, executable: true }];
        Image::new(&segments).call_before(0x1000 + code.len() as u64)
    }

    #[test]
    fn a_direct_call_is_recognised_with_its_target() {
        assert_eq!(call_in(&[0x90, 0xe8, 0xfb, 0, 0, 0]), Some(Call::To(0x1101)));
    }

    #[test]
    fn computed_calls_are_recognised_in_all_their_lengths() {
        let calls: [&'static [u8]; 7] = [
            &[0xff, 0xd0],                         // call rax
            &[0x41, 0xff, 0xd4],                   // call r12
            &[0xff, 0x12],                         // call [rdx]
            &[0xff, 0x54, 0x24, 0x08],             // call [rsp+8]
            &[0x90, 0xff, 0x50, 0x18],             // call [rax+24]
            &[0xff, 0x15, 1, 2, 3, 4],             // call [rip+0x4030201]
            &[0xff, 0x14, 0x25, 0x10, 0x20, 3, 0], // call [0x32010]
        ];
        for code in calls {
            assert_eq!(call_in(code), Some(Call::Computed), "{code:x?}");
        }
    }

    #[test]
    fn other_instructions_are_no_calls() {
        let others: [&'static [u8]; 4] = [
            &[0xff, 0xe0],                   // jmp rax
            &[0x48, 0x89, 0xe5],             // mov rbp, rsp
            &[0xff, 0xd0, 0x90],             // call rax; nop
            &[0x48, 0x8b, 0x44, 0x24, 0x08], // mov rax, [rsp+8]
        ];
        for code in others {
            assert_eq!(call_in(code), None, "{code:x?}");
        }
    }

    #[test]
    fn there_is_no_call_outside_the_code() {
        let segments = [GoSegment { address: 0x1000, data: &[0xff, 0xd0], executable: false }];
        assert_eq!(Image::new(&segments).call_before(0x1002), None);
        assert_eq!(Image::new(&[]).call_before(0), None);
    }
}
