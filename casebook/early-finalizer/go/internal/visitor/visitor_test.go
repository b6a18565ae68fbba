package visitor

import (
	"net/http/httptest"
	"testing"
)

func TestWhatARequestSaysIsFound(t *testing.T) {
	r := httptest.NewRequest("GET", "/shop?id=7&id=8&&tag", nil)
	r.Header.Set("Accept-Language", "fr;q=0.5, de-AT, en;q=0.9")
	r.Header.Add("Cookie", "theme=dark; session=x=y")
	r.Header.Set(RolesHeader, "admin,editor")
	v := Of(r, true)
	if q := v.Query(); len(q) != 2 || q["id"] != "7" || q["tag"] != "" {
		t.Errorf("query %v", q)
	}
	for got, want := range map[string]string{
		v.Language(): "de-AT", v.CookieNames(): "session,theme", v.Cookies()["session"]: "x=y", v.RoleNames(): "admin,editor",
	} {
		if got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
}

func TestNothingIsFoundInAnEmptyRequest(t *testing.T) {
	v := Of(httptest.NewRequest("GET", "/", nil), false)
	if len(v.Query()) != 0 || v.CookieNames() != "" || v.Language() != "" || v.Country != "" {
		t.Errorf("found %+v", v)
	}
}

func TestACloneFindsOutForItself(t *testing.T) {
	r := httptest.NewRequest("GET", "/?a=1", nil)
	v := Of(r, true)
	v.Query()["a"] = "2"
	if clone := v.Clone(); clone.Query()["a"] != "1" || !clone.Exists {
		t.Errorf("clone %+v", clone)
	}
}
