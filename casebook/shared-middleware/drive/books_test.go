package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// rightAnswer is what a sound server says; new ids it issues by the campaign, which no other request has.
func rightAnswer(q request) answer {
	var a answer
	a.Body.VisitorID, a.Body.SessionID, a.Body.Campaign = q.visitorID, q.sessionID, q.campaign
	if q.visitorID == "" {
		a.Body.VisitorID = "visitor-of-" + q.campaign
	}
	if q.sessionID == "" {
		a.Body.SessionID = "session-of-" + q.campaign
	}
	a.Cookies.VisitorID, a.Cookies.SessionID = a.Body.VisitorID, a.Body.SessionID
	return a
}

func judged(spoil func(asked round, answers []answer)) *books {
	b := newBooks()
	asked := newRound(0, 20)
	var answers []answer
	for _, q := range asked {
		answers = append(answers, rightAnswer(q))
	}
	spoil(asked, answers)
	b.judge(asked, answers)
	return b
}

func TestRightAnswersAreNotObjectedTo(t *testing.T) {
	b := judged(func(round, []answer) {})
	if b.wrong() != 0 || len(b.ops) != 20 || len(b.raised) != 0 {
		t.Errorf("%d of %d wrong: %v", b.wrong(), len(b.ops), b.raised)
	}
}

// In a round that starts at 0, request 0 comes for the first time, 1 after its session, and 5 within it.
func TestEveryKindOfWrongAnswerIsObjectedTo(t *testing.T) {
	for what, spoil := range map[string]func(round, []answer){
		"the visitor in the page is another client's":   func(q round, a []answer) { a[5].Body.VisitorID = q[6].visitorID },
		"the visitor in the cookie is another client's": func(q round, a []answer) { a[5].Cookies.VisitorID = q[6].visitorID },
		"the session in the page is another client's":   func(q round, a []answer) { a[5].Body.SessionID = q[6].sessionID },
		"the session in the cookie is another client's": func(q round, a []answer) { a[5].Cookies.SessionID = q[6].sessionID },
		"the campaign in the page is another client's":  func(q round, a []answer) { a[5].Body.Campaign = q[6].campaign },
		"the visitor in the cookie is missing":          func(_ round, a []answer) { a[5].Cookies.VisitorID = "" },
		"the visitor in the page is unknown":            func(_ round, a []answer) { a[5].Body.VisitorID = "made-up" },
		"a new visitor was not given an id of its own":  func(_ round, a []answer) { a[0].Cookies.VisitorID = a[10].Cookies.VisitorID },
		"a new session was not given an id of its own":  func(_ round, a []answer) { a[1].Cookies.SessionID = "" },
	} {
		b := judged(spoil)
		if b.wrong() != 1 || b.raised[what] != 1 || len(b.raised) != 1 {
			t.Errorf("%d wrong, %v; want one answer wrong because %s", b.wrong(), b.raised, what)
		}
	}
}

func TestAnIdIssuedToTwoIsRightForTheFirst(t *testing.T) {
	b := judged(func(_ round, a []answer) {
		a[10].Body.SessionID, a[10].Cookies.SessionID = a[0].Body.SessionID, a[0].Cookies.SessionID
	})
	if b.wrong() != 1 || !b.ops[10].wrong {
		t.Errorf("%d wrong: %v", b.wrong(), b.raised)
	}
}

func rightEvents(b *books) []event {
	var sent []event
	for _, one := range b.ops {
		if one.opens {
			sent = append(sent, event{one.visitorID, one.sessionID, one.campaign})
		}
	}
	return sent
}

func TestEventsAreJudgedAsWell(t *testing.T) {
	for what, spoil := range map[string]func([]event) []event{
		"":                                      func(e []event) []event { return e },
		"the event of a new session is missing": func(e []event) []event { return e[1:] },
		"the visitor in the event is another client's": func(e []event) []event { e[1].VisitorID = e[2].VisitorID; return e },
		"the session in the event is another client's": func(e []event) []event { e[1].SessionID = e[2].SessionID; return e },
	} {
		b := judged(func(round, []answer) {})
		b.judgeEvents(spoil(rightEvents(b)))
		if want := min(1, len(what)); b.wrong() != want || b.raised[what] != want {
			t.Errorf("%d wrong, %v; want %q", b.wrong(), b.raised, what)
		}
	}
}

func TestTheLastLineIsForPrograms(t *testing.T) {
	b := judged(func(q round, a []answer) { a[5].Body.VisitorID = q[6].visitorID })
	var out strings.Builder
	b.tell(&out, time.Second)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if last := lines[len(lines)-1]; last != "ops 20, wrong 1" {
		t.Errorf("the last line is %q", last)
	}
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasSuffix(line, "which is of request 6") }) {
		t.Errorf("nobody is named in %q", lines)
	}
}

func TestNoTwoRequestsHaveAnythingInCommon(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range newRound(0, 100) {
		for _, id := range []string{q.visitorID, q.sessionID, q.campaign} {
			if id != "" && seen[id] {
				t.Fatalf("%s was used twice", id)
			}
			seen[id] = true
		}
	}
}
