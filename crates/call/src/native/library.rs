use std::ffi::OsStr;

use libloading::os::unix;

/// A library that is loaded, and stays so: its threads may run on.
pub(crate) struct Library(&'static unix::Library);

/// A function of a library.
#[derive(Clone, Copy)]
pub(crate) struct Function(unsafe extern "C" fn());

impl Library {
    /// Loads a library by its path, or by a name that the loader looks up; all that it needs is bound at once.
    ///
    /// # Errors
    /// What the loader says.
    pub(crate) fn open(file: &OsStr) -> Result<Self, String> {
        // SAFETY: the library's constructors run now. Whether they do any harm is theirs.
        let opened = unsafe { unix::Library::open(Some(file), unix::RTLD_NOW | unix::RTLD_LOCAL) };
        match opened {
            Ok(library) => Ok(Self(Box::leak(Box::new(library)))),
            Err(error) => Err(what_the_loader_says(&error)),
        }
    }

    /// The function of this name, where there is one.
    pub(crate) fn function(&self, name: &str) -> Option<Function> {
        // SAFETY: it is not called here, and not as this type.
        let symbol = unsafe { self.0.get::<unsafe extern "C" fn()>(name.as_bytes()) };
        symbol.ok().map(|symbol| Function(*symbol))
    }
}

/// libloading's own words only say which of its calls failed.
fn what_the_loader_says(error: &libloading::Error) -> String {
    use std::error::Error;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

impl Function {
    pub(super) fn code(self) -> unsafe extern "C" fn() {
        self.0
    }

    /// The function at an address.
    #[cfg(test)]
    pub(super) fn at(address: usize) -> Self {
        // SAFETY: function pointers and addresses have one size; the tests pass the address of a function.
        Self(unsafe { std::mem::transmute::<usize, unsafe extern "C" fn()>(address) })
    }
}

/// The address of a function for libraries to call: it does nothing and returns 0. In the calling conventions of Linux
/// the caller clears away the arguments, so that it does not matter how many there are.
pub(crate) fn nothing() -> u64 {
    extern "C" fn do_nothing() -> u64 {
        0
    }
    (do_nothing as *const ()).expose_provenance() as u64
}
