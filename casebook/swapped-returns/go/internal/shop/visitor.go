package shop

import (
	"fmt"
	"sync/atomic"

	"example.org/swapped-returns/internal/drive"
	"example.org/swapped-returns/internal/gates"
)

// usersPerBootstrap: every so many users one asks for everything at once, as a browser does that opens the shop.
const usersPerBootstrap = 64

// keptAtMost is after how many answers that are not given back a visitor leaves: some 300 bytes each.
const keptAtMost = 4_000_000

var countries = [...]string{"DE", "AT", "US", "FR"}

// visitor asks about users that no other visitor asks about.
type visitor struct {
	client  *gates.Client
	number  int
	atMost  int
	answers int
	tally   *drive.Tally
}

func (v visitor) visit(stop *atomic.Bool, tally *drive.Tally) {
	v.tally = tally
	for number := 0; !stop.Load() && (v.atMost == 0 || v.answers < v.atMost); number++ {
		id := fmt.Sprintf("g%02d-%08d", v.number, number)
		user, err := gates.NewUser(gates.Attributes{
			UserID:     id,
			Country:    countries[number%len(countries)],
			AppVersion: fmt.Sprintf("2.%d.0", number%7),
		})
		if err != nil {
			v.note(echo{id, "a user"}, echo{}, err)
			continue
		}
		v.askAbout(user, id)
		if number%usersPerBootstrap == 0 {
			everything, err := v.client.Bootstrap(user)
			v.note(echo{id, ""}, echo{everything.UserID, ""}, err)
		}
	}
}

func (v *visitor) askAbout(user *gates.User, id string) {
	gate, err := v.client.Gate(user, "new-checkout")
	v.noteDecision(id, "new-checkout", gate.Decision, err)
	config, err := v.client.Config(user, "search-tuning")
	v.noteDecision(id, "search-tuning", config.Decision, err)
	group, err := v.client.Experiment(user, "price-page")
	v.noteDecision(id, "price-page", group.Decision, err)
	banner, err := v.client.Parameter(user, "app", "banner")
	v.noteDecision(id, "app", banner.Decision, err)
	layer, err := v.client.Layer(user, "selling")
	if err != nil {
		v.note(echo{id, "selling"}, echo{}, err)
		return
	}
	columns, err := layer.Value("columns")
	v.noteDecision(id, "selling", columns.Decision, err)
}

func (v *visitor) noteDecision(userID, name string, told gates.Decision, err error) {
	v.note(echo{userID, name}, echo{told.UserID, told.Name}, err)
}

func (v *visitor) note(asked, got echo, err error) {
	v.answers++
	v.tally.Note(origin(asked, got, err), func() string { return explain(asked, got, err) })
}
