package gates

import (
	"fmt"
	"sync"

	"github.com/ebitengine/purego"

	"example.org/swapped-returns/internal/mitigation"
)

// functions are those of the library, typed. They are registered once for the process.
var functions struct {
	freeString func(answer mitigation.Answer)

	userCreate  func(json string) uint64
	userRelease func(user uint64)

	storeCreate     func(get, set uintptr) uint64
	storeRelease    func(store uint64)
	observerCreate  func(observe uintptr) uint64
	observerRelease func(observer uint64)

	clientCreate  func(specs *byte, options string, store, observer uint64, takeExposures uintptr) uint64
	clientRelease func(client uint64)
	clientUpdate  func(client uint64, specs string) bool
	clientFlush   func(client uint64) uint64
	logEvent      func(client, user uint64, name, value string) bool

	checkGate     func(client, user uint64, name string) bool
	getGate       func(client, user uint64, name string, length *uint64) mitigation.Answer
	getConfig     func(client, user uint64, name string, length *uint64) mitigation.Answer
	getExperiment func(client, user uint64, name string, length *uint64) mitigation.Answer
	getParameter  func(client, user uint64, store, parameter string, length *uint64) mitigation.Answer
	bootstrap     func(client, user uint64, length *uint64) mitigation.Answer

	layerCreate  func(client, user uint64, name string) uint64
	layerRelease func(layer uint64)
	layerValue   func(layer uint64, parameter string, length *uint64) mitigation.Answer

	overrideGate   func(client uint64, name, userID string, open bool) bool
	overrideConfig func(client uint64, name, userID, values string) bool
	overrideGroup  func(client uint64, experiment, userID, group string) bool
	overrideClear  func(client uint64)
}

func symbols() map[string]any {
	f := &functions
	return map[string]any{
		"free_string":            &f.freeString,
		"gates_user_create":      &f.userCreate,
		"gates_user_release":     &f.userRelease,
		"gates_store_create":     &f.storeCreate,
		"gates_store_release":    &f.storeRelease,
		"gates_observer_create":  &f.observerCreate,
		"gates_observer_release": &f.observerRelease,
		"gates_client_create":    &f.clientCreate,
		"gates_client_release":   &f.clientRelease,
		"gates_client_update":    &f.clientUpdate,
		"gates_client_flush":     &f.clientFlush,
		"gates_log_event":        &f.logEvent,
		"gates_check_gate":       &f.checkGate,
		"gates_get_gate":         &f.getGate,
		"gates_get_config":       &f.getConfig,
		"gates_get_experiment":   &f.getExperiment,
		"gates_get_parameter":    &f.getParameter,
		"gates_bootstrap":        &f.bootstrap,
		"gates_layer_create":     &f.layerCreate,
		"gates_layer_release":    &f.layerRelease,
		"gates_layer_value":      &f.layerValue,
		"gates_override_gate":    &f.overrideGate,
		"gates_override_config":  &f.overrideConfig,
		"gates_override_group":   &f.overrideGroup,
		"gates_override_clear":   &f.overrideClear,
	}
}

var loading struct {
	once sync.Once
	err  error
}

// Load loads the library. Only the first call does anything.
func Load(path string) error {
	loading.once.Do(func() { loading.err = load(path) })
	return loading.err
}

func load(path string) error {
	library, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("gates: load the library: %w", err)
	}
	for name, function := range symbols() {
		address, err := purego.Dlsym(library, name)
		if err != nil {
			return fmt.Errorf("gates: %s has no %s: %w", path, name, err)
		}
		purego.RegisterFunc(function, address)
	}
	return nil
}
