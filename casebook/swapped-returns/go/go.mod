module example.org/swapped-returns

go 1.25

require github.com/ebitengine/purego v0.9.1
