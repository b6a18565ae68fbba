package original

import "strings"

// capture is what a match has taken from the request.
type capture struct{ name, value string }

// pattern is a path in segments; of these, some are named and the last may take the rest.
type pattern struct {
	prefix string // the literal segments at the start, each with its slash
	rest   []segment
}

type segment struct {
	kind segmentKind
	text string
}

type segmentKind int

const (
	literal segmentKind = iota
	placeholder
	splat
)

func parsePattern(text string) (pattern, bool) {
	var p pattern
	if !strings.HasPrefix(text, "/") {
		return p, false
	}
	text = strings.TrimSuffix(text[1:], "/")
	for text != "" {
		var part string
		part, text, _ = strings.Cut(text, "/")
		if len(p.rest) > 0 && p.rest[len(p.rest)-1].kind == splat {
			return p, false
		}
		switch {
		case part == "*":
			p.rest = append(p.rest, segment{splat, "splat"})
		case strings.Contains(part, "*"):
			return p, false
		case len(part) > 1 && part[0] == ':':
			p.rest = append(p.rest, segment{placeholder, part[1:]})
		case len(p.rest) == 0:
			p.prefix += "/" + part
		default:
			p.rest = append(p.rest, segment{literal, part})
		}
	}
	return p, true
}

func (p *pattern) match(path string) ([]capture, bool) {
	path, ok := strings.CutPrefix(path, p.prefix)
	if !ok || path != "" && path[0] != '/' {
		return nil, false
	}
	var captured []capture
	for _, wanted := range p.rest {
		if wanted.kind == splat {
			return append(captured, capture{wanted.text, strings.TrimPrefix(path, "/")}), true
		}
		if path == "" {
			return nil, false
		}
		path = path[1:]
		end := strings.IndexByte(path, '/')
		if end < 0 {
			end = len(path)
		}
		found := path[:end]
		path = path[end:]
		switch {
		case wanted.kind == literal && found != wanted.text, found == "":
			return nil, false
		case wanted.kind == placeholder:
			captured = append(captured, capture{wanted.text, found})
		}
	}
	return captured, path == ""
}

func (p *pattern) captures(name string) bool {
	for _, s := range p.rest {
		if s.kind != literal && s.text == name {
			return true
		}
	}
	return false
}

// target is a text with names in it.
type target []piece

type piece struct {
	text  string
	named bool
}

func parseTarget(text string) target {
	var t target
	for text != "" {
		named := len(text) > 1 && text[0] == ':' && isLetter(text[1])
		end := 1
		for end < len(text) && (named && isNamePart(text[end]) || !named && text[end] != ':') {
			end++
		}
		t = append(t, piece{strings.TrimPrefix(text[:end], colonOf(named)), named})
		text = text[end:]
	}
	return t
}

func colonOf(named bool) string {
	if named {
		return ":"
	}
	return ""
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

func isNamePart(b byte) bool { return isLetter(b) || b >= '0' && b <= '9' || b == '_' }

func (t target) expand(captured []capture) string {
	var where strings.Builder
	for _, p := range t {
		if !p.named {
			where.WriteString(p.text)
			continue
		}
		for _, c := range captured {
			if c.name == p.text {
				where.WriteString(c.value)
				break
			}
		}
	}
	return where.String()
}

func (t target) hasQuery() bool {
	for _, p := range t {
		if strings.Contains(p.text, "?") {
			return true
		}
	}
	return false
}
