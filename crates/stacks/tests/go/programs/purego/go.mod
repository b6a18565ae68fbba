module pure

go 1.20

require github.com/ebitengine/purego v0.9.1
