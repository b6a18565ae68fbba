package shop

import (
	"errors"
	"testing"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/gates"
)

func TestTheOracleTellsWhereAnAnswerComesFrom(t *testing.T) {
	mine := echo{"g00-00000001", "staff"}
	bad := func(text string) error { return gates.BadAnswerError{Text: text, Why: errors.New("cut")} }
	for _, example := range []struct {
		got  echo
		err  error
		want drive.Origin
	}{
		{mine, nil, drive.Own},
		{echo{"g01-00000001", "staff"}, nil, drive.SiblingsReturn},
		{echo{"g00-00000001", "price-page"}, nil, drive.SiblingsReturn},
		{echo{}, gates.ErrNothing, drive.Nothing},
		{echo{}, gates.NoAddressError{Value: 'C'<<56 | 1}, drive.SiblingsArgument},
		{echo{}, gates.NoAddressError{Value: 'U'<<56 | 7}, drive.SiblingsHandle},
		{echo{}, gates.NoAddressError{Value: 42}, drive.Unknown},
		{echo{}, bad(`{"user_id":"g01-00000001","name":"price-page","val`), drive.SiblingsReturn},
		{echo{}, bad(`{"user_id":"g01-00000001","specs":7,"gates":{`), drive.SiblingsReturn},
		{echo{}, bad(`{"user_id":"g01-00000001","country":"DE","app_version":"2.1.0"}` + "\x00\x00"), drive.SiblingsArgument},
		{echo{}, bad("\x00\x17"), drive.Unknown},
		{echo{}, bad(""), drive.Unknown},
		{echo{}, errors.New("something else"), drive.Unknown},
	} {
		if got := origin(mine, example.got, example.err); got != example.want {
			t.Errorf("%+v, %v is taken for %s, want %s", example.got, example.err, got, example.want)
		}
	}
}

func TestThePublisherHasNewerSpecsForWhoeverAsks(t *testing.T) {
	store, err := newPublisher(`{"version": 1, "gates": {}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"version": 1, "gates": {}}`, `{"version": 2, "gates": {}}`} {
		if got, found := store.Get("specs"); !found || got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if _, found := store.Get("other"); found {
		t.Error("there is nothing else in it")
	}
	if _, err := newPublisher("{}"); err == nil {
		t.Error("specs without a version cannot be published")
	}
}
