use std::rc::Rc;

use jostle_stacks::{Address, AddressSpace, Memory, Registers};

use crate::build::{image, program};

struct NoMemory;

impl Memory for NoMemory {
    fn read(&self, _: Address, _: &mut [u8]) -> bool {
        false
    }
}

#[test]
fn an_image_replaces_what_it_overlaps_and_nothing_else() {
    let (first, second) =
        (image(&program("shapes.c", &["-g", "-O2"])), image(&program("cache.cpp", &["-g", "-O2"])));
    let mut space = AddressSpace::new();
    space.add(Rc::clone(&first), 0x10_0000);
    space.add(Rc::clone(&first), 0x20_0000);
    space.add(Rc::clone(&second), 0x20_1000);
    let loaded: Vec<_> = space.modules().map(|module| (module.image.name().clone(), module.bias)).collect();
    assert_eq!(loaded, [(first.name().clone(), 0x10_0000), (second.name().clone(), 0x20_1000)]);

    space.remove(&first, 0x20_1000);
    assert_eq!(space.modules().count(), 2, "another image at that place stays");
    space.remove(&second, 0x20_1000);
    assert!(space.module_at(Address(0x20_2000)).is_none());
    assert_eq!(space.module_at(Address(0x10_1000)).unwrap().bias, 0x10_0000);
}

#[test]
fn a_name_learnt_at_run_time_holds_for_its_whole_function_until_that_is_unloaded() {
    let image = image(&program("shapes.c", &["-O2", "-s"]));
    let function = *image.functions().iter().find(|function| function.size > 16).unwrap();
    let at = |offset| function.start.load(0x10_0000) + offset;
    let mut space = AddressSpace::new();
    space.add(Rc::clone(&image), 0x10_0000);
    space.name_code(at(5), "learnt".to_owned());
    assert_eq!(space.symbolize_address(at(0))[0].function.as_deref(), Some("learnt"));
    assert_eq!(space.symbolize_address(at(function.size))[0].function, None);

    space.remove(&image, 0x10_0000);
    space.add(Rc::clone(&image), 0x10_0000);
    assert_eq!(space.symbolize_address(at(0))[0].function, None);
}

#[test]
fn code_that_no_file_holds_is_a_frame_without_a_name() {
    let space = AddressSpace::new();
    let trace = space.unwind(&Registers { rip: 0x1234, rbp: 8, ..Registers::default() }, &NoMemory);
    assert!(trace.truncated);
    let frames = space.symbolize(&trace);
    assert_eq!((frames.len(), frames[0].address), (1, Address(0x1234)));
    assert_eq!((&frames[0].function, &frames[0].module), (&None, &None));
}

/// One word on the stack.
struct Word(u64, u64);

impl Memory for Word {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        let is_it = at.0 == self.0 && bytes.len() == 8;
        is_it.then(|| bytes.copy_from_slice(&self.1.to_le_bytes())).is_some()
    }
}

#[test]
fn a_jump_through_a_null_pointer_shows_who_jumped() {
    let image = image(&program("shapes.c", &["-g", "-O2"]));
    let main =
        image.functions().iter().find(|f| image.function_name(f.start).as_deref() == Some("main")).unwrap();
    let code = image.code(main.start, main.size as usize).unwrap();
    let call = code.windows(5).position(|bytes| bytes[0] == 0xe8).unwrap();
    let after_call = main.start.load(0x10_0000) + call as u64 + 5;
    let mut space = AddressSpace::new();
    space.add(image, 0x10_0000);
    let registers = Registers { rip: 0, rsp: 0x7000, ..Registers::default() };
    let trace = space.unwind(&registers, &Word(0x7000, after_call.0));
    assert_eq!(trace.addresses.get(1).map(|caller| caller.address()), Some(after_call));
    assert_eq!(
        space.symbolize_address(trace.addresses[1].for_lookup()).last().unwrap().function.as_deref(),
        Some("main")
    );
}
