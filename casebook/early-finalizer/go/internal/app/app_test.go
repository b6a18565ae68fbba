package app

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"example.org/early-finalizer/internal/load/mended"
	"example.org/early-finalizer/internal/origin"
	"example.org/early-finalizer/internal/visitor"
	"example.org/early-finalizer/redirects"
)

// deaf finds no rule for anybody.
func deaf([]byte, redirects.Format, *redirects.Request) redirects.Answer { return redirects.Answer{} }

type evaluation = func([]byte, redirects.Format, *redirects.Request) redirects.Answer

func driveWith(t *testing.T, evaluate evaluation) (int, string) {
	t.Helper()
	o, err := parse([]string{"-drive", "300ms"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	status, err := run(t.Context(), o, origin.Variant{Evaluate: evaluate, Share: visitor.Cloned}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return status, out.String()
}

func TestADriveEndsWithALineForPrograms(t *testing.T) {
	status, out := driveWith(t, mended.Evaluate)
	if status != exitFine || !regexp.MustCompile(`\nops [1-9]\d*, wrong 0\n$`).MatchString(out) {
		t.Errorf("status %d, printed %q", status, out)
	}
}

func TestADriveThatMeetsWrongAnswersSaysSo(t *testing.T) {
	status, out := driveWith(t, deaf)
	if status != exitWrong || !regexp.MustCompile(`\nops \d+, wrong [1-9]\d*\n$`).MatchString(out) {
		t.Errorf("status %d, printed %q", status, out)
	}
}

func TestAWrongCommandLineIsExplained(t *testing.T) {
	for _, line := range []string{"-drive -1s", "-clients 0", "stray", "-none", "-drive 1s -sites x"} {
		var explained strings.Builder
		if _, err := parse(strings.Fields(line), &explained); err == nil || explained.Len() == 0 {
			t.Errorf("%q: %v, explained %q", line, err, explained.String())
		}
	}
}
