package gates

import "encoding/json"

// Decision is how something was decided for a user, and why.
type Decision struct {
	UserID string `json:"user_id"`
	Name   string `json:"name"`
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	Specs  uint64 `json:"specs"`
}

// Gate is open or not.
type Gate struct {
	Decision
	Open bool `json:"value"`
}

// Values are those of a dynamic config or of an experiment.
type Values struct {
	Decision
	Values map[string]json.RawMessage `json:"value"`
}

// Parameter is one of a layer or of a parameter store.
type Parameter struct {
	Decision
	Parameter string          `json:"parameter"`
	Value     json.RawMessage `json:"value"`
}

// Bootstrap is everything that is decided for a user.
type Bootstrap struct {
	UserID      string                     `json:"user_id"`
	Specs       uint64                     `json:"specs"`
	Gates       map[string]json.RawMessage `json:"gates"`
	Configs     map[string]json.RawMessage `json:"configs"`
	Experiments map[string]json.RawMessage `json:"experiments"`
	Layers      map[string]json.RawMessage `json:"layers"`
}
