package original

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/early-finalizer/redirects"
)

var statuses = []int{200, 301, 302, 303, 307, 308, 401, 403, 404, 410, 451}

func (r *Rules) add(line int, read rule, flaw string) {
	if flaw == "" {
		flaw = read.flaw()
	}
	if flaw != "" {
		r.bad = append(r.bad, redirects.BadLine{Line: line, Reason: flaw})
		return
	}
	read.line = line
	r.rules = append(r.rules, read)
}

// flaw is what is wrong with the rule, or empty.
func (r *rule) flaw() string {
	if !slices.Contains(statuses, r.status) {
		return fmt.Sprintf("there is no status %d", r.status)
	}
	for _, p := range r.to {
		inQuery := func(q parameter) bool { return q.captures && q.value == p.text }
		if p.named && !r.from.captures(p.text) && !slices.ContainsFunc(r.query, inQuery) {
			return "nothing captures :" + p.text
		}
	}
	return ""
}

func parseParameter(name, value string) parameter {
	if len(value) > 1 && value[0] == ':' {
		return parameter{name, value[1:], true}
	}
	return parameter{name, value, false}
}

func parseText(text string) *Rules {
	var all Rules
	number := 0
	for row := range strings.SplitSeq(text, "\n") {
		number++
		if line := withoutComment(strings.Fields(row)); len(line) > 0 {
			read, flaw := parseLine(line)
			all.add(number, read, flaw)
		}
	}
	return &all
}

// withoutComment ends a line at the first word that begins with #.
func withoutComment(line []string) []string {
	comment := slices.IndexFunc(line, func(word string) bool { return word[0] == '#' })
	if comment < 0 {
		return line
	}
	return line[:comment]
}

// parseLine reads FROM [QUERY...] TO [STATUS[!]] [CONDITION...] and says what is wrong with it, if anything.
func parseLine(line []string) (rule, string) {
	read := rule{status: 301}
	var ok bool
	if read.from, ok = parsePattern(line[0]); !ok {
		return rule{}, "no path: " + line[0]
	}
	rest := line[1:]
	for ; len(rest) > 0 && !isTarget(rest[0]); rest = rest[1:] {
		name, value, ok := strings.Cut(rest[0], "=")
		if !ok {
			return rule{}, "no target: " + rest[0]
		}
		read.query = append(read.query, parseParameter(name, value))
	}
	if len(rest) == 0 {
		return rule{}, "there is no target"
	}
	read.to, rest = parseTarget(rest[0]), rest[1:]
	if len(rest) > 0 && !strings.Contains(rest[0], "=") {
		var digits string
		digits, read.forced = strings.CutSuffix(rest[0], "!")
		status, err := strconv.Atoi(digits)
		if err != nil {
			return rule{}, "no status: " + rest[0]
		}
		read.status, rest = status, rest[1:]
	}
	for _, word := range rest {
		kind, values, _ := strings.Cut(word, "=")
		c, ok := parseCondition(kind, list(values))
		if !ok {
			return rule{}, "no condition: " + word
		}
		read.conditions = append(read.conditions, c)
	}
	return read, ""
}

func isTarget(word string) bool {
	return strings.HasPrefix(word, "/") || strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://")
}

func list(values string) []string {
	if values == "" {
		return nil
	}
	return strings.Split(values, ",")
}

type entry struct {
	From       *string             `json:"from"`
	To         *string             `json:"to"`
	Status     *int                `json:"status"`
	Force      bool                `json:"force"`
	Query      map[string]string   `json:"query"`
	Conditions map[string][]string `json:"conditions"`
}

func parseJSON(text []byte) *Rules {
	var all Rules
	var whole struct {
		Redirects *[]json.RawMessage `json:"redirects"`
	}
	if err := json.Unmarshal(text, &whole); err != nil || whole.Redirects == nil {
		return &Rules{bad: []redirects.BadLine{{Line: 0, Reason: "there is no list of redirects"}}}
	}
	for index, text := range *whole.Redirects {
		var e entry
		if err := json.Unmarshal(text, &e); err != nil || e.From == nil || e.To == nil {
			all.add(index+1, rule{}, "a part is missing or of the wrong type")
			continue
		}
		read, flaw := e.parse()
		all.add(index+1, read, flaw)
	}
	return &all
}

func (e *entry) parse() (rule, string) {
	read := rule{status: 301, forced: e.Force, to: parseTarget(*e.To)}
	var ok bool
	if read.from, ok = parsePattern(*e.From); !ok {
		return rule{}, "no path: " + *e.From
	}
	if e.Status != nil {
		read.status = *e.Status
	}
	for name, value := range e.Query {
		read.query = append(read.query, parseParameter(name, value))
	}
	for kind, values := range e.Conditions {
		c, ok := parseCondition(kind, values)
		if !ok {
			return rule{}, "no condition: " + kind
		}
		read.conditions = append(read.conditions, c)
	}
	return read, ""
}
