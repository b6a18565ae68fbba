package gates

import (
	"encoding/json"
	"runtime"

	"example.org/swapped-returns/internal/mitigation"
)

// OverrideGate decides a gate by hand; an empty user id stands for everybody.
func (c *Client) OverrideGate(name, userID string, open bool) bool {
	return c.override(func() bool { return functions.overrideGate(c.handle, name, userID, open) })
}

// OverrideConfig gives a config these values.
func (c *Client) OverrideConfig(name, userID string, values map[string]any) bool {
	text, err := json.Marshal(values)
	return err == nil && c.override(func() bool {
		return functions.overrideConfig(c.handle, name, userID, string(text))
	})
}

// OverrideGroup puts the user into a group of an experiment.
func (c *Client) OverrideGroup(experiment, userID, group string) bool {
	return c.override(func() bool { return functions.overrideGroup(c.handle, experiment, userID, group) })
}

// ClearOverrides lets the rules decide again.
func (c *Client) ClearOverrides() {
	c.override(func() bool { functions.overrideClear(c.handle); return true })
}

func (c *Client) override(change func() bool) bool {
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	changed := change()
	runtime.KeepAlive(c)
	return changed
}
