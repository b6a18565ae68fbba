package shop

import (
	"strings"
	"testing"
	"time"

	"example.org/swapped-returns/internal/drive"
)

// TestAShortDriveWithAMendedBindingIsRight is the whole of it: store, callbacks, reloads, visitors and the oracle.
func TestAShortDriveWithAMendedBindingIsRight(t *testing.T) {
	var out, complaints strings.Builder
	service, err := Open(Plan{
		Plan: drive.Plan{
			Library: "../../../build/libgates.so", Lasting: 200 * time.Millisecond, Patience: time.Minute, Visitors: 4,
		},
		Specs: "../../../specs/shop.json",
	})
	if err != nil {
		t.Fatal(err)
	}
	if status := service.Drive(&out, &complaints); status != drive.ExitFine {
		t.Errorf("status %d: %s%s", status, &out, &complaints)
	}
	if !strings.Contains(out.String(), ", wrong 0\n") || strings.Contains(out.String(), "ops 0") {
		t.Error(out.String())
	}
}

func TestAShopNeedsItsSpecs(t *testing.T) {
	if _, err := Open(Plan{Specs: "none.json"}); err == nil {
		t.Error("opened without specs")
	}
}
