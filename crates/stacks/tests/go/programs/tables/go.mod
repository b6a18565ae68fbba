module tables

go 1.20
