use globset::{Glob, GlobSet, GlobSetBuilder};

/// Names chosen by the user. A pattern matches any name that contains it; `*` stands for any characters.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    set: GlobSet,
}

impl Patterns {
    /// Builds the set. Everything but `*` stands for itself: Go and Rust names are full of brackets.
    ///
    /// # Errors
    /// When a pattern is too long to compile.
    pub fn new(patterns: &[String]) -> Result<Self, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let literal: Vec<String> = pattern.split('*').map(globset::escape).collect();
            set.add(Glob::new(&format!("*{}*", literal.join("*")))?);
        }
        Ok(Self { set: set.build()? })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether any of them matches `name`.
    pub fn matches(&self, name: &str) -> bool {
        self.set.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(of: &[&str]) -> Patterns {
        let of: Vec<String> = of.iter().map(|&pattern| pattern.to_owned()).collect();
        Patterns::new(&of).expect("valid patterns")
    }

    #[test]
    fn a_pattern_matches_anywhere_in_the_name() {
        assert!(patterns(&["Collector"]).matches("main.(*Collector).prune"));
        assert!(!patterns(&["Collector"]).matches("main.collect"));
    }

    #[test]
    fn brackets_stand_for_themselves_and_a_star_for_anything() {
        assert!(patterns(&["main.(*Collector).prune"]).matches("main.(*Collector).prune"));
        assert!(patterns(&["gates::*::{closure#0}"]).matches("gates::registry/x::{closure#0}"));
        assert!(!patterns(&["Vec<[u8]>"]).matches("Vec<8>"));
    }

    #[test]
    fn no_pattern_matches_nothing() {
        assert!(!patterns(&[]).matches("main") && patterns(&[]).is_empty());
    }
}
