package minimum

import (
	"testing"

	"example.org/swapped-returns/internal/drive"
)

func TestThePointerTellsWhoseItIs(t *testing.T) {
	names, err := Load("../../../build/libnames.so")
	if err != nil {
		t.Fatal(err)
	}
	const mine, theirs = firstID + 3, firstID + 5*idsEach
	for _, example := range []struct {
		got  uintptr
		want drive.Origin
	}{
		{names.ask(mine), drive.Own},
		{names.ask(theirs), drive.SiblingsReturn},
		{theirs, drive.SiblingsArgument},
		{0, drive.Nothing},
		{names.start + ids*nameSize, drive.Unknown},
	} {
		if got := names.origin(mine, example.got); got != example.want {
			t.Errorf("%#x is taken for %s, want %s", example.got, got, example.want)
		}
	}
}

func TestWithoutItsLibraryNothingIsLoaded(t *testing.T) {
	if _, err := Load("none.so"); err == nil {
		t.Error("loaded")
	}
}
