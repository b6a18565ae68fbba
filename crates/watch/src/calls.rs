//! What was learnt of the calls that were followed from native code back into Go.

use std::collections::HashMap;

use jostle_model::{Address, ResultRegister};

/// One call in so many is left alone: is the value still handed on as it was returned?
const CONTROL: u64 = 8;
/// Calls whose value is converted on the way are given up after so many that nobody disturbed.
const CONVERTED: u64 = 2;
/// A function whose value arrived so often although its record had been used by others is asked only one time in some: its
/// values are copied in time.
const SAFE: u64 = 3;
const STILL_ASKED: u64 = 8;
/// What a program's pointers are: nothing is ever mapped below, and nothing of it above (48-bit addresses). Bindings read
/// pointers through the record, and copy numbers out of it, so other values are followed one time in as many.
const POINTERS: std::ops::RangeInclusive<u64> = 0x1_0000..=0x7fff_ffff_ffff;
/// Smaller values are no pointers, and many functions return them: that two are equal says nothing, unless what such calls
/// return was always received until then.
const TELLING: u64 = 1 << 16;

/// Calls of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    /// The native function.
    pub(crate) function: Address,
    /// Where the Go code goes on that gets the value.
    pub(crate) received_at: Address,
}

/// What a native function has returned, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    pub(crate) register: ResultRegister,
    /// All bits of the register, of a floating-point one the lower 64.
    pub(crate) value: u64,
}

/// What became of a value on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is what had been returned.
    Whole,
    /// It is what somebody else has put in its place.
    Swapped,
    /// The same, but that says nothing of a value like this one, unless it is known what such calls return.
    Unclear,
    /// It is something else: converted on the way, or no value at all.
    Other,
}

/// What else a value that was received could be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Met<'a> {
    /// What others have put into the record meanwhile.
    pub(crate) values: &'a [u64],
    /// The first argument of the call itself: a function that returns nothing leaves it where a value would be.
    pub(crate) argument: u64,
    /// Whether the caller is known to make use of a value.
    pub(crate) is_read: bool,
}

/// How a call was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    /// Where its goroutine was parked.
    pub(crate) at: Address,
    /// Whether somebody used its record meanwhile.
    pub(crate) met: bool,
}

/// What was seen of calls of one kind: how often what was received was what had been returned, and how often it was not
/// although nobody had come to the record.
#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    agreed: u64,
    differed: u64,
    /// How often it could not be told whether it had been swapped.
    unclear: u64,
}

/// What was seen of one native function.
#[derive(Clone, Copy, Debug, Default)]
struct Function {
    /// How often it has returned under our eyes.
    returned: u64,
    /// How often its value arrived although somebody had used the record, and how often it did not.
    arrived: u64,
    swapped: u64,
}

/// A place on the way: how often goroutines were parked there, and how often somebody came to the record meanwhile.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    tried: u64,
    met: u64,
}

/// What was learnt of all calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    kinds: HashMap<Call, Kind>,
    functions: HashMap<Address, Function>,
    places: HashMap<Address, Place>,
    /// How many calls were followed to their end, and how many of those while their goroutine was parked.
    pub(crate) followed: u64,
    pub(crate) parked: u64,
}

impl Calls {
    /// A native function has `returned` a value. Tells whether to follow it.
    pub(crate) fn is_worth_following(&mut self, function: Address, returned: Returned) -> bool {
        let seen = self.functions.entry(function).or_default();
        seen.returned += 1;
        let may_be_swapped = match returned.register {
            ResultRegister::Rax => POINTERS.contains(&returned.value),
            // One that is nothing tells nothing.
            ResultRegister::Xmm0 => returned.value != 0,
        };
        let is_at_risk = seen.arrived < SAFE && may_be_swapped;
        is_at_risk || seen.swapped > 0 || seen.returned.is_multiple_of(STILL_ASKED)
    }

    /// Whether to park the goroutine in this call, or to see what happens by itself: now and then, and where it could not be
    /// told what a value means. It can be as soon as one was seen to be handed on.
    pub(crate) fn may_park(&self, call: Call) -> bool {
        let is_clear = self.kinds.get(&call).is_none_or(|kind| kind.unclear == 0 || kind.agreed > 0);
        is_clear && !self.is_converted(call) && !(self.followed + 1).is_multiple_of(CONTROL)
    }

