module example.org/shared-middleware/drive

go 1.25
