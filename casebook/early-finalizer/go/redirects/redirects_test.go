package redirects

import "testing"

// ask matches in each of the ways there are.
func ask(m *Matcher, v Visit) [3]Answer {
	r := NewRequest(v)
	defer r.Free()
	return [3]Answer{m.Match(r), m.MatchInto(r), m.MatchShared(r)}
}

func TestAllWaysToMatchSayTheSame(t *testing.T) {
	m := New()
	defer m.Free()
	if count := m.Parse([]byte("/a/:x /b/:x 302\n"), Text); count != 1 {
		t.Errorf("%d rules", count)
	}
	for path, want := range map[string]Answer{"/a/7": {302, 1, "/b/7"}, "/c": {}} {
		if said := ask(&m, Visit{Path: path}); said != [3]Answer{want, want, want} {
			t.Errorf("%s: %v, want %v", path, said, want)
		}
	}
}

func TestBadLinesAreTold(t *testing.T) {
	m := New()
	defer m.Free()
	m.Parse([]byte("/a /b\nnowhere /b\n"), Text)
	if bad := m.BadLines(); len(bad) != 1 || bad[0] != (BadLine{2, "no path: nowhere"}) {
		t.Errorf("bad lines %v", bad)
	}
}

func TestACopyIsTheSameMatcher(t *testing.T) {
	m := New()
	defer m.Free()
	m.Parse([]byte("/a /b"), Text)
	copied := m
	if said := ask(&copied, Visit{Path: "/a"}); said[0].Target != "/b" {
		t.Errorf("said %v", said)
	}
}

func TestNoTextHoldsNoRules(t *testing.T) {
	m := New()
	defer m.Free()
	if count := m.Parse(nil, Text); count != 0 {
		t.Errorf("%d rules", count)
	}
}