    /// What became of the value that a call `returned`, when its caller `received` this one.
    pub(crate) fn arrival(&self, call: Call, returned: Returned, received: u64, met: &Met<'_>) -> Arrival {
        let handed_on = || self.kinds.get(&call).is_some_and(|kind| kind.agreed > 0 && kind.differed == 0);
        let is_telling = || match returned.register {
            ResultRegister::Rax => received >= TELLING && (received != met.argument || met.is_read),
            // Whatever was computed last is left in such a register, and many values are common.
            ResultRegister::Xmm0 => false,
        };
        if returned.register == ResultRegister::Xmm0 && is_zero(received) {
            // Of 32 bits that are zero nothing can be told from others above them.
            Arrival::Unclear
        } else if returned.is(received) {
            Arrival::Whole
        } else if !met.values.iter().any(|value| returned.was_replaced_by(*value, received)) {
            Arrival::Other
        } else if is_telling() || handed_on() {
            Arrival::Swapped
        } else {
            Arrival::Unclear
        }
    }

    /// Whether it was seen that the value of such calls is converted on its way, or that they have none.
    pub(crate) fn is_converted(&self, call: Call) -> bool {
        self.kinds.get(&call).is_some_and(|kind| kind.differed * CONTROL > kind.agreed)
    }

    /// Whether such calls need not be looked at any more.
    pub(crate) fn is_given_up(&self, call: Call) -> bool {
        self.is_converted(call) && self.kinds[&call].differed >= CONVERTED
    }

    /// The place among some on a way at which it promises most to park a goroutine.
    pub(crate) fn best_place(&self, among: &[Address]) -> Option<Address> {
        let promise = |place: &&Address| {
            let Place { tried, met } = self.places.get(*place).copied().unwrap_or_default();
            (met + 1) as f64 / (tried + 2) as f64
        };
        // Of equal ones the second: what the innermost function was to give back at its end, it has given back by then.
        let likely_last = among.iter().skip(2).rev().chain(among.iter().take(2));
        likely_last.max_by(|one, other| promise(one).total_cmp(&promise(other))).copied()
    }

    /// A call was followed to its end.
    pub(crate) fn note(&mut self, call: Call, arrival: Arrival, parked: Option<Parked>) {
        self.followed += 1;
        let kind = self.kinds.entry(call).or_default();
        match arrival {
            Arrival::Whole => kind.agreed += 1,
            Arrival::Other if parked.is_none_or(|parked| !parked.met) => kind.differed += 1,
            Arrival::Unclear => kind.unclear += 1,
            Arrival::Swapped | Arrival::Other => {}
        }
        let Some(Parked { at, met }) = parked else { return };
        self.parked += 1;
        let function = self.functions.entry(call.function).or_default();
        function.arrived += u64::from(met && arrival == Arrival::Whole);
        function.swapped += u64::from(arrival == Arrival::Swapped);
        self.note_parked(at, met);
    }

    /// A goroutine was parked at a place, and somebody came to its record meanwhile or not.
    fn note_parked(&mut self, at: Address, met: bool) {
        let place = self.places.entry(at).or_default();
        place.tried += 1;
        place.met += u64::from(met);
    }

    /// A call was of a kind that is given up.
    pub(crate) fn note_useless(&mut self, function: Address) {
        self.functions.entry(function).or_default().arrived += 1;
    }

    /// A call was lost on its way to where its goroutine was to be parked: it does not go there.
    pub(crate) fn note_lost(&mut self, at: Address) {
        self.note_parked(at, false);
    }
}

impl Returned {
    /// Whether it is what was `received`.
    fn is(self, received: u64) -> bool {
        match self.register {
            ResultRegister::Rax => is_same(self.value, received),
            ResultRegister::Xmm0 => is_same_number(self.value, received),
        }
    }

    /// Whether what was `received` is this `value`, which somebody has put in its place.
    pub(crate) fn was_replaced_by(self, value: u64, received: u64) -> bool {
        match self.register {
            ResultRegister::Rax => value == received,
            ResultRegister::Xmm0 => is_same_number(value, received),
        }
    }
}

/// Whether a register holds zero, as a floating-point number of 64 or 32 bits, with whatever sign.
fn is_zero(number: u64) -> bool {
    number << 1 == 0 || number == u64::from((-0.0_f32).to_bits())
}

