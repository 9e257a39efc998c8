//go:build tools

// Package tools names the commands that tests/toolchain/build compiles.
package tools

import (
	_ "github.com/traefik/traefik/v3/cmd/traefik"
)
