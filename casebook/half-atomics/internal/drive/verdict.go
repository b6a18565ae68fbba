package drive

import "fmt"

// Tally is what the driver knows it did.
type Tally struct {
	// Answered is the number of requests that got an answer.
	Answered uint64
	// OverHTTP is how many of these went over a connection.
	OverHTTP uint64
	// Failed is the number of requests of which nobody knows whether they were counted.
	Failed uint64
	// Sessions is the number of distinct sessions in the answered requests.
	Sessions uint64
}

func (t *Tally) add(other Tally) {
	t.Answered += other.Answered
	t.OverHTTP += other.OverHTTP
	t.Failed += other.Failed
	t.Sessions += other.Sessions
}

// Objection is one kind of thing that went wrong, and how often.
type Objection struct {
	Times uint64
	What  string
}

// String is one line of the report.
func (o Objection) String() string { return fmt.Sprintf("%d %s", o.Times, o.What) }

// Verdict is the result of a drive.
type Verdict struct {
	Tally
	Objections []Objection
}

// Wrong is how often anything went wrong.
func (v Verdict) Wrong() uint64 {
	var sum uint64
	for _, objection := range v.Objections {
		sum += objection.Times
	}
	return sum
}

func nonEmpty(all []Objection) []Objection {
	var raised []Objection
	for _, objection := range all {
		if objection.Times > 0 {
			raised = append(raised, objection)
		}
	}
	return raised
}
