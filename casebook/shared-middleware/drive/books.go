package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// books hold every id that was seen and the request it belongs to.
type books struct {
	ops      []op
	byID     map[string]int
	perRound []int
	raised   map[string]int
	example  string
}

// op is one request and its answer.
type op struct {
	// visitorID and sessionID are the request's own, as sent or as issued to it.
	visitorID, sessionID, campaign string
	// opens is whether the request opened a session, so that an event is due.
	opens bool
	wrong bool
}

func newBooks() *books { return &books{byID: map[string]int{}, raised: map[string]int{}} }

// judge takes down a round. All its ids are noted before any answer is judged.
func (b *books) judge(asked round, answers []answer) {
	first := len(b.ops)
	for i, q := range asked {
		b.ops = append(b.ops, op{visitorID: q.visitorID, sessionID: q.sessionID, campaign: q.campaign, opens: q.sessionID == ""})
		for _, id := range []string{q.visitorID, q.sessionID, q.campaign} {
			b.note(id, first+i)
		}
	}
	for i, q := range asked {
		b.noteIssued(first+i, q.visitorID, answers[i].Body.VisitorID)
		b.noteIssued(first+i, q.sessionID, answers[i].Body.SessionID)
	}
	wrong := 0
	for i := range asked {
		b.judgeAnswer(first+i, answers[i])
		if b.ops[first+i].wrong {
			wrong++
		}
	}
	b.perRound = append(b.perRound, wrong)
}

func (b *books) note(id string, number int) {
	if id != "" {
		b.byID[id] = number
	}
}

// noteIssued gives an id that was issued to whom it was issued first.
func (b *books) noteIssued(number int, sent, issued string) {
	if _, taken := b.byID[issued]; sent == "" && !taken {
		b.note(issued, number)
	}
}

func (b *books) judgeAnswer(number int, got answer) {
	own := &b.ops[number]
	own.visitorID = b.judgeID(number, "visitor", own.visitorID, got.Body.VisitorID, got.Cookies.VisitorID)
	own.sessionID = b.judgeID(number, "session", own.sessionID, got.Body.SessionID, got.Cookies.SessionID)
	b.expect(number, "the campaign in the page", own.campaign, got.Body.Campaign)
}

// judgeID compares an id in the page and in the cookie with the one that was sent, and returns the request's own.
// One that was not sent had to be issued: the same in both places, and to nobody else.
func (b *books) judgeID(number int, what, sent, page, cookie string) string {
	if sent == "" {
		if page == "" || page != cookie || b.byID[page] != number {
			b.object(number, "a new "+what+" was not given an id of its own", page, cookie)
			return ""
		}
		return page
	}
	b.expect(number, "the "+what+" in the page", sent, page)
	b.expect(number, "the "+what+" in the cookie", sent, cookie)
	return sent
}

// expect objects to an id that is not the request's own.
func (b *books) expect(number int, where, own, got string) {
	if got == own {
		return
	}
	_, known := b.byID[got]
	switch {
	case got == "":
		b.object(number, where+" is missing", own, got)
	case known:
		b.object(number, where+" is another client's", own, got)
	default:
		b.object(number, where+" is unknown", own, got)
	}
}

func (b *books) object(number int, what, own, got string) {
	b.ops[number].wrong = true
	b.raised[what]++
	if b.example == "" {
		b.example = fmt.Sprintf("request %d: %s: %.16s and %.16s", number, what, own, got)
		if owner, known := b.byID[got]; known {
			b.example += fmt.Sprintf(", which is of request %d", owner)
		}
	}
}

// judgeEvents compares what the server reported of new sessions with what it told the browsers.
func (b *books) judgeEvents(events []event) {
	byCampaign := map[string]event{}
	for _, e := range events {
		byCampaign[e.Campaign] = e
	}
	for number := range b.ops {
		own := &b.ops[number]
		if !own.opens {
			continue
		}
		told, sent := byCampaign[own.campaign]
		if !sent {
			b.object(number, "the event of a new session is missing", own.campaign, "")
			continue
		}
		if own.visitorID != "" && own.sessionID != "" {
			b.expect(number, "the visitor in the event", own.visitorID, told.VisitorID)
			b.expect(number, "the session in the event", own.sessionID, told.SessionID)
		}
	}
}

func (b *books) wrong() int {
	count := 0
	for _, one := range b.ops {
		if one.wrong {
			count++
		}
	}
	return count
}

// tell prints the report. Its last line is made for programs.
func (b *books) tell(out io.Writer, lasted time.Duration) {
	fmt.Fprintf(out, "%d requests in %.1f s (%.0f/s), in %d rounds\n",
		len(b.ops), lasted.Seconds(), float64(len(b.ops))/lasted.Seconds(), len(b.perRound))
	if len(b.perRound) > 0 {
		sorted := slices.Sorted(slices.Values(b.perRound))
		fmt.Fprintf(out, "wrong answers in a round of %d: median %d, at most %d\n",
			len(b.ops)/len(b.perRound), sorted[len(sorted)/2], sorted[len(sorted)-1])
	}
	for _, what := range slices.Sorted(maps.Keys(b.raised)) {
		fmt.Fprintf(out, "wrong: %d times %s\n", b.raised[what], what)
	}
	if b.example != "" {
		fmt.Fprintf(out, "first: %s\n", b.example)
	}
	fmt.Fprintf(out, "ops %d, wrong %d\n", len(b.ops), b.wrong())
}
