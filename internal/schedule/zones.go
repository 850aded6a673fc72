package schedule

import (
	// The binary is static and may run where no zone files are installed (scratch images, Windows), so the zones travel with
	// it. Zone files of the system win when they are there: they may be newer than the toolchain.
	_ "time/tzdata"
)
