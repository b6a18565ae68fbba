package drive

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// driven runs the visitors for a moment and returns the status and what was told.
func driven(visitors ...Visitor) (status int, out, err string) {
	var told, complained strings.Builder
	load := Drive{Plan: Plan{Lasting: time.Millisecond, Patience: 50 * time.Millisecond}, Out: &told, Err: &complained}
	status = load.Run(visitors)
	return status, told.String(), complained.String()
}

func noting(notes ...Origin) Visitor {
	return func(_ *atomic.Bool, tally *Tally) {
		for _, origin := range notes {
			tally.Note(origin, func() string { return "what came" })
		}
	}
}

func TestTheLastLineIsMadeForPrograms(t *testing.T) {
	status, out, err := driven(noting(Own, Own), noting(Own))
	if status != ExitFine || !strings.HasSuffix(out, "\nops 3, wrong 0\n") || err != "" {
		t.Errorf("status %d, %q, %q", status, out, err)
	}
}

func TestEveryKindOfWrongAnswerIsCounted(t *testing.T) {
	status, out, err := driven(noting(Own, SiblingsReturn, SiblingsReturn), noting(SiblingsArgument))
	if status != ExitWrong || !strings.HasSuffix(out, "\nops 4, wrong 3\n") {
		t.Errorf("status %d, %q", status, out)
	}
	if !strings.Contains(out, "wrong: 2 a sibling's return\nwrong: 1 a sibling's argument\n") {
		t.Error(out)
	}
	if strings.Count(err, "what came") != 2*shown {
		t.Errorf("each visitor tells of %d: %s", shown, err)
	}
}

func hangs(stop *atomic.Bool, _ *Tally) { select {} }

func TestWhoDoesNotComeBackHangsAndAllGoroutinesAreTold(t *testing.T) {
	status, out, err := driven(noting(Own), hangs)
	if status != ExitHung || !strings.HasSuffix(out, "\nops 1, wrong 0\n") {
		t.Errorf("status %d, %q", status, out)
	}
	if !strings.Contains(err, "hung: ") || !strings.Contains(err, "drive.hangs(") {
		t.Errorf("nobody is told to hang: %s", err)
	}
}

func TestABadPlanIsRefused(t *testing.T) {
	for _, arguments := range []string{"", "-library x -for 0s", "-library x -visitors 65", "-library x more", "-none"} {
		var plan Plan
		if plan.Parse(plan.Flags("test", io.Discard), strings.Fields(arguments)) == nil {
			t.Errorf("%q was taken", arguments)
		}
	}
}
