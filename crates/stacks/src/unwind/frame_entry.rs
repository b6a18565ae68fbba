//! Callers by `.eh_frame`, the compiler's own account of where each register was saved.
//!
//! All sixteen registers are followed, not the stack and frame pointer alone: functions that realign their
//! stack find the caller through another register or through memory, and so do signal frames.
use gimli::UnwindTableRow;
use gimli::{CfaRule, EvaluationResult, Expression, Location, RegisterRule, UnwindContext, UnwindExpression};
use gimli::{Encoding, Register, Value, X86_64};
use jostle_model::Address;

use super::Stop;
use super::activation::Activation;
use crate::cursor::{CodeAddress, Memory};
use crate::image::{FrameTable, Slice};
use crate::space::Module;

/// More operations than any compiler emits for one expression; a loop in a corrupt one ends here.
const MOST_OPERATIONS: u32 = 1000;

/// More bytes of entries than the frames of any stack have between them. In a corrupt file a single entry may be all of
/// it, and every frame be in its code.
const MOST_BYTES: usize = 1 << 20;

/// The working memory for reading the unwind entries of one stack.
#[derive(Default)]
pub(crate) struct FrameReader {
    context: UnwindContext<usize>,
    /// The lengths of all entries so far.
    read: usize,
}

impl FrameReader {
    /// The caller by the entry that covers the code of `callee`; `None` where no entry does.
    pub(crate) fn caller(
        &mut self,
        table: &FrameTable,
        module: Module<'_>,
        callee: &Activation,
        memory: &dyn Memory,
    ) -> Option<Result<Activation, Stop>> {
        let at = module.file_address(callee.code.for_lookup());
        let entry = table.entry_for(at)?;
        self.read = self.read.saturating_add(entry.entry_len()).saturating_add(entry.cie().entry_len());
        if self.read > MOST_BYTES {
            return Some(Err(Stop::Lost));
        }
        let row =
            entry.unwind_info_for_address(&table.section, &table.bases, &mut self.context, at.0).ok()?;
        let frame = Frame { table, callee, memory, bias: module.bias, encoding: entry.cie().encoding() };
        Some(frame.caller(row, entry.is_signal_trampoline()))
    }
}

/// What the rules of one row refer to.
struct Frame<'a> {
    table: &'a FrameTable,
    callee: &'a Activation,
    memory: &'a dyn Memory,
    bias: u64,
    encoding: Encoding,
}

impl Frame<'_> {
    fn caller(&self, row: &UnwindTableRow<usize>, is_signal_frame: bool) -> Result<Activation, Stop> {
        let cfa = self.cfa(row.cfa()).ok_or(Stop::Lost)?;
        let return_address = match row.register(X86_64::RA) {
            // The outermost function declares that it has no caller.
            None | Some(RegisterRule::Undefined) => return Err(Stop::Outermost),
            Some(rule) => Address(self.restored(rule, cfa, X86_64::RA).ok_or(Stop::Lost)?),
        };
        // A signal handler returns to the middle of what it interrupted, not behind a call.
        let code = match is_signal_frame {
            true => CodeAddress::Instruction(return_address),
            false => CodeAddress::Return(return_address),
        };
        let mut caller = self.callee.caller_at(code, cfa);
        for (register, rule) in row.registers() {
            caller.set(*register, self.restored(rule.clone(), cfa, *register));
        }
        Ok(caller)
    }

    /// The canonical frame address: what the stack pointer was before the call.
    fn cfa(&self, rule: &CfaRule<usize>) -> Option<u64> {
        match rule {
            CfaRule::RegisterAndOffset { register, offset } => {
                Some(self.callee.get(*register)?.wrapping_add_signed(*offset))
            }
            CfaRule::Expression(expression) => self.evaluate(expression, None),
        }
    }

    /// The value that `register` had in the caller.
    fn restored(&self, rule: RegisterRule<usize>, cfa: u64, register: Register) -> Option<u64> {
        match rule {
            RegisterRule::SameValue => self.callee.get(register),
            RegisterRule::Offset(offset) => self.word(cfa.wrapping_add_signed(offset)),
            RegisterRule::ValOffset(offset) => Some(cfa.wrapping_add_signed(offset)),
            RegisterRule::Register(other) => self.callee.get(other),
            RegisterRule::Expression(expression) => self.word(self.evaluate(&expression, Some(cfa))?),
            RegisterRule::ValExpression(expression) => self.evaluate(&expression, Some(cfa)),
            RegisterRule::Constant(value) => Some(value),
            _ => None,
        }
    }

    fn word(&self, at: u64) -> Option<u64> {
        self.memory.word(Address(at))
    }

    fn evaluate(&self, expression: &UnwindExpression<usize>, pushed: Option<u64>) -> Option<u64> {
        let Expression(bytes) = expression.get(&self.table.section).ok()?;
        let mut evaluation = gimli::Evaluation::<Slice>::new(bytes, self.encoding);
        evaluation.set_max_iterations(MOST_OPERATIONS);
        if let Some(value) = pushed {
            evaluation.set_initial_value(value);
        }
        let mut state = evaluation.evaluate().ok()?;
        loop {
            state = match state {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresRegister { register, .. } => {
                    evaluation.resume_with_register(Value::Generic(self.callee.get(register)?))
                }
                EvaluationResult::RequiresMemory { address, size, .. } => {
                    evaluation.resume_with_memory(Value::Generic(self.load(address, size)?))
                }
                EvaluationResult::RequiresRelocatedAddress(address) => {
                    evaluation.resume_with_relocated_address(address.wrapping_add(self.bias))
                }
                _ => return None,
            }
            .ok()?;
        }
        match evaluation.as_result().last()?.location {
            Location::Address { address } => Some(address),
            _ => None,
        }
    }

    fn load(&self, at: u64, size: u8) -> Option<u64> {
        let mut bytes = [0; 8];
        let read = self.memory.read(Address(at), bytes.get_mut(..usize::from(size))?);
        read.then(|| u64::from_le_bytes(bytes))
    }
}
