package collector

import (
	"strconv"
	"testing"
)

func TestMadeUpSessionsCannotFillTheMemory(t *testing.T) {
	var sessions Sessions
	for id := range maxSessions + 10 {
		sessions.Touch(strconv.Itoa(id))
	}
	if got := sessions.Count(); got != maxSessions {
		t.Errorf("%d sessions counted, want %d", got, maxSessions)
	}
}
