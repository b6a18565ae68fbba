use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::{fs, ptr};

/// The set-user-ID and set-group-ID bits.
const CHANGES_USER: u32 = 0o6000;
/// Where file capabilities stand (capabilities(7)).
const CAPABILITIES: &std::ffi::CStr = c"security.capability";

/// Whether a program gains privileges when it is executed.
pub(crate) fn are_gained_by(program: &Path) -> bool {
    let changes_user = fs::metadata(program).is_ok_and(|file| file.permissions().mode() & CHANGES_USER != 0);
    changes_user || has_capabilities(program)
}

fn has_capabilities(program: &Path) -> bool {
    let Ok(path) = CString::new(program.as_os_str().as_bytes()) else { return false };
    // SAFETY: both texts live through the call, and without room for it the value is not written anywhere.
    unsafe { libc::getxattr(path.as_ptr(), CAPABILITIES.as_ptr(), ptr::null_mut(), 0) > 0 }
}
