use serde::{Deserialize, Serialize};

/// What makes two failures the same, at two levels.
///
/// Corrupted memory surfaces wherever it is used next, so that one bug fails in many exact ways. Rates are therefore told
/// by families of kinds, and the exact signature is for whoever wants to see one failure again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signature {
    /// What happened, without where: `SIGSEGV`, `go-nil-dereference`, `glibc-double-free`, `tsan-data-race`.
    pub kind: String,
    /// What happened and where: the kind and the innermost frames that are the user's own, without addresses, numbers of
    /// threads, and whatever else differs from run to run.
    pub exact: String,
}
