package gates

import (
	"encoding/json"
	"errors"
	"runtime"

	"example.org/swapped-returns/internal/mitigation"
)

// Attributes describe a user.
type Attributes struct {
	UserID     string            `json:"user_id"`
	Country    string            `json:"country,omitempty"`
	Email      string            `json:"email,omitempty"`
	AppVersion string            `json:"app_version,omitempty"`
	Custom     map[string]string `json:"custom,omitempty"`
}

// User is somebody to ask about. It is released when it is no longer used.
type User struct {
	handle uint64
}

// NewUser tells the library of a user.
func NewUser(attributes Attributes) (*User, error) {
	description, err := json.Marshal(attributes)
	if err != nil {
		return nil, err
	}
	mitigation.Dispatch.Lock()
	defer mitigation.Dispatch.Unlock()
	user := &User{functions.userCreate(string(description))}
	if user.handle == 0 {
		return nil, errors.New("gates: a user needs an id")
	}
	runtime.SetFinalizer(user, (*User).release)
	return user, nil
}

func (u *User) release() {
	mitigation.Releasing.Lock()
	defer mitigation.Releasing.Unlock()
	functions.userRelease(u.handle)
}
