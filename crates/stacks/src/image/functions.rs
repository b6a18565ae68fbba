use std::ops::Range;

use jostle_model::FileAddress;

use super::Image;
use super::headers::Headers;

/// A function's code in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Function {
    /// Its first instruction.
    pub start: FileAddress,
    /// How many bytes of code; never 0.
    pub size: u64,
}

impl Function {
    fn contains(&self, at: FileAddress) -> bool {
        at.0.wrapping_sub(self.start.0) < self.size
    }
}

/// Who says that a function starts somewhere. When two disagree about what starts there, the first one wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Symbol,
    GoTable,
    /// One unwind entry may cover several hand-written functions, so it never splits a known one.
    UnwindTable,
}

#[derive(Clone, Copy)]
struct Claim {
    start: u64,
    /// 0 where unknown.
    size: u64,
    source: Source,
}

/// Everything that starts in code, merged into ranges that do not overlap.
pub(crate) fn collect(image: &Image) -> Vec<Function> {
    let mut claims = claims(image);
    // Of the claims to one start the best source comes first, then the one that states most.
    claims.sort_unstable_by_key(|claim| (claim.start, claim.source, u64::MAX - claim.size));
    claims.dedup_by_key(|claim| claim.start);
    drop_entries_inside_known_functions(&mut claims);
    let code = code_ranges(image.headers());
    let mut functions = fit(&claims, &code);
    functions.shrink_to_fit();
    functions
}

pub(crate) fn containing(functions: &[Function], at: FileAddress) -> Option<Function> {
    let after = functions.partition_point(|function| function.start <= at);
    functions[..after].last().filter(|function| function.contains(at)).copied()
}

fn claims(image: &Image) -> Vec<Claim> {
    let symbols = image.symbols().functions().iter().map(|symbol| Claim {
        start: symbol.address,
        size: symbol.size,
        source: Source::Symbol,
    });
    let mut claims: Vec<_> = symbols.collect();
    if let Some(go) = image.go() {
        let functions = go.functions().into_iter();
        claims.extend(functions.map(|(start, size)| Claim { start, size, source: Source::GoTable }));
    }
    if let Some(table) = image.frame_table() {
        let entries = table.entries().iter();
        claims.extend(entries.map(|entry| Claim {
            start: entry.start,
            size: entry.size,
            source: Source::UnwindTable,
        }));
    }
    claims
}

fn drop_entries_inside_known_functions(claims: &mut Vec<Claim>) {
    let mut known_end = 0;
    claims.retain(|claim| {
        if claim.source == Source::UnwindTable {
            return claim.start >= known_end;
        }
        known_end = known_end.max(claim.start.saturating_add(claim.size));
        true
    });
}

/// Cuts each claim where the next one starts and where its code range ends.
fn fit(claims: &[Claim], code: &[Range<u64>]) -> Vec<Function> {
    let mut functions = Vec::with_capacity(claims.len());
    let mut ranges = code.iter().peekable();
    for (index, claim) in claims.iter().enumerate() {
        while ranges.next_if(|range| range.end <= claim.start).is_some() {}
        let Some(range) = ranges.peek().filter(|range| range.contains(&claim.start)) else { continue };
        let next = claims.get(index + 1).map_or(u64::MAX, |next| next.start);
        let stated = if claim.size == 0 { u64::MAX } else { claim.start.saturating_add(claim.size) };
        let end = stated.min(next).min(range.end);
        functions.push(Function { start: FileAddress(claim.start), size: end - claim.start });
    }
    functions
}

/// Where instructions stand, sorted and not overlapping: the executable sections but for linkage tables, or
/// the executable segments where there are no sections.
fn code_ranges(headers: &Headers) -> Vec<Range<u64>> {
    let in_segments = |range: &Range<u64>| headers.executable_segment(FileAddress(range.start)).is_some();
    let sections = headers.sections.iter().filter(|section| section.executable && section.loaded);
    let mut ranges: Vec<_> = sections
        .filter(|section| !section.is_linkage_table())
        .map(|s| s.range())
        .filter(in_segments)
        .collect();
    if ranges.is_empty() {
        let segments = headers.segments.iter().filter(|segment| segment.executable);
        ranges = segments.map(|segment| segment.range()).collect();
    }
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut end = 0;
    for range in &mut ranges {
        range.start = range.start.max(end);
        end = end.max(range.end);
    }
    ranges.retain(|range| !range.is_empty());
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(start: u64, size: u64, source: Source) -> Claim {
        Claim { start, size, source }
    }

    fn fitted(mut claims: Vec<Claim>, code: &[Range<u64>]) -> Vec<(u64, u64)> {
        drop_entries_inside_known_functions(&mut claims);
        fit(&claims, code).iter().map(|function| (function.start.0, function.size)).collect()
    }

    #[test]
    fn a_function_of_unknown_size_ends_at_the_next_one_or_with_its_section() {
        let claims = vec![claim(10, 0, Source::Symbol), claim(14, 0, Source::Symbol)];
        assert_eq!(fitted(claims, &[0..20, 20..40]), [(10, 4), (14, 6)]);
    }

    #[test]
    fn an_unwind_entry_does_not_split_a_function_with_a_symbol() {
        let claims = vec![claim(10, 10, Source::Symbol), claim(15, 5, Source::UnwindTable)];
        assert_eq!(fitted(claims, &[0..40, 90..99]), [(10, 10)]);
    }

    #[test]
    fn a_symbol_inside_another_function_starts_a_function_of_its_own() {
        let claims = vec![claim(10, 10, Source::Symbol), claim(15, 5, Source::Symbol)];
        assert_eq!(fitted(claims, &[0..40, 90..99]), [(10, 5), (15, 5)]);
    }

    #[test]
    fn claims_outside_of_code_are_dropped_and_ends_beyond_it_are_cut() {
        let claims =
            vec![claim(5, 3, Source::Symbol), claim(18, 100, Source::Symbol), claim(30, 1, Source::Symbol)];
        assert_eq!(fitted(claims, &[10..20, 90..99]), [(18, 2)]);
    }
}
