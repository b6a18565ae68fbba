//! The failures of a whole hunt, by families.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::family::{Family, family_of};
use crate::kinds::{self, Corruption};

/// The failures of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they have in common.
    pub family: Family,
    /// The kinds, the most frequent first.
    pub members: Vec<Member>,
}

/// A kind of failure in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The kind.
    pub kind: String,
    /// How many failures are of it.
    pub count: u64,
    /// Whether it was counted to this family because of the others: it would be a family of its own, but comes of corrupted
    /// memory as well, of which there is proof.
    pub joined: bool,
}

impl Group {
    /// How many failures it has.
    pub fn count(&self) -> u64 {
        self.members.iter().map(|member| member.count).sum()
    }

    /// Whether a kind was counted to it that would be a family of its own otherwise. Whoever shows the group should say so.
    pub fn has_joined(&self) -> bool {
        self.members.iter().any(|member| member.joined)
    }
}

/// The failures of one hunt, given as kinds with how often each came, by families; the largest comes first.
///
/// Corrupted memory surfaces in many ways. Where one failure of the hunt proves that there is some (glibc found its heap
/// damaged, an address was followed that cannot exist), those that may come of it are counted to it: a nil dereference, an
/// abort without a word. It is a judgement, not a proof: a program may have two bugs. Kinds that joined are marked.
pub fn families<K: Into<String>>(kinds: impl IntoIterator<Item = (K, u64)>) -> Vec<Group> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (kind, count) in kinds {
        let total = counts.entry(kind.into()).or_default();
        *total = total.saturating_add(count);
    }
    let is_proven = counts.iter().any(|(kind, &count)| count > 0 && corruption(kind) == Corruption::Proof);
    let mut groups: BTreeMap<Family, Vec<Member>> = BTreeMap::new();
    for (kind, count) in counts {
        let joined = is_proven && corruption(&kind) == Corruption::Consequence;
        let family = if joined { Family::MemoryCorruption } else { family_of(&kind) };
        groups.entry(family).or_default().push(Member { kind, count, joined });
    }
    let mut groups: Vec<Group> =
        groups.into_iter().map(|(family, members)| sorted(family, members)).collect();
    groups.sort_by_key(|group| Reverse(group.count()));
    groups
}

fn sorted(family: Family, mut members: Vec<Member>) -> Group {
    members.sort_by_key(|member| Reverse(member.count));
    Group { family, members }
}

fn corruption(kind: &str) -> Corruption {
    kinds::row(kind).map_or(Corruption::Unrelated, |(_, _, corruption)| *corruption)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_in_which_swapped_returns_failed_are_one_family() {
        let groups = families([
            ("go-unexpected-fault-address", 9),
            ("go-nil-dereference", 1),
            ("glibc-double-free-or-corruption-out", 2),
            ("glibc-corrupted-double-linked-list", 2),
        ]);
        assert_eq!(groups.len(), 1);
        assert_eq!((&groups[0].family, groups[0].count()), (&Family::MemoryCorruption, 14));
        let joined: Vec<&str> = groups[0]
            .members
            .iter()
            .filter(|member| member.joined)
            .map(|member| member.kind.as_str())
            .collect();
        assert_eq!(joined, ["go-nil-dereference"]);
        assert!(groups[0].has_joined());
    }

    #[test]
    fn a_nil_dereference_alone_is_a_family_of_its_own() {
        let groups = families([("go-nil-dereference", 3), ("go-data-race", 1)]);
        assert_eq!(groups[0].family, Family::NullDereference);
        assert!(!groups[0].has_joined());
    }

    #[test]
    fn a_fault_at_an_address_that_is_not_told_proves_nothing() {
        let groups = families([("sigsegv", 3), ("go-nil-dereference", 1)]);
        assert_eq!(
            groups.iter().map(|group| group.family.name()).collect::<Vec<_>>(),
            ["memory-corruption", "null-dereference"]
        );
    }

    #[test]
    fn a_kind_that_never_came_proves_nothing() {
        let groups = families([("glibc-free-invalid-pointer", 0), ("go-nil-dereference", 1)]);
        assert!(groups.iter().all(|group| !group.has_joined()));
    }

    #[test]
    fn exceptions_are_families_by_type() {
        let groups = families([("java-illegal-state-exception", 2), ("java-null-pointer-exception", 1)]);
        let names: Vec<&str> = groups.iter().map(|group| group.family.name()).collect();
        assert_eq!(names, ["java-illegal-state-exception", "java-null-pointer-exception"]);
    }

    #[test]
    fn races_are_one_family_whoever_reports_them() {
        let kinds = [
            "go-data-race",
            "tsan-data-race",
            "helgrind-data-race",
            "drd-data-race",
            "data-race",
            "go-concurrent-map-writes",
        ];
        assert_eq!(families(kinds.map(|kind| (kind, 1))).len(), 1);
    }
}
