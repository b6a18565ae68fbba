//! A value that did not arrive.

use jostle_model::{
    Address, Boundary, Evidence, Finding, Fingerprint, Given, Place, ResultRegister, Role, Rule,
};

use super::{GO_BINARY, RUST_LIBRARY, frame, goroutine, snippet};

/// Two goroutines that ask at the same moment, and one record for both.
pub(crate) fn swapped_return() -> Finding {
    let asking = |function: &str| {
        vec![
            frame(function, "/build/gates/src/abi.rs", 12, RUST_LIBRARY, 0x7f00_3000),
            frame("syscall15X", "/go/purego@v0.9.1/sys_amd64.s", 88, GO_BINARY, 0x4f_2ee7),
            frame("runtime.cgocall", "/usr/local/go/src/runtime/cgocall.go", 185, GO_BINARY, 0x47_e6a0),
            frame(
                "github.com/ebitengine/purego.RegisterFunc.func1",
                "/go/purego@v0.9.1/func.go",
                333,
                GO_BINARY,
                0x4f_1000,
            ),
            frame("main.(*Client).ask", "/build/client/client.go", 63, GO_BINARY, 0x48_1000),
        ]
    };
    let place = |role, id, tid, stack| Place {
        role,
        atomicity: None,
        thread: goroutine(id, None, tid, "client"),
        stack,
        shown: 4,
        snippet: snippet(
            "/build/client/client.go",
            63,
            62,
            "func (c *Client) ask(user uint64) *byte {\n\treturn c.gate(user)\n}\n",
        ),
    };
    Finding {
        rule: Rule::Boundary,
        id: Fingerprint(0xb0),
        title:
            "goroutine 17 called gates_get_gate and was handed what gates_get_config returned to goroutine 21"
                .to_owned(),
        places: vec![
            place(Role::Receive, 17, 4712, asking("gates_get_gate")),
            place(Role::Return, 21, 4714, asking("gates_get_config")),
        ],
        evidence: Evidence::Boundary(Boundary {
            function: Some("gates_get_gate".to_owned()),
            register: ResultRegister::Rax,
            returned: "0x7f799ca20330".to_owned(),
            received: "0x7f799ca369f0".to_owned(),
            given: Given::Return,
            passed_through: Address(0xc0_0028_c1a8),
            followed: 10,
            parked: 7,
            at_ms: 352,
            times: 3,
        }),
    }
}
