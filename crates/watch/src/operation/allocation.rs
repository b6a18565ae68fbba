//! Calls that allocate: behind one, the address of a new block is in rax.

use iced_x86::{Decoder, DecoderOptions};
use jostle_model::Address;

use super::Callee;
use super::release::callee;

/// A call that allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AllocationSite {
    /// The call.
    pub(crate) call: Address,
    /// Where its caller goes on with the block.
    pub(crate) after: Address,
}

/// The calls in the code of one function, loaded at `at`, that lead to where memory is allocated. Those before an
/// instruction of one byte are left out, as everywhere: where a thread stands must tell whether it has executed a trap.
pub(crate) fn allocations(
    code: &[u8],
    at: Address,
    allocates: &dyn Fn(Callee) -> bool,
) -> Vec<AllocationSite> {
    let mut sites = Vec::new();
    let mut call = None;
    for instruction in &mut Decoder::with_ip(64, code, at.0, DecoderOptions::NONE) {
        if instruction.is_invalid() {
            return Vec::new();
        }
        if let Some(call) = call.take().filter(|_| instruction.len() > 1) {
            sites.push(AllocationSite { call, after: Address(instruction.ip()) });
        }
        let leads_there = instruction.is_call_near() || instruction.is_call_near_indirect();
        if leads_there && callee(&instruction).is_some_and(allocates) {
            call = Some(Address(instruction.ip()));
        }
    }
    sites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_there_behind_the_call() {
        // call +0x10; mov rbx, rax; call +0x10; ret
        let code = [0xe8, 0x10, 0, 0, 0, 0x48, 0x89, 0xc3, 0xe8, 0x10, 0, 0, 0, 0xc3];
        let sites = allocations(&code, Address(0x1000), &|_| true);
        assert_eq!(sites, [AllocationSite { call: Address(0x1000), after: Address(0x1005) }]);
    }

    #[test]
    fn other_calls_are_none() {
        let code = [0xe8, 0x10, 0, 0, 0, 0x48, 0x89, 0xc3];
        assert_eq!(allocations(&code, Address(0x1000), &|callee| callee == Callee::Code(Address(1))), []);
    }
}
