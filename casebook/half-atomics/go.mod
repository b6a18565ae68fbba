module example.org/half-atomics

go 1.25
