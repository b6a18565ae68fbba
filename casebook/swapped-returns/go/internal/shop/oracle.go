package shop

import (
	"errors"
	"fmt"
	"strings"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/gates"
)

// echo is what an answer says of itself: whom it is about and what was asked.
type echo struct {
	userID, name string
}

// origin tells where an answer comes from: it must name the user who was asked about, and the question.
func origin(asked, got echo, err error) drive.Origin {
	var noAddress gates.NoAddressError
	var bad gates.BadAnswerError
	switch {
	case errors.Is(err, gates.ErrNothing):
		return drive.Nothing
	case errors.As(err, &noAddress):
		return originOfHandle(noAddress.Value)
	case errors.As(err, &bad):
		return originOfText(asked.userID, bad.Text)
	case err != nil:
		return drive.Unknown
	case got == asked:
		return drive.Own
	}
	// It was an answer that could be read to its end, but not ours.
	return drive.SiblingsReturn
}

// originOfHandle goes by the handle's first byte. Clients are made once, before any question; users and layers all
// the time.
func originOfHandle(value uintptr) drive.Origin {
	switch value >> 56 {
	case 'C':
		return drive.SiblingsArgument
	case 'U', 'L':
		return drive.SiblingsHandle
	}
	return drive.Unknown
}

// originOfText goes by how the text begins. It may be cut, or have other memory behind it, since its length is that of
// the answer which was lost.
func originOfText(userID, text string) drive.Origin {
	id, rest, found := strings.Cut(strings.TrimPrefix(text, `{"user_id":"`), `"`)
	switch {
	case !found || id == text || id == userID:
		return drive.Unknown
	case strings.HasPrefix(rest, `,"country"`): // a description that a user is made of
		return drive.SiblingsArgument
	case strings.HasPrefix(rest, `,"name"`), strings.HasPrefix(rest, `,"specs"`):
		return drive.SiblingsReturn
	}
	return drive.Unknown
}

func explain(asked, got echo, err error) string {
	question := fmt.Sprintf("asked %s about %s", asked.name, asked.userID)
	if err != nil {
		return fmt.Sprintf("%s: %v", question, err)
	}
	return fmt.Sprintf("%s, was told %s about %s", question, got.name, got.userID)
}
