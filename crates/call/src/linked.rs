use crate::native::{Function, Library};
use crate::program::{Call, Operand, Program};
use crate::{CallError, Plan};

/// A program whose functions have been found.
pub(crate) struct Linked {
    pub(crate) setup: Vec<Functions>,
    pub(crate) steps: Vec<Functions>,
    pub(crate) teardown: Vec<Functions>,
}

/// The functions of one call.
pub(crate) struct Functions {
    pub(crate) call: Function,
    /// What takes the result back.
    pub(crate) free: Option<Function>,
    /// What takes back what was written, for each operand.
    pub(crate) free_written: Vec<Option<Function>>,
}

impl Linked {
    /// Loads the library, and looks all functions up.
    ///
    /// # Errors
    /// When it cannot be loaded, or lacks one of them.
    pub(crate) fn new(plan: &Plan, program: &Program) -> Result<Self, CallError> {
        let library = Library::open(plan.library_file().as_os_str())
            .map_err(|why| CallError::Library { library: plan.library.clone(), why })?;
        let find = |name: &str| {
            library.function(name).ok_or_else(|| CallError::Function {
                function: name.to_owned(),
                library: plan.library.clone(),
            })
        };
        let all = |calls: &[Call]| calls.iter().map(|call| functions(call, &find)).collect::<Result<_, _>>();
        Ok(Self {
            setup: all(&program.setup)?,
            steps: all(&program.steps)?,
            teardown: all(&program.teardown)?,
        })
    }
}

fn functions(
    call: &Call,
    find: &impl Fn(&str) -> Result<Function, CallError>,
) -> Result<Functions, CallError> {
    let free_of = |operand: &Operand| match operand {
        Operand::Out { free: Some(name), .. } => find(name).map(Some),
        _ => Ok(None),
    };
    Ok(Functions {
        call: find(&call.function)?,
        free: call.free.as_deref().map(find).transpose()?,
        free_written: call.operands.iter().map(free_of).collect::<Result<_, _>>()?,
    })
}
