use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// The names of things, each kept once, and a number for each in the order of their coming.
///
/// All names stand one after the other in one piece of memory: two million of them cost what they are long, and some
/// thirty bytes each.
#[derive(Default)]
pub(crate) struct Names {
    text: Vec<u8>,
    /// Where each name ends; the next one begins there.
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl Names {
    /// The number of a name, which is kept if it is new; nothing when there are too many to be numbered.
    pub(crate) fn number(&mut self, name: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        if let Some(&number) = self.numbers.find(hash, |&number| part(&self.text, &self.ends, number) == name)
        {
            return Some(number);
        }
        let number = u32::try_from(self.ends.len()).ok().filter(|&number| number < u32::MAX)?;
        self.text.extend_from_slice(name);
        self.ends.push(self.text.len());
        let Self { text, ends, numbers, hasher } = self;
        numbers.insert_unique(hash, number, |&number| hasher.hash_one(part(text, ends, number)));
        Some(number)
    }

    /// The number of a name that is known already.
    pub(crate) fn known(&self, name: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        self.numbers.find(hash, |&number| part(&self.text, &self.ends, number) == name).copied()
    }

    pub(crate) fn name(&self, number: u32) -> String {
        String::from_utf8_lossy(part(&self.text, &self.ends, number)).into_owned()
    }

    /// The numbers, in the order of their names: one that does not depend on the order in which they came.
    pub(crate) fn in_order(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..self.len() as u32).collect();
        numbers.sort_unstable_by_key(|&number| part(&self.text, &self.ends, number));
        numbers
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn part<'a>(text: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &text[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        let numbers: Vec<_> = ["ann", "bob", "", "ann", "bobann", ""]
            .map(|name| names.number(name.as_bytes()).expect("room"))
            .into();
        assert_eq!(numbers, [0, 1, 2, 0, 3, 2]);
        assert_eq!(names.name(3), "bobann");
        assert_eq!((names.known(b"bob"), names.known(b"eve"), names.len()), (Some(1), None, 4));
    }

    #[test]
    fn the_order_of_names_is_not_that_of_their_coming() {
        let order = |given: [&str; 3]| {
            let mut names = Names::default();
            for name in given {
                names.number(name.as_bytes());
            }
            names.in_order().into_iter().map(|number| names.name(number)).collect::<Vec<_>>()
        };
        assert_eq!(order(["b", "c", "a"]), order(["c", "a", "b"]));
    }

    #[test]
    fn a_hundred_thousand_names_are_told_apart() {
        let mut names = Names::default();
        for number in 0..100_000u32 {
            assert_eq!(names.number(format!("visitor-{number}").as_bytes()), Some(number));
        }
        assert!(
            (0..100_000).all(|number| names.known(format!("visitor-{number}").as_bytes()) == Some(number))
        );
    }
}
