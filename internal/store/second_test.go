package store

import (
	"errors"
	"testing"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver"
)

// ncruces is the second SQLite: the same C code, translated by other means, with another driver and another file layer. What
// holds on both is not an accident of one of them.
func ncruces() driver {
	return driver{name: "sqlite3", code: func(err error) int {
		var e *sqlite3.Error
		var code sqlite3.ErrorCode
		var extended sqlite3.ExtendedErrorCode
		switch {
		case errors.As(err, &e):
			return int(e.ExtendedCode())
		case errors.As(err, &extended):
			return int(extended)
		case errors.As(err, &code):
			return int(code)
		}
		return 0
	}}
}

// onNcruces marks, in a test's name, that its histories are on the second SQLite.
const onNcruces = "TestConformance/ncruces/"

// driverOf gives the SQLite that a test is for.
func driverOf(t testing.TB) driver {
	if len(t.Name()) > len(onNcruces) && t.Name()[:len(onNcruces)] == onNcruces {
		return ncruces()
	}
	return modernc()
}