/// Whether a value is the other one, as a floating-point number of 64 or 32 bits, converted or not: what stands above 32 of them
/// in a register means nothing where it was returned, and is taken to be clear where it is received.
fn is_same_number(returned: u64, received: u64) -> bool {
    let single = f32::from_bits(returned as u32);
    let is_single = |number: f32| number.to_bits() != 0 && u64::from(number.to_bits()) == received;
    returned == received
        || is_single(single)
        || is_single(f64::from_bits(returned) as f32)
        || single != 0.0 && f64::from(single).to_bits() == received
}

/// Whether a value is the other one, as a number of 64, 32, 16 or 8 bits: what stands above those in a register means
/// nothing.
fn is_same(returned: u64, received: u64) -> bool {
    let narrow = |bits: u32| {
        let (low, shift) = (returned & ((1 << bits) - 1), 64 - bits);
        received == low || received == ((low << shift).cast_signed() >> shift).cast_unsigned()
    };
    returned == received || [32, 16, 8].into_iter().any(narrow)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call = Call { function: Address(0x7000), received_at: Address(0x4000) };
    const PLACES: [Address; 2] = [Address(1), Address(2)];
    const MINE: u64 = 0x7f00_0000_1030;
    const THEIRS: u64 = 0x7f00_0000_2030;
    const ARGUMENT: u64 = 0x4300_0000_0000_0001;

    fn after(arrivals: &[Arrival]) -> Calls {
        let mut calls = Calls::default();
        arrivals.iter().for_each(|&arrival| calls.note(CALL, arrival, None));
        calls
    }

    fn integer(value: u64) -> Returned {
        Returned { register: ResultRegister::Rax, value }
    }

    fn number(value: u64) -> Returned {
        Returned { register: ResultRegister::Xmm0, value }
    }

    fn arrival(calls: &Calls, returned: u64, received: u64, values: &[u64]) -> Arrival {
        calls.arrival(CALL, integer(returned), received, &Met { values, argument: ARGUMENT, is_read: false })
    }

    fn arrival_of_number(calls: &Calls, returned: f64, received: f64, others: &[f64]) -> Arrival {
        let values: Vec<u64> = others.iter().map(|other| other.to_bits()).collect();
        let met = Met { values: &values, argument: ARGUMENT, is_read: true };
        calls.arrival(CALL, number(returned.to_bits()), received.to_bits(), &met)
    }

    #[test]
    fn what_was_put_in_its_place_and_received_was_swapped() {
        let calls = after(&[]);
        assert_eq!(arrival(&calls, MINE, THEIRS, &[THEIRS]), Arrival::Swapped);
        assert_eq!(arrival(&calls, MINE, THEIRS, &[0, THEIRS, 1]), Arrival::Swapped);
        assert_eq!(arrival(&calls, MINE, MINE, &[THEIRS]), Arrival::Whole);
        assert_eq!(arrival(&calls, MINE, THEIRS, &[]), Arrival::Other);
        assert_eq!(arrival(&calls, MINE, 0xc000_0100_0000, &[THEIRS]), Arrival::Other);
    }

    #[test]
    fn what_the_caller_had_passed_itself_was_not_swapped() {
        assert_eq!(arrival(&after(&[]), MINE, ARGUMENT, &[ARGUMENT]), Arrival::Unclear);
        let met = Met { values: &[ARGUMENT], argument: ARGUMENT, is_read: true };
        assert_eq!(after(&[]).arrival(CALL, integer(MINE), ARGUMENT, &met), Arrival::Swapped);
    }

    #[test]
    fn a_small_value_in_its_place_tells_something_only_where_values_were_seen_to_arrive() {
        assert_eq!(arrival(&after(&[]), MINE, 0, &[0]), Arrival::Unclear);
        assert_eq!(arrival(&after(&[Arrival::Whole]), MINE, 0, &[0]), Arrival::Swapped);
        assert_eq!(arrival(&after(&[Arrival::Whole, Arrival::Other]), MINE, 0, &[0]), Arrival::Unclear);
    }

    #[test]
    fn what_stands_above_a_narrow_value_means_nothing() {
        assert_eq!(arrival(&after(&[]), 0x7f00_0000_0001, 1, &[1]), Arrival::Whole);
        assert_eq!(arrival(&after(&[]), 0xffff_ffff, u64::MAX, &[]), Arrival::Whole);
    }

    #[test]
    fn a_number_was_swapped_only_where_numbers_were_seen_to_arrive() {
        assert_eq!(arrival_of_number(&after(&[]), 1.5, 2.5, &[2.5]), Arrival::Unclear);
        let calls = after(&[Arrival::Whole]);
        assert_eq!(arrival_of_number(&calls, 1.5, 2.5, &[2.5]), Arrival::Swapped);
        assert_eq!(arrival_of_number(&calls, 1.5, 1.5, &[2.5]), Arrival::Whole);
        assert_eq!(arrival_of_number(&calls, 1.5, 3.5, &[2.5]), Arrival::Other);
    }

    #[test]
    fn of_zero_nothing_can_be_told() {
        let calls = after(&[Arrival::Whole]);
        for zero in [0.0, -0.0] {
            assert_eq!(arrival_of_number(&calls, 1.5, zero, &[zero]), Arrival::Unclear);
            assert_eq!(arrival_of_number(&calls, zero, zero, &[]), Arrival::Unclear);
        }
        assert!(is_zero((-0.0_f32).to_bits().into()));
        assert!(!is_zero(f64::MIN_POSITIVE.to_bits()));
    }

    #[test]
    fn a_number_is_the_same_with_as_many_bits_as_its_caller_wants() {
        let (double, single) = (1.1_f64.to_bits(), u64::from(1.1_f32.to_bits()));
        let garbage = 0x5555_0000_0000_0000;
        assert!(number(single | garbage).is(single));
        assert!(number(single | garbage).is(f64::from(1.1_f32).to_bits()));
        assert!(number(double).is(single));
        assert!(!number(double).is(1.2_f64.to_bits()));
        // The lower halves of these are the same.
        assert!(!number(1.0_f64.to_bits()).is(2.0_f64.to_bits()));
        assert!(!number(1.0_f64.to_bits()).is(0));
    }

    #[test]
    fn a_number_that_is_nothing_is_asked_less() {
        let mut calls = Calls::default();
        assert!(!calls.is_worth_following(CALL.function, number(0)));
        assert!(calls.is_worth_following(CALL.function, number(1.5_f64.to_bits())));
    }

    #[test]
    fn calls_whose_value_is_converted_are_not_parked_and_given_up_soon() {
        assert!(after(&[Arrival::Whole]).may_park(CALL));
        assert!(!after(&[Arrival::Whole, Arrival::Other]).may_park(CALL));
        assert!(!after(&[Arrival::Other]).is_given_up(CALL));
        assert!(after(&[Arrival::Other; 2]).is_given_up(CALL));
        assert!(after(&[Arrival::Other, Arrival::Whole, Arrival::Other]).is_given_up(CALL));
    }

    #[test]
    fn calls_that_were_unclear_are_left_alone_until_a_value_arrives() {
        assert!(after(&[]).may_park(CALL));
        assert!(!after(&[Arrival::Unclear]).may_park(CALL));
        assert!(after(&[Arrival::Unclear, Arrival::Whole]).may_park(CALL));
    }

    #[test]
    fn some_calls_are_left_alone() {
        let calls = after(&[Arrival::Whole; CONTROL as usize - 1]);
        assert!(!calls.may_park(CALL));
    }

    #[test]
    fn a_function_whose_values_arrive_whatever_happens_is_asked_less() {
        let mut calls = Calls::default();
        for _ in 0..SAFE {
            assert!(calls.is_worth_following(CALL.function, integer(MINE)));
            calls.note(CALL, Arrival::Whole, Some(Parked { at: PLACES[0], met: true }));
        }
        let asked =
            (0..STILL_ASKED).filter(|_| calls.is_worth_following(CALL.function, integer(MINE))).count();
        assert_eq!(asked, 1);
        calls.note(CALL, Arrival::Swapped, Some(Parked { at: PLACES[0], met: true }));
        assert!(calls.is_worth_following(CALL.function, integer(MINE)));
    }

    #[test]
    fn what_is_no_pointer_is_asked_less() {
        let mut calls = Calls::default();
        let asked =
            (0..STILL_ASKED).filter(|_| calls.is_worth_following(CALL.function, integer(ARGUMENT))).count();
        assert_eq!(asked, 1);
    }

    #[test]
    fn a_place_where_nobody_ever_comes_is_left_for_another() {
        let mut calls = Calls::default();
        assert_eq!(calls.best_place(&PLACES), Some(PLACES[1]));
        calls.note(CALL, Arrival::Whole, Some(Parked { at: PLACES[1], met: false }));
        assert_eq!(calls.best_place(&PLACES), Some(PLACES[0]));
        calls.note(CALL, Arrival::Swapped, Some(Parked { at: PLACES[0], met: true }));
        assert_eq!(calls.best_place(&PLACES), Some(PLACES[0]));
    }
}
