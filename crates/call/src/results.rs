/// What calls have given that has a name.
pub(crate) struct Results {
    words: Vec<u64>,
    /// Those that should be there, and are not: nothing can be done with them.
    gone: Vec<bool>,
    is_any_gone: bool,
}

impl Results {
    pub(crate) fn new(slots: usize) -> Self {
        Self { words: vec![0; slots], gone: vec![false; slots], is_any_gone: false }
    }

    /// The same, for somebody else who begins where we are.
    pub(crate) fn copy(&self) -> Self {
        Self { words: self.words.clone(), ..Self::new(self.words.len()) }
    }

    /// An iteration begins: what was missing in the last one may come again.
    pub(crate) fn begin(&mut self) {
        if self.is_any_gone {
            self.gone.fill(false);
            self.is_any_gone = false;
        }
    }

    pub(crate) fn keep(&mut self, slot: usize, word: u64) {
        self.words[slot] = word;
    }

    pub(crate) fn word(&self, slot: usize) -> u64 {
        self.words[slot]
    }

    /// It should be there, and is not.
    pub(crate) fn lose(&mut self, slot: usize) {
        self.gone[slot] = true;
        self.is_any_gone = true;
    }

    pub(crate) fn is_any_gone(&self) -> bool {
        self.is_any_gone
    }

    pub(crate) fn is_gone(&self, slot: usize) -> bool {
        self.gone[slot]
    }
}
