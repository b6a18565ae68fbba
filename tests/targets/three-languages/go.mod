module example.org/three-languages

go 1.24
