package main

import (
	"testing"

	"example.org/shared-middleware/go/site/sitetest"
)

func TestVisitorsInTurnAreAnsweredAsThemselves(t *testing.T) { sitetest.InTurn(t, newTracking()) }
