module example.org/early-finalizer

go 1.25
