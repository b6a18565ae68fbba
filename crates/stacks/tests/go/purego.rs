use jostle_stacks::Registers;

use crate::program::{Running, compile_go, compile_library};

/// What is of interest on the stack, innermost first.
const STACK: [&str; 11] = [
    "stop",
    "syscall15X",
    "main.growStack",
    "main.inner",
    "crosscall2",
    "second",
    "first",
    "syscall15X",
    "main.outer",
    "main.work",
    "runtime.goexit",
];

fn registers(numbers: &[u64]) -> Registers {
    let &[rip, rsp, rbp, rbx, r12, r13, r14, r15, fs_base] = numbers else {
        panic!("nine registers expected, not {numbers:x?}");
    };
    Registers { rip, rsp, rbp, rbx, r12, r13, r14, r15, fs_base, ..Registers::default() }
}

/// The goroutine's stack has been moved between the two calls of C, and both kept pointers into it.
#[test]
fn a_stack_that_enters_c_twice_without_cgo_is_walked_to_its_goroutine() {
    let library = compile_library("stop");
    for (build, flags) in [("static", &[][..]), ("stripped-pie", &["-ldflags=-s -w", "-buildmode=pie"])] {
        let mut program = Running::start(&compile_go("purego", build, flags), &[&library]);
        let id: u64 = program.line().parse().unwrap();
        let registers = registers(&program.numbers("registers"));
        let space = program.space();
        let trace = space.unwind(&registers, &program.memory());
        let mut names: Vec<_> =
            space.symbolize(&trace).into_iter().filter_map(|frame| frame.function).collect();
        let all = names.join(" < ");
        names.retain(|name| STACK.contains(&name.as_str()));
        names.dedup();
        assert_eq!(names, STACK, "{build}: {all}");
        assert!(!trace.truncated, "{build}");

        let goroutine = trace.goroutine.expect("the thread runs a goroutine");
        let function = |at| space.symbolize_address(at).remove(0).function.unwrap();
        assert_eq!(goroutine.id, id, "{build}");
        assert_eq!(function(goroutine.created_at.unwrap() - 1), "main.main", "{build}");
        assert_eq!(function(goroutine.started_at.unwrap()), "main.main.func1", "{build}");
    }
}
