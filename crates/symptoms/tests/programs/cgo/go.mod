module example.com/redirects

go 1.21
