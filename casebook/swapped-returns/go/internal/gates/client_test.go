package gates

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

var specs string

func TestMain(m *testing.M) {
	text, err := os.ReadFile("../../../specs/shop.json")
	if err == nil {
		err = Load("../../../build/libgates.so")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	specs = string(text)
	os.Exit(m.Run())
}

func newClient(t *testing.T, options Options) *Client {
	t.Helper()
	client, err := NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func newUser(t *testing.T, id string) *User {
	t.Helper()
	user, err := NewUser(Attributes{UserID: id, Country: "DE", AppVersion: "2.5.0"})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// answers asks every kind of question once.
func answers(client *Client, user *User) (told []Decision, err error) {
	gate, gateErr := client.Gate(user, "new-checkout")
	config, configErr := client.Config(user, "search-tuning")
	group, groupErr := client.Experiment(user, "price-page")
	banner, bannerErr := client.Parameter(user, "app", "banner")
	everything, everythingErr := client.Bootstrap(user)
	layer, layerErr := client.Layer(user, "selling")
	if layerErr != nil {
		return nil, layerErr
	}
	columns, columnsErr := layer.Value("columns")
	told = []Decision{
		gate.Decision, config.Decision, group.Decision, banner.Decision, columns.Decision,
		{UserID: everything.UserID},
	}
	return told, errors.Join(gateErr, configErr, groupErr, bannerErr, everythingErr, columnsErr)
}

func TestEveryAnswerNamesItsUserWhoeverElseAsks(t *testing.T) {
	client := newClient(t, Options{Specs: specs})
	var asking sync.WaitGroup
	for asker := range 8 {
		asking.Go(func() {
			for number := range 200 {
				id := fmt.Sprintf("t%d-%d", asker, number)
				told, err := answers(client, newUser(t, id))
				if err != nil {
					t.Error(err)
				}
				for _, decision := range told {
					if decision.UserID != id {
						t.Errorf("asked about %s, was told of %s", id, decision.UserID)
					}
				}
			}
		})
	}
	asking.Wait()
}

func TestOverridesGoBeforeRules(t *testing.T) {
	client, ada := newClient(t, Options{Specs: specs}), newUser(t, "ada")
	if client.CheckGate(ada, "old-search") {
		t.Error("a gate that is off is open")
	}
	if !client.OverrideGate("old-search", "ada", true) || !client.CheckGate(ada, "old-search") {
		t.Error("overridden, and still shut")
	}
	client.OverrideConfig("search-tuning", "", map[string]any{"results": 7})
	if config, err := client.Config(ada, "search-tuning"); err != nil || string(config.Values["results"]) != "7" {
		t.Errorf("config %+v, %v", config, err)
	}
	client.OverrideGroup("price-page", "ada", "one-column")
	if group, err := client.Experiment(ada, "price-page"); err != nil || group.Rule != "one-column" {
		t.Errorf("group %+v, %v", group, err)
	}
	client.ClearOverrides()
	if client.CheckGate(ada, "old-search") {
		t.Error("overrides are gone, and the gate is still open")
	}
}

// keeper is a data store in memory.
type keeper struct{ texts sync.Map }

func (k *keeper) Get(key string) (string, bool) {
	text, found := k.texts.Load(key)
	if !found {
		return "", false
	}
	return text.(string), true
}

func (k *keeper) Set(key, text string) { k.texts.Store(key, text) }

func version(number int) string {
	return strings.Replace(specs, `"version": 1,`, fmt.Sprintf(`"version": %d,`, number), 1)
}

// TestTheLibraryCallsBackFromItsOwnThread: newer specs appear in the store, and nobody calls the library meanwhile.
func TestTheLibraryCallsBackFromItsOwnThread(t *testing.T) {
	store, reloaded := &keeper{}, make(chan struct{}, 16)
	store.Set("specs", version(1))
	client := newClient(t, Options{IntervalMS: 5, Store: store, Observe: func(name string, _ uint64) {
		if name == "specs.reloaded" {
			reloaded <- struct{}{}
		}
	}})
	store.Set("specs", version(2))
	await(t, reloaded)
	if gate, err := client.Gate(newUser(t, "ada"), "staff"); err != nil || gate.Specs != 2 {
		t.Errorf("gate %+v, %v", gate, err)
	}
	if client.Update(version(2)) || !client.Update(version(3)) {
		t.Error("only newer specs are to be taken")
	}
	await(t, reloaded)
	if text, _ := store.Get("specs"); text != version(3) {
		t.Error("what was published was not kept")
	}
}

func TestExposuresAreTakenWhenFlushed(t *testing.T) {
	taken := make(chan string, 16)
	client := newClient(t, Options{
		Specs: specs, IntervalMS: 3_600_000, ExposurePercent: 100, TakeExposures: func(list string) { taken <- list },
	})
	ada := newUser(t, "ada")
	client.OverrideGroup("price-page", "ada", "one-column")
	client.OverrideGroup("cart-colour", "ada", "none of them")
	if _, err := answers(client, ada); err != nil || !client.LogEvent(ada, "bought", "42") {
		t.Fatal(err)
	}
	if count := client.Flush(); count != 5 {
		t.Errorf("%d exposures: gate, config, experiment, layer and event were noted", count)
	}
	for _, kind := range []string{"gate", "config", "experiment", "layer", "event"} {
		if list := await(t, taken); !strings.Contains(list, `"kind":"`+kind+`"`) {
			t.Errorf("no %s in %s", kind, list)
		} else {
			taken <- list
		}
	}
}

func TestWhatIsOfNoUseIsRefused(t *testing.T) {
	if _, err := NewUser(Attributes{}); err == nil {
		t.Error("a user without an id")
	}
	if _, err := NewClient(Options{Specs: "{}"}); err == nil {
		t.Error("specs without a version")
	}
	if _, err := NewClient(Options{}); err == nil {
		t.Error("neither specs nor a store")
	}
	closed, err := NewClient(Options{Specs: specs})
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if _, err := closed.Gate(newUser(t, "ada"), "staff"); !errors.Is(err, ErrNothing) {
		t.Errorf("a closed client answered: %v", err)
	}
}

func TestHandlesCannotBeFollowed(t *testing.T) {
	user := newUser(t, "ada")
	for _, value := range []uintptr{uintptr(user.handle), 1 << 47, 8} {
		if canBeFollowed(value) {
			t.Errorf("%#x is taken for an address", value)
		}
	}
	if !canBeFollowed(0x7f00_0000_0010) {
		t.Error("an address is taken for something else")
	}
}

// await waits for a value; the limit is for a machine under heavy load and normally never reached.
func await[V any](t *testing.T, channel <-chan V) V {
	t.Helper()
	select {
	case value := <-channel:
		return value
	case <-time.After(30 * time.Second):
		t.Fatal("waited in vain")
		panic("not reached")
	}
}
