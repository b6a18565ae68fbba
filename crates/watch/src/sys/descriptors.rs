use std::mem::MaybeUninit;

/// As many open files as we may have, until dropped: every watchpoint is one. Those whom we start would inherit that.
pub(crate) struct ManyFiles {
    before: Option<libc::rlimit>,
}

impl ManyFiles {
    /// Raises the soft limit to the hard one.
    pub(crate) fn begin() -> Self {
        let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
        // SAFETY: the limit lives through the call.
        let got = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) };
        // SAFETY: all-zero bytes are a valid limit, should the call have filled nothing.
        let before = unsafe { limit.assume_init() };
        if got != 0 {
            return Self { before: None };
        }
        set(libc::rlimit { rlim_cur: before.rlim_max, ..before });
        Self { before: Some(before) }
    }
}

impl Drop for ManyFiles {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            set(before);
        }
    }
}

fn set(limit: libc::rlimit) {
    // SAFETY: the limit lives through the call.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
}
