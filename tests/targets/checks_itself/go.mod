module checks-itself

go 1.24
