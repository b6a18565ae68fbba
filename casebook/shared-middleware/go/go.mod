module example.org/shared-middleware/go

go 1.25
