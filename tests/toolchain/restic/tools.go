//go:build tools

// Package tools names the commands that tests/toolchain/build compiles for this part.
// A trailing comment names the binary where the last element of the path does not.
package tools

import (
	_ "github.com/restic/restic/cmd/restic" // restic
)
