package app

import (
	"context"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/half-atomics/internal/collector"
	"example.org/half-atomics/internal/collector/mended"
	"example.org/half-atomics/internal/drive"
	"example.org/half-atomics/internal/statefile"
)

// forgetful counts nothing, which the books must show.
type forgetful struct{ collector.Collector }

func (forgetful) IncrementRequests() {}

func options100ms(t *testing.T, rest ...string) options {
	t.Helper()
	o, err := parse(append([]string{"-drive", "100ms"}, rest...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestADriveEndsWithALineForPrograms(t *testing.T) {
	var out strings.Builder
	status, err := run(t.Context(), options100ms(t), mended.New(), &out)
	if err != nil || status != exitFine {
		t.Errorf("status %d, %v", status, err)
	}
	if !regexp.MustCompile(`\nops [1-9]\d*, wrong 0\n$`).MatchString(out.String()) {
		t.Errorf("printed %q", out.String())
	}
}

func TestADriveThatFindsWrongCountsSaysSo(t *testing.T) {
	var out strings.Builder
	status, err := run(t.Context(), options100ms(t), forgetful{mended.New()}, &out)
	if err != nil || status != exitWrong {
		t.Errorf("status %d, %v", status, err)
	}
	if !regexp.MustCompile(`\nwrong: .*\nops \d+, wrong [1-9]\d*\n$`).MatchString(out.String()) {
		t.Errorf("printed %q", out.String())
	}
}

func TestCountsAreKeptOverARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts.json")
	var kept collector.Counts
	for range 2 {
		if _, err := run(t.Context(), options100ms(t, "-state", file), mended.New(), io.Discard); err != nil {
			t.Fatal(err)
		}
		now, err := statefile.Load(file)
		if err != nil || now.Requests <= kept.Requests || now.Sessions <= kept.Sessions {
			t.Errorf("after %+v the file holds %+v, %v", kept, now, err)
		}
		kept = now
	}
}

func TestAServiceRunsUntilItIsToldToStop(t *testing.T) {
	o, err := parse([]string{"-listen", "127.0.0.1:0"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out strings.Builder
	if status, err := run(ctx, o, mended.New(), &out); err != nil || status != exitFine {
		t.Errorf("status %d, %v", status, err)
	}
	if !strings.HasPrefix(out.String(), "listening on http://127.0.0.1:") {
		t.Errorf("printed %q", out.String())
	}
}

func TestAnAddressInUseOrMalformedIsAnError(t *testing.T) {
	o, _ := parse([]string{"-listen", "nowhere"}, io.Discard)
	if _, err := run(t.Context(), o, mended.New(), io.Discard); err == nil {
		t.Error("served nowhere")
	}
}

func TestThePaceIsEverydaysUnlessDrivenOrAskedFor(t *testing.T) {
	quick := drive.Pace
	quick.Prune = 2 * time.Second
	for line, want := range map[string]options{
		"":                             {listen: "127.0.0.1:8080", pace: everyday},
		"-drive 1s":                    {listen: "127.0.0.1:0", pace: drive.Pace},
		"-drive 1s -prune-every 2s":    {listen: "127.0.0.1:0", pace: quick},
		"-listen :1 -refresh-every 1s": {listen: ":1", pace: everyday},
	} {
		got, err := parse(strings.Fields(line), io.Discard)
		if err != nil || got.listen != want.listen || got.pace != want.pace {
			t.Errorf("%q means %+v, %v", line, got, err)
		}
	}
}

func TestAWrongCommandLineIsExplained(t *testing.T) {
	for _, line := range []string{"-drive -1s", "-workers 0 -clients 0", "-workers -1", "-prune-every -1s", "stray", "-none"} {
		var explained strings.Builder
		if _, err := parse(strings.Fields(line), &explained); err == nil || explained.Len() == 0 {
			t.Errorf("%q: %v, explained %q", line, err, explained.String())
		}
	}
}
