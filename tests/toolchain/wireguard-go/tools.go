//go:build tools

// Package tools names the commands that tests/toolchain/build compiles for this part.
package tools

import (
	_ "golang.zx2c4.com/wireguard" // wireguard-go
)
